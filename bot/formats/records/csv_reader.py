"""Reads CSV files of papers: any file by its column names, and our own export."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Literal

from bot.formats.arxiv_fields import without_arxiv_ids
from bot.formats.fields import (
    parse_identifiers,
    parse_links,
    parse_title,
    split_list,
    unpack_links,
)
from bot.formats.records.csv_columns import MAX_TITLE_ROWS, find_header, first_row, map_columns
from bot.formats.records.draft_builder import tidy_venue, without_last_dot
from bot.formats.results import ParsedPaper, ParseResult, Problem, SkippedEntry
from bot.formats.rows import is_complete_export, read_publication, unescape_cell
from bot.formats.text import plain_text
from bot.formats.text.citation_text import is_distinction
from bot.formats.text.dates import read_date, read_parts
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PaperDraft
from storage.names.author_list import parse_author_list, unevident_collectives
from storage.papers.identifiers import arxiv_id, identify, listed_title
from storage.publication import TEXT_DETAILS, Publication, page_range
from storage.urls import canonical_url

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
# Semantic Scholar's answers as data analysts save them: “[{'authorId': '1', 'name': 'A. Roe'}]”.
_CODE = re.compile(r"""\[\s*[{"']|\{\s*["']""")
_MAY_BE_CODE = frozenset({"authors", "arxiv", "doi", "tags"})
_CODE_MARKS = re.compile(r"""[\[\]{}]|(?<!\w)["']|["'](?!\w)""")
_NAMED = re.compile(r"""(["'])name\1\s*:\s*(?:"([^"]*)"|'([^']*)')""")
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
        if self["pubmed"].isdecimal():
            urls.append(f"https://pubmed.ncbi.nlm.nih.gov/{self['pubmed']}/")
        arxiv = self["arxiv"] or (arxiv_id(self["venue"]) or "")
        return parse_identifiers(arxiv=arxiv, doi=self["doi"], urls=urls)


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
                    yield ParsedPaper(row.line, draft, is_export=row.is_export)
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
    with lines() as opened:
        first = next(_cells(opened, mapping), None)
    if isinstance(first, Problem):  # which `read_csv` reports
        return {}, ()
    header = first[1] if first else []
    columns = map_columns(header, mapping)
    read = {field: tuple(header[at] for at in indexes) for field, indexes in columns.items()}
    used = {at for indexes in columns.values() for at in indexes}
    unused = tuple(name for at, name in enumerate(header) if at not in used)
    return {field: names for field, names in read.items() if names}, unused


def _rows(opened: Iterable[str], mapping: Mapping[str, str]) -> Iterator[_Row | Problem]:
    """Yields the non-empty rows of a file; a malformed one ends it."""
    columns: dict[str, list[int]] = {}
    is_export = False
    for row in _cells(opened, mapping):
        if isinstance(row, Problem):
            yield row
            return
        line, cells = row
        if not columns:
            is_export = is_complete_export(cells) and not mapping
            columns = map_columns(cells, mapping)
        elif any(cell.strip() for cell in cells):
            read = _exact_cell if is_export else _cell
            texts = {field: read(field, cells, indexes) for field, indexes in columns.items()}
            yield _Row(line, texts, is_export=is_export)


def _cells(
    opened: Iterable[str], mapping: Mapping[str, str]
) -> Iterator[tuple[int, list[str]] | Problem]:
    """Yields the first line and the cells of each row, from the header on."""
    csv.field_size_limit(_MAX_CELL)
    source = iter(opened)
    start = list(itertools.islice(source, MAX_TITLE_ROWS))
    header = find_header(start, mapping) or first_row(start)
    rest = itertools.chain(start[header.lines_above :], source)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if header.has_quotes else csv.QUOTE_NONE
    table = csv.reader(rest, delimiter=header.delimiter, quoting=quoting)
    line = header.lines_above + 1
    try:
        for cells in table:
            yield line, cells
            line = header.lines_above + table.line_num + 1
    except csv.Error as error:
        yield Problem(line, f"I can't read the file from this row on: {error}.")


def _exact_cell(_field: str, cells: Sequence[str], indexes: Sequence[int]) -> str:
    """Returns a cell of our own export as it is."""
    return cells[indexes[0]] if indexes and indexes[0] < len(cells) else ""


def _cell(field: str, cells: Sequence[str], indexes: Sequence[int]) -> str:
    """Returns the first cell of these columns that is neither empty nor a remark."""
    filled = [cells[index].strip() for index in indexes if index < len(cells)]
    filled = [cell for cell in filled if cell and not _REMARK.match(cell)]
    if field in _MAY_BE_CODE:
        filled = list(map(_without_code, filled))
    if field == "arxiv":
        filled = [cell for cell in filled if arxiv_id(cell)] + filled
    return next(iter(filled), "")


def _without_code(cell: str) -> str:
    """Returns a list or a dictionary of Python or JSON as text: “[{'name': 'A. Roe'}]”."""
    if not _CODE.match(cell):
        return cell
    names = [double or single for _, double, single in _NAMED.findall(cell)]
    return "; ".join(names) or _CODE_MARKS.sub("", cell).replace(",", ";")


def _shared(rows: Iterable[_Row]) -> frozenset[str]:
    """Returns identifiers that different titles share, and titles that have different links."""
    values: dict[str, set[str]] = {}
    for row in rows:
        title = listed_title(plain_text.read_line(row["title"]))
        for name in row.identifiers:
            values.setdefault(name, set()).add(title)
        values.setdefault(title, set()).add(" ".join(row.identifiers))
    return frozenset(name for name, others in values.items() if len(others - {""}) > 1)


def _draft(row: _Row, shared: frozenset[str]) -> PaperDraft:
    title = parse_title(plain_text.read_text(row["title"]))
    title = without_last_dot(title) if row["pubmed"] else title
    authors = parse_author_list(row["authors"])
    venue, note = _venue_and_note(row)
    identifiers = (*row.identifiers, listed_title(title))
    return PaperDraft(
        title=title,
        authors=authors.names,
        authors_complete=authors.is_complete,
        abstract=plain_text.read_text(row["abstract"]),
        venue=venue,
        date=read_date(row["date"]) or read_parts(row["year"], row["month"] or row["date"]),
        identifiers=tuple(name for name in identifiers if name not in shared),
        links=_links(row, shared),
        note=note,
        tags=tuple(
            sorted({tag for part in re.split("[,;]", row["tags"]) if (tag := part.strip())})
        ),
        posted_by=plain_text.line(row["posted_by"]),
        publication=_publication(row),
        collectives=authors.collectives,
    )


def _publication(row: _Row) -> Publication:
    texts = {name: plain_text.read_line(row[name]) for name in ("type", *TEXT_DETAILS)}
    pages = [row["first_page"], row["last_page"]]
    texts["pages"] = page_range(texts["pages"] or "--".join(filter(None, pages)))
    if any(name.startswith("arxiv:") for name in row.identifiers):
        texts = without_arxiv_ids(texts)
    return read_publication(texts, parse_author_list(row["editors"]).names)


def _venue_and_note(row: _Row) -> tuple[str, str]:
    """Returns the venue, or the archive of a preprint, and the note, which may be in the venue."""
    venue, note = plain_text.read_line(row["venue"]), plain_text.read_line(row["note"])
    if _PREPRINT.match(row["status"]):
        return plain_text.line(row["status"]), note
    bracketed = _BRACKETED.search(venue)
    if bracketed and is_distinction(bracketed[1]):
        venue, note = venue[: bracketed.start()], note or bracketed[1]
    return tidy_venue(venue), note


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
        date=read_date(cells["date"]),
        identifiers=split_list(cells["identifiers"]),
        links=unpack_links(cells["links"]),
        note=cells["note"],
        tags=split_list(cells["tags"]),
        posted_by=cells["posted_by"],
        publication=read_publication(cells, split_list(cells.get("editors", ""))),
        collectives=unevident_collectives(split_list(cells.get("collectives", ""))),
    )
