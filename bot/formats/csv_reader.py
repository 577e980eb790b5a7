"""Reads CSV files of papers: any file by its column names, and our own export."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from bot.formats import plain_text
from bot.formats.citation_text import is_distinction
from bot.formats.csv_columns import detect_delimiter, map_columns
from bot.formats.fields import (
    parse_date,
    parse_identifiers,
    parse_links,
    parse_title,
    split_list,
    unpack_links,
)
from bot.formats.results import ParsedPaper, ParseResult, Problem, SkippedEntry
from bot.formats.rows import COLUMNS, unescape_cell
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PaperDraft
from storage.names.author_list import parse_author_list
from storage.papers.identifiers import canonical_url, identify, listed_title

OpenLines = Callable[[], AbstractContextManager[Iterable[str]]]

_MAX_CELL = 4_000_000
_LINKS = {"url": LinkKind.PAGE, "pdf": LinkKind.PDF, "code": LinkKind.CODE} | {
    kind.value: kind for kind in (LinkKind.DATA, LinkKind.MODEL, LinkKind.VIDEO)
}
_UNPUBLISHED = re.compile(
    r"review|submi|progress|reject|draft|prepar|planned|plan\b|unfinished|withdrawn|idea|todo|wip",
    re.IGNORECASE,
)
_PREPRINT = re.compile(r"(?:arxiv|biorxiv|medrxiv)\b", re.IGNORECASE)
# A remark instead of a venue or a URL: “Extended to a published paper”.
_REMARK = re.compile(r"(?:extended|merged|superseded) (?:to|in|into|by)\b", re.IGNORECASE)
_BRACKETED = re.compile(r"\s*\(([^()]*)\)$")


@dataclass(frozen=True, slots=True)
class _Row:
    """A row: its first line, and the text of each field that isn't empty."""

    line: int
    cells: Mapping[str, str]
    is_export: bool = False

    def __getitem__(self, field: str) -> str:
        return self.cells.get(field, "")

    @property
    def identifiers(self) -> tuple[str, ...]:
        """The identifiers in the cells for ids and links."""
        urls = [self[field] for field in ("url", "pdf") if canonical_url(self[field])]
        return parse_identifiers(arxiv=self["arxiv"], doi=self["doi"], urls=urls)


def read_csv(
    lines: OpenLines, mapping: Mapping[str, str] | None = None, *, include_unpublished: bool = False
) -> Iterator[ParseResult]:
    """Yields the results of a file in its order; ``mapping`` maps fields to column names.

    Skips rows with an unpublished status unless ``include_unpublished``. A link that rows with
    different titles share doesn't identify a paper, and neither does a title with different links.
    Raises `NoTitleColumn`, and `InvalidInput` for an invalid mapping.
    """
    with lines() as opened:
        shared = _shared(row for row in _rows(opened, mapping or {}) if isinstance(row, _Row))
    with lines() as opened:
        for row in _rows(opened, mapping or {}):
            if isinstance(row, Problem):
                yield row
            elif not include_unpublished and _UNPUBLISHED.search(row["status"]):
                title = plain_text.line(row["title"])
                yield SkippedEntry(row.line, f"“{title}” isn't published yet: {row['status']}.")
            else:
                try:
                    draft = _exported_draft(row) if row.is_export else _draft(row, shared)
                    yield ParsedPaper(row.line, draft)
                except InvalidInput as error:
                    title = plain_text.line(row["title"])
                    name = f"“{title}”" if title else "This row"
                    yield Problem(row.line, f"{name} can't be used. {error}")


