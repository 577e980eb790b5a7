"""Text for Discord: escapes, truncates and joins what other people wrote; pure functions."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Sequence
from datetime import datetime

# Discord drops the meaning of any of these after a backslash. A full stop or a dash has a meaning
# only at the beginning of a line, where it would start a list.
_ESCAPED = {ord(mark): f"\\{mark}" for mark in "\\`*_~|<>[]()@#"}
# What our own sentences contain, and stays: code, mentions, timestamps and URLs.
_OWN_MARKUP = re.compile(
    r"(`/?\w[^`“”]*`|<(?:#|@|@&)\d+>|<t:\d+:[a-zA-Z]>|https?://[^\s“”()<>\[\]`|]+)"
)
_ESCAPED_IN_SENTENCES = {ord(mark): f"\\{mark}" for mark in "\\`*_~|<>[]"}
# Discord shows a card with a Join button below every message that contains an invite, with or
# without a scheme, even in a link's target. It does the same for templates, gifts and events.
_DISCORD_DOT = re.compile(r"discord(?:app)?(\.)(?=[a-z])", re.IGNORECASE)
_DISCORD_COLON = re.compile(r"https?(:)//[\w.-]{0,60}?discord(?:app)?\.", re.IGNORECASE)
_INVITE = re.compile(
    r"discord(?:app)?\.(?:(?:gg|gift|new)\b|com/+(?:invite|template|gifts|events)\b)",
    re.IGNORECASE,
)
# A URL in a text, up to what can't be a part of one.
_URL = re.compile(r"https?://[^\s<>\"“”«»‘’`|\\^{}]+", re.IGNORECASE)
_URL_PUNCTUATION = ".,:;!?'*_~"  # that ends a sentence rather than a URL
_URL_MARKS = str.maketrans({"*": "%2A", "[": "%5B", "]": "%5D"})
_MAX_SHOWN_URL = 500  # characters; a longer URL isn't clickable
_CLOSING = {")": "(", "]": "["}
_LIST_MARK = re.compile(r"\s*(?:[-+]|\d+[.)])\s")
# Hebrew, Arabic, Syriac, Thaana, N'Ko, Adlam and so on.
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
# In a sentence of ours: what is between quotation marks, or words without any of Latin script.
_QUOTED = re.compile(r"(?<=“)([^“”]*)(?=”)")
_RIGHT_TO_LEFT_WORDS = re.compile(
    f"{_RIGHT_TO_LEFT.pattern}(?:[^“”A-Za-z]*{_RIGHT_TO_LEFT.pattern})?"
)
# Without them, “title · 2 minutes ago” would be shown as “2 · title minutes ago”.
_ISOLATE, _END = "\u2068", "\u2069"
_BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols without a shape
_ELLIPSIS = "…"
_LOOKAHEAD = 100  # characters after what is shown that tell if it's a part of an invite
_MIN_LINK_TEXT = 40  # characters; a link whose URL leaves less is shown without the URL


def escape(text: str, limit: int = 4000) -> str:
    """Returns text that Discord shows as it is, on one line.

    The result has no formatting, no mentions, no invites that Discord would show as a card, and
    nothing that changes the direction of the text around it: text with letters that are written
    from right to left is isolated. It takes at most ``limit`` characters, escapes included; longer
    text is truncated at a word.
    """
    line = _one_line(text)[: limit + _LOOKAHEAD]  # escapes only make it longer
    return _isolate(line, limit, _escape_line)


def _escape_line(line: str, limit: int) -> str:
    is_plain = not ("discord" in line.lower() or _LIST_MARK.match(line))
    if is_plain and len(escaped := line.translate(_ESCAPED)) <= limit:
        return escaped  # by far the most common case
    pieces = _escaped_pieces(line, at_start=True)
    if sum(map(len, pieces)) <= limit:
        return "".join(pieces)
    return _truncate(pieces, limit)


def escape_prose(text: str, limit: int = 4000) -> str:
    """Returns text like `escape`, in which URLs are clickable and lead to where they should.

    Discord would take an escaping backslash for a part of the URL. Each URL stands in angle
    brackets, which Discord doesn't show. Invites stay escaped.
    """
    if "://" not in text:
        return escape(text, limit)
    return _isolate(_one_line(text), limit, _escape_prose_line)


def _escape_prose_line(line: str, limit: int) -> str:
    pieces: list[str] = []
    end = 0
    for found in _URL.finditer(line):
        url = _shown_url(found[0])
        if url:
            pieces += [*_escaped_pieces(line[end : found.start()], at_start=end == 0)]
            pieces.append(f"<{url.translate(_URL_MARKS)}>")
            end = found.start() + len(url)
    pieces += _escaped_pieces(line[end:], at_start=end == 0)
    return "".join(pieces) if sum(map(len, pieces)) <= limit else _truncate(pieces, limit)


def escape_sentence(sentence: str, limit: int = 1900) -> str:
    """Returns sentences of ours, such as an error's, with everything escaped but our own markup.

    Commands in backticks stay code. What is written from right to left is isolated: a whole text in
    quotation marks, or else the words. If the result would take more than ``limit`` characters,
    it's truncated and nothing in it is markup.
    """
    parts = _OWN_MARKUP.split(sentence)
    parts[::2] = [_isolate_quoted(part.translate(_ESCAPED_IN_SENTENCES)) for part in parts[::2]]
    pieces = list(text := "".join(parts))
    for mark in _invite_marks(text):
        pieces[mark] = f"\\{text[mark]}"
    if sum(map(len, pieces)) > limit:
        return escape(sentence, limit)
    return "".join(pieces)


def is_visible(text: str) -> bool:
    """Whether any character of a text has a shape: a letter, digit, mark or symbol."""
    return any(unicodedata.category(char)[0] in "LNPS" and char not in _BLANK for char in text)


def code_block(text: str) -> str:
    """Returns a block that shows a text unchanged and can be copied."""
    shown = text.replace("```", "`\u200b``")  # or it would end the block
    return f"```\n{shown}\n```"


def clip(text: str, limit: int) -> str:
    """Returns plain text on one line, in at most ``limit`` characters, for labels and the like."""
    line = _one_line(text)
    return line if len(line) <= limit else _truncate(list(line), limit)


def link(text: str, url: str | None, limit: int) -> str:
    """Returns escaped text as a link, in at most ``limit`` characters.

    Returns the text alone if there is no URL, or if the URL is invalid, too long, or an invite.
    Discord makes no link of a text with a URL in it, so such a URL is left out of the text; if that
    is all there is, the link is next to it.
    """
    target = _link_target(url) if url else ""
    room = limit - len(target) - len("[]()")
    if not target or room < min(_MIN_LINK_TEXT, limit // 2):
        return escape(text, limit)
    if "://" in text:
        rest = _URL.sub(" ", text)
        if not is_visible(rest):
            beside = f" ([link]({target}))"
            return f"{escape(text, limit - len(beside))}{beside}"
        text = rest
    return f"[{escape(text, room)}]({target})"


def author_list(authors: Sequence[str], *, complete: bool, limit: int) -> str:
    """Returns escaped names on one line: as many as fit, and how many more there are.

    If the list isn't ``complete``, it ends in “et al.” instead of a number.
    """
    shown: list[str] = []
    room = limit - len(" and 9999 more")
    for author in authors:
        name = escape(author, 80)
        if sum(map(len, shown)) + 2 * len(shown) + len(name) > room:
            break
        shown.append(name)
    hidden = len(authors) - len(shown)
    if not complete:
        others = " et al." if len(shown) == 1 else ", et al."
        return f"{', '.join(shown)}{others}" if shown else "et al."
    if hidden:
        return f"{', '.join(shown)} and {hidden} more"
    if len(shown) > 1:
        return f"{', '.join(shown[:-1])} and {shown[-1]}"
    return "".join(shown)


def count(number: int, noun: str) -> str:
    """Returns a number with its noun: “1 paper”, “2 entries”, “1,204 papers”, “3 people”."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    if noun.endswith("person"):
        plural = f"{noun.removesuffix('person')}people"
    return f"{number:,} {noun if number == 1 else plural}"


