from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.starter import load_starter
from storage.library import open_library
from storage.timestamps import utc_now
from tests.support.damage import damage
from tests.support.library import MODERATOR

PAGE = "ICML Ada Lovelace ICML Ada Lovelace\n\nA Title\n\nAn abstract.\n\nRead More\n"
PAPER_KEYS = [
    "id",
    "title",
    "authors",
    "authors_complete",
    "venue",
    "year",
    "date",
    "arxiv",
    "doi",
    "url",
    "note",
    "abstract",
    "posted_by",
    "tags",
    "identifiers",
    "links",
]


class Shell:
    """Runs commands on one database."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "lab.db"

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--database", str(self.database), *words])

    def json(self, *words: str) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.fixture
def page(tmp_path: Path) -> str:
    file = tmp_path / "page.txt"
    file.write_text(PAGE, encoding="utf-8")
    return str(file)


def test_importing_twice_changes_nothing_the_second_time(shell: Shell, page: str) -> None:
    counts = {"added": 1, "updated": 0, "unchanged": 0, "duplicates": 0, "rejected": 0}
    assert shell.json("import", page) == {**counts, "change": 1, "details": []}
    assert shell.json("import", page) == {**counts, "added": 0, "unchanged": 1, "details": []}


def test_an_import_says_how_to_undo_it_and_undo_works(shell: Shell, page: str) -> None:
    assert "To undo this import, run: lab-herald undo 1\n" in shell("import", page).stdout
    undone = shell("undo", "1")
    assert undone.stdout == "Undid change 1. To redo it, run: lab-herald undo 3\n"
    assert shell.json("export") == []
    assert shell.json("undo", "3") == {"undone": 3, "change": 4}
    assert len(shell.json("export")) == 1
    refused = shell("undo", "3")
    assert refused.exit_code == 1
    assert "Error: That has already been undone." in refused.output


def test_the_real_page_gives_twenty_papers(shell: Shell, publications_page: str) -> None:
    file = shell.database.with_name("publications.txt")
    file.write_text(publications_page, encoding="utf-8")
    assert shell.json("import", str(file))["added"] == 20
    again = shell.json("import", str(file))
    assert (again["added"], again["unchanged"]) == (0, 20)
    exported = shell.json("export")
    assert len(exported) == 20
    assert list(exported[0]) == PAPER_KEYS
    person = shell.json("author", "biderman")
    assert person["name"] == "Stella Biderman"
    assert sorted(paper["title"].split(":")[0] for paper in person["papers"]) == [
        "BLOOM",
        "Crosslingual Generalization through Multitask Fine Tuning",
        "EleutherAI",
        "Fooling MOSS Detection with Pretrained Language Models",
        "OpenFold",
    ]


def test_the_real_page_completes_the_starter_list(shell: Shell, publications_page: str) -> None:
    file = shell.database.with_name("publications.txt")
    file.write_text(publications_page, encoding="utf-8")
    assert shell.json("import", "--starter")["added"] == 20
    report = shell.json("import", str(file))
    assert (report["added"], report["updated"], report["duplicates"]) == (0, 20, 0)
    assert shell.json("import", "--starter")["unchanged"] == 20


def test_entries_that_cannot_be_read_are_reported_by_line(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    file.write_text(f"{PAGE}Stray\n\nRead More\n", encoding="utf-8")
    result = shell("import", str(file))
    assert result.exit_code == 0
    assert "1 added" in result.stdout
    assert "Line 8: “Stray” has no title" in result.stdout
    report = shell.json("import", str(file))
    assert report["rejected"] == 1
    assert report["details"][0]["line"] == 8


def test_search_author_and_random_print_text_and_json(shell: Shell) -> None:
    shell("import", "--starter")
    found = shell.json("search", "tuned lens")
    assert found["total"] == 1
    assert list(found["papers"][0]) == PAPER_KEYS
    assert "Tuned Lens" in shell("search", "tuned lens").stdout
    assert "No papers match “holografic”. Showing “" in shell("search", "holografic").stdout
    assert "No papers match “xyzzyqwv”." in shell("search", "xyzzyqwv").stdout
    assert shell.json("search", "xyzzyqwv")["papers"] == []
    assert shell.json("search", "language", "--venue", "CIKM")["total"] == 1
    assert "Also credited as Biderman" in shell("author", "stella biderman").stdout
    assert shell.json("random", "--venue", "ICML")["venue"] == "ICML"
    assert "#" in shell("random").stdout


def test_an_export_can_be_written_to_a_file(shell: Shell, tmp_path: Path) -> None:
    shell("import", "--starter")
    target = tmp_path / "out.json"
    assert shell("export", "--format", "json", "-o", str(target)).exit_code == 0
    exported = json.loads(target.read_text(encoding="utf-8"))
    assert {paper["title"] for paper in exported} == {draft.title for draft in load_starter()}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("import", "missing.txt"), "I can't read"),
        (("import", "."), "I can't read"),
        (("import",), "Pass either files or --starter"),
        (("author", "nobody"), "an author called “nobody”"),
        (("author", "..."), "Enter a name"),
        (("random",), "No papers match"),
        (("search", "x", "--year", "soon"), "isn't a year"),
    ],
)
def test_a_failure_prints_one_sentence_and_exits_with_an_error(
    shell: Shell, words: tuple[str, ...], sentence: str
) -> None:
    result = shell(*words)
    assert result.exit_code != 0
    assert sentence in result.stderr
    assert "Traceback" not in result.output


def test_a_file_that_is_not_text_is_an_error(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "page.txt"
    file.write_bytes(b"\xff\xfe\x00\x01binary")
    assert "isn't a text file in UTF-8" in shell("import", str(file)).stderr
    file.write_text("nothing here", encoding="utf-8")
    result = shell("import", str(file))
    assert result.exit_code == 1
    assert "No papers found" in result.stderr


def test_check_says_what_is_missing(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISCORD_TOKEN", raising=False)
    result = shell("check")
    assert result.exit_code == 1
    assert "✗ DISCORD_TOKEN isn't set" in result.stdout
    assert "has 0 papers" in result.stdout
    monkeypatch.setenv("DISCORD_TOKEN", "a" * 60)
    result = shell("check")
    assert result.exit_code == 0
    assert "The bot is ready to run" in result.stdout


def test_check_finds_a_damaged_database(shell: Shell, starter_database: Path) -> None:
    shutil.copyfile(starter_database, shell.database)
    damage(shell.database)
    result = shell("check")
    assert result.exit_code == 1
    assert f"✗ The database {shell.database} is damaged (" in result.stdout
    assert "✓ The database" not in result.stdout
    assert "The bot is ready" not in result.stdout
    assert "Traceback" not in result.output


@pytest.mark.parametrize("words", [("search", "protein"), ("random",), ("export",), ("undo", "1")])
def test_a_damaged_database_is_one_sentence(
    shell: Shell, starter_database: Path, words: tuple[str, ...]
) -> None:
    shutil.copyfile(starter_database, shell.database)
    damage(shell.database)
    result = shell(*words)
    assert result.exit_code == 1
    assert "The paper list's database is damaged, so nothing was changed." in result.stderr


def test_check_says_who_moderates_and_where(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    home = 123_456_789_012_345_678
    monkeypatch.setenv("HOME_GUILD_IDS", str(home))
    assert f"✓ Moderators in server {home}: everyone with Manage Server.\n" in shell("check").stdout
    assert "! There's no moderators' channel" in shell("check").stdout
    monkeypatch.setenv("MODERATOR_ROLE_IDS", "323456789012345678")
    monkeypatch.setenv("MODERATORS_CHANNEL_ID", "423456789012345678")
    shown = shell("check").stdout
    assert "and the roles 323456789012345678 (MODERATOR_ROLE_IDS)" in shown
    assert "The moderators' channel is 423456789012345678." in shown

    async def set_up() -> None:
        async with open_library(shell.database, utc_now) as library:
            await library.moderator_settings.set_roles(home, (5, 6), MODERATOR)
            await library.moderator_settings.set_channel(home, 7, MODERATOR, former=None)

    asyncio.run(set_up())
    shown = shell("check").stdout
    assert "and the roles 5, 6 (/setup)" in shown
    assert "The moderators' channel is 7." in shown


def test_an_invalid_setting_is_one_sentence(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLL_INTERVAL", "often")
    result = shell("search", "x")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: POLL_INTERVAL must be a duration")


def test_the_version_is_printed_without_importing_discord() -> None:
    code = (
        "import sys\nfrom bot.cli import main\n"
        "try: main(['--version'])\nexcept SystemExit: pass\n"
        "assert 'discord' not in sys.modules"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, env=os.environ
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("lab-herald, version ")
