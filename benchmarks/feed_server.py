"""`python -m benchmarks.feed_server`: many feeds on this machine, served by their own process.

Feeds are at ``/tagged/N.xml``, with an entity tag, and at ``/plain/N.xml``, without. Each has 50
entries, and ``POST /round`` gives each a new one. The process prints its ports and ends with its
standard input.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from html import escape

from aiohttp import web

from benchmarks.generator import vocabulary

_PORTS = 8  # a polite client treats each as a host
_ENTRIES = 50
_START = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = vocabulary(2_000)


class Feeds:
    """The feeds, all in the same round."""

    def __init__(self) -> None:
        self._round = 0

    async def new_round(self, _request: web.Request) -> web.Response:
        """Gives every feed a new entry."""
        self._round += 1
        return web.Response()

    async def tagged(self, request: web.Request) -> web.Response:
        """Answers 304 if the feed hasn't changed."""
        tag = f'"{self._round}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return self._feed(request, {"ETag": tag})

    async def plain(self, request: web.Request) -> web.Response:
        """Always sends the whole feed."""
        return self._feed(request, {})

    def _feed(self, request: web.Request, headers: dict[str, str]) -> web.Response:
        number = int(request.match_info["number"])
        newest = self._round + _ENTRIES
        items = "".join(_item(number, entry) for entry in range(newest, self._round, -1))
        text = (
            "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>"
            f"<title>Feed {number}</title><link>http://127.0.0.1/{number}</link>{items}"
            "</channel></rss>"
        )
        return web.Response(text=text, content_type="application/rss+xml", headers=headers)


def _item(feed: int, entry: int) -> str:
    """Returns an entry of a few hundred characters, always the same."""
    words = [_WORDS[(feed * 7_919 + entry * 104_729 + n * 31) % len(_WORDS)] for n in range(50)]
    published = _START + timedelta(hours=entry)
    return (
        f"<item><title>{escape(' '.join(words[:8]).title())} {feed}-{entry}</title>"
        f"<link>http://papers.example/{feed}/{entry}</link>"
        f"<guid isPermaLink='false'>{feed}-{entry}</guid><author>{words[9].title()}</author>"
        f"<pubDate>{published:%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
        f"<description>&lt;p&gt;{escape(' '.join(words))}&lt;/p&gt;</description></item>"
    )


async def _serve() -> None:
    feeds = Feeds()
    app = web.Application()
    app.router.add_get("/tagged/{number}.xml", feeds.tagged)
    app.router.add_get("/plain/{number}.xml", feeds.plain)
    app.router.add_post("/round", feeds.new_round)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    for _ in range(_PORTS):
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(*[address[1] for address in runner.addresses], flush=True)  # noqa: T201 - for the parent
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
