"""SQL of the full-text index: papers in and out of it, and its words; asking it is in `search`.

A row's id is the paper's *sort key*: its day before its number, so that FTS5, which keeps the
matches of a word in the order of rowids, gives the newest first and stops where enough is found.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from storage.database import Connection
from storage.models import PaperDetails, PartialDate
from storage.text import index_text
from storage.threads import run_in_thread

_ID_BITS = 32
ID_MASK = (1 << _ID_BITS) - 1  # a sort key without its day is the paper's number


def sort_key(paper_id: int, published: PartialDate | None, listed_at: datetime) -> int:
    """Where a paper stands among all, by time; without a date, by when it came into the list."""
    day = published.first_day if published else listed_at.date()
    return (day.toordinal() << _ID_BITS) | paper_id


def sort_keys_for_years(first: int | None, last: int | None) -> tuple[int, int]:
    """The lowest and the highest sort key of papers from these years, both included."""
    low = date(first, 1, 1).toordinal() if first is not None else 0
    high = date(last, 12, 31).toordinal() if last is not None else date.max.toordinal()
    return low << _ID_BITS, (high << _ID_BITS) | ID_MASK


async def add(db: Connection, papers: Sequence[tuple[int, PaperDetails]]) -> None:
    """Index papers, each with its sort key."""
    # FTS5 writes out what it has in memory whenever a rowid is lower than the one before.
    rows = await run_in_thread(_rows, papers)
    await db.run_many(
        """INSERT INTO paper_text (rowid, title, authors, venue, tags, abstract)
           VALUES (?, ?, ?, ?, ?, ?)""",
        rows,
    )
    await db.run_many(
        "INSERT INTO paper_heads (rowid, title, authors, venue, tags) VALUES (?, ?, ?, ?, ?)",
        [row[:5] for row in rows],
    )
    await _count(db, rows, 1)


async def remove(db: Connection, sort_keys: Iterable[int]) -> None:
    """Take the papers with these sort keys out of the index, where they are in it."""
    found = await db.all(
        """SELECT rowid, * FROM paper_text
           WHERE rowid IN (SELECT value FROM json_each(?)) ORDER BY rowid""",
        [json.dumps([*sort_keys])],
    )
    rows = [tuple(row) for row in found]
    await db.run_many(
        """INSERT INTO paper_heads (paper_heads, rowid, title, authors, venue, tags)
           VALUES ('delete', ?, ?, ?, ?, ?)""",
        [row[:5] for row in rows],
    )
    await db.run_many("DELETE FROM paper_text WHERE rowid = ?", [row[:1] for row in rows])
    await _count(db, rows, -1)


def _rows(
    papers: Sequence[tuple[int, PaperDetails]],
) -> list[tuple[int, str, str, str, str, str]]:
    return sorted((at, *_texts(paper)) for at, paper in papers)


def _texts(paper: PaperDetails) -> tuple[str, str, str, str, str]:
    """The folded columns of a paper's row."""
    return (
        index_text(paper.title),
        index_text(" | ".join(paper.authors)),
        index_text(paper.venue),
        index_text(" ".join(paper.tags)),
        index_text(paper.abstract),
    )


async def _count(db: Connection, rows: Sequence[Sequence[object]], by: int) -> None:
    """Count the words of indexed rows in or out."""
    counted = await run_in_thread(_counted, rows)
    await db.run_many(
        """INSERT INTO words (word, backwards, papers) VALUES (?, ?, ?)
           ON CONFLICT (word) DO UPDATE SET papers = papers + excluded.papers""",
        [(word, backwards, by * papers) for word, backwards, papers in counted],
    )
    if by < 0:
        await db.run_many(
            "DELETE FROM words WHERE word = ? AND papers <= 0", [(word,) for word, *_ in counted]
        )


def _counted(rows: Sequence[Sequence[object]]) -> list[tuple[str, str, int]]:
    """Each word of some rows, forwards and backwards, with the number of rows that have it."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update({word for text in row[1:] for word in str(text).split()})
    return [(word, word[::-1], papers) for word, papers in counts.items()]
