"""What the bot reads in feeds' files and addresses, without watching or keeping anything."""

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

from bot.feeds.fetch import Fetched, NoFeedThere, feed_candidates, fetch_feed
from bot.feeds.parser import NotAFeed, ParsedFeed, parse_feed
from bot.net.http import Web
from storage.errors import LabError

_log = logging.getLogger(__name__)

_FEW = 60  # files that are read faster than other processes begin
_CHUNK = 20
_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True)
class Reading:
    """One source and what was read there, or why nothing was."""

    source: str
    feed: ParsedFeed | None = None
    error: str = ""


def is_address(source: str) -> bool:
    """Whether a source is an address, and else a file."""
    return source.lower().startswith(("http://", "https://"))


@contextmanager
def read_files(files: Sequence[str], now: datetime, max_bytes: int) -> Generator[Iterator[Reading]]:
    """Read files in their order, many of them in several processes; a bad one ends no other.

    The processes end with the context.
    """
    read = partial(_read_file, now=now, max_bytes=max_bytes)
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    if len(files) <= _FEW or workers == 1:
        yield map(read, files)
        return
    # Spawned, since a fork copies locks that other threads hold.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield pool.map(read, files, chunksize=_CHUNK)


async def read_addresses(web: Web, addresses: Sequence[str], now: datetime) -> tuple[Reading, ...]:
    """Read addresses in their order: each as a feed, or as a page that names one."""
    return tuple(await asyncio.gather(*(_try_address(web, one, now) for one in addresses)))


def _read_file(file: str, *, now: datetime, max_bytes: int) -> Reading:
    try:
        with Path(file).open("rb") as opened:
            body = opened.read(max_bytes + 1)
        if len(body) > max_bytes:
            return Reading(file, error=f"It is larger than {max_bytes / 2**20:,.1f} MiB.")
        return Reading(file, parse_feed(body, f"file:{Path(file).name}", now))
    except OSError as error:
        return Reading(file, error=f"It can't be read: {error.strerror}.")
    except ValueError:
        return Reading(file, error="That is no name of a file.")
    except LabError as error:
        return Reading(file, error=str(error))


async def read_address(
    web: Web, url: str, parse: Callable[[Fetched], Awaitable[ParsedFeed]]
) -> tuple[Fetched, ParsedFeed]:
    """The feed at an address or the first readable one that the page there names.

    Raises `NoFeedThere` and `WebError`.
    """
    async with fetch_feed(web, url) as page:
        try:
            return page, await parse(page)
        except NotAFeed:
            candidates = await asyncio.to_thread(lambda: list(feed_candidates(page)))
    for candidate in candidates:
        try:
            async with fetch_feed(web, candidate) as fetched:
                return fetched, await parse(fetched)
        except LabError as error:
            _log.info("No feed at %s: %s", candidate, getattr(error, "cause", error))
    raise NoFeedThere(url)


async def _try_address(web: Web, address: str, now: datetime) -> Reading:
    async def parse(page: Fetched) -> ParsedFeed:
        return await asyncio.to_thread(parse_feed, page.body, page.url, now, page.content_type)

    try:
        _, feed = await read_address(web, address, parse)
    except LabError as error:
        return Reading(address, error=str(error))
    return Reading(address, feed)
