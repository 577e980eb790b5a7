"""SQL that fetches one page of the papers matching a query, best matches first.

Search is fast because few matches are scored. Which ones depends on the query:

* If a term is rare, every paper with the rarest terms is fetched, checked for the other terms and
  ranked. Matches of common terms are never enumerated.
* If all terms are common, FTS5 returns matches newest first and stops early. The newest matches of
  each tier (terms in the title; title or authors; title, authors, venue or tags; anywhere) are
  ranked, and older matches follow by date.

Papers are identified by their sort key, which is their row id in the full-text index (see
`storage.papers.search_index`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from storage.connection import Connection, Value
from storage.models import ResultPage, Sort
from storage.papers import queries as paper_queries
from storage.papers import search_index
from storage.search import query as search_query
from storage.search.query import Query
from storage.search.term_counts import QueryStats, load_stats
from storage.text import index_text

_MAX_COUNTED = 200  # matches that are counted before the total becomes a minimum
_MAX_RARE = 2_000  # papers with a term, up to which the term counts as rare
_MAX_CHECKED = 200  # papers with the rarest terms that are checked for the other terms
_TIER_SIZE = 40  # newest matches of each tier that are ranked if all terms are common
_MAX_TITLES = 200  # newest titles with the rarest term that are checked for suggestions

# Where all terms of a query are found, best first; any other match is in _ANYWHERE.
_IN_TITLE, _WITH_AUTHORS, _IN_HEAD, _ANYWHERE = 3, 2, 1, 0
_TIER_COLUMNS = {
    _IN_TITLE: "title",
    _WITH_AUTHORS: "title authors",
    _IN_HEAD: "title authors venue tags",
}


async def load_page(
    db: Connection,
    query: Query,
    sort: Sort,
    offset: int,
    limit: int,
    alternatives: Mapping[str, Sequence[str]] | None = None,
) -> ResultPage:
    """Returns a page of the papers that match a query.

    ``alternatives`` are words any of which may replace a term.
    """
    stats = await load_stats(db, query, alternatives)
    if not stats.max_matches:
        return ResultPage((), 0, offset)
    if query.terms and sort is Sort.RELEVANCE:
        total, ids = await _rank(db, stats, offset, limit)
    else:
        total, ids = await _list(db, stats, sort, offset, limit)
    papers = await paper_queries.load(db, ids)
    return ResultPage(
        papers, min(total, _MAX_COUNTED), offset, total_is_minimum=total > _MAX_COUNTED
    )


async def match_titles(
    db: Connection,
    query: Query,
    limit: int,
    *,
    thorough: bool,
    alternatives: Mapping[str, Sequence[str]] | None = None,
) -> list[tuple[int, str]]:
    """Returns ids and titles of papers with all terms in the title, newest first.

    ``alternatives`` are words any of which may replace a term. Only the newest titles with the
    rarest term are checked. If none of them matches and ``thorough`` is true, all titles are
    searched.
    """
    stats = await load_stats(db, query, alternatives)
    if not stats.max_matches:
        return []
    all_terms = _in_tier(stats, _IN_TITLE)
    rarest = stats.rarest(1)
    if rarest.terms == query.terms:
        return await _load_titles(db, all_terms, limit)
    newest = await _load_titles(db, _matches(stats, "paper_heads", "title", rarest), _MAX_TITLES)
    found = [
        (paper_id, title)
        for paper_id, title in newest
        if search_query.contains_terms(query, index_text(title), stats.alternatives)
    ]
    if not found and thorough and len(newest) == _MAX_TITLES:
        return await _load_titles(db, all_terms, limit)
    return found[:limit]


def where_clause(
    query: Query, alternatives: Mapping[str, Sequence[str]] | None = None
) -> tuple[str, list[Value]]:
    """Returns a WHERE condition over ``papers`` that a query stands for, and its values."""
    conditions = ["removed_at IS NULL"]
    values: list[Value] = []
    expression = search_query.match_expression(query, "", alternatives)
    if expression:
        conditions.append("sort_key IN (SELECT rowid FROM paper_text WHERE paper_text MATCH ?)")
        values.append(expression)
    elif excluded := search_query.exclusion(query):
        conditions.append("sort_key NOT IN (SELECT rowid FROM paper_text WHERE paper_text MATCH ?)")
        values.append(excluded)
    if query.sort_keys is not None:
        conditions.append("sort_key IN (SELECT value FROM json_each(?))")
        values.append(json.dumps(query.sort_keys))
    first, last = query.filters.first_year, query.filters.last_year
    if first is not None or last is not None:
        conditions.append("sort_key BETWEEN ? AND ? AND date IS NOT NULL")
        values += search_index.sort_keys_for_years(first, last)
    return " AND ".join(conditions), values


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A paper to be ranked."""

    paper_id: int
    sort_key: int
    title_key: str
    tier: int


