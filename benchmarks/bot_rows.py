"""Rows of the bot as a whole: imports, memory, `/search`, announcing, exports and backups."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import discord
import simcord
from discord import app_commands

from benchmarks import catalogs, generator
from benchmarks.catalogs import ACTOR, Bench, open_bot, temporary_database, temporary_library
from benchmarks.measuring import Budget, Case, Contender, Row, StallMeter, ratio, settle_garbage
from bot.backups import make_nightly
from bot.exporter import Exporter, TooManyExports
from bot.formats.writers.export import ExportFormat
from bot.net.sandbox import open_workers
from bot.ui import announcements, cards
from bot.ui.result_pages import render
from bot.ui.saved_query import SavedQuery
from storage.backups import Backups
from storage.database import open_database
from storage.library import Library, open_library
from storage.models import Origin, Paper, PaperDraft
from storage.search.query import Query, parse

_IMPORT_ROUNDS = 3
_MEMORY_CALLS = 200
_MEMORY_BASE = 20  # papers
_CHANNELS = 1_000
_ANNOUNCEMENT_ROUNDS = 5
_EXPORTING = 20  # people who export at the same time
_EXPORTED = 20_000  # papers in the list


async def bulk_import(bench: Bench) -> list[Row]:
    """An import, and the fastest way to write the same rows into the same tables."""
    drafts = list(generator.drafts(bench.small))
    ours, raw = [], []
    for _ in range(_IMPORT_ROUNDS):
        async with temporary_library() as library, temporary_library() as empty:
            start = perf_counter()
            await catalogs.add_papers(library, drafts)
            ours.append(perf_counter() - start)
            raw.append(_copy_rows(library.path, empty.path))
    rates = [len(drafts) / median(seconds) for seconds in (ours, raw)]
    detail = f"ours {rates[0]:,.0f} papers/s; raw {rates[1]:,.0f} papers/s; {len(drafts):,} papers"
    name = "bulk import: rate / raw executemany's"
    row = Row(name, rates[0] / rates[1], at_least=0.4, detail=detail)
    drafts = list(generator.drafts(2 * bench.small))
    stalls = StallMeter()
    async with temporary_library() as library, stalls.running():
        await catalogs.add_papers(library, drafts)
    name = "longest stall of the event loop in an import, in ms"
    return [row, stalls.row(name, f"{len(drafts):,} papers; ")]


def _copy_rows(source: Path, target: Path) -> float:
    """Copies all rows by ``executemany``; returns how many seconds the writing took."""
    with closing(sqlite3.connect(source)) as db:
        names = db.execute(
            """SELECT name, type FROM pragma_table_list
               WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite%'"""
        ).fetchall()
        tables = [_read_table(db, name, kind) for name, kind in names]
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = NORMAL")  # as in the library
        for (trigger,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
            db.execute(f'DROP TRIGGER "{trigger}"')  # the rows include what triggers wrote
        for name, kind in names:
            if kind == "table":  # which may have settings
                db.execute(f'DELETE FROM "{name}"')  # noqa: S608 - its own names
        start = perf_counter()
        db.execute("BEGIN IMMEDIATE")
        for insert, rows in tables:
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


async def memory(bench: Bench) -> list[Row]:
    """The bot's memory with the largest catalog and with hardly any papers."""
    large, base = [await _megabytes(bench, size) for size in (bench.size, _MEMORY_BASE)]
    name = f"memory: with {bench.size:,} papers / with {_MEMORY_BASE}"
    detail = f"{large:.1f} MB and {base:.1f} MB, the most after any of {_MEMORY_CALLS} calls"
    return [Row(name, large / base, 1.5, detail=detail)]


async def _megabytes(bench: Bench, size: int) -> float:
    """Measures the memory of a new process that opens the bot and looks things up."""
    async with bench.library(size) as library:
        calls = []
        for turn, paper in enumerate(await bench.sample(library, _MEMORY_CALLS)):
            kinds = (
                ("search", paper.abstract.split()[turn % 100]),
                ("search", paper.title),
                ("search", " ".join(paper.title.split()[:2])),
                ("suggest titles", paper.title[: 1 + turn % 9]),
                ("author", paper.authors[0]),
                ("author", paper.authors[-1].split()[-1]),
                ("suggest authors", paper.authors[0][: 1 + turn % 5]),
                ("random", paper.venue),
            )
            calls.append(kinds[turn % len(kinds)])
    words = [sys.executable, "-m", "benchmarks.memory_probe", str(library.path)]
    typed = json.dumps(calls).encode()
    return int(await asyncio.to_thread(subprocess.check_output, words, input=typed)) / (1 << 20)


async def command(bench: Bench) -> list[Row]:
    """`/search` on a simulated Discord, and two commands that look nothing up.

    One says “Done.”, the other sends the page that `/search` would send, made before.
    """
    size = bench.size // 10
    with temporary_database() as path:
        shutil.copyfile(await bench.path(size), path)  # searches save their queries
        async with open_bot(path) as app, simcord.run(app.client, strict_sync=False) as env:
            guild = env.create_guild("Open Lab")
            channel = guild.create_text_channel("papers")
            member = guild.add_member(env.create_user("mika"))
            papers = await bench.sample(app.library, bench.budget.calls)
            queries = [_search_query(paper, turn) for turn, paper in enumerate(papers)]
            pages = {
                query: await render(app.library, SavedQuery(words=query), member.id)
                for query in queries
            }
            _add_commands(app.client.tree, pages)
            completed = perf_counter()

            async def note(*_: object) -> None:
                nonlocal completed
                completed = perf_counter()

            app.client.add_listener(note, "on_app_command_completion")

            def contender(name: str) -> Contender[str]:
                """A command, timed to its completion: the simulator may wait longer."""

                async def call(query: str) -> None:
                    options = {} if name == "nothing" else {"query": query}
                    await member.slash(channel, name, **options)

                return Contender(f"/{name}", call, queries, lambda: completed)

            what = f"/search round trip, {size:,} papers: p50 / a"
            return [
                await bench.budget.compare(name, contender("search"), contender(other), 50, at_most)
                for name, other, at_most in (
                    (f"{what} no-op command's", "nothing", None),  # for comparison
                    (f"{what} command's that sends the same page ready-made", "page", 4),
                )
            ]


def _add_commands(tree: app_commands.CommandTree[Any], pages: dict[str, cards.Layout]) -> None:
    @tree.command(name="nothing", description="Do nothing.")
    async def send_notice(interaction: discord.Interaction) -> None:
        await interaction.response.send_message(view=cards.notice("Done."))

    @tree.command(name="page", description="Send a page that was made before.")
    async def send_page(interaction: discord.Interaction, query: str) -> None:
        await interaction.response.send_message(view=pages[query])


def _search_query(paper: Paper, turn: int) -> str:
    """Returns a word of the abstract, two words of the title, or the whole title, in turn."""
    words = paper.title.split()
    return (paper.abstract.split()[turn % 100], " ".join(words[2:4]), paper.title)[turn % 3]


async def announcing(bench: Bench) -> list[Row]:
    """A paper announced in many channels, and a bot that renders once and sends everywhere.

    Each round takes the processor time of both, and the best of several rounds counts.
    """
    count = max(4, min(_CHANNELS, bench.size // 1_000))
    ours, bare = [], []
    with temporary_database() as path:
        async with open_bot(path) as app, simcord.run(app.client, strict_sync=False) as env:
            guild = env.create_guild("Open Lab")
            ids = [guild.create_text_channel(f"papers-{n}").id for n in range(count)]
            for channel_id in ids:
                await app.library.subscriptions.subscribe(guild.id, channel_id, ACTOR)
            for draft in generator.drafts(_ANNOUNCEMENT_ROUNDS + 1):
                added = await app.library.papers.upsert(
                    draft, Origin.IMPORT, ACTOR, allow_duplicate=True, announce=True
                )
                settle_garbage()
                start = process_time()
                sent = await app.client.dispatcher.deliver_due()
                ours.append((process_time() - start) / count)
                if added.value.paper is None or sent != count:
                    raise RuntimeError(f"{sent} messages were sent instead of {count}.")
                settle_garbage()
                start = process_time()
                layout = announcements.announcement(added.value.paper)
                for channel_id in ids:
                    channel: Any = app.client.get_channel(channel_id)
                    await channel.send(view=layout)
                bare.append((process_time() - start) / count)
    mine, loop = min(ours[1:]), min(bare[1:])  # the first round warms up
    rounds = f"best of {_ANNOUNCEMENT_ROUNDS}"
    detail = f"{1_000 * mine:.2f} ms beside {1_000 * loop:.2f} ms a message; {rounds}"
    name = f"one paper to {count:,} channels: processor time a message / a bare loop's"
    return [Row(name, mine / loop, 1.5, detail=detail)]


async def durable_claim(bench: Bench) -> list[Row]:
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
            return [await bench.budget.compare(name, durable, plain, 50)]


async def exports(bench: Bench) -> list[Row]:
    """Title suggestions and searches, alone and while 20 people export the whole list.

    Each person starts again when their file is ready. Those who are told that too many people wait
    give up.
    """
    size = min(bench.size, _EXPORTED)
    async with bench.library(size) as library:
        exporter = Exporter(library.path, catalogs.clock)
        names = itertools.count()

        async def wait(_ahead: int) -> None:
            """Nobody is told."""

        async def keep_exporting() -> None:
            with contextlib.suppress(TooManyExports):
                while True:
                    await exporter.export(
                        next(names), Query(), ExportFormat.JSON, max_bytes=1 << 30, on_wait=wait
                    )

        alone, meanwhile = await _lookups(bench, library)
        await bench.budget.time(alone)
        stalls = StallMeter()
        async with _running(keep_exporting() for _ in range(_EXPORTING)), stalls.running():
            await bench.budget.time(meanwhile)
    what = f"while {_EXPORTING} people export {size:,} papers"
    return [
        ratio(f"lookups {what}: p99 / p99 alone", meanwhile, alone, 99, 3),
        stalls.row(f"longest stall of the event loop {what}, in ms"),
    ]


async def backups(bench: Bench) -> list[Row]:
    """Lookups and writes while nightly backups are made, and as many of each in between."""
    size = bench.size // 10
    catalog = await bench.path(size)
    new, made = itertools.count(1), itertools.count()
    with temporary_database(bench.folder) as path:
        shutil.copyfile(catalog, path)  # papers are added to it
        async with (
            open_library(path, catalogs.clock) as library,
            open_workers(timedelta(hours=1)) as workers,
        ):

            async def write(_text: str) -> None:
                number = next(new)
                draft = PaperDraft(f"Written {number}", identifiers=(f"doi:10.1/written.{number}",))
                await library.papers.upsert(draft, Origin.IMPORT, ACTOR)

            async def back_up() -> None:
                made_at = catalogs.clock() + timedelta(seconds=next(made))
                await workers.run(make_nightly, Backups.of(path), made_at, 1)

            alone, meanwhile = await _lookups(bench, library)
            writes = [Contender(one.name, write, one.cases) for one in (alone, meanwhile)]
            await back_up()  # starts the worker
            stalls = await _time_in_rounds(
                bench.budget, (alone, writes[0]), (meanwhile, writes[1]), back_up
            )
    what = f"while {size:,} papers are backed up"
    return [
        ratio(f"lookups {what}: p99 / p99 alone", meanwhile, alone, 99, 3),
        ratio(f"writes {what}: p99 / p99 alone", writes[1], writes[0], 99, None),
        stalls.row(f"longest stall of the event loop {what}, in ms"),
    ]


async def _lookups(bench: Bench, library: Library) -> tuple[Contender[str], Contender[str]]:
    """Returns the same title suggestions and searches twice, to time them alone and meanwhile."""

    async def look_up(text: str) -> None:
        await library.search.suggest_titles(text)
        await library.search.find(parse(text))

    papers = await bench.sample(library, bench.budget.calls)
    texts = [paper.title[: 3 + turn % 9] for turn, paper in enumerate(papers)]
    return Contender("alone", look_up, texts), Contender("meanwhile", look_up, texts)


async def _time_in_rounds(
    budget: Budget,
    alone: Sequence[Contender[Case]],
    meanwhile: Sequence[Contender[Case]],
    work: Callable[[], Coroutine[None, None, None]],
) -> StallMeter:
    """Times calls while ``work`` is done, then as many others, again and again.

    So what else the machine does in the meantime concerns both alike. Returns how long the event
    loop was blocked during the work.
    """
    for turn in range(max(1, budget.calls // 10)):
        for contender in (*alone, *meanwhile):
            await contender.run(turn, is_timed=False)
    stalls, start = StallMeter(), perf_counter()
    while (done := len(meanwhile[0].seconds)) < budget.calls:
        async with stalls.running(), asyncio.TaskGroup() as group:
            working = group.create_task(work())
            while not working.done() and len(meanwhile[0].seconds) < budget.calls:
                for contender in meanwhile:
                    await contender.run(len(contender.seconds), is_timed=True)
        for turn in range(done, len(meanwhile[0].seconds)):
            for contender in alone:
                await contender.run(turn + budget.calls // 2, is_timed=True)
        if perf_counter() - start > budget.seconds:
            break
    return stalls


@contextlib.asynccontextmanager
async def _running(work: Iterable[Coroutine[None, None, None]]) -> AsyncGenerator[None]:
    """Runs coroutines in the background, and cancels them at the end."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in work]
        yield
        for task in tasks:
            task.cancel()
