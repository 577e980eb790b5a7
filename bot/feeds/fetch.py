"""Feeds over the network: a conditional fetch, and finding the feed behind a page's address."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from bot.feeds.schedule import fresh_for
from bot.net.http import Page, Web, WebError
from storage.errors import LabError
from storage.papers.identifiers import canonical_url

_ACCEPT = {
    "Accept": "application/atom+xml, application/rss+xml, application/feed+json, application/xml;"
    "q=0.9, text/html;q=0.5, */*;q=0.3"
}
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json")
_ARXIV_LIST = re.compile(r"^https?://(?:www\.)?arxiv\.org/list/([\w.-]+)")
_MOST_LINKS = 5  # of one page that are tried


class NoFeedThere(LabError):
    """An address is no feed and names none."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"I found no feed at {url}. Give the address of the feed itself, or of a page that "
            "names its feed."
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed's bytes, or the news that they are the same as last time.

    ``url`` is where they came from, ``lasting_url`` where to come next time; before ``fresh_for``
    has passed, the caches on the way give nothing new.
    """

    url: str
    lasting_url: str
    not_modified: bool
    body: bytes = field(repr=False)
    content_type: str
    etag: str
    last_modified: str
    fresh_for: timedelta = timedelta()


@asynccontextmanager
async def fetch_feed(
    web: Web, url: str, etag: str = "", last_modified: str = ""
) -> AsyncGenerator[Fetched]:
    """Fetch a feed unless it is what it was when it had this tag; raises `WebError`.

    Its place among the client's requests is kept inside the block: few bodies are held at once.
    """
    headers = dict(_ACCEPT)
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    async with web.visit(url, headers) as page:
        if page.status == 304 and not (etag or last_modified):
            raise WebError(
                "The server says that nothing changed, though I never had anything from it.",
                cause=f"HTTP 304 without a condition at {page.url}",
            )
        yield _fetched(page, url)


def feed_candidates(page: Fetched) -> Iterator[str]:
    """The addresses at which the feed of a page may be, the page's own links to feeds first."""
    if listed := _ARXIV_LIST.match(page.url):
        yield f"https://rss.arxiv.org/rss/{listed[1]}"
    tree = LexborHTMLParser(page.body.decode("utf-8", "replace"))
    seen = {canonical_url(page.url)}
    for node in tree.css("link[rel~=alternate][href]"):
        kind = (node.attributes.get("type") or "").partition(";")[0].strip().lower()
        href = (node.attributes.get("href") or "").strip()
        if kind not in _FEED_TYPES or not href:
            continue
        address = urljoin(page.url, href)
        if canonical_url(address) not in seen and len(seen) <= _MOST_LINKS:
            seen.add(canonical_url(address))
            yield address


def _fetched(page: Page, asked: str) -> Fetched:
    if page.status not in {200, 203, 304}:
        raise WebError(
            f"The server sent no feed (HTTP {page.status}).",
            cause=f"HTTP {page.status} at {page.url}",
            status=page.status,
        )
    return Fetched(
        url=page.url,
        lasting_url=page.permanent_url or asked,
        not_modified=page.status == 304,
        body=page.body,
        content_type=page.content_type,
        etag=_printable(page.headers.get("ETag", ""))[:500],
        last_modified=_printable(page.headers.get("Last-Modified", ""))[:100],
        fresh_for=fresh_for(page.headers, datetime.now(UTC)),
    )


def _printable(header: str) -> str:
    """A header that can be kept and sent back; one that can't is as good as none."""
    return header if header.isprintable() and header.isascii() else ""
