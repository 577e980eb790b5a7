"""Rows of the bot as a whole: imports, memory, `/search`, announcing, exports and backups."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import discord

from benchmarks import generator
from benchmarks.bench import (
    ACTOR,
    Bench,
    add_papers,
    clock,
    temporary_library,
    title_lookups,
    typed_queries,
)
from benchmarks.measuring import Budget, Row, Side, StallMeter, settle_garbage
from benchmarks.simulation import open_server
from bot.exporter import Exporter, TooManyExports
from bot.formats.writers.export import ExportFormat
from bot.maintenance.nightly_backups import make_nightly
from bot.net.sandbox import open_workers
from bot.ui import announcements
from bot.ui.result_pages import render
from bot.ui.saved_query import SavedQuery
from storage.backups.files import Backups
from storage.database import open_database
from storage.library import open_library
from storage.models import Origin, Paper, PaperDraft
from storage.search.query import Query

_IMPORTS = Budget(calls=3)
_TABLES = """SELECT name, type FROM pragma_table_list
             WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite%'"""
_MEMORY_CALLS = 200
_MEMORY_BASE = 20  # papers
_CHANNELS = 1_000
_ANNOUNCEMENTS = Budget(calls=5)
_EXPORTING = 20  # people who export at the same time
_EXPORTED = 20_000  # papers in the list


async def bulk_import(bench: Bench) -> AsyncIterator[Row]:
    """An import, and the fastest way to write the same rows into the same tables."""
    drafts = list(generator.drafts(2 * bench.small))

    async def add(papers: list[PaperDraft]) -> float:
        async with temporary_library() as library:
            start = perf_counter()
            await add_papers(library, papers)
            return perf_counter() - start

    async def copy(source: Path) -> float:
        async with temporary_library() as empty:
            return _copy_rows(source, empty.path)

    half = drafts[: bench.small]
    written = await bench.open(temporary_library(half))
    raw, ours = Side("raw", copy, [written.path]), Side("ours", add, [half])
    name = "bulk import: rate / raw executemany's"
    yield await _IMPORTS.compare(name, raw, ours, 50, at_least=0.4)
    stalls, library = StallMeter(), await bench.open(temporary_library())
    async with stalls.running():
        await add_papers(library, drafts)
    yield stalls.row("in an import")


def _copy_rows(source: Path, target: Path) -> float:
    """Copies all rows by ``executemany``; returns how many seconds the writing took."""
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.execute("ATTACH ? AS source", [str(source)])
        db.execute("PRAGMA synchronous = NORMAL")  # as in the library
        for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            db.execute(f'DROP TRIGGER "{trigger}"')  # the rows include what triggers wrote
        inserts = [_read_table(db, *table) for table in db.execute(_TABLES).fetchall()]
        db.execute("DETACH source")
        start = perf_counter()
        db.execute("BEGIN IMMEDIATE")
        for insert, rows in inserts:
            db.executemany(insert, rows)
        db.execute("COMMIT")
        return perf_counter() - start


def _read_table(db: sqlite3.Connection, name: str, kind: str) -> tuple[str, list[tuple[Any, ...]]]:
    """Returns the statement that inserts into a table, now empty, and the rows of the source's."""
    if kind == "table":  # which may have settings
        db.execute(f'DELETE FROM main."{name}"')  # noqa: S608 - its own names
    sql = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0"  # hidden or generated
    columns = ["rowid"] * (kind == "virtual") + [column for (column,) in db.execute(sql, [name])]
    listed, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
    rows = db.execute(f'SELECT {listed} FROM source."{name}"').fetchall()  # noqa: S608
    return f'INSERT INTO main."{name}" ({listed}) VALUES ({marks})', rows  # noqa: S608


async def memory(bench: Bench) -> AsyncIterator[Row]:
    """The bot's memory with the largest catalog and with hardly any papers."""
    megabytes = []
    for size in (bench.size, _MEMORY_BASE):
        path = str(await bench.catalog(size))
        words = [sys.executable, "-m", "benchmarks.memory_probe", path, str(_MEMORY_CALLS)]
        peak = await asyncio.to_thread(subprocess.check_output, words)
        megabytes.append(int(peak) / (1 << 20))
    large, base = megabytes
    name = f"memory: with {bench.size:,} papers / with {_MEMORY_BASE}"
    detail = f"{large:.1f} MB and {base:.1f} MB, the most after any of {_MEMORY_CALLS} calls"
    yield Row(name, large / base, at_most=1.5, detail=detail)


async def command(bench: Bench) -> AsyncIterator[Row]:
    """`/search` on a simulated Discord, and two commands that look nothing up.

    One says “Done.”, the other sends the page that `/search` would send, made before.
    """
    size = bench.size // 10
    server = await bench.open(open_server(await bench.copy(size)))  # searches save their queries
    library, member = server.app.library, server.member
    queries = typed_queries(await bench.sample(library, bench.budget.calls))
    pages = {text: await render(library, SavedQuery(words=text), member.id) for text in queries}

    @server.app.client.tree.command(name="page", description="Send a page that was made before.")
    async def send_page(interaction: discord.Interaction, query: str) -> None:
        await interaction.response.send_message(view=pages[query])

    commands = {
        "/search": lambda text: server.time("search", query=text),
        "/page": lambda text: server.time("page", query=text),
        "/nothing": lambda _: server.time("nothing"),
    }
    for other, what, at_most in (
        ("/nothing", "no-op command's", None),  # for comparison
        ("/page", "command's that sends the same page ready-made", 4),
    ):
        ours, theirs = (Side(name, commands[name], queries) for name in ("/search", other))
        name = f"/search round trip, {size:,} papers: p50 / a {what}"
        yield await bench.budget.compare(name, ours, theirs, 50, at_most=at_most)


