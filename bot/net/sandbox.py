"""Runs work on untrusted bytes in limited worker processes; the only importer of pebble."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import logging
import multiprocessing
import os
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from functools import partial
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from storage.errors import LabError

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_log = logging.getLogger(__name__)

MAX_MEMORY = 2**30  # bytes of address space
# What most workers need. Others import the rest of it themselves.
PRELOADED = (
    "bot.completing.services",
    "bot.exporter",
    "bot.feeds.parser",
    "bot.importing.formats",
    "bot.lookup.resolver",
    "bot.sources.registry",
)
_MAX_TASKS = 2000  # before a worker is replaced, which frees its memory
_GC_THRESHOLD = 50_000  # allocations between two collections
_ATTEMPTS = 2
_NICENESS = 10  # of work that may take long; the bot and its lookups come first


class ResourceLimitExceeded(LabError):
    """Work exceeded its time or memory; ``reason`` completes “That file …”."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"That {reason}, so I stopped.")
        self.reason = reason


class Workers:
    """A pool of worker processes; opened by `open_workers`."""

    def __init__(
        self,
        time_limit: timedelta,
        max_memory: int,
        count: int,
        start_pool: Callable[[int, int], ProcessPool] | None = None,
        *,
        forked: ProcessPool | None = None,
    ) -> None:
        """``forked`` is a pool that runs already, and whose worker can't be replaced by forking."""
        self._start_pool = start_pool or _start_pool
        self._count = count
        self._time_limit = time_limit
        self._max_memory = max_memory
        self._pool = self._forked = forked
        self._pool_lock = asyncio.Lock()
        self._is_closed = False
        self._running: dict[ProcessFuture[Any], ProcessPool] = {}

    @property
    def is_running(self) -> bool:
        """Whether there are worker processes that can take work."""
        return self._pool is not None and self._pool.active

    async def run(
        self,
        function: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Calls a module-level function in a worker and returns its result.

        Raises what the function raises, and `ResourceLimitExceeded`. If the worker dies for any
        other reason, another one tries once more.
        """
        for _ in range(_ATTEMPTS):
            pool = await self._get_pool()
            try:
                return await self._schedule(pool, function, *args, **kwargs)
            except TimeoutError:
                await self._discard_forked(pool)
                seconds = self._time_limit.total_seconds()
                raise ResourceLimitExceeded(
                    f"takes more than {seconds:g} seconds to read"
                ) from None
            except MemoryError:
                raise ResourceLimitExceeded("takes too much memory to read") from None
            except ProcessExpired as error:  # the pool starts another worker
                _log.warning("A worker process died: %s", error)
                await self._discard_forked(pool)
            except BrokenProcessPool as error:
                _log.warning("The worker pool was gone: %s", error)
                await self._discard(pool)
        raise ResourceLimitExceeded("crashes the process that reads it")

    async def _schedule(
        self,
        pool: ProcessPool,
        function: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        seconds = self._time_limit.total_seconds()
        try:
            future = pool.schedule(function, args, kwargs, timeout=seconds)
        except RuntimeError as error:
            raise BrokenProcessPool(*error.args) from error
        self._running[future] = pool
        try:
            return await asyncio.wrap_future(future)
        finally:
            del self._running[future]

    async def _get_pool(self) -> ProcessPool:
        """Returns the pool; starts it in a thread if there is none."""
        async with self._pool_lock:
            if self._is_closed:
                raise asyncio.CancelledError
            if self._pool is None:
                await _in_thread(self._start)
            assert self._pool is not None  # noqa: S101 - it has just been started
            return self._pool

    def _start(self) -> None:
        self._pool = self._start_pool(self._count, self._max_memory)

    async def _discard(self, pool: ProcessPool) -> None:
        """Stops a pool and fails its futures, which makes `run` try again with the next pool."""
        async with self._pool_lock:
            if self._pool is not pool:
                return
            self._pool = None
            await _in_thread(partial(_stop_pool, pool))
        for future, future_pool in self._running.items():
            if future_pool is pool and not future.done():
                future.set_exception(BrokenProcessPool("its pool was stopped"))

    async def _discard_forked(self, pool: ProcessPool) -> None:
        """Stops a pool that would fork the next worker from a process that has threads by now."""
        if pool is self._forked:
            await self._discard(pool)

    async def close(self) -> None:
        """Stops the workers and cancels the calls that wait for them."""
        self._is_closed = True
        for future in self._running:
            future.cancel()
        async with self._pool_lock:
            pool = self._pool
        if pool is not None:
            await self._discard(pool)


async def _in_thread(function: Callable[[], None]) -> None:
    """Calls a function in a thread, outside of this task's context, and waits until it ends.

    There, the clock may be simulated and stand still, which multiprocessing waits for in vain. If
    this task is cancelled, it ends only after the function: a pool that started unnoticed would
    never be stopped.
    """
    call = asyncio.create_task(asyncio.to_thread(contextvars.Context().run, function))
    is_cancelled = False
    while not call.done():
        try:
            await asyncio.shield(call)
        except asyncio.CancelledError:
            is_cancelled = True
    call.result()
    if is_cancelled:
        raise asyncio.CancelledError


@asynccontextmanager
async def open_workers(
    time_limit: timedelta, max_memory: int = MAX_MEMORY, count: int = 1
) -> AsyncGenerator[Workers]:
    """Opens workers, which start with the first work and stop at the end of the block.

    Each call is limited to ``time_limit`` and, on systems that support it, to ``max_memory`` bytes.
    """
    workers = Workers(time_limit, max_memory, count)
    try:
        yield workers
    finally:
        await workers.close()


def give_way() -> None:
    """Lets other processes come before this worker, whose work may take long."""
    with contextlib.suppress(AttributeError, OSError):  # not available on Windows
        os.nice(_NICENESS)


@contextmanager
def fork_worker(time_limit: timedelta, max_memory: int = MAX_MEMORY) -> Generator[Workers]:
    """Starts a worker at once, as a copy of this process, so that it has nothing to import.

    That is only possible before this process has threads, whose locks would be copied without
    them. With threads, or on systems whose libraries don't survive a fork, it starts with the
    first work, as by `open_workers`, and so does a worker that replaces it.
    """
    forked = None
    if threading.active_count() == 1 and sys.platform == "linux":
        forked = _start_pool(1, max_memory, multiprocessing.get_context("fork"))
    workers = Workers(time_limit, max_memory, 1, forked=forked)
    try:
        yield workers
    finally:
        asyncio.run(workers.close())


def _start_pool(
    count: int, max_memory: int, context: multiprocessing.context.BaseContext | None = None
) -> ProcessPool:
    """Starts a pool. By default, no worker is a copy of this process, whose threads have locks."""
    pool = ProcessPool(
        max_workers=count,
        max_tasks=_MAX_TASKS,
        initializer=prepare_worker,
        initargs=(max_memory,),
        context=context or _worker_context(),
    )
    pool.schedule(int)  # the first task starts a worker
    return pool


def _worker_context() -> multiprocessing.context.BaseContext:
    """Returns how workers start: forked from a process that has imported what they need.

    That process starts with the first pool. On systems whose libraries don't survive a fork, each
    worker imports all of it.
    """
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["__main__", *PRELOADED])
    return context


def _stop_pool(pool: ProcessPool) -> None:
    pool.stop()
    pool.join()


def kill_workers() -> None:
    """Kills all worker processes, whatever they're doing; for a process that is about to end."""
    for worker in multiprocessing.active_children():
        worker.kill()


def prepare_worker(max_memory: int) -> None:
    """Limits this process's memory if the system can, and silences the logs of libraries.

    Also collects garbage less often, since parsing allocates much and leaves few cycles.
    """
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    logging.getLogger().addHandler(logging.NullHandler())
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on Windows

        resource.setrlimit(resource.RLIMIT_AS, (max_memory, max_memory))
