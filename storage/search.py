"""SQL of finding papers: by words, by filters, by chance, and while somebody is typing."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from storage import fulltext, papers
from storage.database import Connection, Database, Row, Value
from storage.fulltext import Query, fold
from storage.records import Filters, Paper, Results, Sort

# bm25 weights of title, authors, venue, tags, abstract.
_WEIGHTS = "10.0, 5.0, 3.0, 3.0, 1.0"
# A paper without a date is as new as its entry in the list.
_DATE = "COALESCE(date, substr(created_at, 1, 10))"
_NEWEST = f"{_DATE} DESC, id DESC"
_ORDERS = {
    Sort.NEWEST: _NEWEST,
    Sort.OLDEST: f"{_DATE}, id",
    Sort.TITLE: "title_key, id",
}
_NEAR = 0.65  # of two words' letters that agree, for one to stand for the other


@dataclass(frozen=True, slots=True)
class Found:
    """One page of an answer; ``searched_for`` is set where another spelling was searched."""

    results: Results
    searched_for: str = ""


@dataclass(frozen=True, slots=True)
class _Where:
    """The condition of a query, over ``papers`` joined with ``paper_text`` where it has words."""

    source: str
    condition: str
    values: tuple[Value, ...]


class Search:
    """Finding papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(
        self, query: Query, *, sort: Sort = Sort.RELEVANCE, offset: int = 0, limit: int = 5
    ) -> Found:
        """Papers that a query asks for; where none is, those of the nearest spelling."""
        async with self._database.reading() as db:
            results = await _results(db, query, sort, offset, limit)
            if results.total or not query.terms:
                return Found(results)
            nearest = await _nearest_spelling(db, query)
            if nearest is None:
                return Found(results)
            results = await _results(db, nearest, sort, offset, limit)
            return Found(results, nearest.title_key if results.total else "")

    async def random(self, filters: Filters | None = None) -> Paper | None:
        """Any paper that the filters allow, each as likely as the other; none where none is."""
        where = _where(Query(filters=filters or Filters()))
        async with self._database.reading() as db:
            paper_id = await db.value(
                f"SELECT id FROM {where.source} WHERE {where.condition} ORDER BY random() LIMIT 1",  # noqa: S608
                where.values,
            )
            if paper_id is None:
                return None
            return (await papers.load(db, [paper_id]))[0]

    async def titles(self, text: str, limit: int = 25) -> tuple[tuple[int, str], ...]:
        """Numbers and titles for what is being typed, newest first; any title for nothing."""
        words = fold(text)
        async with self._database.reading() as db:
            if not words:
                rows = await db.all(
                    f"""SELECT id, title FROM papers WHERE removed_at IS NULL
                        ORDER BY {_NEWEST} LIMIT ?""",  # noqa: S608
                    [limit],
                )
            else:
                pieces = " ".join(f'"{word}"' for word in words.split())
                rows = await db.all(
                    """SELECT id, title FROM papers WHERE id IN (
                           SELECT rowid FROM paper_text WHERE paper_text MATCH ?
                           ORDER BY rowid DESC LIMIT ?)
                       ORDER BY title_key LIKE ? || '%' DESC, id DESC""",
                    [f"{{title}} : ({pieces}*)", limit, words],
                )
        return tuple((row["id"], row["title"]) for row in rows)

    async def venues(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Venues for what is being typed, with how many papers each, most first."""
        return await self._values(
            """SELECT venue AS value, COUNT(*) AS papers FROM papers
               WHERE removed_at IS NULL AND venue <> ''
               GROUP BY venue ORDER BY papers DESC, value""",
            text,
            limit,
        )

    async def tags(self, text: str, limit: int = 25) -> tuple[tuple[str, int], ...]:
        """Tags for what is being typed, with how many papers each, most first."""
        return await self._values(
            """SELECT tag AS value, COUNT(*) AS papers FROM tags JOIN papers ON id = paper_id
               WHERE removed_at IS NULL GROUP BY tag ORDER BY papers DESC, value""",
            text,
            limit,
        )

    async def _values(self, sql: str, text: str, limit: int) -> tuple[tuple[str, int], ...]:
        wanted = fold(text)
        async with self._database.reading() as db:
            rows = await db.all(sql)
        found = [(row["value"], row["papers"]) for row in rows if wanted in fold(row["value"])]
        return tuple(found[:limit])


async def _results(db: Connection, query: Query, sort: Sort, offset: int, limit: int) -> Results:
    where = _where(query)
    total = await db.value(
        f"SELECT COUNT(*) FROM {where.source} WHERE {where.condition}",  # noqa: S608 - constants
        where.values,
    )
    rows: list[Row] = []
    if offset < total:
        order, values = _order(query, sort)
        rows = await db.all(
            f"""SELECT id FROM {where.source} WHERE {where.condition}
                ORDER BY {order} LIMIT ? OFFSET ?""",  # noqa: S608 - constants
            [*where.values, *values, limit, offset],
        )
    return Results(await papers.load(db, [row["id"] for row in rows]), total, offset)


def _where(query: Query) -> _Where:
    conditions = ["removed_at IS NULL"]
    values: list[Value] = []
    source = "papers"
    match = fulltext.match_expression(query)
    if match:
        source = "paper_text JOIN papers ON papers.id = paper_text.rowid"
        conditions.append("paper_text MATCH ?")
        values.append(match)
    elif unwanted := fulltext.exclusion(query):
        conditions.append("id NOT IN (SELECT rowid FROM paper_text WHERE paper_text MATCH ?)")
        values.append(unwanted)
    if query.filters.first_year is not None:
        conditions.append("year >= ?")
        values.append(query.filters.first_year)
    if query.filters.last_year is not None:
        conditions.append("year <= ?")
        values.append(query.filters.last_year)
    return _Where(source, " AND ".join(conditions), tuple(values))


def _order(query: Query, sort: Sort) -> tuple[str, list[Value]]:
    """An ORDER BY: exact title, then words found in the title, then by rank, then newer."""
    if sort is not Sort.RELEVANCE:
        return _ORDERS[sort], []
    if not query.terms:
        return _NEWEST, []
    in_title = fulltext.match_expression(Query(terms=query.terms, open_ended=query.open_ended))
    return (
        f"""title_key = ? DESC,
            id IN (SELECT rowid FROM paper_text WHERE paper_text MATCH ?) DESC,
            bm25(paper_text, {_WEIGHTS}), {_NEWEST}""",  # noqa: S608 - constants
        [query.title_key, f"{{title}} : ({in_title})"],
    )


async def _nearest_spelling(db: Connection, query: Query) -> Query | None:
    """The query with each word that the catalogue doesn't know replaced by the nearest it does."""
    terms = []
    for term in query.terms:
        words = [await _nearest_word(db, word) for word in term.split()]
        terms.append(" ".join(words))
    nearest = replace(query, terms=tuple(terms), open_ended=False)
    return nearest if nearest.terms != query.terms else None


async def _nearest_word(db: Connection, word: str) -> str:
    """The catalogue's own word that is nearest in spelling, or the word itself."""
    rows = await db.all(
        """SELECT term FROM vocabulary WHERE (term = ? OR term GLOB ? OR length(term) = ?)
           AND length(term) BETWEEN ? AND ?""",
        [word, f"{word[0]}*", len(word), len(word) - 2, len(word) + 2],
    )
    found = process.extractOne(
        word,
        [row["term"] for row in rows],
        scorer=DamerauLevenshtein.normalized_similarity,
        score_cutoff=_NEAR,
    )
    return str(found[0]) if found else word
