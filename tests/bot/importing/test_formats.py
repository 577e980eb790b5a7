from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.formats.results import ParsedPaper, ParseResult, Problem
from bot.importing.detect import ImportFormat, detect_format
from bot.importing.formats import ImportFile, read_file
from storage.errors import InvalidInput
from storage.models import PaperDraft, PartialDate
from tests.support.papers import AT

BIBTEX = "@misc{x, title={Größe}, author={Ada Lovelace}}\n"
PAPER = {"title": "Words", "authors": ["Ada Lovelace"], "year": 2020, "venue": "ICML"}
FEED = (
    '<?xml version="1.0"?><rss version="2.0"><channel><title>Lab</title>'
    "<item><title>New</title><link>https://lab.example/new</link></item>"
    "<item><title>Old</title><link>https://lab.example/old</link></item></channel></rss>"
)


def read(file: Path, form: ImportFormat | None = None) -> list[ParseResult]:
    return list(read_file(ImportFile(file, form or detect_format(file), AT)))


def titles(file: Path) -> list[str]:
    return [finding.draft.title for finding in read(file) if isinstance(finding, ParsedPaper)]


@pytest.mark.parametrize(
    ("name", "text", "form"),
    [
        ("papers.bib", "", ImportFormat.BIBTEX),
        ("papers.txt", f"From a mail:\n\n{BIBTEX}", ImportFormat.BIBTEX),
        ("papers.tsv", "", ImportFormat.CSV),
        ("papers", "Title,Authors\n", ImportFormat.CSV),
        ("papers.json", "[]", ImportFormat.JSON),
        ("papers.json", '{"papers": [\n]}', ImportFormat.JSON),
        (
            "papers.json",
            '{"version": "https://jsonfeed.org/version/1.1",\n "items": []}',
            ImportFormat.FEED,
        ),
        ("papers.json", '{"title": "A"}\n{"title": "B"}\n', ImportFormat.JSONL),
        ("papers.ndjson", "", ImportFormat.JSONL),
        ("feed.rss", "", ImportFormat.FEED),
        ("feed", f"\ufeff{FEED}", ImportFormat.FEED),
        ("page.txt", "ICML Ada Lovelace\n\nA Title, or two\n\nRead More\n", ImportFormat.TEXT),
        ("page.txt", "", ImportFormat.TEXT),
        ("page.html", "", ImportFormat.TEXT),
        ("page.md", "", ImportFormat.TEXT),
        ("page", "<!DOCTYPE html><html><body></body></html>", ImportFormat.TEXT),
        ("page.txt", '[1] A. Lee, "Tea," J. Tea, 2023.\n', ImportFormat.TEXT),
        ("page.txt", "[J4] A. Lee. Tea. 2023.\n", ImportFormat.TEXT),
        ("page", "{% include header %}\n", ImportFormat.TEXT),
        ("papers.json", "[1, 2]", ImportFormat.JSON),
        ("chat.txt", "[12:01, 01/03/2021] Jane: A new paper!\n", ImportFormat.TEXT),
        ("server.log", "[2021-03-01 12:00:01] Started\n", ImportFormat.TEXT),
        ("papers.txt", "TY  - JOUR\nTI  - A\nER  - \n", ImportFormat.RIS),
        ("papers.csv", "TY  - JOUR\nTI  - Title, Year\nER  - \n", ImportFormat.RIS),
        ("page.md", "# Papers\n\n```\n@misc{a, title={B}}\n```\n", ImportFormat.TEXT),
        ("page.md", "| Title | Year |\n|---|---|\n| A | 2020 |\n", ImportFormat.TEXT),
        ("page.txt", "Papers\n\n| Title | Year |\n|---|---|\n| A | 2020 |\n", ImportFormat.TEXT),
        ("page.txt", "We read\nTitle, year, and more.\n", ImportFormat.TEXT),
        ("papers.txt", "Our papers\n\nTitle,Authors,Year\nA,B,2020\n", ImportFormat.CSV),
        ("papers.txt", "sep=;\nTitle;Year\nA;2020\n", ImportFormat.CSV),
        ("papers.csv", "DOI\n10.5555/a\n", ImportFormat.LIST),
        ("papers.toml", "[[paper]]\ntitle = 'A'\n", ImportFormat.TEXT),
        ("papers.bib", '{"title": "A"}\n{"title": "B"}\n', ImportFormat.JSONL),
        ("papers.json", '["10.5555/a"]', ImportFormat.JSON),
    ],
)
def test_formats_are_detected_by_name_and_content(
    tmp_path: Path, name: str, text: str, form: ImportFormat
) -> None:
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")
    assert detect_format(file) is form


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1"])
def test_a_file_is_read_in_any_common_encoding(tmp_path: Path, encoding: str) -> None:
    file = tmp_path / "papers.bib"
    file.write_text(BIBTEX, encoding=encoding)
    assert titles(file) == ["Größe"]


def test_a_byte_that_is_invalid_in_windows_1252_is_read_as_latin_1(tmp_path: Path) -> None:
    file = tmp_path / "papers.bib"
    file.write_bytes(BIBTEX.encode("latin-1") + b"% \x81\n")
    assert titles(file) == ["Größe"]


