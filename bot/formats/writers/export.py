"""Writes papers as a file in any format, in pieces, so that a long list needs little memory."""

from __future__ import annotations

import asyncio
import csv
import enum
import io
import json
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from bot.formats.fields import xml_text
from bot.formats.rows import COLUMNS, PUBLIC_COLUMNS, paper_json, paper_row, public_row
from bot.formats.writers.citation_styles import Detail, bibtex_entry, markdown_reference
from bot.formats.writers.csl_item import csl_item
from bot.formats.writers.ris_writer import ris_record
from storage.errors import LabError
from storage.models import Paper

_ATOM = "http://www.w3.org/2005/Atom"
_TITLE = "The lab's papers"


class ExportFormat(enum.StrEnum):
    """A format that papers can be exported in."""

    JSON = "json"
    JSONL = "jsonl"
    BIBTEX = "bibtex"
    CSV = "csv"
    RIS = "ris"
    CSL_JSON = "csl-json"
    MARKDOWN = "markdown"
    ATOM = "atom"

    @property
    def label(self) -> str:
        """The format's name for people."""
        return {
            ExportFormat.JSON: "JSON",
            ExportFormat.JSONL: "JSON lines",
            ExportFormat.BIBTEX: "BibTeX",
            ExportFormat.CSV: "CSV",
            ExportFormat.RIS: "RIS",
            ExportFormat.CSL_JSON: "CSL-JSON",
            ExportFormat.MARKDOWN: "Markdown",
            ExportFormat.ATOM: "Atom feed",
        }[self]

    @property
    def suffix(self) -> str:
        """The file extension without the dot."""
        return {
            ExportFormat.BIBTEX: "bib",
            ExportFormat.MARKDOWN: "md",
            ExportFormat.CSL_JSON: "csl.json",
            ExportFormat.ATOM: "xml",
        }.get(self, self.value)


COMPLETE_FORMATS = (
    *(ExportFormat.JSON, ExportFormat.JSONL),
    *(ExportFormat.BIBTEX, ExportFormat.CSV),
)


class CannotBeComplete(LabError):
    """The format can't hold everything about a paper."""

    def __init__(self, export_format: ExportFormat) -> None:
        formats = [each.label for each in COMPLETE_FORMATS]
        super().__init__(
            f"{export_format.label} can't hold everything. A complete export can be "
            f"{', '.join(formats[:-1])} or {formats[-1]}."
        )


def require_completable(export_format: ExportFormat, *, complete: bool) -> None:
    """Raises `CannotBeComplete` if a format can't hold what a complete export has."""
    if complete and export_format not in COMPLETE_FORMATS:
        raise CannotBeComplete(export_format)


async def write(
    pages: AsyncIterable[Sequence[Paper]],
    export_format: ExportFormat,
    now: datetime,
    *,
    complete: bool = False,
) -> AsyncIterator[str]:
    """Yields the text of a file in pieces; ``now`` is the time of an Atom feed.

    A ``complete`` file can be imported again without loss, but has fields that mean nothing to
    others. Raises `CannotBeComplete` for a format that can't hold everything.
    """
    require_completable(export_format, complete=complete)
    head, separator, tail = _frame(export_format, now, complete=complete)
    format_paper = _formatter(export_format, complete=complete)

    def format_page(page: Sequence[Paper]) -> str:
        return separator.join(map(format_paper, page))

    yield head
    first = True
    async for page in pages:
        text = await asyncio.to_thread(format_page, page)
        yield text if first else separator + text
        first = False
    yield tail


def _frame(export_format: ExportFormat, now: datetime, *, complete: bool) -> tuple[str, str, str]:
    """Returns the head, separator and tail of a file."""
    match export_format:
        case ExportFormat.JSON | ExportFormat.CSL_JSON:
            return "[\n", ",\n", "\n]\n"
        case ExportFormat.JSONL:
            return "", "\n", "\n"
        case ExportFormat.BIBTEX | ExportFormat.RIS:
            return "", "\n\n", "\n"
        case ExportFormat.CSV:
            return _row(COLUMNS if complete else PUBLIC_COLUMNS), "", ""
        case ExportFormat.MARKDOWN:
            return f"# {_TITLE}\n\n", "\n", "\n"
        case ExportFormat.ATOM:
            return _feed_head(now), "\n", "\n</feed>\n"


def _formatter(export_format: ExportFormat, *, complete: bool) -> Callable[[Paper], str]:
    """Returns the function that formats a paper."""
    detail = Detail.COMPLETE if complete else Detail.PUBLIC
    row = paper_row if complete else public_row
    formatters: dict[ExportFormat, Callable[[Paper], str]] = {
        ExportFormat.BIBTEX: partial(bibtex_entry, detail=detail),
        ExportFormat.CSV: lambda paper: _row(row(paper)),
        ExportFormat.RIS: ris_record,
        ExportFormat.CSL_JSON: lambda paper: _json_line(csl_item(paper)),
        ExportFormat.MARKDOWN: lambda paper: f"- {markdown_reference(paper)}",
        ExportFormat.ATOM: _entry,
    }
    return formatters.get(
        export_format, lambda paper: _json_line(paper_json(paper, complete=complete))
    )


def _json_line(values: Mapping[str, object]) -> str:
    # Line separators are escaped so that every reader sees one object per line.
    text = json.dumps(values, ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def _row(cells: Sequence[str]) -> str:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue()


def _feed_head(now: datetime) -> str:
    """Returns the start of an Atom feed (RFC 4287)."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f"<feed xmlns={quoteattr(_ATOM)}>\n"
        f"<title>{escape(_TITLE)}</title>\n"
        "<id>urn:lab-herald:papers</id>\n"
        f"<updated>{now.isoformat(timespec='seconds')}</updated>\n"
        "<generator>Lab Herald</generator>\n"
    )


def _entry(paper: Paper) -> str:
    entry = ET.Element("entry")
    _element(entry, "title", paper.title)
    _element(entry, "id", paper.url or f"urn:lab-herald:paper:{paper.id}")
    _element(entry, "updated", paper.provenance.created_at.isoformat(timespec="seconds"))
    if paper.date:
        _element(entry, "published", f"{paper.date.first_day.isoformat()}T00:00:00Z")
    for name in paper.author_names or ("unknown",):
        _element(ET.SubElement(entry, "author"), "name", name)
    if paper.url:
        ET.SubElement(entry, "link", rel="alternate", href=xml_text(paper.url))
    for tag in paper.tags:
        ET.SubElement(entry, "category", term=xml_text(tag))
    if paper.abstract:
        _element(entry, "summary", paper.abstract)
    return ET.tostring(entry, encoding="unicode")


def _element(parent: ET.Element, name: str, text: str) -> None:
    ET.SubElement(parent, name).text = xml_text(text)
