"""Feed bytes → entries, without I/O; the only importer of feedparser.

A malformed feed gives what can be read of it. feedparser's own sanitiser is off, since hostile text
makes it quadratic; every text goes through `markup` instead.
"""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import feedparser

from bot.exchange import markup
from bot.feeds import shapes
from storage.errors import LabError
from storage.feed_records import Entry
from storage.fulltext import fold

_log = logging.getLogger(__name__)

_MAX_ENTRIES = 5000
# One character beyond the first 65,536 written as its two halves, which XML does not allow.
_SURROGATE_PAIR = re.compile(rb"&#(5[56]\d{3});&#(5[67]\d{3});")


class NotAFeed(LabError):
    """What was fetched is no feed."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"What I found at {url} is no feed that I can read (RSS, RDF, Atom or JSON Feed)."
        )


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A feed as it was read: entries as listed, and a sentence for each that was left out."""

    title: str
    home_url: str
    entries: tuple[Entry, ...]
    problems: tuple[str, ...]


def parse_feed(body: bytes, url: str, now: datetime, content_type: str = "") -> ParsedFeed:
    """Read RSS 0.9x to 2.0, RDF, Atom or JSON Feed, found at ``url``; later dates are no dates.

    Raises `NotAFeed`, and nothing else for any bytes.
    """
    body = body.removeprefix(b"\xef\xbb\xbf")
    if body.lstrip()[:1] == b"{":
        title, home, generator, items = _read_json(body, url)
    else:
        title, home, generator, items = _read_xml(body, url, content_type)
    source = shapes.Source(url=url, home_url=home, generator=generator, now=now)
    entries: dict[str, Entry] = {}
    problems: list[str] = []
    for number, item in enumerate(items[:_MAX_ENTRIES], start=1):
        try:
            read = shapes.read_item(item, source)
        except Exception:  # noqa: BLE001 - one item must not take the others with it
            _log.warning("Entry %s of %s could not be read", number, url, exc_info=True)
            read = "made me stumble, so I left it out."
        if isinstance(read, Entry):
            entries.setdefault(read.key, read)
        elif read:
            problems.append(f"Entry {number} {read}")
    if len(items) > _MAX_ENTRIES:
        problems.append(f"I read the first {_MAX_ENTRIES:,} of {len(items):,} entries.")
    return ParsedFeed(title, home, _without_shared_links(entries.values()), tuple(problems))


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


def _read_xml(
    body: bytes, url: str, content_type: str
) -> tuple[str, str, str, list[dict[str, Any]]]:
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
    except Exception as error:
        _log.warning("feedparser failed on %s: %s", url, error, exc_info=True)
        raise NotAFeed(url) from error
    if not found.get("version") and not found.entries:
        raise NotAFeed(url)
    if found.bozo:
        _log.info("Malformed feed at %s: %s", url, found.get("bozo_exception"))
    about = found.feed
    return (
        markup.line(markup.from_html(str(about.get("title", ""))))[:300],
        str(about.get("link", "")),
        str(about.get("generator", "")),
        [dict(entry) for entry in found.entries],
    )


def _read_json(body: bytes, url: str) -> tuple[str, str, str, list[dict[str, Any]]]:
    """A JSON Feed (https://www.jsonfeed.org/version/1.1/), its items named as feedparser does."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NotAFeed(url) from error
    if not isinstance(found, dict) or not isinstance(found.get("items"), list):
        raise NotAFeed(url)
    items = [_json_item(item) for item in found["items"] if isinstance(item, dict)]
    return _text(found.get("title"))[:300], _text(found.get("home_page_url")), "", items


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
