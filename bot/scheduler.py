"""The timers of the running bot; the caller decides what each runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.shutdown import TIMERS_GRACE

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Timer:
    """An action to run at an interval, and maybe at once."""

    name: str
    interval: timedelta
    action: Callable[[], Awaitable[object]]
    runs_at_start: bool = False


@asynccontextmanager
async def run_timers(timers: Sequence[Timer]) -> AsyncGenerator[None]:
    """Runs timers inside the block.

    An action that raises is logged and runs again at its next time. One that takes longer than its
    interval isn't started twice, and a late one still runs. At the end, running actions have
    `TIMERS_GRACE` to finish before they are cancelled.
    """
    scheduler = AsyncIOScheduler(timezone=UTC)
    running: set[asyncio.Task[object]] = set()
    for timer in timers:
        scheduler.add_job(
            _tracked(timer.name, timer.action, running),
            "interval",
            seconds=timer.interval.total_seconds(),
            id=timer.name,
            name=timer.name,
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
            **({"next_run_time": datetime.now(UTC)} if timer.runs_at_start else {}),
        )
    scheduler.start()
    try:
        yield
    finally:
        scheduler.pause()
        if running:
            await asyncio.wait(running, timeout=TIMERS_GRACE.total_seconds())
        scheduler.shutdown(wait=False)
        await asyncio.gather(*running, return_exceptions=True)


def _tracked(
    name: str, action: Callable[[], Awaitable[object]], running: set[asyncio.Task[object]]
) -> Callable[[], Awaitable[object]]:
    """Returns the action, whose task is in ``running`` until it ends."""

    async def run() -> object:
        task = asyncio.current_task()
        if task is None:
            return await action()
        running.add(task)
        try:
            return await action()
        except asyncio.CancelledError:  # at the end; APScheduler would log it as an error
            _log.info("“%s” was still running, so it was cancelled.", name)
            return None
        finally:
            running.discard(task)

    return run
