"""The lab's website: pages with its papers, which are made up, and a feed of them."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files

from aiohttp import web

from bot.demo.fake_services import FakeServices
from storage.timestamps import Clock

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<link rel="alternate" type="application/rss+xml" title="Demo lab: papers" href="/feed.xml">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem;
  color: #222; }}
li {{ margin: .6rem 0; }} small {{ color: #666; }}
</style></head>
<body><h1>{title}</h1>
{content}</body></html>
"""
_LIST = """<p>The bot follows <a href="/feed.xml">this site's feed</a>.</p>
<ol reversed>{items}</ol>"""
_LIST_ITEM = """<li><a href="/papers/{number}">{title}</a><br><small>{authors}</small></li>"""
_PAPER = """<p>{authors}<br><small>{venue}</small></p><p>{summary}</p>
<p><small>This paper exists only in the demo. <a href="/">All papers</a></small></p>"""
_FEED = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"><channel>
<title>Demo lab: papers</title><link>{home}</link><description>New papers</description>
{items}</channel></rss>
"""
_ITEM = """<item><title>{title}</title><link>{home}papers/{number}</link>
<guid isPermaLink="false">demo-{number}</guid><pubDate>{date}</pubDate>
<prism:publicationName>{venue}</prism:publicationName>{authors}<description>{summary}</description></item>
"""


@dataclass(frozen=True, slots=True)
class Upcoming:
    """A paper that the site can publish."""

    title: str
    authors: tuple[str, ...]
    venue: str
    summary: str


class Site:
    """The state of the site: its published papers, its address, and whether its feed is down."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        source = files("bot.demo").joinpath("upcoming.toml").read_text(encoding="utf-8")
        self._upcoming = [
            Upcoming(one["title"], tuple(one["authors"]), one["venue"], one["summary"])
            for one in tomllib.loads(source)["paper"]
        ]
        self._published: list[tuple[Upcoming, datetime]] = []
        self.home = ""
        self.is_down = False

    @property
    def published(self) -> int:
        """The number of published papers."""
        return len(self._published)

    def publish(self) -> str | None:
        """Publishes the next paper; returns its title, or None if there are no more."""
        if not self._upcoming:
            return None
        paper = self._upcoming.pop(0)
        self._published.insert(0, (paper, self._clock()))
        return paper.title

    @property
    def papers_left(self) -> int:
        """The number of papers that can still be published."""
        return len(self._upcoming)

    async def show_page(self, _request: web.Request) -> web.Response:
        """Serves the list of papers."""
        items = "".join(
            _LIST_ITEM.format(
                number=number,
                title=escape(paper.title),
                authors=escape(", ".join(paper.authors)),
            )
            for number, (paper, _) in self._numbered()
        )
        return _page("Demo lab: papers", _LIST.format(items=items))

    async def show_paper(self, request: web.Request) -> web.Response:
        """Serves the page of one paper."""
        papers = {str(number): paper for number, (paper, _) in self._numbered()}
        paper = papers.get(request.match_info["number"])
        if paper is None:
            raise web.HTTPNotFound
        content = _PAPER.format(
            authors=escape(", ".join(paper.authors)),
            venue=escape(paper.venue),
            summary=escape(paper.summary),
        )
        return _page(paper.title, content)

    def _numbered(self) -> list[tuple[int, tuple[Upcoming, datetime]]]:
        """Returns the published papers with their numbers, latest first."""
        return [(self.published - index, one) for index, one in enumerate(self._published)]

    async def show_feed(self, _request: web.Request) -> web.Response:
        """Serves the feed, with an entity tag."""
        if self.is_down:
            raise web.HTTPServiceUnavailable
        items = "".join(
            _ITEM.format(
                title=escape(paper.title),
                home=self.home,
                number=number,
                date=at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
                venue=escape(paper.venue),
                authors="".join(f"<dc:creator>{escape(x)}</dc:creator>" for x in paper.authors),
                summary=escape(paper.summary),
            )
            for number, (paper, at) in self._numbered()
        )
        answer = web.Response(
            text=_FEED.format(home=self.home, items=items), content_type="application/rss+xml"
        )
        answer.etag = f"papers-{len(self._published)}"
        return answer


def _page(title: str, content: str) -> web.Response:
    page = _PAGE.format(title=escape(title), content=content)
    return web.Response(text=page, content_type="text/html")


async def _close_connection(_request: web.Request, answer: web.StreamResponse) -> None:
    """Ends the connection: SimCord takes the timer of an idle one for unfinished work."""
    answer.force_close()
    answer.headers["Connection"] = "close"


@asynccontextmanager
async def open_site(port: int, services: FakeServices, clock: Clock) -> AsyncGenerator[Site]:
    """Serves the site and the fakes of services on 127.0.0.1; port 0 means any free port."""
    site = Site(clock)
    app = web.Application()
    app.add_routes(
        [
            web.get("/", site.show_page),
            web.get("/feed.xml", site.show_feed),
            web.get("/papers/{number}", site.show_paper),
            *services.routes(),
        ]
    )
    app.on_response_prepare.append(_close_connection)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        server = web.TCPSite(runner, "127.0.0.1", port)
        await server.start()
        host, real_port = runner.addresses[0][:2]
        site.home = f"http://{host}:{real_port}/"
        yield site
    finally:
        await runner.cleanup()
