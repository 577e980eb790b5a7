"""SQL of finding papers: by words, by filters, by chance, and while somebody is typing.

Ranking every match of a common word is what makes a search slow. Here no match is scored that will
not be shown: FTS5 gives matches newest first and stops early, once for each place where the words
may stand (title; title and authors; the paper's head; anywhere), and only those few are ranked.
"""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace

from storage import authors, fulltext, index, papers, spelling
from storage.database import Connection, Database, Row, Value
from storage.errors import LabError
from storage.fulltext import Query, fold
from storage.identifiers import identify
from storage.records import Filters, Paper, Results, Sort
from storage.related import Related, related

_COUNTED = 1000  # matches that are counted; beyond, there are just more
_RANKED = 100  # newest matches of each tier that are ranked
_PAGE = 500  # papers in memory while all are gone through
_DRAWN = 64  # papers drawn at once when one is picked by chance
_TIERS = ("title", "title authors", "title authors venue tags")


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
            results = await _results(db, query, sort, offset, limit)
            if results.total or not query.terms:
                return Found(results)
            for nearest in await _nearest_queries(db, query):
                results = await _results(db, nearest.query, sort, offset, limit, nearest.forms)
                if results.total:
                    return Found(results, nearest.words_of(results.papers))
            return Found(results)

    async def pages(self, query: Query) -> AsyncIterator[tuple[Paper, ...]]:
        """Every paper that a query finds, in the order of their numbers, some hundreds at once."""
        async with self._database.reading() as db:
            query = await _by_person(db, replace(query, open_ended=False))
        condition, values = _condition(query)
        last = 0
        while True:
            async with self._database.reading() as db:
                rows = await db.all(
                    f"SELECT id FROM papers WHERE {condition} AND id > ? ORDER BY id LIMIT ?",  # noqa: S608
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
            paper_id = await _drawn(db, filters) if query.places is None else None
            if paper_id is None:
                paper_id = await _counted_off(db, query)
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
            if len(offered) < limit:
                for row in await _titles_with(db, words, limit):
                    offered.setdefault(row["id"], row["title"])
        return tuple(offered.items())[:limit]

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


@dataclass(frozen=True, slots=True)
class _Nearest:
    """A query in another spelling: ``forms`` are the words that do for a term."""

    query: Query
    forms: Mapping[str, Sequence[str]]

    def words_of(self, found: Sequence[Paper]) -> str:
        """What was searched for, in the words that the first paper found has."""
        first = found[0] if found else None
        text = fold(f"{first.title} {first.abstract} {' '.join(first.authors)}") if first else ""
        has = set(text.split())
        chosen = []
        for term in self.query.terms:
            forms = self.forms.get(term, [term])
            chosen.append(next((form for form in forms if has.issuperset(form.split())), forms[0]))
        return " ".join(chosen)


async def _by_person(db: Connection, query: Query) -> Query:
    """The query with the places of the papers of the one person whom its author filter means."""
    if not query.filters.author:
        return query
    try:
        person = await authors.find(db, query.filters.author)
    except LabError:
        return query  # nobody, or several: then the words are looked for
    return replace(query, places=await authors.places_of(db, person))


async def _results(
    db: Connection,
    query: Query,
    sort: Sort,
    offset: int,
    limit: int,
    forms: Mapping[str, Sequence[str]] | None = None,
) -> Results:
    if forms is None:
        forms = await _forms_of_last(db, query)
    if query.terms and sort is Sort.RELEVANCE:
        total, ids = await _ranked(db, query, offset, limit, forms)
    else:
        total, ids = await _listed(db, query, sort, offset, limit, forms)
    shown = await papers.load(db, ids)
    return Results(shown, min(total, _COUNTED), offset, more=total > _COUNTED)


async def _forms_of_last(db: Connection, query: Query) -> dict[str, list[str]]:
    """The words that the last one may be the beginning of, where FTS5 has no quick way to them."""
    last = query.terms[-1] if query.terms else ""
    if not query.open_ended or len(last) <= index.SHORT or " " in last:
        return {}
    forms = await spelling.forms(db, last)
    return {last: forms} if forms else {}


async def _ranked(
    db: Connection, query: Query, offset: int, limit: int, forms: Mapping[str, Sequence[str]]
) -> tuple[int, list[int]]:
    """How many papers match, at most one more than are counted, and the numbers of one page."""
    everywhere = _matches(query, fulltext.match_expression(query, "", forms), "paper_text")
    newest = [row[0] for row in await db.all(everywhere.newest, everywhere.values)]
    if len(newest) < _RANKED:
        candidates = await _all_candidates(db, query, newest, forms)
        total = len(newest)
    else:
        candidates, total = await _best_candidates(db, query, newest, everywhere, forms)
    ranked = sorted(candidates, key=lambda one: _merit(query, one), reverse=True)
    ids = [one.paper_id for one in ranked[offset : offset + limit]]
    if len(ids) < limit and total > len(ranked):
        more = await db.all(
            f"""{everywhere.sql} AND {everywhere.rowid} NOT IN (SELECT value FROM json_each(?))
                ORDER BY {everywhere.rowid} DESC LIMIT ? OFFSET ?""",  # noqa: S608 - constants
            [
                *(*everywhere.values, json.dumps([one.place for one in ranked])),
                *(limit - len(ids), max(offset - len(ranked), 0)),
            ],
        )
        ids += [row[0] & index.ID_MASK for row in more]
    return total, ids


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A paper to be ranked; its tier tells where the words stand, 0 being the abstract."""

    paper_id: int
    place: int
    title_key: str
    tier: int


async def _all_candidates(
    db: Connection, query: Query, places: Sequence[int], forms: Mapping[str, Sequence[str]]
) -> list[_Candidate]:
    """Candidates from the few papers that match at all, by a look at their heads."""
    rows = await db.all(
        f"""SELECT papers.id, place, title_key,
                paper_text.title, authors, paper_text.venue, paper_text.tags
            FROM json_each(?) AS wanted CROSS JOIN paper_text ON paper_text.rowid = wanted.value
            CROSS JOIN papers ON papers.id = wanted.value & {index.ID_MASK}""",  # noqa: S608
        [json.dumps(places)],
    )
    candidates = []
    for row in rows:
        head = ""
        tier = 0
        for number, column in enumerate(("title", "authors", "venue", "tags")):
            head = f"{head} {row[column]}"
            if fulltext.holds(query, head, forms):
                tier = max(3 - number, 1)
                break
        candidates.append(_Candidate(row["id"], row["place"], row["title_key"], tier))
    return candidates


async def _best_candidates(
    db: Connection,
    query: Query,
    newest: Sequence[int],
    everywhere: _Matches,
    forms: Mapping[str, Sequence[str]],
) -> tuple[list[_Candidate], int]:
    """The newest candidates of each tier, where very many papers match, and how many do."""
    # Whether a paper lacks an excluded word, the index of heads can't tell.
    source = "paper_text" if query.excluded else "paper_heads"
    tiers = [_matches(query, fulltext.match_expression(query, c, forms), source) for c in _TIERS]
    rows = await db.all(
        f"""WITH tiers (place, tier) AS (
                SELECT place, 4 FROM papers WHERE title_key = ? AND removed_at IS NULL
                    AND place IN ({everywhere.sql} AND {everywhere.rowid} = papers.place)
                UNION ALL SELECT rowid, 3 FROM ({tiers[0].newest})
                UNION ALL SELECT rowid, 2 FROM ({tiers[1].newest})
                UNION ALL SELECT rowid, 1 FROM ({tiers[2].newest})
                UNION ALL SELECT value, 0 FROM json_each(?))
            SELECT id, papers.place, title_key, MAX(tier) AS tier,
                (SELECT COUNT(*) FROM ({everywhere.sql} LIMIT {_COUNTED + 1})) AS total
            FROM tiers JOIN papers ON id = tiers.place & {index.ID_MASK} GROUP BY id""",  # noqa: S608
        [
            *(query.title_key, *everywhere.values),
            *(value for tier in tiers for value in tier.values),
            *(json.dumps(newest), *everywhere.values),
        ],
    )
    return [_Candidate(*tuple(row)[:4]) for row in rows], int(rows[0]["total"])


@dataclass(frozen=True, slots=True)
class _Matches:
    """A SELECT of the places that match; ``rowid`` is their column, for further conditions."""

    sql: str
    values: tuple[Value, ...]
    rowid: str

    @property
    def newest(self) -> str:
        """Those of them that are ranked."""
        return f"{self.sql} ORDER BY {self.rowid} DESC LIMIT {_RANKED}"


def _matches(query: Query, expression: str, source: str) -> _Matches:
    """The places of papers of an index that match an expression, by whom and when asked for."""
    joins = ""
    conditions = [f"{source} MATCH ?"]
    values: list[Value] = [expression]
    if query.places is not None:
        conditions.append(f"{source}.rowid IN (SELECT value FROM json_each(?))")  # noqa: S608
        values.append(json.dumps(query.places))
    first, last = query.filters.first_year, query.filters.last_year
    if first is not None or last is not None:
        # A paper without a date has a place by its entry's, and is of no year.
        joins = f"CROSS JOIN papers AS dated ON dated.id = {source}.rowid & {index.ID_MASK}"
        conditions.append(f"{source}.rowid BETWEEN ? AND ? AND dated.date IS NOT NULL")
        values += index.places_of_years(first, last)
    sql = f"SELECT {source}.rowid FROM {source} {joins} WHERE {' AND '.join(conditions)}"  # noqa: S608
    return _Matches(sql, tuple(values), f"{source}.rowid")


def _merit(query: Query, one: _Candidate) -> tuple[bool, int, bool, int, int, int]:
    """The order of ranked papers; see `Search.find`."""
    title = f" {one.title_key} "
    standing = sum(f" {word}" in title for word in query.title_key.split())
    covered = 3 * standing // len(title.split())  # in thirds of the title
    return (
        one.title_key == query.title_key,
        *(one.tier, f" {query.title_key} " in title, standing, covered, one.place),
    )


async def _listed(
    db: Connection,
    query: Query,
    sort: Sort,
    offset: int,
    limit: int,
    forms: Mapping[str, Sequence[str]],
) -> tuple[int, list[int]]:
    """How many papers match, at most one more than are counted, and a page in a given order."""
    expression = fulltext.match_expression(query, "", forms)
    if expression and sort is not Sort.TITLE:
        matches = _matches(query, expression, "paper_text")
        sql, values = matches.sql, list(matches.values)
        order = f"{matches.rowid} {'' if sort is Sort.OLDEST else 'DESC'}"
    else:
        condition, values = _condition(query, forms)
        sql = f"SELECT id FROM papers WHERE {condition}"  # noqa: S608 - constants
        order = {Sort.OLDEST: "place", Sort.TITLE: "title_key, id"}.get(sort, "place DESC")
    total = await db.value(f"SELECT COUNT(*) FROM ({sql} LIMIT {_COUNTED + 1})", values)  # noqa: S608
    rows = await db.all(f"{sql} ORDER BY {order} LIMIT ? OFFSET ?", [*values, limit, offset])
    return int(total), [row[0] & index.ID_MASK for row in rows]


def _condition(
    query: Query, forms: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, list[Value]]:
    """A condition over ``papers`` for what a query asks, and its values."""
    conditions = ["removed_at IS NULL"]
    values: list[Value] = []
    expression = fulltext.match_expression(query, "", forms)
    if expression:
        conditions.append("place IN (SELECT rowid FROM paper_text WHERE paper_text MATCH ?)")
        values.append(expression)
    elif unwanted := fulltext.exclusion(query):
        conditions.append("place NOT IN (SELECT rowid FROM paper_text WHERE paper_text MATCH ?)")
        values.append(unwanted)
    if query.places is not None:
        conditions.append("place IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(query.places))
    first, last = query.filters.first_year, query.filters.last_year
    if first is not None or last is not None:
        conditions.append("place BETWEEN ? AND ? AND date IS NOT NULL")
        values += index.places_of_years(first, last)
    return " AND ".join(conditions), values


async def _begun_titles(db: Connection, words: str, limit: int) -> list[Row]:
    return await db.all(
        """SELECT id, title FROM papers WHERE removed_at IS NULL
           AND title_key >= ? AND title_key < ? || char(1114111) ORDER BY title_key LIMIT ?""",
        [words, words, limit],
    )


async def _titles_with(db: Connection, words: str, limit: int) -> list[Row]:
    """Titles that have all these words, the last one begun, newest first."""
    query = Query(terms=tuple(words.split()), open_ended=True)
    expression = fulltext.match_expression(query, "title", await _forms_of_last(db, query))
    return await db.all(
        f"""SELECT id, title FROM (SELECT rowid AS place FROM paper_heads
                WHERE paper_heads MATCH ? ORDER BY rowid DESC LIMIT ?) AS found
            JOIN papers ON id = found.place & {index.ID_MASK} ORDER BY found.place DESC""",  # noqa: S608
        [expression, limit],
    )


async def _drawn(db: Connection, filters: Filters) -> int | None:
    """The first of some papers drawn from all that the filters allow; none where none of them is.

    A number without a paper is drawn like any other and passed over, so that every paper is as
    likely as the other.
    """
    last = await db.value("SELECT MAX(id) FROM papers")
    numbers = [random.randint(1, last) for _ in range(_DRAWN)] if last else []  # noqa: S311
    for paper in await papers.load(db, numbers if filters else numbers[:8]):
        if paper.removed_at is None and _allows(filters, paper):
            return paper.id
    return None


def _allows(filters: Filters, paper: Paper) -> bool:
    """Whether a paper is what the filters ask for, as the index would say."""
    if filters.first_year is not None or filters.last_year is not None:
        first, last = filters.first_year or 0, filters.last_year or 9999
        if paper.year is None or not first <= paper.year <= last:
            return False
    return all(
        f" {fold(wanted)} " in f" {fulltext.index_text(text)} "
        for wanted, text in (
            (filters.author, " | ".join(paper.authors)),
            (filters.venue, paper.venue),
            (filters.tag, " ".join(paper.tags)),
        )
        if fold(wanted)
    )


async def _counted_off(db: Connection, query: Query) -> int | None:
    """A paper by its position among all that the filters allow; for few papers among many."""
    condition, values = _condition(query)
    total = await db.value(f"SELECT COUNT(*) FROM papers WHERE {condition}", values)  # noqa: S608
    if not total:
        return None
    paper_id = await db.value(
        f"SELECT id FROM papers WHERE {condition} LIMIT 1 OFFSET ?",  # noqa: S608
        [*values, random.randrange(total)],  # noqa: S311 - a game, no secret
    )
    return int(paper_id)


async def _nearest_queries(db: Connection, query: Query) -> list[_Nearest]:
    """The query in other spellings, to be tried in turn.

    Words that no paper has give way to the nearest that some have; then every word may be a slip
    for another; at last, words near to nothing are left out.
    """
    words = [word for term in query.terms for word in term.split()]
    known = await spelling.counts(db, words)
    near = {word: await spelling.nearest(db, word) for word in dict.fromkeys(words)}
    unknown = {word: near[word] for word in near if word not in known}
    every = {
        word: list(dict.fromkeys([*([word] if word in known else []), *near[word]]))
        for word in near
    }
    closed = replace(query, open_ended=False)
    tries = [
        (words, unknown),
        (words, every),
        ([word for word in words if every[word]], every),
        ([word for word in words if word in known], {}),
    ]
    return [
        _Nearest(replace(closed, terms=tuple(kept)), forms)
        for kept, forms in tries
        if kept and all(forms.get(word, [word]) for word in kept)
    ]
