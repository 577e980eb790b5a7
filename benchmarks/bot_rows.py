"""Rows of the bot as a whole: imports, memory, the `/search` command and announcements."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Any

import discord
import simcord
from discord import app_commands

from benchmarks import generator
from benchmarks.catalogs import ACTOR, Bench, add_papers, clock, temporary_library
from benchmarks.report import Row
from benchmarks.timing import Contender, StallMeter, compare, only_errors_logged, settle_garbage
from bot.app import App, open_app
from bot.settings import Settings
from bot.ui import announcements, cards, result_pages
from storage.database import open_database
from storage.models import Origin, Paper

_IMPORT_ROUNDS = 3
_MEMORY_CALLS = 200
_MEMORY_BASE = 20  # papers
_CHANNELS = 1_000
_ANNOUNCEMENT_ROUNDS = 5
_ANY = float("inf")  # no goal: the time of a sync is the disk's


async def bulk_import(bench: Bench) -> list[Row]:
    """An import, and the fastest way to write the same rows into the same tables."""
    drafts = list(generator.drafts(bench.small))
    ours, raw = [], []
    for _ in range(_IMPORT_ROUNDS):
        async with temporary_library() as library, temporary_library() as empty:
            start = perf_counter()
            await add_papers(library, drafts)
            ours.append(perf_counter() - start)
            raw.append(_copy_rows(library.path, empty.path))
    rates = [len(drafts) / median(seconds) for seconds in (ours, raw)]
    detail = f"ours {rates[0]:,.0f} papers/s; raw {rates[1]:,.0f} papers/s; {len(drafts):,} papers"
    name = "bulk import: rate / raw executemany's"
    row = Row(name, rates[0] / rates[1], at_least=0.4, detail=detail)
    drafts = list(generator.drafts(2 * bench.small))
    stalls = StallMeter()
    async with temporary_library() as library, stalls.running():
        await add_papers(library, drafts)
    name = "longest stall of the event loop in an import, in ms"
    return [row, stalls.row(name, f"{len(drafts):,} papers; ")]


def _copy_rows(source: Path, target: Path) -> float:
    """Copies all rows by ``executemany``; returns how many seconds the writing took."""
    with closing(sqlite3.connect(source)) as db:
        tables = [
            _read_table(db, name, is_fulltext=kind == "virtual")
            for schema, name, kind, *_ in db.execute("PRAGMA table_list").fetchall()
            if schema == "main"
            and (kind == "table" or (kind == "virtual" and _is_fulltext(db, name)))
            and not name.startswith("sqlite_")
        ]
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = NORMAL")  # as in the library
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            db.execute(f'DROP TRIGGER "{trigger}"')  # the rows include what triggers wrote
        start = perf_counter()
        db.execute("BEGIN IMMEDIATE")
        for insert, rows in tables:
            db.executemany(insert, rows)
        db.execute("COMMIT")
        return perf_counter() - start


def _is_fulltext(db: sqlite3.Connection, name: str) -> bool:
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", [name]).fetchone()
    return "using fts5 " in f"{sql} ".lower().replace("(", " (")


def _read_table(
    db: sqlite3.Connection, name: str, *, is_fulltext: bool
) -> tuple[str, list[tuple[object, ...]]]:
    """Returns the statement that inserts into a table, and the table's rows."""
    information = db.execute(f'PRAGMA table_xinfo("{name}")').fetchall()
    columns = ["rowid"] if is_fulltext else []
    columns += [column for _, column, *_, hidden in information if hidden == 0]
    listed = ", ".join(f'"{column}"' for column in columns)
    marks = ", ".join("?" * len(columns))
    rows = db.execute(f'SELECT {listed} FROM "{name}"').fetchall()  # noqa: S608 - its own names
    return f'INSERT INTO "{name}" ({listed}) VALUES ({marks})', rows  # noqa: S608


async def memory(bench: Bench) -> list[Row]:
    """The bot's memory with the largest catalog and with hardly any papers."""
    large = await _megabytes(bench, bench.size)
    base = await _megabytes(bench, _MEMORY_BASE)
    name = f"memory: with {bench.size:,} papers / with {_MEMORY_BASE}"
    detail = f"{large:.1f} MB and {base:.1f} MB, the most after any of {_MEMORY_CALLS} calls"
    return [Row(name, large / base, 1.5, detail=detail)]


async def _megabytes(bench: Bench, size: int) -> float:
    """Measures the memory of a new process that opens the bot and looks things up."""
    async with bench.library(size) as library:
        calls = _lookups(await bench.sample(library, _MEMORY_CALLS))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.memory_probe", str(await bench.path(size))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate(json.dumps(calls).encode())
    if process.returncode:
        raise ChildProcessError(f"Measuring memory ended with {process.returncode}.")
    return int(output) / (1 << 20)


def _lookups(papers: Sequence[Paper]) -> list[tuple[str, str]]:
    """Returns kinds of calls with their text, each about another paper."""
    calls = []
    for turn, paper in enumerate(papers):
        texts = {
            "word": paper.abstract.split()[turn % 100],
            "title": paper.title,
            "words": " ".join(paper.title.split()[:2]),
            "typing": paper.title[: 1 + turn % 9],
            "author": paper.authors[0],
            "surname": paper.authors[-1].split()[-1],
            "person typed": paper.authors[0][: 1 + turn % 5],
            "venue": paper.venue,
        }
        kind = list(texts)[turn % len(texts)]
        calls.append((kind, texts[kind]))
    return calls


