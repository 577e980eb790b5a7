"""Search: finds papers by words and filters, at random, and for autocomplete."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

from storage.authors import lookup as author_lookup
from storage.authors import profiles
from storage.connection import Connection
from storage.database import Database
from storage.errors import LabError
from storage.models import Filters, Paper, ResultPage, Sort
from storage.papers import queries as paper_queries
from storage.papers.identifiers import identify
from storage.search import (
    alternatives,
    partial_matches,
    random_paper,
    ranking,
    spelling,
    term_counts,
)
from storage.search.alternatives import Proposal
from storage.search.interpretation import Interpretation, interpret
from storage.search.query import Query, parse
from storage.search.related import Related, related
from storage.search.stop_words import STOP_WORDS
from storage.text import fold
from storage.timestamps import Clock

_BATCH_SIZE = 500  # papers in memory while all are read
_MIN_TITLE = 4  # words of a title, so that another spelling of any of them was surely meant
_MAX_TRIED = 5  # queries in place of one that finds nothing; Discord waits three seconds at most


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """One page of results.

    The first ``complete`` ones of all results have all words of the query, the others most of them.
    ``searched_for`` is set if another spelling of the query was searched for the former, and
    ``corrections`` are words of which another spelling was searched for the latter. For these,
    ``also_searched`` are long forms of abbreviations, or abbreviations of long forms, and
    ``missing_phrases`` are quoted ones whose words were searched.
    """

    results: ResultPage
    complete: int
    searched_for: str = ""
    corrections: tuple[tuple[str, str], ...] = ()
    also_searched: tuple[str, ...] = ()
    missing_phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Alternative:
    """A query to try in place of one that finds nothing, and what it finds."""

    proposal: Proposal
    found: SearchResponse


class Search:
    """Finds papers."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def interpret(
        self, text: str, filters: Filters, sort: Sort = Sort.RELEVANCE
    ) -> Interpretation:
        """Returns the words, filters and order that a question stands for, to be searched.

        “last year” or “since 2021” limit the years, “papers by Lee” or “did Lee write” the author,
        if somebody has that name, and “latest papers” come by date. A given filter or order stays.
        Nothing is read so that is quoted, or that is in the title of a paper with all words.
        """
        this_year = self._clock().year
        return await self._database.read(lambda db: interpret(db, text, filters, sort, this_year))

    async def find(
        self, query: Query, *, sort: Sort = Sort.RELEVANCE, offset: int = 0, limit: int = 5
    ) -> SearchResponse:
        """Returns the papers that have all words of a query, and then those with most of them.

        By relevance, an exact title comes first. Then papers rank by where all terms are found:
        title, authors, venue or tags, abstract. Ties are broken by whether the title contains the
        phrase, how many of the words it contains and how much of it they cover, then by date.

        If these are fewer than ``limit``, papers with most of the words in any form follow, best
        matches first. Words that no paper has are searched in similar spellings.
        """
        return await self._database.read(lambda db: _find(db, query, sort, offset, limit))

    async def alternatives(
        self, text: str, filters: Filters, limit: int = 3
    ) -> tuple[Alternative, ...]:
        """Returns queries that find papers, in place of one that finds none, the likeliest first.

        Each comes with its first papers, at most ``limit``.
        """
        for propose in (alternatives.propose, alternatives.propose_loosely):
            async with self._database.reading() as db:
                proposals = await propose(db, text, filters)
            tried = [await self._try(proposal, limit) for proposal in proposals[:_MAX_TRIED]]
            if found := tuple(one for one in tried if one is not None):
                return found
        return ()

    async def unknown_words(self, query: Query) -> tuple[str, ...]:
        """Returns the words of a query that no paper has in any form, apart from function words."""
        words = dict.fromkeys(word for term in query.terms for word in term.split())
        async with self._database.reading() as db:
            forms = await term_counts.load_forms(db, [*words])
        return tuple(word for word in words if word not in STOP_WORDS and not forms[word])

    async def _try(self, proposal: Proposal, limit: int) -> Alternative | None:
        """Returns what a proposal finds, or None; corrected words must be where people see them."""
        found = await self.find(parse(proposal.text, proposal.filters), limit=limit)
        corrections = {old: [new] for old, new in proposal.corrections}
        visible = spelling.visible_corrections(corrections, found.results.papers)
        if not found.results.papers or len(visible) < len(corrections):
            return None
        return Alternative(proposal, found)

    async def pages(self, query: Query) -> AsyncIterator[tuple[Paper, ...]]:
        """Yields all papers that match a query in batches, in the order of their ids."""
        async with self._database.reading() as db:
            query = await resolve_author(db, replace(query, last_is_prefix=False))
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
        return await self._database.read(lambda db: _pick_random(db, filters or Filters()))

    async def related(self, paper: Paper, limit: int = 3) -> tuple[Related, ...]:
        """Returns the papers that have most in common with a paper; see `related`."""
        return await related(self._database, paper, limit)

    async def suggest_titles(self, text: str, limit: int = 25) -> tuple[tuple[int, str], ...]:
        """Returns ids and titles for autocomplete.

        An arXiv id, DOI or link offers its paper. Other text offers titles that start with it, then
        the newest titles that contain its words, and empty text the newest titles. If no title
        does, words of four letters or more may have a typo.
        """
        return await self._database.read(lambda db: _suggest_titles(db, text, limit))

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


