"""Row of announcing: what the way through the outbox costs beside a bare loop of sends."""

from __future__ import annotations

import gc
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from time import process_time
from typing import Any

import simcord

from benchmarks import catalogues, generator
from benchmarks.bench import Bench
from benchmarks.quiet import quiet
from benchmarks.table import Goal, Row
from bot.app import App, open_app
from bot.settings import Settings
from bot.ui import announcements as announcement_cards
from storage.models import Origin, Paper

_CHANNELS = 1_000
_ROUNDS = 5


async def courier(bench: Bench) -> list[Row]:
    """One paper to many channels, in processor time, by the courier and by a loop, in turn."""
    ours, bare = [], []
    channels = max(4, min(_CHANNELS, bench.size // 1_000))
    async with _server(channels) as (app, ids):
        for draft in generator.drafts(_ROUNDS + 1):
            added = await app.library.papers.upsert(
                draft, Origin.IMPORT, catalogues.ACTOR, allow_duplicate=True, announce=True
            )
            paper = added.value.paper
            if paper is None:
                raise RuntimeError(f"“{draft.title}” was not taken in.")
            start = _begin()
            sent = await app.client.dispatcher.deliver_due()
            ours.append((process_time() - start) / channels)
            start = _begin()
            await _send_to_all(app, ids, paper)
            bare.append((process_time() - start) / channels)
            if sent != channels:
                raise RuntimeError(f"{sent} messages were sent instead of {channels}.")
    mine, loop = min(ours[1:]), min(bare[1:])  # the first round warms up
    detail = f"{1_000 * mine:.2f} ms beside {1_000 * loop:.2f} ms a message; best of {_ROUNDS}"
    name = f"one paper to {channels:,} channels: processor time a message / a bare loop's"
    return [Row(name, mine / loop, Goal(1.5), detail)]


def _begin() -> float:
    """Processor time from here on, without going through what the simulated Discord keeps."""
    gc.collect()
    gc.freeze()
    return process_time()


async def _send_to_all(app: App, ids: list[int], paper: Paper) -> None:
    """What a bot without an outbox does: draw the message once, and send it everywhere."""
    layout = announcement_cards.announcement(paper)
    for channel_id in ids:
        channel: Any = app.client.get_channel(channel_id)
        await channel.send(view=layout)


@asynccontextmanager
async def _server(channels: int) -> AsyncGenerator[tuple[App, list[int]]]:
    with quiet("discord"), tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        settings = Settings(database_path=Path(folder) / "papers.db")
        async with (
            open_app(settings, catalogues.clock) as app,
            simcord.run(app.client, strict_sync=False) as env,
        ):
            guild = env.create_guild("Open Lab")
            ids = [guild.create_text_channel(f"papers-{n}").id for n in range(channels)]
            for channel_id in ids:
                await app.library.subscriptions.subscribe(guild.id, channel_id, catalogues.ACTOR)
            yield app, ids
