"""The backups of a database: makes, lists and deletes them, and finds the last good one.

How a database is copied is in `storage.backups.database_copy`.
"""

from __future__ import annotations

import contextlib
import enum
import itertools
import os
import shlex
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from storage import timestamps
from storage.backups.database_copy import (
    MARK,
    BackupFailed,
    DamageFound,
    connect_to_copy,
    copy_database,
    count_papers,
    finish_copy,
    mark_as_copy,
    new_file,
    sync,
)
from storage.damage import (
    describe_search_damage,
    find_damage_of_copy,
    find_search_damage,
    is_damage,
    is_only_search_damaged,
)

_HEADER = b"SQLite format 3\0"
_PARTIAL = ".partial"
_ABANDONED_AFTER = timedelta(days=1)


class BackupKind(enum.StrEnum):
    """Why a backup was made."""

    NIGHTLY = "nightly"
    UPGRADE = "upgrade"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Backup:
    """A copy of a database; ``kind`` is None and ``database`` empty if something else made it.

    ``database`` is the path of the database that it is a copy of. ``search_damage`` is known only
    of one that was just made: the first problem of its search index, which can be rebuilt.
    """

    path: Path
    made_at: datetime
    kind: BackupKind | None
    database: str
    papers: int
    search_damage: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Backups:
    """The backups of one database, and the folder that new ones go to."""

    database: Path
    folder: Path

    @classmethod
    def of(cls, database: Path, folder: Path | None = None) -> Backups:
        """Returns the backups of a database; their default folder is `backups` next to it."""
        database = database.resolve()
        return cls(database, folder.resolve() if folder else database.parent / "backups")

    def make(self, kind: BackupKind, now: datetime, target: Path | None = None) -> Backup:
        """Copies the database as of now, and checks the copy; takes minutes for gigabytes.

        Others can read and write the database in the meantime. The copy is complete once it has its
        name.
        Its default name is in the backups' folder, which is created if necessary. A database whose
        search index is damaged is copied, too. Raises `BackupFailed`.
        """
        if target is None:
            _create_folder(self.folder)
            self._delete_abandoned(kind)
            targets = self._free_names(self.folder, kind, now)
        elif target.is_dir():
            targets = self._free_names(target, kind, now)
        else:
            targets = iter((target,))
        target = next(targets)
        if not self.database.is_file():
            raise BackupFailed(f"There's no database {self.database} to back up.")
        if target.exists():
            raise BackupFailed(f"{target} exists already. Choose another name, or delete it first.")
        if not target.parent.is_dir():
            raise BackupFailed(f"The folder {target.parent} doesn't exist. Create it first.")
        with _failures(self.database, target), self._partial(target) as partial:
            copy_database(f"{self.database.as_uri()}?mode=rw", partial)
            papers = count_papers(partial)
            if papers is None and kind is not BackupKind.UPGRADE:
                raise BackupFailed(f"{self.database} isn't a Lab Herald database.")
            mark_as_copy(partial, now, kind, self.database, papers or 0)
            # Before an upgrade, the index may be of another version, and the bot isn't running yet.
            search_damage = find_search_damage(partial) if kind is not BackupKind.UPGRADE else ""
            finish_copy(partial)
            while not _publish(partial, target):  # another process took the name
                if (name := next(targets, None)) is None:
                    raise BackupFailed(f"{target} exists already, so it wasn't replaced.")
                target = name
            sync(target.parent)
        return Backup(target, now, kind, str(self.database), papers or 0, search_damage)

    def find_search_damage(self) -> str:
        """Checks the search index in a temporary copy, so that the database isn't locked.

        Returns its first problem, or an empty string if there is none. Raises `BackupFailed`.
        """
        folder = self.folder if self.folder.is_dir() else self.database.parent
        target = folder / f"{self.database.stem}-check"
        with _failures(self.database, target), self._partial(target) as partial:
            copy_database(f"{self.database.as_uri()}?mode=rw", partial)
            return find_search_damage(partial)

    def all(self) -> list[Backup]:
        """Returns the backups of this database in its folder, newest first, without checking them.

        If several databases share the folder, only this one's are returned.
        """
        found = [
            backup
            for path in self._copies(self.folder)
            if (backup := read_backup(path)) and backup.database == str(self.database)
        ]
        return sorted(found, key=lambda backup: backup.made_at, reverse=True)

    def prune(self, made: Backup, keep: int) -> list[Path]:
        """Deletes nightly backups, and those of upgrades, but the newest of each kind.

        ``made`` is the one that was just made, and stays whatever the clock says. Returns the files
        that were deleted.
        """
        surplus: list[Path] = []
        others = [backup for backup in self.all() if backup.path != made.path]
        for kind in (BackupKind.NIGHTLY, BackupKind.UPGRADE):
            kept = keep - 1 if kind is made.kind else keep
            surplus += [backup.path for backup in others if backup.kind is kind][kept:]
        return [path for path in surplus if _delete(path)]

    def find_last_good(self) -> Backup | None:
        """Returns the newest undamaged copy of the database, or None. Reads whole files.

        Copies are searched for in the backups' folder and next to the database. There, a copy is a
        database whose name starts like the file's, such as lab.db.bak or lab-2026.db.
        """
        paths = {*self._copies(self.folder), *self._copies(self.database.parent)}
        copies = [_as_backup(path) for path in paths]
        own = str(self.database)
        copies.sort(key=lambda copy: (copy.database in {own, ""}, copy.made_at), reverse=True)
        return next((copy for copy in copies if _is_good(copy.path)), None)

    def describe_damage(self, problem: str) -> str:
        """Returns sentences that say what is damaged, and how to restore the last good backup.

        If only the search index is damaged, they say how to rebuild it. Reads the database and
        backups, so call it in a thread.
        """
        if is_only_search_damaged(self.database):
            return describe_search_damage(problem)
        backup = self.find_last_good()
        advice = (
            "Stop the bot and restore a backup, if you have one elsewhere: "
            "`lab-herald restore FILE`."
        )
        if backup is not None:
            advice = (
                f"Stop the bot and restore the last good backup, made at "
                f"{backup.made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: "
                f"`lab-herald restore {shlex.quote(str(backup.path))}`."
            )
        if "not a database" in problem:  # SQLite's words, also for a damaged first page
            state = "isn't a database or is damaged"
            advice += " If it's another program's file, set DATABASE_PATH to another one."
        else:
            state = "is damaged"
        return f"The database {self.database} {state} ({problem.rstrip('.')}). {advice}"

    def _free_names(self, folder: Path, kind: BackupKind, now: datetime) -> Iterator[Path]:
        """Yields names for a backup in a folder that no other file has."""
        name = f"{self.database.stem}-{kind}-{now:%Y%m%d-%H%M%S}"
        for number in itertools.count(1):
            path = folder / (f"{name}.db" if number == 1 else f"{name}-{number}.db")
            if not path.exists():
                yield path

    def _copies(self, folder: Path) -> Iterator[Path]:
        """Yields the databases in a folder whose names start like this one's.

        This one itself isn't even opened: closing it would give up the locks that SQLite has on it.
        """
        with contextlib.suppress(OSError):
            for path in folder.iterdir():
                with contextlib.suppress(OSError):
                    is_own = path.name.startswith(self.database.stem)
                    # Opening a named pipe or a device could take forever.
                    if is_own and path.is_file() and not self._is_database(path):
                        with path.open("rb") as file:
                            if file.read(len(_HEADER)) == _HEADER:
                                yield path.resolve()

    def _is_database(self, path: Path) -> bool:
        return self.database.exists() and path.samefile(self.database)

    def _partial(self, target: Path) -> contextlib.AbstractContextManager[Path]:
        return new_file(target.parent, f".{target.name}.{self.id}-", _PARTIAL)

    def _delete_abandoned(self, kind: BackupKind) -> None:
        """Deletes unfinished copies of processes that were killed.

        Only one process at a time makes nightly backups. The others may still be running.
        """
        for path in self.folder.glob(f".{self.database.stem}-*.{self.id}-*{_PARTIAL}*"):
            with contextlib.suppress(OSError):
                is_own = path.name.startswith(f".{self.database.stem}-{BackupKind.NIGHTLY}-")
                age = time.time() - path.stat().st_mtime
                if (
                    is_own and kind is BackupKind.NIGHTLY
                ) or age > _ABANDONED_AFTER.total_seconds():
                    path.unlink()

    @property
    def id(self) -> str:
        """Tells this database from others with the same name, whose backups share the folder."""
        return f"{zlib.crc32(os.fsencode(self.database)):08x}"


