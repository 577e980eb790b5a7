"""Maps the columns of a CSV file of papers to fields, by the names that people give them."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.formats.rows import COLUMNS, is_complete_export
from storage.errors import InvalidInput
from storage.text import fold

_MAX_HEADER = 1 << 16  # characters
MAX_TITLE_ROWS = 20  # above the header
_SEPARATOR = re.compile(r'"?sep=(.)"?', re.IGNORECASE)  # tells Excel the delimiter
# Folded column names by field, most specific first; the first non-empty one of a row counts. They
# are those of people's own sheets, and of Scopus, Web of Science, IEEE Xplore, PubMed, Zotero,
# JabRef, Google Scholar, Publish or Perish, Semantic Scholar, OpenAlex, Dimensions and The Lens.
_NAMES: dict[str, tuple[str, ...]] = {
    "title": (
        *("document title", "article title", "paper title", "title", "paper", "name of paper"),
        *("display name", "publication title", "name"),
    ),
    "authors": (
        *("author full names", "authors", "author", "author s", "author names", "author list"),
        *("authorships author display name", "creators", "by"),
    ),
    "date": (
        *("date", "publication date", "publicationdate", "pub date", "date published"),
        *("published", "published on", "archival date", "release date", "date released"),
        *("released", "sort date"),
    ),
    "year": ("year", "publication year", "pub year", "pubyear", "year published"),
    "month": ("month",),
    "venue": (
        *("venue", "conference or journal", "journal or conference", "published in", "journal"),
        *("journal book", "journal title", "conference", "booktitle", "book title", "publication"),
        *("container title", "source title", "where", "publication title", "conference name"),
        *("conference title", "proceedings title", "primary location source display name"),
        "workshop",
    ),
    "doi": ("doi", "doi link", "externalids"),
    "arxiv": (
        *("arxiv", "arxiv id", "arxiv link", "eprint", "archive id", "externalids", "extra"),
        "number",
    ),
    "pubmed": ("pmid", "pubmed id"),
    "url": (
        *("url", "link", "links", "paper link", "paper url", "article url", "articleurl", "page"),
        *("web page", "website", "address"),
    ),
    "pdf": ("pdf", "pdf link", "pdf url", "fulltexturl", "openaccesspdf"),
    "code": ("code", "code link", "github", "repository", "repo"),
    "data": ("data", "dataset"),
    "model": ("model", "models", "weights"),
    "video": ("video", "talk", "recording"),
    "type": ("type", "entry type", "item type", "document type"),
    "volume": ("volume", "vol"),
    "number": ("number", "issue", "no"),
    "pages": ("pages", "page range", "pp", "art no", "article number"),
    "first_page": ("page start", "start page", "first page"),
    "last_page": ("page end", "end page", "last page"),
    "publisher": ("publisher",),
    "publisher_place": ("publisher place", "publisher address", "publisher location"),
    "editors": ("editors", "editor"),
    "series": ("series", "series title"),
    "edition": ("edition",),
    "isbn": ("isbn",),
    "issn": ("issn",),
    "abstract": ("abstract", "abstract note", "summary", "description"),
    "note": (
        *("note", "notes", "superlatives", "award", "awards", "distinction", "honors"),
        "honours",
    ),
    "tags": ("tags", "tag", "author keywords", "keywords", "topics", "topic", "manual tags"),
    "posted_by": ("posted by", "poc", "point of contact", "contact", "contact person"),
    "status": ("status", "publication status", "state", "stage"),
}
# What other columns mean if a header has all of the first ones.
_SERVICES: tuple[tuple[frozenset[str], Mapping[str, tuple[str, ...]]], ...] = (
    (frozenset({"cites", "source"}), {"venue": ("source",)}),  # Publish or Perish
    (frozenset({"item type", "abstract note"}), {"note": ()}),  # Zotero, where notes are private
    (  # Web of Science, delimited by tabs: https://images.webofknowledge.com/images/help/WOS/
        frozenset({"pt", "au", "ti", "so"}),
        {
            "title": ("ti",),
            "authors": ("af", "au", "ca", "be"),
            "year": ("py",),
            "date": ("pd",),
            "venue": ("so", "ct"),
            "doi": ("di",),
            "abstract": ("ab",),
            "tags": ("de",),
            "type": ("dt",),
            "volume": ("vl",),
            "number": ("is",),
            "pages": ("ar",),
            "first_page": ("bp",),
            "last_page": ("ep",),
            "publisher": ("pu",),
            "publisher_place": ("pi",),
            "series": ("se",),
            "isbn": ("bn",),
            "issn": ("sn",),
        },
    ),
)
_TITLES = frozenset({"document title", "article title", "paper title", "title", "ti"})
# Columns of which a sheet has one if its “Name” is a paper's, and not a person's or a product's.
_PAPER_COLUMNS = ("authors", "venue", "doi", "arxiv", "pubmed", "url", "pdf", "abstract")


@dataclass(frozen=True, slots=True)
class Header:
    """Where the header of a CSV file is: the number of lines above it, and the delimiter."""

    lines_above: int
    delimiter: str
    has_quotes: bool = True


class NoTitleColumn(InvalidInput):
    """No column of a CSV file is recognized as the one with the titles."""

    def __init__(self, header: Sequence[str]) -> None:
        columns = (
            f"The columns are {_quoted(header)}." if any(header) else "The file has no header row."
        )
        super().__init__(f"I can't tell which column has the titles. {columns}")


def find_header(lines: Iterable[str], mapping: Mapping[str, str] | None = None) -> Header | None:
    """Returns where the header is: the first row with a known title and another known column.

    Rows above it may have a title, or ``sep=;``; then it needs two other columns. ``mapping`` maps
    fields to column names. Returns None if no row is a header.
    """
    own = {fold(name) for name in (mapping or {}).values()}
    known = own.union(*_NAMES.values(), *(fields for fields, _ in _SERVICES))
    titles = {fold(mapping["title"])} if mapping and "title" in mapping else _TITLES
    delimiter = ""
    least = 2
    for number, line in enumerate(itertools.islice(lines, MAX_TITLE_ROWS)):
        text = line.removeprefix("\ufeff")[:_MAX_HEADER].strip("\r\n")
        if number == 0 and (found := _SEPARATOR.fullmatch(text)):
            delimiter = found[1]
            continue
        if not text or text.startswith("|"):  # of a table in Markdown
            continue
        sign = delimiter or _detect_delimiter(text, known)
        names = set(_split(text, sign))
        if names & titles and len(names & known) >= least:
            return Header(number, sign, has_quotes=not names >= {"pt", "au", "ti", "so"})
        least = 3
    return None


def first_row(lines: Iterable[str]) -> Header:
    """Returns the first row that isn't empty as the header, for a file without a known one."""
    delimiter, number = "", 0
    for number, line in enumerate(itertools.islice(lines, MAX_TITLE_ROWS)):
        text = line.removeprefix("\ufeff")[:_MAX_HEADER].strip("\r\n")
        if found := _SEPARATOR.fullmatch(text):
            delimiter = found[1]
        elif text.strip():
            return Header(number, delimiter or _detect_delimiter(text, set()))
    return Header(number, delimiter or ",")


