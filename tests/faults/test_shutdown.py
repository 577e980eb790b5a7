"""The process ends in time after a signal, whatever hangs."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from storage.library import open_library
from storage.models import Origin, PaperDraft
from storage.timestamps import utc_now
from tests.faults.discord_standin import GUILD, PAPERS, TOKEN, Fault, StandIn
from tests.faults.locker import Locker
from tests.support.library import MODERATOR

TIME_LIMIT = 10.0  # seconds from the signal until Docker, for example, kills a process
# The program itself, with another address of Discord, and with timers that hurry.
PROGRAM = """
import sys
from datetime import timedelta
from functools import partial
import bot.app
from tests.faults import discord_standin
discord_standin.redirect(sys.argv.pop(1))
often = timedelta(seconds=0.1)
intervals = bot.app.Intervals(poll_feeds=often, deliver=often)
bot.app.run = partial(bot.app.run, intervals=intervals)
from bot.cli import main
main(prog_name="lab-herald")
"""
# The same, with something that blocks the event loop once the bot is online.
BLOCKED = (
    """
import time
from bot.client import LabHerald
async def on_ready(self):
    print("blocked", flush=True)
    while True:
        time.sleep(0.1)
LabHerald.on_ready = on_ready
"""
    + PROGRAM
)


# The same, with exports that never end.
EXPORTING = (
    """
import bot.exporter
from tests.faults.hanging import hang
bot.exporter.write_file = hang
"""
    + PROGRAM
)


class SlowServer:
    """A server that answers nothing."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self._released = asyncio.Event()

    async def answer(self, _request: web.Request) -> web.Response:
        self.asked.set()
        await self._released.wait()
        return web.Response()

    def release(self) -> None:
        self._released.set()


@pytest.fixture
async def slow_server() -> AsyncIterator[tuple[SlowServer, str]]:
    slow = SlowServer()
    app = web.Application()
    app.router.add_get("/{path:.*}", slow.answer)
    async with TestServer(app) as server:
        yield slow, str(server.make_url("/"))
        slow.release()


@asynccontextmanager
async def running(
    database: Path, stand_in: StandIn, program: str = PROGRAM, **environment: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    """The program, connected to Discord."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", program, stand_in.address, "run"),
        env={
            **os.environ,
            "DISCORD_TOKEN": TOKEN,
            "HOME_GUILD_IDS": str(GUILD),
            "DATABASE_PATH": str(database),
            "FEED_ALLOW_PRIVATE": "yes",
            "FEED_TIMEOUT": "5m",
            **environment,
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        await stand_in.connected()
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def assert_stops_in_time(process: asyncio.subprocess.Process) -> None:
    process.send_signal(signal.SIGTERM)
    signalled = time.monotonic()
    _, errors = await process.communicate()
    assert time.monotonic() - signalled < TIME_LIMIT
    assert process.returncode == 0
    assert "Traceback" not in errors.decode()
    assert "Unsent announcements go out after the next start." in errors.decode()


async def add_paper(database: Path) -> None:
    """Adds a paper that is announced in a channel."""
    async with open_library(database, utc_now) as library:
        await library.subscriptions.subscribe(GUILD, PAPERS, MODERATOR)
        draft = PaperDraft(title="A paper")
        await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR, announce=True)


async def test_a_fetch_that_hangs_delays_no_stop(
    tmp_path: Path, stand_in: StandIn, slow_server: tuple[SlowServer, str]
) -> None:
    slow, url = slow_server
    async with open_library(tmp_path / "lab.db", utc_now) as library:
        await library.feeds.follow(url, "A feed", "", MODERATOR)
    async with running(tmp_path / "lab.db", stand_in) as process:
        await slow.asked.wait()
        await assert_stops_in_time(process)


async def test_a_lookup_that_hangs_delays_no_stop(
    tmp_path: Path, stand_in: StandIn, slow_server: tuple[SlowServer, str]
) -> None:
    slow, url = slow_server
    async with running(tmp_path / "lab.db", stand_in, CROSSREF_URL=url) as process:
        reference = {"type": 3, "name": "source", "value": "10.1000/1"}
        await stand_in.use_command("curate", {"type": 1, "name": "add", "options": [reference]})
        await slow.asked.wait()
        await assert_stops_in_time(process)


async def test_an_export_that_hangs_delays_no_stop(tmp_path: Path, stand_in: StandIn) -> None:
    async with running(tmp_path / "lab.db", stand_in, EXPORTING) as process:
        await stand_in.use_command("export")
        assert process.stdout
        assert await process.stdout.readline() == b"hanging\n"
        await assert_stops_in_time(process)


async def test_a_message_that_hangs_delays_no_stop(tmp_path: Path, stand_in: StandIn) -> None:
    received = asyncio.Event()

    async def watch(moment: str) -> None:
        if moment == "received send":
            received.set()

    stand_in.watch = watch
    stand_in.fail("send", Fault(None))
    await add_paper(tmp_path / "lab.db")
    async with running(tmp_path / "lab.db", stand_in) as process:
        await received.wait()
        await assert_stops_in_time(process)


async def test_a_transaction_that_hangs_delays_no_stop(tmp_path: Path, stand_in: StandIn) -> None:
    locker, locked = Locker(tmp_path / "lab.db"), asyncio.Event()

    async def watch(moment: str) -> None:
        if moment == "kept send":  # what is sent can't be recorded
            await locker.lock()
            locked.set()

    stand_in.watch = watch
    await add_paper(tmp_path / "lab.db")
    async with running(tmp_path / "lab.db", stand_in) as process:
        await locked.wait()
        await assert_stops_in_time(process)
    await locker.unlock()


async def test_a_blocked_event_loop_delays_no_stop(tmp_path: Path, stand_in: StandIn) -> None:
    async with running(tmp_path / "lab.db", stand_in, BLOCKED) as process:
        assert process.stdout
        assert await process.stdout.readline() == b"blocked\n"
        await assert_stops_in_time(process)
