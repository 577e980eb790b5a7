"""Splits search queries and channel filters into words, phrases and fields; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

_CURLY_QUOTES = re.compile("[“”„«»]")


@dataclass(frozen=True, slots=True)
class Token:
    """One part of a query: a word or a quoted phrase, perhaps of a field, perhaps negated.

    ``text`` is the token as typed, ``field`` an empty string without one. ``is_phrase`` is true if
    the value is between quotes, ``is_loose`` if a tilde is in front of it, and ``is_unfinished``
    for a bare word at the very end, which somebody may still be typing.
    """

    text: str
    field: str
    value: str
    is_negated: bool
    is_phrase: bool
    is_loose: bool
    is_unfinished: bool


def split_tokens(text: str, fields: Sequence[str] = ()) -> Iterator[Token]:
    """Yields the tokens of a text; no text is invalid, and a quote may be left open.

    Any word before a colon is a field, or only those in ``fields`` if there are any. Curly quotes
    count as straight ones.
    """
    text = _CURLY_QUOTES.sub('"', text).rstrip()
    for match in _pattern(tuple(fields)).finditer(text):
        is_quoted = match["quoted"] is not None
        yield Token(
            text=match[0],
            field=(match["field"] or "").lower(),
            value=match["quoted"] if is_quoted else match["bare"],
            is_negated=match["minus"] is not None,
            is_phrase=bool(match["close"]),
            is_loose=match["tilde"] is not None,
            is_unfinished=not is_quoted and match.end() == len(text),
        )


@cache
def _pattern(fields: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(fields) or r"\w+"
    return re.compile(
        rf"""(?P<minus>-)?(?:(?P<field>{names}):)?(?P<tilde>~)?
            (?:"(?P<quoted>[^"]*)(?P<close>"|$)|(?P<bare>[^\s"]+))""",
        re.VERBOSE | re.IGNORECASE,
    )