def describe_columns(
    lines: OpenLines, mapping: Mapping[str, str]
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """Returns the columns of a file by field, and the columns that aren't used.

    Raises the same errors as `read_csv`.
    """
    csv.field_size_limit(_MAX_CELL)
    with lines() as opened:
        source = iter(opened)
        first = next(source, "")
        table = csv.reader(itertools.chain([first], source), delimiter=detect_delimiter(first))
        try:
            header = next(table, [])
        except csv.Error:  # which `read_csv` reports
            return {}, ()
    columns = map_columns(header, mapping)
    read = {field: tuple(header[at] for at in indexes) for field, indexes in columns.items()}
    used = {at for indexes in columns.values() for at in indexes}
    unused = tuple(name for at, name in enumerate(header) if at not in used)
    return {field: names for field, names in read.items() if names}, unused


def _rows(opened: Iterable[str], mapping: Mapping[str, str]) -> Iterator[_Row | Problem]:
    """Yields the non-empty rows of a file; a malformed one ends it."""
    csv.field_size_limit(_MAX_CELL)
    source = iter(opened)
    first = next(source, "")
    table = csv.reader(itertools.chain([first], source), delimiter=detect_delimiter(first))
    line = 1
    columns: dict[str, list[int]] = {}
    is_export = False
    try:
        for cells in table:
            if not columns:
                is_export = tuple(cells) == COLUMNS and not mapping
                columns = map_columns(cells, mapping)
            elif any(cell.strip() for cell in cells):
                texts = {
                    field: _first_filled(cells, indexes, exactly=is_export)
                    for field, indexes in columns.items()
                }
                yield _Row(line, texts, is_export=is_export)
            line = table.line_num + 1
    except csv.Error as error:
        yield Problem(line, f"I can't read the file from this row on: {error}.")


def _first_filled(cells: Sequence[str], indexes: Sequence[int], *, exactly: bool) -> str:
    """Returns the first non-empty cell of these columns that isn't a remark."""
    if exactly:
        return cells[indexes[0]] if indexes and indexes[0] < len(cells) else ""
    filled = (cells[index].strip() for index in indexes if index < len(cells))
    return next((cell for cell in filled if cell and not _REMARK.match(cell)), "")


def _shared(rows: Iterable[_Row]) -> frozenset[str]:
    """Returns identifiers that different titles share, and titles that have different links."""
    values: dict[str, set[str]] = {}
    for row in rows:
        title = listed_title(plain_text.line(row["title"]))
        for name in row.identifiers:
            values.setdefault(name, set()).add(title)
        values.setdefault(title, set()).add(" ".join(row.identifiers))
    return frozenset(name for name, others in values.items() if len(others - {""}) > 1)


def _draft(row: _Row, shared: frozenset[str]) -> PaperDraft:
    title = parse_title(plain_text.from_latex(row["title"]))
    authors = parse_author_list(row["authors"]).with_given_first()
    venue, note = _venue_and_note(row)
    identifiers = (*row.identifiers, listed_title(title))
    return PaperDraft(
        title=title,
        authors=authors.names,
        authors_complete=authors.is_complete,
        abstract=plain_text.tidy(plain_text.from_latex(row["abstract"])),
        venue=venue,
        date=parse_date(row["date"]) or parse_date(row["year"]),
        identifiers=tuple(name for name in identifiers if name not in shared),
        links=_links(row, shared),
        note=note,
        tags=tuple(
            sorted({tag for part in re.split("[,;]", row["tags"]) if (tag := part.strip())})
        ),
        posted_by=plain_text.line(row["posted_by"]),
    )


def _venue_and_note(row: _Row) -> tuple[str, str]:
    """Returns the venue, or the archive of a preprint, and the note, which may be in the venue."""
    venue, note = plain_text.line(row["venue"]), plain_text.line(row["note"])
    if _PREPRINT.match(row["status"]):
        return plain_text.line(row["status"]), note
    bracketed = _BRACKETED.search(venue)
    if bracketed and is_distinction(bracketed[1]):
        venue, note = venue[: bracketed.start()], note or bracketed[1]
    return venue, note


def _links(row: _Row, shared: frozenset[str]) -> tuple[Link, ...]:
    """Returns the row's URLs as links, including shared ones, which identify nothing."""
    given = [(kind, row[field]) for field, kind in _LINKS.items() if canonical_url(row[field])]
    shared_links = [Link(kind, url) for kind, url in given if shared.intersection(identify(url))]
    return tuple(dict.fromkeys([*shared_links, *parse_links(given)]))


def _exported_draft(row: _Row) -> PaperDraft:
    """Returns the draft of a row of our own export, with its cells as they are."""
    cells = {name: unescape_cell(cell) for name, cell in row.cells.items()}
    return PaperDraft(
        title=parse_title(cells["title"]),
        authors=split_list(cells["authors"]),
        authors_complete=cells["authors_complete"] != "no",
        abstract=cells["abstract"],
        venue=cells["venue"],
        date=parse_date(cells["date"]),
        identifiers=split_list(cells["identifiers"]),
        links=unpack_links(cells["links"]),
        note=cells["note"],
        tags=split_list(cells["tags"]),
        posted_by=cells["posted_by"],
    )
