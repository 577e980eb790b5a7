"""Detects the format of a file of papers, and reads it with the matching reader."""

from __future__ import annotations

import enum
import itertools
import json
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO

from bot.feeds.parser import parse_feed
from bot.formats.bibtex_reader import read_bibtex
from bot.formats.csv_columns import is_csv_header
from bot.formats.csv_reader import read_csv
from bot.formats.encoding import open_text
from bot.formats.json_reader import read_json, read_json_lines
from bot.formats.publications_page import parse_publications_page
from bot.formats.results import ParsedPaper, ParseResult, Problem
from storage.errors import InvalidInput

_log = logging.getLogger(__name__)

_MAX_IN_MEMORY = 64 * 1024 * 1024  # bytes of a page or a feed, which aren't streamed
_HEAD = 64 * 1024  # characters that are used to detect the format


class ImportFormat(enum.StrEnum):
    """A format that papers can be imported from."""

    TEXT = "text"
    BIBTEX = "bibtex"
    CSV = "csv"
    JSON = "json"
    JSONL = "jsonl"
    FEED = "feed"


_SUFFIXES = {
    ".bib": ImportFormat.BIBTEX,
    ".bibtex": ImportFormat.BIBTEX,
    ".csv": ImportFormat.CSV,
    ".tsv": ImportFormat.CSV,
    ".jsonl": ImportFormat.JSONL,
    ".ndjson": ImportFormat.JSONL,
    ".xml": ImportFormat.FEED,
    ".rss": ImportFormat.FEED,
    ".atom": ImportFormat.FEED,
    ".rdf": ImportFormat.FEED,
}


@dataclass(frozen=True, slots=True)
class ImportFile:
    """A file to import, and options for CSV; ``columns`` maps fields to column names."""

    file: Path
    file_format: ImportFormat
    now: datetime
    columns: Mapping[str, str] = field(default_factory=dict)
    include_unpublished: bool = False

    @property
    def is_page(self) -> bool:
        """Whether it is made for readers: newest first, and invalid entries can be skipped."""
        return self.file_format in {ImportFormat.TEXT, ImportFormat.FEED}


def detect_format(file: Path) -> ImportFormat:
    """Returns a file's format by its extension and its start; raises `InvalidInput`."""
    known = _SUFFIXES.get(file.suffix.lower())
    if known:
        return known
    with open_text(file) as opened:
        head = opened.read(_HEAD).removeprefix("\ufeff").lstrip()
    first = head.split("\n", 1)[0].strip()
    if head.startswith("<"):
        return ImportFormat.FEED
    if head.startswith("["):
        return ImportFormat.JSON
    if head.startswith("{"):
        return _json_format(head, first)
    if re.search(r"^[ \t]*@\w+\s*[{(]", head, re.MULTILINE):
        return ImportFormat.BIBTEX
    return ImportFormat.CSV if is_csv_header(first) else ImportFormat.TEXT


def read_file(source: ImportFile) -> Iterator[ParseResult]:
    """Yields the results of a file, oldest first if it lists the newest first.

    Raises `InvalidInput` if the file can't be read at all.
    """
    match source.file_format:
        case ImportFormat.TEXT:
            return _read_page(source)
        case ImportFormat.FEED:
            return _read_feed(source)
        case ImportFormat.BIBTEX:
            return read_bibtex(lambda: _lines(source.file))
        case ImportFormat.CSV:
            return read_csv(
                lambda: _lines(source.file),
                source.columns,
                include_unpublished=source.include_unpublished,
            )
        case ImportFormat.JSON:
            return _streamed(source, lines=False)
        case ImportFormat.JSONL:
            return _streamed(source, lines=True)


def _json_format(head: str, first: str) -> ImportFormat:
    if re.search(r'"version"\s*:\s*"https?://(?:www\.)?jsonfeed\.org', head):
        return ImportFormat.FEED
    try:
        is_complete = isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return ImportFormat.JSON
    has_more = "\n" in head.strip()
    return ImportFormat.JSONL if is_complete and has_more else ImportFormat.JSON


def _lines(file: Path) -> AbstractContextManager[TextIO]:
    return open_text(file)


def _streamed(source: ImportFile, *, lines: bool) -> Iterator[ParseResult]:
    with open_text(source.file) as opened:
        yield from read_json_lines(opened) if lines else read_json(opened)


def _read_page(source: ImportFile) -> Iterator[ParseResult]:
    _require_small(source.file)
    with open_text(source.file) as opened:
        listing = parse_publications_page(opened.read())
    yield from itertools.chain(reversed(listing.papers), listing.problems)


def _read_feed(source: ImportFile) -> Iterator[ParseResult]:
    _require_small(source.file)
    try:
        body = source.file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"I can't read {source.file.name}: {error.strerror}.") from None
    feed = parse_feed(body, f"file:{source.file.name}", source.now)
    for number, entry in reversed(list(enumerate(feed.entries, start=1))):
        yield ParsedPaper(number, entry.draft)
    for cause in feed.causes:
        _log.info("%s: %s", source.file, cause)
    for problem in feed.problems:
        entry_number = re.match(r"Entry (\d+)", problem)
        yield Problem(int(entry_number[1]) if entry_number else 0, problem)


def _require_small(file: Path) -> None:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise InvalidInput(f"I can't read {file.name}: {error.strerror}.") from None
    if size > _MAX_IN_MEMORY:
        raise InvalidInput(f"{file.name} is too large for a publications page or a feed.")
