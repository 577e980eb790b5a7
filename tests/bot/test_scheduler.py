from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from bot.scheduler import Timer, run_timers

SOON = timedelta(milliseconds=20)


async def test_a_timer_runs_again_after_its_action_fails(
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls: asyncio.Queue[int] = asyncio.Queue()
    numbers = iter(range(100))

    async def action() -> None:
        await calls.put(next(numbers))
        raise ValueError("this call fails")

    with caplog.at_level(logging.ERROR, logger="apscheduler"):
        async with run_timers([Timer("failing", SOON, action)]):
            assert [await asyncio.wait_for(calls.get(), 10) for _ in range(3)] == [0, 1, 2]
    assert "this call fails" in caplog.text


async def test_a_slow_action_is_not_started_twice_and_finishes_at_the_end() -> None:
    started = asyncio.Event()
    release = asyncio.Event()
    events: list[str] = []

    async def action() -> None:
        events.append("started")
        started.set()
        await release.wait()
        events.append("done")

    async with run_timers([Timer("slow", SOON, action)]):
        await asyncio.wait_for(started.wait(), 10)
        asyncio.get_running_loop().call_later(0.2, release.set)
    assert events == ["started", "done"]
