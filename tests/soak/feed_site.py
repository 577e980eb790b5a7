"""Feeds on 127.0.0.1 that publish papers and correct them, and that fail at random."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from html import escape

from aiohttp import web

_KEPT = 80  # entries that a feed lists
_HANG = 6.0  # seconds, longer than the bot waits
_SLOW = 0.8
_ADJECTIVES = [
    "sparse",
    "robust",
    "causal",
    "neural",
    "efficient",
    "multilingual",
    "open",
    "private",
    "modular",
    "latent",
]
_NOUNS = [
    "retrieval",
    "attention",
    "graphs",
    "proteins",
    "tokens",
    "theorems",
    "agents",
    "grammar",
    "memory",
    "climate",
]
_NAMES = [
    f"{given} {family}"
    for given in ("Ada", "Bo", "Chiara", "Dan", "Eva", "Femi", "Gita", "Hal")
    for family in ("Nightjar", "Okafor", "Lindqvist", "Vandermeer", "Szabó", "Tanaka")
]


def make_title(rng: random.Random, number: int) -> str:
    """Returns a title that no other paper has; its last word is the paper's mark."""
    first, second = rng.sample(_NOUNS, 2)
    adjective = rng.choice(_ADJECTIVES).capitalize()
    return f"{adjective} {first} for {second} by {rng.choice(_ADJECTIVES)} means {mark(number)}"


def mark(number: int) -> str:
    """Returns what identifies a paper of this test in a text."""
    return f"S{number:05}"


@dataclass
class Entry:
    """An entry of a feed."""

    number: int
    title: str
    authors: Sequence[str]
    link: str


@dataclass
class SiteFeed:
    """A feed: its format, and what it lists, newest first."""

    name: str
    kind: str
    entries: list[Entry] = field(default_factory=list)
    is_gone: bool = False


