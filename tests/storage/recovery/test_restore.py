from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from storage.backups.files import BackupKind, Backups
from storage.damage import find_damage
from storage.library import open_library
from storage.models import Actor, Origin, PaperDraft
from storage.recovery.restore import NotRestorable, Restore, open_restore
from storage.restore_report import RestoreReport
from tests.support.damage import damage
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR
from tests.support.library_tables import dump
from tests.support.old_database import write_version_6
from tests.support.paths import ROOT
from tests.support.sqlite_files import kill_while_open, run_sql, side_file

CHANNEL, GUILD = 7, 8
# What may differ: what a copy says about itself, and the generation that a restore starts.
OWN = {"backup_copy", "generations", "bot_state"}
# Restores the file in each of the folders, and is killed in the last step of the restore: in the
# first folder at its first call of the system or of SQLite, in the next one at the second, and so
# on. Prints how each ended.
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from storage.recovery.restore import open_restore
from storage.timestamps import utc_now

async def restore(folder, calls):
    def count(_frame, event, function):
        nonlocal calls
        owner = getattr(function, "__self__", None)
        if event == "c_call" and type(owner).__module__ + getattr(owner, "__name__", "") in {
            "builtinsmoduleposix", "modulebuiltinsposix", "sqlite3"
        } or event == "c_call" and getattr(function, "__module__", "") in {"posix", "sqlite3"}:
            calls -= 1
            if not calls:
                os.kill(os.getpid(), signal.SIGKILL)
    async with open_restore(folder / "backup.db", folder / "lab.db", utc_now) as prepared:
        sys.setprofile(count)
        prepared.finish(utc_now())
        sys.setprofile(None)

for number, folder in enumerate(sys.argv[1:], 1):
    if not (pid := os.fork()):
        asyncio.run(restore(Path(folder), number))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""


def write_link(file: Path) -> None:
    file.unlink()
    file.symlink_to("lab.db")


def write_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def write_foreign(file: Path) -> None:
    file.unlink()
    run_sql(file, "CREATE TABLE papers (a)", "PRAGMA user_version = 3")


def write_unmigratable(file: Path) -> None:
    write_version_6(file)
    run_sql(file, "CREATE TABLE subscriptions (in_the_way)")


# How a copy of the database is made what can't be restored.
WRITERS: dict[str, Callable[[Path], object]] = {
    "folder": write_folder,
    "link.db": write_link,
    "empty": lambda file: os.truncate(file, 0),
    "letter": lambda file: file.write_text("A letter. " * 1000),
    "truncated": lambda file: os.truncate(file, file.stat().st_size // 2),
    "damaged": lambda file: damage(file, "credits"),
    "foreign": write_foreign,
    "newer": lambda file: run_sql(file, "PRAGMA user_version = 999"),
    "unmigratable": write_unmigratable,
}


@pytest.fixture
def path(tmp_path: Path, starter_database: Path) -> Path:
    """A database with 20 papers."""
    return Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))


def back_up(path: Path, clock: FakeClock) -> Path:
    return Backups.of(path).make(BackupKind.MANUAL, clock()).path


def contents(path: Path) -> dict[str, list[object]]:
    return {name: rows for name, rows in dump(path).items() if name not in OWN}


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


async def restore(file: Path, path: Path, clock: FakeClock) -> tuple[Restore, Path | None]:
    async with open_restore(file, path, clock) as prepared:
        return prepared, prepared.finish(clock())


async def report_of(path: Path, clock: FakeClock) -> RestoreReport | None:
    async with open_library(path, clock) as library:
        return await library.restore_reports.find()


async def test_a_restored_database_is_the_one_that_was_backed_up(
    path: Path, clock: FakeClock
) -> None:
    before = contents(path)
    backup = back_up(path, clock)
    async with open_library(path, clock) as library:
        await library.papers.remove(1, MODERATOR)
    after = contents(path)
    prepared, kept = await restore(backup, path, clock)
    assert prepared.papers == 20
    assert contents(path) == before
    assert kept is not None
    assert contents(kept) == after
    assert names(path.parent) == {"lab.db", kept.name, "backups"}


async def test_each_restore_starts_a_generation(path: Path, clock: FakeClock) -> None:
    made_at, backup = clock(), back_up(path, clock)
    tokens = {""}
    for file in (backup, backup, Path(shutil.copyfile(path, path.with_name("by-hand.db")))):
        clock.advance(timedelta(days=1))
        await restore(file, path, clock)
        async with open_library(path, clock) as library:
            tokens.add(library.generation.token)
            assert library.generation.lost_times[-1].copied_at <= made_at
    assert len(tokens) == 4


