"""Rows of polling many feeds, compared with `reader`, the feed library.

The feeds come from another process: at ``/tagged/N.xml`` with an entity tag, and at
``/plain/N.xml`` without.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import socket
import sys
from collections.abc import AsyncIterator, Generator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from html import escape
from multiprocessing.sharedctypes import Synchronized
from time import perf_counter

import feedparser_sgmllib
from aiohttp import web
from reader import make_reader

from benchmarks.bench import ACTOR, Bench, clock, open_bot
from benchmarks.generator import vocabulary
from benchmarks.measuring import Budget, Row, Side, StallMeter

# reader has its own copy of feedparser, which imports this library by its former name.
sys.modules.setdefault("sgmllib", feedparser_sgmllib)

_FEEDS = 500
_ENTRIES = 50
_PORTS = 8  # a polite client treats each as a host
_ROUNDS = Budget(calls=3)
_WORKERS = 8  # concurrent requests of reader


async def feeds(bench: Bench) -> AsyncIterator[Row]:
    """Feeds with a new entry each and unchanged feeds, polled by the bot and by reader in turn."""
    count = max(4, min(_FEEDS, bench.size // 2_000))
    stalls = StallMeter()
    with open_feeds() as (ports, newest):
        for what, kind, new_entries, at_most in (
            ("one new entry each", "tagged", 1, 0.7),
            ("unchanged (304)", "tagged", 0, 0.3),
            ("unchanged (the same body)", "plain", 0, 0.2),
        ):
            urls = [f"http://127.0.0.1:{ports[n % _PORTS]}/{kind}/{n}.xml" for n in range(count)]
            name = f"{count} feeds, {what}: ours / reader's"
            sides = await _pollers(bench, urls, stalls, newest, new_entries)
            yield await _ROUNDS.compare(name, *sides, 50, at_most=at_most)
    yield stalls.row("meanwhile")


async def _pollers(
    bench: Bench, urls: list[str], stalls: StallMeter, newest: Synchronized[int], new_entries: int
) -> tuple[Side[int], Side[int]]:
    """Returns the bot and reader, which have polled the feeds once.

    Their cases are numbers of the newest entries: ``new_entries`` more each time.
    """
    now, path = clock(), bench.database()
    reader = bench.opened.enter_context(closing(make_reader(f"{path}.reader")))
    app = await bench.open(open_bot(path, lambda: now))

    async def poll(entry: int) -> float:
        nonlocal now
        newest.value = entry
        now += timedelta(hours=2)  # all feeds are due again
        async with stalls.running():
            start = perf_counter()
            polls = await app.poller.poll_due()
            seconds = perf_counter() - start
        if len(polls) != len(urls) or any(poll.error for poll in polls):
            raise RuntimeError(f"{len(polls)} of {len(urls)} feeds were polled.")
        return seconds

    async def update_reader(entry: int) -> None:
        newest.value = entry
        await asyncio.to_thread(reader.update_feeds, scheduled=False, workers=_WORKERS)

    for url in urls:
        await app.library.feeds.follow(url, url, "", ACTOR)
        reader.add_feed(url)
    await app.poller.poll_due()
    await update_reader(newest.value)
    rounds = range(1, _ROUNDS.calls + _ROUNDS.warm_up + 1)
    entries = [newest.value + turn * new_entries for turn in rounds]
    return Side("ours", poll, entries), Side("reader", update_reader, entries)


@contextmanager
def open_feeds() -> Generator[tuple[list[int], Synchronized[int]]]:
    """Starts the process with the feeds; yields its ports, and the number of the newest entries."""
    context = multiprocessing.get_context("spawn")
    newest = context.Value("i", _ENTRIES)
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(_PORTS)
        ]
        process = context.Process(target=_serve, args=(sockets, newest), daemon=True)
        process.start()
        try:
            yield [one.getsockname()[1] for one in sockets], newest
        finally:
            process.terminate()
            process.join()


def _serve(sockets: list[socket.socket], newest: Synchronized[int]) -> None:
    """Serves feeds until the process is terminated."""

    async def feed(request: web.Request) -> web.Response:
        last = newest.value
        tag = f'"{last}"'
        if request.headers.get("If-None-Match") == tag:
            return web.Response(status=304, headers={"ETag": tag})
        number = int(request.match_info["number"])
        items = "".join(_item(number, entry) for entry in range(last, last - _ENTRIES, -1))
        text = (
            "<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel>"
            f"<title>Feed {number}</title><link>http://127.0.0.1/{number}</link>{items}"
            "</channel></rss>"
        )
        headers = {"ETag": tag} if request.match_info["kind"] == "tagged" else {}
        return web.Response(text=text, content_type="application/rss+xml", headers=headers)

    app = web.Application()
    app.router.add_get("/{kind}/{number}.xml", feed)
    web.run_app(app, sock=sockets, print=None, access_log=None)


def _item(feed: int, entry: int) -> str:
    """Returns an entry of a few hundred characters, always the same."""
    pool = vocabulary(2_000)
    words = [pool[(feed * 7_919 + entry * 104_729 + n * 31) % len(pool)] for n in range(50)]
    published = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=entry)
    return (
        f"<item><title>{escape(' '.join(words[:8]).title())} {feed}-{entry}</title>"
        f"<link>http://papers.example/{feed}/{entry}</link>"
        f"<guid isPermaLink='false'>{feed}-{entry}</guid><author>{words[9].title()}</author>"
        f"<pubDate>{published:%a, %d %b %Y %H:%M:%S} +0000</pubDate>"
        f"<description>&lt;p&gt;{escape(' '.join(words))}&lt;/p&gt;</description></item>"
    )
