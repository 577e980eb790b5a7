"""What the shell prints about the lab's people."""

from __future__ import annotations

from collections.abc import Sequence

from bot.markdown import count
from storage.people import ids
from storage.people.imports import ImportedRow, RowOutcome
from storage.people.models import Person
from storage.people.values import membership_text

# For each outcome, the words of a preview and of a finished import.
_OUTCOMES = {
    RowOutcome.ADDED: ("would be added", "added"),
    RowOutcome.UPDATED: ("would be changed", "changed"),
    RowOutcome.UNCHANGED: ("already up to date", "already up to date"),
    RowOutcome.REJECTED: ("can't be used", "skipped"),
}
_FIELDS = {
    "name": "name",
    "other_names": "other names",
    "ids": "IDs",
    "foreign_ids": "other people's IDs",
    "membership": "membership",
    "categories": "categories",
    "discord_id": "Discord member",
}


def report_json(
    rows: Sequence[ImportedRow],
    unknown_columns: Sequence[str],
    change_id: int | None,
    *,
    preview: bool,
) -> dict[str, object]:
    """Returns what an import of people did, or would do, for programs."""
    answer: dict[str, object] = {"preview": preview, "total": len(rows)}
    for outcome in RowOutcome:
        answer[outcome.value] = sum(row.outcome is outcome for row in rows)
    if change_id is not None:
        answer["change"] = change_id
    answer["unknown_columns"] = list(unknown_columns)
    answer["rows"] = [
        {
            "line": row.line,
            "name": row.name,
            "outcome": row.outcome.value,
            **({"number": row.number} if row.number is not None else {}),
            **({"changed": list(row.changed)} if row.changed else {}),
            **({"reason": row.reason} if row.reason else {}),
        }
        for row in rows
    ]
    return answer


def report_text(
    rows: Sequence[ImportedRow],
    unknown_columns: Sequence[str],
    change_id: int | None,
    *,
    preview: bool,
) -> str:
    """Returns what an import of people did, or would do, for people."""
    lines = []
    for outcome, words in _OUTCOMES.items():
        found = [row for row in rows if row.outcome is outcome]
        if found:
            lines.append(f"{count(len(found), 'person')} {words[0 if preview else 1]}:")
            lines += [f"  {_row_line(row)}" for row in found]
    if unknown_columns:
        names = ", ".join(f"“{name}”" for name in unknown_columns)
        lines.append(f"I don't know what to do with {count_columns(unknown_columns)} {names}.")
    if change_id is not None:
        lines.append(f"To undo this import, run: lab-herald undo {change_id}")
    elif not preview:
        lines.append("Nothing changed.")
    elif any(row.outcome in {RowOutcome.ADDED, RowOutcome.UPDATED} for row in rows):
        lines.append("Nothing has been imported yet. To import, add --yes.")
    return "\n".join(lines)


def count_columns(columns: Sequence[str]) -> str:
    """Returns “the column”, or “the columns” if there are several."""
    return "the column" if len(columns) == 1 else "the columns"


def person_line(person: Person) -> str:
    """Returns a person in one line."""
    parts = [f"{person.id:>4}  {person.name}"]
    parts += [ids.describe(one) for one in person.ids]
    parts += [membership_text(person.membership)] * bool(membership_text(person.membership))
    parts += [" ".join(person.categories)] * bool(person.categories)
    return " · ".join(parts)


def person_text(person: Person) -> str:
    """Returns all about a person, in lines."""
    values = {
        "Other names": "; ".join(person.other_names),
        **{ids.LABELS[one.scheme]: f"{one.value}  {ids.page_url(one)}" for one in person.ids},
        "Not theirs": ", ".join(map(ids.describe, person.foreign_ids)),
        "Member": membership_text(person.membership),
        "arXiv categories": " ".join(person.categories),
        "Discord member": str(person.discord_id or ""),
        "Announced without a review": "if certain" if person.is_trusted else "no",
    }
    lines = [f"{person.name} (number {person.id})"]
    return "\n".join([*lines, *(f"  {name}: {value}" for name, value in values.items() if value)])


def _row_line(row: ImportedRow) -> str:
    text = f"line {row.line}: {row.name or '?'}"
    if row.number is not None:
        text += f" (number {row.number})"
    if row.changed:
        text += f": {', '.join(_FIELDS[name] for name in row.changed if name in _FIELDS)}"
    return f"{text}: {row.reason}" if row.reason else text
