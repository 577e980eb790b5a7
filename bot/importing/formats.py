"""Reads a file of papers with the reader of its format."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO, TypeAlias

from bot.feeds.parser import NotAFeed, parse_feed
from bot.formats.bibtex.reader import read_bibtex
from bot.formats.pages.page import NoPapersFound, parse_publications_page
from bot.formats.records.csv_reader import read_csv
from bot.formats.records.endnote_xml import read_endnote_xml
from bot.formats.records.json_reader import read_json, read_json_lines
from bot.formats.records.reference_list import read_reference_list
from bot.formats.records.tagged_reader import read_endnote, read_nbib, read_ris, read_wos
from bot.formats.results import (
    ParsedPaper,
    ParseResult,
    Problem,
    SkippedEntry,
    UnresolvedReference,
)
from bot.formats.text.encoding import open_text
from bot.formats.text.xml_reader import decode_xml
from bot.importing.detect import ImportFormat, UnknownFormat
from storage.errors import InvalidInput
from storage.redaction import redact_url

_log = logging.getLogger(__name__)

_MAX_IN_MEMORY = 64 * 1024 * 1024  # bytes of a page or of XML, which aren't streamed
# Formats that people fix entry by entry; of the others, invalid entries are skipped.
_VALID_AS_A_WHOLE = frozenset(
    {ImportFormat.BIBTEX, ImportFormat.CSV, ImportFormat.JSON, ImportFormat.JSONL}
)
FileEntry: TypeAlias = ParseResult | UnresolvedReference
_STREAMED: dict[ImportFormat, Callable[[TextIO], Iterator[FileEntry]]] = {
    ImportFormat.RIS: read_ris,
    ImportFormat.NBIB: read_nbib,
    ImportFormat.ENDNOTE: read_endnote,
    ImportFormat.WOS: read_wos,
    ImportFormat.JSON: read_json,
    ImportFormat.JSONL: read_json_lines,
    ImportFormat.LIST: read_reference_list,
}


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file to import, and options for CSV; ``columns`` maps fields to column names.

    ``url`` is where it was downloaded from, or empty.
    """

    file: Path
    file_format: ImportFormat
    now: datetime
    columns: Mapping[str, str] = field(default_factory=dict)
    include_unpublished: bool = False
    url: str = ""

    @property
    def location(self) -> str:
        """Where the file is, for people."""
        return redact_url(self.url) if self.url else str(self.file)

    @property
    def skips_invalid(self) -> bool:
        """Whether invalid entries are skipped in any case, instead of refusing the file."""
        return self.file_format not in _VALID_AS_A_WHOLE


def read_file(source: ImportFile) -> Iterator[FileEntry]:
    """Yields the results of a file, oldest first if it lists the newest first.

    Raises `InvalidInput` if the file can't be read at all.
    """
    match source.file_format:
        case ImportFormat.TEXT:
            return _read_page(source)
        case ImportFormat.FEED:
            return _read_feed(source)
        case ImportFormat.ENDNOTE_XML:
            return read_endnote_xml(decode_xml(_read_bytes(source.file)))
        case ImportFormat.BIBTEX:
            return read_bibtex(lambda: _lines(source.file))
        case ImportFormat.CSV:
            return read_csv(
                lambda: _lines(source.file),
                source.columns,
                include_unpublished=source.include_unpublished,
            )
        case _:
            return _read_stream(source)


def read_papers(source: ImportFile) -> Iterator[ParseResult]:
    """Yields the results of a file that has no references to look up; see `read_file`."""
    for entry in read_file(source):
        if isinstance(entry, UnresolvedReference):
            yield Problem(entry.line, f"“{entry.text}” wasn't looked up.")
        else:
            yield entry


def _lines(file: Path) -> AbstractContextManager[TextIO]:
    return open_text(file)


def _read_stream(source: ImportFile) -> Iterator[FileEntry]:
    with open_text(source.file) as opened:
        yield from _STREAMED[source.file_format](opened)


def _read_page(source: ImportFile) -> Iterator[ParseResult]:
    _require_small(source.file)
    with open_text(source.file) as opened:
        text = opened.read()
    try:
        listing = parse_publications_page(text, source.url)
    except NoPapersFound as error:
        raise UnknownFormat from error
    yield from itertools.chain(reversed(listing.papers), listing.problems)


def _read_feed(source: ImportFile) -> Iterator[ParseResult]:
    body = _read_bytes(source.file)
    try:
        feed = parse_feed(body, f"file:{source.file.name}", source.now)
    except NotAFeed as error:
        raise UnknownFormat(str(error).removeprefix("file:")) from error
    for number, entry in reversed(list(enumerate(feed.entries, start=1))):
        if entry.notice is not None:
            yield SkippedEntry(number, f"“{entry.draft.title}” isn't a paper of its own.")
        else:
            yield ParsedPaper(number, entry.draft)
    for cause in feed.causes:
        _log.info("%s: %s", source.file, cause)
    for problem in feed.problems:
        entry_number = re.match(r"Entry (\d+)", problem)
        yield Problem(int(entry_number[1]) if entry_number else 0, problem)


def _read_bytes(file: Path) -> bytes:
    _require_small(file)
    try:
        return file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"I can't read {file.name}: {error.strerror}.") from None


def _require_small(file: Path) -> None:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise InvalidInput(f"I can't read {file.name}: {error.strerror}.") from None
    if size > _MAX_IN_MEMORY:
        raise InvalidInput(f"{file.name} is too large for a page or XML.")
