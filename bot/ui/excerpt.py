"""The part of a text that has the words asked for, those in bold; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.markdown import escape
from storage.text import fold

_WORD = re.compile(r"\S+")
_BEFORE = 5  # words that stand before the first one found
_BOLD = 4  # characters that bold print takes


def excerpt(text: str, words: Sequence[str], limit: int) -> str:
    """A piece of ``text`` around the first of the folded ``words``, fit for Discord.

    At most ``limit`` characters; empty where none of the words stands in it.
    """
    tokens = _WORD.findall(text)
    first = next((place for place, token in enumerate(tokens) if _has(token, words)), None)
    if first is None:
        return ""
    start = max(first - _BEFORE, 0)
    pieces = ["…"] if start else []
    room = limit - 2 - len(pieces)
    for token in tokens[start:]:
        piece = escape(token, 60)
        if len(piece) + 1 + _BOLD > room:
            pieces.append("…")
            break
        pieces.append(f"**{piece}**" if _has(token, words) else piece)
        room -= len(pieces[-1]) + 1
    return " ".join(pieces).replace("… ", "…").replace(" …", "…")


def _has(token: str, words: Sequence[str]) -> bool:
    parts = fold(token).split()
    return any(part.startswith(word) for part in (*parts, "".join(parts)) for word in words)
