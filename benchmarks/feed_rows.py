"""Rows of polling many feeds, compared with `reader`, the feed library.

The feeds come from another process: at ``/tagged/N.xml`` with an entity tag, and at
``/plain/N.xml`` without.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import statistics
import sys
from collections.abc import Generator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from html import escape
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from time import perf_counter

import feedparser_sgmllib
from aiohttp import web
from reader import make_reader

from benchmarks.catalogs import ACTOR, Bench, clock, open_bot, temporary_database
from benchmarks.generator import vocabulary
from benchmarks.measuring import Row, StallMeter

# reader has its own copy of feedparser, which imports this library by its former name.
sys.modules.setdefault("sgmllib", feedparser_sgmllib)

_FEEDS = 500
_ENTRIES = 50
_PORTS = 8  # a polite client treats each as a host
_ROUNDS = 3
_WORKERS = 8  # concurrent requests of reader


async def feeds(bench: Bench) -> list[Row]:
    """Feeds with a new entry each and unchanged feeds, polled by the bot and by reader in turn."""
    count = max(4, min(_FEEDS, bench.size // 2_000))
    stalls = StallMeter()
    rows = []
    with _feed_server() as (ports, newest):
        for name, kind, new_entries, at_most in (
            ("one new entry each", "tagged", 1, 0.7),
            ("unchanged (304)", "tagged", 0, 0.3),
            ("unchanged (the same body)", "plain", 0, 0.2),
        ):
            urls = [f"http://127.0.0.1:{ports[n % _PORTS]}/{kind}/{n}.xml" for n in range(count)]
            ours, theirs = await _poll_in_turn(urls, stalls, newest, new_entries)
            detail = f"{ours:.2f} s beside {theirs:.2f} s; median of {_ROUNDS} rounds"
            title = f"{count} feeds, {name}: ours / reader's"
            rows.append(Row(title, ours / theirs, at_most, detail=detail))
    return [*rows, stalls.row("longest stall of the event loop meanwhile, in ms")]


async def _poll_in_turn(
    urls: list[str], stalls: StallMeter, newest: Synchronized[int], new_entries: int
) -> tuple[float, float]:
    """Returns the seconds of the bot and of reader, each the median of some rounds.

    Every feed gets ``new_entries`` before each round.
    """
    now = clock()
    ours, theirs = [], []
    with temporary_database() as path, closing(make_reader(f"{path}.reader")) as reader:
        async with open_bot(path, lambda: now) as app:

            async def poll() -> None:
                start = perf_counter()
                async with stalls.running():
                    polls = await app.poller.poll_due()
                ours.append(perf_counter() - start)
                if len(polls) != len(urls) or any(poll.error for poll in polls):
                    raise RuntimeError(f"{len(polls)} of {len(urls)} feeds were polled.")

            async def update_reader() -> None:
                start = perf_counter()
                await asyncio.to_thread(reader.update_feeds, scheduled=False, workers=_WORKERS)
                theirs.append(perf_counter() - start)

            for url in urls:
                await app.library.feeds.follow(url, url, "", ACTOR)
                reader.add_feed(url)
            await app.poller.poll_due()
            await asyncio.to_thread(reader.update_feeds, workers=_WORKERS)
            for turn in range(_ROUNDS):
                newest.value += new_entries
                now += timedelta(hours=2)  # all feeds are due again
                for call in (update_reader, poll) if turn % 2 else (poll, update_reader):
                    await call()
    return statistics.median(ours), statistics.median(theirs)


@contextmanager
def _feed_server() -> Generator[tuple[list[int], Synchronized[int]]]:
    """Starts the process with the feeds; yields its ports, and the number of the newest entries."""
    context = multiprocessing.get_context("spawn")
    newest = context.Value("i", _ENTRIES)
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, newest), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours.recv(), newest
    finally:
        ours.close()
        process.join()


def _serve(pipe: Connection, newest: Synchronized[int]) -> None:
    """Sends its ports, and serves feeds until the other end of the pipe is closed."""

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

    async def serve() -> None:
        app = web.Application()
        app.router.add_get("/{kind}/{number}.xml", feed)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        for _ in range(_PORTS):
            await web.TCPSite(runner, "127.0.0.1", 0).start()
        pipe.send([address[1] for address in runner.addresses])
        await asyncio.to_thread(pipe.poll, None)
        await runner.cleanup()

    asyncio.run(serve())


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
