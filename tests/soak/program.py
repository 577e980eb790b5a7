"""The program itself, on a stand-in for Discord, in a world where days pass faster.

Called with the stand-in's address, the time when the world began, how many times faster it is, and
the arguments of `lab-herald`.
"""

from __future__ import annotations

import asyncio
import gc
import itertools
import logging
import signal
import sys
import tracemalloc
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from functools import partial
from types import FrameType

import bot.app
import bot.settings
from bot.cli import main as run_program
from bot.ui.dialogs import Dialog
from bot.ui.forms import LabForm
from tests.faults import discord_standin

LOGGER = "soak"
_TRACED = 20  # reports from one with memory to the next, which takes seconds
_reports = itertools.count()
_EXPIRY_SECONDS = 120  # of dialogs and forms, so that they expire within each third of a run
_FASTEST = timedelta(seconds=1)


class FastClock:
    """A clock that runs faster than time does."""

    def __init__(self, began_at: datetime, speed: float) -> None:
        self._began_at = began_at
        self._speed = speed

    def __call__(self) -> datetime:
        return self._began_at + (datetime.now(UTC) - self._began_at) * self._speed


def report_tasks(_number: int, _frame: FrameType | None) -> None:
    """Logs how many tasks there are and, if memory is traced, which lines of code hold most."""
    try:
        tasks = len(asyncio.all_tasks())
    except RuntimeError:  # the event loop isn't running yet
        return
    extra: dict[str, object] = {"tasks": tasks}
    if tracemalloc.is_tracing() and next(_reports) % _TRACED == 0:
        gc.collect()
        lines = tracemalloc.take_snapshot().statistics("lineno")[:60]
        extra["memory"] = [str(line) for line in lines]
    logging.getLogger(LOGGER).info("Tasks", extra=extra)


def main() -> None:
    address, began_at, speed = sys.argv[1:4]
    del sys.argv[1:4]
    discord_standin.redirect(address)
    clock = FastClock(datetime.fromisoformat(began_at), float(speed))
    bot.settings.utc_now = clock  # type: ignore[attr-defined]
    bot.app.open_app = partial(bot.app.open_app, clock=clock)
    intervals = {
        name: max(interval / float(speed), _FASTEST)
        for name, interval in asdict(bot.app.INTERVALS).items()
    }
    bot.app.run = partial(bot.app.run, intervals=bot.app.Intervals(**intervals))
    Dialog.expiry_seconds = LabForm.expiry_seconds = _EXPIRY_SECONDS
    signal.signal(signal.SIGUSR1, report_tasks)
    run_program(prog_name="lab-herald")


if __name__ == "__main__":
    main()
