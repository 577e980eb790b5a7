"""Opens the SQLite file: one writer behind a lock, separate readers, and migrations; no queries."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Coroutine,
    Iterator,
    Sequence,
)
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from storage.backups.files import Backups
from storage.connection import BUSY_TIMEOUT, Connection, connect
from storage.damage import find_damage, is_damage, is_search_damage
from storage.errors import (
    DatabaseDamaged,
    DatabaseOutdated,
    DatabaseUnavailable,
    DatabaseUnusable,
    ImportInProgress,
    SearchDamaged,
)
from storage.schema import migrate, pending_migrations

_T = TypeVar("_T")

_READER_COUNT = 2
# Errors that may pass by themselves: locks, and a disk that is full or failing.
_TRANSIENT_ERRORS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}


def _identify(path: Path) -> tuple[int, int] | None:
    """Returns what tells a file from others in its place, or None if there's none."""
    with contextlib.suppress(OSError):
        status = path.stat()
        return status.st_dev, status.st_ino
    return None


async def _commit(
    function: Callable[[Connection], Coroutine[None, None, _T]], connection: Connection
) -> _T:
    """Calls a function in a transaction, which is rolled back if it fails."""
    await connection.run("BEGIN IMMEDIATE")
    try:
        result = await function(connection)
        await connection.run("COMMIT")
    except BaseException:
        await connection.roll_back()
        raise
    return result


async def _empty_log(connection: Connection) -> bool:
    timeout = await connection.value("PRAGMA busy_timeout")
    await connection.run("PRAGMA busy_timeout = 1000")  # whoever wants to write waits meanwhile
    try:
        return not await connection.value("PRAGMA wal_checkpoint(TRUNCATE)")  # 1 if others read it
    finally:
        await connection.run(f"PRAGMA busy_timeout = {timeout:d}")


