"""SQL that maintains the full-text index, its words and abbreviations; `storage.search` uses them.

A paper's row id in the index is its *sort key*: the date in the high bits, the paper's id in the
low ones. FTS5 keeps the matches of a word in the order of row ids, so it can return the newest
papers first and stop early.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from storage.abbreviations import find_abbreviations
from storage.concurrency import run_in_thread
from storage.connection import Connection
from storage.models import PaperDetails, PartialDate
from storage.stems import stem_all
from storage.text import index_text

_ID_BITS = 32
ID_MASK = (1 << _ID_BITS) - 1  # masks the date, which leaves the paper's id


def sort_key(paper_id: int, published: PartialDate | None, added_at: datetime) -> int:
    """Returns the sort key of a paper; without a date, it sorts by when it was added."""
    day = published.first_day if published else added_at.date()
    return (day.toordinal() << _ID_BITS) | paper_id


def sort_keys_for_years(first: int | None, last: int | None) -> tuple[int, int]:
    """Returns the lowest and the highest sort key that papers of these years can have."""
    low = date(first, 1, 1).toordinal() if first is not None else 0
    high = date(last, 12, 31).toordinal() if last is not None else date.max.toordinal()
    return low << _ID_BITS, (high << _ID_BITS) | ID_MASK


async def add(db: Connection, papers: Sequence[tuple[int, PaperDetails]]) -> None:
    """Adds papers, given with their sort keys, to the index."""
    # Sorted, because FTS5 flushes its memory whenever a rowid is lower than the previous one.
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
    await _update_word_counts(db, rows, 1)
    await db.run_many(
        """INSERT INTO paper_abbreviations (paper_id, short, long, stems) VALUES (?, ?, ?, ?)
           ON CONFLICT DO NOTHING""",
        await run_in_thread(_abbreviations, papers),
    )


async def remove(db: Connection, sort_keys: Iterable[int]) -> None:
    """Removes the papers with these sort keys from the index; those not in it are ignored."""
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
    await _update_word_counts(db, rows, -1)
    await db.run_many(
        "DELETE FROM paper_abbreviations WHERE paper_id = ?",
        [(row[0] & ID_MASK,) for row in found],
    )


def _rows(
    papers: Sequence[tuple[int, PaperDetails]],
) -> list[tuple[int, str, str, str, str, str]]:
    return sorted((at, *_texts(paper)) for at, paper in papers)


def _texts(paper: PaperDetails) -> tuple[str, str, str, str, str]:
    """Returns the folded text of a paper's columns."""
    return (
        index_text(paper.title),
        index_text(" | ".join(paper.author_names)),
        index_text(paper.venue),
        index_text(" ".join(paper.tags)),
        index_text(paper.abstract),
    )


def _abbreviations(
    papers: Sequence[tuple[int, PaperDetails]],
) -> list[tuple[int, str, str, str]]:
    return [
        (sort_key & ID_MASK, one.short, one.long, one.stems)
        for sort_key, paper in papers
        for one in find_abbreviations(f"{paper.title}\n{paper.abstract}")
    ]


async def _update_word_counts(db: Connection, rows: Sequence[Sequence[object]], sign: int) -> None:
    """Adds the words of indexed rows to the word counts, or subtracts them (``sign`` -1)."""
    counted = await run_in_thread(_count_words, rows)
    await db.run_many(
        """INSERT INTO words (word, backwards, stem, papers) VALUES (?, ?, ?, ?)
           ON CONFLICT (word) DO UPDATE SET papers = papers + excluded.papers""",
        [(word, word[::-1], stem, sign * papers) for word, stem, papers in counted],
    )
    if sign < 0:
        await db.run_many(
            "DELETE FROM words WHERE word = ? AND papers <= 0", [(word,) for word, *_ in counted]
        )


def _count_words(rows: Sequence[Sequence[object]]) -> list[tuple[str, str, int]]:
    """Returns each word with its stem and the number of rows that contain it."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update({word for text in row[1:] for word in str(text).split()})
    return [
        (word, stem, rows_with_word)
        for (word, rows_with_word), stem in zip(counts.items(), stem_all(counts), strict=True)
    ]
