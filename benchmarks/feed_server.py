"""Many feeds on this machine, in a process of their own: `python -m benchmarks.feed_server`.

Feeds are at ``/tagged/N.xml``, with an entity tag, and at ``/plain/N.xml``, without. Each has 50
entries; ``POST /round`` gives every feed a new one. The process prints its ports and ends when its
input does.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from html import escape

from aiohttp import web

from benchmarks import words

PORTS = 8  # each is a host of its own to a polite client
_ENTRIES = 50
_FIRST = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = words.vocabulary(2_000)


class Feeds:
    """What the feeds have at the moment."""

    def __init__(self) -> None:
        self._round = 0

    async def new_round(self, _request: web.Request) -> web.Response:
        """Give every feed a new entry."""
        self._round += 1
        return web.Response()

    async def tagged(self, request: web.Request) -> web.Response:
        """A feed that says when it has not changed."""
        tag = f'"{self._round}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        return self._answer(request, {"ETag": tag})

    async def plain(self, request: web.Request) -> web.Response:
        """A feed that is sent whole whenever it is asked for."""
        return self._answer(request, {})

    def _answer(self, request: web.Request, headers: dict[str, str]) -> web.Response:
        number = int(request.match_info["number"])
        items = "".join(
            _item(number, entry) for entry in range(self._round + _ENTRIES, self._round, -1)
        )
        text = (
            "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>"
            f"<title>Feed {number}</title><link>http://127.0.0.1/{number}</link>{items}"
            "</channel></rss>"
        )
        return web.Response(text=text, content_type="application/rss+xml", headers=headers)


def _item(feed: int, entry: int) -> str:
    """An entry of a few hundred characters, the same whenever it is asked for."""
    picked = [_WORDS[(feed * 7_919 + entry * 104_729 + n * 31) % len(_WORDS)] for n in range(50)]
    published = _FIRST + timedelta(hours=entry)
    return (
        f"<item><title>{escape(' '.join(picked[:8]).title())} {feed}-{entry}</title>"
        f"<link>http://papers.example/{feed}/{entry}</link>"
        f"<guid isPermaLink='false'>{feed}-{entry}</guid><author>{picked[9].title()}</author>"
        f"<pubDate>{published:%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
        f"<description>&lt;p&gt;{escape(' '.join(picked))}&lt;/p&gt;</description></item>"
    )


async def _serve() -> None:
    feeds = Feeds()
    app = web.Application()
    app.add_routes(
        [
            web.get("/tagged/{number}.xml", feeds.tagged),
            web.get("/plain/{number}.xml", feeds.plain),
            web.post("/round", feeds.new_round),
        ]
    )
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    for _ in range(PORTS):
        await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(*[address[1] for address in runner.addresses], flush=True)  # noqa: T201 - for the parent
    await asyncio.to_thread(sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(_serve())
