"""Rows of the bot as a whole: imports, memory, `/search`, announcing, exports and backups."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import discord
import simcord

from benchmarks import generator
from benchmarks.bench import (
    ACTOR,
    Bench,
    add_papers,
    clock,
    open_bot,
    temporary_database,
    temporary_library,
)
from benchmarks.measuring import Budget, Contender, Row, StallMeter, settle_garbage
from bot.app import App
from bot.exporter import Exporter, TooManyExports
from bot.formats.writers.export import ExportFormat
from bot.maintenance.nightly_backups import make_nightly
from bot.net.sandbox import open_workers
from bot.ui import announcements, cards
from bot.ui.result_pages import render
from bot.ui.saved_query import SavedQuery
from storage.backups.files import Backups
from storage.database import open_database
from storage.library import Library, open_library
from storage.models import Origin, Paper, PaperDraft
from storage.search.query import Query, parse

_IMPORTS = Budget(calls=3)
_MEMORY_CALLS = 200
_MEMORY_BASE = 20  # papers
_CHANNELS = 1_000
_ANNOUNCEMENTS = Budget(calls=5)
_EXPORTING = 20  # people who export at the same time
_EXPORTED = 20_000  # papers in the list


async def bulk_import(bench: Bench) -> AsyncIterator[Row]:
    """An import, and the fastest way to write the same rows into the same tables."""

    async def add(papers: list[PaperDraft]) -> float:
        async with temporary_library() as library:
            start = perf_counter()
            await add_papers(library, papers)
            return perf_counter() - start

    async def copy(source: Path) -> float:
        async with temporary_library() as empty:
            return _copy_rows(source, empty.path)

    drafts = list(generator.drafts(bench.small))
    async with temporary_library(drafts) as library:
        raw, ours = Contender("raw", copy, [library.path]), Contender("ours", add, [drafts])
        name = "bulk import: rate / raw executemany's"
        yield await _IMPORTS.compare(name, raw, ours, 50, at_least=0.4)
    drafts = list(generator.drafts(2 * bench.small))
    stalls = StallMeter()
    async with temporary_library() as library, stalls.running():
        await add_papers(library, drafts)
    yield stalls.row("longest stall of the event loop in an import, in ms")


def _copy_rows(source: Path, target: Path) -> float:
    """Copies all rows by ``executemany``; returns how many seconds the writing took."""
    with closing(sqlite3.connect(source)) as db:
        tables = db.execute(
            """SELECT name, type FROM pragma_table_list
               WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite%'"""
        ).fetchall()
        inserts = [_read_table(db, name, kind) for name, kind in tables]
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = NORMAL")  # as in the library
        for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            db.execute(f'DROP TRIGGER "{trigger}"')  # the rows include what triggers wrote
        for name, kind in tables:
            if kind == "table":  # which may have settings
                db.execute(f'DELETE FROM "{name}"')  # noqa: S608 - its own names
        start = perf_counter()
        db.execute("BEGIN IMMEDIATE")
        for insert, rows in inserts:
            db.executemany(insert, rows)
        db.execute("COMMIT")
        return perf_counter() - start


def _read_table(db: sqlite3.Connection, name: str, kind: str) -> tuple[str, list[tuple[Any, ...]]]:
    """Returns the statement that inserts into a table, and the table's rows."""
    sql = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 0"  # hidden or generated
    columns = ["rowid"] if kind == "virtual" else []  # a full-text index
    columns += [f'"{column}"' for (column,) in db.execute(sql, [name])]
    listed, marks = ", ".join(columns), ", ".join("?" * len(columns))
    rows = db.execute(f'SELECT {listed} FROM "{name}"').fetchall()  # noqa: S608 - its own names
    return f'INSERT INTO "{name}" ({listed}) VALUES ({marks})', rows  # noqa: S608