@dataclass(frozen=True, slots=True)
class Matches:
    """A SELECT of the sort keys that match; ``rowid`` is their column, for further conditions."""

    sql: str
    values: tuple[Value, ...]
    rowid: str


async def _rank(
    db: Connection, stats: QueryStats, offset: int, limit: int
) -> tuple[int, list[int]]:
    """Returns the number of matches (at most _MAX_COUNTED + 1) and the paper ids of one page."""
    candidates = await _rare_candidates(db, stats)
    if candidates is not None:
        return len(candidates), _best(stats, candidates, offset, limit)
    anywhere = _matches(stats, "paper_text")
    newest, in_title = await _newest(
        db, (anywhere, _MAX_COUNTED + 1), (_in_tier(stats, _IN_TITLE), _TIER_SIZE)
    )
    if len(newest) < _TIER_SIZE:
        candidates = await _check(db, stats, newest)
    else:
        candidates = await _common_candidates(db, stats, anywhere, newest[:_TIER_SIZE], in_title)
    ids = _best(stats, candidates, offset, limit)
    if len(ids) < limit and len(newest) > len(candidates):
        ids += await _older_matches(
            db, anywhere, candidates, max(offset - len(candidates), 0), limit - len(ids)
        )
    return len(newest), ids


async def _rare_candidates(db: Connection, stats: QueryStats) -> list[_Candidate] | None:
    """Returns all matches, found by their rarest terms, or None if these are too common."""
    if stats.max_matches > _MAX_RARE:
        return None
    rarest = _matches(stats, "paper_text", query=stats.rarest(2))
    [sort_keys] = await _newest(db, (rarest, _MAX_CHECKED + 1))
    return await _check(db, stats, sort_keys) if len(sort_keys) <= _MAX_CHECKED else None


async def _check(db: Connection, stats: QueryStats, sort_keys: Sequence[int]) -> list[_Candidate]:
    """Returns those of some papers that have all terms, by looking at their text."""
    rows = await db.all(
        f"""SELECT papers.id, sort_key, title_key, paper_text.title, authors, paper_text.venue,
                paper_text.tags, paper_text.abstract
            FROM json_each(?) AS ids CROSS JOIN paper_text ON paper_text.rowid = ids.value
            CROSS JOIN papers ON papers.id = ids.value & {search_index.ID_MASK}""",  # noqa: S608
        [json.dumps(sort_keys)],
    )
    candidates = []
    for paper_id, sort_key, title_key, *columns in rows:
        tier = _find_tier(stats, columns)
        if tier is not None:
            candidates.append(_Candidate(paper_id, sort_key, title_key, tier))
    return candidates


def _find_tier(stats: QueryStats, columns: Iterable[str]) -> int | None:
    """Returns the best tier in which a paper has all terms, or None.

    ``columns`` are its title, authors, venue, tags and abstract.
    """
    tiers = (_IN_TITLE, _WITH_AUTHORS, _IN_HEAD, _IN_HEAD, _ANYWHERE)
    text = ""
    for tier, column in zip(tiers, columns, strict=True):
        text = f"{text} | {column}"  # the bar keeps phrases from spanning columns
        if search_query.contains_terms(stats.query, text, stats.alternatives):
            return tier
    return None


