"""A local website with a feed that publishes a made-up paper at the press of a button."""

from __future__ import annotations

import tomllib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from html import escape
from importlib.resources import files

from aiohttp import web

from bot.demo import fake_services
from storage.timestamps import utc_now

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Demo lab: papers</title>
<link rel="alternate" type="application/rss+xml" title="Demo lab: papers" href="/feed.xml">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem;
  color: #222; }}
button {{ font: inherit; padding: .5rem 1rem; border: 0; border-radius: .4rem; color: #fff;
  background: #5865f2; cursor: pointer; }}
button:disabled {{ background: #aaa; }}
button.quiet {{ background: #747f8d; }}
li {{ margin: .6rem 0; }} small {{ color: #666; }}
</style></head>
<body><h1>Demo lab: papers</h1>
<p>The bot follows <a href="/feed.xml">this site's feed</a>. Publish a paper, and the bot
announces it in the lab's channel.</p>
<form method="post" action="/publish"><button {disabled}>{label}</button></form>
<p>{outage_note}</p>
<form method="post" action="/outage"><button class="quiet">{outage_button}</button></form>
<ol reversed>{items}</ol></body></html>
"""
_OUTAGE = "Discord is down: new papers are queued."
_NO_OUTAGE = (
    "Take Discord down, publish some papers, and bring it back up: each paper is announced once, "
    "in order."
)
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
    """The state of the site: its published papers, its address, and whether Discord is down."""

    def __init__(self) -> None:
        source = files("bot.demo").joinpath("upcoming.toml").read_text(encoding="utf-8")
        self._upcoming = [
            Upcoming(one["title"], tuple(one["authors"]), one["venue"], one["summary"])
            for one in tomllib.loads(source)["paper"]
        ]
        self._published: list[tuple[Upcoming, datetime]] = []
        self.home = ""
        self.has_outage = False

    @property
    def published(self) -> int:
        """The number of published papers."""
        return len(self._published)

    def publish(self) -> str | None:
        """Publishes the next paper; returns its title, or None if there are no more."""
        if not self._upcoming:
            return None
        paper = self._upcoming.pop(0)
        self._published.insert(0, (paper, utc_now()))
        return paper.title

    async def show_page(self, _request: web.Request) -> web.Response:
        """Serves the page with the buttons."""
        left = len(self._upcoming)
        items = "".join(
            f"<li>{escape(paper.title)}<br><small>{escape(', '.join(paper.authors))}</small></li>"
            for paper, _ in self._published
        )
        page = _PAGE.format(
            disabled="" if left else "disabled",
            label=f"Publish a paper ({left} left)" if left else "No more papers",
            outage_note=_OUTAGE if self.has_outage else _NO_OUTAGE,
            outage_button="Bring Discord back up" if self.has_outage else "Take Discord down",
            items=items,
        )
        return web.Response(text=page, content_type="text/html")

    async def show_feed(self, _request: web.Request) -> web.Response:
        """Serves the feed, with an entity tag."""
        items = "".join(
            _ITEM.format(
                title=escape(paper.title),
                home=self.home,
                number=len(self._published) - index,
                date=at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
                venue=escape(paper.venue),
                authors="".join(f"<dc:creator>{escape(x)}</dc:creator>" for x in paper.authors),
                summary=escape(paper.summary),
            )
            for index, (paper, at) in enumerate(self._published)
        )
        answer = web.Response(
            text=_FEED.format(home=self.home, items=items), content_type="application/rss+xml"
        )
        answer.etag = f"papers-{len(self._published)}"
        return answer

    async def publish_next(self, _request: web.Request) -> web.Response:
        """Publishes a paper, for the page's button."""
        self.publish()
        raise web.HTTPSeeOther("/")

    async def toggle_outage(self, _request: web.Request) -> web.Response:
        """Starts or ends the outage, for the page's button."""
        self.has_outage = not self.has_outage
        raise web.HTTPSeeOther("/")


@asynccontextmanager
async def open_site(port: int) -> AsyncGenerator[Site]:
    """Serves the site on 127.0.0.1; port 0 means any free port."""
    site = Site()
    app = web.Application()
    app.add_routes(
        [
            web.get("/", site.show_page),
            web.get("/feed.xml", site.show_feed),
            web.post("/publish", site.publish_next),
            web.post("/outage", site.toggle_outage),
            *fake_services.routes(),
        ]
    )
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
