"""Puts a backup in the place of the database, and finds out what happened since it was made."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage import timestamps
from storage.backups.database_copy import BackupFailed, copy_database, mark_as_copy, sync
from storage.backups.files import Backups, read_backup
from storage.damage import find_damage_of_copy, is_damage
from storage.database import open_database
from storage.errors import DatabaseUnusable, LabError
from storage.library import open_library
from storage.privacy.deletion_list import DeletionFile, load_former
from storage.recovery.replacement import NotReplaced, merge_log, open_staging, replace_database
from storage.restore_report import Loss, RestoreReport
from storage.schema import migrations
from storage.timestamps import Clock

_MAX_EXAMPLES = 50  # of each kind of loss

# What the former database may have that the backup hasn't, newest first: one text for each. Rows
# are compared by more than their ids, which an earlier restore may have given to other rows.
_LOSSES = {
    "change": """SELECT substr(replace(at, 'T', ' '), 1, 16) || ' ' || actor_name || ': ' || action
            || COALESCE(' “' || COALESCE(
                (SELECT title FROM former.papers WHERE papers.id = paper_id),
                (SELECT name FROM former.names WHERE names.id = name_id),
                (SELECT title FROM former.feeds WHERE feeds.id = feed_id),
                IIF(kind = 'review', json_extract(after, '$.title'), NULL)
            ) || '”', ' (' || kind || ')')
        FROM former.changes AS one
        WHERE part_of IS NULL AND actor NOT GLOB 'feed:*' AND NOT EXISTS (
            SELECT 1 FROM main.changes AS kept
            WHERE kept.id = one.id AND kept.at = one.at AND kept.actor = one.actor)
        ORDER BY id DESC""",
    "suggestion": """SELECT substr(replace(suggested_at, 'T', ' '), 1, 16) || ' ' || member_name
            || ': “' || COALESCE(json_extract(draft, '$.title'), title_key) || '”'
        FROM former.suggestions AS one WHERE NOT EXISTS (
            SELECT 1 FROM main.suggestions AS kept
            WHERE kept.id = one.id AND kept.suggested_at = one.suggested_at)
        ORDER BY id DESC""",
    "feed paper": """SELECT substr(replace(created_at, 'T', ' '), 1, 16) || ' ' || created_by_name
            || ': “' || title || '”'
        FROM former.papers AS one
        WHERE removed_at IS NULL AND origin = 'feed' AND NOT EXISTS (
            SELECT 1 FROM main.papers AS kept
            WHERE kept.id = one.id AND kept.created_at = one.created_at)
        ORDER BY id DESC""",
    "queued announcement": """SELECT substr(replace(one.created_at, 'T', ' '), 1, 16)
            || ' channel ' || channel_id || ': “' || title || '”'
        FROM former.announcements AS one JOIN former.papers ON papers.id = paper_id
        WHERE NOT is_filtered_out AND NOT EXISTS (
            SELECT 1 FROM former.posts WHERE posts.id = post_id AND state = 'sent')
        AND NOT EXISTS (
            SELECT 1 FROM main.announcements AS kept
            WHERE kept.id = one.id AND kept.created_at = one.created_at)
        ORDER BY one.id DESC""",
}


class NotRestorable(LabError):
    """A file can't be restored; the message says why. The database is as it was."""


@dataclass(frozen=True, slots=True)
class Restore:
    """A checked copy of a backup that is ready to take the place of a database.

    ``deletions`` is how many members' data was deleted from it again.
    """

    database: Path
    papers: int
    report: RestoreReport
    deletions: int
    _staged: Path

    def finish(self, now: datetime) -> Path | None:
        """Replaces the database; returns where the former one is kept, or None if there was none.

        If the process is killed in the meantime, the former or the new database is in place, and
        the former one isn't lost. Raises `NotRestorable` if another process uses the database.
        """
        try:
            return replace_database(self.database, self._staged, "restore", now)
        except NotReplaced as error:
            raise NotRestorable(str(error)) from error


@asynccontextmanager
async def open_restore(
    file: Path, database: Path, clock: Clock, backup_dir: Path | None = None
) -> AsyncGenerator[Restore]:
    """Checks a backup, and prepares a copy of it that is updated to this version.

    The caller has locked the database. The backup is only read, and the database isn't changed
    before `Restore.finish`. Opening the copy starts its generation. Raises `NotRestorable`.
    """
    database = _require_file(file, database)
    backups = Backups.of(database, backup_dir)
    with open_staging(database, "restore") as staged:
        try:
            _copy(file, staged)
            copied_at = await _update(file, staged)
            _save_deletions(file, database, backups.folder)
            async with open_library(staged, clock, backup_dir=backups.folder) as library:
                papers = await library.papers.count()
                report = _compare(staged, database, copied_at)
                await library.restore_reports.save(report)
                deletions = library.generation.deletions
            merge_log(staged)
            sync(staged)
        except (LabError, sqlite3.Error, OSError) as error:
            raise NotRestorable(
                f"{file} can't be restored. {_reason(error)}{_alternative(file, backups)}"
            ) from error
        yield Restore(database, papers, report, deletions, staged)


