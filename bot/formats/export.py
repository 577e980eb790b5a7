"""Writes papers as a file in any format, in pieces, so that a long list needs little memory."""

from __future__ import annotations

import asyncio
import csv
import enum
import io
import json
from collections.abc import AsyncIterable, AsyncIterator, Callable, Sequence
from datetime import datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

from bot.formats.citation_styles import bibtex_entry, markdown_reference
from bot.formats.fields import xml_text
from bot.formats.rows import COLUMNS, paper_json, paper_row
from storage.models import Paper

_ATOM = "http://www.w3.org/2005/Atom"
_TITLE = "The lab's papers"


class ExportFormat(enum.StrEnum):
    """A format that papers can be exported in."""

    JSON = "json"
    JSONL = "jsonl"
    BIBTEX = "bibtex"
    CSV = "csv"
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
            ExportFormat.MARKDOWN: "Markdown",
            ExportFormat.ATOM: "Atom feed",
        }[self]

    @property
    def suffix(self) -> str:
        """The file extension without the dot."""
        return {
            ExportFormat.BIBTEX: "bib",
            ExportFormat.MARKDOWN: "md",
            ExportFormat.ATOM: "xml",
        }.get(self, self.value)


async def write(
    pages: AsyncIterable[Sequence[Paper]], export_format: ExportFormat, now: datetime
) -> AsyncIterator[str]:
    """Yields the text of a file in pieces; ``now`` is the time of an Atom feed."""
    head, separator, tail, format_paper = _parts(export_format, now)

    def format_page(page: Sequence[Paper]) -> str:
        return separator.join(map(format_paper, page))

    yield head
    first = True
    async for page in pages:
        text = await asyncio.to_thread(format_page, page)
        yield text if first else separator + text
        first = False
    yield tail


def _parts(
    export_format: ExportFormat, now: datetime
) -> tuple[str, str, str, Callable[[Paper], str]]:
    """Returns the head, separator and tail of a file, and the function that formats a paper."""
    match export_format:
        case ExportFormat.JSON:
            return "[\n", ",\n", "\n]\n", _object
        case ExportFormat.JSONL:
            return "", "\n", "\n", _object
        case ExportFormat.BIBTEX:
            return "", "\n\n", "\n", bibtex_entry
        case ExportFormat.CSV:
            return _row(list(COLUMNS)), "", "", lambda paper: _row(paper_row(paper))
        case ExportFormat.MARKDOWN:
            return f"# {_TITLE}\n\n", "\n", "\n", lambda paper: f"- {markdown_reference(paper)}"
        case ExportFormat.ATOM:
            return _feed_head(now), "\n", "\n</feed>\n", _entry


def _object(paper: Paper) -> str:
    # Line separators are escaped so that every reader sees one object per line.
    text = json.dumps(paper_json(paper), ensure_ascii=False)
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")


def _row(cells: list[str]) -> str:
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
    for name in paper.authors or ((paper.posted_by,) if paper.posted_by else ("unknown",)):
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
