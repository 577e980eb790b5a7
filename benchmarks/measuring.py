"""Measured rows with their goals, as a table and as JSON; calls of two things, timed in turn."""

from __future__ import annotations

import asyncio
import gc
import json
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np
from rich.console import Console
from rich.table import Table

Case = TypeVar("Case")

_TICK = 0.002  # seconds between two looks at the event loop


@dataclass(frozen=True, slots=True)
class Row:
    """A measured value, with an upper or a lower bound as its goal, if it has one."""

    name: str
    value: float
    at_most: float | None = None
    at_least: float | None = None
    detail: str = ""

    @property
    def goal(self) -> str:
        """The goal as people read it; empty if there is none."""
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "" if self.at_least is None else f"≥ {self.at_least:g}"

    @property
    def holds(self) -> bool:
        """Whether the value meets its goal. NaN (not measured) never meets one."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return self.at_least is None or self.value >= self.at_least


def to_json(rows: Sequence[Row]) -> str:
    """Returns the rows as a JSON array."""
    values = [
        {
            "name": row.name,
            "value": None if math.isnan(row.value) else round(row.value, 6),
            "goal": row.goal,
            "holds": row.holds,
            "detail": row.detail,
        }
        for row in rows
    ]
    return json.dumps(values, indent=2, ensure_ascii=False)


def print_table(title: str, rows: Sequence[Row]) -> None:
    """Prints the rows for people."""
    table = Table("what", "value", "goal", "holds", "detail", title=title, title_justify="left")
    for row in rows:
        holds = ("yes" if row.holds else "no") if row.goal else ""
        table.add_row(row.name, f"{row.value:.3g}", row.goal, holds, row.detail)
    console = Console()
    console.print(table, width=max(console.width, 110))  # also if the output isn't a terminal


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


def ratio(
    name: str, one: Contender[Case], other: Contender[Case], percent: int, at_most: float | None
) -> Row:
    """Returns the ratio of two contenders' times at a percentile."""
    value = one.percentile(percent) / other.percentile(percent)
    return Row(name, value, at_most, detail=f"{one}; {other}; {len(one.seconds)} calls each")


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of a row: calls of each contender, and seconds for both together."""

    calls: int = 400
    seconds: float = 60.0

    async def compare(
        self,
        name: str,
        one: Contender[Case],
        other: Contender[Case],
        percent: int,
        at_most: float | None = None,
    ) -> Row:
        """Calls both in turn; returns the ratio of their times at a percentile."""
        await self.time(one, other)
        return ratio(name, one, other, percent, at_most)

    async def time(self, *contenders: Contender[Case]) -> None:
        """Calls contenders in turn, each first as often as last.

        A tenth of the calls come before those that are timed.
        """
        start = perf_counter()
        for turn in range(-max(1, self.calls // 10), self.calls):
            spent = perf_counter() - start
            if contenders[0].seconds and spent > self.seconds:
                break
            is_timed = turn >= 0 or spent > self.seconds / 4
            for contender in contenders if turn % 2 else contenders[::-1]:
                await contender.run(turn, is_timed=is_timed)


class StallMeter:
    """Measures how long the event loop is blocked."""

    longest = 0.0
    looks = 0

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Looks every two milliseconds whether the event loop still runs on time."""
        settle_garbage()
        ticking = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            ticking.cancel()

    async def _tick(self) -> None:
        while True:
            start = perf_counter()
            await asyncio.sleep(_TICK)
            self.longest = max(self.longest, perf_counter() - start - _TICK)
            self.looks += 1

    def row(self, name: str, what: str = "") -> Row:
        """Returns the longest stall, in milliseconds."""
        return Row(name, 1_000 * self.longest, 50, detail=f"{what}{self.looks:,} looks")


def settle_garbage() -> None:
    """Keeps what is in memory by now away from the garbage collector."""
    gc.collect()
    gc.freeze()
