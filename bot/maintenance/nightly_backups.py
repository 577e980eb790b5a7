"""Makes nightly backups while the bot runs; tells moderators of failures, and of a restore."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from bot.maintenance.database_health import DatabaseHealth
from bot.markdown import count, escape_sentence
from bot.moderators import Moderators
from bot.net.sandbox import give_way, open_workers
from bot.settings import Settings
from bot.ui.restore_report import restore_notice
from storage.backups.database_copy import DamageFound
from storage.backups.files import Backup, BackupKind, Backups
from storage.errors import DatabaseUnavailable, LabError
from storage.library import Library
from storage.timestamps import Clock, from_text, to_iso, to_text

_log = logging.getLogger(__name__)

_TIME_OF_DAY = time(3)  # in the lab's time zone
_RETRY_AFTER = timedelta(hours=1)
_TIME_LIMIT = timedelta(hours=6)
_FAILING_SINCE = "backups are failing since"  # in the bot's state, once moderators were told


class NightlyBackups:
    """Makes a backup every night, and makes up for nights when the bot wasn't running.

    A backup's copy is checked, and so is the database by that.
    """

    def __init__(
        self,
        library: Library,
        settings: Settings,
        moderators: Moderators,
        health: DatabaseHealth,
        clock: Clock,
    ) -> None:
        self._library = library
        self._backups = Backups.of(settings.database_path, settings.backup_dir)
        self._keep = settings.backup_keep
        self._zone = settings.timezone
        self._moderators = moderators
        self._health = health
        self._clock = clock
        self._retry_at: datetime | None = None

    async def make_if_due(self) -> None:
        """Makes tonight's backup unless there is one; tries a failed one again after an hour.

        A process of its own copies the database, so that the bot keeps answering.
        """
        now = self._clock()
        if not self._keep or self._is_damaged():
            return
        if self._retry_at is not None and now < self._retry_at <= now + _RETRY_AFTER:
            return
        if await asyncio.to_thread(self._has_backup, now):
            return
        try:
            async with open_workers(_TIME_LIMIT) as workers:
                made, deleted = await workers.run(make_nightly, self._backups, now, self._keep)
        except LabError as error:
            if isinstance(error, DamageFound):
                await self._health.check()
                if self._is_damaged():
                    return
            self._retry_at = self._clock() + _RETRY_AFTER
            await self._report_failure(error)
            return
        self._retry_at = None
        _log.info(
            "Backed up %s to %s, and deleted %s.",
            count(made.papers, "paper"),
            made.path,
            count(len(deleted), "old backup"),
        )
        await self._health.passed(made.search_damage)
        await self._report_recovery()

    def _is_damaged(self) -> bool:
        return bool(self._library.damage)

    def _has_backup(self, now: datetime) -> bool:
        return _has_nightly(self._backups.all(), now, self._zone)

    async def _report_failure(self, error: LabError) -> None:
        """Logs a failure; tells moderators about the first one, also across restarts."""
        _log.warning("The nightly backup failed; trying again in an hour. %s", error)
        with contextlib.suppress(DatabaseUnavailable):  # told after the next failure
            if await self._library.bot_state.find_value(_FAILING_SINCE):
                return
            await self._tell_moderators(
                f"⚠️ The nightly backup failed. {escape_sentence(str(error))} I'll try again every "
                "hour, and tell you when it works."
            )
            await self._library.bot_state.set_value(_FAILING_SINCE, to_text(self._clock()))

    async def _report_recovery(self) -> None:
        with contextlib.suppress(DatabaseUnavailable):  # told after the next backup
            if await self._library.bot_state.find_value(_FAILING_SINCE):
                await self._tell_moderators("✅ Nightly backups work again.")
                await self._library.bot_state.set_value(_FAILING_SINCE, "")

    async def _tell_moderators(self, text: str) -> None:
        if (channel_id := self._moderators.channel_id) is not None:
            await self._library.outbox.enqueue_notice(channel_id, text)


@dataclass(frozen=True, slots=True)
class BackupStatus:
    """The newest backup, when the next nightly one is due, and since when they fail.

    ``next_due`` is None if nightly backups are turned off.
    """

    newest: Backup | None
    next_due: datetime | None
    failing_since: datetime | None


async def find_status(library: Library, settings: Settings, now: datetime) -> BackupStatus:
    """Returns what `/setup show` says about backups, without reading whole files.

    A backup was checked when it was made, and is checked again before it is restored.
    """
    backups = await asyncio.to_thread(Backups.of(settings.database_path, settings.backup_dir).all)
    since = await library.bot_state.find_value(_FAILING_SINCE)
    next_due = None
    if settings.backup_keep:
        is_done = _has_nightly(backups, now, settings.timezone)
        next_due = last_due(now + timedelta(days=is_done), settings.timezone)
    return BackupStatus(
        newest=backups[0] if backups else None,
        next_due=next_due,
        failing_since=from_text(since) if since else None,
    )


async def report_restore(library: Library, moderators: Moderators) -> None:
    """Tells moderators once that a backup was restored, and what was lost."""
    report = await library.restore_reports.find()
    if report is None:
        return
    _log.warning("The database was restored from a backup made at %s.", to_iso(report.copied_at))
    with contextlib.suppress(DatabaseUnavailable):  # told at the next start
        await library.restore_reports.tell(moderators.channel_id, restore_notice(report))


def _has_nightly(backups: Sequence[Backup], now: datetime, zone: ZoneInfo) -> bool:
    """Returns whether the last nightly backup that was due was made."""
    due_since = last_due(now, zone)
    return any(
        one.kind is BackupKind.NIGHTLY and due_since <= one.made_at <= now for one in backups
    )


def last_due(now: datetime, zone: ZoneInfo) -> datetime:
    """Returns the last time that a nightly backup was due."""
    local = now.astimezone(zone)
    due = datetime.combine(local.date(), _TIME_OF_DAY, zone)
    return (
        due
        if due <= local
        else datetime.combine(due.date() - timedelta(days=1), _TIME_OF_DAY, zone)
    )


def make_nightly(backups: Backups, now: datetime, keep: int) -> tuple[Backup, list[Path]]:
    """Makes a backup, then deletes surplus ones; returns it and what was deleted.

    Runs in a worker process. If the backup fails, no other one is deleted.
    """
    give_way()
    made = backups.make(BackupKind.NIGHTLY, now)
    return made, backups.prune(made, keep)