def read_backup(path: Path) -> Backup | None:
    """Returns what a backup says about itself, or None if it's no backup or can't be read."""
    try:
        with closing(connect_to_copy(path)) as db:
            made_at, kind, database, papers = db.execute(
                f"SELECT copied_at, kind, database, papers FROM {MARK}"  # noqa: S608
            ).fetchone()
        kind = BackupKind(kind) if kind else None
        return Backup(path, timestamps.from_text(made_at), kind, database, papers)
    except (sqlite3.Error, TypeError, ValueError):
        return None


def _delete(path: Path) -> bool:
    """Deletes a backup; returns False if that's impossible, which the next time may not be."""
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _create_folder(folder: Path) -> None:
    """Creates the folder, but not its parents: a disk that isn't mounted must not be filled."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise BackupFailed(
            f"The folder {folder} for backups can't be created: {error.strerror}. Create it, or "
            "set BACKUP_DIR to another one."
        ) from error


@contextlib.contextmanager
def _failures(database: Path, target: Path) -> Iterator[None]:
    """Raises errors of the disk or the database as `BackupFailed`."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        failed = BackupFailed
        if isinstance(error, sqlite3.Error) and is_damage(error):
            failed = DamageFound
            cause = f"the database is damaged ({error})"
        else:
            cause = getattr(error, "strerror", None) or str(error)
        raise failed(f"The database {database} couldn't be copied to {target}: {cause}.") from error


def _publish(partial: Path, target: Path) -> bool:
    """Gives a finished file its name; returns False if another file has it."""
    try:
        os.link(partial, target)
    except FileExistsError:
        return False
    except OSError:  # file systems without links
        if target.exists():
            return False
        partial.rename(target)
    return True


def _as_backup(path: Path) -> Backup:
    """Returns a copy as a backup, whoever made it."""
    made_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return read_backup(path) or Backup(path, made_at, None, "", 0)


def _is_good(copy: Path) -> bool:
    try:
        return not find_damage_of_copy(copy)
    except sqlite3.Error:
        return False
