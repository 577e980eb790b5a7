"""Values before → after, and the fields in which two papers differ."""

from __future__ import annotations

from collections.abc import Sequence

from bot.markdown import escape
from storage.models import Link, PaperDetails
from storage.papers.identifiers import is_listed_title

_PAPER_FIELDS = {
    "title": "Title",
    "authors": "Authors",
    "authors_complete": "Author list is complete",
    "collectives": "Authors that are groups",
    "venue": "Venue",
    "date": "Date",
    "venue_undated": "Date is from another version, such as a preprint",
    "publication": "Publication details",
    "abstract": "Abstract",
    "note": "Note",
    "identifiers": "Identifiers",
    "links": "Links",
    "tags": "Tags",
    "posted_by": "Posted by",
}
_SCHEMES = {"arxiv": "arXiv ", "doi": "DOI ", "url": ""}
_CONTEXT = 3  # unchanged words shown around a difference
_MAX_DIFFERENCE = 150  # characters of each side of a difference
_MAX_WHOLE_VALUE = 60  # characters up to which a value is shown as a whole
NO_VALUE = "none"


def differing_fields(before: PaperDetails, after: PaperDetails) -> list[str]:
    """Returns the fields in which two papers, or two snapshots of one, visibly differ."""
    return [name for name in _PAPER_FIELDS if _value(before, name) != _value(after, name)]


def paper_differences(before: PaperDetails, after: PaperDetails) -> dict[str, str]:
    """Returns “before → after” by the label of each field in which papers visibly differ."""
    return {
        field_name(name): difference(_value(before, name), _value(after, name))
        for name in differing_fields(before, after)
    }


def _value(paper: PaperDetails, name: str) -> object:
    """Returns a paper's value of a field, without the identifiers that only the list itself has."""
    if name == "identifiers":
        return tuple(_written(one) for one in paper.identifiers if not is_listed_title(one))
    return getattr(paper, name)


def _written(identifier: str) -> str:
    """Returns an identifier as people write it: “arXiv 2304.01373” for ``arxiv:2304.01373``."""
    scheme, _, value = identifier.partition(":")
    return f"{_SCHEMES[scheme]}{value}" if scheme in _SCHEMES else identifier


def field_name(name: str) -> str:
    """Returns the label of a paper's field."""
    return _PAPER_FIELDS[name]


def difference(before: object, after: object) -> str:
    """Returns “before → after”; long values are cut to what differs, with a few words around it."""
    old, new = _words(before), _words(after)
    start = _common_prefix(old, new)
    end = _common_prefix(old[start:][::-1], new[start:][::-1])
    return f"{_excerpt(old, start, end)} → {_excerpt(new, start, end)}"


def format_value(value: object, limit: int) -> str:
    """Returns a recorded value as escaped text."""
    return escape(plain_value(value), limit) or NO_VALUE


def plain_value(value: object) -> str:
    """Returns a recorded value as plain text; empty if it has none."""
    return " ".join(_words(value))


def _words(value: object) -> list[str]:
    if isinstance(value, bool):
        return ["yes" if value else "no"]
    if isinstance(value, tuple):
        return ", ".join(one.url if isinstance(one, Link) else str(one) for one in value).split()
    return str(value or "").split()


def _common_prefix(one: Sequence[str], other: Sequence[str]) -> int:
    """Returns how many words two lists have in common at their start."""
    pairs = zip(one, other, strict=False)
    return next(
        (number for number, (left, right) in enumerate(pairs) if left != right),
        min(len(one), len(other)),
    )


def _excerpt(words: Sequence[str], start: int, end: int) -> str:
    """Returns words without the first ``start`` and the last ``end`` ones, save some context."""
    if len(" ".join(words)) <= _MAX_WHOLE_VALUE:
        return escape(" ".join(words), _MAX_DIFFERENCE) or NO_VALUE
    first, last = max(start - _CONTEXT, 0), len(words) - max(end - _CONTEXT, 0)
    text = escape(" ".join(words[first:last]), _MAX_DIFFERENCE)
    return f"{'…' if first else ''}{text}{'…' if last < len(words) else ''}" or NO_VALUE
