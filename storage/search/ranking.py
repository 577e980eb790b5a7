"""SQL of one page of what a query asks for, the best first; what may be asked is in `search`.

Ranking every match of a common word is what makes a search slow. Here no match is scored that will
not be shown. Where a word is rare, its papers are looked at, and no other word's matches are gone
through. Where all are common, FTS5 gives matches newest first and stops early, once for each place
where the words may stand (title; title and authors; the paper's head; anywhere), and only those few
are ranked.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from storage.database import Connection, Value
from storage.models import ResultPage, Sort
from storage.papers import queries as paper_queries
from storage.papers import search_index
from storage.search import query as search_query
from storage.search.query import Query
from storage.search.term_counts import QueryStats, load_stats
from storage.text import index_text

_COUNTED = 200  # matches that are counted; beyond, there are just more
_RANKED = 40  # newest matches of each tier that are ranked, where there are very many
_RARE = 2_000  # papers up to which those of the rarest words are gone through for the others
_LOOKED_AT = 200  # papers that have the rarest words and are looked at, all of them ranked
_TITLES = 200  # newest titles with the rarest term that are looked at for suggestions
_IN_TITLE = 3
_TIERS = {_IN_TITLE: "title", 2: "title authors", 1: "title authors venue tags"}


async def page_of(
    db: Connection,
    query: Query,
    sort: Sort,
    offset: int,
    limit: int,
    forms: Mapping[str, Sequence[str]] | None = None,
) -> ResultPage:
    """A page of the papers that a query asks for; ``forms`` are words that do for a term."""
    stats = await load_stats(db, query, forms)
    if not stats.fewest:
        return ResultPage((), 0, offset)
    if query.terms and sort is Sort.RELEVANCE:
        total, ids = await _ranked(db, stats, offset, limit)
    else:
        total, ids = await _listed(db, stats, sort, offset, limit)
    shown = await paper_queries.load(db, ids)
    return ResultPage(shown, min(total, _COUNTED), offset, total_is_minimum=total > _COUNTED)


async def _ranked(
    db: Connection, stats: QueryStats, offset: int, limit: int
) -> tuple[int, list[int]]:
    """How many papers match, at most one more than are counted, and the numbers of one page."""
    candidates = await _few_candidates(db, stats)
    if candidates is not None:
        return len(candidates), _best(stats.query, candidates, offset, limit)
    everywhere = _matches(stats, "", "paper_text")
    sort_keys, in_title = await _newest(
        db, (everywhere, _COUNTED + 1), (_tier(stats, _IN_TITLE), _RANKED)
    )
    if len(sort_keys) < _RANKED:
        candidates = await _candidates_at(db, stats, sort_keys)
    else:
        candidates = await _best_candidates(db, stats, everywhere, sort_keys[:_RANKED], in_title)
    ids = _best(stats.query, candidates, offset, limit)
    if len(ids) < limit and len(sort_keys) > len(candidates):
        more = await db.all(
            f"""{everywhere.sql} AND {everywhere.rowid} NOT IN (SELECT value FROM json_each(?))
                ORDER BY {everywhere.rowid} DESC LIMIT ? OFFSET ?""",  # noqa: S608 - constants
            [
                *(*everywhere.values, json.dumps([one.sort_key for one in candidates])),
                *(limit - len(ids), max(offset - len(candidates), 0)),
            ],
        )
        ids += [row[0] & search_index.ID_MASK for row in more]
    return len(sort_keys), ids


async def titled(
    db: Connection, query: Query, limit: int, *, thoroughly: bool
) -> list[tuple[int, str]]:
    """Numbers and titles of papers that have all terms in the title, the newest first.

    They are looked for among the newest with the rarest term; where none of these is found, and
    only if ``thoroughly``, among all.
    """
    stats = await load_stats(db, query)
    if not stats.fewest:
        return []
    everywhere = _tier(stats, _IN_TITLE)
    rarest = stats.rarest(1)
    if rarest.terms == query.terms:
        return await _titles(db, everywhere, limit)
    likely = await _titles(db, _matches(stats, "title", "paper_heads", rarest), _TITLES)
    found = [
        (number, title)
        for number, title in likely
        if search_query.holds(query, index_text(title), stats.forms)
    ]
    if not found and thoroughly and len(likely) == _TITLES:
        return await _titles(db, everywhere, limit)
    return found[:limit]


async def _titles(db: Connection, matches: _Matches, limit: int) -> list[tuple[int, str]]:
    """Numbers and titles of the newest papers that match."""
    [sort_keys] = await _newest(db, (matches, limit))
    rows = await db.all(
        f"""SELECT papers.id, title FROM json_each(?) AS wanted
            CROSS JOIN papers ON papers.id = wanted.value & {search_index.ID_MASK}
            ORDER BY wanted.key""",  # noqa: S608
        [json.dumps(sort_keys)],
    )
    return [(row["id"], row["title"]) for row in rows]


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A paper to be ranked; its tier tells where the words stand, 0 being the abstract."""

    paper_id: int
    sort_key: int
    title_key: str
    tier: int


