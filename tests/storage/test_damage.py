from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from storage.backups.files import Backups
from storage.damage import find_damage, find_search_damage, is_only_search_damaged
from storage.database import is_closed, open_database, require_undamaged
from storage.errors import DatabaseDamaged, DatabaseUnusable, SearchDamaged
from storage.library import open_library
from storage.search.query import parse
from storage.timestamps import utc_now
from tests.support.damage import (
    SEARCH_DAMAGE,
    SEARCH_TABLES,
    damage,
    damage_schema,
    damage_search,
)
from tests.support.library import MODERATOR
from tests.support.sqlite_files import run_sql


@pytest.fixture
def path(tmp_path: Path, starter_database: Path) -> Path:
    """A database with papers."""
    return Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))


def test_a_good_database_has_no_damage(path: Path) -> None:
    assert find_damage(path) == ""
    require_undamaged(path)
    require_undamaged(path.with_name("new.db"))
    assert not path.with_name("new.db").exists()


@pytest.mark.parametrize("table", ["papers", "credits", "identifiers"])
def test_damage_is_found(path: Path, table: str) -> None:
    damage(path, table)
    assert find_damage(path)
    with pytest.raises(DatabaseUnusable, match=r"is damaged \(.+\)\. Stop the bot and restore"):
        require_undamaged(path)


def test_what_is_no_database_is_damaged_in_more_than_its_search_index(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("This is no database. " * 100)
    assert not is_only_search_damaged(path)
    assert "not a database" in find_damage(path)


async def test_an_unknown_format_is_no_damage(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(44)  # the number of the schema's format
        file.write(b"\0\0\0\x09")
    require_undamaged(path)
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


@pytest.mark.parametrize("kind", SEARCH_DAMAGE)
def test_damage_of_the_search_index_is_told_apart(path: Path, kind: str) -> None:
    assert find_search_damage(path) == ""
    damage_search(path, kind)
    before = path.read_bytes()
    assert find_search_damage(path)
    assert find_damage(path) == ""
    assert path.read_bytes() == before


@pytest.mark.parametrize("table", SEARCH_TABLES)
def test_damaged_pages_of_the_search_index_are_told_apart(path: Path, table: str) -> None:
    damage(path, table)
    assert find_search_damage(path)
    assert find_damage(path) == ""
    assert is_only_search_damaged(path)
    sentences = Backups.of(path).describe_damage("some problem")
    assert sentences.startswith("The search index is damaged (some problem), so searches")
    assert "lab-herald restore" not in sentences


def test_damage_of_both_is_damage_of_the_database(path: Path) -> None:
    damage(path, "paper_text_data", "papers")
    assert find_damage(path)
    assert not is_only_search_damaged(path)


@pytest.mark.parametrize("content", [b"", b"A letter. " * 1000])
def test_a_file_without_a_search_index_has_no_damaged_one(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert not is_only_search_damaged(path)


def test_another_programs_database_has_no_damaged_search_index(tmp_path: Path) -> None:
    run_sql(tmp_path / "other.db", "CREATE TABLE letters (text)")
    assert find_search_damage(tmp_path / "other.db") == ""


async def test_a_search_that_meets_damage_is_a_sentence_and_other_changes_go_on(
    path: Path,
) -> None:
    damage_search(path, "version")
    async with open_library(path, utc_now) as library:
        with pytest.raises(SearchDamaged, match=r"rebuild it with `lab-herald check --repair`\.$"):
            await library.search.find(parse("protein"))
        assert library.search_damage
        assert library.damage == ""
        await library.bot_state.set_value("name", "kept")
        with pytest.raises(SearchDamaged):
            await library.papers.remove(1, MODERATOR)
        assert (await library.papers.get(1)).removed_at is None


async def test_a_closed_database_leaves_no_log_behind(path: Path) -> None:
    async with open_library(path, utc_now) as library:
        await library.bot_state.set_value("name", "value")
        assert not is_closed(path)
    assert is_closed(path)
    (link := path.with_name("link.db")).symlink_to(path)
    path.with_name("lab.db-wal").write_bytes(b"left behind")
    assert not is_closed(link)
