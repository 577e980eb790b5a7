from __future__ import annotations

import asyncio
import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from storage.library import open_library
from storage.timestamps import utc_now
from tests.support.library import MODERATOR

GOOD = "@misc{a, title={First}, doi={10.1000/1}}\n@misc{b, title={Second}, doi={10.1000/2}}\n"
KNOWN = "@misc{g, title={Gone}, doi={10.1000/9}}\n@misc{t, title={Third}, doi={10.1000/3}}\n"
BAD = "@misc{c, author={Nobody}}\n"


class Shell:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "lab.db"

    def __call__(self, *words: str) -> Result:
        return CliRunner().invoke(main, ["--database", str(self.database), *words])

    def json(self, *words: str) -> Any:
        return json.loads(self(*words, "--json").stdout)

    def file(self, name: str, text: str) -> str:
        (self.folder / name).write_text(text, encoding="utf-8")
        return str(self.folder / name)

    def titles(self) -> list[str]:
        return [paper["title"] for paper in self.json("export")]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def test_importing_a_bibliography_twice_changes_nothing_the_second_time(shell: Shell) -> None:
    file = shell.file("papers.bib", GOOD)
    report = shell.json("import", file)
    assert (report["added"], report["left_out"], report["details"]) == (2, 0, [])
    assert shell.titles() == ["First", "Second"]
    assert shell.json("import", file)["unchanged"] == 2


def test_an_invalid_entry_rejects_the_whole_file(shell: Shell) -> None:
    file = shell.file("papers.bib", GOOD + BAD)
    result = shell("import", file)
    assert result.exit_code == 1
    assert "Line 3: “c” can't be used. It has no title." in result.stdout
    assert "Nothing was imported because 1 entry can't be used" in result.stderr
    assert shell.titles() == []
    report = json.loads(shell("import", file, "--json").stdout)
    assert (report["added"], report["rejected"]) == (0, 1)


def test_keep_going_imports_the_rest(shell: Shell) -> None:
    file = shell.file("papers.bib", GOOD + BAD)
    result = shell("import", file, "--keep-going")
    assert result.exit_code == 1
    assert result.stdout.startswith("2 added, 0 updated, 0 unchanged, 0 possible duplicates, 1 rej")
    assert "Line 3: “c” can't be used. It has no title." in result.stdout
    assert "Error: 1 of 3 entries wasn't imported: 1 rejected." in result.stderr
    assert shell.titles() == ["First", "Second"]
    assert shell.json("import", file, "--keep-going")["unchanged"] == 2


def test_the_preview_of_a_file_with_an_invalid_entry_counts_the_others(shell: Shell) -> None:
    file = shell.file("papers.bib", GOOD + BAD)
    result = shell("import", file, "--dry-run")
    assert result.exit_code == 1
    assert "Preview: 2 would be added" in result.stdout
    assert "1 rejected; 3 entries in all." in result.stdout
    assert "Nothing would be imported because 1 entry can't be used." in result.stderr
    going = shell("import", file, "--dry-run", "--keep-going")
    assert going.exit_code == 1
    assert "1 of 3 entries wouldn't be imported: 1 rejected." in going.stderr
    assert shell.titles() == []


@pytest.mark.parametrize(
    "options", [(), ("--keep-going",), ("--dry-run",), ("--dry-run", "--keep-going")]
)
def test_the_numbers_add_up_to_the_entries_of_the_file(
    shell: Shell, options: tuple[str, ...]
) -> None:
    shell("import", shell.file("known.bib", GOOD + KNOWN))
    asyncio.run(_remove(shell, 3))
    rows = [
        "Title,DOI,Venue,Authors,Status",
        "First,10.1000/1,,,",
        "First,10.1000/1,,,",
        "Second,10.1000/2,ICML,,",
        "Gone,10.1000/9,,,",
        "New,10.1000/n,,,",
        "Third,,,Ada Lovelace,",
        "Secret,,,,Under Review",
        ",10.1000/x,,,",
    ]
    report = shell.json("import", shell.file("all.csv", "\n".join(rows)), *options)
    names = ("added", "updated", "unchanged", "duplicates", "rejected", "left_out", "held_back")
    counts = {name: report[name] for name in names}
    assert sum(counts.values()) == report["total"] == 8
    if options:
        assert [*counts.values()] == [1, 2, 1, 1, 2, 1, 0]
    else:
        assert [*counts.values()] == [0, 0, 0, 0, 1, 1, 6]
        assert [entry["line"] for entry in report["details"]] == [8, 9]


async def _remove(shell: Shell, paper_id: int) -> None:
    async with open_library(shell.database, utc_now) as library:
        await library.papers.remove(paper_id, MODERATOR)


