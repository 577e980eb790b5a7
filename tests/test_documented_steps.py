"""Runs the steps of the documents in the shell, as an operator would.

Steps that need Discord aren't run: starting the bot, and what `check` asks there.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.discord_standin import TOKEN
from tests.support.damage import damage_search
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow
_BACKUP = re.compile(r"[\w/-]*/lab-herald-nightly-\d{8}-\d{6}\.db")


@dataclass(frozen=True)
class Machine:
    """A folder with a `.env`, in which commands are run."""

    folder: Path

    def run(self, command: str, says: str = "") -> str:
        """Runs what follows `lab-herald`, and returns what it prints; it must succeed."""
        offline = ["--offline"] if command.startswith("check") else []
        result = subprocess.run(
            [sys.executable, "-m", "bot", *command.split(), *offline],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            input=says,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{command}: {result.stdout}\n{result.stderr}"
        return result.stdout

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


def steps(heading: str) -> list[str]:
    """Returns the commands under a heading of the page about backups, without `lab-herald`."""
    text = (ROOT / "docs" / "backups.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"(?ms)^```\n(.*?)^```$", section)
    commands = re.findall(r"(?m)^lab-herald (.+)$", "".join(blocks))
    assert commands
    return [command for command in commands if command != "run"]


def test_the_first_five_minutes(tmp_path: Path) -> None:
    machine = new_machine(tmp_path / "new")
    text = (ROOT / "docs" / "start.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"(?ms)^```console\n(.*?)^```$", text)
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
    for step in steps("My disk died"):
        new.run(_BACKUP.sub(str(backup), step), says="y\n")
    assert new.run("export --complete") == before


def test_a_list_moves_to_another_machine(old: Machine, tmp_path: Path) -> None:
    backup, restore = steps("I want to move to another machine")
    old.run(backup)
    new = new_machine(tmp_path / "new")
    shutil.copy(old.folder / "lab.db", new.folder)
    new.run(restore, says="y\n")
    assert new.run("export --complete") == old.run("export --complete")


def test_a_mistake_is_reverted_and_so_is_that(old: Machine) -> None:
    before = old.run("export --complete")
    old.run("backup --to good.db")
    old.run("undo 1")
    (restore,) = steps("I made a mistake an hour ago")
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
    (repair,) = steps("Searches find nothing, or too little")
    old.run(repair)
    assert old.run("search pythia") == found
    assert list(old.folder.glob("lab-herald-before-repair-*.db"))
