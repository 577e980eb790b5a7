"""SQL that picks a random paper, every matching one with the same probability."""

from __future__ import annotations

import json
import random

from storage.connection import Connection, Row
from storage.models import Filters
from storage.papers import search_index
from storage.search import query as search_query
from storage.search.query import Query
from storage.search.ranking import where_clause
from storage.text import fold, index_text

_SAMPLE_SIZE = 8  # ids drawn without filters; some of them may be of removed papers
_FILTERED_SAMPLE_SIZE = 400


async def pick(db: Connection, query: Query) -> int | None:
    """Returns the id of a random paper that matches a query's filters, or None.

    First a few ids are drawn from all papers. If none of them matches, there are few matching
    papers, so all of them are listed. An author's papers are always few, so they are listed at
    once.
    """
    paper_id = None
    if not query.filters.author:
        paper_id = await _pick_from_sample(db, query.filters)
    return paper_id if paper_id is not None else await _pick_from_list(db, query)


async def _pick_from_sample(db: Connection, filters: Filters) -> int | None:
    """Draws ids until one belongs to a matching paper, and gives up after some.

    Ids without a paper are drawn like any other and skipped, so the choice stays uniform.
    """
    last_id = await db.value("SELECT MAX(id) FROM papers")
    if not last_id:
        return None
    size = _FILTERED_SAMPLE_SIZE if filters else _SAMPLE_SIZE
    ids = [random.randint(1, last_id) for _ in range(size)]  # noqa: S311 - no secret
    rows = await db.all(
        """SELECT papers.id, venue, date,
               (SELECT group_concat(tag, ' ') FROM tags WHERE paper_id = papers.id) AS tags
           FROM json_each(?) AS drawn CROSS JOIN papers ON papers.id = drawn.value
           WHERE removed_at IS NULL ORDER BY drawn.key""",
        [json.dumps(ids)],
    )
    return next((row["id"] for row in rows if _matches(filters, row)), None)


def _matches(filters: Filters, row: Row) -> bool:
    """Returns whether a paper matches the filters, by the same rules as the full-text index."""
    if filters.first_year is not None or filters.last_year is not None:
        first, last = filters.first_year or 0, filters.last_year or 9999
        if row["date"] is None or not first <= int(row["date"][:4]) <= last:
            return False
    return _contains(row["venue"], filters.venue) and _contains(row["tags"] or "", filters.tag)


def _contains(text: str, value: str) -> bool:
    words = fold(value)
    return not words or f" {words} " in f" {index_text(text)} "


async def _pick_from_list(db: Connection, query: Query) -> int | None:
    """Chooses among all matching papers."""
    expression = search_query.match_expression(query)
    if not expression or query.sort_keys is not None:
        return await _pick_by_offset(db, query)
    first, last = query.filters.first_year, query.filters.last_year
    low, high = search_index.sort_keys_for_years(first, last)
    found = await db.value(
        """SELECT json_group_array(rowid) FROM paper_heads
           WHERE paper_heads MATCH ? AND rowid BETWEEN ? AND ?""",
        [expression, low, high],
    )
    sort_keys = json.loads(found)
    while sort_keys:
        sort_key = sort_keys.pop(random.randrange(len(sort_keys)))  # noqa: S311 - no secret
        paper_id = int(sort_key & search_index.ID_MASK)
        if first is None and last is None:
            return paper_id
        # A paper without a date sorts by when it was added, but belongs to no year.
        if await db.value("SELECT date FROM papers WHERE id = ?", [paper_id]):
            return paper_id
    return None


async def _pick_by_offset(db: Connection, query: Query) -> int | None:
    """Chooses among all matching papers, for a query without words to match."""
    condition, values = where_clause(query)
    total = await db.value(f"SELECT COUNT(*) FROM papers WHERE {condition}", values)  # noqa: S608
    if not total:
        return None
    offset = random.randrange(total)  # noqa: S311 - no secret
    paper_id = await db.value(
        f"SELECT id FROM papers WHERE {condition} LIMIT 1 OFFSET ?",  # noqa: S608
        [*values, offset],
    )
    return int(paper_id)