def _best(query: Query, candidates: Sequence[_Candidate], offset: int, limit: int) -> list[int]:
    """The numbers of one page of ranked candidates."""
    ranked = sorted(candidates, key=lambda one: _rank_key(query, one), reverse=True)
    return [one.paper_id for one in ranked[offset : offset + limit]]


async def _few_candidates(db: Connection, stats: QueryStats) -> list[_Candidate] | None:
    """Every paper that matches, found by its rarest words; none where these are too common."""
    if stats.fewest > _RARE:
        return None
    rarest = _matches(stats, "", "paper_text", stats.rarest(2))
    [sort_keys] = await _newest(db, (rarest, _LOOKED_AT + 1))
    return await _candidates_at(db, stats, sort_keys) if len(sort_keys) <= _LOOKED_AT else None


async def _candidates_at(
    db: Connection, stats: QueryStats, sort_keys: Sequence[int]
) -> list[_Candidate]:
    """Those of the papers with these sort keys that have all terms, by a look at their texts."""
    rows = await db.all(
        f"""SELECT papers.id, sort_key, title_key, paper_text.title, authors, paper_text.venue,
                paper_text.tags, paper_text.abstract
            FROM json_each(?) AS wanted CROSS JOIN paper_text ON paper_text.rowid = wanted.value
            CROSS JOIN papers ON papers.id = wanted.value & {search_index.ID_MASK}""",  # noqa: S608
        [json.dumps(sort_keys)],
    )
    candidates = []
    for paper_id, sort_key, title_key, *columns in rows:
        seen = ""
        for tier, text in zip((_IN_TITLE, 2, 1, 1, 0), columns, strict=True):
            seen = f"{seen} | {text}"  # no phrase stands across the mark
            if search_query.holds(stats.query, seen, stats.forms):
                candidates.append(_Candidate(paper_id, sort_key, title_key, tier))
                break
    return candidates


async def _best_candidates(
    db: Connection,
    stats: QueryStats,
    everywhere: _Matches,
    newest: Sequence[int],
    in_title: Sequence[int],
) -> list[_Candidate]:
    """The newest candidates of each tier, where very many papers match.

    Where enough have the words in their titles, the tiers between are not looked at.
    """
    tiers = dict.fromkeys(newest, 0)
    if len(in_title) < _RANKED:
        in_head, with_authors = await _newest(
            db, (_tier(stats, 1), _RANKED), (_tier(stats, 2), _RANKED)
        )
        tiers |= dict.fromkeys(in_head, 1) | dict.fromkeys(with_authors, 2)
    tiers |= dict.fromkeys(in_title, _IN_TITLE)
    rows = await db.all(
        f"""SELECT papers.id, sort_key, title_key FROM json_each(?) AS wanted
                CROSS JOIN papers ON papers.id = wanted.value & {search_index.ID_MASK}
            UNION SELECT id, sort_key, title_key FROM papers
                WHERE title_key = ? AND removed_at IS NULL
                AND sort_key IN ({everywhere.sql} AND {everywhere.rowid} = papers.sort_key)""",  # noqa: S608
        [json.dumps([*tiers]), stats.query.title_key, *everywhere.values],
    )
    return [
        _Candidate(paper_id, sort_key, title_key, tiers.get(sort_key, _IN_TITLE))
        for paper_id, sort_key, title_key in rows
    ]


@dataclass(frozen=True, slots=True)
class _Matches:
    """A SELECT of the sort keys that match; ``rowid`` is their column, for further conditions."""

    sql: str
    values: tuple[Value, ...]
    rowid: str


