"""`lab-herald privacy`, for people who have left the server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from storage.library import open_library
from tests.support.lab import FakeClock
from tests.support.personal_data import MEMBER_ID, NAME, act_as_member, columns_with, suggest


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lab.db"


@pytest.fixture
def shell(path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.delenv("BACKUP_KEEP", raising=False)

    def run(*arguments: object, stdin: str | None = None) -> Result:
        words = ["--database", str(path), *map(str, arguments)]
        return CliRunner().invoke(main, words, input=stdin)

    return run


@pytest.fixture
def filled(path: Path) -> None:
    """Fills the database with what a member sent."""

    async def fill() -> None:
        async with open_library(path, clock := FakeClock()) as library:
            await act_as_member(library, clock)

    asyncio.run(fill())


@pytest.mark.usefixtures("filled")
def test_a_members_data_is_shown_exported_and_deleted(shell: Any, path: Path) -> None:
    shown = shell("privacy", "show", MEMBER_ID)
    assert shown.stdout.splitlines() == [
        f"What is stored about {MEMBER_ID}:",
        "- linked to Ann Lee, one of the lab's people",
        "- 3 papers suggested, with notes",
        "- 2 problems reported, with notes",
        "- 2 claims to be one of the lab's people",
        "- 3 direct messages with an answer from the moderators",
    ]
    overview = json.loads(shell("privacy", "show", f"<@{MEMBER_ID}>", "--json").stdout)
    assert overview["discord_id"] == str(MEMBER_ID)
    assert (overview["person"], overview["suggestions"]) == ("Ann Lee", 3)
    assert (overview["feeds"], overview["direct_messages"]) == (0, 3)
    exported = json.loads(shell("privacy", "export", MEMBER_ID).stdout)
    assert (exported["names"], len(exported["reports"])) == ([NAME], 2)
    assert {*overview} <= {*exported}
    assert exported["feeds"] == []

    kept = shell("privacy", "delete", MEMBER_ID, stdin="n\n")
    assert "Permanently delete it?" in kept.stderr
    assert kept.stdout == "Nothing was deleted.\n"
    assert columns_with(path, NAME)
    deleted = shell("privacy", "delete", MEMBER_ID, stdin="y\n")
    assert deleted.exit_code == 0
    assert f"Deleted what was stored about {MEMBER_ID}. Backups have" in deleted.stdout
    assert columns_with(path, NAME, str(MEMBER_ID)) == set()
    for command, code in (("show", 0), ("export", 1), ("delete", 1)):
        result = shell("privacy", command, MEMBER_ID)
        assert result.exit_code == code
        assert f"Nothing is stored about {MEMBER_ID}." in result.output


@pytest.mark.usefixtures("filled")
def test_a_deletion_for_programs_asks_nothing(shell: Any) -> None:
    refused = shell("privacy", "delete", MEMBER_ID, "--json")
    assert refused.exit_code == 2
    assert "Pass --yes with --json" in refused.stderr
    deleted = shell("privacy", "delete", MEMBER_ID, "--yes", "--json")
    assert json.loads(deleted.stdout)["reports"] == 2


@pytest.mark.parametrize("text", ["mika", "12345", "-1", "1.5", "", " ", "9" * 25, "@mika", "<#1>"])
def test_what_is_no_id_is_refused_in_a_sentence(shell: Any, text: str) -> None:
    for command in ("show", "export", "delete"):
        result = shell("privacy", command, "--", text)
        assert result.exit_code == 1
        assert result.stdout == ""
        assert result.stderr.startswith("Error: ")
        assert "ID" in result.stderr


def test_a_restore_says_whose_deletions_it_repeats(shell: Any, path: Path) -> None:
    async def fill() -> None:
        async with open_library(path, FakeClock()) as library:
            await suggest(library, "Wanted")

    asyncio.run(fill())
    backup = json.loads(shell("backup", "--json").stdout)["file"]
    shell("privacy", "delete", MEMBER_ID, "--yes")
    asked = shell("restore", backup, stdin="n\n")
    line = "What 1 member deleted about themselves since then is deleted again."
    assert line in asked.stdout
    restored = json.loads(shell("restore", backup, "--yes", "--json").stdout)
    assert restored["deleted_again"] == 1
    assert columns_with(path, NAME) == set()


def test_nobody_is_told_that_nothing_is_stored_without_a_database(shell: Any, path: Path) -> None:
    for words in (("show",), ("export",), ("delete", "--yes")):
        result = shell("privacy", *words, MEMBER_ID)
        assert result.exit_code == 1
        assert result.stderr == (
            f"Error: There's no database {path}. Run this in the folder of your .env.\n"
        )
    assert not path.exists()
