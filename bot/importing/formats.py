"""A file of papers, whatever its format → findings; `exchange` and `feeds` know the formats."""

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

_MAX_WHOLE = 64 * 1024 * 1024  # bytes of a page or a feed, which are read as a whole
_HEAD = 64 * 1024  # characters by which a format is known


class ImportFormat(enum.StrEnum):
    """A format that papers are read from."""

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
    """A file to read, and how: ``columns`` names a sheet's columns for fields."""

    file: Path
    form: ImportFormat
    now: datetime
    columns: Mapping[str, str] = field(default_factory=dict)
    unpublished: bool = False

    @property
    def is_page(self) -> bool:
        """Whether it is made for readers: newest first, and what can be read of it is enough."""
        return self.form in {ImportFormat.TEXT, ImportFormat.FEED}


def detect_format(file: Path) -> ImportFormat:
    """The format of a file, by its suffix and what it begins with; raises `InvalidInput`."""
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
        return _form_of_object(head, first)
    if re.search(r"^[ \t]*@\w+\s*[{(]", head, re.MULTILINE):
        return ImportFormat.BIBTEX
    return ImportFormat.CSV if is_csv_header(first) else ImportFormat.TEXT


def read_file(source: ImportFile) -> Iterator[ParseResult]:
    """The findings of a file, oldest first where it lists the newest first; reads as it goes.

    Raises `InvalidInput` where the file can't be read at all.
    """
    match source.form:
        case ImportFormat.TEXT:
            return _read_page(source)
        case ImportFormat.FEED:
            return _read_feed(source)
        case ImportFormat.BIBTEX:
            return read_bibtex(lambda: _lines(source.file))
        case ImportFormat.CSV:
            return read_csv(
                lambda: _lines(source.file), source.columns, unpublished=source.unpublished
            )
        case ImportFormat.JSON:
            return _streamed(source, lines=False)
        case ImportFormat.JSONL:
            return _streamed(source, lines=True)


def _form_of_object(head: str, first: str) -> ImportFormat:
    if re.search(r'"version"\s*:\s*"https?://(?:www\.)?jsonfeed\.org', head):
        return ImportFormat.FEED
    try:
        whole = isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return ImportFormat.JSON
    has_more = "\n" in head.strip()
    return ImportFormat.JSONL if whole and has_more else ImportFormat.JSON


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
        raise InvalidInput(f"{source.file.name} can't be read: {error.strerror}.") from None
    feed = parse_feed(body, f"file:{source.file.name}", source.now)
    for place, entry in reversed(list(enumerate(feed.entries, start=1))):
        yield ParsedPaper(place, entry.draft)
    for cause in feed.causes:
        _log.info("%s: %s", source.file, cause)
    for problem in feed.problems:
        number = re.match(r"Entry (\d+)", problem)
        yield Problem(int(number[1]) if number else 0, problem)


def _require_small(file: Path) -> None:
    try:
        size = file.stat().st_size
    except OSError as error:
        raise InvalidInput(f"{file.name} can't be read: {error.strerror}.") from None
    if size > _MAX_WHOLE:
        raise InvalidInput(f"{file.name} is larger than any publications page; I left it alone.")
