from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.formats.citation_styles import Style, citation_key, cite
from bot.formats.export import ExportFormat, write
from storage.models import Paper, PaperDraft, PartialDate
from tests.support.papers import AT, drafts, make_paper

PAPER = make_paper(
    PaperDraft(
        title="The Pythia Suite: 50% more",
        authors=("Stella Biderman", "Rogier Van der Sluijs", "Jean-Benoit Delbrouck"),
        abstract="An abstract.",
        venue="ICML",
        date=PartialDate(2023, 7, 23),
        identifiers=("arxiv:2304.01373", "doi:10.1000/x_1", "listed:thepythiasuite50more"),
        note="Oral",
        tags=("interpretability",),
        posted_by="Ada Lovelace",
    ),
    number=12,
)


def written(form: ExportFormat, *papers: Paper) -> str:
    async def pages() -> AsyncIterator[tuple[Paper, ...]]:
        yield papers

    async def run() -> str:
        return "".join([piece async for piece in write(pages(), form, AT)])

    return asyncio.run(run())


def test_bibtex_cites_the_published_version_and_keeps_the_preprints_id() -> None:
    assert cite(PAPER, Style.BIBTEX) == (
        "@inproceedings{biderman2023pythia-12,\n"
        "  title = {{The Pythia Suite: 50\\% more}},\n"
        "  author = {Biderman, Stella and Van der Sluijs, Rogier and Delbrouck, Jean-Benoit},\n"
        "  booktitle = {ICML},\n"
        "  year = {2023},\n"
        "  month = jul,\n"
        "  day = {23},\n"
        "  doi = {10.1000/x\\_1},\n"
        "  eprint = {2304.01373},\n"
        "  archiveprefix = {arXiv},\n"
        "  note = {Oral},\n"
        "}"
    )


def test_the_type_of_an_entry_depends_on_its_venue() -> None:
    for venue, kind in [
        ("TMLR", "@article{"),
        ("Journal of Computational Chemistry", "@article{"),
        ("EMNLP (Findings)", "@inproceedings{"),
        ("arXiv", "@misc{"),
        ("", "@misc{"),
    ]:
        assert cite(replace(PAPER, venue=venue), Style.BIBTEX).startswith(kind)


def test_a_text_reference_follows_apa_style() -> None:
    assert cite(PAPER, Style.TEXT) == (
        "Biderman, S., Van der Sluijs, R., & Delbrouck, J.-B. (2023). The Pythia Suite: 50% more. "
        "ICML. https://doi.org/10.1000/x_1"
    )
    bare = make_paper(PaperDraft(title="Why?", authors=("Le Scao",), authors_complete=False))
    assert cite(bare, Style.TEXT) == "Le Scao, et al. (n.d.). Why?"
    many = make_paper(PaperDraft(title="T", authors=tuple(f"A B{number}" for number in range(30))))
    assert "B18, A., … B29, A. (n.d.). T." in cite(many, Style.TEXT)
    assert cite(make_paper(PaperDraft(title="T", authors=("Plato",))), Style.TEXT).startswith(
        "Plato. ("
    )


def test_a_markdown_reference_is_one_line_with_a_link() -> None:
    assert cite(PAPER, Style.MARKDOWN) == (
        "**[The Pythia Suite: 50% more](https://doi.org/10.1000/x_1)**. Stella Biderman, Rogier "
        "Van der Sluijs, Jean-Benoit Delbrouck. *ICML*, 2023. Oral."
    )


@given(st.lists(drafts(), min_size=2, max_size=5))
def test_citation_keys_are_unique_stable_ascii(
    found: list[PaperDraft],
) -> None:
    papers = [make_paper(draft, number) for number, draft in enumerate(found, start=1)]
    keys = [citation_key(paper) for paper in papers]
    assert len(set(keys)) == len(keys)
    assert all(key.isascii() and key.replace("-", "").isalnum() for key in keys)


@given(st.lists(drafts(), max_size=3))
def test_any_papers_make_a_readable_atom_feed(found: list[PaperDraft]) -> None:
    papers = [make_paper(draft, number) for number, draft in enumerate(found, start=1)]
    feed = feedparser.parse(written(ExportFormat.ATOM, *papers).encode())
    assert not feed.bozo, feed.get("bozo_exception")
    assert len(feed.entries) == len(papers)


def test_the_atom_feed_has_all_details() -> None:
    (entry,) = feedparser.parse(written(ExportFormat.ATOM, PAPER).encode()).entries
    assert entry.title == PAPER.title
    assert entry.link == entry.id == "https://arxiv.org/abs/2304.01373"
    assert entry.published == "2023-07-23T00:00:00Z"
    assert [author["name"] for author in entry.authors] == list(PAPER.authors)


def test_the_markdown_export_has_a_line_per_paper() -> None:
    page = written(ExportFormat.MARKDOWN, PAPER, replace(PAPER, title="# [Not](a heading)"))
    lines = page.splitlines()
    assert lines[0] == "# The lab's papers"
    assert [line[:4] for line in lines[2:]] == ["- **", "- **"]
    assert "\\# \\[Not\\]\\(a heading\\)" in page


@pytest.mark.parametrize("form", list(ExportFormat))
def test_an_empty_list_is_a_valid_file(form: ExportFormat) -> None:
    async def nothing() -> AsyncIterator[tuple[Paper, ...]]:
        for page in ():
            yield page

    async def run() -> str:
        return "".join([piece async for piece in write(nothing(), form, AT)])

    assert asyncio.run(run()).strip() or form in {ExportFormat.JSONL, ExportFormat.BIBTEX}
