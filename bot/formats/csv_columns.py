"""Maps the columns of a CSV file of papers to fields, by the names that people give them."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence

from bot.formats.rows import COLUMNS
from storage.errors import InvalidInput
from storage.text import fold

_MAX_HEADER = 1 << 16  # characters
# Folded column names by field, most specific first; the first non-empty one of a row counts.
_NAMES: dict[str, tuple[str, ...]] = {
    "title": ("title", "paper title", "paper", "name of paper", "publication title", "name"),
    "authors": ("authors", "author", "author s", "author names", "author list", "creators", "by"),
    "date": (
        *("date", "publication date", "pub date", "date published", "published", "published on"),
        *("archival date", "release date", "date released", "released", "sort date"),
    ),
    "year": ("year", "publication year", "pub year", "year published"),
    "venue": (
        *("venue", "conference or journal", "journal or conference", "published in", "journal"),
        *("conference", "booktitle", "publication", "container title", "source title", "where"),
        *("publication title", "workshop"),
    ),
    "doi": ("doi", "doi link"),
    "arxiv": ("arxiv", "arxiv id", "arxiv link", "eprint"),
    "url": (
        *("url", "link", "links", "paper link", "paper url", "page", "web page", "website"),
        "address",
    ),
    "pdf": ("pdf", "pdf link", "pdf url"),
    "code": ("code", "code link", "github", "repository", "repo"),
    "data": ("data", "dataset"),
    "model": ("model", "models", "weights"),
    "video": ("video", "talk", "recording"),
    "abstract": ("abstract", "abstract note", "summary", "description"),
    "note": (
        "note",
        "notes",
        "superlatives",
        "award",
        "awards",
        "distinction",
        "honors",
        "honours",
    ),
    "tags": ("tags", "tag", "keywords", "topics", "topic", "manual tags"),
    "posted_by": ("posted by", "poc", "point of contact", "contact", "contact person"),
    "status": ("status", "publication status", "state", "stage"),
}


class NoTitleColumn(InvalidInput):
    """No column of a CSV file is recognized as the one with the titles."""

    def __init__(self, header: Sequence[str]) -> None:
        columns = (
            f"The columns are {_quoted(header)}." if any(header) else "The file has no header row."
        )
        super().__init__(f"I can't tell which column has the titles. {columns}")


def detect_delimiter(header: str) -> str:
    """Returns the delimiter that splits a header into the most known names."""
    header = header[:_MAX_HEADER]

    def known(sign: str) -> tuple[int, int]:
        names = [fold(name) for name in next(csv.reader([header], delimiter=sign), [])]
        return sum(any(name in column for column in _NAMES.values()) for name in names), len(names)

    return max(",;\t|", key=known)


def is_csv_header(header: str) -> bool:
    """Returns whether a line is the header of a CSV file of papers."""
    names = {
        fold(name) for name in next(csv.reader([header], delimiter=detect_delimiter(header)), [])
    }
    return len(names) > 1 and bool(names & {"title", "paper title"})


def parse_mapping(text: str) -> tuple[str, str]:
    """Parses ``title=Headline`` into a field and a column; raises `InvalidInput`."""
    name, sign, column = text.partition("=")
    if not (name.strip() and sign and column.strip()):
        raise InvalidInput(f"“{text[:100]}” doesn't name a column. Write title=COLUMN.")
    return name.strip(), column.strip()


def parse_mappings(text: str) -> dict[str, str]:
    """Parses several mappings separated by semicolons: ``title=Headline; authors=Who``."""
    return dict(parse_mapping(part) for part in text.split(";") if part.strip())


def map_columns(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, list[int]]:
    """Returns the indexes of each field's columns, the most specific first.

    Raises `InvalidInput` if no column has titles, or the mapping names an unknown field or column.
    """
    names = [fold(name) for name in header]
    fields = {*_NAMES, *COLUMNS} if tuple(header) == COLUMNS else set(_NAMES)
    columns: dict[str, list[int]] = {}
    for field in sorted(fields):
        candidates = _NAMES.get(field, (fold(field),))
        if field in mapping:
            candidates = (fold(mapping[field]),)
            if candidates[0] not in names:
                raise InvalidInput(
                    f"There's no column “{mapping[field]}”. The columns are {_quoted(header)}."
                )
        columns[field] = [names.index(name) for name in candidates if name in names]
    if not columns["posted_by"]:
        contacts = (" poc", " contact", " contact person")
        columns["posted_by"] = [at for at, name in enumerate(names) if name.endswith(contacts)]
    if unknown := sorted(set(mapping) - fields):
        raise InvalidInput(f"“{unknown[0]}” isn't a field. The fields are {', '.join(_NAMES)}.")
    if not columns["title"]:
        raise NoTitleColumn(header)
    return columns


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name[:60]}”" for name in names[:20]) or "none"
