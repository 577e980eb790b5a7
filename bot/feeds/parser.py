"""Parses feeds: `Parser` in sandboxed worker processes, `parse_feed` in this one.

The only importer of feedparser.
"""

from __future__ import annotations

import heapq
import io
import json
import re
import traceback
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

import feedparser

from bot.feeds import item_mapping
from bot.feeds.publisher_hints import parse_hints
from bot.feeds.schedule import NO_HINTS, PublisherHints
from bot.formats.text import plain_text
from bot.net.sandbox import MAX_MEMORY, ResourceLimitExceeded, Workers, open_workers
from storage.errors import LabError
from storage.feeds.models import Entry
from storage.models import PartialDate
from storage.redaction import redact_text, redact_url, redacted_repr
from storage.text import fold

# feedparser joins the base URL with itself for every element; caching that halves the time.
for _name in ("make_safe_absolute_uri", "_urljoin"):
    setattr(feedparser.mixin, _name, lru_cache(16)(getattr(feedparser.mixin, _name)))

_TIME_LIMIT = timedelta(seconds=20)
_WORKERS = 2  # so that one slow feed doesn't hold up the others
MAX_ENTRIES = 5000  # of a feed
# What feedparser raises for malformed feeds; a MemoryError isn't the feed's fault.
_PARSE_ERRORS = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
# A character outside the BMP written as two surrogates, which XML doesn't allow.
_SURROGATE_PAIR = re.compile(rb"&#(5[56]\d{3});&#(5[67]\d{3});")


class NotAFeed(LabError):
    """The content isn't a feed; ``cause`` is for the log."""

    def __init__(self, url: str, cause: str = "") -> None:
        super().__init__(
            f"{redact_url(url)} isn't a feed that I can read (RSS, RDF, Atom or JSON Feed)."
        )
        self.url = url
        self.cause = redact_text(cause or str(self))

    def __reduce__(self) -> tuple[type[NotAFeed], tuple[str, str]]:
        return NotAFeed, (self.url, self.cause)  # for passing it between processes


class FeedTooLarge(LabError):
    """A feed exceeded the parser's time or memory; ``cause`` is for the log."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(
            f"The feed at {redact_url(url)} {reason}, so I stopped. A feed with fewer or shorter "
            "entries would work."
        )
        self.cause = f"{redact_url(url)} {reason}"


@redacted_repr
@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A parsed feed: its entries in order, and a sentence for each that was skipped.

    ``causes`` are messages for the log.
    """

    title: str
    home_url: str
    entries: tuple[Entry, ...]
    problems: tuple[str, ...]
    causes: tuple[str, ...] = ()
    hints: PublisherHints = NO_HINTS


@dataclass(frozen=True, slots=True)
class _Document:
    """The contents of a feed in any format, with items in feedparser's format."""

    title: str
    home_url: str
    items: list[dict[str, Any]]
    generator: str = ""
    causes: tuple[str, ...] = ()
    hints: PublisherHints = NO_HINTS


class Parser:
    """Parses feeds in sandboxed worker processes; opened by `open_parser`."""

    def __init__(self, workers: Workers, max_entries: int = MAX_ENTRIES) -> None:
        self.workers = workers
        self._max_entries = max_entries

    async def parse(self, body: bytes, url: str, now: datetime, content_type: str) -> ParsedFeed:
        """Calls `parse_feed` in a worker; also raises `FeedTooLarge`."""
        try:
            return await self.workers.run(
                parse_feed, body, url, now, content_type, self._max_entries
            )
        except ResourceLimitExceeded as error:
            raise FeedTooLarge(url, error.reason) from error


@asynccontextmanager
async def open_parser(
    time_limit: timedelta = _TIME_LIMIT,
    max_memory: int = MAX_MEMORY,
    workers: int = _WORKERS,
    max_entries: int = MAX_ENTRIES,
) -> AsyncGenerator[Parser]:
    """Opens a parser, whose workers start with the first feed and stop at the end of the block."""
    async with open_workers(time_limit, max_memory, workers) as opened:
        yield Parser(opened, max_entries)


