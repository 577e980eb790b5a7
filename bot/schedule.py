"""Every timer of the running bot; what a timer calls is decided elsewhere."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler


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
    started a second time beside itself; one that is late is still made.
    """
    scheduler = AsyncIOScheduler(timezone=UTC)
    for timer in timers:
        scheduler.add_job(
            timer.action,
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
        scheduler.shutdown(wait=False)
