"""Checks the database, its backups and its disk, the clock, feeds and sources.

Nothing is created or changed, neither the database nor its folder.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.markdown import count
from bot.operations.findings import Finding, Level, Topic
from bot.settings import Settings
from bot.sources.registry import make_sources
from storage.backups.database_copy import BackupFailed, human_size
from storage.backups.files import Backups
from storage.damage import describe_search_damage, find_damage, find_search_damage
from storage.database_lock import lock_unchanged
from storage.errors import DatabaseOutdated, DatabaseUnavailable, DatabaseUnusable
from storage.library import Library, open_unchanged_library
from storage.redaction import redact_text, redact_url

_BACKUP_EXPECTED_AFTER = timedelta(days=2)
_CLOCK_TOLERANCE = timedelta(minutes=5)
_MIN_FREE = 50_000_000  # bytes; with less, the log of a single import may not fit
_COPIES = 2  # how many times the database's size should be free: for a backup and the log


def check_file(settings: Settings) -> Iterator[Finding]:
    """Yields findings about the database file, its folder, its disk and its backups.

    Reads the whole file, and those of backups until one is good. Takes minutes for gigabytes.
    """
    try:
        yield from _check_file(settings)
    except PermissionError as error:
        yield _no_permission("open", error.filename or settings.database_path)
    except OSError as error:
        text = f"The database {settings.database_path} can't be checked: {error.strerror}."
        yield _database(Level.PROBLEM, text)


def _check_file(settings: Settings) -> Iterator[Finding]:
    path = settings.database_path
    if not path.parent.is_dir():
        yield _database(
            Level.PROBLEM,
            f"The database folder {path.parent} doesn't exist. Create it, or set DATABASE_PATH to "
            "another location.",
        )
        return
    if path.exists() and not path.is_file():
        yield _database(
            Level.PROBLEM,
            f"The database {path} isn't a file. Set DATABASE_PATH to a file, which may be in that "
            "folder.",
        )
        return
    # SQLite needs other files in the folder while it's open.
    unwritable = [one for one in (path, path.parent) if one.exists() and not _is_writable(one)]
    for one in unwritable:
        yield _no_permission("write", one)
    if path.exists() and path.stat().st_size:
        if not unwritable:
            yield from _check_content(path, settings.backup_dir)
        yield from _check_backups(settings)
    elif not unwritable:
        yield _database(
            Level.OK, f"The database {path} doesn't exist yet; the first start creates it."
        )
    if settings.backup_keep:
        yield from _check_backup_folder(settings)
    yield from check_disks(settings)


def _is_writable(path: Path) -> bool:
    return os.access(path, os.W_OK | os.X_OK if path.is_dir() else os.W_OK)


def _no_permission(action: str, path: Path | str) -> Finding:
    text = f"You have no permission to {action} {path}. "
    return _database(
        Level.PROBLEM, f"{text}Change its owner or mode, or run the bot as another user."
    )


def _check_content(path: Path, backup_dir: Path | None) -> Iterator[Finding]:
    backups = Backups.of(path, backup_dir)
    with lock_unchanged(path) as is_free:
        try:
            if problem := find_damage(path):
                yield _database(Level.PROBLEM, backups.describe_damage(problem))
                return
            # The index can only be checked where nobody writes, so in a copy while the bot runs.
            problem = find_search_damage(path) if is_free else backups.find_search_damage()
        except (BackupFailed, sqlite3.Error) as error:
            yield _database(Level.PROBLEM, f"The database {path} can't be checked: {error}")
            return
    if problem:
        yield _database(Level.PROBLEM, describe_search_damage(problem))
    else:
        yield _database(Level.OK, f"The database {path} is undamaged.")


def check_disks(settings: Settings) -> Iterator[Finding]:
    """Yields whether there is enough room on the disks of the database and of its backups."""
    path = settings.database_path.resolve()
    folder = Backups.of(path, settings.backup_dir).folder
    try:
        while not folder.is_dir():  # which the first backup may create
            folder = folder.parent
        size = path.stat().st_size if path.exists() else 0
        has_backups = settings.backup_keep > 0
        is_shared = folder.stat().st_dev == path.parent.stat().st_dev
        yield _check_database_disk(path, size, has_backups=has_backups and is_shared)
        if has_backups and not is_shared:
            yield from _check_backup_disk(folder, size)
    except OSError as error:
        text = f"The disk of the database can't be checked: {error.strerror}: {error.filename}"
        yield _database(Level.PROBLEM, text)


def _check_database_disk(path: Path, size: int, *, has_backups: bool) -> Finding:
    free = shutil.disk_usage(path.parent).free
    text = f"{human_size(free)} is free on the disk of the database."
    if free < _MIN_FREE:
        return _database(Level.PROBLEM, f"Only {text} Make room, or soon nothing can be saved.")
    text_of_size = f"The database has {human_size(size)}"
    if has_backups and free < 2 * size:
        return _database(
            Level.WARNING,
            f"Only {text} {text_of_size}, and a backup needs as much. Make room, or set BACKUP_DIR "
            "to another disk.",
        )
    if free < size:
        return _database(
            Level.WARNING,
            f"Only {text} {text_of_size}, and large changes may need as much. Make room.",
        )
    return _database(Level.OK, text)


def _check_backup_disk(folder: Path, size: int) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < size:
        yield _backups(
            Level.WARNING,
            f"Only {human_size(free)} is free on the disk of the backups, and one needs "
            f"{human_size(size)}. Make room, or set BACKUP_DIR to another disk.",
        )


def _check_backups(settings: Settings) -> Iterator[Finding]:
    if not settings.backup_keep:
        yield _backups(
            Level.WARNING, "BACKUP_KEEP is 0, so the bot makes no nightly backups. Set it to 14."
        )
    backup = Backups.of(settings.database_path, settings.backup_dir).find_last_good()
    if backup is None:
        yield _backups(
            Level.WARNING,
            "There's no good backup of the database yet. `lab-herald backup` makes one now.",
        )
        return
    made_at = f"{backup.made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    yield _backups(Level.OK, f"The last good backup is {backup.path}, made at {made_at}.")
    if settings.backup_keep and settings.clock() - backup.made_at > _BACKUP_EXPECTED_AFTER:
        yield _backups(
            Level.WARNING,
            f"The last good backup was made at {made_at}, but the bot makes one every night. "
            "`lab-herald backup` shows what goes wrong.",
        )


def _check_backup_folder(settings: Settings) -> Iterator[Finding]:
    """Yields what keeps backups from being written to their folder, which may not exist yet."""
    folder = Backups.of(settings.database_path, settings.backup_dir).folder
    if folder.exists() and not folder.is_dir():
        reason = "isn't a folder"
    elif not folder.exists() and not folder.parent.is_dir():
        reason = f"can't be created, since {folder.parent} isn't a folder"
    elif not _is_writable(folder if folder.exists() else folder.parent):
        reason = "can't be written: you have no permission"
    else:
        return
    yield _backups(
        Level.PROBLEM,
        f"The folder {folder} for backups {reason}. Correct that, or change BACKUP_DIR.",
    )


async def check_library(settings: Settings) -> list[Finding]:
    """Returns what the content of the database says: its version, the clock, feeds and sources.

    Returns nothing if there's no database that can be read.
    """
    path = settings.database_path
    if not (os.access(path, os.R_OK) and path.is_file() and path.stat().st_size):
        return []
    try:
        async with open_unchanged_library(path, settings.clock, settings.backup_dir) as library:
            papers = count(await library.papers.count(), "paper")
            return [
                _database(Level.OK, f"The list has {papers}."),
                *await _check_deletions(library),
                *await _check_clock(library, settings.clock()),
                *await _check_feeds(library),
                *await _check_sources(library, settings),
            ]
    except DatabaseOutdated as error:
        text = (
            f"{error} The next start upgrades it, and makes a backup first. Feeds, sources and "
            "channels can be checked afterwards."
        )
        return [_database(Level.WARNING, text)]
    except (DatabaseUnusable, DatabaseUnavailable) as error:
        return [_database(Level.PROBLEM, str(error))]


async def _check_deletions(library: Library) -> list[Finding]:
    """Checks that restoring a backup would delete again what members have deleted."""
    try:
        unlisted = await library.privacy.count_unlisted()
    except DatabaseUnusable as error:
        text = f"{error} The bot writes what its database knows into a new list when it starts."
        return [_backups(Level.PROBLEM, text)]
    if not unlisted:
        return []
    text = (
        f"The list of deletions next to the backups lacks {count(unlisted, 'member')} who deleted "
        "their data. Restart the bot, which saves the list then, or logs why it can't."
    )
    return [_backups(Level.WARNING, text)]


async def _check_clock(library: Library, now: datetime) -> list[Finding]:
    """Compares the clock with the latest change: nothing was recorded in the future."""
    newest = (await library.audit.page(limit=1)).changes
    if not newest or newest[0].at <= now + _CLOCK_TOLERANCE:
        return []
    text = (
        f"This machine's clock says {now:%Y-%m-%d %H:%M} UTC, but the latest change was recorded "
        f"on {newest[0].at:%Y-%m-%d %H:%M} UTC. Set the clock."
    )
    return [Finding(Level.PROBLEM, Topic.CLOCK, text)]


async def _check_feeds(library: Library) -> list[Finding]:
    feeds = await library.feeds.all()
    failing = [feed for feed in feeds if feed.failures]
    findings = [
        Finding(
            Level.WARNING,
            Topic.FEEDS,
            f"Feed {feed.id} ({redact_url(feed.url)}) has been failing since "
            f"{_minute(feed.failing_since)}: {redact_text(feed.last_error).rstrip('.')}. /feed "
            "show has details; /feed edit gives it another address.",
        )
        for feed in failing
    ]
    findings += [
        Finding(
            Level.WARNING,
            Topic.FEEDS,
            f"Feed {feed.id} ({redact_url(feed.url)}) isn't checked: {feed.paused_because}",
        )
        for feed in feeds
        if feed.paused_because and not feed.failures
    ]
    if feeds and not findings:
        findings = [Finding(Level.OK, Topic.FEEDS, f"{count(len(feeds), 'feed')}, none failing.")]
    return findings


async def _check_sources(library: Library, settings: Settings) -> list[Finding]:
    titles = {source.name: source.title for source in make_sources(settings)}
    states = await library.sources.states()
    return [
        Finding(
            Level.WARNING,
            Topic.SOURCES,
            f"{titles.get(state.name, state.name)} has been failing since "
            f"{_minute(state.failing_since)}: {redact_text(state.last_error).rstrip('.')}. It's "
            "asked again automatically.",
        )
        for state in states.values()
        if state.failures
    ]


def _minute(time: datetime | None) -> str:
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if time else "its first check"


def _database(level: Level, text: str) -> Finding:
    return Finding(level, Topic.DATABASE, text)


def _backups(level: Level, text: str) -> Finding:
    return Finding(level, Topic.BACKUPS, text)
