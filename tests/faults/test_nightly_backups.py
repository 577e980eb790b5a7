"""The bot's nightly backups: when they are made, and what happens if they fail."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.maintenance.nightly_backups import NightlyBackups, last_due, report_restore
from bot.settings import Settings
from storage.backups.files import Backup, BackupKind, Backups
from storage.library import open_library
from storage.restore_report import Loss, RestoreReport
from storage.timestamps import to_text, utc_now
from tests.faults.discord_standin import MODERATORS, StandIn
from tests.faults.station import Station
from tests.faults.test_shutdown import PROGRAM, assert_stops_in_time, running
from tests.support.damage import damage, damage_search
from tests.support.sqlite_files import kill_while_open, run_sql

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# The program itself, with backups that never end.
BACKING_UP = (
    """
import bot.maintenance.nightly_backups
from tests.faults.hanging import hang
bot.maintenance.nightly_backups.make_nightly = hang
"""
    + PROGRAM
)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, moderators_channel_id=MODERATORS, backup_keep=3)


def backups(settings: Settings) -> Backups:
    return Backups.of(settings.database_path)


def made(station: Station) -> Sequence[Backup]:
    return backups(station.app.settings).all()


async def alerts(station: Station) -> list[str]:
    """Returns the messages in the moderators' channel."""
    await station.app.deliver()
    return [str(message["components"]) for message in station.discord.standing(MODERATORS)]


async def test_one_backup_a_night_and_the_newest_are_kept(station: Station) -> None:
    nights = []
    for _ in range(4):
        await station.app.nightly_backups.make_if_due()
        nights.append(made(station)[0])
        for _ in range(3):
            station.clock.advance(timedelta(minutes=15))
            await station.app.nightly_backups.make_if_due()
        station.clock.advance(DAY)
    assert made(station) == nights[:0:-1]
    assert await alerts(station) == []
    assert station.warnings == []


@pytest.mark.parametrize(
    ("now", "zone", "due"),
    [
        ("2026-11-23T02:59+00:00", "UTC", "2026-11-22T03:00+00:00"),
        ("2026-11-23T03:00+00:00", "UTC", "2026-11-23T03:00+00:00"),
        ("2026-11-23T07:59+00:00", "America/New_York", "2026-11-22T08:00+00:00"),
        ("2026-11-23T08:01+00:00", "America/New_York", "2026-11-23T08:00+00:00"),
        ("2026-03-29T01:30+00:00", "Europe/Berlin", "2026-03-29T01:00+00:00"),  # 2:00 is left out
        ("2026-10-25T01:30+00:00", "Europe/Berlin", "2026-10-24T01:00+00:00"),  # 2:00 comes twice
        ("2026-10-25T02:00+00:00", "Europe/Berlin", "2026-10-25T02:00+00:00"),
    ],
)
def test_backups_are_due_at_three_in_the_labs_zone(now: str, zone: str, due: str) -> None:
    found = last_due(datetime.fromisoformat(now), ZoneInfo(zone))
    assert found.astimezone(UTC) == datetime.fromisoformat(due)


async def test_moderators_hear_once_that_backups_fail_and_once_that_they_work(
    station: Station,
) -> None:
    await station.app.nightly_backups.make_if_due()
    (good,) = made(station)
    folder = good.path.parent
    aside = folder.rename(folder.with_name("aside"))
    folder.write_text("in the way")
    for _ in range(8):
        station.clock.advance(HOUR)
        await station.app.nightly_backups.make_if_due()
        await station.app.nightly_backups.make_if_due()
    (alert,) = await alerts(station)
    assert "The nightly backup failed. The folder " in alert
    assert "can't be created: File exists" in alert
    failures = [each for each in station.warnings if "nightly backup failed" in each]
    assert 2 <= len(failures) <= 8
    folder.unlink()
    aside.rename(folder)
    for _ in range(8):  # until after three
        station.clock.advance(HOUR)
        await station.app.nightly_backups.make_if_due()
    assert len(made(station)) == 2
    assert made(station)[1] == good
    assert "Nightly backups work again." in (await alerts(station))[1]
    assert len(await alerts(station)) == 2


async def test_a_failed_backup_deletes_no_good_one(station: Station) -> None:
    for _ in range(3):
        await station.app.nightly_backups.make_if_due()
        station.clock.advance(DAY)
    good = made(station)
    damage(station.app.settings.database_path, "changes")
    for _ in range(2):
        await station.app.nightly_backups.make_if_due()
        station.clock.advance(DAY)
    assert made(station) == good
    assert len(await alerts(station)) == 1


async def test_no_backup_is_made_of_a_database_that_is_known_to_be_damaged(
    station: Station,
) -> None:
    damage(station.app.settings.database_path, "changes")
    await station.app.database_health.check()
    await station.app.nightly_backups.make_if_due()
    assert made(station) == []
    assert len(await alerts(station)) == 1  # about the damage


async def test_a_backup_checks_the_database_which_is_not_read_again(station: Station) -> None:
    await station.app.maintain()
    damage(station.app.settings.database_path, "changes")
    for _ in range(4):
        station.clock.advance(HOUR)
        await station.app.database_health.check_if_due()
    assert await alerts(station) == []
    station.clock.advance(DAY)
    await station.app.maintain()
    (alert,) = await alerts(station)
    assert "is damaged" in alert
    assert "backup failed" not in alert
    assert len(made(station)) == 1


