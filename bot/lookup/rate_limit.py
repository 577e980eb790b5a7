"""Calls one web service at the rate it allows, and leaves it alone for a while after failures."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from bot.net.http import HttpClient, HttpError, Page
from bot.net.pace import Pace

_MAX_RETRY_WAIT = timedelta(seconds=5)  # that a request waits before it tries once more
_RATE_LIMIT_COOLDOWN = timedelta(minutes=1)  # after a 429 without Retry-After
_FAILURE_COOLDOWN = timedelta(seconds=10)  # after a server error or no answer
_MAX_COOLDOWN = timedelta(hours=1)


class Service:
    """A service with one request at a time, at its ``pace``, and a circuit breaker."""

    def __init__(self, http: HttpClient, url: str, pace: Pace) -> None:
        self.name = pace.service.title
        self.url = url.rstrip("/")
        self._http = http
        self._pace = pace
        self._speedup = pace.speedup_at(self.url)
        self._lock = asyncio.Lock()
        self._cooldown_ends_at = 0.0
        self._last_error = ""

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Page | None:
        """Returns the response, or None for a 404; raises `HttpError` with the service's name.

        Waits for a short Retry-After and tries once more. A longer one, or a server error, starts
        a cooldown, during which requests fail at once.
        """
        async with self._lock:
            self._raise_during_cooldown()
            try:
                return await self._request_with_retry(path, headers)
            except HttpError as error:
                if error.status == 404:
                    return None
                self._start_cooldown(error)
                raise self.failure(str(error), error) from error

    def failure(self, sentence: str, error: HttpError | None = None, cause: str = "") -> HttpError:
        """Returns an error that names this service; ``sentence`` is the reason."""
        return HttpError(
            f"{self.name} isn't available right now. {sentence}",
            cause=f"{self.name}: {error.cause if error else cause or sentence}",
            status=error.status if error else None,
        )

    async def _request_with_retry(self, path: str, headers: Mapping[str, str] | None) -> Page:
        try:
            return await self._request(path, headers)
        except HttpError as error:
            if error.retry_after is None:
                raise
            wait = error.retry_after / self._speedup
            if wait > _MAX_RETRY_WAIT:
                raise
            await asyncio.sleep(wait.total_seconds())
            return await self._request(path, headers)

    async def _request(self, path: str, headers: Mapping[str, str] | None) -> Page:
        async with self._pace.turn(self.url):
            return await self._http.get(f"{self.url}{path}", headers)

    def _raise_during_cooldown(self) -> None:
        seconds = self._cooldown_ends_at - asyncio.get_running_loop().time()
        if seconds > 0:
            raise self.failure(f"{self._last_error} I'll try again in {_duration(seconds)}.")

    def _start_cooldown(self, error: HttpError) -> None:
        """Starts a cooldown as long as the error calls for, which may be none."""
        cooldown = error.retry_after
        if cooldown is None and error.status == 429:
            cooldown = _RATE_LIMIT_COOLDOWN
        elif cooldown is None and (error.status is None or error.status >= 500):
            cooldown = _FAILURE_COOLDOWN
        if cooldown is not None:
            seconds = min(cooldown, _MAX_COOLDOWN).total_seconds() / self._speedup
            self._cooldown_ends_at = asyncio.get_running_loop().time() + seconds
            self._last_error = str(error)


def _duration(seconds: float) -> str:
    if seconds < 90:
        count, unit = max(round(seconds), 1), "second"
    else:
        count, unit = round(seconds / 60), "minute"
    return f"{count} {unit}{'' if count == 1 else 's'}"
