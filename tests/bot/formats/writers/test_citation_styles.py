from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import feedparser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.feeds.parser import parse_feed
from bot.formats.bibtex.reader import read_bibtex
from bot.formats.records.registry_records import read_crossref
from bot.formats.results import ParsedPaper
from bot.formats.writers.citation_styles import citation_key
from bot.formats.writers.citations import cite
from bot.formats.writers.export import ExportFormat, write
from storage.library import Library
from storage.models import Origin, Paper, PaperDraft, PartialDate
from tests.support.library import MODERATOR
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
    assert cite(PAPER, "bibtex") == (
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


BIB = """@inproceedings{a, title={Counting Ferns}, author={Lovelace, Ada}, booktitle={ICML},
  year={2024}, month=jul, eprint={2310.00001}, archiveprefix={arXiv}, doi={10.1000/ferns}}"""
FEED = b"""<feed xmlns='http://www.w3.org/2005/Atom'><title>arXiv</title><entry>
  <id>http://arxiv.org/abs/2310.00001v1</id><title>Counting Ferns</title>
  <author><name>Ada Lovelace</name></author><published>2023-10-02T00:00:00Z</published>
  <link href='http://arxiv.org/abs/2310.00001v1'/></entry></feed>"""
CROSSREF = {
    "title": ["Counting Ferns"],
    "author": [{"given": "Ada", "family": "Lovelace"}],
    "container-title": ["Proceedings of the Conference on Machine Learning"],
    "issued": {"date-parts": [[2024, 8]]},
    "DOI": "10.1000/ferns",
}


def read_sources() -> list[PaperDraft]:
    """Returns a file's published version, a feed's preprint, and a registry's record."""
    (entry,) = read_bibtex(lambda: contextlib.nullcontext(io.StringIO(BIB)))
    assert isinstance(entry, ParsedPaper)
    (item,) = parse_feed(FEED, "https://export.arxiv.org/feed", AT).entries
    return [entry.draft, item.draft, read_crossref(CROSSREF)]


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
async def test_the_year_that_is_cited_is_the_published_versions(
    library: Library, order: tuple[int, ...]
) -> None:
    sources = read_sources()
    for number in (*order, 0):  # the file joins the other two if they came first
        await library.papers.upsert(sources[number], Origin.IMPORT, MODERATOR, allow_duplicate=True)
    (paper,) = await library.papers.batch()
    assert paper.arxiv == "2310.00001"
    assert "(2024, July). Counting Ferns. ICML." in cite(paper, "apa")
    assert "*ICML*, 2024" in cite(paper, "markdown")
    assert "year = {2024}" in cite(paper, "bibtex")


@pytest.mark.parametrize("order", [*itertools.permutations(range(2))])
async def test_a_registrys_year_is_cited_with_its_venue(
    library: Library, order: tuple[int, ...]
) -> None:
    _, preprint, record = read_sources()
    versions = [preprint, replace(record, identifiers=(*record.identifiers, "arxiv:2310.00001"))]
    for number in order:
        await library.papers.upsert(versions[number], Origin.IMPORT, MODERATOR)
    (paper,) = await library.papers.batch()
    assert "(2024, August). Counting Ferns. Proceedings of" in cite(paper, "apa")


def test_the_type_of_an_entry_depends_on_its_venue() -> None:
    for venue, kind in [
        ("TMLR", "@article{"),
        ("Journal of Computational Chemistry", "@article{"),
        ("EMNLP (Findings)", "@inproceedings{"),
        ("arXiv", "@misc{"),
        ("", "@misc{"),
    ]:
        assert cite(replace(PAPER, venue=venue), "bibtex").startswith(kind)


def test_a_markdown_reference_is_one_line_with_a_link() -> None:
    assert cite(PAPER, "markdown") == (
        "**[The Pythia Suite: 50% more](https://doi.org/10.1000/x_1)**. Stella Biderman, Rogier "
        "Van der Sluijs, Jean-Benoit Delbrouck. *ICML*, 2023. Oral."
    )


@pytest.mark.slow
@given(st.lists(drafts(), min_size=2, max_size=5))
def test_citation_keys_are_unique_stable_ascii(
    found: list[PaperDraft],
) -> None:
    papers = [make_paper(draft, number) for number, draft in enumerate(found, start=1)]
    keys = [citation_key(paper) for paper in papers]
    assert len(set(keys)) == len(keys)
    assert all(key.isascii() and key.replace("-", "").isalnum() for key in keys)


@pytest.mark.slow
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

    assert asyncio.run(run()).strip() or form in {
        ExportFormat.JSONL,
        ExportFormat.BIBTEX,
        ExportFormat.RIS,
    }
