"""How the note of a paper says that it was retracted; pure."""

from __future__ import annotations

_RETRACTED = "Retracted, see https://doi.org/"


def retraction_note(notice: str) -> str:
    """Returns the note of a paper that the notice with a DOI retracts."""
    return f"{_RETRACTED}{notice}"


def with_retraction(note: str, retraction: str) -> str:
    """Returns a paper's note with what `retraction_note` returned in front, unless it has that."""
    if retraction in note:
        return note
    return " · ".join(filter(None, [retraction, note]))


def is_retracted(note: str) -> bool:
    """Returns whether a note begins with what `retraction_note` returns."""
    return note.startswith(_RETRACTED)
