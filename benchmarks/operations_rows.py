"""Rows of what operators and members see of the bot itself, such as metrics and statistics."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from benchmarks.bench import ACTOR, Bench, clock, title_lookups, typed_queries
from benchmarks.measuring import Budget, Row, Side, processor_time
from benchmarks.simulation import open_server
from bot.charts.statistics import paper_chart
from bot.maintenance.nightly_backups import make_nightly
from bot.operations.database_check import check_file, check_library
from bot.operations.findings import has_problems
from bot.operations.health_server import serve_health
from bot.settings import Settings
from bot.statistics import StatisticsRunner
from bot.ui.statistics import BARS
from storage.backups.files import Backups
from storage.models import Actor, Origin, PaperDraft
from storage.search.query import Query

_FEEDS = 100
_COMMANDS = 60  # about as many as there are
_OUTCOMES = ("ok", "refused", "failed")
_CHECKED = 20_000  # papers
_CHECKS = Budget(calls=5)
_ADDED = 50  # papers by one moderator


async def scrape(bench: Bench) -> AsyncIterator[Row]:
    """A scrape of the metrics, after every command was used, and an answer of the same text."""
    size = bench.size // 10
    app = (await bench.open(open_server(await bench.copy(size)))).app
    for number in range(_FEEDS):
        await app.library.feeds.follow(f"https://feeds.example/{number}", "", "", ACTOR)
    for number, outcome in itertools.product(range(_COMMANDS), _OUTCOMES):
        app.monitor.metrics.record_command(f"group command-{number}", outcome, seconds=0.1)
    port = await bench.open(serve_health(app.monitor, port=0))
    metrics = await app.monitor.render_metrics()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=metrics, content_type="text/plain")

    plain = web.Application()
    plain.router.add_get("/", answer)
    plain_server = await bench.open(TestServer(plain))
    http = await bench.open(aiohttp.ClientSession())

    async def fetch(url: str) -> None:
        async with http.get(url) as response:
            await response.read()

    sides = (
        Side("scrape", processor_time(fetch), [f"http://127.0.0.1:{port}/metrics"]),
        Side("plain", processor_time(fetch), [str(plain_server.make_url("/"))]),
    )
    name = f"/metrics with {size:,} papers: processor time / a plain answer's of the same text"
    yield await bench.budget.compare(name, *sides, 50, at_most=50)


async def counting(bench: Bench) -> AsyncIterator[Row]:
    """A command that is counted and timed, and one that isn't: their processor time."""
    server = await bench.open(open_server(bench.database()))
    client = server.app.client
    listeners = client.extra_events
    others = {
        event: [one for one in them if getattr(one, "__self__", None) is not server.app.monitor]
        for event, them in listeners.items()
    }

    async def run(heard: dict[str, list[Any]]) -> None:
        client.extra_events = heard
        await server.time("nothing")

    counted = Side("counted", processor_time(run), [listeners])
    uncounted = Side("not counted", processor_time(run), [others])
    name = "a command that is counted and timed: processor time / of one that isn't"
    yield await bench.budget.compare(name, counted, uncounted, 50, at_most=1.25)


async def check(bench: Bench) -> AsyncIterator[Row]:
    """What `lab-herald check --offline` does with the database and a backup, and `quick_check`."""
    size = min(bench.size, _CHECKED)
    path = await bench.copy(size)
    await asyncio.to_thread(make_nightly, Backups.of(path), clock(), 1)
    settings = Settings(database_path=path)

    async def check_all(_: None) -> None:
        findings = await asyncio.to_thread(lambda: list(check_file(settings)))
        findings += await check_library(settings)
        if has_problems(findings):
            raise RuntimeError(f"The check found {findings}.")

    def quick_check() -> None:
        with closing(sqlite3.connect(path)) as db:
            db.execute("PRAGMA quick_check").fetchall()

    sides = (
        Side("check", processor_time(check_all), [None]),
        Side("quick_check", processor_time(lambda _: asyncio.to_thread(quick_check)), [None]),
    )
    name = f"check --offline of {size:,} papers and a backup: processor time / quick_check's"
    yield await _CHECKS.compare(name, *sides, 50, at_most=8)


async def statistics(bench: Bench) -> AsyncIterator[Row]:
    """Lookups while statistics are counted and drawn for `/stats`, and without."""
    size = bench.size // 10
    library = await bench.library(size)

    async def make_picture() -> None:
        runner = StatisticsRunner(library.path)  # which has no picture yet
        counted = await runner.count(Query())
        if await runner.draw(paper_chart(counted, BARS)) is None:
            raise RuntimeError("The chart wasn't drawn.")

    await make_picture()  # which is slower the first time
    lookups = await title_lookups(bench, library)
    what = f"while statistics of {size:,} papers are drawn"
    for row in await bench.budget.compare_busy(what, make_picture, [(lookups, 3)]):
        yield row


async def privacy(bench: Bench) -> AsyncIterator[Row]:
    """`/privacy` of a moderator who added and edited papers, and `/search`."""
    size = bench.size // 10
    server = await bench.open(open_server(await bench.copy(size)))
    library = server.app.library
    queries = typed_queries(await bench.sample(library, bench.budget.calls))
    moderator = Actor(f"discord:{server.member.id}", "mika")
    drafts = [PaperDraft(f"Written {n}", identifiers=(f"doi:10.1/{n}",)) for n in range(_ADDED)]
    await library.papers.upsert_many(drafts, Origin.MODERATOR, moderator)
    sides = (
        Side("/privacy", processor_time(lambda _: server.time("privacy")), queries),
        Side("/search", processor_time(lambda text: server.time("search", query=text)), queries),
    )
    name = f"/privacy with {size:,} papers: processor time / of a search"
    yield await bench.budget.compare(name, *sides, 50, at_most=1)
