"""The bot connected to a stand-in for Discord, and what tests do with both."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.app import App, open_app
from bot.client import ShardedLabHerald
from bot.settings import Settings
from storage.models import Origin, PaperDraft
from tests.faults.discord_standin import GUILD_READY_TIMEOUT, PAPERS, TOKEN, StandIn, announced
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR

_number = itertools.count(1)


@dataclass
class Station:
    """The bot with its Discord, its clock and its log."""

    app: App
    discord: StandIn
    clock: FakeClock
    log: pytest.LogCaptureFixture

    async def publish(self, count: int = 1) -> list[int]:
        """Adds papers and announces them in all channels; returns their ids."""
        found = []
        for _ in range(count):
            draft = PaperDraft(title=f"Paper {next(_number)}")
            result = (
                await self.app.library.papers.upsert(
                    draft, Origin.MODERATOR, MODERATOR, announce=True
                )
            ).value
            assert result.paper
            found.append(result.paper.id)
        return found

    async def deliver_later(self, time: timedelta = timedelta(minutes=1)) -> int:
        """Delivers what is due after some time has passed."""
        self.clock.advance(time)
        return await self.app.deliver()

    def announced(self, channel_id: int = PAPERS) -> list[int]:
        """Returns the papers that a channel's messages announce, in order."""
        return announced(self.discord.standing(channel_id))

    @property
    def warnings(self) -> list[str]:
        """The logged warnings; fails if one has a traceback."""
        records = [one for one in self.log.records if one.levelno >= logging.WARNING]
        assert [one.getMessage() for one in records if one.exc_info] == []
        return [one.getMessage() for one in records if one.name.startswith("bot.")]


class HastyLabHerald(ShardedLabHerald):
    """The bot of `lab-herald run`, which identifies itself again at once and not after 5 s."""

    async def before_identify_hook(self, _shard_id: int | None, *, initial: bool = False) -> None:
        """Waits for nothing."""


@asynccontextmanager
async def open_station(
    settings: Settings, clock: FakeClock, stand_in: StandIn, log: pytest.LogCaptureFixture
) -> AsyncIterator[Station]:
    """Runs the bot, connected to a stand-in, inside the block."""
    async with open_app(
        settings,
        clock,
        busy_timeout=timedelta(milliseconds=20),
        guild_ready_timeout=GUILD_READY_TIMEOUT,
        client_class=HastyLabHerald,
    ) as app:
        await app.client.login(TOKEN)
        connection = asyncio.create_task(app.client.connect())
        await app.client.wait_until_ready()
        log.clear()
        yield Station(app, stand_in, clock, log)
        await app.client.close()
        await connection
