"""Other people's text made fit for Discord: escaped, clipped, counted; pure, no components."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

# Discord lets a backslash take the meaning from any of these. A full stop and a dash mean something
# only at the beginning of a line, where they would make a list.
_ESCAPED = {ord(mark): f"\\{mark}" for mark in "\\`*_~|<>[]()@#"}
_LIST_MARK = re.compile(r"\s*(?:[-+]|\d+[.)])\s")
_ELLIPSIS = "…"


def escape(text: str, limit: int = 4000) -> str:
    """Text that Discord shows as it is, in at most ``limit`` characters, escapes included.

    One line, no formatting, no mentions, nothing that changes the direction of writing. What does
    not fit is cut at a word, with an ellipsis.
    """
    line = " ".join(_visible(text).split())
    begins_list = _LIST_MARK.match(line)
    if not begins_list and len(whole := line.translate(_ESCAPED)) <= limit:
        return whole  # most text by far
    pieces = [_ESCAPED.get(ord(char), char) for char in line]
    if begins_list:
        mark = next(place for place, char in enumerate(line) if char in "-+.)")
        pieces[mark] = f"\\{line[mark]}"
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    return _cut(pieces, limit)


def clip(text: str, limit: int) -> str:
    """Plain text in at most ``limit`` characters, for places that know no markdown."""
    line = " ".join(_visible(text).split())
    return line if len(line) <= limit else _cut(list(line), limit)


def link(text: str, url: str | None, limit: int) -> str:
    """Escaped text as a link, or the text alone where the address is missing or too long for it.

    The whole takes at most ``limit`` characters.
    """
    address = _address(url) if url else ""
    room = limit - len(address) - 4
    if not address or room < min(40, limit // 2):
        return escape(text, limit)
    return f"[{escape(text, room)}]({address})"


def names(people: Sequence[str], *, complete: bool, limit: int) -> str:
    """Authors in one line, escaped: all that fit, then how many more there are.

    A credit that ends in “et al.” says so instead of a number.
    """
    shown: list[str] = []
    room = limit - len(" and 9999 more")
    for person in people:
        name = escape(person, 80)
        if sum(map(len, shown)) + 2 * len(shown) + len(name) > room:
            break
        shown.append(name)
    hidden = len(people) - len(shown)
    if not complete:
        return ", ".join([*shown, "et al."])
    if hidden:
        return f"{', '.join(shown)} and {hidden} more"
    if len(shown) > 1:
        return f"{', '.join(shown[:-1])} and {shown[-1]}"
    return "".join(shown)


def count(number: int, noun: str) -> str:
    """A number with its noun: “1 paper”, “2 papers”, “1,204 papers”."""
    plural = noun if number == 1 else f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {plural}"


def moment(at: datetime, style: str = "R") -> str:
    """A point in time that every reader sees in their own zone; “R” reads “2 hours ago”."""
    return f"<t:{int(at.timestamp())}:{style}>"


def _visible(text: str) -> str:
    """Drop what can't be seen: controls, direction overrides, zero-width, lone surrogates."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        " " if char.isspace() else char
        for char in text
        if char.isspace() or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
    )


def _cut(pieces: Sequence[str], limit: int) -> str:
    """As many pieces as fit with an ellipsis, ending at a word where one ends nearby."""
    taken: list[str] = []
    room = limit - len(_ELLIPSIS)
    for piece in pieces:
        if len(piece) > room:
            break
        taken.append(piece)
        room -= len(piece)
    last_space = len(taken) - 1 - taken[::-1].index(" ") if " " in taken else 0
    if last_space > len(taken) * 0.7:
        taken = taken[:last_space]
    return f"{''.join(taken).rstrip(' ,;:')}{_ELLIPSIS}" if limit > 0 else ""


def _address(url: str) -> str:
    """An address as it can stand in a markdown link; empty where it is none for people."""
    if not url.startswith(("https://", "http://")) or re.search(r"[\s<>\\]", url):
        return ""
    return url.replace("(", "%28").replace(")", "%29").replace("[", "%5B").replace("]", "%5D")