def parse_feed(
    body: bytes,
    url: str,
    now: datetime,
    content_type: str = "",
    max_entries: int = MAX_ENTRIES,
) -> ParsedFeed:
    """Parses RSS 0.9x to 2.0, RDF, Atom or JSON Feed that was fetched from ``url``.

    Reads the newest entries, and ignores dates after ``now``. Raises `NotAFeed`, and nothing else
    for any bytes.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    is_json = body.lstrip()[:1] == b"{"
    document = _read_json(body, url) if is_json else _read_xml(body, url, content_type)
    context = item_mapping.FeedContext(url, document.home_url, document.generator, now)
    entries, problems, causes = read_items(document.items, context, max_entries)
    return ParsedFeed(
        title=redact_text(document.title),
        home_url=document.home_url,
        entries=_without_shared_urls(entries),
        problems=tuple(problems),
        causes=tuple(map(redact_text, (*document.causes, *causes))),
        hints=document.hints,
    )


def read_items(
    items: Sequence[dict[str, Any]],
    context: item_mapping.FeedContext,
    max_entries: int = MAX_ENTRIES,
) -> tuple[list[Entry], list[str], list[str]]:
    """Maps items to entries; returns these, a sentence per problem, and messages for the log.

    The entries are sorted newest first, whichever way the feed lists its items. Of several items
    with the same key, only the first counts.
    """
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    causes: list[str] = []
    dates = [item_mapping.item_date(item, context.now) for item in items]
    for index in _newest(dates, max_entries):
        number = index + 1
        try:
            entry = item_mapping.read_item(items[index], dates[index], context)
        except Exception:  # noqa: BLE001 - one item must not take the others with it
            causes.append(f"Entry {number} could not be read: {traceback.format_exc()}")
            entry = "caused an unexpected error, so I skipped it."
        if isinstance(entry, Entry):
            entries.setdefault(entry.key, entry)
        elif entry:
            problems.append(f"Entry {number} {entry}")
    if len(items) > max_entries:
        problems.append(f"I only read the newest {max_entries:,} of {len(items):,} entries.")
    return list(entries.values()), problems, causes


def _newest(dates: Sequence[PartialDate | None], limit: int) -> list[int]:
    """Returns the indexes of the newest items of a feed, the newest first, given all their dates.

    Most feeds list their newest item first, and some their oldest. An item without a date is as
    new as its neighbor. If no dates tell the order, the items at both ends count as newer than the
    rest, because feeds grow at one of them.
    """
    known = [str(date) for date in dates if date is not None]
    last = known[0] if known else ""
    filled = [last := str(date) if date is not None else last for date in dates]
    steps = [1 if later > earlier else -1 for earlier, later in pairwise(known) if later != earlier]
    is_oldest_first = sum(steps) > 0
    end = len(dates) - 1

    def newness(index: int) -> tuple[str, int]:
        if not steps:
            return filled[index], -min(index, end - index)
        return filled[index], index if is_oldest_first else -index

    kept = heapq.nlargest(limit, range(len(dates)), key=newness)
    return sorted(kept, reverse=is_oldest_first)


def _without_shared_urls(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """Drops URL identifiers that entries with different titles share, as they identify none."""
    entries = tuple(entries)
    titles: dict[str, set[str]] = {}
    for entry in entries:
        for name in entry.draft.identifiers:
            titles.setdefault(name, set()).add(fold(entry.draft.title))
    shared = {name for name, found in titles.items() if name[:4] == "url:" and len(found) > 1}
    return tuple(_without_identifiers(entry, shared) for entry in entries)


def _without_identifiers(entry: Entry, dropped: set[str]) -> Entry:
    if dropped.isdisjoint(entry.draft.identifiers):
        return entry
    kept = tuple(name for name in entry.draft.identifiers if name not in dropped)
    return replace(entry, draft=replace(entry.draft, identifiers=kept))


def _read_xml(body: bytes, url: str, content_type: str) -> _Document:
    headers = {"content-location": url}
    if content_type.isascii() and content_type.isprintable() and content_type:
        headers["content-type"] = content_type
    body = _SURROGATE_PAIR.sub(_joined_surrogates, body)
    try:
        # BytesIO, because feedparser opens bytes that look like a path as a file.
        parsed = feedparser.parse(
            io.BytesIO(body),
            response_headers=headers,
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except _PARSE_ERRORS as error:
        raise NotAFeed(
            url, f"feedparser failed on {redact_url(url)}: {traceback.format_exc()}"
        ) from error
    cause = f"Malformed: {parsed.get('bozo_exception')}"[:500] if parsed.bozo else ""
    if not parsed.get("version") and not parsed.entries:
        raise NotAFeed(url, f"No feed at {redact_url(url)}. {cause}".rstrip())
    channel = parsed.feed
    return _Document(
        title=plain_text.read_line(str(channel.get("title", "")))[:300],
        home_url=str(channel.get("link", "")),
        items=[_xml_item(entry, parsed.version) for entry in parsed.entries],
        generator=str(channel.get("generator", "")),
        causes=(cause,) if cause else (),
        hints=parse_hints(channel, body),
    )


def _xml_item(entry: dict[str, Any], version: str) -> dict[str, Any]:
    """Returns an entry without the types of its texts if feedparser only guesses them.

    In Atom, a text is plain or declared to be HTML; in RSS, it may be either.
    """
    if version.startswith("atom"):
        return dict(entry)
    return {name: value for name, value in entry.items() if not name.endswith("_detail")}


def _read_json(body: bytes, url: str) -> _Document:
    """Reads a JSON Feed (https://www.jsonfeed.org/version/1.1/)."""
    try:
        feed = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAFeed(url, f"No JSON at {redact_url(url)}: {error}") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise NotAFeed(url, f"No JSON Feed at {redact_url(url)}")
    items = [_json_item(item) for item in feed["items"] if isinstance(item, dict)]
    return _Document(
        plain_text.read_line(_text(feed.get("title")))[:300],
        _text(feed.get("home_page_url")),
        items,
    )


def _json_item(item: dict[str, Any]) -> dict[str, Any]:
    authors = item.get("authors") or [item.get("author")]
    people = authors if isinstance(authors, list) else []
    tags = item.get("tags")
    html = _text(item.get("content_html"))
    return {
        "id": _text(item.get("id")),
        "link": _text(item.get("external_url")) or _text(item.get("url")),
        "title": _text(item.get("title")),
        "summary": html or _text(item.get("content_text")) or _text(item.get("summary")),
        "summary_detail": {"type": "text/html" if html else "text/plain"},
        "published": _text(item.get("date_published")),
        "authors": [{"name": _text(who.get("name"))} for who in people if isinstance(who, dict)],
        "tags": [{"term": _text(tag)} for tag in tags] if isinstance(tags, list) else [],
    }


def _joined_surrogates(found: re.Match[bytes]) -> bytes:
    high, low = int(found[1]), int(found[2])
    if not (0xD800 <= high < 0xDC00 <= low < 0xE000):
        return b""
    return b"&#%d;" % (0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) else ""