@pytest.mark.parametrize("body", [b"\x7fELF\x00\x01", b"\xff\xfe\x00\x01binary"])
def test_a_binary_file_is_an_error(tmp_path: Path, body: bytes) -> None:
    file = tmp_path / "papers.bib"
    file.write_bytes(body)
    with pytest.raises(InvalidInput, match="isn't a text file in UTF-8"):
        read(file)


def test_arrays_and_json_lines_are_read_with_line_numbers(tmp_path: Path) -> None:
    array, lines = tmp_path / "papers.json", tmp_path / "papers.jsonl"
    array.write_text(json.dumps([PAPER, {**PAPER, "title": "More"}, 7], indent=1), encoding="utf-8")
    lines.write_text(f"{json.dumps(PAPER)}\n\nnot JSON\n[1]\n", encoding="utf-8")
    draft = PaperDraft("Words", ("Ada Lovelace",), venue="ICML", date=PartialDate(2020))
    assert read(array)[0] == ParsedPaper(2, draft)
    assert [(type(one), one.line) for one in read(array)[1:]] == [(ParsedPaper, 10), (Problem, 18)]
    assert read(lines)[0] == ParsedPaper(1, draft)
    assert [(type(one), one.line) for one in read(lines)[1:]] == [(Problem, 3), (Problem, 4)]


def test_an_array_larger_than_the_read_buffer_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "papers.json"
    papers = [
        {**PAPER, "title": f"Words {number}", "abstract": "word " * 300} for number in range(99)
    ]
    file.write_text(json.dumps(papers), encoding="utf-8")
    assert titles(file) == [paper["title"] for paper in papers]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('[{"title": "One"}, {"title": ', "isn't valid JSON"),
        ('[{"title": "One"}', "isn't valid JSON"),
        ("7", "neither an array nor an object"),
        ('{"title": ', "isn't valid JSON"),
        ('[{"title": ["One", "Two"]}]', "“title” isn't a string"),
        ('[{"authors": ["Ada"]}]', "no title"),
        ('[{"title": "One", "authors": 7}]', "isn't a list of names"),
        ('[{"title": "One", "authors": [7]}]', "isn't a list of names"),
        ('[{"title": "One", "tags": 7}]', "isn't a list"),
        ('[{"title": "One", "identifiers": [7]}]', "isn't a list of strings"),
        ('[{"title": "One", "links": 7}]', "isn't a list"),
        ('[{"title": "One", "links": [{"kind": "x", "url": "y"}]}]', "“kind” and “url”"),
        ('[{"title": "One", "url": "javascript:x"}]', "isn't a URL"),
        (f'[{{"title": "{"long " * 300}"}}]', "too long for a title"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_unusable_json_is_reported_with_a_reason(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "papers.json"
    file.write_text(text, encoding="utf-8")
    problem = read(file, ImportFormat.JSON)[-1]
    assert isinstance(problem, Problem)
    assert reason in problem.reason


def test_author_formats_of_other_programs_are_read(tmp_path: Path) -> None:
    file = tmp_path / "papers.json"
    people = [{"name": "Lovelace, Ada"}, {"given": "Jane", "family": "Doe"}, "John Roe"]
    papers = [{"title": "One", "authors": people}, {"title": "Two", "author": "A. B and C. D"}]
    file.write_text(json.dumps({"items": papers}), encoding="utf-8")
    drafts = [one.draft.authors for one in read(file) if isinstance(one, ParsedPaper)]
    assert drafts == [("Ada Lovelace", "Jane Doe", "John Roe"), ("A. B", "C. D")]


def test_dates_of_other_programs_are_read_and_never_cost_a_paper(tmp_path: Path) -> None:
    file = tmp_path / "papers.json"
    dates: list[tuple[dict[str, object], PartialDate | None]] = [
        ({"date": "May 7, 2020"}, PartialDate(2020, 5, 7)),
        ({"date": "99/99/9999", "year": 2020}, PartialDate(2020)),
        ({"issued": {"date-parts": [["2020", 5]]}}, PartialDate(2020, 5)),
        ({"issued": {"raw": "May 2020"}}, PartialDate(2020, 5)),
        ({"issued": {"date-parts": []}, "year": 2020}, PartialDate(2020)),
        ({"date": [2020, 5, 7]}, PartialDate(2020, 5, 7)),
        ({"date": 7.5}, None),
        ({"date": {}}, None),
    ]
    papers = [{"title": f"Paper {n}", **fields} for n, (fields, _) in enumerate(dates)]
    file.write_text(json.dumps(papers), encoding="utf-8")
    drafts = [one.draft for one in read(file) if isinstance(one, ParsedPaper)]
    assert [draft.date for draft in drafts] == [date for _, date in dates]


def test_texts_of_other_programs_become_plain_but_our_own_stay(tmp_path: Path) -> None:
    file = tmp_path / "papers.json"
    text = "<i>In vivo</i> &amp; \\texttt{Foo} for a<b"
    paper = {"title": text, "abstract": text, "venue": text}
    file.write_text(json.dumps([paper, {**paper, "identifiers": []}]), encoding="utf-8")
    other, own = [one.draft for one in read(file) if isinstance(one, ParsedPaper)]
    assert other.title == other.abstract == other.venue == "In vivo & Foo for a<b"
    assert own.title == own.abstract == own.venue == text


def test_a_feed_file_is_read_oldest_first(tmp_path: Path) -> None:
    file = tmp_path / "feed.xml"
    file.write_text(FEED, encoding="utf-8")
    assert titles(file) == ["Old", "New"]