def test_one_invalid_file_rejects_the_others(shell: Shell) -> None:
    good, bad = shell.file("good.bib", GOOD), shell.file("bad.bib", BAD)
    result = shell("import", good, bad)
    assert result.exit_code == 1
    assert f"{bad}, line 1: “c”" in result.stdout
    assert shell.titles() == []


def test_a_dry_run_reports_and_changes_nothing(shell: Shell) -> None:
    file = shell.file("papers.bib", GOOD)
    result = shell("import", file, "--dry-run")
    assert result.exit_code == 0
    assert "Preview: 2 would be added" in result.stdout
    assert "Line 2: added: Second" in result.stdout
    preview = shell.json("import", file, "--dry-run")["preview"]
    assert preview[0] == {"line": 1, "outcome": "added", "title": "First"}
    assert shell.titles() == []
    assert shell("import", "--starter", "--dry-run").stdout.startswith("Preview: 20 would be added")


def test_possible_duplicates_and_renamed_papers_are_reported(shell: Shell) -> None:
    shell("import", shell.file("papers.bib", GOOD))
    other = (
        "@misc{x, title={First}, year={2020}}\n\n"
        "@misc{y, title={Second, Renamed}, doi={10.1000/2}}\n"
    )
    result = shell("import", shell.file("other.bib", other), "--json")
    assert result.exit_code == 1
    assert "1 of 2 entries wasn't imported: 1 possible duplicate." in result.stderr
    report = json.loads(result.stdout)
    assert report["duplicates"] == 1
    likely, renamed = report["details"]
    assert (likely["line"], renamed["line"]) == (1, 3)
    assert "may be a duplicate of “First” (#1)" in likely["reason"]
    assert "“Second, Renamed” updates “Second” (#2)." in renamed["reason"]


def test_possible_duplicates_are_handled_as_the_option_says(shell: Shell) -> None:
    shell("import", shell.file("papers.bib", GOOD))
    published = shell.file("more.bib", "@article{x, title={First}, journal={TMLR}, year={2020}}\n")
    assert shell.json("import", published, "--likely", "same")["updated"] == 1
    assert shell.json("import", published, "--likely", "new")["added"] == 1
    assert [paper["venue"] for paper in shell.json("export")] == ["TMLR", "", "TMLR"]
    assert shell.json("import", published)["duplicates"] == 1


def test_a_format_can_be_named_and_columns_mapped(shell: Shell) -> None:
    file = shell.file("papers.dat", "Headline|Who\nWords|Ada Lovelace\n")
    words = ("import", file, "--format", "csv", "--map", "title=Headline", "--map", "authors=Who")
    assert shell.json(*words)["added"] == 1
    assert shell.json("export")[0]["authors"] == ["Ada Lovelace"]
    for bad in ("title", "=x", "title="):
        assert "Write title=COLUMN" in shell("import", file, "--map", bad).stderr


def test_unpublished_entries_are_reported_but_not_an_error(shell: Shell) -> None:
    file = shell.file("papers.csv", "Title,Year,Status\nOne,2020,Accepted\nTwo,2021,Under Review\n")
    report = shell.json("import", file)
    assert (report["added"], report["left_out"], report["rejected"]) == (1, 1, 0)
    again = shell("import", file)
    assert again.exit_code == 0
    assert "0 rejected, 1 unpublished; 2 entries in all." in again.stdout
    unpublished = shell("import", shell.file("other.csv", "Title,Status\nTwo,Under Review\n"))
    assert unpublished.exit_code == 1
    assert "No published papers found." in unpublished.stderr
    assert shell.json("import", file, "--unpublished")["added"] == 1


def both(shell: Shell, *files: str) -> list[dict[str, Any]]:
    for file in files:
        report = shell.json("import", file)
        assert (report["duplicates"], report["rejected"]) == (0, 0)
    for file in files:
        report = shell.json("import", file)
        assert (report["added"], report["updated"], report["duplicates"]) == (0, 0, 0)
    exported: list[dict[str, Any]] = shell.json("export")
    return exported


@pytest.mark.parametrize("page_first", [True, False])
def test_papers_in_both_of_the_labs_lists_are_merged(
    shell: Shell, publications_page: str, lab_sheet: Path, *, page_first: bool
) -> None:
    page = shell.file("page.txt", publications_page)
    papers = both(shell, *((page, str(lab_sheet)) if page_first else (str(lab_sheet), page)))
    # Of the page's 20 the sheet has 18, one of them by a title that is a word shorter.
    assert len(papers) == 135 + 2
    moss = [paper for paper in papers if "Fooling MOSS" in paper["title"]]
    assert [paper["doi"] for paper in moss] == ["10.1145/3511808.3557079"]
    assert moss[0]["authors"] == ["Stella Biderman", "Edward Raff"]
    assert sum("Crosslingual Generalization" in paper["title"] for paper in papers) == 1
    assert sum(paper["title"].startswith("BLOOM") for paper in papers) == 2


