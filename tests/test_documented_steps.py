"""Runs the steps of the documents in the shell, as an operator would.

Steps that need Discord aren't run: starting the bot, and what `check` asks there.
"""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.backups.files import BackupKind, Backups
from storage.schema import migrations
from storage.timestamps import utc_now
from tests.faults.discord_standin import TOKEN
from tests.support.damage import damage, damage_search
from tests.support.documents import blocks, steps
from tests.support.old_database import write_version_6
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
_BACKUP = re.compile(r"[\w/-]*/lab-herald-(?:nightly|upgrade)-\d{8}-\d{6}\.db")


@dataclass(frozen=True)
class Machine:
    """A folder with a `.env`, in which commands are run."""

    folder: Path

    def run(self, command: str, says: str = "") -> str:
        """Runs what follows `lab-herald`, and returns what it prints; it must succeed."""
        result = self._run(command, says)
        assert result.returncode == 0, f"{command}: {result.stdout}\n{result.stderr}"
        return result.stdout

    def fail(self, command: str) -> str:
        """Runs a command that must fail, and returns what it prints."""
        result = self._run(command)
        assert result.returncode == 1, f"{command}: {result.stdout}\n{result.stderr}"
        return result.stdout + result.stderr

    def _run(self, command: str, says: str = "") -> subprocess.CompletedProcess[str]:
        offline = ["--offline"] if command.startswith("check") else []
        return subprocess.run(
            [sys.executable, "-m", "bot", *command.split(), *offline],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            input=says,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def database(self) -> Path:
        return self.folder / "lab-herald.db"


@pytest.fixture
def old(tmp_path: Path, starter_database: Path) -> Machine:
    """A machine with 20 papers."""
    machine = new_machine(tmp_path / "old")
    shutil.copyfile(starter_database, machine.database)
    return machine


def new_machine(folder: Path) -> Machine:
    folder.mkdir()
    settings = f"DISCORD_TOKEN={TOKEN}\nHOME_GUILD_IDS=123456789012345678\n"
    (folder / ".env").write_text(settings, encoding="utf-8")
    return Machine(folder)


def test_the_first_five_minutes(tmp_path: Path) -> None:
    machine = new_machine(tmp_path / "new")
    _, block = blocks("start", "Make a list of your own")
    commands = re.findall(r"(?m)^\$ lab-herald (.+)\n((?:[^$].*\n)*)", block)
    assert len(commands) == block.count("$ ") > 3
    for command, output in commands:
        assert output in machine.run(command)


def test_a_list_is_back_after_its_disk_died(old: Machine, tmp_path: Path) -> None:
    before = old.run("export --complete")
    backup = tmp_path / "other-disk.db"
    old.run(f"backup --to {backup}")
    shutil.rmtree(old.folder)
    new = new_machine(tmp_path / "new")
    for step in steps("disasters", "My disk died"):
        new.run(_BACKUP.sub(str(backup), step), says="y\n")
    assert new.run("export --complete") == before


def test_a_damaged_database_is_restored_as_check_says(old: Machine) -> None:
    before = old.run("export --complete")
    old.run("backup")
    damage(old.database, "papers")
    ask, restore, check = steps("disasters", "The database is damaged")
    (advice,) = re.findall(r"`lab-herald (restore [^`]+)`", old.fail(ask))
    assert re.sub(r"\S+\.db", "", advice) == re.sub(r"\S+\.db", "", restore)
    old.run(advice, says="y\n")
    old.run(check)
    assert old.run("export --complete") == before


def test_what_somebody_changed_is_reverted(old: Machine) -> None:
    (undo,) = steps("disasters", "Somebody who shouldn't is changing the list")
    assert "Undid" in old.run(re.sub(r"\d+", "1", undo))
    assert "0 papers" in old.run("backup")


def test_a_mistake_is_reverted_and_so_is_that(old: Machine) -> None:
    before = old.run("export --complete")
    old.run("backup --to good.db")
    old.run("undo 1")
    (restore,) = steps("backups", "I made a mistake an hour ago")
    shown = old.run(_BACKUP.sub("good.db", restore), says="y\n")
    assert "1 change" in shown
    assert old.run("export --complete") == before
    (former,) = old.folder.glob("lab-herald-before-restore-*.db")
    assert former.name in shown
    old.run(f"restore {former.name}", says="y\n")
    assert "0 papers" in old.run("backup")


def test_a_damaged_search_index_is_repaired(old: Machine) -> None:
    found = old.run("search pythia")
    damage_search(old.database, "a missing paper")
    (repair,) = steps("disasters", "Searches find nothing, or too little")
    old.run(repair)
    assert old.run("search pythia") == found
    assert list(old.folder.glob("lab-herald-before-repair-*.db"))


def test_an_upgrade_keeps_the_old_database(tmp_path: Path) -> None:
    machine = new_machine(tmp_path / "old")
    write_version_6(machine.database)
    backup, check = steps("upgrading", "By hand")
    machine.run(backup)
    assert "The next start upgrades it" in machine.run(check)
    assert "Attention for Ferns" in machine.run("search ferns")  # which upgrades it, too
    copies = {file.name.split("-")[2]: file for file in machine.folder.glob("backups/*.db")}
    assert {kind: version(file) for kind, file in copies.items()} == {"manual": 6, "upgrade": 6}
    assert version(machine.database) == migrations()[-1].version


def test_an_upgrade_can_be_undone(old: Machine) -> None:
    """This version is the older one here, and the newer one only changes the schema's version."""
    before = old.run("export --complete")
    backups = Backups.of(old.database)
    copy = backups.make(BackupKind.UPGRADE, utc_now()).path
    newer = version(old.database) + 1
    with closing(sqlite3.connect(old.database)) as db:
        db.execute(f"PRAGMA user_version = {newer}")
    refused = old.fail("search pythia")
    assert f"newer version of Lab Herald (schema {newer}; this version supports up" in refused
    restore, check = steps("upgrading", "Going back")
    assert _BACKUP.search(restore)
    old.run(_BACKUP.sub(f"backups/{copy.name}", restore), says="y\n")
    old.run(check)
    assert old.run("export --complete") == before
    (kept,) = old.folder.glob("lab-herald-before-restore-*.db")
    assert version(kept) == newer


def version(database: Path) -> int:
    """Returns the version of a database's schema."""
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as db:
        (number,) = db.execute("PRAGMA user_version").fetchone()
    return int(number)
