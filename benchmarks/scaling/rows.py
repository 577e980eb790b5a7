"""The rows: each is an absolute figure, of this machine."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import aiohttp
import numpy as np

from benchmarks.bench import ACTOR, Bench, clock, open_bot, typed_queries
from benchmarks.feed_rows import open_feeds
from benchmarks.measuring import Row, settle_garbage
from benchmarks.scaling.connected import open_connected
from benchmarks.scaling.discord_server import (
    TOKEN,
    Population,
    command,
    open_discord,
    text_option,
)
from storage.models import Origin, Paper, PaperDraft

_AT_ONCE = 20  # members who use commands at the same time
# How many of each a list of this many papers has; proportionally fewer in smaller lists.
_FULL_SIZE = 100_000
_FEEDS = 400
_GUILDS = (1, 2_500)
_CHANNELS = 1_000
_PAPERS = 3  # that are announced


@dataclass(frozen=True, slots=True)
class _Use:
    """A command that many members use, made from a paper and a query about it."""

    name: str
    make: Callable[[Paper, str], dict[str, Any]]


_USES = (
    _Use("/search", lambda _, query: command("search", [text_option("query", query)])),
    _Use("/random", lambda _, __: command("random")),
    _Use("/author", lambda paper, _: command("author", [text_option("name", paper.authors[0])])),
    _Use(
        "titles while typing",
        lambda paper, _: command(
            "search",
            [text_option("query", paper.title[: 3 + len(paper.title) % 9], is_typing=True)],
        ),
    ),
    _Use(
        "authors while typing",
        lambda paper, _: command(
            "author", [text_option("name", paper.authors[0][:4], is_typing=True)]
        ),
    ),
)


async def commands(bench: Bench) -> AsyncIterator[Row]:
    """Commands that members use one after the other, and twenty at a time."""
    path = await bench.copy(bench.size)  # searches save their queries
    address = bench.opened.enter_context(open_discord(Population()))
    app = await bench.open(open_connected(address, path, TOKEN))
    session = await bench.open(aiohttp.ClientSession())
    papers = await bench.sample(app.library, bench.budget.calls)
    queries = typed_queries(papers)

    async def use(asked: list[dict[str, Any]], at_once: int) -> tuple[list[float], float, float]:
        settle_garbage()
        ran = process_time()
        request = {"commands": asked, "at_once": at_once}
        async with session.post(f"{address}/use", json=request) as response:
            found = await response.json()
        if found["unhelpful"]:
            raise RuntimeError(f"{found['unhelpful']} of {len(asked)} answers were no help.")
        return found["seconds"], found["total"], process_time() - ran

    for each in _USES:
        asked = [each.make(*case) for case in zip(papers, queries, strict=True)]
        await use(asked[: bench.budget.warm_up], 1)
        alone, _, _ = await use(asked, 1)
        together, total, ran = await use(asked, _AT_ONCE)
        detail = (
            f"alone: {_milliseconds(alone)}; {_AT_ONCE} at a time: {_milliseconds(together)}; "
            f"{1_000 * ran / len(asked):.1f} ms of processor time each"
        )
        yield Row(f"{each.name}: commands a second", len(asked) / total, detail=detail)


def _scaled(count: int, bench: Bench) -> int:
    """Returns as large a part of a count as the list is of a full one, at least 1."""
    return max(1, min(count, count * bench.size // _FULL_SIZE))


def _milliseconds(seconds: list[float]) -> str:
    p50, p99 = (1_000 * float(np.percentile(seconds, percent)) for percent in (50, 99))
    return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"


async def feeds(bench: Bench) -> AsyncIterator[Row]:
    """Feeds of fifty entries that are all due at once."""
    ports, newest = bench.opened.enter_context(open_feeds())
    now, path = clock(), bench.database()
    app = await bench.open(open_bot(path, lambda: now))
    for kind in ("tagged", "plain"):
        for n in range(_scaled(_FEEDS // 2, bench)):
            url = f"http://127.0.0.1:{ports[n % len(ports)]}/{kind}/{n}.xml"
            await app.library.feeds.follow(url, url, "", ACTOR)
    count = len(await app.poller.poll_due())
    for what, new_entries in (("unchanged, half of them with 304", 0), ("a new entry in each", 1)):
        newest.value += new_entries
        now += timedelta(hours=2)
        settle_garbage()
        start, ran = perf_counter(), process_time()
        polls = await app.poller.poll_due()
        seconds, ran = perf_counter() - start, process_time() - ran
        if len(polls) != count or any(poll.error for poll in polls):
            raise RuntimeError(f"{len(polls)} of {count} feeds were polled.")
        detail = f"{1_000 * ran / count:.1f} ms of processor time each, without the parsers'"
        yield Row(f"feeds a second: {what}", count / seconds, detail=detail)


async def channels(bench: Bench) -> AsyncIterator[Row]:
    """Papers that are announced in each of many channels, without Discord's rate limits."""
    population = Population(channels=_scaled(_CHANNELS, bench))
    address = bench.opened.enter_context(open_discord(population))
    app = await bench.open(open_connected(address, bench.database(), TOKEN))
    for channel_id in population.channel_ids(0):
        await app.library.subscriptions.subscribe(population.guild_id(0), channel_id, ACTOR)
    for number in range(_PAPERS):
        draft = PaperDraft(title=f"Paper {number}", identifiers=(f"doi:10.1/{number}",))
        await app.library.papers.upsert(draft, Origin.IMPORT, ACTOR, announce=True)
    settle_garbage()
    start, ran = perf_counter(), process_time()
    sent = await app.client.dispatcher.deliver_due()
    seconds, ran = perf_counter() - start, process_time() - ran
    if sent != _PAPERS * population.channels:
        raise RuntimeError(f"{sent} messages were sent.")
    detail = (
        f"{_PAPERS} papers to {population.channels:,} channels; "
        f"{1_000 * ran / sent:.1f} ms of processor time each"
    )
    yield Row("messages a second", sent / seconds, detail=detail)


async def servers(bench: Bench) -> AsyncIterator[Row]:
    """The memory of a bot that is in many servers of thirty channels, each a process of its own."""
    base = 0
    for guilds in (_scaled(count, bench) for count in _GUILDS):
        with open_discord(Population(guilds)) as address:
            found = await asyncio.to_thread(_probe, address, bench.database())
        base = base or found["bytes"]
        more = (found["bytes"] - base) / 1_000 / (guilds - 1) if guilds > 1 else 0
        detail = (
            f"{more:.0f} kB for each beside the first; ready after {found['seconds']:.0f} s, "
            f"{found['processor_seconds']:.1f} s of processor time"
        )
        yield Row(f"MB of memory, {guilds:,} servers", found["bytes"] / 1_000_000, detail=detail)


def _probe(address: str, database: Path) -> dict[str, Any]:
    words = [sys.executable, "-m", "benchmarks.scaling.connected", address, str(database), TOKEN]
    found: dict[str, Any] = json.loads(subprocess.check_output(words))  # noqa: S603 - this program
    return found
