"""SQL of when services may be asked again, and how often they were today, by all processes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from storage import timestamps
from storage.connection import Connection, Row
from storage.database import Database


@dataclass(frozen=True, slots=True)
class Wait:
    """Why a service can't be asked yet, and for how long at most.

    ``mark`` stays the same until another request begins or ends. If it still does after the time,
    the wait is over, whatever the clock says: it may have been put back, or the other process died.
    """

    time: timedelta
    mark: str


class BudgetSpent(Exception):
    """A service was asked as often today as it may be."""


class ServiceRequests:
    """The requests to services, so that all processes keep one pause and one budget."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def begin(
        self, name: str, pause: timedelta, time_limit: timedelta, budget: int, over: str = ""
    ) -> Wait | None:
        """Counts a request that is made now, or returns how long to wait before trying again.

        A request takes up to ``time_limit``, and a ``pause`` follows it. ``over`` is the mark of a
        wait that is over. Raises `BudgetSpent` if ``budget`` requests were made today, and the
        errors of a transaction in reply to a person.
        """

        async def begin(db: Connection) -> Wait | None:
            now = self._clock()
            row = await db.one("SELECT * FROM service_requests WHERE name = ?", [name])
            count = 0
            if row is not None:
                mark = _mark(row)
                longest = time_limit + pause if row["is_running"] else pause
                left = timestamps.from_text(row["free_at"]) - now
                if left > timedelta() and mark != over:
                    return Wait(min(left, longest), mark)
                count = row["requests"] if row["day"] == now.date().isoformat() else 0
            if count >= budget:
                raise BudgetSpent
            await db.run(
                """INSERT OR REPLACE INTO service_requests
                   (name, free_at, is_running, day, requests) VALUES (?, ?, 1, ?, ?)""",
                [
                    name,
                    timestamps.to_text(now + time_limit + pause),
                    now.date().isoformat(),
                    count + 1,
                ],
            )
            return None

        return await self._database.write(begin, in_reply=True)

    async def end(self, name: str, pause: timedelta) -> str:
        """Records that a request has ended; returns the mark of the pause after it."""

        async def end(db: Connection) -> str:
            await db.run(
                "UPDATE service_requests SET free_at = ?, is_running = 0 WHERE name = ?",
                [timestamps.to_text(self._clock() + pause), name],
            )
            row = await db.one("SELECT * FROM service_requests WHERE name = ?", [name])
            return _mark(row) if row else ""

        return await self._database.write(end, in_reply=True)

    async def count(self, name: str) -> int:
        """Returns how many requests a service got today."""
        day = self._clock().date().isoformat()
        async with self._database.reading() as db:
            found = await db.value(
                "SELECT requests FROM service_requests WHERE name = ? AND day = ?", [name, day]
            )
        return int(found or 0)


def _mark(row: Row) -> str:
    return f"{row['day']} {row['requests']} {row['is_running']} {row['free_at']}"