async def test_what_happened_since_the_backup_is_listed(path: Path, clock: FakeClock) -> None:
    async with open_library(path, clock) as library:
        await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR)
    backup = back_up(path, clock)
    clock.advance(timedelta(hours=1))
    async with open_library(path, clock) as library:
        await library.papers.remove(1, MODERATOR)
        await library.review.suggest(
            PaperDraft(title="A wish"), "", (5, "Ada"), daily_limit=5, channel_id=None
        )
        await library.papers.upsert(
            PaperDraft(title="From a feed"), Origin.FEED, Actor("feed:1", "News"), announce=True
        )
    prepared, _ = await restore(backup, path, clock)
    at = f"{clock():%Y-%m-%d %H:%M}"
    report = prepared.report
    assert {loss.kind: (loss.count, loss.examples[0]) for loss in report.losses} == {
        "change": (1, f"{at} {MODERATOR.name}: remove “{title_of(backup, 1)}”"),
        "suggestion": (1, f"{at} Ada: “A wish”"),
        "feed paper": (1, f"{at} News: “From a feed”"),
        "queued announcement": (1, f"{at} channel {CHANNEL}: “From a feed”"),
    }
    assert report.unknown == ""
    found = await report_of(path, clock)
    assert found is not None
    assert (found.copied_at, [*found.losses]) == (report.copied_at, [*report.losses])


def title_of(path: Path, paper_id: int) -> str:
    with closing(sqlite3.connect(path)) as db:
        (title,) = db.execute("SELECT title FROM papers WHERE id = ?", [paper_id]).fetchone()
        return str(title)


async def test_other_changes_with_the_same_numbers_count_as_lost(
    path: Path, clock: FakeClock
) -> None:
    start = back_up(path, clock)
    for title in ("First", "Second"):
        clock.advance(timedelta(hours=1))
        async with open_library(path, clock) as library:
            await library.papers.upsert(PaperDraft(title=title), Origin.MODERATOR, MODERATOR)
        if title == "First":
            first = back_up(path, clock)
            await restore(start, path, clock)
    prepared, _ = await restore(first, path, clock)
    (loss,) = prepared.report.losses
    assert (loss.kind, loss.count) == ("change", 1)
    assert "“Second”" in loss.examples[0]


async def test_many_losses_are_counted_but_not_all_named(path: Path, clock: FakeClock) -> None:
    backup = back_up(path, clock)
    async with open_library(path, clock) as library:
        for number in range(60):
            draft = PaperDraft(title=f"Paper {number}")
            await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR)
    prepared, _ = await restore(backup, path, clock)
    (loss,) = prepared.report.losses
    assert (loss.count, len(loss.examples)) == (60, 50)


async def test_a_backup_copied_by_hand_is_noticed_and_reported(
    path: Path, clock: FakeClock
) -> None:
    made_at, backup = clock(), back_up(path, clock)
    shutil.copyfile(backup, path)
    clock.advance(timedelta(days=1))
    report = await report_of(path, clock)
    assert report is not None
    assert report.copied_at == made_at
    assert "copied by hand" in report.unknown


async def test_an_old_backup_is_updated(tmp_path: Path, path: Path, clock: FakeClock) -> None:
    old = tmp_path / "old.db"
    before = write_version_6(old)
    prepared, _ = await restore(old, path, clock)
    async with open_library(path, clock) as library:
        assert await library.papers.count() == prepared.papers > 0
    assert before
    with closing(sqlite3.connect(old)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (6,)


async def test_a_backup_with_a_log_of_its_own_is_restored_with_it(
    path: Path, clock: FakeClock
) -> None:
    file = Path(shutil.copyfile(path, path.with_name("copied.db")))
    kill_while_open(file, "INSERT INTO venue_counts VALUES ('In the log', 1)")
    log = side_file(file, "-wal").read_bytes()
    await restore(file, path, clock)
    assert ("In the log", 1) in contents(path)["venue_counts"]
    assert side_file(file, "-wal").read_bytes() == log


async def test_a_database_that_is_missing_is_restored(
    path: Path, tmp_path: Path, clock: FakeClock
) -> None:
    backup, before = back_up(path, clock), contents(path)
    for left in ((), ("",), ("-wal", "-shm")):
        new = tmp_path / f"new{len(left)}.db"
        for side in left:
            side_file(new, side).write_bytes(b"stale" * 1000 if side else b"")
        _, kept = await restore(backup, new, clock)
        assert kept is None
        assert contents(new) == before
        assert not side_file(new, "-wal").exists()


async def test_a_file_system_without_links_keeps_the_former_database_too(
    path: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: Path) -> None:
        raise PermissionError

    backup, before = back_up(path, clock), contents(path)
    monkeypatch.setattr(os, "link", refuse)
    kept = [(await restore(backup, path, clock))[1] for _ in range(2)]
    assert len(set(kept)) == 2
    assert [contents(each) for each in kept if each] == [before, before]


async def test_a_link_stays_a_link(path: Path, tmp_path: Path, clock: FakeClock) -> None:
    backup = back_up(path, clock)
    link = tmp_path / "link.db"
    link.symlink_to("lab.db")
    _, kept = await restore(backup, link, clock)
    assert link.is_symlink()
    assert kept is not None
    assert not link.samefile(kept)


def test_the_permissions_stay(path: Path, clock: FakeClock) -> None:
    path.chmod(0o640)
    asyncio.run(restore(back_up(path, clock), path, clock))
    assert path.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("missing", "There's no file"),
        ("folder", "is a folder"),
        ("lab.db", "is the database itself"),
        ("link.db", "is the database itself"),
        ("empty", "is empty"),
        ("letter", "isn't a database or is damaged"),
        ("truncated", "isn't a database or is damaged"),
        ("damaged", "is damaged"),
        ("foreign", "isn't a Lab Herald database"),
        ("newer", r"newer version of Lab Herald \(schema 999"),
        ("unmigratable", "couldn't be upgraded"),
    ],
)
async def test_what_cannot_be_restored_changes_nothing(
    path: Path, tmp_path: Path, clock: FakeClock, name: str, complaint: str
) -> None:
    file = tmp_path / name
    if name in WRITERS:
        WRITERS[name](shutil.copyfile(path, file))
    before = contents(path)
    with pytest.raises(NotRestorable, match=complaint):
        await restore(file, path, clock)
    assert contents(path) == before
    assert names(tmp_path) - {"lab.db"} <= {name}


