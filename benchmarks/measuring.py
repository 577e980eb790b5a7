"""Measured rows with their goals, as a table and as JSON; calls of two sides, timed in turn."""

from __future__ import annotations

import asyncio
import gc
import json
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter, process_time
from typing import Any, Generic, TypedDict, TypeVar, Unpack

import numpy as np
from rich.console import Console
from rich.table import Table

Case = TypeVar("Case")

_TICK = 0.002  # seconds between measurements of the event loop


class Goal(TypedDict, total=False):
    """An upper or a lower bound of a value; a row without either has no goal."""

    at_most: float | None
    at_least: float | None


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
class Side(Generic[Case]):
    """One side of a comparison: a function, the cases it is called with, and the times it took.

    A function that returns a float has taken the time itself, in seconds.
    """

    name: str
    call: Callable[[Case], Awaitable[object]]
    cases: Sequence[Case]
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)  # seconds of this process

    async def run(self, turn: int, *, is_timed: bool = True) -> None:
        """Makes the call of this turn."""
        start, ran = perf_counter(), process_time()
        result = await self.call(self.cases[turn % len(self.cases)])
        if is_timed and isinstance(result, float):
            self.seconds.append(result)
        elif is_timed:
            self.seconds.append(perf_counter() - start)
            self.processor.append(process_time() - ran)

    def percentile(self, percent: int) -> float:
        """Returns a percentile of the times, in seconds; 0 is the best."""
        return float(np.percentile(self.seconds, percent))

    def __str__(self) -> str:
        p50, p99 = 1_000 * np.percentile(self.seconds, (50, 99))
        text = f"{self.name}: p50 {p50:,.2f} ms, p99 {p99:,.2f} ms"
        if self.processor:  # less if other programs use the processors
            p50, p99 = 1_000 * np.percentile(self.processor, (50, 99))
            text += f" (processor time: {p50:,.2f} and {p99:,.2f})"
        return text


def processor_time(
    call: Callable[[Case], Awaitable[object]],
) -> Callable[[Case], Awaitable[float]]:
    """Returns a function that makes a call and returns the processor time it took."""

    async def measure(case: Case) -> float:
        start = process_time()
        await call(case)
        return process_time() - start

    return measure


def _ratio(name: str, one: Side[Any], other: Side[Any], percent: int, **goal: Unpack[Goal]) -> Row:
    detail = f"{one}; {other}; {len(one.seconds)} calls each"
    return Row(name, one.percentile(percent) / other.percentile(percent), detail=detail, **goal)


@dataclass(frozen=True, slots=True)
class Budget:
    """The limits of a row: calls of each side, and seconds for all together."""

    calls: int = 400
    seconds: float = math.inf

    @property
    def warm_up(self) -> int:
        """How many calls of each side come before those that are timed."""
        return max(1, self.calls // 10)

    async def compare(
        self, name: str, one: Side[Any], other: Side[Any], percent: int, **goal: Unpack[Goal]
    ) -> Row:
        """Calls both sides in turn; returns the ratio of their times at a percentile."""
        await self.time(one, other)
        return _ratio(name, one, other, percent, **goal)

    async def time(self, *sides: Side[Any]) -> None:
        """Calls sides in turn, each first as often as last."""
        start = perf_counter()
        for turn in range(self.warm_up + self.calls):
            spent = perf_counter() - start
            if sides[0].seconds and spent > self.seconds:
                break
            is_timed = turn >= self.warm_up or spent > self.seconds / 4
            for side in sides if turn % 2 else sides[::-1]:
                await side.run(turn, is_timed=is_timed)

    async def compare_busy(
        self,
        what: str,
        work: Callable[[], Coroutine[None, None, object]],
        sides: Sequence[tuple[Side[Any], float | None]],
    ) -> list[Row]:
        """Compares calls while ``work`` is done with as many calls without it.

        They follow each other in rounds, so that what else the machine does concerns both alike.
        Returns a row for each side, given with its goal, and one for the event loop's stalls.
        """
        alone = [side for side, _ in sides]
        busy = [replace(side, name="meanwhile", seconds=[], processor=[]) for side in alone]
        stalls, start = StallMeter(), perf_counter()
        for turn in range(self.warm_up):
            for side in alone:
                await side.run(turn, is_timed=False)
        while (done := len(busy[0].seconds)) < self.calls:
            async with stalls.running(), asyncio.TaskGroup() as group:
                working = group.create_task(work())
                while not working.done() and len(busy[0].seconds) < self.calls:
                    for side in busy:
                        await side.run(len(side.seconds))
                working.cancel()
            for turn in range(done, len(busy[0].seconds)):
                for side in alone:
                    await side.run(turn + self.calls // 2)
            if perf_counter() - start > self.seconds:
                break
        rows = [
            _ratio(f"{side.name} {what}: p99 / p99 alone", meanwhile, side, 99, at_most=at_most)
            for meanwhile, (side, at_most) in zip(busy, sides, strict=True)
        ]
        return [*rows, stalls.row(what)]


class StallMeter:
    """Measures how long the event loop is blocked: it looks every two milliseconds.

    It also measures for how long of it the process ran; otherwise, other programs did.
    """

    longest = ran = 0.0
    looks = 0

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Measures meanwhile."""
        settle_garbage()
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()

    async def _look(self) -> None:
        while True:
            start, ran = perf_counter(), process_time()
            await asyncio.sleep(_TICK)
            stall = perf_counter() - start - _TICK
            if stall > self.longest:
                self.longest, self.ran = stall, process_time() - ran
            self.looks += 1

    def row(self, when: str) -> Row:
        """Returns the longest stall, in milliseconds."""
        name = f"longest stall of the event loop {when}, in ms"
        detail = f"{self.looks:,} looks; the process ran {1_000 * self.ran:.0f} ms of it"
        return Row(name, 1_000 * self.longest, at_most=50, detail=detail)


def settle_garbage() -> None:
    """Keeps what is in memory by now away from the garbage collector."""
    gc.collect()
    gc.freeze()
