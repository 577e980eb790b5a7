"""Keeps a pause between the requests to a service and a daily budget, whoever makes them."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

from bot.net.http import HttpError
from bot.net.services import WebService
from bot.settings import Settings
from storage.errors import LabError
from storage.service_requests import BudgetSpent, ServiceRequests

_log = logging.getLogger(__name__)

_MIN_TIME_LIMIT = timedelta(seconds=1)  # of a request whose pause is divided
_NO_TIME = 1e-4  # seconds that aren't worth waiting
_LOOK_AGAIN = timedelta(milliseconds=200)  # whether another process's request has ended


class TooManyRequests(HttpError):
    """A service's budget for today is spent."""

    def __init__(self, service: WebService) -> None:
        super().__init__(
            f"I've asked {service.title} often enough today. I can ask again tomorrow."
        )


class Pace:
    """Lets one request at a time go to a service, and a pause pass after each.

    While the database can't be written, as during an import, only this process keeps the pause.
    """

    def __init__(self, service: WebService, requests: ServiceRequests, settings: Settings) -> None:
        self.service = service
        self._requests = requests
        self._settings = settings
        self._lock = asyncio.Lock()
        self._free_at = 0.0
        self._own_mark = ""

    def speedup_at(self, url: str) -> float:
        """Returns what pauses are divided by if the service has this address."""
        return self._settings.speedup_at(url)

    @asynccontextmanager
    async def turn(self, url: str, *, is_reserved: bool = False) -> AsyncGenerator[None]:
        """Waits until nobody else uses the service and the pause is over.

        The last requests of a day are for those with a reserved one. Raises `TooManyRequests`.
        """
        speedup = self.speedup_at(url)
        pause = self.service.pause / speedup
        time_limit = max(self._settings.feed_timeout / speedup, _MIN_TIME_LIMIT)
        budget = self.service.daily_requests - (0 if is_reserved else self.service.reserved)
        async with self._lock:
            left = self._free_at - asyncio.get_running_loop().time()
            left = min(left, pause.total_seconds())  # a simulated clock may have been put back
            if left > _NO_TIME:
                await asyncio.sleep(left)
            try:
                await self._begin(pause, time_limit, budget)
            except BudgetSpent:
                raise TooManyRequests(self.service) from None
            except LabError as error:
                _log.info("A request to %s isn't counted: %s", self.service.title, error)
            try:
                yield
            finally:
                self._free_at = asyncio.get_running_loop().time() + pause.total_seconds()
                with contextlib.suppress(LabError):
                    self._own_mark = await self._requests.end(self.service.name, pause)

    async def _begin(self, pause: timedelta, time_limit: timedelta, budget: int) -> None:
        """Counts a request, once no other process makes one or has just made one."""
        now = asyncio.get_running_loop().time
        mark, over, ends_at = "", self._own_mark, 0.0
        while wait := await self._requests.begin(
            self.service.name, pause, time_limit, budget, over
        ):
            if wait.mark != mark:
                mark, ends_at = wait.mark, now() + wait.time.total_seconds()
            seconds = ends_at - now()
            if seconds > _NO_TIME:
                await asyncio.sleep(min(seconds, _LOOK_AGAIN.total_seconds()))
            else:
                over = mark


class Paces:
    """The paces of all services; every part of the bot that asks one uses the same."""

    def __init__(self, requests: ServiceRequests, settings: Settings) -> None:
        self._requests = requests
        self._settings = settings
        self._paces: dict[str, Pace] = {}

    def of(self, service: WebService) -> Pace:
        """Returns the pace of a service."""
        if service.name not in self._paces:
            self._paces[service.name] = Pace(service, self._requests, self._settings)
        return self._paces[service.name]