async def announcing(bench: Bench) -> AsyncIterator[Row]:
    """Papers announced in many channels, and a bot that renders once and sends everywhere.

    Both take the processor time of a message.
    """
    count = max(4, min(_CHANNELS, bench.size // 1_000))
    drafts = list(generator.drafts(_ANNOUNCEMENTS.calls + _ANNOUNCEMENTS.warm_up))
    papers = await (await bench.open(temporary_library(drafts))).papers.batch()
    server = await bench.open(open_server(bench.database()))
    app, guild = server.app, server.guild
    ids = [guild.create_text_channel(f"papers-{n}").id for n in range(count)]
    for channel_id in ids:
        await app.library.subscriptions.subscribe(guild.id, channel_id, ACTOR)

    async def announce(draft: PaperDraft) -> float:
        await app.library.papers.upsert(
            draft, Origin.IMPORT, ACTOR, allow_duplicate=True, announce=True
        )
        settle_garbage()
        start = process_time()
        sent = await app.client.dispatcher.deliver_due()
        if sent != count:
            raise RuntimeError(f"{sent} messages were sent instead of {count}.")
        return (process_time() - start) / count

    async def send(paper: Paper) -> float:
        settle_garbage()
        start = process_time()
        layout = announcements.announcement(paper)
        for channel_id in ids:
            channel: Any = app.client.get_channel(channel_id)
            await channel.send(view=layout)
        return (process_time() - start) / count

    ours, loop = Side("ours", announce, drafts), Side("loop", send, papers)
    name = f"one paper to {count:,} channels: processor time a message / a bare loop's"
    yield await _ANNOUNCEMENTS.compare(name, ours, loop, 0, at_most=1.5)


async def durable_claim(bench: Bench) -> AsyncIterator[Row]:
    """A claim that the disk has before the message is sent, and one that may still be lost.

    Both write one row, on the disk that has the catalogs. It has no goal: the disk decides.
    """
    bench.folder.mkdir(parents=True, exist_ok=True)
    posts = range(max(20, bench.budget.calls))
    database = await bench.open(open_database(bench.database(bench.folder)))
    async with database.transaction() as db:
        await db.run_many(
            """INSERT INTO posts (id, destination_id, kind, state, created_at)
               VALUES (?, 1, 'notice', 'waiting', '')""",
            [(post_id,) for post_id in posts],
        )

    async def claim(post_id: int, *, durable: bool) -> None:
        async with database.transaction(durable=durable) as db:
            await db.run("UPDATE posts SET state = 'claimed' WHERE id = ?", [post_id])

    durable, plain = (
        Side(name, partial(claim, durable=name == "durable"), posts)
        for name in ("durable", "plain")
    )
    name = "claim that survives a power failure: p50 / a plain one's"
    yield await bench.budget.compare(name, durable, plain, 50)


async def exports(bench: Bench) -> AsyncIterator[Row]:
    """Lookups while people export the whole list, and without.

    Those who are told that too many people wait give up.
    """
    size = min(bench.size, _EXPORTED)
    library = await bench.library(size)
    exporter, people = Exporter(library.path, clock), itertools.count()

    async def ignore(_ahead: int) -> None:
        """Nobody is told how many wait."""

    async def export() -> None:
        with suppress(TooManyExports):
            await exporter.export(
                next(people), Query(), ExportFormat.JSON, max_bytes=1 << 30, on_wait=ignore
            )

    async def export_together() -> None:
        await asyncio.gather(*(export() for _ in range(_EXPORTING)))

    what = f"while {_EXPORTING} people export {size:,} papers"
    lookups = await title_lookups(bench, library)
    for row in await bench.budget.compare_busy(what, export_together, [(lookups, 3)]):
        yield row


async def backups(bench: Bench) -> AsyncIterator[Row]:
    """Lookups and writes while nightly backups are made, and without."""
    size = bench.size // 10
    path = await bench.copy(size, bench.folder)
    library = await bench.open(open_library(path, clock))
    workers = await bench.open(open_workers(timedelta(hours=1)))
    new, made = itertools.count(1), itertools.count()

    async def write(_text: str) -> None:
        number = next(new)
        draft = PaperDraft(f"Written {number}", identifiers=(f"doi:10.1/written.{number}",))
        await library.papers.upsert(draft, Origin.IMPORT, ACTOR)

    async def back_up() -> None:
        made_at = clock() + timedelta(seconds=next(made))
        await workers.run(make_nightly, Backups.of(path), made_at, 1)

    await back_up()  # starts the worker
    lookups = await title_lookups(bench, library)
    sides = [(lookups, 3), (Side("writes", write, lookups.cases), None)]
    what = f"while {size:,} papers are backed up"
    for row in await bench.budget.compare_busy(what, back_up, sides):
        yield row
