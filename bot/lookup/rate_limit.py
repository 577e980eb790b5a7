"""One service that is asked over the network: at the pace it wants, and not while it rests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta

from bot.net.http import Page, Web, WebError

_SHORT = timedelta(seconds=5)  # that are waited for at once
_REST = timedelta(minutes=1)  # where a service says that it is too much, not for how long
_LONGEST_REST = timedelta(hours=1)
_BREATH = timedelta(seconds=10)  # after a fault or a silence, so that many don't wait for it


class Service:
    """A service by its name and base address; one request at a time, with a ``pause`` after it."""

    def __init__(self, name: str, web: Web, url: str, pause: timedelta = timedelta()) -> None:
        self.name = name
        self.url = url.rstrip("/")
        self._web = web
        self._pause = pause.total_seconds()
        self._turn = asyncio.Lock()
        self._free_at = 0.0
        self._rests_until = 0.0
        self._refusal = ""

    async def get(self, path: str, headers: Mapping[str, str] | None = None) -> Page | None:
        """What it answers; none where it has nothing there. Raises `WebError` with its name.

        Where it wants a few seconds' rest it gets them, and is asked once more; where it wants a
        longer one or has a fault, nobody asks it for that while.
        """
        async with self._turn:
            self._require_no_rest()
            try:
                return await self._ask_patiently(path, headers)
            except WebError as error:
                if error.status == 404:
                    return None
                self._heed(error)
                raise self.failure(str(error), error) from error

    def failure(self, sentence: str, error: WebError | None = None, cause: str = "") -> WebError:
        """The error of this service, for a reason that is a sentence."""
        return WebError(
            f"{self.name} does not help just now. {sentence}",
            cause=f"{self.name}: {error.cause if error else cause or sentence}",
            status=error.status if error else None,
        )

    async def _ask_patiently(self, path: str, headers: Mapping[str, str] | None) -> Page:
        try:
            return await self._ask(path, headers)
        except WebError as error:
            if error.retry_after is None or error.retry_after > _SHORT:
                raise
            await asyncio.sleep(error.retry_after.total_seconds())
            return await self._ask(path, headers)

    async def _ask(self, path: str, headers: Mapping[str, str] | None) -> Page:
        now = asyncio.get_running_loop().time
        await asyncio.sleep(max(self._free_at - now(), 0))
        try:
            return await self._web.get(f"{self.url}{path}", headers)
        finally:
            self._free_at = now() + self._pause

    def _require_no_rest(self) -> None:
        rest = self._rests_until - asyncio.get_running_loop().time()
        if rest > 0:
            raise self.failure(f"{self._refusal} I ask it again in {_spoken(rest)}.")

    def _heed(self, error: WebError) -> None:
        """Leave it alone for as long as it wants, or for a breath."""
        wait = error.retry_after
        if wait is None and error.status == 429:
            wait = _REST
        elif wait is None and (error.status is None or error.status >= 500):
            wait = _BREATH
        if wait is not None:
            rest = min(wait, _LONGEST_REST).total_seconds()
            self._rests_until = asyncio.get_running_loop().time() + rest
            self._refusal = str(error)


def _spoken(seconds: float) -> str:
    if seconds < 90:
        return f"{max(round(seconds), 1)} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{round(seconds / 3600)} hours"
