"""Timing of two things in turn, and of how long the event loop is blocked meanwhile."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np

from benchmarks.report import Row

Case = TypeVar("Case")

_TICK = 0.002  # seconds between two looks at the event loop


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of a row: calls of each contender, and seconds for both together."""

    calls: int = 400
    seconds: float = 60.0


@dataclass(slots=True)
class Contender(Generic[Case]):
    """One side of a comparison: a function, the cases it is called with, and the times it took.

    A call's time ends when ``now`` says so, which may be before the call returns.
    """

    name: str
    call: Callable[[Case], Awaitable[object]]
    cases: Sequence[Case]
    now: Callable[[], float] = perf_counter
    seconds: list[float] = field(default_factory=list)

    async def run(self, turn: int, *, is_timed: bool) -> None:
        """Makes the call of this turn."""
        start = perf_counter()
        await self.call(self.cases[turn % len(self.cases)])
        if is_timed:
            self.seconds.append(self.now() - start)

    def percentile(self, percent: int) -> float:
        """Returns a percentile of the times, in seconds."""
        return float(np.percentile(self.seconds, percent))

    def __str__(self) -> str:
        p50, p99 = (1_000 * self.percentile(percent) for percent in (50, 99))
        return f"{self.name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms"


async def compare(
    name: str,
    one: Contender[Case],
    other: Contender[Case],
    budget: Budget,
    *,
    percent: int,
    at_most: float | None,
    note: str = "",
) -> Row:
    """Calls both in turn and returns the ratio of their times at a percentile.

    Each goes first every other time. A tenth of the calls come before those that are timed.
    """
    warm_up = max(1, budget.calls // 10)
    start = perf_counter()
    for turn in range(-warm_up, budget.calls):
        spent = perf_counter() - start
        if one.seconds and spent > budget.seconds:
            break
        is_timed = turn >= 0 or spent > budget.seconds / 4
        for contender in (one, other) if turn % 2 else (other, one):
            await contender.run(turn, is_timed=is_timed)
    detail = f"{one}; {other}; {len(one.seconds)} calls each{note}"
    return Row(name, one.percentile(percent) / other.percentile(percent), at_most, detail=detail)


class StallMeter:
    """Measures how long the event loop is blocked."""

    def __init__(self) -> None:
        self.longest = 0.0
        self.looks = 0

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Looks every two milliseconds whether the event loop still runs on time."""
        settle_garbage()
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticking.cancel()

    def row(self, name: str, what: str = "") -> Row:
        """Returns the longest stall, in milliseconds."""
        return Row(name, 1_000 * self.longest, 50, detail=f"{what}{self.looks:,} looks")

    async def _tick(self) -> None:
        while True:
            start = perf_counter()
            await asyncio.sleep(_TICK)
            self.longest = max(self.longest, perf_counter() - start - _TICK)
            self.looks += 1


def settle_garbage() -> None:
    """Keeps what is in memory by now away from the garbage collector."""
    gc.collect()
    gc.freeze()


@contextmanager
def only_errors_logged() -> Generator[None]:
    """Keeps warnings of the measured programs out of the table."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
