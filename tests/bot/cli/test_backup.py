from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from storage.backups.files import BackupKind, Backups
from storage.database_lock import lock_database
from tests.support.damage import damage


class Shell:
    """Runs commands on one database with 20 papers, and says y or n if asked."""

    def __init__(self, database: Path, folder: Path) -> None:
        self.database = database
        self.folder = folder

    def __call__(self, *words: str, says: str = "") -> Result:
        return CliRunner(env={"BACKUP_DIR": str(self.folder)}).invoke(
            main, ["--database", str(self.database), *words], input=says
        )

    def json(self, *words: str) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def papers(self) -> int:
        return len(json.loads(self("export").stdout))


@pytest.fixture
def shell(tmp_path: Path, starter_database: Path) -> Shell:
    database = Path(shutil.copyfile(starter_database, tmp_path / "lab.db"))
    return Shell(database, tmp_path / "copies")


def test_a_backup_says_what_it_wrote_and_where(shell: Shell, tmp_path: Path) -> None:
    result = shell("backup")
    (made,) = shell.folder.iterdir()
    assert result.stdout.startswith(f"Backed up 20 papers to {made} (")
    target = tmp_path / "mine.db"
    made_to = shell.json("backup", "--to", str(target))
    assert (made_to["file"], made_to["papers"]) == (str(target), 20)
    assert made_to["bytes"] == target.stat().st_size
    refused = shell("backup", "--to", str(target))
    assert refused.exit_code == 1
    assert refused.output == (
        f"Error: {target} exists already. Choose another name, or delete it first.\n"
    )


def test_a_backup_is_made_while_the_bot_runs_but_not_restored(shell: Shell) -> None:
    with lock_database(shell.database):
        file = shell.json("backup")["file"]
        refused = shell("restore", file, "--yes")
    assert refused.exit_code == 1
    assert f"Another Lab Herald is using {shell.database}. Stop it first" in refused.output
    assert shell("restore", file, "--yes").exit_code == 0


def test_a_restored_list_exports_the_same(shell: Shell, tmp_path: Path) -> None:
    file, before = shell.json("backup")["file"], shell.json("export")
    assert shell.json("undo", "1")
    assert shell.papers() == 0
    elsewhere = Shell(tmp_path / "new.db", shell.folder)
    for each in (shell, elsewhere):
        restored = each.json("restore", file, "--yes")
        assert restored["papers"] == 20
        assert each.json("export") == before
    assert restored["former_database"] is None


def test_restore_shows_what_is_lost_and_asks(shell: Shell) -> None:
    file = shell.json("backup")["file"]
    shell("undo", "1")
    for says in ("n\n", ""):
        refused = shell("restore", file, says=says)
        assert f"{file} is a backup from " in refused.stdout
        assert (
            "with 20 papers.\nThe database has these, which the backup doesn't have:\n- 1 change\n"
            in (refused.stdout)
        )
        assert "the shell: undo" in refused.stdout
        assert shell.papers() == 0
    result = shell("restore", file, says="y\n")
    (kept,) = shell.database.parent.glob("lab-before-restore-*.db")
    assert f"Restored 20 papers to {shell.database}." in result.stdout
    assert f"The former database is kept as {kept}." in result.stdout
    assert shell.papers() == 20
    assert "It has everything that's in the database." in shell("restore", file).stdout


def test_json_lists_what_is_lost_and_cannot_ask(shell: Shell) -> None:
    file = shell.json("backup")["file"]
    shell("undo", "1")
    refused = shell("restore", file, "--json")
    assert refused.exit_code == 2
    assert "Pass --yes with --json" in refused.output
    restored = shell.json("restore", file, "--yes")
    (loss,) = restored["lost"]
    assert (loss["kind"], loss["count"], restored["unknown"]) == ("change", 1, "")


def test_only_some_of_many_losses_are_shown(shell: Shell) -> None:
    file = shell.json("backup")["file"]
    number = 1
    for _ in range(12):
        number = shell.json("undo", str(number))["change"]
    shown = shell("restore", file).stdout
    assert shown.count("the shell: undo") == 10
    assert "  and 2 more\n" in shown


def test_an_unusable_file_is_one_sentence(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("A letter. " * 1000)
    result = shell("restore", str(tmp_path / "letter.txt"), "--yes")
    assert result.exit_code == 1
    assert result.output.startswith(f"Error: {tmp_path / 'letter.txt'} can't be restored. ")
    assert len(result.output.splitlines()) == 1
    assert shell.papers() == 20


def test_check_names_the_last_good_backup_and_warns_without_a_recent_one(shell: Shell) -> None:
    assert "! There's no good backup of the database yet." in shell("check").output
    good = Backups.of(shell.database, shell.folder).make(
        BackupKind.NIGHTLY, datetime.now(UTC) - timedelta(days=3)
    )
    damage(Path(shell.json("backup")["file"]))
    output = shell("check").output
    assert (
        f"✓ The last good backup is {good.path}, made at {good.made_at:%Y-%m-%d %H:%M} UTC."
        in output
    )
    assert (
        f"! The last good backup was made at {good.made_at:%Y-%m-%d %H:%M} UTC, but the" in output
    )
    fresh = shell.json("backup")["file"]
    output = shell("check").output
    assert f"✓ The last good backup is {fresh}, made at " in output
    assert "! The last good backup" not in output
    off = CliRunner(env={"BACKUP_KEEP": "0"}).invoke(
        main, ["--database", str(shell.database), "check"]
    )
    assert "! BACKUP_KEEP is 0, so the bot makes no nightly backups." in off.output