async def _newest(db: Connection, *wanted: tuple[_Matches, int]) -> list[list[int]]:
    """The highest sort keys of matches, at most so many, from the newest on; of several at once."""
    arrays = (
        f"SELECT json_group_array(rowid) FROM ({one.sql} ORDER BY {one.rowid} DESC LIMIT {limit:d})"  # noqa: S608
        for one, limit in wanted
    )
    values = [value for matches, _ in wanted for value in matches.values]
    [row] = await db.all(f"SELECT ({'), ('.join(arrays)})", values)
    return [json.loads(sort_keys) for sort_keys in row]


def _tier(stats: QueryStats, tier: int) -> _Matches:
    """The sort keys of papers that have all terms in the columns of a tier."""
    # Whether a paper lacks an excluded word, the index of heads can't tell.
    source = "paper_text" if stats.query.excluded else "paper_heads"
    return _matches(stats, _TIERS[tier], source)


def _matches(stats: QueryStats, columns: str, source: str, query: Query | None = None) -> _Matches:
    """The sort keys of papers of an index that have a query's terms in some columns.

    The query is the weighed one unless another of its terms is given.
    """
    query = query or stats.query
    joins = ""
    conditions = [f"{source} MATCH ?"]
    values: list[Value] = [search_query.match_expression(query, columns, stats.forms)]
    if query.sort_keys is not None:
        conditions.append(f"{source}.rowid IN (SELECT value FROM json_each(?))")  # noqa: S608
        values.append(json.dumps(query.sort_keys))
    first, last = query.filters.first_year, query.filters.last_year
    if first is not None or last is not None:
        # A paper without a date sorts by when it was added, and is of no year.
        joins = f"CROSS JOIN papers AS dated ON dated.id = {source}.rowid & {search_index.ID_MASK}"
        conditions.append(f"{source}.rowid BETWEEN ? AND ? AND dated.date IS NOT NULL")
        values += search_index.sort_keys_for_years(first, last)
    sql = f"SELECT {source}.rowid FROM {source} {joins} WHERE {' AND '.join(conditions)}"  # noqa: S608
    return _Matches(sql, tuple(values), f"{source}.rowid")


def _rank_key(query: Query, one: _Candidate) -> tuple[bool, int, bool, int, int, int]:
    """The order of ranked papers; see `Search.find`."""
    title = f" {one.title_key} "
    standing = sum(f" {word}" in title for word in query.title_key.split())
    covered = 3 * standing // len(title.split())  # in thirds of the title
    return (
        one.title_key == query.title_key,
        *(one.tier, f" {query.title_key} " in title, standing, covered, one.sort_key),
    )


async def _listed(
    db: Connection, stats: QueryStats, sort: Sort, offset: int, limit: int
) -> tuple[int, list[int]]:
    """How many papers match, at most one more than are counted, and a page in a given order."""
    query = stats.query
    expression = search_query.match_expression(query, "", stats.forms)
    if expression and sort is not Sort.TITLE:
        matches = _matches(stats, "", "paper_text")
        sql, values = matches.sql, list(matches.values)
        order = f"{matches.rowid} {'' if sort is Sort.OLDEST else 'DESC'}"
    else:
        allowed, values = condition(query, stats.forms)
        sql = f"SELECT id FROM papers WHERE {allowed}"  # noqa: S608 - constants
        order = {Sort.OLDEST: "sort_key", Sort.TITLE: "title_key, id"}.get(sort, "sort_key DESC")
    total = await db.value(f"SELECT COUNT(*) FROM ({sql} LIMIT {_COUNTED + 1})", values)  # noqa: S608
    rows = await db.all(f"{sql} ORDER BY {order} LIMIT ? OFFSET ?", [*values, limit, offset])
    return int(total), [row[0] & search_index.ID_MASK for row in rows]


def condition(
    query: Query, forms: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, list[Value]]:
    """A condition over ``papers`` for what a query asks, and its values."""
    conditions = ["removed_at IS NULL"]
    values: list[Value] = []
    expression = search_query.match_expression(query, "", forms)
    if expression:
        conditions.append("sort_key IN (SELECT rowid FROM paper_text WHERE paper_text MATCH ?)")
        values.append(expression)
    elif unwanted := search_query.exclusion(query):
        conditions.append("sort_key NOT IN (SELECT rowid FROM paper_text WHERE paper_text MATCH ?)")
        values.append(unwanted)
    if query.sort_keys is not None:
        conditions.append("sort_key IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(query.sort_keys))
    first, last = query.filters.first_year, query.filters.last_year
    if first is not None or last is not None:
        conditions.append("sort_key BETWEEN ? AND ? AND date IS NOT NULL")
        values += search_index.sort_keys_for_years(first, last)
    return " AND ".join(conditions), values
