"""Hostile text takes time in proportion to its length, not to the square of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress

import pytest

from bot.formats.bibtex.reader import read_bibtex
from bot.formats.pages.page import NoPapersFound, parse_publications_page
from bot.formats.text import latex, plain_text
from bot.formats.text.citation_text import read_credits
from bot.formats.text.dates import read_date, read_parts
from bot.formats.writers.citations import cite
from storage.models import PaperDraft
from storage.names.author_list import parse_author_list
from storage.text import fold, index_text
from tests.support.linear_time import assert_takes_linear_time
from tests.support.papers import make_paper

REPEATS = 10_000


def read_entry(field: str) -> Callable[[str], object]:
    """Returns a function that reads a BibTeX entry with a text as this field."""

    def read(text: str) -> object:
        entry = f"@article{{a, title={{T}}, {field}={{{text}}}}}\n"
        return list(read_bibtex(lambda: nullcontext([entry])))

    return read


def cite_author(style: str) -> Callable[[str], object]:
    """Returns a function that cites a paper with a text as its author."""
    return lambda text: cite(make_paper(PaperDraft(title="T", authors=(text,))), style)


def read_page(text: str) -> None:
    with suppress(NoPapersFound):
        parse_publications_page(text)


FUNCTIONS = {
    "BibTeX abstract": read_entry("abstract"),
    "BibTeX author": read_entry("author"),
    "BibTeX keywords": read_entry("keywords"),
    "BibTeX date": read_entry("date"),
    "BibTeX month": read_entry("year={2020}, month"),
    "from LaTeX": plain_text.from_latex,
    "from HTML": plain_text.from_html,
    "from markup": plain_text.from_markup,
    "title": plain_text.read_line,
    "date": read_date,
    "month": lambda text: read_parts("2020", text),
    "unescape": latex.unescape,
    "escape": latex.escape,
    "fold": fold,
    "index": index_text,
    "authors": parse_author_list,
    "credits": read_credits,
    "page": read_page,
    "cite as BibTeX": cite_author("bibtex"),
    "cite as Markdown": cite_author("markdown"),
    "cite as APA": cite_author("apa"),
}


@pytest.mark.slow
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
@pytest.mark.parametrize(
    ("before", "unit"),
    [
        ("", r"\&"),
        ("", r"\& "),
        ("A", " "),
        ("A (incl.", " "),
        ("A", " (B)"),
        ("A", " et al. "),
    ],
)
def test_a_repeated_text_takes_linear_time(
    function: Callable[[str], object], before: str, unit: str
) -> None:
    assert_takes_linear_time(lambda size: function(f"{before}{unit * size}B"), REPEATS)


# What opens, and what may close it; each is repeated.
NOTATION = [
    *(("{", ""), ("{a", "}"), (r"\'", ""), (r"\frac", "a"), (r"\foo{", "}"), ("$x_{", "")),
    *(("$", ""), (r"\(", ""), (r"\(\[", ""), (r"\url{", ""), ("``", ""), ("`a", "")),
    *((r"\begin{", ""), ("http://", ""), ("<", ""), ("<a ", ""), ('<a b="', "")),
    *(("<a b='<i c=\"", ""), ("<!--", ""), ("<sub>", "</sub>"), ("<sub>x", "</sup>")),
    *(("<script>", ""), ("<b>", ""), ("<x1>", ""), ("&amp;", ""), ("&", ""), ("<?x", "")),
    *(("<mml:mrow>a", "</mml:mrow>"), ("</p>", "")),
]
READERS = [plain_text.read_text, plain_text.from_html, latex.unescape]


@pytest.mark.slow
@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(("opening", "closing"), NOTATION)
def test_deep_and_unclosed_notation_takes_linear_time(
    read: Callable[[str], str], opening: str, closing: str
) -> None:
    assert_takes_linear_time(lambda size: read(opening * size + closing * size), REPEATS)


@pytest.mark.slow
@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("before", "unit", "after"),
    [("$", "^", "$"), ("$^{", "^{", "}$"), ("<a", " b", ">")],
)
def test_long_notation_takes_linear_time(
    read: Callable[[str], str], before: str, unit: str, after: str
) -> None:
    closing = "}" if unit == "^{" else ""
    assert_takes_linear_time(
        lambda size: read(before + unit * size + closing * size + after), REPEATS
    )
