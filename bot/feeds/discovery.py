"""Reads feeds from files and URLs without following them."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from bot.feeds.fetch import FetchedFeed, NoFeedFound, feed_candidates, fetch_feed
from bot.feeds.parser import NotAFeed, ParsedFeed, parse_feed
from bot.net.http import HttpClient
from storage.errors import LabError
from storage.redaction import redact_url, redacted_repr

_log = logging.getLogger(__name__)

_MIN_PARALLEL = 60  # files; fewer are read faster than worker processes start
_CHUNK_SIZE = 20
_MAX_WORKERS = 8


@redacted_repr
@dataclass(frozen=True, slots=True)
class ReadResult:
    """The feed that was read from a file or URL, or the error."""

    source: str
    feed: ParsedFeed | None = None
    error: str = ""


@contextmanager
def read_feed_files(
    files: Sequence[str], now: datetime, max_bytes: int
) -> Generator[Iterator[ReadResult]]:
    """Reads files in their order, many of them in worker processes that stop with the block."""
    read = partial(_read_file, now=now, max_bytes=max_bytes)
    workers = min(os.cpu_count() or 1, _MAX_WORKERS)
    if len(files) <= _MIN_PARALLEL or workers == 1:
        yield map(read, files)
        return
    # Spawned, because a fork copies locks that other threads hold.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool.map(read, files, chunksize=_CHUNK_SIZE)


async def read_feed_urls(
    http: HttpClient, urls: Sequence[str], now: datetime
) -> tuple[ReadResult, ...]:
    """Reads URLs in their order, each a feed or a page that links to one."""
    return tuple(await asyncio.gather(*(_read_url(http, url, now) for url in urls)))


async def discover_feed(
    http: HttpClient, url: str, parse: Callable[[FetchedFeed], Awaitable[ParsedFeed]]
) -> tuple[FetchedFeed, ParsedFeed]:
    """Returns the feed at a URL, or the first readable one that the page there links to.

    Raises `NoFeedFound` and `HttpError`.
    """
    async with fetch_feed(http, url) as page:
        try:
            return page, await parse(page)
        except NotAFeed:
            candidates = await asyncio.to_thread(lambda: list(feed_candidates(page)))
    for candidate in candidates:
        try:
            async with fetch_feed(http, candidate) as fetched:
                return fetched, await parse(fetched)
        except LabError as error:
            cause = getattr(error, "cause", error)
            _log.info("No feed at %s: %s", redact_url(candidate), cause)
    raise NoFeedFound(url)


def _read_file(file: str, *, now: datetime, max_bytes: int) -> ReadResult:
    try:
        with Path(file).open("rb") as opened:
            body = opened.read(max_bytes + 1)
        if len(body) > max_bytes:
            return ReadResult(file, error=f"It is larger than {max_bytes / 2**20:,.1f} MiB.")
        return ReadResult(file, parse_feed(body, f"file:{Path(file).name}", now))
    except OSError as error:
        return ReadResult(file, error=f"I can't read it: {error.strerror}.")
    except ValueError:
        return ReadResult(file, error="That isn't a valid file name.")
    except LabError as error:
        return ReadResult(file, error=str(error))


async def _read_url(http: HttpClient, url: str, now: datetime) -> ReadResult:
    async def parse(page: FetchedFeed) -> ParsedFeed:
        return await asyncio.to_thread(parse_feed, page.body, page.url, now, page.content_type)

    try:
        _, feed = await discover_feed(http, url, parse)
    except LabError as error:
        return ReadResult(url, error=str(error))
    return ReadResult(url, feed)
