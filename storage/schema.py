"""The versions of the schema, and how a database file is updated to the latest one."""

from __future__ import annotations

import asyncio
import logging
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from storage.backups.database_copy import BackupFailed
from storage.backups.files import Backup, BackupKind, Backups
from storage.connection import Connection
from storage.errors import DatabaseTooNew, DatabaseUnusable
from storage.timestamps import utc_now

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema; ``version`` is the number at the start of its file name."""

    version: int
    path: Path

    @property
    def sql(self) -> str:
        """Its script."""
        return self.path.read_text(encoding="utf-8")


def migrations() -> tuple[Migration, ...]:
    """Returns all migrations of this version of the program, oldest first."""
    found = [
        Migration(int(match[1]), path)
        for path in Path(__file__).with_name("migrations").iterdir()
        if (match := re.fullmatch(r"(\d{4})_\w+\.sql", path.name))
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))


async def migrate(path: Path, connection: Connection, backups: Backups) -> None:
    """Copies the file if its schema is to be updated, then updates it.

    The update is one transaction, together with the record of its version.
    """
    if not await pending_migrations(path, connection):
        return
    from storage.migration_functions import FUNCTIONS  # noqa: PLC0415 - rarely needed

    for name, function in FUNCTIONS.items():
        await connection.add_function(name, function)
    backup = None
    if await _has_tables(connection):
        backup = await _back_up(path, backups)
    try:
        await connection.run("BEGIN IMMEDIATE")
        try:
            for migration in await pending_migrations(path, connection):
                for statement in _split_statements(migration.sql):
                    await connection.run(statement)
                await connection.run(f"PRAGMA user_version = {migration.version:d}")
        except BaseException:
            await connection.roll_back()
            raise
        await connection.run("COMMIT")
    except sqlite3.Error as error:
        if backup is None:
            raise
        raise DatabaseUnusable(
            f"The database {path} couldn't be upgraded to this version of Lab Herald, so it was "
            f"left as it was: {error}. A copy of it is {backup.path}."
        ) from error
    if backup is not None:
        _log.info("Upgraded the database. A copy from before is %s.", backup.path)


async def _has_tables(connection: Connection) -> bool:
    return await connection.value("SELECT 1 FROM sqlite_schema") is not None


async def _back_up(path: Path, backups: Backups) -> Backup:
    """Copies a file that is about to be migrated; raises `DatabaseUnusable`."""
    try:
        return await asyncio.to_thread(backups.make, BackupKind.UPGRADE, utc_now())
    except BackupFailed as error:
        raise DatabaseUnusable(
            f"The database {path} wasn't upgraded to this version of Lab Herald, because it "
            f"couldn't be backed up first. {error}"
        ) from error


async def pending_migrations(path: Path, connection: Connection) -> list[Migration]:
    """Returns the migrations that the file lacks.

    Raises `DatabaseTooNew`, and `DatabaseUnusable` if it's another program's file.
    """
    known = migrations()
    found = int(await connection.value("PRAGMA user_version"))
    if await _is_foreign(connection, found):
        raise DatabaseUnusable(
            f"The database {path} belongs to another program. Set DATABASE_PATH to another file."
        )
    if found > known[-1].version:
        raise DatabaseTooNew(str(path), found, known[-1].version)
    return [migration for migration in known if migration.version > found]


async def _is_foreign(connection: Connection, version: int) -> bool:
    """Returns whether a file has tables, and not those of a version of the list."""
    tables = {str(row[0]) for row in await connection.all("SELECT name FROM sqlite_schema")}
    if version:
        return bool(tables) and "papers" not in tables
    # Litestream may find the file while it's still empty.
    return any(not name.startswith(("sqlite_", "_litestream_")) for name in tables)


def _split_statements(script: str) -> list[str]:
    """Splits a script into statements (``executescript`` would commit the transaction)."""
    statements: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            statements.append(pending.strip())
            pending = ""
    return statements
