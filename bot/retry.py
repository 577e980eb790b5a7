"""What is tried again and again, with a database that can't be used for a while."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from storage.errors import DatabaseUnavailable
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

_LONGEST_PAUSE = timedelta(minutes=15)

_Done = TypeVar("_Done")


class DatabaseBackoff:
    """With a database that can't be used: says so once, and once more when it can be again.

    ``pause`` is how long a step is left alone then, doubled from failure to failure.
    """

    def __init__(self, consequence: str, clock: Clock, pause: timedelta = timedelta()) -> None:
        self._consequence = consequence
        self._clock = clock
        self._pause = pause
        self._failures = 0
        self._failed_at = datetime.min.replace(tzinfo=UTC)

    async def __call__(self, step: Callable[[], Awaitable[_Done]]) -> _Done | None:
        """What the step came to; none where the database failed, or it is left alone still."""
        if self._failures:
            pause = min(self._pause * 2 ** min(self._failures - 1, 10), _LONGEST_PAUSE)
            if timedelta() <= self._clock() - self._failed_at < pause:
                return None
        try:
            done = await step()
        except DatabaseUnavailable as error:
            if not self._failures:
                _log.warning(
                    "%s until the database can be used: %s", self._consequence, error.cause
                )
            self._failures += 1
            self._failed_at = self._clock()
            return None
        if self._failures:
            _log.warning("The database can be used again.")
        self._failures = 0
        return done
