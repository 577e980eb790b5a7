"""Rows of a whole `/search`, from the command to the message, against a no-op command."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

import discord
import simcord
from discord import app_commands

from benchmarks import catalogues
from benchmarks.bench import Bench
from benchmarks.quiet import quiet
from benchmarks.table import Goal, Row
from benchmarks.timing import Contender, compared, ratio, side_by_side
from bot.app import App, open_app
from bot.settings import Settings
from bot.ui import cards
from storage.models import Paper


async def command(bench: Bench) -> list[Row]:
    """Both commands by the real tree on a simulated Discord."""
    async with _channel(bench) as (app, member, papers):
        queries = _queries(await bench.sample(app.library, bench.budget.calls))

        async def search(query: str) -> None:
            await member.slash(papers, "search", query=query)

        async def nothing(_: str) -> None:
            await member.slash(papers, "nothing")

        completion = _Completion()
        app.client.add_listener(completion.note, "on_app_command_completion")
        ours = Contender("/search", search, queries, completion.at)
        idle = Contender("/nothing", nothing, queries, completion.at)
        await side_by_side(ours, idle, bench.budget)
    name = f"/search round trip, {bench.middle:,} papers: p50 / a no-op command's"
    return [Row(name, ratio(ours, idle, 50), Goal(3), compared(ours, idle))]


class _Completion:
    """When the last command was through; the simulator may wait longer, to be sure of that."""

    def __init__(self) -> None:
        self._at = perf_counter()

    async def note(self, *_: object) -> None:
        self._at = perf_counter()

    def at(self) -> float:
        return self._at


@asynccontextmanager
async def _channel(bench: Bench) -> AsyncGenerator[tuple[App, Any, Any]]:
    """The bot in a server with one member and one channel, on a copy of the catalogue."""
    kept = await catalogues.catalogue(bench.folder, bench.middle)
    with quiet("discord"), tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        path = Path(folder) / "papers.db"
        shutil.copyfile(kept, path)  # a search with several pages is written down
        async with open_app(Settings(database_path=path), catalogues.clock) as app:
            app.client.tree.add_command(_nothing)
            async with simcord.run(app.client, strict_sync=False) as env:
                guild = env.create_guild("Open Lab")
                papers = guild.create_text_channel("papers")
                yield app, guild.add_member(env.create_user("mika")), papers


@app_commands.command(name="nothing", description="Do nothing.")
async def _nothing(interaction: discord.Interaction) -> None:
    await interaction.response.send_message(view=cards.notice("Done."))


def _queries(papers: Sequence[Paper]) -> list[str]:
    """A word of the abstract, two words of the title, and the whole title, in turn."""
    return [
        (
            paper.abstract.split()[turn % 100],
            " ".join(paper.title.split()[2:4]),
            paper.title,
        )[turn % 3]
        for turn, paper in enumerate(papers)
    ]
