"""Files that nobody means well with, or that are broken: reading them ends soon, and well."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.results import ParsedPaper
from bot.importing.detect import ImportFormat, detect_format
from bot.importing.formats import ImportFile, read_file
from storage.errors import LabError
from tests.support.linear_time import assert_takes_linear_time
from tests.support.papers import AT

_PIECES = (
    *("TY  - JOUR", "TI  - Ferns", "AU  - Roe, Jane", "ER  -", "DA  - 2020/13//", "  more"),
    *("PMID- 1", "FAU - Roe, J", "LID - 10.5555/x [doi]", "PT J", "AF Roe, J", "   Lee, B", "EF"),
    *("%0 Book", "%T Ferns", "%A Roe,", "@misc{a, title={T}}", "sep=;", "Title;Authors", "a;b"),
    *("PT\tAU\tTI\tSO", "J\tRoe\tFerns", "Title,Year,DOI", '"open,2020', "2301.01234", "10.5/x"),
    *('{"title": [', '{"results": [{"title": "T"', "}]}", "[", '"authorships": [{}],', "null"),
    *('{"result":{"hits":{"hit":{"info":{"title":1}}}}}', '{"data":{"data":{"data":[1]}}}'),
    *("<xml><records><record>", "<titles><title>T", "</record>", "<style face='subscript'>"),
    *("</style>", "<?xml version='1.0'?>", "&x;", "", "\ufeff", "\x85", "Read More"),
)
_ENTRY_STARTS = {
    ImportFormat.RIS: ("TY  - JOUR\n", "AU  - Roe, Jane\n"),
    ImportFormat.NBIB: ("PMID- 1\n", "FAU - Roe, Jane\n"),
    ImportFormat.ENDNOTE: ("%0 Book\n", "%A Roe, Jane\n"),
    ImportFormat.WOS: ("PT J\n", "   Roe, Jane\n"),
    ImportFormat.ENDNOTE_XML: ("<xml><records><record>", "<titles><title>a"),
    ImportFormat.CSV: ("Title,Year\n", '"a\n'),
    ImportFormat.JSON: ('{"results": [', '{"title": "T", "authorships": [{}]},'),
    ImportFormat.JSONL: ("", '{"paperId": "a", "title": "T"}\n'),
    ImportFormat.LIST: ("", "2301.01234 "),
}


def read(file: Path, form: ImportFormat | None = None) -> None:
    """Reads a file; an error with a sentence for people is fine."""
    try:
        entries = list(read_file(ImportFile(file, form or detect_format(file), AT)))
    except LabError:
        return
    assert all(entry.line > 0 for entry in entries)
    assert all(one.draft.title for one in entries if isinstance(one, ParsedPaper))


@given(st.lists(st.sampled_from(_PIECES) | st.text(max_size=8), max_size=12), st.booleans())
def test_any_text_is_read_or_refused_with_a_sentence(pieces: list[str], crlf: bool) -> None:  # noqa: FBT001
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "export"
        text = ("\r\n" if crlf else "\n").join(pieces)
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        read(file)


@pytest.mark.parametrize("form", ImportFormat)
@pytest.mark.parametrize("text", [piece for piece in _PIECES if piece])
def test_a_format_that_is_named_wrongly_is_no_crash(
    tmp_path: Path, form: ImportFormat, text: str
) -> None:
    file = tmp_path / "export"
    file.write_text(text, encoding="utf-8")
    read(file, form)


@pytest.mark.slow
@pytest.mark.parametrize("form", _ENTRY_STARTS)
@pytest.mark.parametrize("unit", ["entry", " ", "\n", ";", "(", "\\n-"])
def test_reading_takes_linear_time(tmp_path: Path, form: ImportFormat, unit: str) -> None:
    start, entry = _ENTRY_STARTS[form]
    file = tmp_path / "export"

    def read_size(size: int) -> None:
        file.write_text(start + entry + (entry if unit == "entry" else unit) * size)
        read(file, form)
        read(file)

    assert_takes_linear_time(read_size, 4000)
