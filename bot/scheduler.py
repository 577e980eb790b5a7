"""Every timer of the running bot; what a timer calls is decided elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

_PATIENCE = timedelta(seconds=10)  # with what is under way when everything ends


@dataclass(frozen=True, slots=True)
class Timer:
    """Something to do again and again."""

    name: str
    every: timedelta
    action: Callable[[], Awaitable[object]]


@asynccontextmanager
async def running(timers: Sequence[Timer]) -> AsyncGenerator[None]:
    """Keep the timers going inside the block.

    A call that raises is logged and comes again; one that takes longer than its time is not
    started a second time beside itself; one that is late is still made. At the end, calls under
    way have ten seconds to come to theirs, and are cancelled then.
    """
    scheduler = AsyncIOScheduler(timezone=UTC)
    calls: set[asyncio.Task[object]] = set()
    for timer in timers:
        scheduler.add_job(
            _tracked(timer.action, calls),
            "interval",
            seconds=timer.every.total_seconds(),
            id=timer.name,
            name=timer.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.pause()
        if calls:
            await asyncio.wait(calls, timeout=_PATIENCE.total_seconds())
        scheduler.shutdown(wait=False)
        await asyncio.gather(*calls, return_exceptions=True)


def _tracked(
    action: Callable[[], Awaitable[object]], calls: set[asyncio.Task[object]]
) -> Callable[[], Awaitable[object]]:
    """The same action, whose task is among ``calls`` while it is under way."""

    async def call() -> object:
        task = asyncio.current_task()
        if task is None:
            return await action()
        calls.add(task)
        try:
            return await action()
        finally:
            calls.discard(task)

    return call
