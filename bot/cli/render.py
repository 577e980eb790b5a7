"""What the shell prints about papers, authors and imports."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict

from bot.importing.importer import ImportReport
from bot.markdown import count
from bot.ui import import_report
from storage.models import Author, Paper, PaperDetails
from storage.search.engine import SearchResponse

_WIDTH = 92
_MAX_AUTHORS = 8
_MAX_ABSTRACT = 400
_MAX_PREVIEW = 30  # entries


def import_json(report: ImportReport, *, preview: bool, left_out: bool) -> dict[str, object]:
    """Returns what an import did, or what it would do if this is a ``preview``, for programs."""
    answer: dict[str, object] = {**import_report.totals(report, preview=preview)}
    if left_out:
        answer["left_out"] = report.skipped
    if report.change_id is not None:
        answer["change"] = report.change_id
    answer["details"] = [
        {name: value for name, value in asdict(entry).items() if value and name != "file"}
        for entry in report.notes
    ]
    if preview:
        answer["preview"] = [
            {"line": entry.line, "outcome": entry.outcome, "title": entry.title}
            for entry in report.imported
        ]
    return answer


def import_text(report: ImportReport, *, preview: bool, files: int) -> str:
    """Returns what an import did, or what it would do if this is a ``preview``, for people."""
    text = import_report.plain_text(report, preview=preview, files=files, limit=_MAX_PREVIEW)
    if report.change_id is not None:
        text += f"\nTo undo this import, run: lab-herald undo {report.change_id}"
    return text


def paper(paper: PaperDetails) -> str:
    """Returns a paper on a few lines, without a number if it isn't in the list."""
    lines = [f"#{paper.id}  {paper.title}" if isinstance(paper, Paper) else paper.title]
    if authors := _authors(paper):
        lines.append(f"    {authors}")
    if facts := [part for part in (paper.venue, str(paper.year or ""), paper.note) if part]:
        lines.append(f"    {' · '.join(facts)}")
    if paper.url:
        lines.append(f"    {paper.url}")
    if paper.abstract:
        text = textwrap.shorten(paper.abstract, _MAX_ABSTRACT, placeholder=" …")
        lines += textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def search_results(query: str, found: SearchResponse) -> str:
    """Returns one page of the papers that match a query."""
    results = found.results
    if not results.total:
        return f"No papers match “{query}”."
    total = count(results.total, "paper")
    if results.total_is_minimum:
        total = f"{results.total:,}+ papers"
    if not results.papers:
        return f"Only {total} match “{query}”, so there's nothing at that offset."
    lines = []
    if found.searched_for:
        lines.append(f"No papers match “{query}”. Showing “{found.searched_for}” instead.")
    last = results.offset + len(results.papers)
    is_part = results.total_is_minimum or len(results.papers) < results.total
    part = f", showing {results.offset + 1:,} to {last:,}" if is_part else ""
    lines.append(f"{total}{part}:\n")
    return "\n".join(lines) + "\n" + "\n\n".join(map(paper, results.papers))


def author(author: Author, papers: Sequence[Paper]) -> str:
    """Returns an author with all of their papers."""
    lines = [f"{author.name}: {count(author.paper_count, 'paper')}"]
    if variants := [variant for variant in author.variants if variant != author.name]:
        lines.append(f"Also credited as {', '.join(variants)}")
    return "\n".join(lines) + "\n\n" + "\n\n".join(map(paper, papers))


def _authors(paper: PaperDetails) -> str:
    shown = paper.authors[:_MAX_AUTHORS]
    hidden = len(paper.authors) - len(shown)
    ending = f" and {hidden} more" if hidden else ""
    return f"{', '.join(shown)}{ending if paper.authors_complete else ' et al.'}"