def test_the_labs_sheet_gives_its_published_papers_without_contacts_as_authors(
    shell: Shell, lab_sheet: Path
) -> None:
    report = shell.json("import", str(lab_sheet))
    assert (report["added"], report["left_out"], report["rejected"]) == (135, 25, 0)
    papers = shell.json("export")
    assert all(paper["authors"] == [] for paper in papers)
    assert all(paper["date"] for paper in papers)
    assert shell.json("import", str(lab_sheet), "--unpublished")["added"] == 25
    shared = [paper for paper in shell.json("export") if "2601.04301" in str(paper["url"])]
    assert len(shared) == 3


@pytest.mark.parametrize("form", ["json", "jsonl", "bibtex", "csv"])
def test_an_exported_and_imported_list_is_unchanged(
    shell: Shell, tmp_path: Path, publications_page: str, lab_sheet: Path, form: str
) -> None:
    shell("import", shell.file("page.txt", publications_page), str(lab_sheet))
    target = str(tmp_path / f"out.{form.replace('bibtex', 'bib')}")
    assert shell("export", "--complete", "--format", form, "-o", target).exit_code == 0
    (tmp_path / "other").mkdir()
    other = Shell(tmp_path / "other")
    assert other.json("import", target)["added"] == 137
    nameless = [{**paper, "id": 0} for paper in shell.json("export")]
    assert [{**paper, "id": 0} for paper in other.json("export")] == nameless
    assert shell.json("import", target)["unchanged"] == 137


@pytest.mark.parametrize(("answer", "titles"), [("n", []), ("y", ["First", "Second"])])
def test_on_a_terminal_it_shows_a_preview_and_asks(
    shell: Shell, answer: str, titles: list[str]
) -> None:
    file = shell.file("papers.bib", GOOD)
    terminal, ours = pty.openpty()
    os.write(terminal, f"{answer}\n".encode())
    command = [sys.executable, "-c", "from bot.cli import main; main()"]
    result = subprocess.run(
        [*command, "--database", str(shell.database), "import", file],
        stdin=ours,
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(terminal)
    os.close(ours)
    assert result.returncode == (0 if titles else 1), result.stderr
    assert "Preview: 2 would be added" in result.stdout
    assert "Import these papers?" in result.stderr
    assert shell.titles() == titles


def test_the_progress_bar_fills(shell: Shell) -> None:
    file = shell.file("papers.bib", GOOD)
    terminal, ours = pty.openpty()
    command = [sys.executable, "-c", "from bot.cli import main; main()"]
    subprocess.run(
        [*command, "--database", str(shell.database), "import", file, "--yes"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=ours,
        check=True,
    )
    shown = os.read(terminal, 10_000).decode()
    os.close(terminal)
    os.close(ours)
    assert f"Importing  [{'#' * 36}]  2/2" in shown


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("title={Ferns}", "“Ferns” has no author, date, ID, link or abstract."),
        ("title={AU - Roe, Jane}, year={2020}", "“AU - Roe, Jane” isn't the title of a paper."),
        ("title={Untitled}, year={2020}", "“Untitled” isn't the title of a paper."),
        ("title={1234}, year={2020}", "“1234” isn't the title of a paper."),
    ],
)
def test_an_entry_without_a_title_and_another_fact_is_rejected(
    shell: Shell, entry: str, reason: str
) -> None:
    report = shell.json("import", shell.file("papers.bib", f"@misc{{a, {entry}}}\n"))
    assert [one["reason"] for one in report["details"]] == [reason]
    assert shell.titles() == []


def test_an_export_of_a_paper_of_which_only_the_title_is_known_is_imported(shell: Shell) -> None:
    paper = '{"title": "Ferns", "identifiers": []}'
    assert shell.json("import", shell.file("papers.jsonl", paper))["added"] == 1


def test_standard_input_is_imported(shell: Shell) -> None:
    words = ["--database", str(shell.database), "import", "-", "--json"]
    result = CliRunner().invoke(
        main, words, input="TY  - JOUR\nTI  - Ferns\nAU  - Roe, J.\nER  - \n"
    )
    assert json.loads(result.stdout)["added"] == 1
    assert shell.titles() == ["Ferns"]
