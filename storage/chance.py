"""SQL of picking a paper by chance, each as likely as the other, without going through all."""

from __future__ import annotations

import json
import random

from storage import fulltext, index
from storage.database import Connection, Row
from storage.fulltext import Query, fold
from storage.ranking import condition
from storage.records import Filters

_DRAWN = 400  # papers drawn at once


async def pick(db: Connection, query: Query) -> int | None:
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
        f" {fold(wanted)} " in f" {fulltext.index_text(text)} "
        for wanted, text in ((filters.venue, row["venue"]), (filters.tag, row["tags"] or ""))
        if fold(wanted)
    )


async def _counted_off(db: Connection, query: Query) -> int | None:
    """Any of all papers that the filters allow, listed; for few papers among many."""
    words = fulltext.match_expression(query)
    first, last = query.filters.first_year, query.filters.last_year
    any_year = first is None and last is None
    if not words or query.places is not None:
        return await _counted_off_by_place(db, query)
    low, high = index.places_of_years(first, last)
    found = await db.value(
        """SELECT json_group_array(rowid) FROM paper_heads
           WHERE paper_heads MATCH ? AND rowid BETWEEN ? AND ?""",
        [words, low, high],
    )
    places = json.loads(found)
    while places:
        paper_id = places.pop(random.randrange(len(places))) & index.ID_MASK  # noqa: S311
        # A paper without a date has a place by its entry's, and is of no year.
        if any_year or await db.value("SELECT date FROM papers WHERE id = ?", [paper_id]):
            return int(paper_id)
    return None


async def _counted_off_by_place(db: Connection, query: Query) -> int | None:
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
