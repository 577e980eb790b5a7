"""Reads papers from EndNote's XML, which Zotero and Mendeley write, too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape, unescape

from bot.formats.records.draft_builder import (
    build_draft,
    most_precise,
    read_names,
    read_slashed_date,
)
from bot.formats.results import ParsedPaper, ParseResult, Problem
from bot.formats.rows import read_publication
from bot.formats.text import plain_text
from bot.formats.text.dates import read_parts
from bot.formats.text.xml_reader import DeclaresEntities, MalformedXml, XmlParser
from storage.errors import InvalidInput
from storage.models import PaperDraft
from storage.publication import Publication, page_range

_ROOT = re.compile(r"<xml\b[^>]{0,200}>\s*<records\b|<records\b[^>]{0,200}>\s*<record\b")
_SCRIPTS = {"superscript": "sup", "subscript": "sub"}
_VENUES = (
    *("periodical/full-title", "titles/secondary-title", "titles/alt-title"),
    *("alt-periodical/full-title", "periodical/abbr-1"),
)


def is_endnote_xml(head: str) -> bool:
    """Returns whether a text is the start of an EndNote file."""
    return _ROOT.search(head) is not None


def read_endnote_xml(text: str) -> Iterator[ParseResult]:
    """Yields the records of a file; what follows a malformed line is one problem.

    Raises `InvalidInput` if the file declares entities.
    """
    collector = _RecordCollector()
    parser = XmlParser(collector)
    collector.parser = parser
    problem: Problem | None = None
    try:
        parser.parse(text)
    except MalformedXml as error:
        reason = "The file isn't valid XML from here on, so I couldn't read the rest."
        problem = Problem(error.line, reason)
    except DeclaresEntities:
        raise InvalidInput(
            "That file declares XML entities, which EndNote never does, so I didn't read it."
        ) from None
    for record in collector.records:
        try:
            yield ParsedPaper(record.line, _draft(record))
        except InvalidInput as error:
            yield Problem(record.line, f"The record that starts here can't be used. {error}")
    if problem:
        yield problem


@dataclass(slots=True)
class _Record:
    """The texts of a record, as HTML, by their elements' paths: ``titles/title``."""

    line: int
    texts: dict[str, list[str]] = field(default_factory=dict)

    def first(self, *paths: str) -> str:
        """Returns the first text of these elements that isn't empty."""
        found = (text for path in paths for text in self.texts.get(path, ()))
        return next(found, "")

    def all(self, path: str) -> list[str]:
        """Returns all texts of this element that aren't empty."""
        return self.texts.get(path, [])


class _RecordCollector:
    """Collects the records while the file is parsed; the last one may be incomplete."""

    def __init__(self) -> None:
        self.records: list[_Record] = []
        self.parser: XmlParser | None = None
        self._record: _Record | None = None
        self._path: list[str] = []
        self._text: list[str] = []
        self._scripts: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Called by the parser at the start of each element."""
        if tag == "record":
            self._record = _Record(self.parser.line if self.parser else 0)
            self._path = []
        elif tag == "style":
            script = _SCRIPTS.get(attributes.get("face", ""), "")
            self._scripts.append(script)
            self._text.append(f"<{script}>" if script else "")
        elif self._record is not None:
            self._path.append(tag)
            self._text = []
            if tag == "ref-type" and (name := attributes.get("name")):
                self._record.texts[tag] = [name]

    def data(self, text: str) -> None:
        """Called by the parser for the text in an element."""
        if self._record is not None:
            self._text.append(escape(text, quote=False))

    def end(self, tag: str) -> None:
        """Called by the parser at the end of each element."""
        if tag == "record":
            if self._record is not None:
                self.records.append(self._record)
            self._record = None
        elif tag == "style":
            script = self._scripts.pop() if self._scripts else ""
            self._text.append(f"</{script}>" if script else "")
        elif self._record is not None and self._path:
            if text := "".join(self._text).strip():
                self._record.texts.setdefault("/".join(self._path[-2:]), []).append(text)
            self._path.pop()
            self._text = []


def _draft(record: _Record) -> PaperDraft:
    venue = record.first(*_VENUES)
    title = record.first("titles/title")
    if not title:
        title, venue = venue, ""
    dates = [record.first("pub-dates/date"), record.first("dates/year")]
    return build_draft(
        title=title,
        authors=read_names(record.all("authors/author") or record.all("secondary-authors/author")),
        venue=venue,
        date=most_precise([read_parts(dates[1], dates[0]), *map(read_slashed_date, dates)]),
        abstract=record.first("abstract"),
        doi=[unescape(record.first("electronic-resource-num"))],
        urls=[
            unescape(url)
            for kind in ("related-urls", "web-urls")
            for url in record.all(f"{kind}/url")
        ],
        pdf=map(unescape, record.all("pdf-urls/url")),
        tags=record.all("keywords/keyword"),
        publication=_publication(record),
    )


def _publication(record: _Record) -> Publication:
    cells = {
        "type": record.first("ref-type"),
        "volume": record.first("volume"),
        "number": record.first("number"),
        "pages": page_range(record.first("pages")),
        "publisher": record.first("publisher"),
        "publisher_place": record.first("pub-location"),
        "series": record.first("titles/tertiary-title"),
        "edition": record.first("edition"),
    }
    serial = record.first("isbn")
    cells["issn" if re.fullmatch(r"\d{4}-\d{3}[\dXx]", serial) else "isbn"] = serial
    editors = record.all("secondary-authors/author") if record.first("authors/author") else []
    texts = {name: plain_text.read_line(text) for name, text in cells.items()}
    return read_publication(texts, read_names(editors).names)
