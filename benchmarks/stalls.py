"""How long the event loop is held while something is measured."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from time import perf_counter


class Stalls:
    """How long the event loop was held at most while it was looked at."""

    _EVERY = 0.002

    def __init__(self) -> None:
        self.longest = 0.0
        self.looks = 0

    @asynccontextmanager
    async def watched(self) -> AsyncGenerator[None]:
        """Look every two milliseconds whether the loop comes round in time.

        What others left in memory is kept from the rubbish that is looked through.
        """
        gc.collect()
        gc.freeze()
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()

    async def _look(self) -> None:
        while True:
            start = perf_counter()
            await asyncio.sleep(self._EVERY)
            self.longest = max(self.longest, perf_counter() - start - self._EVERY)
            self.looks += 1
