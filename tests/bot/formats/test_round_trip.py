from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.formats.export import ExportFormat, write
from bot.formats.results import ParsedPaper
from bot.importing.formats import ImportFile, ImportFormat, detect_format, read_file
from storage.models import Link, LinkKind, Paper, PaperDraft, PartialDate
from tests.support.papers import AT, drafts, make_paper

LOSSLESS = [ExportFormat.BIBTEX, ExportFormat.CSV, ExportFormat.JSON, ExportFormat.JSONL]

TRAPS = PaperDraft(
    title="50% of $x_1$ & {Braces} \\emph{stay} -- “as” ''they'' ~are^ 𝒪",
    authors=("Rogier Van der Sluijs", "Biderman", "Smith and Sons", "Małgorzata Połacin"),
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


def written(papers: Sequence[PaperDraft], form: ExportFormat) -> str:
    async def pages() -> AsyncIterator[list[Paper]]:
        for number, draft in enumerate(papers, start=1):
            yield [make_paper(draft, number)]

    async def run() -> str:
        return "".join([piece async for piece in write(pages(), form, AT)])

    return asyncio.run(run())


def read(file: Path, form: ImportFormat | None = None) -> list[PaperDraft]:
    findings = list(read_file(ImportFile(file, form or detect_format(file), AT)))
    assert all(isinstance(finding, ParsedPaper) for finding in findings), findings
    return [finding.draft for finding in findings if isinstance(finding, ParsedPaper)]


@pytest.mark.parametrize("form", LOSSLESS)
@settings(max_examples=150)
@example(papers=[TRAPS])
@example(papers=[QUOTED])
@example(papers=[FORMULAS])
@example(papers=[TRAPS, QUOTED, TRAPS])
@example(papers=[])
@given(papers=st.lists(drafts(), min_size=1, max_size=3))
def test_an_export_is_imported_without_loss(
    tmp_path: Path, form: ExportFormat, papers: list[PaperDraft]
) -> None:
    file = tmp_path / f"papers.{form.suffix}"
    file.write_text(written(papers, form), encoding="utf-8", newline="")
    assert read(file) == papers