class FeedSite:
    """Serves feeds at ``/feeds/{name}``; ``note`` is told of each failure."""

    def __init__(self, rng: random.Random, note: Callable[[str, str], None]) -> None:
        self.feeds: dict[str, SiteFeed] = {}
        self.fault_rate = 0.0
        self.asked = 0
        self._rng = rng
        self._note = note

    def add_feed(self, name: str, kind: str) -> None:
        self.feeds[name] = SiteFeed(name, kind)

    def publish(self, name: str, number: int) -> Entry:
        """Adds a paper to a feed."""
        rng = self._rng
        link = (
            f"https://arxiv.org/abs/2611.{number:05}"
            if number % 3 == 0
            else f"https://example.org/{name}/{number}"
        )
        authors = rng.sample(_NAMES, rng.randint(1, 4))
        entry = Entry(number, make_title(rng, number), authors, link)
        self.feeds[name].entries = [entry, *self.feeds[name].entries[: _KEPT - 1]]
        return entry

    def correct(self, name: str) -> None:
        """Corrects the title of an entry, which keeps its mark."""
        if entries := self.feeds[name].entries:
            entry = self._rng.choice(entries[:20])
            entry.title = f"Revised: {entry.title.removeprefix('Revised: ')}"

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/feeds/{name}", self._answer),
            web.get("/moved/{name}", self._answer),
            web.get("/page/{name}", self._page),
        ]

    async def _page(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        link = f"<link rel='alternate' type='application/rss+xml' href='/feeds/{name}'>"
        return web.Response(text=f"<html><head>{link}</head></html>", content_type="text/html")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        feed = self.feeds.get(request.match_info["name"])
        if feed is None:
            raise web.HTTPNotFound
        if feed.is_gone:
            raise web.HTTPGone
        if self._rng.random() < self.fault_rate:
            fail = self._rng.choice(_FAULTS)
            self._note(f"feed {fail.__name__.strip('_')}", feed.name)
            if (failure := await fail(request)) is not None:
                return failure
        body, content_type = _FORMATS[feed.kind](feed)
        response = web.Response(body=body, content_type=content_type)
        response.etag = str(hash(body))
        if request.headers.get("If-None-Match", "").strip('"') == response.etag.value:
            return web.Response(status=304)
        if self._rng.random() < 0.5:
            response.enable_compression()
        return response


async def _time_out(_request: web.Request) -> None:
    await asyncio.sleep(_HANG)


async def _be_slow(_request: web.Request) -> None:
    await asyncio.sleep(_SLOW)


async def _break(_request: web.Request) -> web.Response:
    return web.Response(status=500, text="<h1>Internal Server Error</h1>")


async def _be_busy(_request: web.Request) -> web.Response:
    return web.Response(status=503, headers={"Retry-After": "600"})


async def _limit(_request: web.Request) -> web.Response:
    return web.Response(status=429, headers={"Retry-After": "300"})


async def _send_garbage(_request: web.Request) -> web.Response:
    return web.Response(body=bytes(range(256)) * 8, content_type="application/rss+xml")


async def _send_page(_request: web.Request) -> web.Response:
    return web.Response(text="<html><p>Sign in to continue", content_type="text/html")


async def _cut_gzip(_request: web.Request) -> web.Response:
    body = gzip.compress(b"<rss version='2.0'><channel>" + b"<item/>" * 500)[:40]
    return web.Response(
        body=body, content_type="application/rss+xml", headers={"Content-Encoding": "gzip"}
    )


async def _redirect(request: web.Request) -> web.Response:
    path = request.path.replace("/feeds/", "/moved/")
    if path == request.path:
        return web.Response(status=404)
    return web.Response(status=302, headers={"Location": path})


async def _redirect_in_circles(request: web.Request) -> web.Response:
    return web.Response(status=302, headers={"Location": request.path})


async def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response()


_FAULTS: Sequence[Callable[[web.Request], Awaitable[web.Response | None]]] = (
    _time_out,
    _be_slow,
    _break,
    _be_busy,
    _limit,
    _send_garbage,
    _send_page,
    _cut_gzip,
    _redirect,
    _redirect_in_circles,
    _hang_up,
)


def _rss(feed: SiteFeed) -> tuple[bytes, str]:
    items = "".join(
        f"<item><title>{escape(one.title)}</title><link>{one.link}</link>"
        f"<guid isPermaLink='false'>{feed.name}-{one.number}</guid>"
        + "".join(f"<dc:creator>{escape(name)}</dc:creator>" for name in one.authors)
        + "</item>"
        for one in feed.entries
    )
    text = (
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
        f"<title>{feed.name}</title>{items}</channel></rss>"
    )
    return text.encode(), "application/rss+xml"


def _atom(feed: SiteFeed) -> tuple[bytes, str]:
    entries = "".join(
        f"<entry><id>urn:{feed.name}:{one.number}</id><title>{escape(one.title)}</title>"
        f"<link href='{one.link}'/>"
        + "".join(f"<author><name>{escape(name)}</name></author>" for name in one.authors)
        + "</entry>"
        for one in feed.entries
    )
    text = f"<feed xmlns='http://www.w3.org/2005/Atom'><title>{feed.name}</title>{entries}</feed>"
    return text.encode(), "application/atom+xml"


def _json_feed(feed: SiteFeed) -> tuple[bytes, str]:
    items = [
        {
            "id": f"{feed.name}-{one.number}",
            "title": one.title,
            "url": one.link,
            "authors": [{"name": name} for name in one.authors],
        }
        for one in feed.entries
    ]
    version = "https://jsonfeed.org/version/1.1"
    value = {"version": version, "title": feed.name, "items": items}
    return json.dumps(value).encode(), "application/feed+json"


_FORMATS: dict[str, Callable[[SiteFeed], tuple[bytes, str]]] = {
    "rss": _rss,
    "atom": _atom,
    "json": _json_feed,
}
