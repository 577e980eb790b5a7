"""Runs pure work on many items in a thread, because Discord's heartbeat shares the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")

_MAX_INLINE = 10  # items that take no longer than starting a thread


async def run_in_thread(work: Callable[[Sequence[_T]], _R], items: Sequence[_T]) -> _R:
    """Returns ``work(items)``, computed in a thread unless there are only a few items.

    In a thread that has no event loop, such as a database connection's, it's computed at once.
    """
    if len(items) <= _MAX_INLINE or not _has_event_loop():
        return work(items)
    return await asyncio.to_thread(work, items)


def _has_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
