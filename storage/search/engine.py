"""Finding papers: by words, by filters, at random, and while somebody is typing."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from storage.authors import lookup as author_lookup
from storage.database import Connection, Database, Row
from storage.errors import LabError
from storage.models import Filters, Paper, ResultPage, Sort
from storage.papers import queries as paper_queries
from storage.papers import search_index
from storage.papers.identifiers import identify
from storage.search import query as search_query
from storage.search import spelling
from storage.search.query import Query
from storage.search.ranking import condition, page_of, titled
from storage.search.related import Related, related
from storage.text import fold, index_text

_PAGE = 500  # papers in memory while all are gone through


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """One page of an answer; ``searched_for`` is set where another spelling was searched."""

    results: ResultPage
    searched_for: str = ""


class Search:
    """Finding papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, query: Query, *, sort: Sort = Sort.RELEVANCE, offset: int = 0, limit: int = 5
    ) -> SearchResponse:
        """Papers that a query asks for; where none is, those of the nearest spelling.

        The best match comes first: an exact title, then words in the title over authors over
        venue and tags over abstract, then the newer paper.
        """
        async with self._database.reading() as db:
            query = await _by_person(db, query)
            results = await page_of(db, query, sort, offset, limit)
            if results.total or not query.terms:
                return SearchResponse(results)
            for nearest in await spelling.suggest_spellings(db, query):
                results = await page_of(db, nearest.query, sort, offset, limit, nearest.forms)
                if results.total:
                    return SearchResponse(results, nearest.words_of(results.papers))
            return SearchResponse(results)

    async def pages(self, query: Query) -> AsyncIterator[tuple[Paper, ...]]:
        """Every paper that a query finds, in the order of their numbers, some hundreds at once."""
        async with self._database.reading() as db:
            query = await _by_person(db, replace(query, open_ended=False))
        allowed, values = condition(query)
        last = 0
        while True:
            async with self._database.reading() as db:
                rows = await db.all(
                    f"SELECT id FROM papers WHERE {allowed} AND id > ? ORDER BY id LIMIT ?",  # noqa: S608
                    [*values, last, _PAGE],
                )
                page = await paper_queries.load(db, [row["id"] for row in rows])
            if page:
                yield page
            if len(page) < _PAGE:
                return
            last = page[-1].id

    async def random(self, filters: Filters | None = None) -> Paper | None:
        """Any paper that the filters allow, each as likely as the other; none where none is."""
        filters = filters or Filters()
        async with self._database.reading() as db:
            query = await _by_person(db, Query(filters=filters))
            paper_id = await random_paper(db, query)
            if paper_id is None:
                return None
            return (await paper_queries.load(db, [paper_id]))[0]

    async def related(self, paper: Paper, limit: int = 3) -> tuple[Related, ...]:
        """The papers that have most in common with one: authors, and rare words of the title."""
        return await related(self._database, paper, limit)

    async def titles(self, text: str, limit: int = 25) -> tuple[tuple[int, str], ...]:
        """Numbers and titles for what is being typed: titles that begin so, then newer ones.

        The newest titles for nothing, and a paper for its arXiv id, DOI or link.
        """
        words = fold(text)
        async with self._database.reading() as db:
            if not words:
                rows = await db.all(
                    """SELECT id, title FROM papers WHERE removed_at IS NULL
                       ORDER BY sort_key DESC LIMIT ?""",
                    [limit],
                )
                return tuple((row["id"], row["title"]) for row in rows)
            owned = await paper_queries.owners(db, identify(text))
            offered = {
                paper.id: paper.title for paper in await paper_queries.load(db, [*owned.values()])
            }
            for row in await _begun_titles(db, words, limit):
                offered[row["id"]] = row["title"]
            if len(offered) >= limit:
                return tuple(offered.items())[:limit]
            query = Query(terms=tuple(words.split()), open_ended=True)
            found = await titled(db, query, limit, thoroughly=not offered)
        return tuple((offered | dict(found)).items())[:limit]

    async def venues(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Venues for what is being typed, with how many papers each, most first."""
        return await self._counted(
            "SELECT venue, papers FROM venue_counts WHERE papers > 0 ORDER BY papers DESC, venue",
            text,
            limit,
        )

    async def tags(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Tags for what is being typed, with how many papers each, most first."""
        return await self._counted(
            "SELECT tag, papers FROM tag_counts WHERE papers > 0 ORDER BY papers DESC, tag",
            text,
            limit,
        )

    async def _counted(self, sql: str, text: str, limit: int) -> tuple[tuple[str, int], ...]:
        wanted = fold(text)
        async with self._database.reading() as db:
            rows = await db.all(sql)
        found = [(str(row[0]), int(row[1])) for row in rows if wanted in fold(row[0])]
        return tuple(found[:limit])


async def _by_person(db: Connection, query: Query) -> Query:
    """The query with the sort keys of the papers of the one person whom its author filter means."""
    if not query.filters.author:
        return query
    try:
        person = await author_lookup.get_person(db, query.filters.author)
    except LabError:
        return query  # nobody, or several: then the words are looked for
    return replace(query, sort_keys=await author_lookup.sort_keys_for(db, person))


async def _begun_titles(db: Connection, words: str, limit: int) -> list[Row]:
    return await db.all(
        """SELECT id, title FROM papers WHERE removed_at IS NULL
           AND title_key >= ? AND title_key < ? || char(1114111) ORDER BY title_key LIMIT ?""",
        [words, words, limit],
    )


_DRAWN = 400  # papers drawn at once


async def random_paper(db: Connection, query: Query) -> int | None:
    """The number of any paper that a query's filters allow; none where none is."""
    # What an author's name allows, the index tells at once.
    drawn = None if query.filters.author else await _drawn(db, query.filters)
    return drawn if drawn is not None else await _counted_off(db, query)


async def _drawn(db: Connection, filters: Filters) -> int | None:
    """The first of some papers drawn from all that the filters allow; none where none of them is.

    A number without a paper is drawn like any other and passed over, so that every paper is as
    likely as the other.
    """
    last = await db.value("SELECT MAX(id) FROM papers") or 0
    numbers = [random.randint(1, last) for _ in range(_DRAWN if filters else 8) if last]  # noqa: S311
    rows = await db.all(
        """SELECT papers.id, venue, date,
               (SELECT group_concat(tag, ' ') FROM tags WHERE paper_id = papers.id) AS tags
           FROM json_each(?) AS drawn CROSS JOIN papers ON papers.id = drawn.value
           WHERE removed_at IS NULL ORDER BY drawn.key""",
        [json.dumps(numbers)],
    )
    return next((row["id"] for row in rows if _allows(filters, row)), None)


def _allows(filters: Filters, row: Row) -> bool:
    """Whether the paper of a row is what the filters ask for, as the index would say."""
    if filters.first_year is not None or filters.last_year is not None:
        first, last = filters.first_year or 0, filters.last_year or 9999
        if row["date"] is None or not first <= int(row["date"][:4]) <= last:
            return False
    return all(
        f" {fold(wanted)} " in f" {index_text(text)} "
        for wanted, text in ((filters.venue, row["venue"]), (filters.tag, row["tags"] or ""))
        if fold(wanted)
    )


async def _counted_off(db: Connection, query: Query) -> int | None:
    """Any of all papers that the filters allow, listed; for few papers among many."""
    words = search_query.match_expression(query)
    first, last = query.filters.first_year, query.filters.last_year
    any_year = first is None and last is None
    if not words or query.sort_keys is not None:
        return await _counted_off_by_sort_key(db, query)
    low, high = search_index.sort_keys_for_years(first, last)
    found = await db.value(
        """SELECT json_group_array(rowid) FROM paper_heads
           WHERE paper_heads MATCH ? AND rowid BETWEEN ? AND ?""",
        [words, low, high],
    )
    sort_keys = json.loads(found)
    while sort_keys:
        paper_id = sort_keys.pop(random.randrange(len(sort_keys))) & search_index.ID_MASK  # noqa: S311
        # A paper without a date sorts by when it was added, and is of no year.
        if any_year or await db.value("SELECT date FROM papers WHERE id = ?", [paper_id]):
            return int(paper_id)
    return None


async def _counted_off_by_sort_key(db: Connection, query: Query) -> int | None:
    """The same by a paper's position, where no words are asked for."""
    allowed, values = condition(query)
    total = await db.value(f"SELECT COUNT(*) FROM papers WHERE {allowed}", values)  # noqa: S608
    if not total:
        return None
    paper_id = await db.value(
        f"SELECT id FROM papers WHERE {allowed} LIMIT 1 OFFSET ?",  # noqa: S608
        [*values, random.randrange(total)],  # noqa: S311 - a game, no secret
    )
    return int(paper_id)
