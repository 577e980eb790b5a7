"""Search: finds papers by words and filters, at random, and for autocomplete."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from storage.authors import lookup as author_lookup
from storage.database import Connection, Database
from storage.errors import LabError
from storage.models import Filters, Paper, ResultPage, Sort
from storage.papers import queries as paper_queries
from storage.papers.identifiers import identify
from storage.search import random_paper, ranking, spelling
from storage.search.query import Query
from storage.search.related import Related, related
from storage.text import fold

_BATCH_SIZE = 500  # papers in memory while all are read


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """One page of results; ``searched_for`` is set if another spelling was searched."""

    results: ResultPage
    searched_for: str = ""


class Search:
    """Finds papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, query: Query, *, sort: Sort = Sort.RELEVANCE, offset: int = 0, limit: int = 5
    ) -> SearchResponse:
        """Returns the papers that match a query, or if there are none, a similar spelling of it.

        By relevance, an exact title comes first. Then papers rank by where all terms are found:
        title, authors, venue or tags, abstract. Ties are broken by whether the title contains the
        phrase, how many of the words it contains and how much of it they cover, then by date.
        """
        async with self._database.reading() as db:
            query = await _resolve_author(db, query)
            results = await ranking.load_page(db, query, sort, offset, limit)
            if results.total or not query.terms:
                return SearchResponse(results)
            for suggestion in await spelling.suggest_spellings(db, query):
                suggested = await ranking.load_page(
                    db, suggestion.query, sort, offset, limit, suggestion.alternatives
                )
                if suggested.total:
                    return SearchResponse(suggested, suggestion.describe(suggested.papers))
            return SearchResponse(results)

    async def pages(self, query: Query) -> AsyncIterator[tuple[Paper, ...]]:
        """Yields all papers that match a query in batches, in the order of their ids."""
        async with self._database.reading() as db:
            query = await _resolve_author(db, replace(query, last_is_prefix=False))
        condition, values = ranking.where_clause(query)
        last_id = 0
        while True:
            async with self._database.reading() as db:
                rows = await db.all(
                    f"SELECT id FROM papers WHERE {condition} AND id > ? ORDER BY id LIMIT ?",  # noqa: S608
                    [*values, last_id, _BATCH_SIZE],
                )
                papers = await paper_queries.load(db, [row["id"] for row in rows])
            if papers:
                yield papers
            if len(papers) < _BATCH_SIZE:
                return
            last_id = papers[-1].id

    async def random(self, filters: Filters | None = None) -> Paper | None:
        """Returns a random paper that matches the filters, or None; all are equally likely."""
        async with self._database.reading() as db:
            query = await _resolve_author(db, Query(filters=filters or Filters()))
            paper_id = await random_paper.pick(db, query)
            if paper_id is None:
                return None
            return (await paper_queries.load(db, [paper_id]))[0]

    async def related(self, paper: Paper, limit: int = 3) -> tuple[Related, ...]:
        """Returns the papers that have most in common with a paper; see `related`."""
        return await related(self._database, paper, limit)

    async def suggest_titles(self, text: str, limit: int = 25) -> tuple[tuple[int, str], ...]:
        """Returns ids and titles for autocomplete.

        An arXiv id, DOI or link offers its paper. Other text offers titles that start with it, then
        the newest titles that contain its words, and empty text the newest titles.
        """
        words = fold(text)
        async with self._database.reading() as db:
            if not words:
                return await _newest_titles(db, limit)
            owners = await paper_queries.owners(db, identify(text))
            papers = await paper_queries.load(db, [*owners.values()])
            titles = {paper.id: paper.title for paper in papers}
            titles |= await _titles_with_prefix(db, words, limit)
            if len(titles) < limit:
                query = Query(terms=tuple(words.split()), last_is_prefix=True)
                matches = await ranking.match_titles(db, query, limit, thorough=not titles)
                titles |= dict(matches)
        return tuple(titles.items())[:limit]

    async def suggest_venues(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Returns venues that contain ``text`` with their paper counts, most papers first."""
        return await self._suggest(
            "SELECT venue, papers FROM venue_counts WHERE papers > 0 ORDER BY papers DESC, venue",
            text,
            limit,
        )

    async def suggest_tags(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Returns tags that contain ``text`` with their paper counts, most papers first."""
        return await self._suggest(
            "SELECT tag, papers FROM tag_counts WHERE papers > 0 ORDER BY papers DESC, tag",
            text,
            limit,
        )

    async def _suggest(self, sql: str, text: str, limit: int) -> tuple[tuple[str, int], ...]:
        words = fold(text)
        async with self._database.reading() as db:
            rows = await db.all(sql)
        matches = [(str(row[0]), int(row[1])) for row in rows if words in fold(row[0])]
        return tuple(matches[:limit])


async def _resolve_author(db: Connection, query: Query) -> Query:
    """Returns the query limited to the papers of the person that its author filter means.

    If the name means nobody or several people, it is searched as words instead.
    """
    if not query.filters.author:
        return query
    try:
        person = await author_lookup.get_person(db, query.filters.author)
    except LabError:
        return query
    return replace(query, sort_keys=await author_lookup.sort_keys_for(db, person))


async def _newest_titles(db: Connection, limit: int) -> tuple[tuple[int, str], ...]:
    rows = await db.all(
        "SELECT id, title FROM papers WHERE removed_at IS NULL ORDER BY sort_key DESC LIMIT ?",
        [limit],
    )
    return tuple((row["id"], row["title"]) for row in rows)


async def _titles_with_prefix(db: Connection, words: str, limit: int) -> dict[int, str]:
    rows = await db.all(
        """SELECT id, title FROM papers WHERE removed_at IS NULL
           AND title_key >= ? AND title_key < ? || char(1114111) ORDER BY title_key LIMIT ?""",
        [words, words, limit],
    )
    return {row["id"]: row["title"] for row in rows}
