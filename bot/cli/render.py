"""What the command line prints for people: records → plain text."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict

from bot.importing.importer import ImportEntry, Report
from storage.models import Author, Paper, PaperDetails
from storage.search.engine import Found

_WIDTH = 92
_SHOWN_AUTHORS = 8
_SHOWN = 30  # entries of a preview


def report_json(report: Report, *, preview: bool, left_out: bool) -> dict[str, object]:
    """What an import did, or in a ``preview`` would do, for other programs."""
    answer: dict[str, object] = {**_counts(report, preview=preview)}
    if left_out:
        answer["left_out"] = report.left_out
    if report.change_id is not None:
        answer["change"] = report.change_id
    answer["details"] = [
        {name: value for name, value in asdict(noted).items() if value and name != "file"}
        for noted in report.noted
    ]
    if preview:
        answer["preview"] = [
            {"line": taken.line, "outcome": taken.outcome, "title": taken.title}
            for taken in report.taken
        ]
    return answer


def report(told: Report, *, preview: bool, files: int = 1, shown: int = _SHOWN) -> str:
    """What an import did, or in a ``preview`` would do, for people."""
    counts = _counts(told, preview=preview)
    lines = [", ".join(f"{number} {name}" for name, number in counts.items()) + "."]
    if preview:
        lines[0] = f"If I import this: {lines[0]}"
        lines += [f"  {_place(one, files)}{one.outcome}: {one.title}" for one in told.taken[:shown]]
        if len(told.taken) > shown:
            lines.append("  and more.")
    if told.left_out:
        lines.append(f"{told.left_out} left out, which are not meant for the list.")
    lines += [f"{_place(one, files)}{one.reason}" for one in told.noted]
    if told.change_id is not None:
        lines.append(f"To undo it: lab-herald undo {told.change_id}")
    return "\n".join(lines)


def _counts(told: Report, *, preview: bool) -> dict[str, int]:
    """The numbers of an import; one that was refused took nothing in."""
    if told.refused and not preview:
        return {**dict.fromkeys(told.counts, 0), "rejected": told.rejected}
    return told.counts


def _place(noted: ImportEntry, files: int) -> str:
    return f"{noted.file}, line {noted.line}: " if files > 1 else f"Line {noted.line}: "


def paper(shown: PaperDetails) -> str:
    """A paper on a few lines; without its number where it is not in the list."""
    lines = [f"#{shown.id}  {shown.title}" if isinstance(shown, Paper) else shown.title]
    if byline := _byline(shown):
        lines.append(f"    {byline}")
    place = [part for part in (shown.venue, str(shown.year or ""), shown.note) if part]
    if place:
        lines.append(f"    {' · '.join(place)}")
    if shown.url:
        lines.append(f"    {shown.url}")
    if shown.abstract:
        text = textwrap.shorten(shown.abstract, 400, placeholder=" …")
        lines += textwrap.wrap(text, _WIDTH, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def found(query: str, answer: Found) -> str:
    """The papers that a search found."""
    results = answer.results
    if not results.total:
        return f"No paper for “{query}”, or none that the options leave."
    if not results.papers:
        return f"There are {results.total:,} papers for “{query}”, fewer than you passed over."
    lines = []
    if answer.searched_for:
        lines.append(f"Nothing has “{query}”; here is what has “{answer.searched_for}”.")
    last = results.offset + len(results.papers)
    more = " or more" if results.more else ""
    lines.append(f"{results.offset + 1} to {last} of {results.total:,}{more}:\n")
    return "\n".join(lines) + "\n" + "\n\n".join(map(paper, results.papers))


def person(someone: Author, papers: Sequence[Paper]) -> str:
    """An author with all papers."""
    number = someone.papers
    lines = [f"{someone.name}: {number:,} paper{'' if number == 1 else 's'}"]
    others = [form for form in someone.forms if form != someone.name]
    if others:
        lines.append(f"also credited as {', '.join(others)}")
    return "\n".join(lines) + "\n\n" + "\n\n".join(map(paper, papers))


def _byline(shown: PaperDetails) -> str:
    authors = shown.authors[:_SHOWN_AUTHORS]
    hidden = len(shown.authors) - len(authors)
    tail = " et al." if not shown.authors_complete else f" and {hidden} more" if hidden else ""
    return f"{', '.join(authors)}{tail}"
