"""Finding papers: by words, by filters, by chance, and while somebody is typing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from storage import authors, chance, papers, spelling
from storage.database import Connection, Database, Row
from storage.errors import LabError
from storage.fulltext import Query, fold
from storage.identifiers import identify
from storage.ranking import condition, page_of, titled
from storage.records import Filters, Paper, Results, Sort
from storage.related import Related, related

_PAGE = 500  # papers in memory while all are gone through


@dataclass(frozen=True, slots=True)
class Found:
    """One page of an answer; ``searched_for`` is set where another spelling was searched."""

    results: Results
    searched_for: str = ""


class Search:
    """Finding papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, query: Query, *, sort: Sort = Sort.RELEVANCE, offset: int = 0, limit: int = 5
    ) -> Found:
        """Papers that a query asks for; where none is, those of the nearest spelling.

        The best match comes first: an exact title, then words in the title over authors over
        venue and tags over abstract, then the newer paper.
        """
        async with self._database.reading() as db:
            query = await _by_person(db, query)
            results = await page_of(db, query, sort, offset, limit)
            if results.total or not query.terms:
                return Found(results)
            for nearest in await spelling.respelled(db, query):
                results = await page_of(db, nearest.query, sort, offset, limit, nearest.forms)
                if results.total:
                    return Found(results, nearest.words_of(results.papers))
            return Found(results)

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
                page = await papers.load(db, [row["id"] for row in rows])
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
            paper_id = await chance.pick(db, query)
            if paper_id is None:
                return None
            return (await papers.load(db, [paper_id]))[0]

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
                       ORDER BY place DESC LIMIT ?""",
                    [limit],
                )
                return tuple((row["id"], row["title"]) for row in rows)
            owned = await papers.owners(db, identify(text))
            offered = {paper.id: paper.title for paper in await papers.load(db, [*owned.values()])}
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
    """The query with the places of the papers of the one person whom its author filter means."""
    if not query.filters.author:
        return query
    try:
        person = await authors.find(db, query.filters.author)
    except LabError:
        return query  # nobody, or several: then the words are looked for
    return replace(query, places=await authors.places_of(db, person))


async def _begun_titles(db: Connection, words: str, limit: int) -> list[Row]:
    return await db.all(
        """SELECT id, title FROM papers WHERE removed_at IS NULL
           AND title_key >= ? AND title_key < ? || char(1114111) ORDER BY title_key LIMIT ?""",
        [words, words, limit],
    )
