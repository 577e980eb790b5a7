"""SQL of picking a paper by chance, each as likely as the other, without going through all."""

from __future__ import annotations

import random

from storage import fulltext, papers
from storage.database import Connection
from storage.fulltext import Query, fold
from storage.ranking import condition
from storage.records import Filters, Paper

_DRAWN = 64  # papers drawn at once


async def pick(db: Connection, query: Query) -> int | None:
    """The number of any paper that a query's filters allow; none where none is."""
    drawn = await _drawn(db, query.filters) if query.places is None else None
    return drawn if drawn is not None else await _counted_off(db, query)


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
    allowed, values = condition(query)
    total = await db.value(f"SELECT COUNT(*) FROM papers WHERE {allowed}", values)  # noqa: S608
    if not total:
        return None
    paper_id = await db.value(
        f"SELECT id FROM papers WHERE {allowed} LIMIT 1 OFFSET ?",  # noqa: S608
        [*values, random.randrange(total)],  # noqa: S311 - a game, no secret
    )
    return int(paper_id)
