"""SQL of what the bot must remember across restarts: queries behind buttons, and single values."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import timedelta

from storage import timestamps
from storage.connection import Connection, DatabaseError
from storage.database import Database
from storage.errors import DatabaseUnavailable

_log = logging.getLogger(__name__)

_QUERY_LIFETIME = timedelta(days=180)  # since a saved query was last used


class BotState:
    """Saves the bot's own state, which isn't part of the paper list."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock
        self._unsaved: dict[int, str] = {}
        self._save_task: asyncio.Task[None] | None = None

    def save_query(self, query: str) -> int:
        """Saves a query and returns its id, which is always the same for the same query.

        It is written in the background, so that a reply doesn't have to wait for an import.
        """
        query_id = int.from_bytes(hashlib.sha256(query.encode()).digest()[:7], "big")
        self._unsaved[query_id] = query
        if self._save_task is None or self._save_task.done():
            self._save_task = asyncio.create_task(self._save_all())
        return query_id

    async def load_query(self, query_id: int) -> str | None:
        """Returns the saved query with this id, or None if it has expired."""
        if query_id in self._unsaved:
            return self._unsaved[query_id]
        async with self._database.reading() as db:
            query = await db.value(
                "SELECT query FROM saved_queries WHERE id = ? AND used_at >= ?",
                [query_id, timestamps.to_text(self._clock() - _QUERY_LIFETIME)],
            )
        return str(query) if query is not None else None

    async def find_value(self, name: str) -> str | None:
        """Returns the value that was last set under this name, or None."""
        async with self._database.reading() as db:
            return await find_value(db, name)

    async def set_value(self, name: str, value: str) -> None:
        """Saves a value under a name, replacing the previous one."""
        async with self._database.transaction() as db:
            await set_value(db, name, value)

    async def close(self) -> None:
        """Waits until all queries are saved."""
        if self._save_task is not None:
            await self._save_task

    async def _save_all(self) -> None:
        while queries := dict(self._unsaved):
            try:
                await self._write(queries)
            except (DatabaseUnavailable, DatabaseError):
                _log.warning("Could not save a query; trying again with the next one.")
                return
            for query_id in queries:
                del self._unsaved[query_id]

    async def _write(self, queries: dict[int, str]) -> None:
        now = self._clock()
        async with self._database.transaction() as db:
            await db.run(
                "DELETE FROM saved_queries WHERE used_at < ?",
                [timestamps.to_text(now - _QUERY_LIFETIME)],
            )
            await db.run_many(
                """INSERT INTO saved_queries (id, query, used_at) VALUES (?, ?, ?)
                   ON CONFLICT (id) DO UPDATE SET used_at = excluded.used_at""",
                [(query_id, query, timestamps.to_text(now)) for query_id, query in queries.items()],
            )


async def find_value(db: Connection, name: str) -> str | None:
    """Returns the value that was last set under this name, or None."""
    value = await db.value("SELECT value FROM bot_state WHERE name = ?", [name])
    return str(value) if value is not None else None


async def set_value(db: Connection, name: str, value: str) -> None:
    """Saves a value under a name, replacing the previous one."""
    await db.run(
        """INSERT INTO bot_state (name, value) VALUES (?, ?)
           ON CONFLICT (name) DO UPDATE SET value = excluded.value""",
        [name, value],
    )
