"""How a paper was published: the type of its entry, and volume, pages, publisher and so on; pure.

Where it was published is the paper's venue, and when, its date.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from storage.text import without_invisible

_MAX_TEXT = 300  # characters of one detail
_MAX_EDITORS = 50
_DASHES = re.compile(r"\s{0,9}(?:--+|[‐‑‒–—−])\s{0,9}")  # between the pages of a range
_RANGE = re.compile(r"(\d+)–(\d+)")
_HYPHENATED = re.compile(r"(\d+)\s?-\s?(\d+)")


class EntryType(enum.StrEnum):
    """What a paper was published as, by the names of BibTeX and biblatex.

    Whole volumes aren't papers, so they have no type.
    """

    ARTICLE = "article"
    BOOK = "book"
    BOOKLET = "booklet"
    DATASET = "dataset"
    INBOOK = "inbook"
    INCOLLECTION = "incollection"
    INPROCEEDINGS = "inproceedings"
    MANUAL = "manual"
    MASTERSTHESIS = "mastersthesis"
    MISC = "misc"
    ONLINE = "online"
    PATENT = "patent"
    PHDTHESIS = "phdthesis"
    SOFTWARE = "software"
    TECHREPORT = "techreport"
    UNPUBLISHED = "unpublished"

    @property
    def label(self) -> str:
        """The type's name for people."""
        return _LABELS[self]


_LABELS = {
    EntryType.ARTICLE: "Journal article",
    EntryType.BOOK: "Book",
    EntryType.BOOKLET: "Booklet",
    EntryType.DATASET: "Dataset",
    EntryType.INBOOK: "Part of a book",
    EntryType.INCOLLECTION: "Book chapter",
    EntryType.INPROCEEDINGS: "Conference paper",
    EntryType.MANUAL: "Manual",
    EntryType.MASTERSTHESIS: "Master's thesis",
    EntryType.MISC: "Other",
    EntryType.ONLINE: "Web page",
    EntryType.PATENT: "Patent",
    EntryType.PHDTHESIS: "PhD thesis",
    EntryType.SOFTWARE: "Software",
    EntryType.TECHREPORT: "Report",
    EntryType.UNPUBLISHED: "Unpublished",
}
_SHORT_LABELS = {
    "volume": "vol. {}",
    "number": "no. {}",
    "pages": "pp. {}",
    "publisher": "{}",
    "publisher_place": "{}",
    "series": "series {}",
    "edition": "edition {}",
    "isbn": "ISBN {}",
    "issn": "ISSN {}",
}


@dataclass(frozen=True, slots=True)
class Publication:
    """What a source states about a publication, as text; empty if it doesn't.

    ``pages`` are “1–20”, or the number of an article. ``editors`` are names with given names first.
    """

    entry_type: EntryType | None = None
    volume: str = ""
    number: str = ""
    pages: str = ""
    publisher: str = ""
    publisher_place: str = ""
    editors: tuple[str, ...] = ()
    series: str = ""
    edition: str = ""
    isbn: str = ""
    issn: str = ""

    def __bool__(self) -> bool:
        return self != NO_DETAILS

    def __str__(self) -> str:
        """Returns the details on one line, for people: “Journal article, vol. 12, pp. 1–20”."""
        parts = [self.entry_type.label] if self.entry_type else []
        parts += [
            text.format(value)
            for name, text in _SHORT_LABELS.items()
            if (value := getattr(self, name))
        ]
        if self.editors:
            parts.append(f"edited by {', '.join(self.editors)}")
        return ", ".join(parts)


NO_DETAILS = Publication()
TEXT_DETAILS = tuple(_SHORT_LABELS)  # all but the type and the editors


def page_range(text: str) -> str:
    """Returns pages with an en dash in each range; a hyphen may be part of a page's number."""
    text = _DASHES.sub("–", " ".join(text.split()))
    return _HYPHENATED.sub(r"\1–\2", text) if _HYPHENATED.fullmatch(text) else text


def expand_pages(text: str) -> str:
    """Returns “123–8” as “123–128”: PubMed leaves out the digits that both pages share."""
    found = _RANGE.fullmatch(page_range(text))
    if found is None or len(found[2]) >= len(found[1]):
        return page_range(text)
    first, last = found.groups()
    last = f"{first[: len(first) - len(last)]}{last}"
    return f"{first}–{last}" if last > first else page_range(text)


def normalize(publication: Publication) -> Publication:
    """Returns the details on one line each, without those that are too long to be true."""
    texts: dict[str, Any] = {name: _line(getattr(publication, name)) for name in TEXT_DETAILS}
    editors = tuple(dict.fromkeys(filter(None, map(_line, publication.editors))))
    return replace(publication, **texts, editors=editors[:_MAX_EDITORS])


def to_json(publication: Publication) -> dict[str, Any]:
    """Returns the stated details as JSON values; `from_json` reads them back."""
    values = {field.name: getattr(publication, field.name) for field in fields(publication)}
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in values.items()
        if value
    }


def from_json(values: Mapping[str, Any]) -> Publication:
    """Returns the details that `to_json` made these values of."""
    if not values:
        return NO_DETAILS
    entry_type = values.get("entry_type")
    return Publication(
        **{name: values.get(name, "") for name in TEXT_DETAILS},
        entry_type=EntryType(entry_type) if entry_type else None,
        editors=tuple(values.get("editors", ())),
    )


def rank(publication: Publication) -> tuple[int, str]:
    """Returns the rank of a publication among others: the one with more details is better."""
    values = to_json(publication)
    return len(values), repr(sorted(values.items()))


def _line(text: str) -> str:
    line = " ".join(without_invisible(text).split())
    return line if len(line) <= _MAX_TEXT else ""
