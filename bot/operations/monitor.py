"""The status and metrics of the running bot, with its commands and the lag of its event loop."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import datetime

from discord.app_commands import ContextMenu

from bot.errors import is_refusal
from bot.interactions import Interaction, LabBot
from bot.operations.gateway import Gateway
from bot.operations.metrics import Metrics
from bot.operations.status import Status
from bot.settings import Settings
from storage.announcements.outbox import Backlog
from storage.backups.files import Backups
from storage.errors import DatabaseUnavailable
from storage.library import Library
from storage.timestamps import Clock

_RECEIVED_AT = "received at"  # a key of an interaction's extras
_FILE_LOST = (
    "somebody deleted or replaced its file while the bot was running, so changes are lost when it "
    "stops"
)
_LAG_INTERVAL = 0.5  # seconds between measurements of how late the event loop is


class Monitor:
    """The status and the metrics of one bot."""

    def __init__(self, client: LabBot, library: Library, settings: Settings, clock: Clock) -> None:
        self.metrics = Metrics()
        self._client = client
        self._library = library
        self._settings = settings
        self._clock = clock
        self._started_at = clock()
        self._last_poll_at: datetime | None = None
        self._gateway = Gateway(client)
        for event, handler in (
            ("on_interaction", self._received),
            ("on_app_command_completion", self._completed),
            ("on_command_failure", self._failed),
        ):
            client.add_listener(handler, event)

    async def _received(self, interaction: Interaction) -> None:
        interaction.extras[_RECEIVED_AT] = time.monotonic()

    async def _completed(self, interaction: Interaction, _command: object) -> None:
        self._record(interaction, "ok")

    async def _failed(self, interaction: Interaction, error: Exception) -> None:
        self._record(interaction, "refused" if is_refusal(error) else "failed")

    def _record(self, interaction: Interaction, outcome: str) -> None:
        now = time.monotonic()
        command = interaction.command
        name = command.qualified_name if command else "unknown"
        seconds = now - interaction.extras.get(_RECEIVED_AT, now)
        self.metrics.record_command(name, outcome, seconds)
        if command:
            is_menu = isinstance(command, ContextMenu)
            self._library.command_uses.record(name if is_menu else f"/{name}")

    def record_poll(self) -> None:
        """Records that due feeds were looked for."""
        self._last_poll_at = self._clock()

    async def watch_event_loop(self) -> None:
        """Records how late the event loop is, until it's cancelled."""
        while True:
            due_at = time.monotonic() + _LAG_INTERVAL
            await asyncio.sleep(_LAG_INTERVAL)
            self.metrics.record_loop_lag(time.monotonic() - due_at)

    async def status(self) -> Status:
        """Returns whether the bot can do its work, with a single small query: it's called often."""
        backlog, error = Backlog(0, None), self._library.damage
        if self._library.is_file_lost:
            error = _FILE_LOST
        if not error:
            try:
                backlog = await self._library.outbox.backlog()
            except DatabaseUnavailable as problem:
                error = problem.cause
        return Status(
            now=self._clock(),
            started_at=self._started_at,
            shard_count=self._gateway.shard_count,
            lost_shards=self._gateway.lost_shards,
            last_poll_at=self._last_poll_at,
            database_error=error,
            outbox_messages=backlog.posts,
            outbox_oldest_at=backlog.oldest_at,
        )

    async def render_metrics(self) -> bytes:
        """Returns all current metrics, without those from the database if it can't be used."""
        status = await self.status()
        values: dict[str, float] = {
            "servers": len(self._client.guilds),
            "database_bytes": await asyncio.to_thread(_size, self._settings),
        }
        if status.is_database_usable:
            with suppress(DatabaseUnavailable):
                values |= await self._count()
        return self.metrics.render(status, values, self._gateway.latencies)

    async def _count(self) -> dict[str, float]:
        library, settings = self._library, self._settings
        feeds, sources = await library.feeds.count(), await library.sources.states()
        backups = Backups.of(settings.database_path, settings.backup_dir)
        newest = await asyncio.to_thread(lambda: next(iter(backups.all()), None))
        return {
            "papers": await library.papers.count(),
            "feeds": feeds.feeds,
            "feeds_failing": feeds.failing,
            "feeds_paused": feeds.paused,
            "sources_failing": sum(1 for state in sources.values() if state.failures),
            "last_backup_timestamp_seconds": newest.made_at.timestamp() if newest else 0,
        }


def _size(settings: Settings) -> int:
    with suppress(OSError):
        return settings.database_path.stat().st_size
    return 0
