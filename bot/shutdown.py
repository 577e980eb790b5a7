"""Stops the process after SIGINT or SIGTERM: in order if possible, and in time whatever hangs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Callable
from datetime import timedelta
from types import FrameType

_log = logging.getLogger(__name__)

# Together with closing everything, these must take less than the time limit. Supervisors such as
# Docker kill a process ten seconds after the signal.
TIMERS_GRACE = timedelta(seconds=3)
DELIVERY_GRACE = timedelta(seconds=2)
DISCORD_GRACE = timedelta(seconds=1)
TIME_LIMIT = timedelta(seconds=7)


def cancel_on_signals(before_exit: Callable[[], None] | None = None) -> None:
    """Cancels the current task on Ctrl-C or SIGTERM, so that everything is closed in order.

    If the process hasn't ended after `TIME_LIMIT`, it ends anyway, after calling
    ``before_exit``. Nothing is lost by that: the database survives it, and what was being sent is
    searched for after the next start.
    """
    task = asyncio.current_task()
    if task is None:
        return
    loop = asyncio.get_running_loop()
    watchdog = threading.Timer(TIME_LIMIT.total_seconds(), _end_process, [before_exit])
    watchdog.daemon = True

    def stop(_number: int, _frame: FrameType | None) -> None:
        """Runs even if the event loop hangs, unlike the handlers that asyncio calls."""
        if watchdog.ident is None:
            watchdog.start()
            loop.call_soon_threadsafe(task.cancel)

    with contextlib.suppress(ValueError):  # only the main thread may handle signals
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)


def _end_process(before_exit: Callable[[], None] | None) -> None:
    _log.warning(
        "Stopped, although something was still running %d seconds after the signal. Unsent "
        "announcements go out after the next start.",
        TIME_LIMIT.total_seconds(),
    )
    if before_exit is not None:
        before_exit()
    os._exit(0)
