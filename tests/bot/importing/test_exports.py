"""Reads what other programs export: each file of `exports` has the papers in it beside it."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from bot.formats.results import ParsedPaper, Problem, UnresolvedReference
from bot.formats.rows import paper_json
from bot.importing.detect import ImportFormat, detect_format
from bot.importing.formats import FileEntry, ImportFile, read_file
from storage.errors import InvalidInput, LabError
from tests.support.papers import AT
from tests.support.paths import shared_path

EXPORTS = Path(__file__).parent / "exports"
EXPECTED = sorted(EXPORTS.glob("*.expected.json"))


def read(file: Path) -> list[FileEntry]:
    return list(read_file(ImportFile(file, detect_format(file), AT)))


def described(entry: FileEntry, keys: Any) -> dict[str, Any]:
    """Returns these facts of an entry, as the expected files have them."""
    if isinstance(entry, ParsedPaper):
        facts = {"line": entry.line, **paper_json(entry.draft)}
        facts["links"] = [link.url for link in entry.draft.links]
    elif isinstance(entry, UnresolvedReference):
        facts = {"line": entry.line, "reference": entry.text}
    else:
        facts = {"line": entry.line, "problem": entry.reason}
    return {key: facts.get(key) for key in keys}


@pytest.mark.parametrize("expected", EXPECTED, ids=lambda path: path.name.split(".")[0])
@pytest.mark.parametrize("change", ["as it is", "CRLF", "UTF-16", "no name"])
def test_an_export_of_another_program_is_read(tmp_path: Path, expected: Path, change: str) -> None:
    (source,) = (one for one in EXPORTS.glob(f"{expected.name.split('.')[0]}.*") if one != expected)
    text = source.read_text(encoding="utf-8")
    file = tmp_path / ("export" if change == "no name" else source.name)
    text = text.replace("\n", "\r\n") if change == "CRLF" else text
    file.write_text(text, encoding="utf-16" if change == "UTF-16" else "utf-8", newline="")
    wanted = json.loads(expected.read_text(encoding="utf-8"))
    assert detect_format(file) is ImportFormat(wanted["format"])
    entries = read(file)
    found = [described(one, keys) for one, keys in zip(entries, wanted["entries"], strict=False)]
    assert found == wanted["entries"]
    assert len(entries) == len(wanted["entries"])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("notes.txt", "Buy milk and bread.\n"),
        ("books.xml", "<?xml version='1.0'?><catalogue><book/></catalogue>"),
        ("empty-words", "hello"),
    ],
)
def test_a_text_in_no_known_format_is_refused_with_what_can_be_read(
    tmp_path: Path, name: str, text: str
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=r"I can read publications pages .* BibTeX, RIS"):
        read(file)


@pytest.mark.parametrize("name", ["xmlbomb.xml", "quadratic.xml", "external.xml", "dtd.xml"])
def test_hostile_xml_brings_no_papers(tmp_path: Path, name: str) -> None:
    source = shared_path(f"nasty/xml/{name}").read_text(encoding="utf-8")
    file = tmp_path / "endnote.xml"
    file.write_text(f"{source}<!-- <xml><records><record> -->", encoding="utf-8")
    with suppress(LabError):
        assert all(isinstance(one, Problem) for one in read(file))
