from __future__ import annotations

import asyncio
import importlib.util
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from pebble import ProcessFuture, ProcessPool

from bot.feeds.parser import FeedTooLarge, NotAFeed, Parser, open_parser, parse_feed
from bot.net.sandbox import PRELOADED, Workers, fork_worker
from tests.support.paths import ROOT

NOW = datetime(2026, 11, 23, tzinfo=UTC)
FEED = (
    b"<rss version='2.0'><channel><title>T</title><item><title>One</title></item></channel></rss>"
)
URL = "https://lab.org/feed"
# feedparser looks for an e-mail address in a way whose time grows with the square of the text.
ENDLESS = FEED.replace(b"<title>One", b"<author>" + b"x" * 200_000 + b"</author><title>One")


_earlier: set[int] = set()  # workers that were there before the current test


def all_workers() -> set[int]:
    """The worker processes, which Python's fork server has started for this one."""
    servers = [child for child in psutil.Process().children() if _is_fork_server(child)]
    return {worker.pid for server in servers for worker in server.children()}


def _is_fork_server(process: psutil.Process) -> bool:
    try:
        return "forkserver" in str(process.cmdline())
    except psutil.NoSuchProcess:  # it ended just now
        return False


@pytest.fixture(autouse=True)
def earlier() -> None:
    """Other tests of this process may still be stopping their workers."""
    _earlier.clear()
    _earlier.update(all_workers())


def workers() -> set[int]:
    """The worker processes of the current test."""
    return all_workers() - _earlier


def see_at_work(worker: int, seconds: float) -> None:
    process = psutil.Process(worker)
    before = process.cpu_times().user
    while process.cpu_times().user < before + seconds:
        pass


def see_it_gone(worker: int) -> None:
    while psutil.pid_exists(worker):
        pass


def see_it_broken(parser: Parser) -> None:
    while parser.workers.is_running:
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


async def test_a_worker_returns_what_parsing_in_this_process_would(parser: Parser) -> None:
    assert workers() == set()
    assert await ask(parser) == parse_feed(FEED, URL, NOW, "application/rss+xml")
    (worker,) = workers()
    with pytest.raises(NotAFeed, match="isn't a feed") as caught:
        await ask(parser, b"<html></html>")
    assert caught.value.cause.startswith("No feed at")
    assert workers() == {worker}


async def test_a_parse_that_takes_too_long_is_stopped_and_the_next_one_works() -> None:
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


async def test_a_parse_that_takes_too_much_memory_is_an_error() -> None:
    async with open_parser(max_memory=150 * 2**20, workers=1) as narrow:
        await ask(narrow)
        large = FEED.replace(b"One", b"x" * 30_000_000)
        with pytest.raises(FeedTooLarge, match=r"memory|crashes the process"):
            await ask(narrow, large)
        await ask(narrow)


async def test_a_worker_that_is_killed_at_work_is_replaced(parser: Parser) -> None:
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


class FakePool:
    """A pool whose tasks have the given results: an error when scheduled, or None for no end."""

    def __init__(self, *results: str | RuntimeError | None) -> None:
        self._results = list(results)
        self.is_stopped = False

    def schedule(self, *_: object, **_named: object) -> ProcessFuture[str]:
        result = self._results.pop(0)
        if isinstance(result, RuntimeError):
            raise result
        future: ProcessFuture[str] = ProcessFuture()
        if result is not None:
            future.set_result(result)
        return future

    def stop(self) -> None:
        self.is_stopped = True

    def join(self) -> None:
        assert self.is_stopped


async def test_tasks_of_a_broken_pool_are_given_to_the_next() -> None:
    broken = FakePool(None, RuntimeError("broken"), RuntimeError("broken"))
    pools: list[Any] = [broken, FakePool("one", "two", "three")]
    sandbox = Workers(timedelta(seconds=1), 2**20, 1, lambda *_: pools.pop(0))
    results = await asyncio.gather(*(sandbox.run(str) for _ in range(3)))
    assert {*results} == {"one", "two", "three"}
    assert broken.is_stopped
    await sandbox.close()


async def test_a_feed_that_crashes_every_worker_is_an_error(parser: Parser) -> None:
    asked = asyncio.ensure_future(ask(parser, ENDLESS))
    for _ in range(2):
        await asyncio.to_thread(see_a_worker)
        (worker,) = workers()
        await asyncio.to_thread(see_at_work, worker, 0.2)
        os.kill(worker, signal.SIGKILL)
        await asyncio.to_thread(see_it_gone, worker)
    with pytest.raises(FeedTooLarge, match="crashes the process"):
        await asked


async def test_closing_cancels_whoever_waits() -> None:
    async with open_parser() as parser:
        await ask(parser)
        early = [asyncio.ensure_future(ask(parser, ENDLESS)) for _ in range(3)]
        await asyncio.sleep(0)
        await parser.workers.close()
        late = asyncio.ensure_future(ask(parser))
    for one in await asyncio.gather(*early, late, return_exceptions=True):
        assert isinstance(one, asyncio.CancelledError)
    assert workers() == set()


async def test_a_parser_that_parsed_nothing_started_no_worker() -> None:
    async with open_parser():
        pass
    assert workers() == set()


@pytest.mark.parametrize("name", PRELOADED)
def test_what_is_imported_for_all_workers_exists(name: str) -> None:
    assert importlib.util.find_spec(name)  # the server ignores what it can't import


def test_a_worker_has_a_memory_limit_and_logs_nothing() -> None:
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


FORKED = """
import asyncio, os, threading, time
from datetime import timedelta
from bot.net.sandbox import ResourceLimitExceeded, fork_worker

async def work(workers):
    first = await workers.run(os.getpid)
    try:
        await workers.run(time.sleep, 30)
    except ResourceLimitExceeded as error:
        assert "takes more than 1 seconds" in str(error)
    assert await workers.run(os.getpid) != first
    return first

if __name__ == "__main__":
    with fork_worker(timedelta(seconds=1)) as workers:
        assert workers.is_running
        assert asyncio.run(work(workers)) != os.getpid()
    assert threading.active_count() == 1
    with fork_worker(timedelta(seconds=1)):
        pass  # without work
"""


def test_a_forked_worker_is_there_at_once_and_is_replaced_if_it_hangs(tmp_path: Path) -> None:
    program = tmp_path / "forked.py"
    program.write_text(FORKED, "utf-8")
    done = subprocess.run(
        [sys.executable, str(program)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr.decode()) == (0, "")


async def test_a_process_with_threads_doesn_t_fork_a_worker(parser: Parser) -> None:
    await ask(parser)  # whose pool has threads
    before = workers()

    def fork() -> bool:
        with fork_worker(timedelta(seconds=1)) as forked:
            return forked.is_running

    assert not await asyncio.to_thread(fork)
    assert workers() == before


async def test_a_pool_that_starts_while_its_call_is_cancelled_is_stopped() -> None:
    pools: list[ProcessPool] = []
    is_starting, may_start = threading.Event(), threading.Event()

    def start(count: int, _max_memory: int) -> ProcessPool:
        is_starting.set()
        may_start.wait()
        pools.append(ProcessPool(count, context=multiprocessing.get_context("forkserver")))
        pools[0].schedule(int)
        return pools[0]

    workers = Workers(timedelta(seconds=5), 2**30, 1, start)
    call = asyncio.create_task(workers.run(int))
    await asyncio.to_thread(is_starting.wait)
    call.cancel()
    await asyncio.sleep(0)
    may_start.set()
    with pytest.raises(asyncio.CancelledError):
        await call
    await workers.close()
    assert not pools[0].active
