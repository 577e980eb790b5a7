from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from bot.starter import load_starter
from tests.support.damage import damage

PAGE = "ICML Ada Lovelace ICML Ada Lovelace\n\nA Title\n\nAn abstract.\n\nRead More\n"
PAPER_KEYS = [
    "id",
    "title",
    "authors",
    "authors_complete",
    "collectives",
    "venue",
    "year",
    "date",
    "arxiv",
    "doi",
    "url",
    "publication",
    "note",
    "abstract",
    "posted_by",
    "tags",
    "identifiers",
    "links",
]
PUBLIC_KEYS = [key for key in PAPER_KEYS if key not in {"id", "posted_by", "identifiers"}]


class Shell:
    """Runs commands on one database."""

    def __init__(self, folder: Path) -> None:
        self.database = folder / "lab.db"
        self.screen = ""  # what the last command in a terminal showed

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--database", str(self.database), *words])

    def in_terminal(self, *words: str, answer: str = "") -> int:
        """Runs a command in a terminal where somebody types the answer; returns its exit code."""
        ours, theirs = os.openpty()
        command = [sys.executable, "-m", "bot", "--database", str(self.database), *words]
        with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs) as process:
            os.close(theirs)
            os.write(ours, answer.encode())
            shown = b""
            with contextlib.suppress(OSError):  # the terminal's end, on Linux
                while part := os.read(ours, 1 << 16):
                    shown += part
        os.close(ours)
        self.screen = shown.decode()
        return process.returncode

    def json(self, *words: str, exit_code: int = 0) -> Any:
        result = self(*words, "--json")
        assert result.exit_code == exit_code, result.output
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
    counts = {"total": 1, "added": 1, "updated": 0, "unchanged": 0, "duplicates": 0, "rejected": 0}
    counts |= {"left_out": 0, "held_back": 0}
    assert shell.json("import", page) == {**counts, "change": 1, "details": []}
    assert shell.json("import", page) == {**counts, "added": 0, "unchanged": 1, "details": []}