def _save_deletions(file: Path, database: Path, folder: Path) -> None:
    """Completes the list of deletions, from the former database and from one next to a backup."""
    own = DeletionFile.of(database, folder)
    try:
        own.add([*load_former(database), *DeletionFile.of(database, file.resolve().parent).read()])
    except OSError as error:
        raise NotRestorable(
            f"The list of what members have deleted, {own.path}, couldn't be written: "
            f"{error.strerror}. Make that possible, or set BACKUP_DIR to another folder."
        ) from error


def _require_file(file: Path, database: Path) -> Path:
    """Returns the database behind all links, unless the file can't be a backup of it."""
    if not file.exists():
        raise NotRestorable(f"There's no file {file}.")
    if file.is_dir():
        raise NotRestorable(f"{file} is a folder. Choose one of the files in it.")
    if database.exists() and file.samefile(database):
        raise NotRestorable(f"{file} is the database itself. Choose a backup of it.")
    if not file.stat().st_size:
        raise NotRestorable(f"{file} is empty, so there's nothing to restore.")
    return database.resolve()


def _copy(file: Path, staged: Path) -> None:
    """Copies a backup and checks the copy."""
    staged.touch(0o600)
    has_log = any(Path(f"{file}{side}").exists() for side in ("-wal", "-journal"))
    # Without a log, nothing is written next to the backup, not even locks.
    mode = "mode=ro" if has_log else "mode=ro&immutable=1"
    copy_database(f"{file.resolve().as_uri()}?{mode}", staged)
    if problem := find_damage_of_copy(staged):
        raise NotRestorable(f"It's damaged ({problem}).")
    _require_own_schema(staged)


async def _update(file: Path, staged: Path) -> datetime:
    """Updates the schema of a copy, and marks it; returns when the backup was made.

    The date of a file may be much later: of an unmarked one, only what it has last counts.
    """
    backup = read_backup(staged)
    async with open_database(staged, backup_dir=staged.parent) as opened, opened.reading() as db:
        last_activity = await db.value(
            """SELECT MAX(at) FROM (SELECT MAX(at) AS at FROM changes
                                    UNION ALL SELECT MAX(sent_at) FROM posts)"""
        )
    if backup is not None:
        copied_at = backup.made_at
    else:
        copied_at = timestamps.from_optional(last_activity) or _modified_at(file)
    mark_as_copy(staged, copied_at)
    return copied_at


def _modified_at(file: Path) -> datetime:
    return datetime.fromtimestamp(file.stat().st_mtime, UTC)


def _require_own_schema(staged: Path) -> None:
    with closing(sqlite3.connect(staged)) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        tables = {name for (name,) in db.execute("SELECT name FROM sqlite_schema")}
    if not version or not {"papers", "identifiers", "feeds"} <= tables:
        raise NotRestorable("It isn't a Lab Herald database.")
    if version > (known := migrations()[-1].version):
        raise NotRestorable(
            f"It was written by a newer version of Lab Herald (schema {version}; this version "
            f"supports up to {known}). Upgrade Lab Herald first."
        )


def _reason(error: Exception) -> str:
    if isinstance(error, BackupFailed | DatabaseUnusable | NotReplaced | NotRestorable):
        return str(error)
    if isinstance(error, sqlite3.Error) and is_damage(error):
        return f"It isn't a database or is damaged ({error})."
    return f"{getattr(error, 'strerror', None) or error}.".capitalize()


def _alternative(file: Path, backups: Backups) -> str:
    """Names the last good backup if it's another file."""
    backup = backups.find_last_good()
    if backup is None or backup.path == file.resolve():
        return ""
    return f" The last good backup is {backup.path}."


def _compare(staged: Path, former: Path, copied_at: datetime) -> RestoreReport:
    """Finds out what the former database has and the staged one hasn't."""
    if not former.exists() or not former.stat().st_size:
        return RestoreReport(copied_at, unknown="There was no database to compare the backup with.")
    losses: list[Loss] = []
    problem = ""
    with closing(sqlite3.connect(staged)) as db:
        try:
            db.execute("ATTACH ? AS former", [str(former)])
            (known,) = db.execute("PRAGMA main.user_version").fetchone()
            (version,) = db.execute("PRAGMA former.user_version").fetchone()
        except sqlite3.Error as error:
            return RestoreReport(copied_at, unknown=f"The former database can't be read ({error}).")
        if version != known:
            return RestoreReport(
                copied_at, unknown="The former database is from another version of Lab Herald."
            )
        for kind, query in _LOSSES.items():
            count, examples = 0, list[str]()
            try:
                for (text,) in db.execute(query):
                    count += 1
                    if count <= _MAX_EXAMPLES:
                        examples.append(text)
            except sqlite3.Error as error:
                problem = f"The former database is damaged ({error}), so there may be more."
            if count:
                losses.append(Loss(kind, count, examples))
    return RestoreReport(copied_at, losses, problem)
