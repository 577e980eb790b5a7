"""Measures whether a function's time grows with the length of its input or with the square of it.

Only ratios of processor time are compared, so that a slow or busy machine fails no test.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from time import process_time

FACTOR = 8
MAX_RATIO = 20  # a linear function has 8, a quadratic one 64
_ATTEMPTS = 4
_SHORTEST = 0.002  # seconds; what takes less is too short to be measured


def assert_takes_linear_time(call: Callable[[int], object], size: int) -> None:
    """Calls a function with ``size`` and with an eighth of it, again if other programs disturb it.

    Raises AssertionError if the larger size takes more than 20 times as long in every attempt.
    """
    ratios: list[float] = []
    for _ in range(_ATTEMPTS):
        small = max(_time_of(call, size // FACTOR), _SHORTEST)
        ratios.append(_time_of(call, size) / small)
        if ratios[-1] <= MAX_RATIO:
            return
    raise AssertionError(f"{FACTOR} times the input took {min(ratios):.0f} times as long")


def _time_of(call: Callable[[int], object], size: int) -> float:
    """Returns the seconds of processor time that a call takes."""
    gc.disable()  # a collection takes longer than many calls
    try:
        start = process_time()
        call(size)
        return process_time() - start
    finally:
        gc.enable()
