"""What the shell prints about imports."""

from __future__ import annotations

from dataclasses import asdict

from bot.importing.importer import ImportReport
from bot.ui import import_report

_MAX_PREVIEW = 30  # entries


def report_json(report: ImportReport, *, preview: bool) -> dict[str, object]:
    """Returns what an import did, or what it would do if this is a ``preview``, for programs."""
    answer: dict[str, object] = {"total": report.total, **report.counts}
    if report.change_id is not None:
        answer["change"] = report.change_id
    answer["details"] = [
        {name: value for name, value in asdict(entry).items() if value and name != "file"}
        for entry in report.remarks
    ]
    if preview:
        answer["preview"] = [
            {"line": entry.line, "outcome": entry.outcome, "title": entry.title}
            for entry in report.imported
        ]
    return answer


def report_text(report: ImportReport, *, preview: bool, files: int) -> str:
    """Returns what an import did, or what it would do if this is a ``preview``, for people."""
    text = import_report.plain_text(report, preview=preview, files=files, limit=_MAX_PREVIEW)
    if report.change_id is not None:
        text += f"\nTo undo this import, run: lab-herald undo {report.change_id}"
    return text