async def _common_candidates(
    db: Connection,
    stats: QueryStats,
    anywhere: Matches,
    newest: Iterable[int],
    in_title: Sequence[int],
) -> list[_Candidate]:
    """Returns the newest matches of each tier, and papers with exactly this title.

    The middle tiers are skipped if there are enough matches in titles.
    """
    tiers = dict.fromkeys(newest, _ANYWHERE)
    if len(in_title) < _TIER_SIZE:
        in_head, with_authors = await _newest(
            db,
            (_in_tier(stats, _IN_HEAD), _TIER_SIZE),
            (_in_tier(stats, _WITH_AUTHORS), _TIER_SIZE),
        )
        tiers |= dict.fromkeys(in_head, _IN_HEAD) | dict.fromkeys(with_authors, _WITH_AUTHORS)
    tiers |= dict.fromkeys(in_title, _IN_TITLE)
    rows = await db.all(
        f"""SELECT papers.id, sort_key, title_key FROM json_each(?) AS ids
                CROSS JOIN papers ON papers.id = ids.value & {search_index.ID_MASK}
            UNION SELECT id, sort_key, title_key FROM papers
                WHERE title_key = ? AND removed_at IS NULL
                AND sort_key IN ({anywhere.sql} AND {anywhere.rowid} = papers.sort_key)""",  # noqa: S608
        [json.dumps([*tiers]), stats.query.title_key, *anywhere.values],
    )
    return [
        _Candidate(paper_id, sort_key, title_key, tiers.get(sort_key, _IN_TITLE))
        for paper_id, sort_key, title_key in rows
    ]


async def _older_matches(
    db: Connection,
    anywhere: Matches,
    ranked: Iterable[_Candidate],
    offset: int,
    limit: int,
) -> list[int]:
    """Returns the ids of matches that weren't ranked, newest first."""
    ranked_keys = json.dumps([candidate.sort_key for candidate in ranked])
    rows = await db.all(
        f"""{anywhere.sql} AND {anywhere.rowid} NOT IN (SELECT value FROM json_each(?))
            ORDER BY {anywhere.rowid} DESC LIMIT ? OFFSET ?""",  # noqa: S608 - constants
        [*anywhere.values, ranked_keys, limit, offset],
    )
    return [row[0] & search_index.ID_MASK for row in rows]


def _best(
    stats: QueryStats, candidates: Iterable[_Candidate], offset: int, limit: int
) -> list[int]:
    """Returns the paper ids of one page of candidates, best first."""
    typed = _typed_words(stats)
    ranked = sorted(
        candidates, key=lambda candidate: _rank_key(stats.query, typed, candidate), reverse=True
    )
    return [candidate.paper_id for candidate in ranked[offset : offset + limit]]


def _typed_words(stats: QueryStats) -> dict[str, str]:
    """Returns what was typed for each word that a misspelled one was replaced by."""
    if stats.query.last_is_prefix:  # words may also be there in place of an unfinished one
        return {}
    return {word: typed for typed, words in stats.alternatives.items() for word in words}


def _rank_key(
    query: Query, typed: Mapping[str, str], candidate: _Candidate
) -> tuple[bool, int, bool, int, int, int]:
    """Returns the key by which candidates rank, higher first; see `Search.find`."""
    title_key = candidate.title_key
    if typed:
        title_key = " ".join(typed.get(word, word) for word in title_key.split())
    title = f" {title_key} "
    words_in_title = sum(f" {word}" in title for word in query.title_key.split())
    return (
        title_key == query.title_key,
        candidate.tier,
        f" {query.title_key} " in title,
        words_in_title,
        3 * words_in_title // len(title.split()),  # thirds of the title that are covered
        candidate.sort_key,
    )


async def _list(
    db: Connection, stats: QueryStats, sort: Sort, offset: int, limit: int
) -> tuple[int, list[int]]:
    """Returns the number of matches and one page of paper ids in a fixed order.

    The number is at most _MAX_COUNTED + 1. By date, papers without one come last.
    """
    query = stats.query
    expression = search_query.match_expression(query, "", stats.alternatives)
    if expression and sort is not Sort.TITLE:
        matches = _matches(stats, "paper_text")
        sql, values, sort_key = matches.sql, matches.values, matches.rowid
        has_date = f"""EXISTS (SELECT 1 FROM papers AS own
            WHERE own.id = {sort_key} & {search_index.ID_MASK} AND own.date IS NOT NULL)"""  # noqa: S608
    else:
        condition, conditions = where_clause(query, stats.alternatives)
        sql, values = f"SELECT id FROM papers WHERE {condition}", tuple(conditions)  # noqa: S608
        sort_key, has_date = "sort_key", "date IS NOT NULL"
    total = await _count(db, sql, values, _MAX_COUNTED + 1)
    if sort is Sort.TITLE:
        return total, await _load_ids(db, f"{sql} ORDER BY title_key, id", values, offset, limit)
    order = f"ORDER BY {sort_key} {'' if sort is Sort.OLDEST else 'DESC'}"
    ids = await _load_ids(db, f"{sql} AND {has_date} {order}", values, offset, limit)
    if len(ids) < limit:
        # SQLite would sort all matches if a single statement put those without a date last.
        dated = len(ids) + offset
        if not ids:
            dated = await _count(db, f"{sql} AND {has_date}", values, offset)
        undated = f"{sql} AND NOT ({has_date}) {order}"
        ids += await _load_ids(db, undated, values, max(offset - dated, 0), limit - len(ids))
    return total, ids