async def test_the_last_good_backup_is_named_instead_of_a_bad_one(
    path: Path, clock: FakeClock
) -> None:
    good = back_up(path, clock)
    clock.advance(timedelta(days=1))
    bad = back_up(path, clock)
    damage(bad)
    with pytest.raises(NotRestorable, match=f"The last good backup is {good}."):
        await restore(bad, path, clock)


async def test_a_damaged_database_is_kept_with_its_log(path: Path, clock: FakeClock) -> None:
    backup = back_up(path, clock)
    kill_while_open(path, "INSERT INTO venue_counts VALUES ('In the log', 1)")
    with path.open("r+b") as file:
        file.write(b"\x5a" * 4096)
    prepared, kept = await restore(backup, path, clock)
    assert "The former database can't be read" in prepared.report.unknown
    assert kept is not None
    log = side_file(kept, "-wal")
    assert b"In the log" in kept.read_bytes() + (log.read_bytes() if log.exists() else b"")
    assert not side_file(path, "-wal").exists()
    assert contents(path) == contents(backup)


async def test_what_cannot_be_compared_in_a_damaged_database_is_said(
    path: Path, clock: FakeClock
) -> None:
    backup = back_up(path, clock)
    async with open_library(path, clock) as library:
        await library.review.suggest(
            PaperDraft(title="A wish"), "", (5, "Ada"), daily_limit=5, channel_id=None
        )
    damage(path, "changes")
    prepared, _ = await restore(backup, path, clock)
    assert [loss.kind for loss in prepared.report.losses] == ["suggestion"]
    assert "is damaged" in prepared.report.unknown
    assert find_damage(path) == ""


async def test_a_database_of_another_version_is_not_compared(
    tmp_path: Path, path: Path, clock: FakeClock
) -> None:
    old = tmp_path / "old.db"
    write_version_6(old)
    prepared, _ = await restore(back_up(path, clock), old, clock)
    assert "is from another version" in prepared.report.unknown


async def test_a_database_that_another_program_uses_is_not_replaced(
    path: Path, clock: FakeClock
) -> None:
    backup = back_up(path, clock)
    run_sql(path, "PRAGMA journal_mode = WAL")
    async with open_restore(backup, path, clock) as prepared:
        with closing(sqlite3.connect(path)) as db:
            db.execute("SELECT * FROM papers").fetchall()
            with pytest.raises(NotRestorable, match="Another program is using"):
                prepared.finish(clock())
    assert "generations" in dump(path)
    assert dump(path)["generations"] == []


def test_a_kill_at_any_moment_leaves_the_former_or_the_new_database(
    path: Path, tmp_path: Path, clock: FakeClock
) -> None:
    backup = back_up(path, clock)
    new = contents(path)
    kill_while_open(path, "INSERT INTO venue_counts VALUES ('In the log', 1)")
    folders = [tmp_path / f"run-{number}" for number in range(60)]
    for folder in folders:
        folder.mkdir()
        for side in ("", "-wal"):
            shutil.copyfile(f"{path}{side}", folder / f"lab.db{side}")
        shutil.copyfile(backup, folder / "backup.db")
    former = contents(path)
    process = subprocess.run(
        [sys.executable, "-c", KILLED, *map(str, folders)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    statuses = [int(status) for status in process.stdout.split()]
    assert statuses.count(0) > 1
    killed = statuses.index(0)
    assert killed > 8
    assert statuses[:killed] == [-signal.SIGKILL] * killed
    found = []
    for folder in folders[: killed + 1]:
        assert find_damage(folder / "lab.db") == ""
        found.append(contents(folder / "lab.db"))
        assert found[-1] in (former, new)
        if found[-1] == new:
            (kept,) = folder.glob("lab-before-restore-*.db")
            assert contents(kept) == former
    assert found[0] == former
    assert found[-1] == new
