"""Fetches feeds with conditional requests, and finds the feeds that a web page links to."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from bot.feeds.schedule import fresh_for
from bot.net.http import HttpClient, HttpError, Page
from storage.errors import LabError
from storage.redaction import redact_url, redacted_repr
from storage.urls import canonical_url

_ACCEPT = {
    "Accept": "application/atom+xml, application/rss+xml, application/feed+json, application/xml;"
    "q=0.9, text/html;q=0.5, */*;q=0.3"
}
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_ARXIV_LIST = re.compile(r"^https?://(?:www\.)?arxiv\.org/list/([\w.-]+)")
_MAX_CANDIDATES = 5  # links of one page


class NoFeedFound(LabError):
    """A URL is neither a feed nor a page that links to one."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"I couldn't find a feed at {redact_url(url)}. Use the URL of the feed itself, or of a "
            "page that links to it."
        )


@redacted_repr
@dataclass(frozen=True, slots=True)
class FetchedFeed:
    """A response to a request for a feed; the body is empty if it was not modified.

    ``url`` is where the response came from, and ``permanent_url`` where to send the next request.
    Until ``fresh_for`` has passed, HTTP caches may return the same response.
    """

    url: str
    permanent_url: str
    not_modified: bool
    body: bytes = field(repr=False)
    content_type: str
    etag: str
    last_modified: str
    fresh_for: timedelta = timedelta()


@asynccontextmanager
async def fetch_feed(
    http: HttpClient, url: str, etag: str = "", last_modified: str = ""
) -> AsyncGenerator[FetchedFeed]:
    """Fetches a feed unless it hasn't changed since these validators; raises `HttpError`.

    Occupies one of the client's slots until the block ends, so that few bodies are in memory.
    """
    headers = dict(_ACCEPT)
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    async with http.open(url, headers) as page:
        if page.status == 304 and not (etag or last_modified):
            raise HttpError(
                "The server says that nothing has changed, but it never sent me anything.",
                cause=f"HTTP 304 to an unconditional request at {redact_url(page.url)}",
            )
        yield _fetched(page, url)


def feed_candidates(page: FetchedFeed) -> Iterator[str]:
    """Yields the URLs where the feed of a page may be: arXiv's own, then the page's feed links."""
    if arxiv_list := _ARXIV_LIST.match(page.url):
        yield f"https://rss.arxiv.org/rss/{arxiv_list[1]}"
    tree = LexborHTMLParser(page.body.decode("utf-8", "replace"))
    seen = {canonical_url(page.url)}
    for node in tree.css("link[rel~=alternate][href]"):
        kind = (node.attributes.get("type") or "").partition(";")[0].strip().lower()
        href = (node.attributes.get("href") or "").strip()
        if kind not in _FEED_TYPES or not href:
            continue
        url = urljoin(page.url, href)
        if canonical_url(url) not in seen and len(seen) <= _MAX_CANDIDATES:
            seen.add(canonical_url(url))
            yield url


def _fetched(page: Page, requested_url: str) -> FetchedFeed:
    if page.status not in {200, 203, 304}:
        raise HttpError(
            f"The server didn't send a feed (HTTP {page.status}).",
            cause=f"HTTP {page.status} at {redact_url(page.url)}",
            status=page.status,
        )
    return FetchedFeed(
        url=page.url,
        permanent_url=page.permanent_url or requested_url,
        not_modified=page.status == 304,
        body=page.body,
        content_type=page.content_type,
        etag=validator(page.headers.get("ETag", ""))[:500],
        last_modified=validator(page.headers.get("Last-Modified", ""))[:100],
        fresh_for=fresh_for(page.headers, datetime.now(UTC)),
    )


def validator(header: str) -> str:
    """Returns a header that can be stored and sent back, or an empty string if it can't."""
    return header if header.isprintable() and header.isascii() else ""