def join_and(parts: Sequence[str]) -> str:
    """Joins parts for a sentence: “one”, “one and two”, “one, two and three”."""
    return _join(parts, "and")


def join_or(parts: Sequence[str]) -> str:
    """Joins parts for a sentence: “one”, “one or two”, “one, two or three”."""
    return _join(parts, "or")


def timestamp(at: datetime, style: str = "R") -> str:
    """Returns a past time that Discord shows in each reader's own zone; “R” reads “2 hours ago”."""
    return f"<t:{int(at.timestamp())}:{style}>"


def time_ahead(at: datetime, style: str = "f") -> str:
    """Returns a time to come as a time of day with its date, or with “t” without it.

    It still reads right when it's past, unlike “in 2 minutes”. It is rounded up to a minute, since
    Discord shows no seconds.
    """
    return f"<t:{math.ceil(at.timestamp() / 60) * 60}:{style}>"


def split_messages(
    lines: Sequence[str], *, max_messages: int = 5, limit: int = 3600, noun: str = "line"
) -> list[str]:
    """Joins lines into at most ``max_messages`` texts of about ``limit`` characters each.

    If not all lines fit, the last text ends with how many more there are.
    """
    texts = [""]
    for index, line in enumerate(lines):
        if len(texts[-1]) + len(line) + 1 > limit:
            if len(texts) == max_messages:
                texts[-1] += f"\n-# and {count(len(lines) - index, f'more {noun}')}"
                break
            texts.append("")
        texts[-1] += f"\n{line}" if texts[-1] else line
    return texts


