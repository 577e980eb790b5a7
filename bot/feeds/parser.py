"""Feed bytes → entries, in sandboxed worker processes; the only importer of feedparser."""

from __future__ import annotations

import io
import json
import re
import traceback
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import feedparser

from bot.feeds import item_mapping, publisher_hints
from bot.feeds.schedule import NO_TIMETABLE, Timetable
from bot.formats import plain_text
from bot.net.sandbox import MOST_MEMORY, TooMuchWork, Workers, open_workers
from storage.errors import LabError
from storage.feeds.models import Entry
from storage.text import fold

# feedparser joins the base address with itself for every element; remembered, it is twice as fast.
for _name in ("make_safe_absolute_uri", "_urljoin"):
    setattr(feedparser.mixin, _name, lru_cache(16)(getattr(feedparser.mixin, _name)))

_MAX_ENTRIES = 5000
# What feedparser raises where it stumbles; too little memory is no fault of the feed's.
_FAULTS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
# One character beyond the first 65,536 written as its two halves, which XML does not allow.
_SURROGATE_PAIR = re.compile(rb"&#(5[56]\d{3});&#(5[67]\d{3});")


class NotAFeed(LabError):
    """What was fetched is no feed; ``cause`` is for the log."""

    def __init__(self, url: str, cause: str = "") -> None:
        super().__init__(
            f"What I found at {url} is no feed that I can read (RSS, RDF, Atom or JSON Feed)."
        )
        self.url = url
        self.cause = cause or str(self)

    def __reduce__(self) -> tuple[type[NotAFeed], tuple[str, str]]:
        return NotAFeed, (self.url, self.cause)  # it travels between processes


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed as it was read: entries as listed, and a sentence for each that was left out.

    ``causes`` are what the log should know of it.
    """

    title: str
    home_url: str
    entries: tuple[Entry, ...]
    problems: tuple[str, ...]
    causes: tuple[str, ...] = ()
    timetable: Timetable = NO_TIMETABLE


@dataclass(frozen=True, slots=True)
class _Document:
    """A feed's own words, its items named as feedparser names them."""

    title: str
    home_url: str
    items: list[dict[str, Any]]
    generator: str = ""
    causes: tuple[str, ...] = ()
    timetable: Timetable = NO_TIMETABLE


def parse_feed(body: bytes, url: str, now: datetime, content_type: str = "") -> ParsedFeed:
    """Read RSS 0.9x to 2.0, RDF, Atom or JSON Feed, found at ``url``; later dates are no dates.

    Raises `NotAFeed`, and nothing else for any bytes.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    is_json = body.lstrip()[:1] == b"{"
    found = _read_json(body, url) if is_json else _read_xml(body, url, content_type)
    source = item_mapping.FeedContext(url, found.home_url, found.generator, now)
    entries, problems, causes = read_items(found.items, source)
    return ParsedFeed(
        title=found.title,
        home_url=found.home_url,
        entries=_without_shared_links(entries),
        problems=tuple(problems),
        causes=(*found.causes, *causes),
        timetable=found.timetable,
    )


def read_items(
    items: Sequence[dict[str, Any]], source: item_mapping.FeedContext
) -> tuple[list[Entry], list[str], list[str]]:
    """The entries of some items, a sentence for each that has none, and what the log should know.

    The first of several with one key is taken.
    """
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    causes: list[str] = []
    for number, item in enumerate(items[:_MAX_ENTRIES], start=1):
        try:
            read = item_mapping.read_item(item, source)
        except Exception:  # noqa: BLE001 - one item must not take the others with it
            causes.append(f"Entry {number} could not be read: {traceback.format_exc()}")
            read = "made me stumble, so I left it out."
        if isinstance(read, Entry):
            entries.setdefault(read.key, read)
        elif read:
            problems.append(f"Entry {number} {read}")
    if len(items) > _MAX_ENTRIES:
        problems.append(f"I read the first {_MAX_ENTRIES:,} of {len(items):,} entries.")
    return list(entries.values()), problems, causes


def _without_shared_links(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries, less the addresses that several of different titles have: those name none."""
    entries = tuple(entries)
    titles: dict[str, set[str]] = {}
    for entry in entries:
        for name in entry.draft.identifiers:
            titles.setdefault(name, set()).add(fold(entry.draft.title))
    shared = {name for name, having in titles.items() if name[:4] == "url:" and len(having) > 1}
    return tuple(
        replace(entry, draft=replace(entry.draft, identifiers=tuple(own)))
        if len(own := [name for name in entry.draft.identifiers if name not in shared])
        < len(entry.draft.identifiers)
        else entry
        for entry in entries
    )


