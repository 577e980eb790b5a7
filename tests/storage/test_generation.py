import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from storage.backups.database_copy import mark_as_copy
from storage.library import open_library
from storage.models import Origin, PaperDraft
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR

_DAY = timedelta(days=1)


async def _add(path: Path, clock: FakeClock, *titles: str) -> str:
    """Adds papers; returns the token of the database's generation."""
    async with open_library(path, clock) as library:
        for title in titles:
            await library.papers.upsert(PaperDraft(title=title), Origin.MODERATOR, MODERATOR)
        return library.generation.token


def _back_up(path: Path, clock: FakeClock) -> Path:
    copy = Path(shutil.copyfile(path, path.with_name(f"copy-{clock():%H-%M-%S}.db")))
    mark_as_copy(copy, clock())
    return copy


async def test_a_database_that_was_never_restored_is_the_first_generation(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "lab.db"
    assert await _add(path, clock, "Ours") == ""
    assert await _add(path, clock) == ""
    async with open_library(path, clock) as library:
        assert library.generation.number == 0
        assert library.generation.nonce(7) == "herald-7"
        assert library.generation.has_row("", "papers", 99)
        assert not library.generation.has_row("abc123", "papers", 1)


async def test_each_restore_starts_a_generation_even_of_the_same_backup(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "lab.db"
    await _add(path, clock, "Ours")
    copy = _back_up(path, clock)
    clock.advance(_DAY)
    tokens = []
    for _ in range(2):
        shutil.copyfile(copy, path)
        tokens.append(await _add(path, clock))
        assert await _add(path, clock) == tokens[-1]  # opening it again isn't a restore
    assert len({"", *tokens}) == 3
    async with open_library(path, clock) as library:
        assert library.generation.number == 1
        (lost,) = library.generation.lost_times
        assert lost.started_at - lost.copied_at == _DAY
        assert len(library.generation.nonce(10**10)) <= 25


async def test_an_id_of_a_former_generation_counts_only_if_it_was_in_the_backup(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "lab.db"
    await _add(path, clock, "One")
    first_copy = _back_up(path, clock)
    await _add(path, clock, "Two", "Three")
    shutil.copyfile(first_copy, path)
    clock.advance(_DAY)
    second = await _add(path, clock, "Another", "And another")
    second_copy = _back_up(path, clock)
    await _add(path, clock, "Lost as well")
    shutil.copyfile(second_copy, path)
    third = await _add(path, clock)
    async with open_library(path, clock) as library:
        generation = library.generation
        assert [generation.has_row("", "papers", number) for number in (1, 2)] == [True, False]
        known = [generation.has_row(second, "papers", number) for number in (1, 3, 4)]
        assert known == [True, True, False]
        assert generation.has_row(third, "papers", 4)
        assert not generation.has_row(second, "no such table", 1)


async def test_a_copy_that_was_opened_is_marked_again_by_its_restore(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "lab.db"
    await _add(path, clock, "Ours")
    copy = _back_up(path, clock)
    looked_at = await _add(copy, clock)
    clock.advance(_DAY)
    mark_as_copy(copy, clock())
    clock.advance(_DAY)
    mark_as_copy(copy, clock())  # the first mark stands
    restored = await _add(copy, clock)
    assert restored != looked_at
    async with open_library(copy, clock) as library:
        lost = library.generation.lost_times[-1]
        assert lost.started_at - lost.copied_at == _DAY


async def test_a_restore_makes_commands_be_registered_again(
    tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "lab.db"
    async with open_library(path, clock) as library:
        await library.bot_state.set_value("commands of 1 in every server", "a hash")
        await library.bot_state.set_value("something else", "kept")
    mark_as_copy(path, clock())
    async with open_library(path, clock) as library:
        assert await library.bot_state.find_value("commands of 1 in every server") is None
        assert await library.bot_state.find_value("something else") == "kept"


def test_an_empty_file_and_old_databases_can_be_marked(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version = 3")
    mark_as_copy(path, clock())
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT COUNT(*) FROM backup_copy").fetchone() == (1,)
        assert db.execute("PRAGMA user_version").fetchone() == (3,)
