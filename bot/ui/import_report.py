"""What importing a file would do, or did: for a Discord message, and as plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.importing.importer import ImportEntry, ImportReport
from bot.markdown import count, escape
from storage.models import Outcome

# For each outcome an emoji, and the words of a preview and of a finished import.
_OUTCOMES = {
    Outcome.ADDED: ("✅", "will be added", "added"),
    Outcome.UPDATED: ("🧩", "will be updated", "updated"),
    Outcome.UNCHANGED: ("👌", "already in the list", "already in the list"),
    Outcome.DUPLICATE: (
        "⚖️",
        "may already be in the list, will be skipped",
        "may already be in the list, skipped",
    ),
    Outcome.REMOVED: (
        "🚫",
        "removed on purpose, will be skipped",
        "removed on purpose, skipped",
    ),
}
_MAX_NOTES = 15  # in a message
_MAX_NOTES_LENGTH = 1500  # characters


def preview(report: ImportReport) -> str:
    """Returns what an import would do: numbers, then notes on single entries."""
    notes = _notes(report)
    if more := len(report.remarks) - len(notes):
        notes.append(f"-# {count(more, 'more note')} in the attached report.")
    return "\n".join([*_outcomes(report, is_preview=True), *notes])


def result(report: ImportReport) -> str:
    """Returns what an import did: numbers, then notes on single entries."""
    heading = "### Imported" if changed_papers(report) else "### Nothing changed"
    notes = _notes(report)
    if more := len(report.remarks) - len(notes):
        notes.append(f"-# and {count(more, 'more note')}")
    total = f"{count(report.total, 'entry')} in the file:"
    return "\n".join([heading, total, *_outcomes(report, is_preview=False), *notes])


def changed_papers(report: ImportReport) -> int:
    """Returns how many papers were, or would be, added or updated."""
    return report.outcomes[Outcome.ADDED] + report.outcomes[Outcome.UPDATED]


def fits_preview(report: ImportReport) -> bool:
    """Returns whether a `preview` names every entry that the report names."""
    outcomes = {entry.outcome for entry in report.imported}
    return len(report.imported) == len(outcomes) and len(report.remarks) == len(_notes(report))


def columns(known: Mapping[str, Sequence[str]], unused: Sequence[str]) -> str:
    """Returns how the columns of a spreadsheet were read: by field, and those that weren't."""
    lines = []
    if known:
        read = "; ".join(f"{field} from {_quote(names)}" for field, names in known.items())
        lines.append(f"-# Columns: {escape(read, 500)}.")
    if named := [name for name in unused if name.strip()]:
        lines.append(
            f"-# Ignored columns: {escape(_quote(named), 300)}. To use one, run the command again "
            "with an option such as `columns:title=Headline`."
        )
    return "\n".join(lines)


def plain_text(
    report: ImportReport, *, preview: bool, files: int = 1, limit: int | None = None
) -> str:
    """Returns a report without markup; a ``preview`` names up to ``limit`` papers it would add."""
    lines = [_summary(report, preview=preview)]
    if preview:
        shown = report.imported[:limit]
        lines += [f"  {_location(one, files)}{one.outcome}: {one.title}" for one in shown]
        if len(report.imported) > len(shown):
            lines.append("  … and more.")
    lines += [f"{_location(entry, files)}{entry.reason}" for entry in report.remarks]
    return "\n".join(lines)


def _summary(report: ImportReport, *, preview: bool) -> str:
    """Returns the numbers of an import, which add up to the number of entries."""
    counts = report.counts
    would = "would be " if preview else ""
    parts = [
        f"{counts['added']:,} {would}added",
        f"{counts['updated']:,} {would}updated",
        f"{counts['unchanged']:,} unchanged",
        count(counts["duplicates"], "possible duplicate"),
        f"{counts['rejected']:,} rejected",
    ]
    if counts["left_out"]:
        parts.append(f"{counts['left_out']:,} unpublished")
    if counts["held_back"]:
        parts.append(f"{counts['held_back']:,} not imported")
    text = f"{', '.join(parts)}; {count(report.total, 'entry')} in all."
    return f"Preview: {text}" if preview else text


def _outcomes(report: ImportReport, *, is_preview: bool) -> list[str]:
    """Returns a line for each outcome, with the first entry it applies to."""
    lines = []
    for outcome, (emoji, future, past) in _OUTCOMES.items():
        if number := report.outcomes[outcome]:
            first = report.examples[outcome]
            example = f"“{escape(first.title, 120)}” (line {first.line})"
            if number > 1:
                example = f"first {example}"
            lines.append(f"{emoji} **{number:,}** {future if is_preview else past}: {example}")
    if report.rejected:
        lines.append(f"⚠️ **{report.rejected:,}** can't be used")
    if report.left_out:
        lines.append(
            f"💤 **{report.left_out:,}** {_are_unpublished(report)}, skipped (use "
            "`unpublished:True` to import unpublished rows)"
        )
    return lines


def _are_unpublished(report: ImportReport) -> str:
    return "isn't a published paper" if report.left_out == 1 else "aren't published papers"


def _notes(report: ImportReport) -> list[str]:
    """Returns notes on single entries, a line each, as many as fit."""
    lines: list[str] = []
    room = _MAX_NOTES_LENGTH
    for entry in report.remarks[:_MAX_NOTES]:
        line = f"-# Line {entry.line}: {escape(entry.reason, 300)}"
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    return lines


def _quote(names: Sequence[str]) -> str:
    return ", ".join(f"“{name[:40]}”" for name in names)


def _location(entry: ImportEntry, files: int) -> str:
    return f"{entry.file}, line {entry.line}: " if files > 1 else f"Line {entry.line}: "
