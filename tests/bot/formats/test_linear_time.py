"""Hostile text takes time in proportion to its length, not to the square of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from time import process_time

import pytest

from bot.formats import latex, plain_text
from bot.formats.bibtex_reader import read_bibtex
from bot.formats.citation_styles import Style, cite
from bot.formats.citation_text import read_credits
from storage.models import PaperDraft
from storage.names.author_list import parse_author_list
from storage.text import fold, index_text
from tests.support.papers import make_paper

REPEATS = 50_000
MAX_SECONDS = 6.0  # of processor time; linear functions need about one, quadratic ones minutes


def read_entry(field: str) -> Callable[[str], object]:
    """Returns a function that reads a BibTeX entry with a text as this field."""

    def read(text: str) -> object:
        entry = f"@article{{a, title={{T}}, {field}={{{text}}}}}\n"
        return list(read_bibtex(lambda: nullcontext([entry])))

    return read


def cite_author(style: Style) -> Callable[[str], object]:
    """Returns a function that cites a paper with a text as its author."""
    return lambda text: cite(make_paper(PaperDraft(title="T", authors=(text,))), style)


FUNCTIONS = {
    "BibTeX abstract": read_entry("abstract"),
    "BibTeX author": read_entry("author"),
    "BibTeX keywords": read_entry("keywords"),
    "from LaTeX": plain_text.from_latex,
    "from HTML": plain_text.from_html,
    "unescape": latex.unescape,
    "escape": latex.escape,
    "fold": fold,
    "index": index_text,
    "authors": parse_author_list,
    "credits": read_credits,
    "cite as BibTeX": cite_author(Style.BIBTEX),
    "cite as text": cite_author(Style.TEXT),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    ("before", "unit"),
    [("", r"\&"), ("", r"\& "), ("A", " "), ("A (incl.", " "), ("A", " (B)"), ("A", " et al. ")],
)
def test_a_repeated_text_takes_linear_time(
    function: Callable[[str], object], before: str, unit: str
) -> None:
    start = process_time()
    function(f"{before}{unit * REPEATS}B")
    assert process_time() - start < MAX_SECONDS
