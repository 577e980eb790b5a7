from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.rows import COLUMNS, paper_row, unescape_cell
from storage.models import PaperDraft
from tests.support.papers import make_paper

FORMULA = '=HYPERLINK("http://evil.example")'
TRAPS = [
    FORMULA,
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    f"  {FORMULA}",
    f"\t{FORMULA}",
    f"\r\n{FORMULA}",
    f"\u00a0{FORMULA}",
    f"\u3000{FORMULA}",
    f"\ufeff{FORMULA}",
    f"\u200b {FORMULA}",
    f"\x01{FORMULA}",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(A1)",
    "﹦1+1",
    "﹢1+1",
    "﹣1+1",
    "﹫SUM(A1)",
    "−1+1",
    " \u3000＝1+1",
    "\ttext",
    "\rtext",
    "\ntext",
]


def cell_of(text: str) -> str:
    """Returns the cell that a note is exported as."""
    return paper_row(make_paper(PaperDraft(title="T", note=text)))[COLUMNS.index("note")]


@pytest.mark.parametrize("text", TRAPS)
def test_a_cell_that_might_be_a_formula_gets_an_apostrophe(text: str) -> None:
    assert cell_of(text) == f"'{text}"
    assert unescape_cell(cell_of(text)) == text
    assert unescape_cell(cell_of(f"'{text}")) == f"'{text}"


@pytest.mark.parametrize("text", ["", " ", "Oral", "A = B", "1 - 1", "“=”", "·", "me@x.example"])
def test_other_cells_stay_as_they_are(text: str) -> None:
    assert cell_of(text) == text
    assert unescape_cell(text) == text


@given(st.text())
def test_every_cell_is_read_back_unchanged(text: str) -> None:
    assert unescape_cell(cell_of(text)) == text
