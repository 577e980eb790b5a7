"""Parses search queries and turns them into FTS5 expressions; pure, no SQL beyond MATCH's own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from storage.errors import InvalidInput
from storage.models import Filters
from storage.names.affixes import without_author_id
from storage.redaction import redact_text
from storage.search.tokens import split_tokens
from storage.text import fold

FIELDS = ("author", "venue", "year", "tag")
_YEARS = re.compile(r"(\d{4})?\s*(\.\.|-)?\s*(\d{4})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """A parsed query: papers must match every term and none of the excluded ones.

    A term is one folded word, or several that must be adjacent; ``quoted`` are those between
    quotes. ``last_is_prefix`` is true if the last term may be unfinished, so that it matches as a
    prefix. ``sort_keys`` are those of the papers by the author in the filters; if None, the
    author's name is searched as words.
    """

    terms: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    last_is_prefix: bool = False
    sort_keys: tuple[int, ...] | None = None
    quoted: tuple[str, ...] = ()

    @property
    def title_key(self) -> str:
        """All terms joined, to compare with a paper's title key."""
        return " ".join(self.terms)


def parse(text: str, filters: Filters | None = None) -> Query:
    """Parses a search query. Any text is valid: what isn't syntax is searched as words.

    Filters in the text take precedence over ``filters``, which come from options.
    """
    filters = filters or Filters()
    terms: list[str] = []
    excluded: list[str] = []
    quoted: list[str] = []
    last_is_prefix = False
    for token in split_tokens(text, FIELDS):
        narrowed = None if token.is_negated else _narrow(filters, token.field, token.value)
        if narrowed is not None:
            filters, last_is_prefix = narrowed, False
            continue
        words = fold(f"{token.field} {token.value}")
        if not words:
            continue
        if token.is_negated:
            excluded.append(words)
            last_is_prefix = False
        else:
            terms.append(words)
            last_is_prefix = token.is_unfinished
            quoted += [words] if token.is_phrase else []
    return Query(tuple(terms), tuple(excluded), filters, last_is_prefix, quoted=tuple(quoted))


def without_filters(text: str, *, keeps_quotes: bool = True, keeps_excluded: bool = True) -> str:
    """Returns a query's text without its filters and, if asked, quotes or excluded words."""
    parts = []
    for token in split_tokens(text, FIELDS):
        is_filter = not token.is_negated and _narrow(Filters(), token.field, token.value)
        if not is_filter and (keeps_excluded or not token.is_negated):
            parts.append(token.text if keeps_quotes else token.text.replace('"', ""))
    return " ".join(parts)


def parse_filters(author: str, venue: str, year: str, tag: str) -> Filters:
    """Returns the filters that options name, each of which may be empty.

    Raises `InvalidInput` for a year that isn't one, and for what has nothing to search for.
    """
    span = parse_years(year) if year else (None, None)
    if span is None:
        raise InvalidInput(f"“{redact_text(year)[:60]}” isn't a year. Try 2023 or 2021..2023.")
    author, venue, tag = author.strip(), venue.strip(), tag.strip()
    for name, value in (("author", author), ("venue", venue), ("tag", tag)):
        if value and not fold(value):
            shown = redact_text(value)[:60]
            raise InvalidInput(
                f"I can't search for the {name} “{shown}”: it has no letters or digits."
            )
    return Filters(author=author, venue=venue, tag=tag, first_year=span[0], last_year=span[1])


def parse_years(text: str) -> tuple[int | None, int | None] | None:
    """Parses ``2023``, ``2021..2023``, ``2021..`` or ``..2023``; returns None for other text.

    There is no year 0.
    """
    match = _YEARS.fullmatch(text.strip())
    if match is None or (match[1] is None and match[3] is None):
        return None
    first = int(match[1]) if match[1] else None
    last = int(match[3]) if match[3] else None
    if 0 in {first, last}:
        return None
    if match[2] is None:
        return (first, first) if last is None else None
    return (last, first) if first and last and first > last else (first, last)


def match_expression(
    query: Query, columns: str = "", alternatives: Mapping[str, Sequence[str]] | None = None
) -> str:
    """Returns the FTS5 MATCH expression for a query, or "" if it only excludes words.

    The terms must be in ``columns`` (names separated by spaces), or in any column. Any of a term's
    ``alternatives`` matches in its place. Every word is quoted, so that none is read as syntax
    (https://www.sqlite.org/fts5.html, section 3).
    """
    alternatives = alternatives or {}
    parts = [_term(term, alternatives.get(term)) for term in query.terms]
    if parts and query.last_is_prefix and query.terms[-1] not in alternatives:
        parts[-1] = _term(query.terms[-1], is_prefix=True)
    if columns and parts:
        parts = [f"{{{columns}}} : ({' AND '.join(parts)})"]
    for column, value in (
        ("authors", without_author_id(query.filters.author) if query.sort_keys is None else ""),
        ("venue", query.filters.venue),
        ("tags", query.filters.tag),
    ):
        if words := fold(value):
            parts.append(f'{{{column}}} : "{words}"')
    if not parts:
        return ""
    included = " AND ".join(parts)
    excluded = exclusion(query)
    return f"({included}) NOT ({excluded})" if excluded else included


def any_of(phrases: Sequence[str], columns: str = "") -> str:
    """Returns the MATCH expression for any of some words or phrases, in ``columns`` if given."""
    expression = " OR ".join(f'"{phrase}"' for phrase in phrases)
    return f"{{{columns}}} : ({expression})" if columns else f"({expression})"


def narrow(expression: str, query: Query) -> str:
    """Adds to a MATCH expression what a query requires apart from its loose words."""
    required = match_expression(replace(query, terms=query.quoted, last_is_prefix=False))
    if required:
        return f"({expression}) AND ({required})"
    excluded = exclusion(query)
    return f"({expression}) NOT ({excluded})" if excluded else expression


def exclusion(query: Query) -> str:
    """Returns the MATCH expression for the excluded terms, or "" if there are none."""
    return " OR ".join(_term(term) for term in query.excluded)


def contains_terms(
    query: Query, text: str, alternatives: Mapping[str, Sequence[str]] | None = None
) -> bool:
    """Returns whether a folded text contains all terms, by the same rules as `match_expression`."""
    alternatives = alternatives or {}
    text = f" {text} "
    for index, term in enumerate(query.terms):
        is_last = index == len(query.terms) - 1
        is_prefix = query.last_is_prefix and is_last and term not in alternatives
        end = "" if is_prefix else " "
        if not any(
            f" {phrase}{end}" in text or f" {phrase.replace(' ', '')}{end}" in text
            for phrase in alternatives.get(term) or [term]
        ):
            return False
    return True


def _term(words: str, alternatives: Sequence[str] | None = None, *, is_prefix: bool = False) -> str:
    """Returns the expression for a term: its words as a phrase or a compound, or an alternative."""
    if alternatives:
        return f"({' OR '.join(_term(alternative) for alternative in alternatives)})"
    star = "*" if is_prefix else ""
    phrase = f'"{words}"{star}'
    if " " not in words:
        return phrase
    return f'({phrase} OR "{words.replace(" ", "")}"{star})'


def _narrow(filters: Filters, name: str, value: str) -> Filters | None:
    """Returns the filters with a field set, or None if the piece of text isn't a filter."""
    if not name or not fold(value):
        return None
    match name:
        case "author":
            return replace(filters, author=value)
        case "venue":
            return replace(filters, venue=value)
        case "tag":
            return replace(filters, tag=value)
        case _:
            years = parse_years(value)
            if years is None:
                return None
            return replace(filters, first_year=years[0], last_year=years[1])
