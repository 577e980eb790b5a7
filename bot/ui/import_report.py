"""What an import of a file would do, or did → text, fit for Discord; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.importing.importer import ImportEntry, Report
from bot.markdown import count, escape
from storage.models import Outcome

# What becomes of papers: a mark, and words before and after the import.
_SAID = {
    Outcome.ADDED: ("✅", "would be added", "added"),
    Outcome.UPDATED: ("🧩", "would complete a paper of the list", "completed a paper of the list"),
    Outcome.UNCHANGED: ("👌", "in the list already", "in the list already"),
    Outcome.DUPLICATE: (
        "⚖️",
        "may be in the list, would be left out",
        "may be in the list, left out",
    ),
    Outcome.REMOVED: (
        "🚫",
        "removed on purpose, would be left out",
        "removed on purpose, left out",
    ),
}
_MOST_REMARKS = 15  # of a message
_ROOM = 1500  # characters for them


def preview(report: Report) -> str:
    """What would become of a file's entries: counts, then what is to be looked at, by line."""
    remarks = _remarks(report)
    if more := len(report.noted) - len(remarks):
        remarks.append(f"-# {count(more, 'remark')} more in the file below.")
    return "\n".join([*_counts(report, done=False), *remarks])


def done(report: Report) -> str:
    """What became of a file's entries."""
    heading = "### Imported" if changes(report) else "### Nothing was changed"
    remarks = _remarks(report)
    if more := len(report.noted) - len(remarks):
        remarks.append(f"-# and {count(more, 'remark')} more")
    return "\n".join([heading, *_counts(report, done=True), *remarks])


def changes(report: Report) -> int:
    """How many entries change the list."""
    return report.outcomes[Outcome.ADDED] + report.outcomes[Outcome.UPDATED]


def says_all(report: Report) -> bool:
    """Whether a `preview` names every entry that the whole report names."""
    firsts = {taken.outcome for taken in report.taken}
    return len(report.taken) == len(firsts) and len(report.noted) == len(_remarks(report))


def columns(known: Mapping[str, Sequence[str]], unused: Sequence[str]) -> str:
    """Which columns of a sheet are read as what, and which are not read."""
    lines = []
    if known:
        read = "; ".join(f"{field} from {_quoted(names)}" for field, names in known.items())
        lines.append(f"-# I read {escape(read, 500)}.")
    if named := [name for name in unused if name.strip()]:
        lines.append(
            f"-# I don't read {escape(_quoted(named), 300)}. An option such as "
            "`columns:title=Headline` says what a column is."
        )
    return "\n".join(lines)


def _counts(report: Report, *, done: bool) -> list[str]:
    """A line for each thing that becomes of entries, with the first one of each."""
    lines = []
    for outcome, (mark, would, did) in _SAID.items():
        if number := report.outcomes[outcome]:
            first = _first(report.first[outcome], number)
            lines.append(f"{mark} **{number:,}** {did if done else would}: {first}")
    if report.rejected:
        lines.append(f"⚠️ **{report.rejected:,}** can't be used")
    if report.left_out:
        lines.append(f"💤 **{report.left_out:,}** not published, left out unless `unpublished`")
    return lines


def _remarks(report: Report) -> list[str]:
    """What is to be looked at, a line each, as much as fits."""
    lines: list[str] = []
    room = _ROOM
    for noted in report.noted[:_MOST_REMARKS]:
        line = f"-# Line {noted.line}: {escape(noted.reason, 300)}"
        room -= len(line) + 1
        if room < 0:
            break
        lines.append(line)
    return lines


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name[:40]}”" for name in names)


def _first(noted: ImportEntry, number: int) -> str:
    title = f"“{escape(noted.title, 120)}” (line {noted.line})"
    return f"first {title}" if number > 1 else title


def plain_text(report: Report, *, preview: bool, files: int = 1, limit: int | None = None) -> str:
    """Return a report without markup; a ``preview`` names up to ``limit`` papers it would add."""
    counts = totals(report, preview=preview)
    duplicates = count(counts.pop("duplicates"), "possible duplicate")
    rejected = counts.pop("rejected")
    parts = [f"{number:,} {name}" for name, number in counts.items()]
    summary = f"{', '.join(parts)}, {duplicates}, {rejected:,} rejected."
    lines = [f"Preview: {summary}" if preview else summary]
    if preview:
        shown = report.taken[:limit]
        lines += [f"  {_location(one, files)}{one.outcome}: {one.title}" for one in shown]
        if len(report.taken) > len(shown):
            lines.append("  … and more.")
    if report.left_out:
        lines.append(f"Left out {count(report.left_out, 'entry')} not meant for the list.")
    lines += [f"{_location(entry, files)}{entry.reason}" for entry in report.noted]
    return "\n".join(lines)


def totals(report: Report, *, preview: bool) -> dict[str, int]:
    """Return the numbers of an import; all but ``rejected`` are 0 if it was refused."""
    if report.refused and not preview:
        return {**dict.fromkeys(report.counts, 0), "rejected": report.rejected}
    return dict(report.counts)


def _location(entry: ImportEntry, files: int) -> str:
    return f"{entry.file}, line {entry.line}: " if files > 1 else f"Line {entry.line}: "