def test_commands_take_the_day_of_a_replay_for_today(
    shell: Shell, page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell("import", page)
    monkeypatch.setenv("LAB_HERALD_TODAY", "2025-03-14")
    assert shell.json("backup")["made_at"].startswith("2025-03-14T08:0")


@pytest.mark.parametrize("text", ["", '{"name": "tool"}', '[{"title": "Buy milk", "done": true}]'])
def test_a_file_without_papers_is_refused_with_what_can_be_read(
    shell: Shell, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "file.json"
    file.write_text(text, encoding="utf-8")
    refused = shell("import", "--keep-going", str(file))
    assert refused.exit_code == 1
    assert "I can read publications pages" in refused.stderr


def test_an_import_says_how_to_undo_it_and_undo_works(shell: Shell, page: str) -> None:
    assert "To undo this import, run: lab-herald undo 1\n" in shell("import", page).stdout
    undone = shell("undo", "1")
    assert undone.stdout == "Undid change 1. To redo it, run: lab-herald undo 3\n"
    assert shell.json("export", exit_code=1) == []
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
    assert list(exported[0]) == PUBLIC_KEYS
    assert list(shell.json("export", "--complete")[0]) == PAPER_KEYS
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
    assert result.exit_code == 1
    assert "1 added" in result.stdout
    assert "Line 8: “Stray” has no title" in result.stdout
    assert "Error: 1 of 2 entries wasn't imported: 1 rejected." in result.stderr
    report = shell.json("import", str(file), exit_code=1)
    assert report["rejected"] == 1
    assert report["details"][0]["line"] == 8


def test_files_without_papers_are_named_even_if_others_have_some(
    shell: Shell, tmp_path: Path, page: str
) -> None:
    (empty := tmp_path / "empty.bib").touch()
    result = shell("import", page, str(empty))
    assert result.exit_code == 1
    assert "1 added" in result.stdout
    assert "Error: No papers found in empty.bib." in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudoterminals")
def test_a_terminal_is_asked_only_if_an_import_changes_something(shell: Shell, page: str) -> None:
    assert shell.in_terminal("import", page, answer="n\n") == 1
    assert "Import these papers? [y/N]: " in shell.screen
    assert "Error: Nothing was imported." in shell.screen
    assert shell.in_terminal("import", page, answer="y\n") == 0
    assert "1/1" in shell.screen
    assert "1 added" in shell.screen
    assert shell.in_terminal("import", page) == 0
    assert "All of them are already in the list." in shell.screen
    assert "?" not in shell.screen.replace("[?25", "")  # it hides and shows the cursor


def test_search_author_and_random_print_text_and_json(shell: Shell) -> None:
    shell("import", "--starter")
    found = shell.json("search", "tuned lens")
    assert found["complete"] == 1
    assert found["total"] == len(found["papers"]) > 1
    assert list(found["papers"][0]) == PAPER_KEYS
    shown = shell("search", "tuned lens").stdout
    others = found["total"] - 1
    assert shown.startswith(f"1 paper, and {others} with most of these words")
    assert 0 < shown.index("Tuned Lens") < shown.index("Papers with most of these words:")
    asked = shell.json("search", "what is a tuned lens?")
    assert (asked["complete"], asked["papers"][0]) == (0, found["papers"][0])
    assert "No papers match “holografic”. Showing “" in shell("search", "holografic").stdout
    nothing = shell("search", "xyzzyqwv")
    assert (nothing.exit_code, nothing.stdout) == (1, "")
    assert "No papers match “xyzzyqwv”." in nothing.stderr
    assert shell.json("search", "xyzzyqwv", exit_code=1)["papers"] == []
    assert "nothing at that offset" in shell("search", "lens", "--offset", "900").stderr
    assert shell.json("search", "language", "--venue", "CIKM")["total"] == 1
    assert "Also credited as Biderman" in shell("author", "stella biderman").stdout
    assert shell.json("random", "--venue", "ICML")["venue"] == "ICML"
    assert "#" in shell("random").stdout


def test_a_question_is_searched_with_the_filters_that_it_says(shell: Shell) -> None:
    shell("import", "--starter")
    question = "latest papers by biderman in 2022 on language models"
    shown = shell("search", question).stdout
    assert shown.startswith(
        'Searched for “language models author:"biderman" year:2022”.\n'
        "The newest papers come first.\n1 paper, and 3 "
    )
    answer = shell.json("search", question)
    assert (answer["query"], answer["words"], answer["sort"]) == (
        question, "language models", "newest",
    )  # fmt: skip
    assert (answer["filters"]["author"], answer["filters"]["first_year"]) == ("biderman", 2022)
    nothing = shell("search", "papers about proteins from 2019 to 2020")
    assert nothing.stderr == (
        "Error: No papers match “proteins year:2019..2020”. Without the year: 1 paper.\n"
    )


def test_words_of_a_query_need_no_quotes(shell: Shell) -> None:
    shell("import", "--starter")
    assert shell.json("search", "tuned", "lens") == shell.json("search", "tuned lens")
    assert shell("author", "stella", "biderman").stdout == shell("author", "stella biderman").stdout
    assert shell("search").exit_code == 2


def test_an_author_has_years_venues_and_co_authors(shell: Shell) -> None:
    shell("import", "--starter")
    lines = shell("author", "stella", "biderman").stdout.splitlines()
    assert "Years 2022" in lines
    assert any(line.startswith("Venues arXiv (2), ") for line in lines)
    assert any(line.startswith("Co-authors Sutawika (2), ") for line in lines)


def test_a_terminal_links_titles_and_highlights_words(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    shell("import", "--starter")
    plain = shell("search", "hypertuning").stdout
    assert "\x1b" not in plain
    assert shell.in_terminal("search", "hypertuning") == 0
    assert "\x1b]8;" in shell.screen
    assert "\x1b[1;33mHyperTuning" in shell.screen
    shown = re.sub(r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", shell.screen)
    assert shown.replace("\r\n", "\n") == plain


def test_an_export_can_be_written_to_a_file(shell: Shell, tmp_path: Path) -> None:
    shell("import", "--starter")
    target = tmp_path / "out.json"
    assert shell("export", "--format", "json", "-o", str(target)).exit_code == 0
    exported = json.loads(target.read_text(encoding="utf-8"))
    assert {paper["title"] for paper in exported} == {draft.title for draft in load_starter()}


def test_an_export_of_nothing_is_valid_but_an_error(shell: Shell) -> None:
    empty = shell("export")
    assert (empty.exit_code, json.loads(empty.stdout)) == (1, [])
    assert "The list has no papers." in empty.stderr
    shell("import", "--starter")
    for words in (("xyzzyqwv",), ("--venue", "Nowhere")):
        result = shell("export", *words)
        assert (result.exit_code, json.loads(result.stdout)) == (1, [])
        assert "No papers match." in result.stderr


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
        (("search", "x", "--tag", "🧬"), "I can't search for the tag “🧬”"),
        (("search", "x", "--offset", "9" * 30), "not in the range"),
        (("undo", "9" * 30), "not in the range"),
        (("feeds", "poll", "9" * 30), "not in the range"),
        (("queue", "decide", "9" * 29 + "1", "add"), "not in the range"),
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
    assert "I can't find any papers in that file" in result.stderr


@pytest.mark.parametrize("words", [("search", "protein"), ("random",), ("export",), ("undo", "1")])
def test_a_damaged_database_is_one_sentence(
    shell: Shell, starter_database: Path, words: tuple[str, ...]
) -> None:
    shutil.copyfile(starter_database, shell.database)
    damage(shell.database)
    result = shell(*words)
    assert result.exit_code == 1
    assert "The paper list's database is damaged, so nothing was changed." in result.stderr


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


def test_statistics_are_bars_on_a_terminal_and_columns_in_a_pipe(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shell("import", "--starter")
    monkeypatch.setenv("COLUMNS", "30")
    assert shell.in_terminal("stats") == 0
    assert re.search(r"2022  10  \S*█{20}\S*\s", shell.screen)
    assert re.search(r"NeurIPS Worksh…  1  \S*█", shell.screen)  # no line is wider
    piped = shell("stats").stdout
    assert piped.startswith(
        "20 papers · 10 venues · 8 without a date\n\nPapers by year\n2022  10\n2023   2\n"
    )
    assert "█" not in piped
    assert "\nStella Biderman    5\n" in piped
    answer = shell.json("stats")
    assert list(answer) == [
        "query", "filters", "papers", "undated", "years", "venue_count", "without_venue",
        "venues", "authors", "feeds", "commands",
    ]  # fmt: skip
    assert answer["years"] == [{"year": 2022, "papers": 10}, {"year": 2023, "papers": 2}]
    assert answer["venues"][0] == {"name": "arXiv", "papers": 9}
    assert answer["feeds"] == []
    assert len(answer["commands"]["days"]) == 30
    answer = shell.json("stats", "author:biderman", "year:2022")
    assert (answer["query"], answer["papers"]) == ("author:biderman year:2022", 5)
    assert (answer["feeds"], answer["commands"]) == (None, None)
    options = ("--author", "biderman", "--year", "2021..2022")
    filters = {"author": "biderman", "venue": "", "tag": "", "first_year": 2021, "last_year": 2022}
    assert shell.json("stats", *options)["filters"] == filters
    assert shell.json("search", "language", *options)["filters"] == filters


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there's no such device here")
def test_a_full_disk_is_one_sentence(shell: Shell) -> None:
    command = [sys.executable, "-m", "bot", "--database", str(shell.database), "stats", "--json"]
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert (result.returncode, result.stderr) == (
        1,
        b"Error: Writing failed: No space left on device.\n",
    )


def test_statistics_of_nothing_are_an_error(shell: Shell, page: str) -> None:
    empty = shell("stats")
    assert (empty.exit_code, empty.stderr) == (1, "Error: The list has no papers yet.\n")
    shell("import", page)
    assert "No papers match." in shell("stats", "xyzzyqwv").stderr
    assert shell.json("stats", "xyzzyqwv", exit_code=1)["papers"] == 0
    assert "isn't a year" in shell("stats", "--year", "soon").stderr