async def command(bench: Bench) -> list[Row]:
    """`/search` on a simulated Discord, and two commands that look nothing up.

    One says “Done.”, the other sends the page that `/search` would send, made before.
    """
    source = await bench.path(bench.medium)
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        path = Path(folder) / "papers.db"
        shutil.copyfile(source, path)  # searches save their queries
        async with _simulated_bot(path) as (app, env):
            guild = env.create_guild("Open Lab")
            channel = guild.create_text_channel("papers")
            member = guild.add_member(env.create_user("mika"))
            papers = await bench.sample(app.library, bench.budget.calls)
            queries = [_search_query(paper, turn) for turn, paper in enumerate(papers)]
            pages = {
                query: await result_pages.render(
                    app.library, result_pages.SavedQuery(words=query), member.id
                )
                for query in queries
            }
            app.client.tree.add_command(_done)
            app.client.tree.add_command(_page_command(pages))
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

            what = f"/search round trip, {bench.medium:,} papers: p50 / a"
            return [
                await compare(
                    f"{what} {other_name}",
                    contender("search"),
                    contender(other),
                    bench.budget,
                    percent=50,
                    at_most=at_most,
                )
                for other, other_name, at_most in (
                    ("nothing", "no-op command's", None),  # for comparison
                    ("page", "command's that sends the same page ready-made", 4),
                )
            ]


@app_commands.command(name="nothing", description="Do nothing.")
async def _done(interaction: discord.Interaction) -> None:
    await interaction.response.send_message(view=cards.notice("Done."))


def _page_command(pages: dict[str, cards.Layout]) -> app_commands.Command[Any, Any, Any]:
    @app_commands.command(name="page", description="Send a page that was made before.")
    async def send_page(interaction: discord.Interaction, query: str) -> None:
        await interaction.response.send_message(view=pages[query])

    return send_page


def _search_query(paper: Paper, turn: int) -> str:
    """Returns a word of the abstract, two words of the title, or the whole title, in turn."""
    if turn % 3 == 0:
        return paper.abstract.split()[turn % 100]
    return " ".join(paper.title.split()[2:4]) if turn % 3 == 1 else paper.title


async def announcing(bench: Bench) -> list[Row]:
    """A paper announced in many channels, and a bare loop that sends the message everywhere.

    Each round takes the processor time of both, and the best of several rounds counts.
    """
    channels = max(4, min(_CHANNELS, bench.size // 1_000))
    ours, bare = [], []
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        async with _simulated_bot(Path(folder) / "papers.db") as (app, env):
            guild = env.create_guild("Open Lab")
            ids = [guild.create_text_channel(f"papers-{n}").id for n in range(channels)]
            for channel_id in ids:
                await app.library.subscriptions.subscribe(guild.id, channel_id, ACTOR)
            for draft in generator.drafts(_ANNOUNCEMENT_ROUNDS + 1):
                added = await app.library.papers.upsert(
                    draft, Origin.IMPORT, ACTOR, allow_duplicate=True, announce=True
                )
                paper = added.value.paper
                settle_garbage()
                start = process_time()
                sent = await app.client.dispatcher.deliver_due()
                ours.append((process_time() - start) / channels)
                if paper is None or sent != channels:
                    raise RuntimeError(f"{sent} messages were sent instead of {channels}.")
                settle_garbage()
                start = process_time()
                await _send_to_all(app, ids, paper)
                bare.append((process_time() - start) / channels)
    mine, loop = min(ours[1:]), min(bare[1:])  # the first round warms up
    rounds = f"best of {_ANNOUNCEMENT_ROUNDS}"
    detail = f"{1_000 * mine:.2f} ms beside {1_000 * loop:.2f} ms a message; {rounds}"
    name = f"one paper to {channels:,} channels: processor time a message / a bare loop's"
    return [Row(name, mine / loop, 1.5, detail=detail)]


async def durable_claim(bench: Bench) -> list[Row]:
    """A claim that the disk has before the message is sent, and one that may still be lost.

    Both write one row, on the disk that has the catalogs.
    """
    bench.folder.mkdir(parents=True, exist_ok=True)
    posts = range(max(20, bench.budget.calls))
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-", dir=bench.folder) as folder:
        async with open_database(Path(folder) / "papers.db") as database:
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

            plain = contender("plain", durable=False)
            durable = contender("durable", durable=True)
            name = "claim that survives a power failure: p50 / a plain one's"
            row = await compare(name, durable, plain, bench.budget, percent=50, at_most=_ANY)
    return [replace(row, at_most=None)]


async def _send_to_all(app: App, ids: Sequence[int], paper: Paper) -> None:
    """Does what a bot without an outbox does: it renders once and sends everywhere."""
    layout = announcements.announcement(paper)
    for channel_id in ids:
        channel: Any = app.client.get_channel(channel_id)
        await channel.send(view=layout)


@asynccontextmanager
async def _simulated_bot(database: Path) -> AsyncGenerator[tuple[App, simcord.Env]]:
    """The bot on a simulated Discord."""
    with only_errors_logged():
        async with (
            open_app(Settings(database_path=database), clock) as app,
            simcord.run(app.client, strict_sync=False) as env,
        ):
            yield app, env
