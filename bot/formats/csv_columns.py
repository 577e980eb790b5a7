"""The header of a sheet of papers → which column holds which field; its rows are `sheets`'."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence

from bot.formats.rows import COLUMNS
from storage.errors import InvalidInput
from storage.text import fold

_MAX_HEADER = 1 << 16  # characters that are looked at
# The folded names of columns by field, the likeliest first; a row's first filled one counts.
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


def detect_delimiter(header: str) -> str:
    """The sign between the cells of a header: the one that gives the most known names."""
    header = header[:_MAX_HEADER]

    def known(sign: str) -> tuple[int, int]:
        names = [fold(name) for name in next(csv.reader([header], delimiter=sign), [])]
        return sum(any(name in column for column in _NAMES.values()) for name in names), len(names)

    return max(",;\t|", key=known)


def is_csv_header(header: str) -> bool:
    """Whether a line is the header of a sheet of papers."""
    names = {
        fold(name) for name in next(csv.reader([header], delimiter=detect_delimiter(header)), [])
    }
    return len(names) > 1 and bool(names & {"title", "paper title"})


def parse_mapping(text: str) -> tuple[str, str]:
    """The field and the column that ``title=Headline`` names; raises `InvalidInput`."""
    name, sign, column = text.partition("=")
    if not (name.strip() and sign and column.strip()):
        raise InvalidInput(f"“{text[:100]}” names no column; write title=COLUMN.")
    return name.strip(), column.strip()


def parse_mappings(text: str) -> dict[str, str]:
    """Several of them in one text, apart by semicolons: ``title=Headline; authors=Who``."""
    return dict(parse_mapping(part) for part in text.split(";") if part.strip())


def find_columns(header: Sequence[str], mapping: Mapping[str, str]) -> dict[str, list[int]]:
    """Where each field stands in a row, the likeliest column first.

    Raises `InvalidInput` where no column holds titles, or the mapping names none that is there.
    """
    names = [fold(name) for name in header]
    fields = {*_NAMES, *COLUMNS} if tuple(header) == COLUMNS else set(_NAMES)
    columns: dict[str, list[int]] = {}
    for field in sorted(fields):
        wanted = _NAMES.get(field, (fold(field),))
        if field in mapping:
            wanted = (fold(mapping[field]),)
            if wanted[0] not in names:
                raise InvalidInput(
                    f"There is no column “{mapping[field]}”; the columns are {_quoted(header)}."
                )
        columns[field] = [names.index(name) for name in wanted if name in names]
    if not columns["posted_by"]:
        contacts = (" poc", " contact", " contact person")
        columns["posted_by"] = [at for at, name in enumerate(names) if name.endswith(contacts)]
    if unknown := sorted(set(mapping) - fields):
        raise InvalidInput(
            f"“{unknown[0]}” is no field that can be mapped; these are: {', '.join(_NAMES)}."
        )
    if not columns["title"]:
        raise InvalidInput(
            f"I find no column of titles; the columns are {_quoted(header)}. "
            "Say which one it is: --map title=COLUMN in the shell, columns:title=COLUMN in Discord."
        )
    return columns


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name[:60]}”" for name in names[:20]) or "none"
