from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from bot.formats.people_file import COLUMNS, read_people, write_csv, write_json
from storage.errors import InvalidInput
from storage.people.imports import FileRow
from storage.people.models import IdScheme, Membership, Person, PersonDraft, PersonId

STELLA = PersonDraft(
    "Stella Biderman",
    other_names=("S. R. Biderman", "Stella Rose Biderman"),
    ids=(
        PersonId(IdScheme.ORCID, "0000-0002-1825-0097"),
        PersonId(IdScheme.OPENALEX, "A5023888391"),
        PersonId(IdScheme.OPENALEX, "A5023888392"),
        PersonId(IdScheme.ARXIV, "biderman_s_1"),
        PersonId(IdScheme.DBLP, "239/5641"),
        PersonId(IdScheme.SEMANTIC_SCHOLAR, "103476203"),
    ),
    membership=Membership(date(2020, 7, 1), date(2024, 9, 30)),
    categories=("cs.CL", "cs.LG"),
    discord_id=123456789012345678,
)
PERSON = Person(
    7,
    STELLA.name,
    other_names=STELLA.other_names,
    former_names=("Jan Former",),
    ids=STELLA.ids,
    membership=STELLA.membership,
    categories=STELLA.categories,
    discord_id=STELLA.discord_id,
)


def read(tmp_path: Path, content: str, name: str = "people.csv") -> tuple[FileRow, ...]:
    file = tmp_path / name
    file.write_text(content, encoding="utf-8")
    return read_people(file).rows


def test_a_file_has_the_documented_columns() -> None:
    assert COLUMNS[:10] == (
        *("name", "orcid", "openalex", "arxiv", "dblp", "semantic_scholar"),
        *("from", "to", "categories", "discord"),
    )


@pytest.mark.parametrize("write", [write_csv, write_json])
def test_what_is_written_is_read_back(tmp_path: Path, write: object) -> None:
    text = write([PERSON, Person(8, "=1+1 Lee")])  # type: ignore[operator]
    assert "Former" not in text
    first, second = read(tmp_path, text)
    assert first.draft == STELLA
    assert second.name.endswith("Lee")


def test_a_spreadsheet_does_not_run_a_name() -> None:
    assert "\n'=HYPERLINK" in write_csv([Person(1, "=HYPERLINK()")])


@pytest.mark.parametrize(
    "content",
    [
        "NAME;Orcid\nAnn Lee;0000-0002-1825-0097\n",
        "\ufefforcid id,Name,\n0000 0002 1825 0097,'Ann Lee,\n".replace("'", ""),
        ' Full Name \tORCID\n\n"Lee, Ann"\thttps://orcid.org/0000-0002-1825-0097',
        '[{"Name": "Ann Lee", "ORCID": ["0000-0002-1825-0097"], "to": null, "number": 3}]',
        '{"people": [{"name": "Ann Lee", "orcid": "0000-0002-1825-0097"}]}',
    ],
)
def test_headers_and_separators_are_read_forgivingly(tmp_path: Path, content: str) -> None:
    (row,) = read(tmp_path, content)
    assert row.draft == PersonDraft("Ann Lee", ids=STELLA.ids[:1])


def test_unknown_columns_are_reported(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    file.write_text("Name,Office,number\nAnn Lee,12,1\n", encoding="utf-8")
    assert read_people(file).unknown_columns == ("Office",)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("Ann Lee,0000-0002-1825-0098,", "check digit"),
        ("Ann Lee and Bo Chen,,", "isn't one person's name"),
        (",0000-0002-1825-0097,", "has no name"),
        ("Ann Lee,,2020", "isn't a date"),
        ("Ann Lee,,,more", "more cells than there are columns"),
    ],
)
def test_a_bad_row_says_what_is_wrong_and_where(tmp_path: Path, line: str, reason: str) -> None:
    content = f'name,orcid,from\n\n"Bo\nChen",,\n{line}\n'
    good, bad = read(tmp_path, content)
    assert (good.line, good.name) == (3, "Bo Chen")
    assert (bad.line, bad.draft) == (5, None)
    assert reason in bad.reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "nobody in people.csv"),
        ("name\n", "nobody in people.csv"),
        ("[]", "nobody in people.csv"),
        ("who\nAnn Lee\n", "no column “name”"),
        ("name,Name\na,b\n", "has the column “name” twice"),
        ("[1]", "array of objects"),
        ('[{"name": ', "isn't valid JSON"),
        ("[" * 100_000, "isn't valid JSON"),
        ('name\n"Ann Lee\nBo Chen\n', "isn't valid CSV"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, content: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        read(tmp_path, content)


def test_an_exported_json_file_is_an_array_of_the_columns() -> None:
    (values,) = json.loads(write_json([PERSON]))
    assert tuple(values) == COLUMNS
    assert values["categories"] == "cs.CL cs.LG"
