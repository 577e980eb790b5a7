"""Work on untrusted bytes in processes of their own, held to time and memory; the one pebble."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import multiprocessing
from collections.abc import AsyncGenerator, Callable
from concurrent.futures.process import BrokenProcessPool
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, ParamSpec, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from storage.errors import LabError

Asked = ParamSpec("Asked")
Made = TypeVar("Made")

_log = logging.getLogger(__name__)

MOST_MEMORY = 2**30  # bytes of address space
_MOST_TASKS = 2000  # of one worker, which gives its memory back then
_MANY_OBJECTS = 50_000  # that are made before rubbish is looked for
_ATTEMPTS = 2


class TooMuchWork(LabError):
    """Work could not be done within its time or memory; ``trouble`` says which, after a subject."""

    def __init__(self, trouble: str) -> None:
        super().__init__(f"That {trouble}, so I stopped.")
        self.trouble = trouble


class Workers:
    """A few processes that work on what they are given; made by `open_workers`."""

    def __init__(self, patience: timedelta, most_memory: int, workers: int) -> None:
        self._workers = workers
        self._patience = patience
        self._most_memory = most_memory
        self._pool: ProcessPool | None = None
        self._changing = asyncio.Lock()
        self._is_closed = False
        self._under_way: dict[ProcessFuture[Any], ProcessPool] = {}

    async def do(
        self, work: Callable[Asked, Made], *given: Asked.args, **named: Asked.kwargs
    ) -> Made:
        """What a function of a module makes of what it is given; raises `TooMuchWork` besides.

        Where the worker ends for a reason of its own, another one tries once more.
        """
        for _ in range(_ATTEMPTS):
            pool = await self._running_pool()
            try:
                return await self._ask(pool, work, *given, **named)
            except TimeoutError:
                seconds = self._patience.total_seconds()
                raise TooMuchWork(f"takes me more than {seconds:g} seconds") from None
            except MemoryError:
                raise TooMuchWork("takes more memory than I have for it") from None
            except ProcessExpired as error:  # its pool begins another one
                _log.warning("A worker ended at its work: %s", error)
            except BrokenProcessPool as error:
                _log.warning("The workers were not there: %s", error)
                await self._discard(pool)
        raise TooMuchWork("ends the process that reads it")

    async def _ask(
        self,
        pool: ProcessPool,
        work: Callable[Asked, Made],
        *given: Asked.args,
        **named: Asked.kwargs,
    ) -> Made:
        seconds = self._patience.total_seconds()
        try:
            future = pool.schedule(work, given, named, timeout=seconds)
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
async def open_workers(
    patience: timedelta, most_memory: int = MOST_MEMORY, workers: int = 1
) -> AsyncGenerator[Workers]:
    """Workers that begin with the first work and end with the block.

    Nothing takes longer than ``patience``, nor more than ``most_memory`` bytes where the system can
    hold a process to that.
    """
    opened = Workers(patience, most_memory, workers)
    try:
        yield opened
    finally:
        await opened.close()


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

    Reading makes very many small things and little rubbish, so rubbish is looked for rarely.
    """
    gc.freeze()
    gc.set_threshold(_MANY_OBJECTS)
    logging.getLogger().addHandler(logging.NullHandler())
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - Windows has none

        resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
