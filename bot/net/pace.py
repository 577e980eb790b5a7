"""Keeps a pause between the requests to a service, whoever makes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

# Between two requests to any of its services (https://info.arxiv.org/help/api/tou.html).
ARXIV_PAUSE = timedelta(seconds=3)


class Pace:
    """Lets one request at a time go to a service, and a ``pause`` pass after each."""

    def __init__(self, pause: timedelta = timedelta()) -> None:
        self.pause = pause
        self._lock = asyncio.Lock()
        self._free_at = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Waits until nobody else uses the service and the pause is over."""
        now = asyncio.get_running_loop().time
        async with self._lock:
            await asyncio.sleep(max(self._free_at - now(), 0))
            try:
                yield
            finally:
                self._free_at = now() + self.pause.total_seconds()

    def wait(self, pause: timedelta) -> None:
        """Lets this time pass before the next request, at least."""
        free_at = asyncio.get_running_loop().time() + pause.total_seconds()
        self._free_at = max(self._free_at, free_at)
