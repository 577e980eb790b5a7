"""A connection to SQLite, with short methods for statements."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Coroutine, Iterable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias, TypeVar, cast

import aiosqlite

Row: TypeAlias = sqlite3.Row
Value: TypeAlias = str | int | float | None
IntegrityError = sqlite3.IntegrityError
DatabaseError = sqlite3.Error
_T = TypeVar("_T")

BUSY_TIMEOUT = timedelta(seconds=10)


class Connection:
    """An aiosqlite connection with short methods for the statements that `storage` runs."""

    def __init__(self, raw: aiosqlite.Connection) -> None:
        self._raw = raw

    async def all(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Returns all rows of a query."""
        return list(await self._raw.execute_fetchall(sql, values))

    async def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """Returns the first row of a query, or None."""
        rows = await self.all(sql, values)
        return rows[0] if rows else None

    async def value(self, sql: str, values: Sequence[Value] = ()) -> Any:  # noqa: ANN401 - SQLite's
        """Returns the first column of the first row, or None."""
        row = await self.one(sql, values)
        return row[0] if row is not None else None

    async def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Runs a statement; returns the number of rows it changed."""
        async with self._raw.execute(sql, values) as cursor:
            return cursor.rowcount

    async def insert(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Runs an INSERT; returns the new row's id."""
        async with self._raw.execute(sql, values) as cursor:
            return cast("int", cursor.lastrowid)  # None only before the first INSERT

    async def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Runs a statement once for each row of values."""
        await self._raw.executemany(sql, rows)

    async def roll_back(self) -> None:
        """Rolls back the open transaction, if any, after the statement that is still running."""
        await self._raw.execute("SELECT 1")
        if self._raw.in_transaction:
            await self._raw.execute("ROLLBACK")

    async def add_function(self, name: str, function: Callable[[Any], Any]) -> None:
        """Makes a function of one value available in SQL."""
        await self._raw.create_function(name, 1, function, deterministic=True)

    async def trace(self, callback: Callable[[str], None]) -> None:
        """Calls ``callback`` with each statement before it runs, its values filled in."""
        await self._raw.set_trace_callback(callback)

    async def call(self, function: Callable[[Connection], Coroutine[None, None, _T]]) -> _T:
        """Calls a coroutine function in the connection's thread, with a connection for its queries.

        Passing every single query to the thread takes longer than most queries. The coroutine may
        await nothing else.
        """
        # aiosqlite has no public way to call a function in its thread.
        connection = _InThread(self._raw)
        return await self._raw._execute(_finish, function, connection)  # type: ignore[no-any-return,no-untyped-call]  # noqa: SLF001

    async def close(self) -> None:
        """Closes the connection and ends its thread."""
        await self._raw.close()


class _InThread(Connection):
    """A connection that is used in its own thread, where a query waits for nothing."""

    async def all(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        return list(self._raw._execute_fetchall(sql, values))  # noqa: SLF001 - see `call`

    async def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        return self._raw._conn.execute(sql, values).rowcount  # noqa: SLF001

    async def insert(self, sql: str, values: Sequence[Value] = ()) -> int:
        cursor = self._raw._conn.execute(sql, values)  # noqa: SLF001
        return cast("int", cursor.lastrowid)

    async def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        self._raw._conn.executemany(sql, rows)  # noqa: SLF001

    async def roll_back(self) -> None:
        if self._raw.in_transaction:
            await self.run("ROLLBACK")


def _finish(
    function: Callable[[Connection], Coroutine[None, None, _T]], connection: Connection
) -> _T:
    """Runs a coroutine that waits for nothing to its end, without an event loop."""
    coroutine = function(connection)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return cast("_T", stop.value)
    coroutine.close()
    raise RuntimeError("In a connection's thread, only its queries can be awaited.")


async def connect(target: Path | str, busy_timeout: timedelta = BUSY_TIMEOUT) -> Connection:
    """Opens a file, or a URI such as ``file:///papers.db?mode=ro``, without implicit transactions.

    A statement waits up to ``busy_timeout`` if another process has the file locked.
    """
    raw = aiosqlite.connect(
        target,
        uri=isinstance(target, str),
        isolation_level=None,
        timeout=busy_timeout.total_seconds(),
    )
    try:
        await raw
    except sqlite3.Error:
        # The thread says once more that it has ended: it fails if the event loop is closed then.
        await asyncio.to_thread(raw._thread.join)  # noqa: SLF001 - aiosqlite doesn't wait for it
        raise
    raw.row_factory = sqlite3.Row
    return Connection(raw)
