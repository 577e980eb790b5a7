"""Counting uses of commands by day, without people."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

from storage.database import Database
from storage.library import Library, open_library
from tests.support.lab import FakeClock

TODAY = date(2026, 11, 23)


async def test_uses_are_counted_by_day_and_command(library: Library, clock: FakeClock) -> None:
    uses = library.command_uses
    uses.record("/search")
    await uses.save()
    clock.advance(timedelta(days=1))
    uses.record("/search")
    uses.record("/search")
    uses.record("Add paper")
    usage = await uses.load(days=3)
    assert usage.days == ((TODAY - timedelta(1), 0), (TODAY, 1), (TODAY + timedelta(1), 3))
    assert usage.commands == (("/search", 3), ("Add paper", 1))
    assert usage.total == 4

    await uses.save()  # what was saved isn't counted twice
    await uses.save()
    assert await uses.load(days=3) == usage
    assert (await uses.load(days=1)).total == 3


async def test_uses_older_than_a_year_are_forgotten(library: Library, clock: FakeClock) -> None:
    library.command_uses.record("/search")
    await library.command_uses.save()
    clock.advance(timedelta(days=367))
    library.command_uses.record("/author")
    await library.command_uses.save()
    assert (await library.command_uses.load(days=400)).commands == (("/author", 1),)


async def test_what_cannot_be_saved_is_saved_the_next_time(
    library: Library, database: Database
) -> None:
    library.command_uses.record("/search")
    database.damage = "a page is wrong"
    await library.command_uses.save()
    database.damage = ""
    library.command_uses.record("/search")
    await library.command_uses.save()
    with closing(sqlite3.connect(database.path)) as db:
        rows = db.execute("SELECT day, command, uses FROM command_uses").fetchall()
    assert rows == [(TODAY.isoformat(), "/search", 2)]


async def test_uses_are_saved_when_the_library_is_closed(tmp_path: Path, clock: FakeClock) -> None:
    async with open_library(tmp_path / "lab.db", clock) as library:
        library.command_uses.record("/search")
    async with open_library(tmp_path / "lab.db", clock) as library:
        assert (await library.command_uses.load()).total == 1


async def test_nothing_says_who_used_a_command(library: Library) -> None:
    with closing(sqlite3.connect(library.path)) as db:
        columns = db.execute("SELECT name FROM pragma_table_info('command_uses')").fetchall()
    assert columns == [("day",), ("command",), ("uses",)]