def _escaped_pieces(line: str, *, at_start: bool) -> list[str]:
    """Returns the characters of a line, or of a part of one, each with its backslash if needed."""
    pieces = [_ESCAPED.get(ord(char), char) for char in line]
    marks = _invite_marks(line)
    if at_start and _LIST_MARK.match(line):
        marks.append(next(index for index, char in enumerate(line) if char in "-+.)"))
    for mark in marks:
        pieces[mark] = f"\\{line[mark]}"
    return pieces


def _shown_url(text: str) -> str:
    """Returns the URL that a text begins with, without the punctuation after it.

    Returns "" if it must not be clickable: an invite, or one that mentions somebody.
    """
    url = text if len(text) <= 2 * _MAX_SHOWN_URL else ""
    while url and (url[-1] in _URL_PUNCTUATION or _is_unopened(url)):
        url = url[:-1]
    host = url.partition("://")[2]
    is_active = "@everyone" in url or "@here" in url or bool(_invite_marks(url))
    return url if host and len(url) <= _MAX_SHOWN_URL and not is_active else ""


def _is_unopened(url: str) -> bool:
    opening = _CLOSING.get(url[-1])
    return opening is not None and url.count(opening) < url.count(url[-1])


def _join(parts: Sequence[str], word: str) -> str:
    return f"{', '.join(parts[:-1])} {word} {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _isolate(line: str, limit: int, write: Callable[[str, int], str]) -> str:
    """Returns what ``write`` makes of a line, isolated if it has right-to-left letters."""
    if not line.isascii() and _RIGHT_TO_LEFT.search(line) and limit > len(_ISOLATE + _END):
        return f"{_ISOLATE}{write(line, limit - len(_ISOLATE + _END))}{_END}"
    return write(line, limit)


def _isolate_quoted(text: str) -> str:
    """Returns a part of a sentence in which all that is from right to left is isolated."""
    if text.isascii() or not _RIGHT_TO_LEFT.search(text):
        return text
    pieces = _QUOTED.split(text)
    for index, piece in enumerate(pieces):
        if index % 2 and _RIGHT_TO_LEFT.search(piece):
            pieces[index] = f"{_ISOLATE}{piece}{_END}"
        else:
            pieces[index] = _RIGHT_TO_LEFT_WORDS.sub(rf"{_ISOLATE}\g<0>{_END}", piece)
    return "".join(pieces)


def _invite_marks(line: str) -> list[int]:
    """Returns the characters to escape so that Discord recognizes no invite, nor a link to one."""
    if "discord" not in line.lower():
        return []
    return [
        found.start(1)
        for pattern in (_DISCORD_DOT, _DISCORD_COLON)
        for found in pattern.finditer(line)
    ]


def _one_line(text: str) -> str:
    """Collapses white space and drops what can't be seen: controls, zero-width, bidi overrides."""
    if not (text.isascii() and text.isprintable()):
        text = "".join(
            " " if char.isspace() else char
            for char in text
            if char.isspace() or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn"}
        )
    return " ".join(text.split())


def _truncate(pieces: Sequence[str], limit: int) -> str:
    """Joins as many pieces as fit before an ellipsis, and ends at a word if one ends nearby."""
    fitting: list[str] = []
    room = limit - len(_ELLIPSIS)
    for piece in pieces:
        if len(piece) > room:
            break
        fitting.append(piece)
        room -= len(piece)
    last_space = len(fitting) - 1 - fitting[::-1].index(" ") if " " in fitting else 0
    if last_space > len(fitting) * 0.7:
        fitting = fitting[:last_space]
    return f"{''.join(fitting).rstrip(' ,;:')}{_ELLIPSIS}" if limit > 0 else ""


def _link_target(url: str) -> str:
    """Returns a URL as a Markdown link takes it, or "" if it isn't a plain web address."""
    if not url.startswith(("https://", "http://")) or re.search(r"[\s<>\\]", url):
        return ""
    if _INVITE.search(url):
        return ""
    return url.replace("(", "%28").replace(")", "%29").replace("[", "%5B").replace("]", "%5D")
