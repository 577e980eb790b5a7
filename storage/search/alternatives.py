"""Queries to try in place of one that finds nothing: other spellings, or fewer conditions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from storage.authors import lookup as author_lookup
from storage.authors.errors import AuthorNotFound
from storage.connection import Connection
from storage.errors import LabError
from storage.models import Filters
from storage.search import query as search_query
from storage.search import spelling
from storage.search.query import Query
from storage.text import fold

_MIN_SIMILARITY = 0.65  # of a venue or tag to the one that was typed
# What each filter's fields are without it.
_DROPPED: Mapping[str, Mapping[str, Any]] = {
    "author": {"author": ""},
    "venue": {"venue": ""},
    "tag": {"tag": ""},
    "year": {"first_year": None, "last_year": None},
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """A query to try: its text, without filters, and its filters.

    Either it lacks the ``dropped`` conditions (“venue”, “quotes”, …), or ``replaced`` is the name,
    venue, tag or text that it has in place of a misspelled one. For a text, ``corrections`` are the
    misspelled words, each with the new one.
    """

    text: str
    filters: Filters
    dropped: tuple[str, ...] = ()
    replaced: str = ""
    corrections: tuple[tuple[str, str], ...] = ()


def drop_filter(filters: Filters, name: str) -> Filters:
    """Returns filters without the one for “author”, “venue”, “tag” or “year”."""
    return replace(filters, **_DROPPED[name])


async def propose(db: Connection, text: str, filters: Filters) -> list[Proposal]:
    """Returns what to try in place of a query, the likeliest first; it may find nothing either."""
    query = search_query.parse(text, filters)
    filters = query.filters
    words = search_query.without_filters(text)
    proposals = [one async for one in _other_values(db, words, filters)]
    proposals += await _other_words(db, query)
    if words and filters.author:
        proposals.append(Proposal("", filters, ("words",)))
    for name in _DROPPED:
        fewer = drop_filter(filters, name)
        if fewer != filters:
            proposals.append(Proposal(words, fewer, (name,)))
    if query.quoted:
        unquoted = search_query.without_filters(text, keeps_quotes=False)
        proposals.append(Proposal(unquoted, filters, ("quotes",)))
    if query.excluded:
        included = search_query.without_filters(text, keeps_excluded=False)
        proposals.append(Proposal(included, filters, ("exclusions",)))
    return proposals


async def propose_loosely(db: Connection, text: str, filters: Filters) -> list[Proposal]:
    """Returns what to try if nothing of `propose` finds anything: any of the words, as they are."""
    query = search_query.parse(text, filters)
    words = search_query.without_filters(text, keeps_quotes=False, keeps_excluded=False)
    dropped = {"filters": query.filters, "quotes": query.quoted, "exclusions": query.excluded}
    names = tuple(name for name, condition in dropped.items() if condition)
    proposals = [one async for one in _other_values(db, words, query.filters)]
    if names:
        proposals.append(Proposal(words, Filters(), names))
    return proposals


async def _other_values(db: Connection, words: str, filters: Filters) -> AsyncIterator[Proposal]:
    """Yields the query with another author, venue or tag, if the list doesn't have that one."""
    if filters.author:
        try:
            await author_lookup.get_person(db, filters.author)
        except AuthorNotFound as error:
            for name in error.similar[:1]:
                yield Proposal(words, replace(filters, author=name), replaced=name)
        except LabError:
            pass  # the name means several people, or isn't one
    if venue := await _nearest(db, "SELECT venue FROM venue_counts WHERE papers", filters.venue):
        yield Proposal(words, replace(filters, venue=venue), replaced=venue)
    if tag := await _nearest(db, "SELECT tag FROM tag_counts WHERE papers", filters.tag):
        yield Proposal(words, replace(filters, tag=tag), replaced=tag)


async def _nearest(db: Connection, sql: str, typed: str) -> str:
    """Returns the value with the most similar spelling, or "" if one contains what was typed."""
    wanted = fold(typed)
    if not wanted:
        return ""
    values = {str(row[0]): fold(row[0]) for row in await db.all(sql)}
    if any(f" {wanted} " in f" {folded} " for folded in values.values()):
        return ""
    found = await asyncio.to_thread(
        process.extractOne,
        wanted,
        values,
        scorer=DamerauLevenshtein.normalized_similarity,
        score_cutoff=_MIN_SIMILARITY,
    )
    return str(found[2]) if found else ""


async def _other_words(db: Connection, query: Query) -> list[Proposal]:
    """Returns the query with similar words for those that no paper has, and without the rest."""
    replacements = await spelling.load_replacements(db, query, only_likely=False)
    corrections = {word: similar[0] for word, similar in replacements.items() if similar}
    if not corrections:
        return []
    typed = [word for term in query.terms for word in term.split()]
    words = [corrections.get(word, word) for word in typed if replacements.get(word) != []]
    excluded = [f'-"{phrase}"' for phrase in query.excluded]
    return [
        Proposal(
            " ".join([*words, *excluded]),
            query.filters,
            replaced=" ".join(words),
            corrections=tuple(corrections.items()),
        )
    ]
