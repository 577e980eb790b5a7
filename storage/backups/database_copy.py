"""Copies a database while it is in use, checks the copy, and marks it as one."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from storage import timestamps
from storage.damage import find_damage_of_copy, search_tables
from storage.errors import LabError

# A table that only copies have, which works for a database of any version. Opening the copy drops
# it; see storage/generation.py.
MARK = "backup_copy"
_PAGES_PER_STEP = 1000
_STEPS_PER_SYNC = 16  # so that little waits for the disk when the bot syncs its next transaction
_SPARE_SPACE = 1.05  # of what a copy needs


class BackupFailed(LabError):
    """A backup wasn't made; the message says why. No part of it is left."""


class DamageFound(BackupFailed):
    """A backup wasn't made because the database, or the copy, is damaged."""


def copy_database(source_uri: str, target: Path) -> None:
    """Copies one state of a database, which may be in use, into an empty file.

    The memory that this takes doesn't depend on the size. Raises `BackupFailed` if the space
    doesn't suffice or the copy is incomplete, and `sqlite3.Error`.
    """
    with closing(sqlite3.connect(source_uri, uri=True, isolation_level=None)) as source:
        source.execute("BEGIN")  # everything until the end is read from the same state
        counts = count_rows(source)
        (pages,) = source.execute("PRAGMA page_count").fetchone()
        (page_size,) = source.execute("PRAGMA page_size").fetchone()
        require_space(target.parent, pages * page_size)
        with closing(sqlite3.connect(target, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode = OFF")  # an incomplete copy is deleted anyway
            copy.execute("PRAGMA synchronous = OFF")
            steps = 0

            def count_step(_status: int, _remaining: int, _total: int) -> None:
                nonlocal steps
                steps += 1
                if steps % _STEPS_PER_SYNC == 0:
                    sync(target)

            source.backup(copy, pages=_PAGES_PER_STEP, progress=count_step)
    with closing(sqlite3.connect(target, isolation_level=None)) as copy:
        # One file is the whole copy, and reading it leaves no other file behind.
        copy.execute("PRAGMA locking_mode = EXCLUSIVE")
        copy.execute("PRAGMA journal_mode = DELETE")
        if count_rows(copy) != counts:
            raise BackupFailed("The copy differs from the database, so it was deleted.")


def mark_as_copy(
    path: Path,
    copied_at: datetime,
    kind: str = "",
    database: Path | None = None,
    papers: int = 0,
) -> None:
    """Marks a database file that nobody uses as a backup, so that its restore is noticed.

    The next `open_library` of the file starts a generation. So a file is marked when it is
    written as a backup, and again when it is restored, in case it was opened in between. If there
    is a mark already, its time stays. Works for databases of all versions.
    """
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(
            f"""CREATE TABLE IF NOT EXISTS {MARK} (
                    copied_at TEXT NOT NULL,
                    kind TEXT NOT NULL,
                    database TEXT NOT NULL,
                    papers INTEGER NOT NULL
                ) STRICT"""
        )
        db.execute("BEGIN")
        marked = db.execute(f"SELECT copied_at FROM {MARK}").fetchone()  # noqa: S608 - a constant
        db.execute(f"DELETE FROM {MARK}")  # noqa: S608
        db.execute(
            f"INSERT INTO {MARK} VALUES (?, ?, ?, ?)",  # noqa: S608
            [
                marked[0] if marked else timestamps.to_text(copied_at),
                kind,
                str(database or ""),
                papers,
            ],
        )
        db.execute("COMMIT")


def finish_copy(copy: Path) -> None:
    """Checks a copy, and has the disk keep it. Raises `BackupFailed` if it is damaged."""
    if problem := find_damage_of_copy(copy):
        raise DamageFound(f"The copy is damaged ({problem}), so it was deleted.")
    sync(copy)


def count_papers(path: Path) -> int | None:
    """Returns how many papers the list in a copy has, or None if it isn't Lab Herald's."""
    with closing(connect_to_copy(path)) as db:
        if not db.execute("SELECT 1 FROM sqlite_schema WHERE name = 'papers'").fetchone():
            return None
        (papers,) = db.execute("SELECT COUNT(*) FROM papers WHERE removed_at IS NULL").fetchone()
        return int(papers)


def count_rows(db: sqlite3.Connection) -> dict[str, int]:
    """Returns the number of rows of each table, whatever the version of the schema.

    The search index, which may be damaged, isn't counted.
    """
    index = search_tables(db)
    tables = db.execute(
        """SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
           AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"""
    ).fetchall()
    return {
        name: db.execute(f'SELECT COUNT(*) FROM "{name}"').fetchone()[0]  # noqa: S608
        for (name,) in tables
        if name not in index
    }


def connect_to_copy(path: Path) -> sqlite3.Connection:
    """Connects to a file that nothing writes to, without writing anything next to it."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)


@contextlib.contextmanager
def new_file(folder: Path, prefix: str, suffix: str) -> Iterator[Path]:
    """Creates a private file; deletes it at the end unless it was renamed, and its log."""
    handle, name = tempfile.mkstemp(suffix, prefix, folder)
    os.close(handle)
    try:
        yield Path(name)
    finally:
        for side in ("", "-journal", "-wal", "-shm"):
            Path(f"{name}{side}").unlink(missing_ok=True)


def require_space(folder: Path, size: int) -> None:
    """Raises `BackupFailed` unless there is enough space in a folder for a copy of this size."""
    free = shutil.disk_usage(folder).free
    if free < size * _SPARE_SPACE:
        raise BackupFailed(
            f"The copy needs {human_size(size * _SPARE_SPACE)}, but only {human_size(free)} is "
            f"free in {folder}. Free up some space first."
        )


def sync(path: Path) -> None:
    """Waits until the disk has a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def human_size(size: float) -> str:
    """Returns a number of bytes for people to read: “6.1 GB”."""
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} GB"
