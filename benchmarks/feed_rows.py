"""Rows of polling many feeds, compared with `reader`, the feed library."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, closing
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

import feedparser_sgmllib
from reader import Reader, make_reader

from benchmarks.catalogs import ACTOR, Bench, clock
from benchmarks.report import Row
from benchmarks.timing import StallMeter, only_errors_logged
from bot.app import App, open_app
from bot.settings import Settings

# reader has its own copy of feedparser, which imports this library by its former name.
sys.modules.setdefault("sgmllib", feedparser_sgmllib)

_FEEDS = 500
_ROUNDS = 3
_WORKERS = 8  # concurrent requests of reader


async def feeds(bench: Bench) -> list[Row]:
    """Feeds with a new entry each and unchanged feeds, polled by the bot and by reader in turn."""
    count = max(4, min(_FEEDS, bench.size // 2_000))
    stalls = StallMeter()
    rows = []
    async with _feed_server() as ports:
        for name, kind, at_most in (
            ("one new entry each", "tagged", 0.7),
            ("unchanged (304)", "tagged", 0.3),
            ("unchanged (the same body)", "plain", 0.2),
        ):
            urls = [
                f"http://127.0.0.1:{ports[n % len(ports)]}/{kind}/{n}.xml" for n in range(count)
            ]
            renewed = ports[0] if "new" in name else None
            ours, theirs = await _poll_in_turn(urls, stalls, renewed)
            detail = f"{ours:.2f} s beside {theirs:.2f} s; median of {_ROUNDS} rounds"
            title = f"{count} feeds, {name}: ours / reader's"
            rows.append(Row(title, ours / theirs, at_most, detail=detail))
    return [*rows, stalls.row("longest stall of the event loop meanwhile, in ms")]


async def _poll_in_turn(
    urls: list[str], stalls: StallMeter, renewed: int | None
) -> tuple[float, float]:
    """Returns the seconds of the bot and of reader, each the median of some rounds.

    If a port of the feeds' server is given, all feeds get a new entry before each round.
    """
    now = clock()
    ours: list[float] = []
    theirs: list[float] = []
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        async with _our_bot(Path(folder) / "papers.db", urls, lambda: now) as app:
            with closing(make_reader(str(Path(folder) / "reader.db"))) as reader:
                await asyncio.to_thread(_follow_in_reader, reader, urls)
                for turn in range(_ROUNDS):
                    if renewed is not None:
                        await asyncio.to_thread(_add_entries, renewed)
                    now += timedelta(hours=2)  # all feeds are due again
                    for is_ours in (True, False) if turn % 2 == 0 else (False, True):
                        start = perf_counter()
                        if is_ours:
                            async with stalls.running():
                                await _poll(app, len(urls))
                        else:
                            await asyncio.to_thread(
                                reader.update_feeds, scheduled=False, workers=_WORKERS
                            )
                        (ours if is_ours else theirs).append(perf_counter() - start)
    return statistics.median(ours), statistics.median(theirs)


async def _poll(app: App, count: int) -> None:
    polls = await app.poller.poll_due()
    if len(polls) != count or any(poll.error for poll in polls):
        raise RuntimeError(f"{len(polls)} of {count} feeds were polled.")


@asynccontextmanager
async def _our_bot(
    database: Path, urls: list[str], now: Callable[[], datetime]
) -> AsyncGenerator[App]:
    """The bot, following these feeds, each polled once."""
    with only_errors_logged():
        settings = Settings(database_path=database, feed_allow_private=True)
        async with open_app(settings, now) as app:
            for url in urls:
                await app.library.feeds.follow(url, url, "", ACTOR)
            await app.poller.poll_due()
            yield app


def _follow_in_reader(reader: Reader, urls: list[str]) -> None:
    for url in urls:
        reader.add_feed(url)
    reader.update_feeds(workers=_WORKERS)


@asynccontextmanager
async def _feed_server() -> AsyncGenerator[list[int]]:
    """The feeds' server in a process of its own; yields its ports."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.feed_server"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("The feeds' server has no pipes.")
    try:
        yield [int(port) for port in (await process.stdout.readline()).split()]
    finally:
        process.stdin.close()
        await process.wait()


def _add_entries(port: int) -> None:
    """Gives every feed a new entry."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/round", method="POST")
    urllib.request.urlopen(request).close()  # noqa: S310 - our own server
