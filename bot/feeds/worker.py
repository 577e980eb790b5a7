"""Feeds are parsed in processes of their own, whose time and memory `workers` limits."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

from bot.feeds.parse import ParsedFeed, parse_feed
from bot.workers import MOST_MEMORY, TooMuchWork, Workers, open_workers
from storage.errors import LabError

_PATIENCE = timedelta(seconds=20)
_WORKERS = 2  # a feed that takes long does not keep the others waiting


class TooMuchToRead(LabError):
    """A feed could not be parsed within its time or memory; ``cause`` is for the log."""

    def __init__(self, url: str, trouble: str) -> None:
        super().__init__(
            f"What {url} sends {trouble}, so I stopped reading it. A feed of fewer or shorter "
            "entries would do."
        )
        self.cause = f"{url} {trouble}"


class Parser:
    """Reads feeds by means of some workers."""

    def __init__(self, workers: Workers) -> None:
        self.workers = workers

    async def parse(self, body: bytes, url: str, now: datetime, content_type: str) -> ParsedFeed:
        """The same as `parse_feed`; raises `TooMuchToRead` besides."""
        try:
            return await self.workers.do(parse_feed, body, url, now, content_type)
        except TooMuchWork as error:
            raise TooMuchToRead(url, error.trouble) from error


@asynccontextmanager
async def open_parser(
    patience: timedelta = _PATIENCE, most_memory: int = MOST_MEMORY, workers: int = _WORKERS
) -> AsyncGenerator[Parser]:
    """A parser whose workers begin with the first feed and end with the block."""
    async with open_workers(patience, most_memory, workers) as opened:
        yield Parser(opened)