async def _pick_random(db: Connection, filters: Filters) -> Paper | None:
    query = await resolve_author(db, Query(filters=filters))
    paper_id = await random_paper.pick(db, query)
    return None if paper_id is None else (await paper_queries.load(db, [paper_id]))[0]


async def _find(
    db: Connection, query: Query, sort: Sort, offset: int, limit: int
) -> SearchResponse:
    query = await resolve_author(db, query)
    found, replacements = await _find_complete(db, query, sort, offset, limit)
    if found.complete >= limit or set(query.terms) <= set(query.quoted):
        return found
    first = found
    if offset:
        first, _ = await _find_complete(db, query, sort, 0, limit)
    known = [paper.id for paper in first.results.papers]
    others = await partial_matches.find(db, query, known, replacements)
    if not others.paper_ids:
        return found
    ids = [*known, *others.paper_ids]
    shown = ids[offset : offset + limit]
    loaded = [paper for paper in first.results.papers if paper.id in shown]
    papers = (*loaded, *await paper_queries.load(db, shown[len(loaded) :]))
    asked = others.question
    return replace(
        found,
        results=ResultPage(papers, len(ids), offset),
        corrections=spelling.visible_corrections(asked.corrections, papers),
        also_searched=asked.also_searched,
        missing_phrases=others.missing_phrases,
    )


async def _find_complete(
    db: Connection, query: Query, sort: Sort, offset: int, limit: int
) -> tuple[SearchResponse, dict[str, list[str]]]:
    """Returns papers that have all words, perhaps with another spelling of those that none has.

    Also returns what may replace the latter, if the words as they are typed find nothing.
    """
    results = await ranking.load_page(db, query, sort, offset, limit)
    if results.total or not query.terms:
        return SearchResponse(results, results.total), {}
    replacements = await spelling.load_replacements(db, query)
    found = await _find_corrected(db, query, replacements, sort, offset, limit)
    if found is None and replacements and len(query.terms) >= _MIN_TITLE:
        similar = await spelling.load_replacements(db, query, only_likely=False)
        found = await _find_corrected(db, query, similar, sort, offset, limit, only_in_title=True)
    return found or SearchResponse(results, 0), replacements


async def _find_corrected(
    db: Connection,
    query: Query,
    replacements: Mapping[str, Sequence[str]],
    sort: Sort,
    offset: int,
    limit: int,
    *,
    only_in_title: bool = False,
) -> SearchResponse | None:
    """Returns papers that have all words, some of them in another spelling; None if there are none.

    If ``only_in_title`` is true, a title must have them all.
    """
    suggestion = spelling.correct(query, replacements)
    if suggestion is None:
        return None
    corrected, words = suggestion.query, suggestion.alternatives
    if only_in_title and not await ranking.match_titles(
        db, corrected, 1, thorough=False, alternatives=words
    ):
        return None
    results = await ranking.load_page(db, corrected, sort, offset, limit, words)
    if not results.total:
        return None
    return SearchResponse(results, results.total, suggestion.describe(results.papers))


async def resolve_author(db: Connection, query: Query) -> Query:
    """Returns the query limited to the papers of the person that its author filter means.

    If the name means nobody or several people, it is searched as words instead.
    """
    if not query.filters.author:
        return query
    try:
        person = await author_lookup.get_person(db, query.filters.author)
    except LabError:
        return query
    return replace(query, sort_keys=await profiles.sort_keys_for(db, person))


async def _suggest_titles(db: Connection, text: str, limit: int) -> tuple[tuple[int, str], ...]:
    words = fold(text)
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
        if not titles:
            titles = await _titles_despite_typos(db, query, limit)
    return tuple(titles.items())[:limit]


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


async def _titles_despite_typos(db: Connection, query: Query, limit: int) -> dict[int, str]:
    replacements = await spelling.load_typed_replacements(db, query)
    if not replacements:
        return {}
    return dict(
        await ranking.match_titles(db, query, limit, thorough=False, alternatives=replacements)
    )
