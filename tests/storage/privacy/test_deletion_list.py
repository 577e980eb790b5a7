"""Restoring an older backup doesn't bring back what members have deleted since."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path

import pytest

from storage.backups.files import BackupKind, Backups
from storage.errors import DatabaseUnusable
from storage.library import open_library
from storage.models import PaperDraft
from storage.privacy.deletion_list import DeletionFile
from storage.recovery.restore import NotRestorable, open_restore
from storage.schema import migrations
from tests.support.lab import FakeClock
from tests.support.library_tables import dump
from tests.support.old_database import write_version_6
from tests.support.paths import ROOT
from tests.support.personal_data import (
    ESCAPED_NAME,
    MEMBER_ID,
    NAME,
    WORDS,
    act_as_member,
    act_as_moderator,
    columns_with,
    suggest,
)
from tests.support.sqlite_files import run_sql

TRACES = (str(MEMBER_ID), NAME, ESCAPED_NAME, WORDS)
# Deletes the member's data in the database in each of the folders, and is killed there: in the
# first one before the first statement of the number given, in the next one some later.
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from storage.database import open_database
from storage.library import Library
from storage.timestamps import utc_now

async def delete(path, left):
    def count(_statement):
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
    async with open_database(path) as database:
        await database.trace(count)
        await Library(database, utc_now).privacy.delete(int(sys.argv[1]))

for number, folder in enumerate(sys.argv[3:]):
    if not (pid := os.fork()):
        asyncio.run(delete(Path(folder, "lab.db"), 1 + number * int(sys.argv[2])))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
_STEP = 12  # statements


@pytest.fixture(scope="module")
def filled_database(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Path:
    """A database with the member's data and somebody else's, to be copied."""
    path = Path(shutil.copyfile(empty_database, tmp_path_factory.mktemp("filled") / "lab.db"))

    async def fill() -> None:
        async with open_library(path, clock := FakeClock()) as library:
            await act_as_member(library, clock)
            await act_as_moderator(library)

    asyncio.run(fill())
    return path


@pytest.fixture
def path(tmp_path: Path, filled_database: Path) -> Path:
    """A copy of that database."""
    return Path(shutil.copyfile(filled_database, tmp_path / "lab.db"))


def back_up(path: Path, clock: FakeClock) -> Path:
    return Backups.of(path).make(BackupKind.MANUAL, clock()).path


async def delete(path: Path, clock: FakeClock) -> None:
    clock.advance(timedelta(hours=1))
    async with open_library(path, clock) as library:
        await library.privacy.delete(MEMBER_ID)
    assert columns_with(path, *TRACES) == set()


async def restore(file: Path, path: Path, clock: FakeClock) -> int:
    """Restores a backup; returns of how many members it deleted the data again."""
    clock.advance(timedelta(hours=1))
    async with open_restore(file, path, clock) as prepared:
        prepared.finish(clock())
        return prepared.deletions


@pytest.mark.parametrize("lost", ["nothing", "database", "list"])
async def test_a_restore_deletes_again_what_was_deleted_since_the_backup(
    path: Path, clock: FakeClock, lost: str
) -> None:
    backup = back_up(path, clock)
    papers = dump(path)["papers"]
    await delete(path, clock)
    if lost != "nothing":
        (path if lost == "database" else DeletionFile.of(path).path).unlink()
    assert await restore(backup, path, clock) == 1
    assert columns_with(path, *TRACES) == set()
    assert len(dump(path)["papers"]) == len(papers)
    assert ("suggestions", "member_name") in columns_with(path, "ada")
    # And so does the next one, now that both the list and the database know it.
    assert await restore(backup, path, clock) == 1
    assert columns_with(path, *TRACES) == set()
    (listed,) = DeletionFile.of(path).read()
    assert [[listed.digest, listed.salt, listed.deleted_at]] == [
        [*row] for row in dump(path)["deletions"]
    ]


async def test_a_list_next_to_the_backup_counts_on_another_machine(
    path: Path, tmp_path: Path, clock: FakeClock
) -> None:
    back_up(path, clock)
    await delete(path, clock)
    disk, machine = tmp_path / "disk", tmp_path / "machine"
    shutil.move(path.parent / "backups", disk)
    machine.mkdir()
    (backup,) = disk.glob("*.db")
    assert await restore(backup, machine / "lab.db", clock) == 1
    assert columns_with(machine / "lab.db", *TRACES) == set()
    assert len(DeletionFile.of(machine / "lab.db").read()) == 1


async def test_what_a_member_sent_after_the_deletion_is_restored(
    path: Path, clock: FakeClock
) -> None:
    await delete(path, clock)
    clock.advance(timedelta(days=2))
    async with open_library(path, clock) as library:
        await suggest(library, "Wanted again")
    backup = back_up(path, clock)
    assert await restore(backup, path, clock) == 0
    async with open_library(path, clock) as library:
        assert (await library.privacy.overview(MEMBER_ID)).counts == {"suggestions": 1}


async def test_deletions_at_the_same_time_are_all_in_the_list(path: Path, clock: FakeClock) -> None:
    members = range(MEMBER_ID, MEMBER_ID + 5)
    async with open_library(path, clock) as library:
        for member_id in members:
            draft = PaperDraft(title=f"Paper {member_id}")
            member = (member_id, NAME)
            await library.review.suggest(draft, "", member, daily_limit=5, channel_id=None)
        await asyncio.gather(*map(library.privacy.delete, members))
        assert await library.privacy.count_unlisted() == 0
    assert len(DeletionFile.of(path).read()) == len(members)


async def test_a_second_deletion_takes_the_place_of_the_first(path: Path, clock: FakeClock) -> None:
    backups = [back_up(path, clock)]
    await delete(path, clock)
    clock.advance(timedelta(days=2))
    async with open_library(path, clock) as library:
        await suggest(library, "Wanted again")
    backups.append(back_up(path, clock))
    await delete(path, clock)
    for backup in backups:
        assert await restore(backup, path, clock) == 1
        assert columns_with(path, *TRACES) == set()


async def test_a_backup_copied_by_hand_gets_the_deletions_when_it_is_opened(
    path: Path, clock: FakeClock
) -> None:
    backup = back_up(path, clock)
    await delete(path, clock)
    shutil.copyfile(backup, path)
    async with open_library(path, clock) as library:
        assert library.generation.deletions == 1
    assert columns_with(path, *TRACES) == set()
    async with open_library(path, clock) as library:
        assert library.generation.deletions == 0


async def test_a_backup_of_an_early_version_gets_them_too(
    path: Path, tmp_path: Path, clock: FakeClock
) -> None:
    old, member = tmp_path / "old.db", (7, "noor")
    write_version_6(old)
    assert f"discord:{member[0]}" in {row[2] for row in dump(old)["changes"]}
    async with open_library(path, clock) as library:
        await library.review.suggest(
            PaperDraft(title="Wanted"), "", member, daily_limit=5, channel_id=None
        )
        await library.privacy.delete(member[0])
    assert await restore(old, path, clock) == 1
    async with open_library(path, clock) as library:
        assert (await library.privacy.overview(member[0])).is_empty


async def test_without_a_readable_list_nothing_is_restored(path: Path, clock: FakeClock) -> None:
    backup = back_up(path, clock)
    await delete(path, clock)
    before = dump(path)
    file = DeletionFile.of(path).path
    (listed,) = DeletionFile.of(path).read()
    wrong = [
        json.dumps({"deletions": [{**asdict(listed), field: value}]})
        for field in ("digest", "salt", "deleted_at")
        for value in (1, "", "zz", "é" * 64)
    ]
    for content in ("", "[]", '{"deletions": [{"id": 1}]}', "\x00\xff", *wrong):
        file.write_text(content, encoding="utf-8")
        with pytest.raises(NotRestorable, match=r"The list of deletions .* can't be read"):
            await restore(backup, path, clock)
    assert dump(path) == before
    file.write_text(json.dumps({"deletions": [asdict(listed)] * 2}), encoding="utf-8")
    assert DeletionFile.of(path).read() == [listed]  # as somebody joined two lists
    file.write_text("", encoding="utf-8")
    shutil.copyfile(backup, path)
    with pytest.raises(DatabaseUnusable, match="The list of deletions"):
        async with open_library(path, clock):
            pass


async def test_if_the_list_cannot_be_written_nothing_is_restored(
    path: Path, clock: FakeClock
) -> None:
    backup = Path(shutil.move(back_up(path, clock), path.with_name("moved.db")))
    await delete(path, clock)
    folder = DeletionFile.of(path).path.parent
    shutil.rmtree(folder)
    folder.write_text("In the way")
    with pytest.raises(NotRestorable, match=r"couldn't be written: .* BACKUP_DIR"):
        await restore(backup, path, clock)
    async with open_restore(backup, path, clock, path.parent / "others") as prepared:
        assert prepared.deletions == 1


async def test_the_list_names_nobody_and_is_private(path: Path, clock: FakeClock) -> None:
    await delete(path, clock)
    file = DeletionFile.of(path).path
    text = file.read_text(encoding="utf-8")
    for trace in TRACES:
        assert trace not in text
    assert file.stat().st_mode & 0o777 == 0o600
    (deletion,) = DeletionFile.of(path).read()
    assert deletion.is_of(MEMBER_ID)
    assert not deletion.is_of(MEMBER_ID + 1)
    assert "Keep this file next to the backups" in json.loads(text)["about"]


async def test_version_36_keeps_its_data_and_gets_an_empty_list(
    path: Path, clock: FakeClock
) -> None:
    indexes = ("papers_by_member", "entries_by_member", "outcomes_by_member")
    dropped = [f"DROP INDEX {name}" for name in indexes]
    run_sql(path, "DROP TABLE deletions", *dropped, "PRAGMA user_version = 36")
    before = dump(path)
    async with open_library(path, clock) as library:
        assert {**before, "deletions": []} == dump(path)
        await library.privacy.delete(MEMBER_ID)
    assert migrations()[-1].version >= 37
    assert columns_with(path, *TRACES) == set()


@pytest.mark.slow
async def test_a_deletion_that_is_killed_deletes_all_or_nothing(
    path: Path, tmp_path: Path, clock: FakeClock
) -> None:
    named = columns_with(path, *TRACES)
    folders = [tmp_path / str(number) for number in range(12)]
    for folder in folders:
        folder.mkdir()
        shutil.copyfile(path, folder / "lab.db")
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", KILLED, str(MEMBER_ID), str(_STEP), *folders],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    codes = [int(code) for code in done.stdout.split()]
    assert codes[0] == -signal.SIGKILL
    assert codes[-1] == 0, "it has more statements now: raise _STEP"
    for folder, code in zip(folders, codes, strict=True):
        async with open_library(folder / "lab.db", clock) as library:
            listed = len(dump(library.path)["deletions"])
            assert columns_with(library.path, *TRACES) == (set() if listed else named)
            assert listed or code
            await library.privacy.save_list()  # as at the next start
            assert len(DeletionFile.of(library.path).read()) == listed
