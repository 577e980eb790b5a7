from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main

HEADER = "name,orcid,openalex,arxiv,dblp,semantic_scholar,from,to,categories,discord"
GOOD = f"""{HEADER}
Stella Biderman,0000-0002-1825-0097,,,,,2020-07-01,,cs.CL cs.LG,
Wei Wang,,A5023888391,,,,,,,
Wei Wang,,A5023888392,,,,,,,
"""
MIXED = f"{HEADER}\nAnn Lee,0000-0002-1694-233X,,,,,,,,\nBo Chen,,,,,,2020,,,\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(GOOD, encoding="utf-8")
    return path


@pytest.fixture
def shell(tmp_path: Path) -> Any:
    def run(*arguments: object, stdin: str | None = None) -> Result:
        database = str(tmp_path / "lab.db")
        arguments = ("--database", database, "people", *arguments)
        return CliRunner().invoke(main, [str(one) for one in arguments], input=stdin)

    return run


def people(shell: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(shell("list", "--json").stdout)
    return found


def test_an_import_is_previewed_until_it_is_confirmed(shell: Any, file: Path) -> None:
    preview = shell("import", file)
    assert preview.exit_code == 0
    assert "3 people would be added:\n  line 2: Stella Biderman\n" in preview.stdout
    assert "Nothing has been imported yet. To import, add --yes." in preview.stdout
    assert people(shell) == []
    done = shell("import", file, "--yes")
    assert done.exit_code == 0
    assert "3 people added:\n  line 2: Stella Biderman (number 1)\n" in done.stdout
    assert "lab-herald undo 1" in done.stdout
    assert [one["number"] for one in people(shell)] == [1, 2, 3]
    assert "Nothing changed." in shell("import", file, "--yes").stdout


def test_a_list_has_the_number_the_name_and_the_columns(shell: Any, file: Path) -> None:
    shell("import", file, "--yes")
    first = people(shell)[0]
    assert {"number", *HEADER.split(",")} <= set(first)
    assert first["orcid"] == "0000-0002-1825-0097"
    assert (first["from"], first["to"]) == ("2020-07-01", "")
    text = shell("list").stdout
    assert "   1  Stella Biderman · ORCID 0000-0002-1825-0097 · since 2020-07-01" in text


def test_rows_that_cannot_be_used_are_skipped_with_exit_code_1(shell: Any) -> None:
    preview = shell("import", "-", stdin=MIXED)
    assert preview.exit_code == 1
    assert "line 3: Bo Chen: “2020” isn't a date" in preview.stdout
    assert "1 of 2 people wouldn't be imported." in preview.stderr
    done = shell("import", "-", "--yes", "--json", stdin=MIXED)
    assert done.exit_code == 1
    report = json.loads(done.stdout)
    assert (report["added"], report["rejected"], report["change"]) == (1, 1, 1)
    assert report["rows"][1]["line"] == 3
    assert [one["name"] for one in people(shell)] == ["Ann Lee"]


def test_a_file_that_cannot_be_read_is_an_error(shell: Any, tmp_path: Path) -> None:
    missing = shell("import", tmp_path / "missing.csv")
    assert missing.exit_code == 1
    assert "missing.csv" in missing.stderr


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_can_be_imported_again(shell: Any, file: Path, tmp_path: Path, form: str) -> None:
    assert shell("export").exit_code == 1
    shell("import", file, "--yes")
    before = people(shell)
    exported = tmp_path / f"exported.{form}"
    assert shell("export", "--format", form, "-o", exported).exit_code == 0
    again = json.loads(shell("import", exported, "--json").stdout)
    assert again["unchanged"] == 3
    (tmp_path / "lab.db").unlink()
    shell("import", exported, "--yes")
    assert people(shell) == before


def test_a_person_is_shown_by_number_name_or_id(shell: Any, file: Path) -> None:
    shell("import", file, "--yes")
    for words in (["1"], ["stella", "biderman"], ["https://orcid.org/0000-0002-1825-0097"]):
        shown = shell("show", *words)
        assert shown.stdout.startswith("Stella Biderman (number 1)\n  ORCID: 0000-0002-1825-0097")
    assert json.loads(shell("show", "2", "--json").stdout)["openalex"] == "A5023888391"
    ambiguous = shell("show", "wang")
    assert ambiguous.exit_code == 1
    assert "Wei Wang (number 2) or Wei Wang (number 3)" in ambiguous.stderr


def test_trust_is_turned_on_and_off_for_some_or_all(shell: Any, file: Path) -> None:
    shell("import", file, "--yes")
    assert not any(one["trusted"] for one in people(shell))
    assert "by Stella Biderman may now be announced" in shell("trust", "on", "biderman").stdout
    assert [one["trusted"] for one in people(shell)] == [True, False, False]
    assert json.loads(shell("trust", "on", "--json").stdout) == {"trusted": True, "change": 3}
    assert "already" in shell("trust", "on").stdout
    assert "All new papers by everybody now need a review." in shell("trust", "off").stdout
    assert not any(one["trusted"] for one in people(shell))
    assert shell("trust", "on", "nobody").exit_code == 1
