"""Parsing in processes of their own, ended where a feed takes too long; the one pebble."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import multiprocessing
from collections.abc import AsyncGenerator
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from bot.feeds.parse import ParsedFeed, parse_feed
from storage.errors import LabError

_log = logging.getLogger(__name__)

_PATIENCE = timedelta(seconds=20)
_MOST_MEMORY = 2**30  # bytes of address space
_MOST_TASKS = 2000  # of one worker, which gives its memory back then
_MANY_OBJECTS = 50_000  # that are made before rubbish is looked for
_ATTEMPTS = 2
_WORKERS = 2  # a feed that takes long does not keep the others waiting


class TooMuchToRead(LabError):
    """A feed could not be parsed within its time or memory; ``cause`` is for the log."""

    def __init__(self, url: str, trouble: str) -> None:
        super().__init__(
            f"What {url} sends {trouble}, so I stopped reading it. A feed of fewer or shorter "
            "entries would do."
        )
        self.cause = f"{url} {trouble}"


class Parser:
    """Reads feeds in a few worker processes; made by `open_parser`."""

    def __init__(self, patience: timedelta, most_memory: int, workers: int) -> None:
        self._workers = workers
        self._patience = patience
        self._most_memory = most_memory
        self._pool: ProcessPool | None = None
        self._changing = asyncio.Lock()
        self._is_closed = False
        self._under_way: dict[ProcessFuture[ParsedFeed], ProcessPool] = {}

    async def parse(self, body: bytes, url: str, now: datetime, content_type: str) -> ParsedFeed:
        """The same as `parse_feed`; raises `TooMuchToRead` besides.

        Where the worker ends for a reason of its own, another one tries once more.
        """
        for _ in range(_ATTEMPTS):
            pool = await self._running_pool()
            try:
                return await self._ask(pool, body, url, now, content_type)
            except TimeoutError:
                seconds = self._patience.total_seconds()
                raise TooMuchToRead(url, f"takes me more than {seconds:g} seconds") from None
            except MemoryError:
                raise TooMuchToRead(url, "takes more memory than I have for it") from None
            except ProcessExpired as error:  # its pool begins another one
                _log.warning("The worker ended while it read %s: %s", url, error)
            except BrokenProcessPool as error:
                _log.warning("The worker was not there to read %s: %s", url, error)
                await self._discard(pool)
        raise TooMuchToRead(url, "ends the process that reads it")

    async def _ask(
        self, pool: ProcessPool, body: bytes, url: str, now: datetime, content_type: str
    ) -> ParsedFeed:
        asked = (body, url, now, content_type)
        try:
            future = pool.schedule(parse_feed, asked, timeout=self._patience.total_seconds())
        except RuntimeError as error:
            raise BrokenProcessPool(*error.args) from error
        self._under_way[future] = pool
        try:
            return await asyncio.wrap_future(future)
        finally:
            del self._under_way[future]

    async def _running_pool(self) -> ProcessPool:
        """The workers, begun off the event loop where there are none."""
        async with self._changing:
            if self._is_closed:
                raise asyncio.CancelledError
            if self._pool is None:
                self._pool = await asyncio.to_thread(_start, self._workers, self._most_memory)
            return self._pool

    async def _discard(self, pool: ProcessPool) -> None:
        """End a pool; what it was still asked is asked again of the next."""
        async with self._changing:
            if self._pool is not pool:
                return
            self._pool = None
            await asyncio.to_thread(_end, pool)
        for future, asked_of in self._under_way.items():
            if asked_of is pool and not future.done():
                future.set_exception(BrokenProcessPool("its pool was ended"))

    async def close(self) -> None:
        """End the workers; whoever waits for them is cancelled."""
        self._is_closed = True
        for future in self._under_way:
            future.cancel()
        async with self._changing:
            pool = self._pool
        if pool is not None:
            await self._discard(pool)


@asynccontextmanager
async def open_parser(
    patience: timedelta = _PATIENCE, most_memory: int = _MOST_MEMORY, workers: int = _WORKERS
) -> AsyncGenerator[Parser]:
    """A parser whose workers begin with the first feed and end with the block.

    No feed takes longer than ``patience``, nor more than ``most_memory`` bytes where the system can
    hold a process to that.
    """
    parser = Parser(patience, most_memory, workers)
    try:
        yield parser
    finally:
        await parser.close()


def _start(workers: int, most_memory: int) -> ProcessPool:
    """The workers, spawned: a fork would take this process's locks along, its threads not."""
    pool = ProcessPool(
        max_workers=workers,
        max_tasks=_MOST_TASKS,
        initializer=prepare_worker,
        initargs=(most_memory,),
        context=multiprocessing.get_context("spawn"),
    )
    pool.schedule(int)  # the first task begins a worker
    return pool


def _end(pool: ProcessPool) -> None:
    pool.stop()
    pool.join()


def prepare_worker(most_memory: int) -> None:
    """Hold this process to its memory, where the system can, and keep what libraries say quiet.

    A parse makes very many small things and little rubbish, so rubbish is looked for rarely.
    """
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS)
    logging.getLogger().addHandler(logging.NullHandler())
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - Windows has none

        resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
