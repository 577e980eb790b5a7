"""Puts a new file in the place of a database, and keeps the former one."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

from storage.backups.database_copy import sync
from storage.damage import is_damage
from storage.errors import LabError

_SIDE_FILES = ("-wal", "-journal", "-shm")
_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class NotReplaced(LabError):
    """A database can't be replaced; the message says why. It is as it was."""


@contextlib.contextmanager
def open_staging(database: Path, purpose: str) -> Iterator[Path]:
    """Provides a path in a new folder next to the database, which is deleted at the end.

    Folders of processes that were killed are deleted, too: only one at a time does this.
    """
    database = database.resolve()
    prefix = f".{database.name}.{purpose}-"
    for abandoned in database.parent.glob(f"{prefix}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=database.parent) as folder:
        yield Path(folder) / database.name


def replace_database(database: Path, staged: Path, purpose: str, now: datetime) -> Path | None:
    """Replaces a database; returns where the former one is kept, or None if there was none.

    A symbolic link to it stays one.

    If the process is killed in the meantime, the former or the new database is in place, and the
    former one isn't lost. Raises `NotReplaced` if another process uses the database.
    """
    database = database.resolve()
    try:
        kept = _keep_former(database, purpose, now)
        if kept is not None:
            _copy_permissions(kept, staged)
        staged.replace(database)
        sync(database.parent)
    except OSError as error:
        raise NotReplaced(
            f"The database {database} couldn't be replaced: {error.strerror}."
        ) from error
    return kept


def merge_log(path: Path) -> None:
    """Merges the log into a database, which is one file then; leaves a damaged one as it is.

    Raises `NotReplaced` if that's impossible, for example if another process uses the database.
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as db:
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.Error as error:
        if is_damage(error):
            return
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _BUSY:
            raise NotReplaced(
                f"Another program is using the database {path}. Close it, then try again."
            ) from error
        raise NotReplaced(f"The database {path} couldn't be closed: {error}.") from error


def _keep_former(database: Path, purpose: str, now: datetime) -> Path | None:
    """Gives the former database a second name, and leaves nothing next to its own name.

    Its log is merged into it if it can be read, or else kept next to the second name.
    """
    kept = _free_name(database, purpose, now)
    has_content = database.exists() and database.stat().st_size > 0
    if has_content:
        merge_log(database)
        try:
            os.link(database, kept)
        except OSError:  # file systems without links
            shutil.copy2(database, kept)
            sync(kept)
    for side in _SIDE_FILES:
        with contextlib.suppress(FileNotFoundError):
            Path(f"{database}{side}").rename(f"{kept}{side}")
    sync(database.parent)
    return kept if has_content else None


def _free_name(database: Path, purpose: str, now: datetime) -> Path:
    name = f"{database.stem}-before-{purpose}-{now:%Y%m%d-%H%M%S}"
    names = itertools.chain((name,), (f"{name}-{number}" for number in itertools.count(2)))
    paths = (database.with_name(f"{each}{database.suffix}") for each in names)
    return next(path for path in paths if not path.exists())


def _copy_permissions(source: Path, target: Path) -> None:
    status = source.stat()
    target.chmod(status.st_mode & 0o777)
    with contextlib.suppress(AttributeError, PermissionError):  # Windows; another user's file
        os.chown(target, status.st_uid, status.st_gid)
