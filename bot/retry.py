"""Retrying what the timers do while the database is unavailable."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from storage.errors import DatabaseDamaged, DatabaseUnavailable
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

_MAX_PAUSE = timedelta(minutes=15)

_T = TypeVar("_T")


class DatabaseBackoff:
    """Runs a step that may find the database unavailable, with a pause that grows.

    The first failure in a row is logged with its ``consequence``, and so is the recovery.
    ``pause`` is how long the step is skipped after the first failure; each further one doubles it.
    """

    def __init__(self, consequence: str, clock: Clock, pause: timedelta = timedelta()) -> None:
        self._consequence = consequence
        self._clock = clock
        self._pause = pause
        self._failures = 0
        self._failed_at = datetime.min.replace(tzinfo=UTC)

    async def run(self, step: Callable[[], Awaitable[_T]]) -> _T | None:
        """Returns the step's result, or None if it was skipped or the database is unavailable."""
        if self._is_pausing():
            return None
        try:
            result = await step()
        except DatabaseDamaged:  # which `DatabaseHealth` reports
            return None
        except DatabaseUnavailable as error:
            if not self._failures:
                _log.warning(
                    "%s until the database is available: %s", self._consequence, error.cause
                )
            self._failures += 1
            self._failed_at = self._clock()
            return None
        if self._failures:
            _log.warning("The database is available again.")
        self._failures = 0
        return result

    def _is_pausing(self) -> bool:
        if not self._failures:
            return False
        pause: timedelta = min(self._pause * 2 ** min(self._failures - 1, 10), _MAX_PAUSE)
        return timedelta() <= self._clock() - self._failed_at < pause
