"""The bot connected to a stand-in for Discord, and what tests do with both."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.app import App
from storage.models import Origin, PaperDraft
from tests.faults.discord_standin import PAPERS, StandIn, announced
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
