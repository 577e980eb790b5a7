from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.backups.database_copy import BackupFailed
from storage.backups.files import Backup, BackupKind, Backups, read_backup
from storage.damage import find_damage
from tests.support.damage import damage, damage_search
from tests.support.library_tables import dump
from tests.support.paths import ROOT

NIGHT = datetime(2026, 11, 20, 3, tzinfo=UTC)
# Makes a backup in a process in which no file can have more bytes than the first argument.
LIMITED = """
import resource, sys
from datetime import UTC, datetime
from pathlib import Path
from storage.backups.files import BackupKind, Backups
from storage.backups.database_copy import BackupFailed
limit = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    Backups.of(Path(sys.argv[2])).make(BackupKind.NIGHTLY, datetime.now(UTC))
except BackupFailed as error:
    print(error)
"""


@pytest.fixture
def path(tmp_path: Path, starter_database: Path) -> Path:
    """A database with 20 papers."""
    return Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))


@pytest.fixture
def backups(path: Path) -> Backups:
    return Backups.of(path)


def nightly(backups: Backups, *, days: int = 0) -> Backup:
    return backups.make(BackupKind.NIGHTLY, NIGHT + timedelta(days=days))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def copy(path: Path, name: str, day: int) -> Path:
    """Copies a database as people do, on some day."""
    backup = Path(shutil.copyfile(path, path.with_name(name)))
    at = datetime(2026, 11, day, 12, 30, tzinfo=UTC).timestamp()
    os.utime(backup, (at, at))
    return backup


@contextmanager
def writing(path: Path) -> Iterator[list[float]]:
    """Writes into a database all the time; gives a list of how long each transaction took."""
    stop, took = threading.Event(), list[float]()

    def write() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as db:
            db.execute("PRAGMA journal_mode = WAL")
            for number in range(10**9):
                if stop.is_set():
                    return
                began = time.monotonic()
                db.execute("BEGIN IMMEDIATE")
                for name in ("one", "two"):
                    db.execute("INSERT INTO bot_state VALUES (?, 'x')", [f"{name} {number}"])
                db.execute("COMMIT")
                took.append(time.monotonic() - began)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield took
    finally:
        stop.set()
        thread.join()


def test_a_backup_has_everything_and_is_one_private_file(path: Path, backups: Backups) -> None:
    made = nightly(backups)
    assert made == Backup(
        path.with_name("backups") / "lab-nightly-20261120-030000.db",
        NIGHT,
        BackupKind.NIGHTLY,
        str(path),
        20,
    )
    assert names(made.path.parent) == [made.path.name]
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(made.path.parent.stat().st_mode) == 0o700
    assert read_backup(made.path) == made
    found = dump(made.path)
    assert found.pop("backup_copy")
    assert found == dump(path)
    assert names(made.path.parent) == [made.path.name]


def test_a_backup_during_writes_is_one_state_of_the_database(path: Path, backups: Backups) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE filler AS SELECT zeroblob(20000000) AS content")
    with writing(path) as took:
        while len(took) < 10:
            time.sleep(0.001)
        before = len(took)
        made = nightly(backups)
        during = len(took) - before
    assert during > 10
    with closing(sqlite3.connect(made.path)) as db:
        counts = [
            db.execute("SELECT COUNT(*) FROM bot_state WHERE name LIKE ?", [f"{name} %"]).fetchone()
            for name in ("one", "two")
        ]
    assert counts[0] == counts[1]
    assert counts[0][0] >= before
    assert find_damage(path) == ""


def test_what_is_only_in_the_write_ahead_log_is_backed_up(path: Path, backups: Backups) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("INSERT INTO bot_state VALUES ('new', 'kept')")
        made = nightly(backups)
    with closing(sqlite3.connect(made.path)) as db:
        assert db.execute("SELECT value FROM bot_state").fetchall() == [("kept",)]


def test_nothing_is_ever_replaced(path: Path, backups: Backups, tmp_path: Path) -> None:
    first, second = nightly(backups), nightly(backups)
    assert second.path.name == "lab-nightly-20261120-030000-2.db"
    taken = tmp_path / "taken.txt"
    taken.write_text("mine")
    for target, complaint in (
        (taken, "exists already"),
        (first.path, "exists already"),
        (path, "exists already"),
        (tmp_path / "missing" / "a.db", "doesn't exist"),
    ):
        with pytest.raises(BackupFailed, match=complaint):
            backups.make(BackupKind.MANUAL, NIGHT, target)
    assert taken.read_text() == "mine"
    assert names(tmp_path) == ["backups", "lab.db", "taken.txt"]


