"""Timing calls side by side: in turn, warmed up, bounded in number and in time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter
from typing import Generic, TypeVar

import numpy as np

Case = TypeVar("Case")


@dataclass(frozen=True, slots=True)
class Budget:
    """How many calls of each contender at most, and for how many seconds in all."""

    calls: int = 400
    seconds: float = 60.0


@dataclass(slots=True)
class Contender(Generic[Case]):
    """One of those compared: what is called, with what in turn, and how long each call took.

    ``ended`` tells when a call that has returned had done its work, by `perf_counter`.
    """

    name: str
    call: Callable[[Case], Awaitable[object]]
    cases: Sequence[Case]
    ended: Callable[[], float] = perf_counter
    seconds: list[float] = field(default_factory=list)

    async def take(self, turn: int, *, timed: bool = True) -> None:
        """Make the call of this turn."""
        case = self.cases[turn % len(self.cases)]
        start = perf_counter()
        await self.call(case)
        if timed:
            self.seconds.append(self.ended() - start)

    def percentile(self, percent: float) -> float:
        """The seconds that so many percent of the calls kept to."""
        return float(np.percentile(self.seconds, percent))

    def __str__(self) -> str:
        p50, p99 = (1_000 * self.percentile(percent) for percent in (50, 99))
        return f"{self.name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms"


async def side_by_side(one: Contender[Case], other: Contender[Case], budget: Budget) -> None:
    """Let both take turns, each going first every other time; a tenth of the turns warm up."""
    warming = max(1, budget.calls // 10)
    start = perf_counter()
    for turn in range(-warming, budget.calls):
        spent = perf_counter() - start
        if one.seconds and spent > budget.seconds:
            return
        timed = turn >= 0 or spent > budget.seconds / 4
        for contender in (one, other) if turn % 2 else (other, one):
            await contender.take(turn, timed=timed)


def ratio(one: Contender[Case], other: Contender[Case], percent: float) -> float:
    """The percentile of one over the other's."""
    return one.percentile(percent) / other.percentile(percent)


def compared(one: Contender[Case], other: Contender[Case]) -> str:
    """Both in figures."""
    return f"{one}; {other}; {len(one.seconds)} calls each"