async def test_a_database_without_backups_is_checked_daily(station: Station) -> None:
    health = station.app.database_health
    await health.check_if_due()
    damage(station.app.settings.database_path, "changes")
    await health.check_if_due()
    assert await alerts(station) == []
    station.clock.advance(timedelta(hours=31))
    await health.check_if_due()
    assert len(await alerts(station)) == 1
    await health.check_if_due()
    assert len(await alerts(station)) == 1


async def test_moderators_hear_once_that_only_the_search_index_is_damaged(
    station: Station,
) -> None:
    path = station.app.settings.database_path
    first = await station.publish()
    await station.deliver_later()
    damage_search(path, "text")
    for _ in range(3):
        await station.app.maintain()
        station.clock.advance(DAY)
    assert len(made(station)) == 3
    (alert,) = await alerts(station)
    assert "⚠️ The search index is damaged" in alert
    assert "lab-herald check --repair" in alert
    papers = await station.publish()
    await station.deliver_later()
    assert station.announced() == [*first, *papers]
    run_sql(path, "INSERT INTO paper_text (paper_text) VALUES ('rebuild')")
    await station.app.maintain()
    station.clock.advance(DAY)
    damage_search(path, "lengths")
    await station.app.maintain()
    assert len(await alerts(station)) == 2


async def test_a_search_that_meets_damage_tells_moderators(station: Station) -> None:
    station.app.library.search_damage = "database disk image is malformed"
    for _ in range(3):
        await station.app.poll()
        assert len(await alerts(station)) == 1


async def test_zero_turns_nightly_backups_off(settings: Settings, station: Station) -> None:
    app = station.app
    off = replace(settings, backup_keep=0)
    await NightlyBackups(
        app.library, off, app.client.moderators, app.database_health, app.client.clock
    ).make_if_due()
    assert made(station) == []


async def test_a_missed_night_is_made_up_for_at_the_start(
    tmp_path: Path, stand_in: StandIn, starter_database: Path
) -> None:
    path = Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))
    old = Backups.of(path).make(BackupKind.NIGHTLY, datetime.now(UTC) - 3 * DAY)
    async with running(path, stand_in) as process:
        assert process.stderr
        while "Backed up 20 papers to" not in (line := (await process.stderr.readline()).decode()):
            assert line, "the program ended"
        await assert_stops_in_time(process)
    assert [each.path for each in Backups.of(path).all()][1:] == [old.path]


async def test_a_start_checks_a_database_that_was_not_closed_in_the_background(
    tmp_path: Path, stand_in: StandIn, starter_database: Path
) -> None:
    path = Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))
    now = datetime.now(UTC)
    Backups.of(path).make(BackupKind.NIGHTLY, now)
    run_sql(path, f"INSERT INTO bot_state VALUES ('database was checked at', '{to_text(now)}')")
    damage(path, "changes")
    async with running(path, stand_in) as process:  # starts, and doesn't read it all again
        await assert_stops_in_time(process)
    kill_while_open(path, "INSERT INTO bot_state VALUES ('last words', '')")
    async with running(path, stand_in) as process:
        assert process.stderr
        while "is damaged (" not in (line := (await process.stderr.readline()).decode()):
            assert line, "the program ended"
        assert "lab-nightly-" in line  # the last good backup
        await assert_stops_in_time(process)


async def test_a_backup_that_hangs_delays_no_stop(tmp_path: Path, stand_in: StandIn) -> None:
    async with running(tmp_path / "lab.db", stand_in, BACKING_UP) as process:
        assert process.stdout
        await process.stdout.readline()
        await assert_stops_in_time(process)


async def test_moderators_are_told_once_what_a_restore_lost(station: Station) -> None:
    app = station.app
    losses = [
        Loss("change", 7, [f"2026-11-23 12:0{number} Ada: edit “*X*”" for number in range(7)]),
        Loss("feed paper", 1, ["2026-11-23 12:00 News: “Y”"]),
    ]
    await app.library.restore_reports.save(
        RestoreReport(station.clock(), losses, "The former database is damaged.")
    )
    for _ in range(2):
        await report_restore(app.library, app.client.moderators)
    (alert,) = await alerts(station)
    assert "The paper list was restored from a backup" in alert
    assert "7 changes" in alert
    assert alert.count("Ada: edit “\\\\*X\\\\*”") == 5
    assert "- and 2 more" in alert
    assert "1 feed paper, which comes back if still in the feed" in alert
    assert "It isn't known what else was lost. The former database is damaged." in alert
    assert [each for each in station.warnings if "was restored from a backup" in each]


async def test_the_start_after_a_copy_by_hand_tells_moderators(
    tmp_path: Path, stand_in: StandIn, starter_database: Path
) -> None:
    path = Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))
    backup = Backups.of(path).make(BackupKind.MANUAL, datetime.now(UTC))
    shutil.copyfile(backup.path, path)
    told = asyncio.Event()

    async def watch(moment: str) -> None:
        if moment == "kept send":
            told.set()

    stand_in.watch = watch
    async with running(path, stand_in, MODERATORS_CHANNEL_ID=str(MODERATORS)) as process:
        await told.wait()
        await assert_stops_in_time(process)
    (message,) = stand_in.standing(MODERATORS)
    assert "copied by hand" in str(message["components"])
    async with open_library(path, utc_now) as library:
        assert await library.restore_reports.find() is None
