from __future__ import annotations

import hashlib
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.damage import find_damage, find_search_damage
from storage.errors import LabError
from storage.library import open_library
from storage.papers.combine import as_draft
from storage.recovery.repair import NotRepaired, repair_search
from storage.search.query import parse
from storage.timestamps import utc_now
from tests.support.damage import SEARCH_DAMAGE, SEARCH_TABLES, damage, damage_search
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR
from tests.support.library_tables import dump

QUERIES = ("protein", "deep learning", "language mod", "tag:nlp", "author:biderman", "pythia")


@pytest.fixture
def copied(tmp_path: Path, starter_database: Path) -> Path:
    path = Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))
    path.chmod(0o640)
    return path


@pytest.fixture
async def path(copied: Path, clock: FakeClock) -> Path:
    """A database with a removed paper, an author's former name, and abbreviations."""
    async with open_library(copied, clock) as library:
        await library.papers.remove(2, MODERATOR)
        await library.papers.tag(3, ["kept"], [], MODERATOR)
        name = (await library.papers.get(4)).authors[0]
        await library.authors.rename(name, "Newly Named", MODERATOR)
        draft = as_draft(await library.papers.get(5))
        explained = replace(draft, abstract="A masked language model (MLM) is an MLM.")
        await library.papers.edit(5, explained, MODERATOR)
        await library.abbreviations.decide("LLM", "large language model", MODERATOR)
    return copied


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def repair(path: Path) -> tuple[int, Path | None]:
    return await repair_search(path, utc_now(), lambda _done, _total: None)


def contents(path: Path) -> dict[str, list[Any]]:
    """Returns all rows of the tables, with each word of the index and its places."""
    full_text = ("paper_text", "paper_heads")
    rows = {name: rows for name, rows in dump(path).items() if not name.startswith(full_text)}
    with closing(sqlite3.connect(path)) as db:
        for table in full_text:
            db.execute(
                f"CREATE VIRTUAL TABLE temp.{table}_terms USING fts5vocab(main, {table}, instance)"
            )
            rows[table] = db.execute(f"SELECT * FROM {table}_terms ORDER BY 1, 2, 3, 4").fetchall()
        rows["schema"] = sorted(
            db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema").fetchall(), key=repr
        )
        rows["versions"] = [
            db.execute(f"PRAGMA {name}").fetchone() for name in ("user_version", "application_id")
        ]
    return rows


async def found(path: Path) -> list[Any]:
    """Returns what some searches find."""
    async with open_library(path, utc_now) as library:
        return [await library.search.find(parse(query), limit=50) for query in QUERIES]


async def assert_repaired(path: Path, before: dict[str, list[Any]], results: list[Any]) -> None:
    done: list[tuple[int, int]] = []
    papers, kept = await repair_search(path, utc_now(), lambda *step: done.append(step))
    assert papers == 19
    assert done[-1] == (19, 19)
    assert find_damage(path) == find_search_damage(path) == ""
    assert contents(path) == before
    assert before["paper_abbreviations"]
    assert before["abbreviations"]
    assert await found(path) == results
    assert any(result.results.total for result in results)
    assert mode(path) == 0o640
    assert kept is not None
    assert find_search_damage(kept)
    assert {each.name for each in path.parent.iterdir()} == {"lab.db", kept.name}


@pytest.mark.parametrize("kind", SEARCH_DAMAGE)
async def test_a_damaged_search_index_is_rebuilt_from_the_papers(path: Path, kind: str) -> None:
    before, results = contents(path), await found(path)
    damage_search(path, kind)
    await assert_repaired(path, before, results)


@pytest.mark.parametrize("table", SEARCH_TABLES)
async def test_damaged_pages_of_the_search_index_are_replaced(path: Path, table: str) -> None:
    before, results = contents(path), await found(path)
    damage(path, table)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA application_id = 0")  # which the damage changed
    await assert_repaired(path, before, results)


async def test_a_symbolic_link_to_the_database_stays_one(path: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").mkdir()
    (link := tmp_path / "linked" / "lab.db").symlink_to(path)
    damage_search(path)
    await repair(link)
    assert link.is_symlink()
    assert find_search_damage(path) == ""


@pytest.fixture
def locked(path: Path) -> Iterator[Path]:
    """The database while another program writes to it."""
    damage_search(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")
        yield path


async def test_a_database_that_another_program_writes_to_stays_as_it_is(locked: Path) -> None:
    with pytest.raises(NotRepaired, match="couldn't be rebuilt: database is locked"):
        await repair(locked)
    assert [each.name for each in locked.parent.glob("lab-*")] == []


async def test_a_database_that_another_program_has_open_stays_as_it_is(path: Path) -> None:
    damage_search(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("SELECT * FROM papers").fetchall()
        with pytest.raises(LabError, match="Another program is using the database"):
            await repair(path)
    assert find_search_damage(path)
    assert [each.name for each in path.parent.glob("lab-*")] == []


async def test_papers_that_are_damaged_too_are_not_repaired(path: Path) -> None:
    damage(path, "paper_text_data", "changes")
    before = digest(path)
    with pytest.raises(LabError, match="malformed"):
        await repair(path)
    assert digest(path) == before
    assert [each.name for each in path.parent.iterdir()] == ["lab.db"]
