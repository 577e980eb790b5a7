"""SQL of what the bot remembers for itself: questions behind buttons, and single facts."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import timedelta

from storage import timestamps
from storage.database import Database, DatabaseError
from storage.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)

_KEPT = timedelta(days=180)


class BotState:
    """What must outlive a restart and is no part of the catalogue."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock
        self._unwritten: dict[int, str] = {}
        self._writing: asyncio.Task[None] | None = None

    def save_query(self, query: str) -> int:
        """Keep a question, so that a button can ask it again by number; the same has one number.

        It is written down in the background, since who asks must not wait for somebody's import.
        """
        number = int.from_bytes(hashlib.sha256(query.encode()).digest()[:7], "big")
        self._unwritten[number] = query
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        return number

    async def load_query(self, number: int) -> str | None:
        """The question with this number; none where it was forgotten."""
        if number in self._unwritten:
            return self._unwritten[number]
        async with self._database.reading() as db:
            query = await db.value(
                "SELECT query FROM saved_queries WHERE id = ? AND used_at >= ?",
                [number, timestamps.to_text(self._clock() - _KEPT)],
            )
        return str(query) if query is not None else None

    async def get_value(self, name: str) -> str | None:
        """A fact kept by `set_value`."""
        async with self._database.reading() as db:
            value = await db.value("SELECT value FROM bot_state WHERE name = ?", [name])
        return str(value) if value is not None else None

    async def set_value(self, name: str, value: str) -> None:
        """Keep a fact under a name, in place of the one before."""
        async with self._database.transaction() as db:
            await db.run(
                """INSERT INTO bot_state (name, value) VALUES (?, ?)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
                [name, value],
            )

    async def close(self) -> None:
        """Write down what is not yet written."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while written := dict(self._unwritten):
            try:
                await self._write_down(written)
            except (DatabaseUnavailable, DatabaseError):
                _log.warning("Could not write down a question; I try again with the next one.")
                return
            for number in written:
                del self._unwritten[number]

    async def _write_down(self, written: dict[int, str]) -> None:
        now = self._clock()
        async with self._database.transaction() as db:
            await db.run(
                "DELETE FROM saved_queries WHERE used_at < ?", [timestamps.to_text(now - _KEPT)]
            )
            await db.run_many(
                """INSERT INTO saved_queries (id, query, used_at) VALUES (?, ?, ?)
                   ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at""",
                [(number, query, timestamps.to_text(now)) for number, query in written.items()],
            )
