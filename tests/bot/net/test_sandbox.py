from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from pebble import ProcessFuture

from bot.feeds.parser import FeedTooLarge, NotAFeed, ParsedFeed, Parser, open_parser, parse_feed

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FEED = (
    b"<rss version='2.0'><channel><title>T</title><item><title>One</title></item></channel></rss>"
)
URL = "https://lab.org/feed"
# feedparser looks for an e-mail address in a way whose time grows with the square of the text.
ENDLESS = FEED.replace(b"<title>One", b"<author>" + b"x" * 200_000 + b"</author><title>One")


def workers() -> set[int]:
    """The processes that this one has begun, but for Python's own tracker of resources."""
    children = psutil.Process().children()
    return {child.pid for child in children if "resource_tracker" not in str(child.cmdline())}


def see_at_work(worker: int, seconds: float) -> None:
    process = psutil.Process(worker)
    before = process.cpu_times().user
    while process.cpu_times().user < before + seconds:
        pass


def see_it_gone(worker: int) -> None:
    while psutil.pid_exists(worker):
        pass


def see_it_broken(parser: Parser) -> None:
    pool = parser.workers._pool
    while pool is not None and pool.active:
        pass


def see_a_worker() -> None:
    while not workers():
        pass


@pytest.fixture
async def parser() -> AsyncIterator[Parser]:
    async with open_parser(timedelta(seconds=15), workers=1) as opened:
        yield opened
    assert workers() == set()


async def ask(parser: Parser, body: bytes = FEED) -> object:
    return await parser.parse(body, URL, NOW, "application/rss+xml")


async def test_a_feed_comes_back_as_if_it_had_been_parsed_here(parser: Parser) -> None:
    assert workers() == set()
    assert await ask(parser) == parse_feed(FEED, URL, NOW, "application/rss+xml")
    (worker,) = workers()
    with pytest.raises(NotAFeed, match="isn't a feed") as caught:
        await ask(parser, b"<html></html>")
    assert caught.value.cause.startswith("No feed at")
    assert workers() == {worker}


async def test_a_parse_beyond_its_time_is_ended_and_the_next_one_works() -> None:
    async with open_parser(timedelta(seconds=1)) as hasty:
        await ask(hasty)
        with pytest.raises(FeedTooLarge, match="more than 1 seconds"):
            await ask(hasty, ENDLESS)
        await ask(hasty)
    assert workers() == set()


async def test_the_event_loop_is_free_while_a_feed_is_parsed(parser: Parser) -> None:
    await ask(parser)
    slow = FEED.replace(b"<title>One", b"<author>" + b"x" * 9_000 + b"</author><title>One")
    parsing = asyncio.ensure_future(ask(parser, slow))
    turns = 0
    while not parsing.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 1000


async def test_a_parse_beyond_its_memory_is_a_sentence() -> None:
    async with open_parser(max_memory=150 * 2**20, workers=1) as narrow:
        await ask(narrow)
        many = b"<rss version='2.0'><channel>" + b"<item><title>T</title></item>" * 100_000
        with pytest.raises(FeedTooLarge, match=r"memory|crashes the process"):
            await ask(narrow, many)
        await ask(narrow)


async def test_a_worker_that_is_killed_at_its_work_is_replaced(parser: Parser) -> None:
    await ask(parser)
    (worker,) = workers()
    slow = FEED.replace(b"<title>One", b"<author>" + b"x" * 12_000 + b"</author><title>One")
    asked = [asyncio.ensure_future(ask(parser, body)) for body in (slow, FEED, FEED)]
    await asyncio.to_thread(see_at_work, worker, 0.2)
    os.kill(worker, signal.SIGKILL)
    for one in asked:
        await one
    assert worker not in workers()


async def test_a_worker_that_is_killed_while_idle_is_replaced(parser: Parser) -> None:
    await ask(parser)
    (worker,) = workers()
    os.kill(worker, signal.SIGTERM)
    await asyncio.to_thread(see_it_broken, parser)
    assert all(await asyncio.gather(*(ask(parser) for _ in range(20))))
    assert worker not in workers()


async def test_what_a_discarded_worker_was_asked_is_asked_of_the_next(parser: Parser) -> None:
    await ask(parser)
    pool, (worker,) = parser.workers._pool, workers()
    assert pool is not None
    slow = FEED.replace(b"<title>One", b"<author>" + b"x" * 12_000 + b"</author><title>One")
    asked = asyncio.ensure_future(ask(parser, slow))
    await asyncio.to_thread(see_at_work, worker, 0.2)
    never_begun: ProcessFuture[ParsedFeed] = ProcessFuture()
    done: ProcessFuture[ParsedFeed] = ProcessFuture()
    done.cancel()
    parser.workers._running |= {never_begun: pool, done: pool}
    await asyncio.gather(parser.workers._discard(pool), parser.workers._discard(pool))
    assert isinstance(never_begun.exception(), BrokenProcessPool)
    del parser.workers._running[never_begun], parser.workers._running[done]
    assert await asked
    assert worker not in workers()


async def test_a_feed_that_ends_its_worker_each_time_is_a_sentence(parser: Parser) -> None:
    asked = asyncio.ensure_future(ask(parser, ENDLESS))
    for _ in range(2):
        await asyncio.to_thread(see_a_worker)
        (worker,) = workers()
        await asyncio.to_thread(see_at_work, worker, 1)
        os.kill(worker, signal.SIGKILL)
        await asyncio.to_thread(see_it_gone, worker)
    with pytest.raises(FeedTooLarge, match="crashes the process"):
        await asked


async def test_who_waits_when_all_ends_is_cancelled() -> None:
    async with open_parser() as parser:
        await ask(parser)
        early = [asyncio.ensure_future(ask(parser, ENDLESS)) for _ in range(3)]
        await asyncio.sleep(0)
        await parser.workers.close()
        late = asyncio.ensure_future(ask(parser))
    for one in await asyncio.gather(*early, late, return_exceptions=True):
        assert isinstance(one, asyncio.CancelledError)
    assert workers() == set()


async def test_a_parser_that_read_nothing_ends_at_once() -> None:
    async with open_parser():
        pass
    assert workers() == set()


def test_a_worker_is_held_to_its_memory_and_says_nothing() -> None:
    program = (
        "import logging\n"
        "from bot.net.sandbox import prepare_worker\n"
        "prepare_worker(2**28)\n"
        "logging.warning('not to be seen')\n"
        "try:\n    bytearray(2**28)\n"
        "except MemoryError:\n    print('held')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("held\n", "")
