"""Rows of reading many feeds, against `reader`, the feed library, and how long the loop is held."""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter

import feedparser_sgmllib
from reader import Reader, make_reader

from benchmarks import catalogues
from benchmarks.bench import Bench
from benchmarks.quiet import quiet
from benchmarks.stalls import Stalls
from benchmarks.table import Goal, Row
from bot.app import App, open_app
from bot.settings import Settings

# reader brings a feedparser of its own, which knows this library by its former name.
sys.modules.setdefault("sgmllib", feedparser_sgmllib)

_FEEDS = 500
_ROUNDS = 3
_WORKERS = 8  # requests at once, for both


async def feeds(bench: Bench) -> list[Row]:
    """All feeds, changed and unchanged, by both in turn."""
    count = max(4, min(_FEEDS, bench.size // 2_000))
    stalls = Stalls()
    async with _served() as ports:
        changed = await _compared(ports, count, "tagged", stalls, renewed=True)
        told = await _compared(ports, count, "tagged", stalls, renewed=False)
        same = await _compared(ports, count, "plain", stalls, renewed=False)
    return [
        _row(f"{count} feeds, one new entry each", changed, 0.7),
        _row(f"{count} feeds, unchanged (304)", told, 0.3),
        _row(f"{count} feeds, unchanged (the same body)", same, 0.2),
        Row(
            "longest stall of the event loop meanwhile, in ms",
            1_000 * stalls.longest,
            Goal(50),
            f"{stalls.looks:,} looks",
        ),
    ]


@dataclass(slots=True)
class _Times:
    """Seconds of each round, of both."""

    ours: list[float] = field(default_factory=list)
    theirs: list[float] = field(default_factory=list)


def _row(name: str, times: _Times, goal: float) -> Row:
    ours, theirs = statistics.median(times.ours), statistics.median(times.theirs)
    detail = f"{ours:.2f} s beside {theirs:.2f} s; median of {_ROUNDS} rounds"
    return Row(f"{name}: ours / reader's", ours / theirs, Goal(goal), detail)


async def _compared(
    ports: list[int], count: int, kind: str, stalls: Stalls, *, renewed: bool
) -> _Times:
    urls = [f"http://127.0.0.1:{ports[n % len(ports)]}/{kind}/{n}.xml" for n in range(count)]
    times = _Times()
    clock = _Clock()
    async with _ours(urls, clock) as app:
        with _theirs(urls) as library:
            for turn in range(_ROUNDS):
                if renewed:
                    await asyncio.to_thread(_new_round, ports[0])

                async def mine() -> None:
                    clock.now += timedelta(hours=2)
                    polls = await app.poller.poll_due()
                    if len(polls) != count or any(poll.error for poll in polls):
                        raise RuntimeError(f"{len(polls)} of {count} feeds were read.")

                async def other() -> None:
                    await asyncio.to_thread(library.update_feeds, scheduled=False, workers=_WORKERS)

                for side, step in ((times.ours, mine), (times.theirs, other))[:: 1 - turn % 2 * 2]:
                    start = perf_counter()
                    if side is times.ours:
                        async with stalls.watched():
                            await step()
                    else:
                        await step()
                    side.append(perf_counter() - start)
    return times


class _Clock:
    """A clock that is moved on, so that every feed is due again."""

    def __init__(self) -> None:
        self.now = catalogues.clock()

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def _served() -> AsyncGenerator[list[int]]:
    """The feeds' server in a process of its own; gives its ports."""
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


def _new_round(port: int) -> None:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/round", method="POST")
    urllib.request.urlopen(request).close()  # noqa: S310 - our own server


@asynccontextmanager
async def _ours(urls: list[str], clock: Callable[[], datetime]) -> AsyncGenerator[App]:
    with quiet("bot"), tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        settings = replace(
            Settings(), database_path=Path(folder) / "papers.db", feed_allow_private=True
        )
        async with open_app(settings, clock) as app:
            for url in urls:
                await app.library.feeds.follow(url, url, "", catalogues.ACTOR)
            await app.poller.poll_due()
            yield app


@contextmanager
def _theirs(urls: list[str]) -> Generator[Reader]:
    with (
        tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder,
        closing(make_reader(str(Path(folder) / "reader.db"))) as library,
    ):
        for url in urls:
            library.add_feed(url)
        library.update_feeds(workers=_WORKERS)
        yield library