def test_a_file_system_without_links_gets_backups_too(
    backups: Backups, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_paths: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", refuse)
    made = [nightly(backups), nightly(backups)]
    assert sorted(names(backups.folder)) == sorted(each.path.name for each in made)
    assert read_backup(made[1].path) == made[1]


def test_two_processes_can_back_up_at_the_same_moment(path: Path, backups: Backups) -> None:
    script = f"""
from datetime import datetime
from pathlib import Path
from storage.backups.files import BackupKind, Backups
Backups.of(Path({str(path)!r})).make(
    BackupKind.UPGRADE, datetime.fromisoformat({NIGHT.isoformat()!r})
)
"""
    processes = [subprocess.Popen([sys.executable, "-c", script], cwd=ROOT) for _ in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert names(backups.folder) == [
        "lab-upgrade-20261120-030000-2.db",
        "lab-upgrade-20261120-030000-3.db",
        "lab-upgrade-20261120-030000.db",
    ]


def test_a_folder_as_target_gets_a_file_with_the_usual_name(
    backups: Backups, tmp_path: Path
) -> None:
    (tmp_path / "usb").mkdir()
    made = backups.make(BackupKind.MANUAL, NIGHT, tmp_path / "usb")
    assert made.path == tmp_path / "usb" / "lab-manual-20261120-030000.db"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [(None, "There's no database"), (b"", "isn't a Lab Herald"), (b"A letter. " * 99, "damaged")],
)
def test_what_is_not_a_database_of_lab_herald_is_not_backed_up(
    tmp_path: Path, content: bytes | None, complaint: str
) -> None:
    path = tmp_path / "other.db"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(BackupFailed, match=complaint):
        nightly(Backups.of(path))
    assert names(tmp_path / "backups") == []
    assert path.exists() is (content is not None)


def test_a_damaged_database_leaves_no_backup_and_the_former_ones(
    path: Path, backups: Backups
) -> None:
    good = nightly(backups)
    damage(path, "credits")
    with pytest.raises(BackupFailed, match="is damaged"):
        nightly(backups, days=1)
    assert names(backups.folder) == [good.path.name]


def test_a_database_with_a_damaged_search_index_is_backed_up_as_it_is(
    path: Path, backups: Backups
) -> None:
    assert nightly(backups).search_damage == ""
    damage_search(path)
    made = nightly(backups, days=1)
    assert made.search_damage
    found = dump(made.path)
    assert found.pop("backup_copy")
    assert found == dump(path)
    assert backups.find_last_good() == made
    damage(path, "words", "paper_heads_idx")
    assert nightly(backups, days=2).search_damage


def test_the_search_index_is_checked_in_a_copy_that_is_deleted(
    path: Path, backups: Backups
) -> None:
    assert backups.find_search_damage() == ""
    damage_search(path)
    before = names(path.parent)
    assert backups.find_search_damage()
    assert names(path.parent) == before


def test_a_full_disk_leaves_nothing_half_written(path: Path, backups: Backups) -> None:
    good = nightly(backups)
    size = path.stat().st_size
    for limit in (0, size // 2, size - 1):
        process = subprocess.run(
            [sys.executable, "-c", LIMITED, str(limit), str(path)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        (sentence,) = process.stdout.splitlines()
        assert f"The database {path} couldn't be copied to {backups.folder}" in sentence
    assert names(backups.folder) == [good.path.name]


def test_a_copy_for_which_the_space_does_not_suffice_is_not_begun(
    path: Path, backups: Backups
) -> None:
    pages = 2**30
    with path.open("r+b") as file:  # a file with holes, which takes no space itself
        file.truncate(pages * 4096)
        file.seek(28)  # the number of pages
        file.write(pages.to_bytes(4, "big"))
    with pytest.raises(BackupFailed, match=r"needs 4617\.\d GB, but only .+ is free in .+backups"):
        nightly(backups)
    assert names(backups.folder) == []


def test_a_folder_is_created_but_not_its_parents(path: Path, tmp_path: Path) -> None:
    assert nightly(Backups.of(path, tmp_path / "other")).path.parent == tmp_path / "other"
    with pytest.raises(BackupFailed, match="can't be created: No such file or directory"):
        nightly(Backups.of(path, tmp_path / "not" / "mounted"))


def test_the_newest_of_each_kind_are_kept_and_nothing_else_is_deleted(
    path: Path, backups: Backups, tmp_path: Path
) -> None:
    (tmp_path / "elsewhere").mkdir()
    elsewhere = Path(shutil.copyfile(path, tmp_path / "elsewhere" / "lab.db"))
    others = [
        nightly(Backups.of(elsewhere, backups.folder), days=-9).path,
        backups.make(BackupKind.MANUAL, NIGHT - timedelta(days=9)).path,
        Path(shutil.copyfile(path, backups.folder / "lab-nightly-20200101-030000.db")),
        backups.folder / "lab-nightly-notes.txt",
    ]
    others[-1].write_text("mine")
    upgrades = [backups.make(BackupKind.UPGRADE, NIGHT + timedelta(days=day)) for day in range(4)]
    made = [nightly(backups, days=day) for day in range(5)]
    deleted = backups.prune(made[-1], keep=3)
    assert sorted(deleted) == sorted([made[0].path, made[1].path, upgrades[0].path])
    kept = [each.path for each in (*made[2:], *upgrades[1:])]
    assert names(backups.folder) == sorted(each.name for each in (*others, *kept))


def test_the_backup_just_made_is_kept_even_if_the_clock_was_wrong(backups: Backups) -> None:
    future = [nightly(backups, days=400 + day) for day in range(3)]
    made = nightly(backups)
    assert sorted(backups.prune(made, keep=1)) == sorted(each.path for each in future)
    assert backups.all() == [made]


def test_what_killed_processes_left_is_deleted(backups: Backups) -> None:
    made = nightly(backups)
    own, old, new = (
        backups.folder / f".lab-{kind}-20261101-030000.db.{backups.id}-abc.partial"
        for kind in ("nightly", "manual", "upgrade")
    )
    foreign = backups.folder / ".lab-nightly-20261101-030000.db.00000000-abc.partial"
    for each in (own, old, new, foreign):
        each.touch()
    os.utime(old, (0, 0))
    nightly(backups, days=1)
    assert [each.exists() for each in (made.path, own, old, new, foreign)] == [
        *(True, False, False, True, True)
    ]


def test_a_file_of_another_kind_is_not_called_damaged_only(path: Path) -> None:
    path.write_bytes(b"A letter. " * 1000)
    assert "isn't a database or is damaged (file is not a database)" in Backups.of(
        path
    ).describe_damage(find_damage(path))


def test_the_last_good_copy_is_named_with_the_command_that_restores_it(
    path: Path, backups: Backups
) -> None:
    good = copy(path, "lab-good.db", 2)
    copy(path, "lab-older.db", 1)
    copy(path, "other.db", 5)
    damage(copy(path, "lab.db.bak", 3))
    path.with_name("lab.txt").write_text("no database")
    path.with_name("lab-link.db").hardlink_to(path)
    path.with_name("lab-symlink.db").symlink_to("lab.db")
    damage(path)
    os.utime(path.with_name("lab.db.bak"), (2**31, 2**31))
    assert (found := backups.find_last_good())
    assert found.path == good
    assert (
        "Stop the bot and restore the last good backup, made at 2026-11-02 12:30 UTC: "
        f"`lab-herald restore {good}`." in backups.describe_damage(find_damage(path))
    )
    assert sorted(each.name for each in path.parent.glob("*-wal")) == []


def test_the_last_good_backup_is_searched_in_its_folder_too(path: Path, tmp_path: Path) -> None:
    backups = Backups.of(path, tmp_path / "backups of the lab")
    assert backups.find_last_good() is None
    assert "restore a backup, if you have one elsewhere" in backups.describe_damage("torn")
    copy(path, "lab-good.db", 2)
    made = nightly(backups)
    damage(nightly(backups, days=1).path)
    assert (found := backups.find_last_good())
    assert found.path == made.path
    assert f"`lab-herald restore '{made.path}'`" in backups.describe_damage("torn")


def test_copies_that_cannot_be_read_are_no_good_backups(path: Path, backups: Backups) -> None:
    for copied in (copy(path, "lab-backup.db", 1), nightly(backups).path):
        with copied.open("r+b") as file:
            file.seek(44)  # the number of the schema's format
            file.write(b"\0\0\0\x09")
    assert backups.find_last_good() is None


def test_a_named_pipe_beside_the_backups_is_not_opened(path: Path, backups: Backups) -> None:
    made = nightly(backups)
    os.mkfifo(backups.folder / f"{path.stem}-pipe.db")
    code = "import sys; from pathlib import Path; from storage.backups.files import Backups\n"
    code += "print(Backups.of(Path(sys.argv[1])).find_last_good().path)"
    found = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert found.stdout.strip() == str(made.path)