async def _count(db: Connection, sql: str, values: Sequence[Value], limit: int) -> int:
    """Returns the number of rows of a SELECT, at most ``limit``."""
    return int(await db.value(f"SELECT COUNT(*) FROM ({sql} LIMIT ?)", [*values, limit]))  # noqa: S608


async def _load_ids(
    db: Connection, sql: str, values: Sequence[Value], offset: int, limit: int
) -> list[int]:
    """Returns the paper ids of one page of a SELECT of ids or sort keys."""
    rows = await db.all(f"{sql} LIMIT ? OFFSET ?", [*values, limit, offset])
    # Applied to an id instead of a sort key, the mask changes nothing.
    return [row[0] & search_index.ID_MASK for row in rows]


async def _load_titles(db: Connection, matches: Matches, limit: int) -> list[tuple[int, str]]:
    """Returns ids and titles of the newest papers that match."""
    [sort_keys] = await _newest(db, (matches, limit))
    rows = await db.all(
        f"""SELECT papers.id, title FROM json_each(?) AS ids
            CROSS JOIN papers ON papers.id = ids.value & {search_index.ID_MASK}
            ORDER BY ids.key""",  # noqa: S608
        [json.dumps(sort_keys)],
    )
    return [(row["id"], row["title"]) for row in rows]


async def _newest(db: Connection, *searches: tuple[Matches, int]) -> list[list[int]]:
    """Returns the sort keys of the newest matches of each search, up to its limit.

    All searches run in a single statement.
    """
    arrays = (
        f"""SELECT json_group_array(rowid) FROM (
                {matches.sql} ORDER BY {matches.rowid} DESC LIMIT {limit:d})"""  # noqa: S608
        for matches, limit in searches
    )
    values = [value for matches, _ in searches for value in matches.values]
    [row] = await db.all(f"SELECT ({'), ('.join(arrays)})", values)
    return [json.loads(sort_keys) for sort_keys in row]


def _in_tier(stats: QueryStats, tier: int) -> Matches:
    """Selects the papers that have all terms in the columns of a tier."""
    # Excluded words may be in the abstract, which paper_heads doesn't contain.
    table = "paper_text" if stats.query.excluded else "paper_heads"
    return _matches(stats, table, _TIER_COLUMNS[tier])


def _matches(
    stats: QueryStats, table: str, columns: str = "", query: Query | None = None
) -> Matches:
    """Selects the papers in a full-text table that have the terms in some columns (or any).

    ``query`` replaces the query of ``stats``; its terms must be among that query's.
    """
    query = query or stats.query
    expression = search_query.match_expression(query, columns, stats.alternatives)
    return select_matches(table, expression, query)


def select_matches(table: str, expression: str, query: Query) -> Matches:
    """Selects the papers in a full-text table that match an expression and a query's years.

    If the query's author is known, the papers must be that author's, too.
    """
    joins = ""
    conditions = [f"{table} MATCH ?"]
    values: list[Value] = [expression]
    if query.sort_keys is not None:
        conditions.append(f"{table}.rowid IN (SELECT value FROM json_each(?))")  # noqa: S608
        values.append(json.dumps(query.sort_keys))
    first, last = query.filters.first_year, query.filters.last_year
    if first is not None or last is not None:
        # A paper without a date sorts by when it was added, but belongs to no year.
        joins = f"CROSS JOIN papers AS dated ON dated.id = {table}.rowid & {search_index.ID_MASK}"
        conditions.append(f"{table}.rowid BETWEEN ? AND ? AND dated.date IS NOT NULL")
        values += search_index.sort_keys_for_years(first, last)
    sql = f"SELECT {table}.rowid FROM {table} {joins} WHERE {' AND '.join(conditions)}"  # noqa: S608
    return Matches(sql, tuple(values), f"{table}.rowid")
