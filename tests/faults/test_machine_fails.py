"""The bot's machine in trouble: its database locked, its disk full, its clock set back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.models import SubscriptionOptions
from tests.faults.crash_lane import Site, open_lane, open_site
from tests.faults.discord_standin import GUILD, NEWS, PAPERS, Fault, announced
from tests.faults.locker import Locker
from tests.faults.station import Station
from tests.support.library import MODERATOR

HOUR = timedelta(hours=1)


@pytest.fixture
async def locker(station: Station) -> AsyncIterator[Locker]:
    """Locks the bot's database."""
    locker = Locker(station.app.settings.database_path)
    yield locker
    await locker.unlock()


@asynccontextmanager
async def followed_feed(station: Station) -> AsyncIterator[Site]:
    """A feed that has a new paper each time that it is read."""
    site = Site(batches=[[f"Paper of the feed, {number}"] for number in range(9)])
    async with open_site(site) as address:
        await station.app.poller.follow(address, MODERATOR)
        yield site


async def papers_after_first(station: Station) -> list[int]:
    """The papers that the feed had after its first, silent reading, oldest first."""
    return sorted(paper.id for paper in await station.app.library.papers.batch())[1:]


async def test_a_database_locked_during_polls_loses_no_entry(
    station: Station, locker: Locker
) -> None:
    async with followed_feed(station) as site:
        station.clock.advance(HOUR)
        await locker.lock()
        for _ in range(3):  # the feed is not asked again at once
            await station.app.poll()
        assert site.asked == 2
        station.clock.advance(timedelta(minutes=1))
        await station.app.poll()
        assert site.asked == 3
        assert station.announced() == []
        (warning,) = station.warnings
        assert "New papers can't be saved until" in warning
        await locker.unlock()
        station.clock.advance(timedelta(minutes=1))
        await station.app.poll()
    assert station.announced() == await papers_after_first(station)
    assert len(station.announced()) == 3
    assert station.warnings[1:] == ["The database is available again."]


@pytest.mark.parametrize("moment", ["received send", "kept send"])
async def test_a_database_locked_during_a_send_causes_no_second_message(
    station: Station, locker: Locker, moment: str
) -> None:
    station.discord.nonce_window = timedelta()
    await station.app.library.subscriptions.subscribe(GUILD, NEWS, MODERATOR)
    papers = await station.publish(3)

    async def watch(seen: str) -> None:
        if seen == moment and not locked.locked():
            await locked.acquire()
            await locker.lock()

    locked = asyncio.Lock()
    station.discord.watch = watch
    for _ in range(3):
        await station.app.deliver()
    (warning,) = station.warnings
    assert "Announcements are on hold until the database is available" in warning
    assert "locked" in warning
    await locker.unlock()
    assert await station.app.deliver() == 6
    assert station.announced(PAPERS) == station.announced(NEWS) == papers
    assert station.warnings[1:] == ["The database is available again."]


async def test_a_database_locked_before_a_send_delays_it(station: Station, locker: Locker) -> None:
    papers = await station.publish(2)
    await locker.lock()
    for _ in range(3):
        assert await station.app.deliver() == 0
    assert station.announced() == []
    assert len(station.warnings) == 1
    await locker.unlock()
    assert await station.app.deliver() == 2
    assert station.announced() == papers


async def test_database_and_discord_failing_together_lose_nothing(
    station: Station, locker: Locker
) -> None:
    station.discord.nonce_window = timedelta()
    papers = await station.publish(2)

    async def watch(seen: str) -> None:
        if seen == "kept send":
            station.discord.watch = nothing
            await locker.lock()

    async def nothing(_seen: str) -> None:
        """Trouble comes once."""

    station.discord.watch = watch
    station.discord.fail("send", Fault(502, kept=True))
    assert await station.app.deliver() == 0
    await locker.unlock()
    assert await station.deliver_later() == 2
    assert station.announced() == papers


async def test_a_full_disk_loses_nothing_at_any_commit(tmp_path: Path) -> None:
    async with open_lane(tmp_path) as lane:
        for number, what in enumerate(["intake", "post", "claim", "record"]):
            before = len(lane.log)
            outcome = await lane.run_full(number, what)
            said = lane.log[before:]
            assert outcome.is_good, said
            assert "Traceback" not in said
            assert "disk I/O error" in said
            assert said.count("until the database is available") <= 2
            assert "The database is available again." in said


async def test_a_clock_set_back_does_not_delay_announcements(station: Station) -> None:
    papers = await station.publish(2)
    station.discord.fail("send", Fault(503))
    assert await station.app.deliver() == 0
    station.clock.advance(-HOUR)
    papers += await station.publish()
    await station.app.deliver()
    await station.deliver_later(HOUR + timedelta(minutes=1))
    assert station.announced() == papers


async def test_a_clock_set_back_causes_no_second_message(station: Station) -> None:
    """The bot's clock was ahead when it sent; many have written into the channel since."""
    station.discord.nonce_window = timedelta()
    papers = await station.publish(2)
    true_time = station.clock()
    station.discord.clock = lambda: true_time
    station.clock.advance(2 * HOUR)
    station.discord.fail("send", Fault(503, kept=True))
    assert await station.app.deliver() == 0
    station.clock.advance(-2 * HOUR)
    for number in range(300):
        station.discord.keep(PAPERS, {"content": f"Message {number}"})
    assert await station.deliver_later(3 * HOUR) == 2
    assert announced(station.discord.messages[PAPERS]) == papers


async def test_a_clock_set_back_delays_a_feed_and_adds_nothing_twice(
    station: Station,
) -> None:
    async with followed_feed(station) as site:
        station.clock.advance(HOUR)
        await station.app.poll()
        station.clock.advance(-HOUR)
        await station.app.poll()
        assert site.asked == 2
        station.clock.advance(2 * HOUR)
        await station.app.poll()
        assert site.asked == 3
    assert len(station.announced()) == 2
    assert station.announced() == await papers_after_first(station)
    assert station.warnings == []


@pytest.mark.parametrize("years", [0.001, 4])
async def test_a_clock_that_was_years_ahead_stops_neither_feeds_nor_announcements(
    station: Station, years: float
) -> None:
    weekly = SubscriptionOptions(digest=DigestSchedule(frequency=Frequency.WEEKLY))
    async with followed_feed(station):
        station.clock.advance(timedelta(days=365 * years))
        await station.app.library.subscriptions.subscribe(GUILD, NEWS, MODERATOR, weekly)
        station.discord.fail("send", Fault(503))
        await station.app.poll()
        assert station.announced() == []
        station.clock.advance(-timedelta(days=365 * years))
        for _ in range(20):
            station.clock.advance(10 * HOUR)
            await station.app.poll()
    papers = await papers_after_first(station)
    assert station.announced() == papers
    assert len(papers) == 8
    assert station.announced(NEWS) != []
