"""SQL of one page of what a query asks for, the best first; what may be asked is in `search`.

Ranking every match of a common word is what makes a search slow. Here no match is scored that will
not be shown: FTS5 gives matches newest first and stops early, once for each place where the words
may stand (title; title and authors; the paper's head; anywhere), and only those few are ranked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage import fulltext, index, papers, spelling
from storage.database import Connection, Value
from storage.fulltext import Query
from storage.records import Results, Sort

_COUNTED = 1000  # matches that are counted; beyond, there are just more
_RANKED = 40  # newest matches of each tier that are ranked
_TIERS = ("title", "title authors", "title authors venue tags")


async def page_of(
    db: Connection,
    query: Query,
    sort: Sort,
    offset: int,
    limit: int,
    forms: Mapping[str, Sequence[str]] | None = None,
) -> Results:
    """A page of the papers that a query asks for; ``forms`` are words that do for a term."""
    if forms is None:
        forms = await forms_of_last(db, query)
    if query.terms and sort is Sort.RELEVANCE:
        total, ids = await _ranked(db, query, offset, limit, forms)
    else:
        total, ids = await _listed(db, query, sort, offset, limit, forms)
    shown = await papers.load(db, ids)
    return Results(shown, min(total, _COUNTED), offset, more=total > _COUNTED)


async def forms_of_last(db: Connection, query: Query) -> dict[str, list[str]]:
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
        allowed, values = condition(query, forms)
        sql = f"SELECT id FROM papers WHERE {allowed}"  # noqa: S608 - constants
        order = {Sort.OLDEST: "place", Sort.TITLE: "title_key, id"}.get(sort, "place DESC")
    total = await db.value(f"SELECT COUNT(*) FROM ({sql} LIMIT {_COUNTED + 1})", values)  # noqa: S608
    rows = await db.all(f"{sql} ORDER BY {order} LIMIT ? OFFSET ?", [*values, limit, offset])
    return int(total), [row[0] & index.ID_MASK for row in rows]


def condition(
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
