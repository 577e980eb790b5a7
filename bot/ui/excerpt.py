"""Excerpts of an abstract around the words that were searched for; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.markdown import escape, escape_prose
from storage.text import fold

_TOKEN = re.compile(r"\S+")
_CONTEXT = 5  # tokens before the first match
_MAX_URL = 55  # characters of one that is clickable, as there is no room for a longer one
_BOLD = len("****")


def excerpt(text: str, words: Sequence[str], limit: int) -> str:
    """Returns an escaped passage around the first of the folded ``words``, with matches in bold.

    The passage has at most ``limit`` characters; it is empty if no word occurs in the text.
    """
    tokens = _TOKEN.findall(text)
    first = next((index for index, token in enumerate(tokens) if _matches(token, words)), None)
    if first is None:
        return ""
    start = max(first - _CONTEXT, 0)
    pieces = ["…"] if start else []
    room = limit - 2 - len(pieces)
    for token in tokens[start:]:
        piece = (escape_prose if len(token) < _MAX_URL else escape)(token, 60)
        if len(piece) + 1 + _BOLD > room:
            pieces.append("…")
            break
        pieces.append(f"**{piece}**" if _matches(token, words) else piece)
        room -= len(pieces[-1]) + 1
    return " ".join(pieces).replace("… ", "…").replace(" …", "…")


def _matches(token: str, words: Sequence[str]) -> bool:
    parts = fold(token).split()
    return any(part.startswith(word) for part in (*parts, "".join(parts)) for word in words)
