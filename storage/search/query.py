"""People's words → folded text and a safe FTS5 query; pure, no SQL beyond MATCH's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from storage.models import Filters
from storage.text import fold

# One piece of a query: [-] [field:] (quoted | bare)
_PIECE = re.compile(
    r"""(?P<minus>-)?(?:(?P<field>author|venue|year|tag):)?
        (?:"(?P<quoted>[^"]*)(?:"|$)|(?P<bare>[^\s"]+))""",
    re.VERBOSE | re.IGNORECASE,
)
_YEARS = re.compile(r"(\d{4})?\s*(\.\.|-)?\s*(\d{4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """What a person asked for: every term must match, none of the excluded may.

    A term is one or more folded words that must stand together. ``open_ended`` is true while the
    last term may still be being typed, so that it matches as a prefix. ``sort_keys``, where given,
    are those of the papers that the author asked for has; else the author's words are looked for.
    """

    terms: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    open_ended: bool = False
    sort_keys: tuple[int, ...] | None = None

    @property
    def title_key(self) -> str:
        """The words as a whole, to recognise an exact title."""
        return " ".join(self.terms)


def parse(text: str, filters: Filters | None = None) -> Query:
    """Read a search line; any text is safe, and what is no syntax is a word.

    Filters given in the line win over those passed in, which come from options.
    """
    filters = filters or Filters()
    terms: list[str] = []
    excluded: list[str] = []
    open_ended = False
    for piece in _PIECE.finditer(_straight_quotes(text)):
        value = piece["quoted"] if piece["quoted"] is not None else piece["bare"]
        narrowed = _narrow(filters, piece["field"], value) if not piece["minus"] else None
        if narrowed is not None:
            filters, open_ended = narrowed, False
            continue
        words = fold(f"{piece['field']} {value}" if piece["field"] else value)
        if not words:
            continue
        if piece["minus"]:
            excluded.append(words)
            open_ended = False
        else:
            terms.append(words)
            open_ended = piece["quoted"] is None and piece.end() == len(text.rstrip())
    return Query(tuple(terms), tuple(excluded), filters, open_ended)


def years(text: str) -> tuple[int | None, int | None] | None:
    """Read ``2023``, ``2021..2023``, ``2021..`` or ``..2023``; none where it is not a year."""
    match = _YEARS.fullmatch(text.strip())
    if match is None or (match[1] is None and match[3] is None):
        return None
    first = int(match[1]) if match[1] else None
    last = int(match[3]) if match[3] else None
    if match[2] is None:
        return (first, first) if last is None else None
    return (last, first) if first and last and first > last else (first, last)


def match_expression(
    query: Query, columns: str = "", forms: Mapping[str, Sequence[str]] | None = None
) -> str:
    """The FTS5 MATCH expression for a query; empty where nothing positive is asked for.

    The terms must stand in ``columns``, names apart by spaces, or anywhere. ``forms`` are words
    any of which will do for a term. Every word is quoted, so that none can be syntax
    (https://www.sqlite.org/fts5.html, section 3).
    """
    parts = [_term(term, (forms or {}).get(term)) for term in query.terms]
    if parts and query.open_ended and query.terms[-1] not in (forms or {}):
        parts[-1] = _term(query.terms[-1], prefix=True)
    if columns and parts:
        parts = [f"{{{columns}}} : ({' AND '.join(parts)})"]
    for column, value in (
        ("authors", query.filters.author if query.sort_keys is None else ""),
        ("venue", query.filters.venue),
        ("tags", query.filters.tag),
    ):
        if words := fold(value):
            parts.append(f'{{{column}}} : "{words}"')
    if not parts:
        return ""
    wanted = " AND ".join(parts)
    unwanted = exclusion(query)
    return f"({wanted}) NOT ({unwanted})" if unwanted else wanted


def holds(query: Query, text: str, forms: Mapping[str, Sequence[str]] | None = None) -> bool:
    """Whether all terms of a query stand in a folded text, as `match_expression` would say."""
    text = f" {text} "
    for place, term in enumerate(query.terms):
        begun = query.open_ended and place == len(query.terms) - 1 and term not in (forms or {})
        end = "" if begun else " "
        spellings = (forms or {}).get(term) or [term]
        if not any(
            f" {form}{end}" in text or f" {form.replace(' ', '')}{end}" in text
            for form in spellings
        ):
            return False
    return True


def exclusion(query: Query) -> str:
    """The MATCH expression for what must not be found; empty where nothing is excluded."""
    return " OR ".join(_term(term) for term in query.excluded)


def _term(words: str, forms: Sequence[str] | None = None, *, prefix: bool = False) -> str:
    """One term: the words together, or, for a compound, written as one; or any of its forms."""
    if forms:
        return f"({' OR '.join(_term(form) for form in forms)})"
    star = "*" if prefix else ""
    phrase = f'"{words}"{star}'
    if " " not in words:
        return phrase
    return f'({phrase} OR "{words.replace(" ", "")}"{star})'


def _narrow(filters: Filters, name: str | None, value: str) -> Filters | None:
    if name is None or not fold(value):
        return None
    match name.lower():
        case "author":
            return replace(filters, author=value)
        case "venue":
            return replace(filters, venue=value)
        case "tag":
            return replace(filters, tag=value)
        case _:
            span = years(value)
            if span is None:
                return None
            return replace(filters, first_year=span[0], last_year=span[1])


def _straight_quotes(text: str) -> str:
    return re.sub("[“”„«»]", '"', text)
