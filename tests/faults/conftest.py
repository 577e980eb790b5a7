"""The bot in this process, connected to a stand-in for Discord, with a clock that tests move."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from bot.settings import Settings
from tests.faults import discord_standin
from tests.faults.discord_standin import GUILD, PAPERS, StandIn
from tests.faults.station import Station, open_station
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR

_TIME_LIMIT = timedelta(minutes=3)  # also on a busy machine
_TIME_LIMIT_PER_RUN = timedelta(seconds=15)  # a kill or a restore


@pytest.fixture(autouse=True)
def bounded(pytestconfig: pytest.Config) -> Iterator[None]:
    """Ends a test that hangs."""
    runs = max(pytestconfig.getoption(option) for option in ("crash_runs", "restores"))
    limit = _TIME_LIMIT + runs * _TIME_LIMIT_PER_RUN

    def end(*_signal: object) -> None:
        raise TimeoutError(f"The test took longer than {limit}.")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, limit.total_seconds())
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
async def stand_in(clock: FakeClock) -> AsyncIterator[StandIn]:
    async with discord_standin.open_stand_in(clock=clock) as stand_in:
        with discord_standin.redirected(stand_in.address):
            yield stand_in


@pytest.fixture
async def station(
    settings: Settings, clock: FakeClock, stand_in: StandIn, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Station]:
    async with open_station(settings, clock, stand_in, caplog) as station:
        await station.app.library.subscriptions.subscribe(GUILD, PAPERS, MODERATOR)
        yield station