def _detect_delimiter(header: str, known: Collection[str]) -> str:
    """Returns the delimiter that splits a header into the most known names."""

    def score(sign: str) -> tuple[int, int]:
        names = _split(header, sign)
        return sum(name in known for name in names), len(names)

    return max(",;\t|", key=score)


def _split(row: str, delimiter: str) -> list[str]:
    try:
        return [fold(name) for name in next(csv.reader([row], delimiter=delimiter), [])]
    except csv.Error:
        return []


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
    known = _known_names(frozenset(names))
    if is_complete_export(header):
        known = {name: (fold(name),) for name in COLUMNS}
    columns: dict[str, list[int]] = {}
    for field, known_names in sorted(known.items()):
        candidates = (fold(mapping[field]),) if field in mapping else known_names
        if field in mapping and candidates[0] not in names:
            raise InvalidInput(
                f"There's no column “{mapping[field]}”. The columns are {_quoted(header)}."
            )
        columns[field] = [names.index(name) for name in candidates if name in names]
    if not columns["posted_by"]:
        contacts = (" poc", " contact", " contact person")
        columns["posted_by"] = [at for at, name in enumerate(names) if name.endswith(contacts)]
    if unknown := sorted(set(mapping) - set(known)):
        raise InvalidInput(f"“{unknown[0]}” isn't a field. The fields are {', '.join(known)}.")
    is_unclear = "title" not in mapping and not any(columns[name] for name in _PAPER_COLUMNS)
    if not columns["title"] or (is_unclear and names[columns["title"][0]] == "name"):
        raise NoTitleColumn(header)
    # “Publication Title” is the venue, unless nothing else is the title.
    columns["title"] = columns["title"][:1]
    columns["venue"] = [at for at in columns["venue"] if at not in columns["title"]]
    return columns


def _known_names(header: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Returns the names of each field's columns in a file with this header."""
    known = dict(_NAMES)
    for columns, names in _SERVICES:
        if columns <= header:
            known.update(names)
    return known


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f"“{name[:60]}”" for name in names[:20]) or "none"
