"""Finds out whether a database file is damaged, and which backup of it is good."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

# Errors that say that the content of the file is wrong, which doesn't pass by itself.
DAMAGE_ERRORS = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NOT_A_DATABASE = "not a database"  # SQLite's words, also for a damaged first page
_HEADER = b"SQLite format 3\0"


def is_damage(error: sqlite3.Error) -> bool:
    """Returns whether an error means that the file is damaged."""
    code: int | None = getattr(error, "sqlite_errorcode", None)  # only SQLite's own have one
    return code is not None and code & 0xFF in DAMAGE_ERRORS


def find_damage(path: Path) -> str:
    """Returns the first problem of a database file, or an empty string if there is none.

    Reads the whole file on a connection of its own, which may take minutes for gigabytes; call it
    in a thread. Raises `sqlite3.Error` if the file can't be read for another reason.
    """
    return _quick_check(f"{path.resolve().as_uri()}?mode=rw")


def describe_damage(path: Path, problem: str) -> str:
    """Returns a sentence that says what is damaged, and names the last good backup if any.

    Reads backups, so call it in a thread.
    """
    backup = find_last_backup(path)
    advice = "Stop the bot and replace the file with a backup."
    if backup is not None:
        at = datetime.fromtimestamp(backup.stat().st_mtime, UTC)
        advice = (
            "Stop the bot and replace the file with the last good backup, "
            f"{backup} of {at:%Y-%m-%d %H:%M} UTC."
        )
    if _NOT_A_DATABASE in problem:
        state = "isn't a database or is damaged"
        advice += " If it's another program's file, set DATABASE_PATH to another one."
    else:
        state = "is damaged"
    return f"The database {path} {state} ({problem.rstrip('.')}). {advice}"


def find_last_backup(path: Path) -> Path | None:
    """Returns the newest undamaged copy beside a database file, or None.

    A copy is a database whose name starts like the file's, such as lab.db.bak or lab-2026.db.
    """
    copies = sorted(_copies(path), key=lambda copy: copy.stat().st_mtime, reverse=True)
    return next((copy for copy in copies if _is_good(copy)), None)


def _copies(path: Path) -> Iterator[Path]:
    resolved = path.resolve()
    for copy in resolved.parent.iterdir():
        if copy.name.startswith(resolved.stem) and copy.is_file() and copy.resolve() != resolved:
            with contextlib.suppress(OSError), copy.open("rb") as file:
                if file.read(len(_HEADER)) == _HEADER:
                    yield copy


def _is_good(copy: Path) -> bool:
    try:  # without writing anything beside it
        return not _quick_check(f"{copy.as_uri()}?mode=ro&immutable=1")
    except sqlite3.Error:
        return False


def _quick_check(uri: str) -> str:
    with closing(sqlite3.connect(uri, uri=True)) as db:
        try:
            ((problem,),) = db.execute("PRAGMA quick_check(1)")
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            return str(error)
    return "" if problem == "ok" else str(problem).replace("*** in database main ***\n", "")
