"""What people are waiting for isn't held up by feeds that take long to read."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import psutil
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.app import open_app
from bot.settings import Settings
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR
from tests.support.lookup_server import LookupServer

# feedparser looks for an e-mail address in a way whose time grows with the square of the text.
ENDLESS = (
    f"<rss version='2.0'><channel><title>T</title><item><title>T</title><author>{'x' * 200_000}"
    "</author></item></channel></rss>"
)


async def _serve(_request: web.Request) -> web.Response:
    return web.Response(text=ENDLESS, content_type="application/rss+xml")


def _see_busy(processes: int) -> None:
    """Waits until this many worker processes have been reading for a while."""
    while (
        sum(child.cpu_times().user > 2 for child in psutil.Process().children(recursive=True))
        < processes
    ):
        pass


async def test_slow_feeds_do_not_delay_a_lookup(
    settings: Settings, clock: FakeClock, lookup_server: LookupServer
) -> None:
    lookup_server.works["10.5555/lab.7"] = {"DOI": "10.5555/lab.7", "title": ["Small Models"]}
    site = web.Application()
    site.router.add_get("/{name}", _serve)
    settings = replace(settings, crossref_url=f"{lookup_server.home}/crossref")
    async with TestServer(site) as server, open_app(settings, clock) as app:
        feeds = [
            asyncio.create_task(app.poller.follow(str(server.make_url(f"/{name}")), MODERATOR))
            for name in ("one", "two", "three")
        ]
        await asyncio.to_thread(_see_busy, 2)
        paper = await app.client.lookup.get("10.5555/lab.7")
        assert paper.title == "Small Models"
        assert not any(feed.done() for feed in feeds)
    for feed in feeds:
        with pytest.raises(asyncio.CancelledError):
            await feed
