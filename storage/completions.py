"""SQL of when papers are looked up in order to complete them."""

from __future__ import annotations

from datetime import datetime, timedelta

from storage import timestamps
from storage.database import Database
from storage.models import Paper
from storage.papers import queries as paper_queries

_AFTER_FAILURE = timedelta(days=1)  # of one paper; it doubles with each in a row
_MAX_AFTER_FAILURE = timedelta(days=30)
_FIRST_WAIT = timedelta(days=7)  # of a paper that still lacks something; it doubles each time
_MAX_WAIT = timedelta(days=180)  # also of papers that lack nothing, which may be retracted


class Completions:
    """Which papers are due, so that no paper is asked about every day forever."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def due(self, limit: int) -> tuple[Paper, ...]:
        """Returns up to ``limit`` papers that are due: first the new ones, the newest at the top.

        The others follow in the order in which they became due.
        """
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT papers.id FROM papers LEFT JOIN completions ON paper_id = papers.id
                   WHERE removed_at IS NULL AND (next_due_at IS NULL OR next_due_at <= ?)
                   ORDER BY next_due_at IS NOT NULL, next_due_at, papers.id DESC LIMIT ?""",
                [timestamps.to_text(self._clock()), limit],
            )
            return await paper_queries.load(db, [row["id"] for row in rows])

    async def postpone(self, paper_id: int) -> None:
        """Puts off a paper that couldn't be looked up because of an unexpected error."""
        now = self._clock()
        async with self._database.transaction() as db:
            await db.run(
                """INSERT INTO completions (paper_id, asked_at, next_due_at, attempts)
                   SELECT id, ?, ?, 0 FROM papers WHERE id = ?
                   ON CONFLICT (paper_id) DO UPDATE SET next_due_at = excluded.next_due_at""",
                [timestamps.to_text(now), timestamps.to_text(now + _AFTER_FAILURE), paper_id],
            )

    async def record(self, paper_id: int, *, is_lacking: bool, has_failed: bool) -> datetime:
        """Records that a paper was looked up just now; returns when it is due again.

        It is due later each time that services failed, or that it still lacks something.
        """
        now = self._clock()
        async with self._database.transaction() as db:
            row = await db.one(
                "SELECT attempts, failures FROM completions WHERE paper_id = ?", [paper_id]
            )
            attempts, failures = (row["attempts"], row["failures"]) if row else (0, 0)
            if has_failed:
                wait = _doubled(_AFTER_FAILURE, failures, _MAX_AFTER_FAILURE)
                failures += 1
            elif is_lacking:
                wait = _doubled(_FIRST_WAIT, attempts, _MAX_WAIT)
                attempts, failures = attempts + 1, 0
            else:
                wait, attempts, failures = _MAX_WAIT, 0, 0
            await db.run(
                """INSERT INTO completions (paper_id, asked_at, next_due_at, attempts, failures)
                   SELECT id, ?, ?, ?, ? FROM papers WHERE id = ?
                   ON CONFLICT (paper_id) DO UPDATE SET asked_at = excluded.asked_at,
                   next_due_at = excluded.next_due_at, attempts = excluded.attempts,
                   failures = excluded.failures""",
                [
                    timestamps.to_text(now),
                    timestamps.to_text(now + wait),
                    attempts,
                    failures,
                    paper_id,
                ],
            )
        return now + wait


def _doubled(wait: timedelta, times: int, longest: timedelta) -> timedelta:
    return min(wait * (1 << min(times, 10)), longest)
