from __future__ import annotations

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

GOOD = "@misc{a, title={First}, doi={10.1000/1}}\n@misc{b, title={Second}, doi={10.1000/2}}\n"
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
    report = shell.json("import", shell.file("papers.bib", GOOD + BAD), "--keep-going")
    assert (report["added"], report["rejected"]) == (2, 1)
    assert shell.titles() == ["First", "Second"]


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
    assert "Preview: 2 added" in result.stdout
    assert "Line 2: added: Second" in result.stdout
    preview = shell.json("import", file, "--dry-run")["preview"]
    assert preview[0] == {"line": 1, "outcome": "added", "title": "First"}
    assert shell.titles() == []
    assert shell("import", "--starter", "--dry-run").stdout.startswith("Preview: 20 added")


def test_possible_duplicates_and_renamed_papers_are_reported(shell: Shell) -> None:
    shell("import", shell.file("papers.bib", GOOD))
    other = "@misc{x, title={First}}\n\n@misc{y, title={Second, Renamed}, doi={10.1000/2}}\n"
    report = shell.json("import", shell.file("other.bib", other))
    assert report["duplicates"] == 1
    likely, renamed = report["details"]
    assert (likely["line"], renamed["line"]) == (1, 3)
    assert "may be a duplicate of “First” (#1)" in likely["reason"]
    assert "“Second, Renamed” updates “Second” (#2)." in renamed["reason"]


def test_possible_duplicates_are_handled_as_the_option_says(shell: Shell) -> None:
    shell("import", shell.file("papers.bib", GOOD))
    published = shell.file("more.bib", "@article{x, title={First}, journal={TMLR}}\n")
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
    file = shell.file("papers.csv", "Title,Status\nOne,Accepted\nTwo,Under Review\n")
    report = shell.json("import", file)
    assert (report["added"], report["left_out"], report["rejected"]) == (1, 1, 0)
    assert "Skipped 1 entry that isn't a published paper" in shell("import", file).stdout
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
    assert shell("export", "--format", form, "-o", target).exit_code == 0
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
    assert result.returncode == 0, result.stderr
    assert "Preview: 2 added" in result.stdout
    assert "Import these papers?" in result.stderr
    assert shell.titles() == titles
