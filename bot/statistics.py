"""Counts papers and draws charts in worker processes, so that the bot keeps answering."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from cachetools import LRUCache

from bot.charts.chart import Chart, Picture
from bot.net.sandbox import ResourceLimitExceeded, Workers, give_way, open_workers
from storage.errors import LabError
from storage.library import open_statistics
from storage.search.query import Query
from storage.statistics import PaperStatistics

_log = logging.getLogger(__name__)

_TIME_LIMIT = timedelta(seconds=30)
_MAX_WAITING = 10
_MAX_PICTURES = 16  # of some 80 KB each


class StatisticsTakeTooLong(LabError):
    """The papers couldn't be counted in time."""

    def __init__(self) -> None:
        super().__init__(
            "Counting these papers takes too long. Try again later, or narrow them down by year or "
            "venue."
        )


class TooManyStatistics(LabError):
    """Too many people wait for statistics."""

    def __init__(self) -> None:
        super().__init__("Many people are asking for statistics. Try again in a minute.")


class StatisticsRunner:
    """Counts papers of one database and draws charts in worker processes, one at a time."""

    def __init__(self, database: Path, time_limit: timedelta = _TIME_LIMIT) -> None:
        self._database = database
        self._time_limit = time_limit
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._pictures: LRUCache[Chart, Picture] = LRUCache(_MAX_PICTURES)

    def require_room(self) -> None:
        """Raises `TooManyStatistics` if many people wait."""
        if self._waiting > _MAX_WAITING:
            raise TooManyStatistics

    async def count(self, query: Query) -> PaperStatistics:
        """Counts the papers that match a query.

        Raises `StatisticsTakeTooLong`.
        """
        async with self._worker() as workers:
            try:
                return await workers.run(count_papers, self._database, query)
            except ResourceLimitExceeded as error:
                _log.warning("Papers couldn't be counted within a worker's time and memory")
                raise StatisticsTakeTooLong from error

    async def draw(self, chart: Chart) -> Picture | None:
        """Draws a chart, or returns None if that fails, which is logged.

        The latest charts are cached.
        """
        if chart not in self._pictures:
            try:
                # Created here, because a worker that is killed leaves its files behind.
                with TemporaryDirectory(prefix="lab-herald-", ignore_cleanup_errors=True) as folder:
                    async with self._worker() as workers:
                        self._pictures[chart] = await workers.run(draw_chart, chart, folder)
            except ResourceLimitExceeded:
                _log.warning("A chart couldn't be drawn within a worker's time and memory")
                return None
            except Exception:  # noqa: BLE001 - whatever failed, the reply can still have the figures
                _log.exception("A chart couldn't be drawn")
                return None
        return self._pictures[chart]

    @asynccontextmanager
    async def _worker(self) -> AsyncGenerator[Workers]:
        self._waiting += 1
        try:
            async with self._turn, open_workers(self._time_limit, count=1) as workers:
                yield workers
        finally:
            self._waiting -= 1


def count_papers(database: Path, query: Query) -> PaperStatistics:
    """Counts papers in a worker process, on its own connection to the database."""
    give_way()

    async def count() -> PaperStatistics:
        async with open_statistics(database) as statistics:
            return await statistics.count(query)

    return asyncio.run(count())


def draw_chart(chart: Chart, folder: str) -> Picture:
    """Draws a chart in a worker process, the only one that imports matplotlib.

    matplotlib caches its list of fonts in ``MPLCONFIGDIR`` or, if that isn't set, in ``folder``,
    since the user's own cache may be read-only.
    """
    os.environ.setdefault("MPLCONFIGDIR", folder)
    # The buffers of many threads would exceed a worker's memory limit.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    from bot.charts.drawing import draw  # noqa: PLC0415 - reads these variables

    return draw(chart)
