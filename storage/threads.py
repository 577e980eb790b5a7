"""Pure work on many things done beside the event loop, which Discord's heartbeat shares."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

Thing = TypeVar("Thing")
Made = TypeVar("Made")

_FEW = 10  # things that are done with about as soon as a thread begins


async def run_in_thread(work: Callable[[Sequence[Thing]], Made], things: Sequence[Thing]) -> Made:
    """What pure work makes of some things; where they are many, in a thread."""
    if len(things) <= _FEW:
        return work(things)
    return await asyncio.to_thread(work, things)
