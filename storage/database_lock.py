"""Keeps two processes that must be alone from using one database file."""

from __future__ import annotations

import os
import struct
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from storage.database import require_writable
from storage.errors import DatabaseInUse, DatabaseUnusable

if sys.platform == "linux":
    import fcntl

# A byte that no file has and that SQLite doesn't lock: https://www.sqlite.org/lockingv3.html
_LOCKED_BYTE = 1 << 62


@contextmanager
def lock_database(database: Path) -> Generator[None]:
    """Keeps others from locking the database; raises `DatabaseInUse` if somebody has.

    The lock belongs to the file itself, whatever path or symbolic link names it, and on Linux also
    if it has several names (hard links). Raises `DatabaseUnusable` if it can't be locked.
    """
    require_writable(database)  # before the lock, which would create missing folders
    with ExitStack() as stack:
        try:
            # This lock still holds when a restore puts another file in the database's place.
            stack.enter_context(FileLock(f"{database.resolve()}.lock", blocking=False))
            stack.enter_context(_lock_file(database))
        except (Timeout, BlockingIOError):
            raise DatabaseInUse(
                f"Another Lab Herald is using {database}. Stop it first, or set DATABASE_PATH to "
                "another file."
            ) from None
        except OSError as error:
            raise DatabaseUnusable(
                f"The database {database} can't be locked: {error.strerror}. Check that you have "
                "permission to write to its folder."
            ) from error
        yield


@contextmanager
def lock_unchanged(database: Path) -> Generator[bool]:
    """Keeps others from locking an existing database, as far as that needs no new file.

    Yields false, and locks nothing, if somebody else has locked it.
    """
    lock = Path(f"{database.resolve()}.lock")
    with ExitStack() as stack:
        is_free = True
        try:
            if lock.exists():
                stack.enter_context(FileLock(lock, blocking=False))
            stack.enter_context(_lock_file(database))
        except (Timeout, BlockingIOError):
            is_free = False
        except OSError:  # no right to write; nobody is kept out, then
            pass
        yield is_free


@contextmanager
def _lock_file(database: Path) -> Generator[None]:
    """Locks a file by what it is, and not by its name; raises `BlockingIOError`.

    The lock is one of the open file (OFD), since SQLite would release a lock of the process.
    """
    file = os.open(database, os.O_RDWR)
    try:
        if sys.platform == "linux":
            # struct flock: type, whence, start, length and pid
            lock = struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, _LOCKED_BYTE, 1, 0)
            fcntl.fcntl(file, fcntl.F_OFD_SETLK, lock)
        yield
    finally:
        os.close(file)