async def memory(bench: Bench) -> AsyncIterator[Row]:
    """The bot's memory with the largest catalog and with hardly any papers."""
    large, base = [await _megabytes(bench, size) for size in (bench.size, _MEMORY_BASE)]
    name = f"memory: with {bench.size:,} papers / with {_MEMORY_BASE}"
    detail = f"{large:.1f} MB and {base:.1f} MB, the most after any of {_MEMORY_CALLS} calls"
    yield Row(name, large / base, 1.5, detail=detail)


async def _megabytes(bench: Bench, size: int) -> float:
    """Measures the memory of a new process that opens the bot and looks things up."""
    path = await bench.path(size)
    words = [sys.executable, "-m", "benchmarks.memory_probe", str(path), str(_MEMORY_CALLS)]
    return int(await asyncio.to_thread(subprocess.check_output, words)) / (1 << 20)


@asynccontextmanager
async def _simulated_discord(
    database: Path,
) -> AsyncGenerator[tuple[App, simcord.Env, simcord.GuildHandle]]:
    """The bot on a simulated Discord, in a server."""
    async with open_bot(database) as app, simcord.run(app.client, strict_sync=False) as env:
        yield app, env, env.create_guild("Open Lab")


async def command(bench: Bench) -> AsyncIterator[Row]:
    """`/search` on a simulated Discord, and two commands that look nothing up.

    One says “Done.”, the other sends the page that `/search` would send, made before.
    """
    size = bench.size // 10
    with temporary_database() as path:
        shutil.copyfile(await bench.path(size), path)  # searches save their queries
        async with _simulated_discord(path) as (app, env, guild):
            channel = guild.create_text_channel("papers")
            member = guild.add_member(env.create_user("mika"))
            papers = await bench.sample(app.library, bench.budget.calls)
            queries = [_search_query(paper, turn) for turn, paper in enumerate(papers)]
            pages = {
                query: await render(app.library, SavedQuery(words=query), member.id)
                for query in queries
            }
            completed = perf_counter()

            @app.client.tree.command(name="nothing", description="Do nothing.")
            async def send_notice(interaction: discord.Interaction) -> None:
                await interaction.response.send_message(view=cards.notice("Done."))

            @app.client.tree.command(name="page", description="Send a page that was made before.")
            async def send_page(interaction: discord.Interaction, query: str) -> None:
                await interaction.response.send_message(view=pages[query])

            async def note(*_: object) -> None:
                nonlocal completed
                completed = perf_counter()

            app.client.add_listener(note, "on_app_command_completion")

            def contender(name: str) -> Contender[str]:
                """A command, timed to its completion: the simulator may wait longer."""

                async def call(query: str) -> float:
                    start = perf_counter()
                    options = {} if name == "nothing" else {"query": query}
                    await member.slash(channel, name, **options)
                    return completed - start

                return Contender(f"/{name}", call, queries)

            for other, theirs, at_most in (
                ("nothing", "no-op command's", None),  # for comparison
                ("page", "command's that sends the same page ready-made", 4),
            ):
                name = f"/search round trip, {size:,} papers: p50 / a {theirs}"
                both = contender("search"), contender(other)
                yield await bench.budget.compare(name, *both, 50, at_most)


def _search_query(paper: Paper, turn: int) -> str:
    """Returns a word of the abstract, two words of the title, or the whole title, in turn."""
    words = paper.title.split()
    return (paper.abstract.split()[turn % 100], " ".join(words[2:4]), paper.title)[turn % 3]


