"""The bot's database gets damaged while it runs: everybody is told once, and nothing is sent."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.settings import Settings
from tests.faults.discord_standin import MODERATORS, PAPERS, Fault, Payload
from tests.faults.station import Station
from tests.support.damage import damage


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, moderators_channel_id=MODERATORS)


def alerts(station: Station) -> list[Payload]:
    """Returns the messages in the moderators' channel."""
    return station.discord.standing(MODERATORS)


def damage_reports(station: Station) -> list[str]:
    """Returns the logged errors about the damage; fails if anything has a traceback."""
    assert [one.getMessage() for one in station.log.records if one.exc_info] == []
    return [one.getMessage() for one in station.log.records if one.levelno >= logging.ERROR]


async def run_for_a_while(station: Station) -> None:
    """Lets the timers do their work again and again."""
    for _ in range(5):
        station.clock.advance(timedelta(hours=1))
        await station.app.poll()
        await station.app.deliver()


async def test_the_daily_check_reports_damage_once_and_nothing_more_is_sent(
    station: Station,
) -> None:
    await station.app.database_health.check()
    assert alerts(station) == []
    await station.publish()
    damage(station.app.settings.database_path, "changes")
    await station.app.database_health.check()
    await run_for_a_while(station)
    await station.app.database_health.check()
    (report,) = damage_reports(station)
    assert f"The database {station.app.settings.database_path} is damaged (" in report
    assert len(alerts(station)) == 1
    assert "is damaged" in str(alerts(station)[0]["components"])
    assert ": `lab-herald restore FILE`." in str(alerts(station)[0]["components"])
    assert station.announced(PAPERS) == []
    assert station.warnings == [report]


@pytest.mark.parametrize("first", ["poll", "deliver"])
async def test_damage_that_a_timer_meets_is_reported_once(station: Station, first: str) -> None:
    damage(station.app.settings.database_path)
    await getattr(station.app, first)()
    await run_for_a_while(station)
    assert len(damage_reports(station)) == 1
    assert len(alerts(station)) == 1


async def test_damage_that_all_timers_meet_at_once_is_reported_once(station: Station) -> None:
    app = station.app
    damage(app.settings.database_path)
    await asyncio.gather(app.poll(), app.deliver(), app.maintain(), app.database_health.check())
    assert len(damage_reports(station)) == 1
    assert len(alerts(station)) == 1


async def test_damaged_pages_of_the_search_index_put_nothing_on_hold(station: Station) -> None:
    damage(station.app.settings.database_path, "words_backwards")
    for _ in range(2):
        await station.app.database_health.check()
        await station.deliver_later()
    (alert,) = alerts(station)
    assert "The search index is damaged" in str(alert["components"])
    assert "run `lab-herald check --repair`, which" in str(alert["components"])
    assert not await station.app.database_health.is_damaged()


async def test_an_alert_that_discord_does_not_accept_is_sent_again(station: Station) -> None:
    station.discord.fail("send", Fault(500), Fault(500), Fault(500), Fault(500), Fault(500))
    damage(station.app.settings.database_path)
    await station.app.database_health.check()
    assert alerts(station) == []
    station.discord.heal()
    await run_for_a_while(station)
    assert len(alerts(station)) == 1
    assert len(damage_reports(station)) == 1


async def test_an_alert_that_discord_forbids_is_not_sent_again(station: Station) -> None:
    station.discord.fail("send", Fault(403))
    damage(station.app.settings.database_path)
    await run_for_a_while(station)
    assert alerts(station) == []
    assert "The moderators couldn't be told about the damage" in station.warnings[-1]


async def test_a_database_that_cannot_be_checked_is_a_warning(station: Station) -> None:
    path = station.app.settings.database_path
    path.rename(path.with_name("moved.db"))
    await station.app.database_health.check()
    path.with_name("moved.db").rename(path)
    (warning,) = station.warnings
    assert "The database couldn't be checked for damage: unable to open" in warning
    assert alerts(station) == []
