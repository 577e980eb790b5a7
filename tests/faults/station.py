"""The bot beside a stand-in for Discord, and what a test asks of both."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass
from datetime import timedelta

import pytest

from bot.app import App
from storage.models import Origin, PaperDraft
from tests.faults.discord_standin import PAPERS, StandIn, announced
from tests.support.lab import StillClock
from tests.support.library import MODERATOR

_number = itertools.count(1)


@dataclass
class Station:
    """The bot and its Discord, and what is said in the log."""

    app: App
    discord: StandIn
    clock: StillClock
    log: pytest.LogCaptureFixture

    async def publish(self, count: int = 1) -> list[int]:
        """New papers, for all channels; gives their numbers."""
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
        """Deliver when some time has gone by."""
        self.clock.move(time)
        return await self.app.deliver()

    def announced(self, channel_id: int = PAPERS) -> list[int]:
        """The papers of a channel's messages."""
        return announced(self.discord.standing(channel_id))

    @property
    def warnings(self) -> list[str]:
        """What was logged of trouble; each a sentence, and never a traceback."""
        records = [one for one in self.log.records if one.levelno >= logging.WARNING]
        assert [one.getMessage() for one in records if one.exc_info] == []
        return [one.getMessage() for one in records if one.name.startswith("bot.")]