class Database:
    """An open database file; created by `open_database`."""

    def __init__(self, path: Path, writer: Connection, readers: Sequence[Connection]) -> None:
        self.path = path
        self.damage = ""  # the first problem of the file's content that was found
        self.search_damage = ""  # the first problem of the search index
        self._writer = writer
        self._writing = asyncio.Lock()
        self._is_durable = False  # whether the writer syncs what it commits
        self._imports = 0  # running or waiting to run
        self._readers: asyncio.Queue[Connection] = asyncio.Queue()
        self._all = [writer, *readers]
        self._file = _identify(path)
        for reader in readers or (writer,):
            self._readers.put_nowait(reader)

    @property
    def is_file_lost(self) -> bool:
        """Whether the file was deleted or replaced since, so that nobody finds what is written."""
        return _identify(self.path) != self._file

    @asynccontextmanager
    async def transaction(
        self, *, in_reply: bool = False, importing: bool = False, durable: bool = False
    ) -> AsyncIterator[Connection]:
        """Runs a transaction, which is committed at the end or rolled back by an exception.

        Transactions run one at a time, and readers see their changes only once they are committed.
        A ``durable`` one survives a power failure, together with all earlier ones: the disk has
        them before this returns. Others may be lost, always the latest ones first.

        Raises `DatabaseUnavailable` if the file can't be used for now, and `DatabaseDamaged` once
        it is known to be damaged: writing might make it worse. A transaction ``in_reply`` to a
        person, who can't wait for minutes, raises `ImportInProgress` if another one is
        ``importing``.
        """
        if self.damage:
            raise DatabaseDamaged(self.damage)
        with self._translated_errors():
            async with self._turn(in_reply=in_reply, importing=importing):
                try:
                    await asyncio.shield(self._set_durable(durable=durable))
                    await asyncio.shield(self._writer.run("BEGIN IMMEDIATE"))
                    yield self._writer
                    await asyncio.shield(self._writer.run("COMMIT"))
                except BaseException:
                    await asyncio.shield(self._writer.roll_back())
                    raise

    async def write(
        self,
        function: Callable[[Connection], Coroutine[None, None, _T]],
        *,
        in_reply: bool = False,
    ) -> _T:
        """Calls a coroutine function in a transaction and in the writer's thread, as one step.

        This is like `transaction` with `Connection.call`. If the caller is cancelled meanwhile,
        the function still runs to its end, and is committed.
        """
        if self.damage:
            raise DatabaseDamaged(self.damage)
        with self._translated_errors():
            async with self._turn(in_reply=in_reply, importing=False):
                await asyncio.shield(self._set_durable(durable=False))
                return await asyncio.shield(self._writer.call(partial(_commit, function)))

    async def _set_durable(self, *, durable: bool) -> None:
        """Chooses whether the next transaction waits until the disk has it.

        In WAL mode, SQLite syncs the log at every commit with FULL, at checkpoints with NORMAL.
        """
        if durable is not self._is_durable:
            await self._writer.run(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._is_durable = durable

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
        """Provides a connection that reads the last committed state.

        Raises `DatabaseUnavailable` if the file can't be used for now, and `DatabaseDamaged` or
        `SearchDamaged` if what is read is damaged.
        """
        reader = await self._readers.get()
        try:
            with self._translated_errors():
                yield reader
        finally:
            self._readers.put_nowait(reader)

    async def read(self, read: Callable[[Connection], Coroutine[None, None, _T]]) -> _T:
        """Calls a coroutine function that makes several queries, by `Connection.call`."""
        async with self.reading() as reader:
            return await reader.call(read)

    @asynccontextmanager
    async def scratch(self) -> AsyncIterator[Connection]:
        """Provides an empty temporary database, which is deleted at the end.

        It is a file as soon as it is big, so that it takes little memory. Raises
        `DatabaseUnavailable` if there is no room for it.
        """
        with self._translated_errors():
            # SQLite's name for a temporary file: https://www.sqlite.org/inmemorydb.html#temp_db
            connection = await connect("")
            try:
                await connection.one("PRAGMA journal_mode = OFF")
                await connection.run("BEGIN")
                yield connection
            finally:
                await connection.close()

    @contextlib.contextmanager
    def _translated_errors(self) -> Iterator[None]:
        """Raises damage as `DatabaseDamaged`, what may pass by itself as `DatabaseUnavailable`."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            if is_search_damage(error):
                self.search_damage = self.search_damage or str(error)
                raise SearchDamaged(str(error)) from error
            if is_damage(error):
                self.damage = self.damage or str(error)
                raise DatabaseDamaged(str(error)) from error
            if isinstance(error, sqlite3.OperationalError) and (
                error.sqlite_errorcode & 0xFF in _TRANSIENT_ERRORS
            ):
                raise DatabaseUnavailable(str(error)) from error
            raise

    async def empty_log(self) -> bool:
        """Empties the write-ahead log, which may have what was deleted, unless others read it.

        Returns whether it's empty. Raises `ImportInProgress`: nobody waits for that.
        """
        with self._translated_errors():
            async with self._turn(in_reply=True, importing=False):
                return await asyncio.shield(self._writer.call(_empty_log))

    async def trace(self, callback: Callable[[str], None]) -> None:
        """Calls ``callback`` with each statement of any connection, its values filled in."""
        for connection in self._all:
            await connection.trace(callback)

    async def close(self) -> None:
        """Closes all connections, which merges the write-ahead log into the file."""
        for connection in reversed(self._all):
            await connection.close()


@asynccontextmanager
async def open_database(
    path: Path, busy_timeout: timedelta = BUSY_TIMEOUT, backup_dir: Path | None = None
) -> AsyncGenerator[Database]:
    """Opens a database file, after creating or migrating it if necessary.

    Before it is migrated, it is copied to ``backup_dir`` or the default folder of `Backups`. A
    statement waits up to ``busy_timeout`` if another process has the file locked. Raises
    `DatabaseUnusable` if the file can't be opened or written, and `DatabaseTooNew` if a newer
    version of the program wrote it.
    """
    require_writable(path)
    backups = Backups.of(path, backup_dir)
    async with contextlib.AsyncExitStack() as stack:
        try:
            writer = await connect(path, busy_timeout)
            stack.push_async_callback(writer.close)
            await pending_migrations(path, writer)  # leaves a file alone that isn't ours
            await _configure(writer)
            await migrate(path, writer, backups)
            readers = []
            for _ in range(_READER_COUNT):
                reader = await _connect_reader(path, busy_timeout)
                stack.push_async_callback(reader.close)
                readers.append(reader)
        except sqlite3.Error as error:
            if is_damage(error):
                raise DatabaseUnusable(
                    await asyncio.to_thread(backups.describe_damage, str(error))
                ) from error
            raise DatabaseUnusable(
                f"The database {path} can't be used: {error}. Check that it's a Lab Herald "
                "database, and that you have permission to write to it and to its folder."
            ) from error
        stack.pop_all()
    database = Database(path, writer, readers)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_for_reading(path: Path) -> AsyncGenerator[Database]:
    """Opens a database that is in use, with one more connection that can't write.

    Raises `DatabaseUnavailable` if the file can't be opened, even if it never can: members see the
    error, so it must not contain the file's path.
    """
    try:
        reader = await _connect_reader(_existing_uri(path), BUSY_TIMEOUT)
    except sqlite3.Error as error:
        kind = DatabaseDamaged if is_damage(error) else DatabaseUnavailable
        raise kind(str(error)) from error
    database = Database(path, reader, ())
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def open_unchanged(path: Path) -> AsyncGenerator[Database]:
    """Opens a database to read it, and changes nothing in its folder, not even for a moment.

    Raises `DatabaseTooNew`, `DatabaseOutdated`, or `DatabaseUnusable` if the file can't be read.
    """
    try:
        connection = await connect(_read_only_uri(path))
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"The database {path} can't be read: {error}.") from error
    database = Database(path, connection, ())
    try:
        pending = await pending_migrations(path, connection)
        if pending:
            raise DatabaseOutdated(str(path), pending[0].version - 1, pending[-1].version)
        yield database
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"The database {path} can't be read: {error}.") from error
    finally:
        await database.close()


def _existing_uri(path: Path) -> str:
    """Returns the URI with which SQLite doesn't create the file: a new one would be empty."""
    return f"{path.resolve().as_uri()}?mode=rw"


def _read_only_uri(path: Path) -> str:
    """Returns the URI with which SQLite reads a file and creates none beside it."""
    path = path.resolve()
    if Path(f"{path}-wal").exists():  # with the other files that SQLite needs
        return f"{path.as_uri()}?mode=ro"
    return f"{path.as_uri()}?mode=ro&immutable=1"  # nobody has it open


def require_undamaged(path: Path, backup_dir: Path | None = None) -> None:
    """Raises `DatabaseUnusable` if an existing database file is damaged; reads the whole file."""
    if not path.exists():
        return
    try:
        problem = find_damage(path)
    except sqlite3.Error:
        return  # which opening the file reports
    if problem:
        raise DatabaseUnusable(Backups.of(path, backup_dir).describe_damage(problem))


def is_closed(path: Path) -> bool:
    """Returns whether the last process that used the file closed it, which leaves no log behind."""
    log = Path(f"{path.resolve()}-wal")
    return not log.exists() or not log.stat().st_size


def require_writable(path: Path) -> None:
    """Raises `DatabaseUnusable` if this user can't create or write the file."""
    if not path.parent.is_dir():
        raise DatabaseUnusable(
            f"The database folder {path.parent} doesn't exist. Create it, or set DATABASE_PATH to "
            "another location."
        )
    try:
        path.open("ab").close()
    except OSError as error:
        raise DatabaseUnusable(
            f"The database {path} can't be used: {error.strerror}. Check that it's a file you "
            "have permission to write to, or set DATABASE_PATH to another file."
        ) from error


async def _connect_reader(target: Path | str, busy_timeout: timedelta) -> Connection:
    connection = await connect(target, busy_timeout)
    try:
        await _configure(connection)
        await connection.run("PRAGMA query_only = ON")
    except BaseException:
        await connection.close()
        raise
    return connection


async def _configure(connection: Connection) -> None:
    await connection.one("PRAGMA journal_mode = WAL")
    await connection.run("PRAGMA synchronous = NORMAL")
    await connection.run("PRAGMA foreign_keys = ON")
    # What is deleted is overwritten. Some builds of SQLite only mark its place as free.
    await connection.one("PRAGMA secure_delete = ON")
