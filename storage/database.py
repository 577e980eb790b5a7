"""The SQLite file: one writer behind a lock, readers apart, migrations; no queries."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeAlias, cast

import aiosqlite

from storage.errors import DatabaseTooNew, DatabaseUnavailable, DatabaseUnusable, ImportInProgress

Row: TypeAlias = sqlite3.Row
Value: TypeAlias = str | int | float | None
IntegrityError = sqlite3.IntegrityError
DatabaseError = sqlite3.Error

BUSY_TIMEOUT = timedelta(seconds=10)
_READERS = 2
# What passes without a change of ours: locks, and a disk that is full or failing.
_TROUBLE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; ``version`` is the number its file name begins with."""

    version: int
    sql: str


def migrations() -> tuple[Migration, ...]:
    """All migrations that this program ships, oldest first."""
    found = [
        Migration(int(match[1]), entry.read_text(encoding="utf-8"))
        for entry in files("storage").joinpath("migrations").iterdir()
        if (match := re.fullmatch(r"(\d{4})_\w+\.sql", entry.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))


class Connection:
    """The statements that `storage` needs, over one aiosqlite connection."""

    def __init__(self, raw: aiosqlite.Connection) -> None:
        self._raw = raw

    async def all(self, sql: str, values: Sequence[Value] = ()) -> list[Row]:
        """Every row of a query."""
        return list(await self._raw.execute_fetchall(sql, values))

    async def one(self, sql: str, values: Sequence[Value] = ()) -> Row | None:
        """The first row of a query, or none."""
        rows = await self.all(sql, values)
        return rows[0] if rows else None

    async def value(self, sql: str, values: Sequence[Value] = ()) -> Any:  # noqa: ANN401 - SQLite's
        """The first column of the first row, or none."""
        row = await self.one(sql, values)
        return row[0] if row is not None else None

    async def run(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run one statement; gives the number of rows it changed."""
        async with self._raw.execute(sql, values) as cursor:
            return cursor.rowcount

    async def insert(self, sql: str, values: Sequence[Value] = ()) -> int:
        """Run one INSERT; gives the new row's id."""
        async with self._raw.execute(sql, values) as cursor:
            return cast("int", cursor.lastrowid)  # none only before the first INSERT

    async def run_many(self, sql: str, rows: Iterable[Sequence[Value]]) -> None:
        """Run one statement once for each row of values."""
        await self._raw.executemany(sql, rows)

    async def roll_back(self) -> None:
        """Undo the open transaction, if there is one once the statement under way has ended."""
        await self._raw.execute("SELECT 1")
        if self._raw.in_transaction:
            await self._raw.execute("ROLLBACK")

    async def trace(self, callback: Callable[[str], None]) -> None:
        """Call back with each statement before it runs, its values filled in."""
        await self._raw.set_trace_callback(callback)

    async def close(self) -> None:
        """Close the connection and end its thread."""
        await self._raw.close()


class Database:
    """An open database file; made by `open_database`."""

    def __init__(self, path: Path, writer: Connection, readers: Sequence[Connection]) -> None:
        self.path = path
        self._writer = writer
        self._writing = asyncio.Lock()
        self._imports = 0  # under way or about to be
        self._readers: asyncio.Queue[Connection] = asyncio.Queue()
        self._all = [writer, *readers]
        for reader in readers:
            self._readers.put_nowait(reader)

    @asynccontextmanager
    async def transaction(
        self, *, keep: bool = True, in_reply: bool = False, importing: bool = False
    ) -> AsyncIterator[Connection]:
        """Write inside one transaction: committed at the end, rolled back by any exception.

        With ``keep`` false it is rolled back in any case.

        Only one coroutine writes at a time; a reader sees all of it or nothing. Raises
        `DatabaseUnavailable` where the file can't be used for a while. What is ``in_reply`` to
        somebody, who can't wait as timers can, raises `ImportInProgress` while another transaction
        is ``importing``.
        """
        with _troubles():
            async with self._turn(in_reply=in_reply, importing=importing):
                try:
                    await asyncio.shield(self._writer.run("BEGIN IMMEDIATE"))
                    yield self._writer
                    await asyncio.shield(
                        self._writer.run("COMMIT") if keep else self._writer.roll_back()
                    )
                except BaseException:
                    await asyncio.shield(self._writer.roll_back())
                    raise

    @asynccontextmanager
    async def _turn(self, *, in_reply: bool, importing: bool) -> AsyncIterator[None]:
        if in_reply and self._imports:
            raise ImportInProgress
        self._imports += importing
        try:
            async with self._writing:
                yield
        finally:
            self._imports -= importing

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Connection]:
        """A connection that sees the last committed state and can't write.

        Raises `DatabaseUnavailable` where the file can't be used for a while.
        """
        reader = await self._readers.get()
        try:
            with _troubles():
                yield reader
        finally:
            self._readers.put_nowait(reader)

    async def trace(self, callback: Callable[[str], None]) -> None:
        """Call back with each statement that any connection runs, its values filled in."""
        for connection in self._all:
            await connection.trace(callback)

    async def close(self) -> None:
        """Close every connection; the write-ahead log is folded back into the file."""
        for connection in reversed(self._all):
            await connection.close()


@asynccontextmanager
async def open_database(
    path: Path, busy_timeout: timedelta = BUSY_TIMEOUT
) -> AsyncGenerator[Database]:
    """Open the file, making and migrating it as needed.

    A statement waits at most ``busy_timeout`` for another process that has the file locked.
    Raises `DatabaseUnusable` where it can't be opened or written, `DatabaseTooNew` where a later
    program wrote it.
    """
    require_writable(path)
    async with contextlib.AsyncExitStack() as stack:
        try:
            writer = await _connect(path, busy_timeout)
            stack.push_async_callback(writer.close)
            await _migrate(path, writer)
            readers = []
            for _ in range(_READERS):
                reader = await _connect(path, busy_timeout)
                stack.push_async_callback(reader.close)
                await reader.run("PRAGMA query_only = ON")
                readers.append(reader)
        except sqlite3.Error as error:
            raise DatabaseUnusable(
                f"The database {path} can't be used: {error}. Check that it is a Lab Herald "
                "database and that this user may write it and its folder."
            ) from error
        stack.pop_all()
    database = Database(path, writer, readers)
    try:
        yield database
    finally:
        await database.close()


def require_writable(path: Path) -> None:
    """Raise `DatabaseUnusable` where this user can't make or write the file, or it is none."""
    if not path.parent.is_dir():
        raise DatabaseUnusable(
            f"The folder {path.parent} for the database does not exist. Make it, or set "
            "DATABASE_PATH to another place."
        )
    try:
        path.open("ab").close()
    except OSError as error:
        raise DatabaseUnusable(
            f"The database {path} can't be used: {error.strerror}. Check that it is a file that "
            "this user may write, or set DATABASE_PATH to another."
        ) from error


@contextlib.contextmanager
def _troubles() -> Iterator[None]:
    """Tell what passes by itself from what is a fault of ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF in _TROUBLE:
            raise DatabaseUnavailable(str(error)) from error
        raise


async def _connect(path: Path, busy_timeout: timedelta) -> Connection:
    seconds = busy_timeout.total_seconds()
    raw = await aiosqlite.connect(path, isolation_level=None, timeout=seconds)
    raw.row_factory = sqlite3.Row
    connection = Connection(raw)
    try:
        await connection.one("PRAGMA journal_mode = WAL")
        await connection.run("PRAGMA synchronous = NORMAL")
        await connection.run("PRAGMA foreign_keys = ON")
    except BaseException:
        await connection.close()
        raise
    return connection


async def _migrate(path: Path, connection: Connection) -> None:
    """Bring the schema up to date; steps and the record of them commit together or not at all."""
    await connection.run("BEGIN IMMEDIATE")
    try:
        for migration in await _missing(path, connection):
            for statement in _statements(migration.sql):
                await connection.run(statement)
            await connection.run(f"PRAGMA user_version = {migration.version:d}")
    except BaseException:
        await connection.run("ROLLBACK")
        raise
    await connection.run("COMMIT")


async def _missing(path: Path, connection: Connection) -> list[Migration]:
    """The migrations that the file has not had; raises `DatabaseTooNew`."""
    known = migrations()
    found = int(await connection.value("PRAGMA user_version"))
    if found > known[-1].version:
        raise DatabaseTooNew(str(path), found, known[-1].version)
    return [migration for migration in known if migration.version > found]


def _statements(script: str) -> list[str]:
    """Split a script at the semicolons that end a statement (``executescript`` would commit)."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    return statements
