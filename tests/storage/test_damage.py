from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.damage import describe_damage, find_damage, find_last_backup
from storage.database import Database, open_database, require_undamaged
from storage.errors import DatabaseDamaged, DatabaseUnavailable, DatabaseUnusable
from storage.library import Library, open_library
from storage.timestamps import utc_now
from tests.support.damage import damage, damage_schema
from tests.support.library import MODERATOR


@pytest.fixture
def path(tmp_path: Path, starter_database: Path) -> Path:
    """A database with papers."""
    return Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))


def copy(path: Path, name: str, day: int) -> Path:
    """Copies a database, as a backup of a day."""
    backup = Path(shutil.copyfile(path, path.with_name(name)))
    at = datetime(2026, 11, day, 12, 30, tzinfo=UTC).timestamp()
    os.utime(backup, (at, at))
    return backup


def test_a_good_database_has_no_damage(path: Path) -> None:
    assert find_damage(path) == ""
    require_undamaged(path)
    require_undamaged(path.with_name("new.db"))
    assert not path.with_name("new.db").exists()


@pytest.mark.parametrize("table", ["papers", "credits", "identifiers"])
def test_damage_is_found(path: Path, table: str) -> None:
    damage(path, table)
    assert find_damage(path)
    with pytest.raises(DatabaseUnusable, match=r"is damaged \(.+\)\. Stop the bot and replace"):
        require_undamaged(path)


def test_a_file_of_another_kind_is_not_called_damaged_only(path: Path) -> None:
    path.write_bytes(b"A letter. " * 1000)
    assert "isn't a database or is damaged (file is not a database)" in describe_damage(
        path, find_damage(path)
    )


def test_the_last_good_backup_is_named(path: Path) -> None:
    good = copy(path, "lab-good.db", 2)
    copy(path, "lab-older.db", 1)
    copy(path, "other.db", 5)
    damage(copy(path, "lab.db.bak", 3))
    path.with_name("lab.txt").write_text("no database")
    damage(path)
    os.utime(path.with_name("lab.db.bak"), (2**31, 2**31))
    assert find_last_backup(path) == good
    sentence = describe_damage(path, find_damage(path))
    assert f"the last good backup, {good} of 2026-11-02 12:30 UTC." in sentence
    assert sorted(each.name for each in path.parent.glob("*-wal")) == []


async def test_an_unknown_format_is_no_damage_but_no_good_backup_either(path: Path) -> None:
    backup = copy(path, "lab-backup.db", 1)
    for each in (path, backup):
        with each.open("r+b") as file:
            file.seek(44)  # the number of the schema's format
            file.write(b"\0\0\0\x09")
    require_undamaged(path)
    assert find_last_backup(path) is None
    with pytest.raises(DatabaseUnusable, match="can't be used: unsupported file format"):
        async with open_database(path):
            pass


async def test_a_damaged_database_is_refused_when_it_is_opened(path: Path) -> None:
    damage_schema(path)
    with pytest.raises(DatabaseUnusable, match="is damaged"):
        async with open_database(path):
            pass


async def test_reading_damage_is_a_sentence_and_ends_all_writing(path: Path) -> None:
    async with open_library(path, utc_now) as library:
        damage(path)
        with pytest.raises(DatabaseDamaged, match="database is damaged, so nothing was changed"):
            await library.papers.batch()
        assert library.damage
        with pytest.raises(DatabaseDamaged):
            await library.papers.remove(1, MODERATOR)


async def test_damage_is_looked_for_on_a_connection_of_its_own(
    library: Library, database: Database
) -> None:
    assert await library.find_damage() == ""
    damage(database.path)
    assert await library.find_damage()
    assert library.damage
    with pytest.raises(DatabaseDamaged):
        await library.bot_state.set_value("name", "lost")


async def test_a_database_that_cannot_be_read_is_not_damaged(
    library: Library, database: Database
) -> None:
    database.path.rename(database.path.with_name("moved.db"))
    with pytest.raises(DatabaseUnavailable, match="unable to open"):
        await library.find_damage()
    assert library.damage == ""
