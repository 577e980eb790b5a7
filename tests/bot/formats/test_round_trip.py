from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.formats.results import ParsedPaper
from bot.formats.writers.export import COMPLETE_FORMATS, CannotBeComplete, ExportFormat, write
from bot.importing.detect import ImportFormat, detect_format
from bot.importing.formats import ImportFile, read_file
from storage.models import Link, LinkKind, Paper, PaperDraft, PartialDate
from storage.publication import EntryType, Publication
from tests.support.papers import AT, drafts, make_paper, plain_drafts

LOSSLESS = [ExportFormat.BIBTEX, ExportFormat.CSV, ExportFormat.JSON, ExportFormat.JSONL]

TRAPS = PaperDraft(
    title="50% of $x_1$ & {Braces} \\emph{stay} -- “as” ''they'' ~are^ 𝒪",
    authors=("Rogier Van der Sluijs", "Biderman", "Smith and Sons", "Małgorzata Połacin 0042"),
    authors_complete=False,
    abstract="One paragraph.\n\n@article{no, title={Another}}",
    venue="ICML",
    date=PartialDate(2023, 7),
    identifiers=("arxiv:2302.12433", "doi:10.1000/x_1", "listed:atitle"),
    links=(
        Link(LinkKind.CODE, "https://example.org/{a}"),
        Link(LinkKind.PAGE, "https://a.example"),
    ),
    note="Oral",
    tags=("a, b", "c; d"),
    posted_by="@someone",
    publication=Publication(
        EntryType.INCOLLECTION,
        volume="abs/2302.12433",
        number="3--4",
        pages="A-1–A-9, 12",
        publisher="M{I}T & Sons",
        editors=("Ada Lovelace", "Smith and Sons"),
    ),
)

FORMULAS = PaperDraft(
    title="＝1+1",
    authors=("＋Ada", "@Grace"),
    abstract="−1",
    venue="＠VENUE",
    identifiers=("listed:11",),
    note="'=1+1",
    tags=("-tag",),
    posted_by="=1",
)

# Lines that look like the beginning of a BibTeX entry.
QUOTED = PaperDraft(
    title="A",
    abstract="0\n\n@0\n\n0\n\n@misc(x)\n\n@string{a = 1}\n\n@article{b,",
    identifiers=("listed:a",),
)

# A name that is read differently between two others.
NEIGHBOURS = PaperDraft(title="A", authors=("Ada Lovelace", "·A", "0"), identifiers=("listed:a",))


def written(papers: Sequence[PaperDraft], form: ExportFormat, *, complete: bool = True) -> str:
    async def pages() -> AsyncIterator[list[Paper]]:
        for number, draft in enumerate(papers, start=1):
            yield [make_paper(draft, number)]

    async def run() -> str:
        return "".join([piece async for piece in write(pages(), form, AT, complete=complete)])

    return asyncio.run(run())


def read(file: Path, form: ImportFormat | None = None) -> list[PaperDraft]:
    findings = list(read_file(ImportFile(file, form or detect_format(file), AT)))
    assert all(isinstance(finding, ParsedPaper) for finding in findings), findings
    return [finding.draft for finding in findings if isinstance(finding, ParsedPaper)]


@pytest.mark.slow
@pytest.mark.parametrize("form", LOSSLESS)
@settings(max_examples=150)
@example(papers=[TRAPS])
@example(papers=[QUOTED])
@example(papers=[FORMULAS])
@example(papers=[NEIGHBOURS])
@example(papers=[TRAPS, QUOTED, TRAPS])
@example(papers=[])
@given(papers=st.lists(drafts(), min_size=1, max_size=3))
def test_an_export_is_imported_without_loss(
    tmp_path: Path, form: ExportFormat, papers: list[PaperDraft]
) -> None:
    file = tmp_path / f"papers.{form.suffix}"
    file.write_text(written(papers, form), encoding="utf-8", newline="")
    assert read(file) == papers


@pytest.mark.slow
@pytest.mark.parametrize("form", [ExportFormat.RIS, ExportFormat.CSL_JSON])
@settings(max_examples=50)
@given(papers=st.lists(plain_drafts(), min_size=1, max_size=3))
def test_what_reference_managers_get_is_imported_as_it_was(
    tmp_path: Path, form: ExportFormat, papers: list[PaperDraft]
) -> None:
    file = tmp_path / f"papers.{form.suffix}"
    file.write_text(written(papers, form, complete=False), encoding="utf-8", newline="")
    assert read(file) == papers


@pytest.mark.slow
@pytest.mark.parametrize("form", [ExportFormat.BIBTEX, ExportFormat.JSON, ExportFormat.CSV])
@settings(max_examples=30)
@given(paper=plain_drafts())
def test_an_export_for_others_is_imported_as_it_was(
    tmp_path: Path, form: ExportFormat, paper: PaperDraft
) -> None:
    file = tmp_path / f"papers.{form.suffix}"
    file.write_text(written([paper], form, complete=False), encoding="utf-8", newline="")
    assert [with_own_identifiers(draft) for draft in read(file)] == [paper]


@pytest.mark.parametrize(
    "paper",
    [
        PaperDraft(
            "Names of One Word",
            ("Sukarno", "Suharto"),
            date=PartialDate(2020),
            publication=Publication(EntryType.ARTICLE),
        ),
        PaperDraft(
            "Kept in Two Places",
            ("Ann Lee",),
            venue="EMNLP",
            identifiers=("arxiv:1909.00001", "doi:10.1000/x", "url:lab.org/x"),
            links=(Link(LinkKind.PAGE, "https://lab.org/x"),),
            publication=Publication(EntryType.INPROCEEDINGS),
        ),
        PaperDraft(
            "Known by its Page",
            identifiers=("url:lab.org/y",),
            links=(Link(LinkKind.PAGE, "https://lab.org/y"),),
            publication=Publication(EntryType.ONLINE),
        ),
    ],
    ids=lambda paper: paper.title,
)
def test_odd_papers_survive_csl_json(tmp_path: Path, paper: PaperDraft) -> None:
    file = tmp_path / "papers.json"
    file.write_text(written([paper], ExportFormat.CSL_JSON, complete=False), encoding="utf-8")
    assert read(file) == [paper]


def with_own_identifiers(draft: PaperDraft) -> PaperDraft:
    """Returns a draft without the identifier that rows of a sheet get from their title."""
    own = tuple(name for name in draft.identifiers if not name.startswith("listed:"))
    return replace(draft, identifiers=own)


@pytest.mark.parametrize("form", list(ExportFormat))
def test_an_export_for_others_has_nothing_internal(form: ExportFormat) -> None:
    text = written([replace(TRAPS, venue="Secret Journal")], form, complete=False)
    internals = ("someone", "postedby", "posted_by", "listed:", '"id": 1', "identifiers", "0042")
    for internal in internals:
        assert internal not in text, internal
    assert "authors_complete" not in text or form in {ExportFormat.JSON, ExportFormat.JSONL}


@pytest.mark.parametrize("form", [one for one in ExportFormat if one not in COMPLETE_FORMATS])
def test_a_format_that_cannot_hold_everything_is_never_complete(form: ExportFormat) -> None:
    with pytest.raises(CannotBeComplete, match="can't hold everything"):
        written([TRAPS], form, complete=True)