async def announcing(bench: Bench) -> AsyncIterator[Row]:
    """Papers announced in many channels, and a bot that renders once and sends everywhere.

    Both take the processor time of a message.
    """
    count = max(4, min(_CHANNELS, bench.size // 1_000))
    drafts = list(generator.drafts(_ANNOUNCEMENTS.calls + _ANNOUNCEMENTS.warm_up))
    async with temporary_library(drafts) as library:
        papers = await library.papers.batch()
    with temporary_database() as path:
        async with _simulated_discord(path) as (app, _, guild):
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

            ours, loop = Contender("ours", announce, drafts), Contender("loop", send, papers)
            name = f"one paper to {count:,} channels: processor time a message / a bare loop's"
            yield await _ANNOUNCEMENTS.compare(name, ours, loop, 0, 1.5)


async def durable_claim(bench: Bench) -> AsyncIterator[Row]:
    """A claim that the disk has before the message is sent, and one that may still be lost.

    Both write one row, on the disk that has the catalogs. It has no goal: the disk decides.
    """
    bench.folder.mkdir(parents=True, exist_ok=True)
    posts = range(max(20, bench.budget.calls))
    with temporary_database(bench.folder) as path:
        async with open_database(path) as database:
            async with database.transaction() as db:
                await db.run_many(
                    """INSERT INTO posts (id, destination_id, kind, state, created_at)
                       VALUES (?, 1, 'notice', 'waiting', '')""",
                    [(post_id,) for post_id in posts],
                )

            def contender(name: str, *, durable: bool) -> Contender[int]:
                async def claim(post_id: int) -> None:
                    async with database.transaction(durable=durable) as db:
                        await db.run("UPDATE posts SET state = 'claimed' WHERE id = ?", [post_id])

                return Contender(name, claim, posts)

            name = "claim that survives a power failure: p50 / a plain one's"
            durable, plain = contender("durable", durable=True), contender("plain", durable=False)
            yield await bench.budget.compare(name, durable, plain, 50)


async def exports(bench: Bench) -> AsyncIterator[Row]:
    """Lookups while people export the whole list, and without.

    Those who are told that too many people wait give up.
    """
    size = min(bench.size, _EXPORTED)
    async with bench.library(size) as library:
        exporter = Exporter(library.path, clock)
        people = itertools.count()

        async def wait(_ahead: int) -> None:
            """Nobody is told."""

        async def export() -> None:
            with suppress(TooManyExports):
                await exporter.export(
                    next(people), Query(), ExportFormat.JSON, max_bytes=1 << 30, on_wait=wait
                )

        async def export_together() -> None:
            await asyncio.gather(*(export() for _ in range(_EXPORTING)))

        lookups = await _lookups(bench, library)
        what = f"while {_EXPORTING} people export {size:,} papers"
        for row in await bench.budget.compare_busy(what, export_together, [lookups], [3]):
            yield row


async def backups(bench: Bench) -> AsyncIterator[Row]:
    """Lookups and writes while nightly backups are made, and without."""
    size = bench.size // 10
    catalog = await bench.path(size)
    new, made = itertools.count(1), itertools.count()
    with temporary_database(bench.folder) as path:
        shutil.copyfile(catalog, path)  # papers are added to it
        async with (
            open_library(path, clock) as library,
            open_workers(timedelta(hours=1)) as workers,
        ):

            async def write(_text: str) -> None:
                number = next(new)
                draft = PaperDraft(f"Written {number}", identifiers=(f"doi:10.1/written.{number}",))
                await library.papers.upsert(draft, Origin.IMPORT, ACTOR)

            async def back_up() -> None:
                made_at = clock() + timedelta(seconds=next(made))
                await workers.run(make_nightly, Backups.of(path), made_at, 1)

            await back_up()  # starts the worker
            lookups = await _lookups(bench, library)
            both = lookups, Contender("writes", write, lookups.cases)
            what = f"while {size:,} papers are backed up"
            for row in await bench.budget.compare_busy(what, back_up, both, [3, None]):
                yield row


async def _lookups(bench: Bench, library: Library) -> Contender[str]:
    """Returns title suggestions and searches, each as one call."""

    async def look_up(text: str) -> None:
        await library.search.suggest_titles(text)
        await library.search.find(parse(text))

    papers = await bench.sample(library, bench.budget.calls)
    return Contender("lookups", look_up, [p.title[: 3 + n % 9] for n, p in enumerate(papers)])