def _read_xml(body: bytes, url: str, content_type: str) -> _Document:
    headers = {"content-location": url}
    if content_type.isascii() and content_type.isprintable() and content_type:
        headers["content-type"] = content_type
    body = _SURROGATE_PAIR.sub(_whole_character, body)
    try:
        # BytesIO, since feedparser takes bytes that look like a path for one.
        found = feedparser.parse(
            io.BytesIO(body),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except _FAULTS as error:
        raise NotAFeed(url, f"feedparser failed on {url}: {traceback.format_exc()}") from error
    fault = f"Malformed: {found.get('bozo_exception')}"[:500] if found.bozo else ""
    if not found.get("version") and not found.entries:
        raise NotAFeed(url, f"No feed at {url}. {fault}".rstrip())
    about = found.feed
    return _Document(
        title=plain_text.line(plain_text.from_html(str(about.get("title", ""))))[:300],
        home_url=str(about.get("link", "")),
        items=[dict(entry) for entry in found.entries],
        generator=str(about.get("generator", "")),
        causes=(fault,) if fault else (),
        timetable=publisher_hints.read(about, body),
    )


def _read_json(body: bytes, url: str) -> _Document:
    """A JSON Feed (https://www.jsonfeed.org/version/1.1/)."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAFeed(url, f"No JSON at {url}: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise NotAFeed(url, f"No JSON Feed at {url}")
    items = [_json_item(item) for item in found["items"] if isinstance(item, dict)]
    return _Document(_text(found.get("title"))[:300], _text(found.get("home_page_url")), items)


def _json_item(item: dict[str, Any]) -> dict[str, Any]:
    authors = item.get("authors") or [item.get("author")]
    people = authors if isinstance(authors, list) else []
    tags = item.get("tags")
    return {
        "id": _text(item.get("id")),
        "link": _text(item.get("external_url")) or _text(item.get("url")),
        "title": _text(item.get("title")),
        "summary": _text(item.get("content_html"))
        or _text(item.get("content_text"))
        or _text(item.get("summary")),
        "published": _text(item.get("date_published")),
        "authors": [{"name": _text(one.get("name"))} for one in people if isinstance(one, dict)],
        "tags": [{"term": _text(tag)} for tag in tags] if isinstance(tags, list) else [],
    }


def _whole_character(found: re.Match[bytes]) -> bytes:
    high, low = int(found[1]), int(found[2])
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return b""
    return b"&#%d;" % (0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""


_TIME_LIMIT = timedelta(seconds=20)
_WORKERS = 2  # a feed that takes long does not keep the others waiting


class TooMuchToRead(LabError):
    """A feed could not be parsed within its time or memory; ``cause`` is for the log."""

    def __init__(self, url: str, trouble: str) -> None:
        super().__init__(
            f"What {url} sends {trouble}, so I stopped reading it. A feed of fewer or shorter "
            "entries would do."
        )
        self.cause = f"{url} {trouble}"


class Parser:
    """Reads feeds by means of some workers."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers

    async def parse(self, body: bytes, url: str, now: datetime, content_type: str) -> ParsedFeed:
        """The same as `parse_feed`; raises `TooMuchToRead` besides."""
        try:
            return await self.workers.do(parse_feed, body, url, now, content_type)
        except TooMuchWork as error:
            raise TooMuchToRead(url, error.trouble) from error


@asynccontextmanager
async def open_parser(
    patience: timedelta = _TIME_LIMIT, most_memory: int = MOST_MEMORY, workers: int = _WORKERS
) -> AsyncGenerator[Parser]:
    """A parser whose workers begin with the first feed and end with the block."""
    async with open_workers(patience, most_memory, workers) as opened:
        yield Parser(opened)
