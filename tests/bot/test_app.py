"""The running program as a process: how it refuses to start, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from storage.database import migrations

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.an-invented-token-of-nobody"
# Discord's address is replaced where discord.py keeps it, and nothing else.
PROGRAM = """
import sys
import discord.http
discord.http.Route.BASE = sys.argv.pop(1)
from bot.cli import main
main(prog_name="lab-herald")
"""


class Discord:
    """A stand-in for Discord's HTTP API that has an answer for a login, or never gives one."""

    def __init__(self) -> None:
        self.status: int | None = 401
        self.asked = asyncio.Event()

    async def login(self, _request: web.Request) -> web.Response:
        self.asked.set()
        if self.status is None:
            await asyncio.Event().wait()
        return web.json_response({"message": "no", "code": 0}, status=self.status or 200)


@pytest.fixture
def discord_api() -> Discord:
    return Discord()


@pytest.fixture
async def address(discord_api: Discord) -> AsyncIterator[str]:
    async with serve(discord_api) as server:
        yield str(server.make_url("/")).rstrip("/")


def serve(api: Discord, port: int | None = None) -> TestServer:
    app = web.Application()
    app.router.add_get("/users/@me", api.login)
    return TestServer(app, port=port)


async def start(
    folder: Path, address: str, *words: str, **environment: str
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, address, *words),
        cwd=folder,
        env={**os.environ, "DATABASE_PATH": "lab.db", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def said(process: asyncio.subprocess.Process) -> str:
    """What the program says as its last sentence; it fails in no other way than with one."""
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    text = errors.decode()
    assert process.returncode not in {0, None}
    assert "Traceback" not in text
    (sentence,) = [line for line in text.splitlines() if line.startswith("Error: ")]
    return sentence


async def test_no_token_is_a_sentence(tmp_path: Path, address: str) -> None:
    process = await start(tmp_path, address, "run", DISCORD_TOKEN="")
    assert "DISCORD_TOKEN is not set" in await said(process)


async def test_a_token_that_discord_refuses_is_a_sentence(tmp_path: Path, address: str) -> None:
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    assert "Discord does not accept DISCORD_TOKEN" in await said(process)


async def test_a_login_that_discord_forbids_is_a_sentence(
    tmp_path: Path, discord_api: Discord, address: str
) -> None:
    discord_api.status = 403
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    assert "Discord refused the connection" in await said(process)


async def test_a_discord_that_cannot_be_reached_is_waited_for(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    process = await start(
        tmp_path, f"http://127.0.0.1:{unused_tcp_port}", "run", DISCORD_TOKEN=TOKEN
    )
    assert process.stderr
    while "Discord can't be reached" not in (line := (await process.stderr.readline()).decode()):
        assert line, "the program ended"
    api = Discord()
    api.status = 503
    async with serve(api, unused_tcp_port):
        await asyncio.wait_for(api.asked.wait(), 30)
        api.status = 401
        assert "does not accept" in await said(process)


@pytest.mark.parametrize(
    ("place", "named"), [("missing/lab.db", "folder missing"), ("folder", "database folder")]
)
async def test_a_database_that_cannot_be_written_is_a_sentence(
    tmp_path: Path, address: str, place: str, named: str
) -> None:
    (tmp_path / "folder").mkdir()
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN, DATABASE_PATH=place)
    sentence = await said(process)
    assert named in sentence
    assert not (tmp_path / "missing").exists()
    assert "DATABASE_PATH" in sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_read_only_database_is_a_sentence(tmp_path: Path, address: str) -> None:
    (tmp_path / "lab.db").touch(mode=0o400)
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    assert "can't be used" in await said(process)


async def test_a_newer_database_is_a_sentence(tmp_path: Path, address: str) -> None:
    connection = sqlite3.connect(tmp_path / "lab.db")
    connection.execute(f"PRAGMA user_version = {migrations()[-1].version + 1}")
    connection.close()
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    assert "written by a newer Lab Herald" in await said(process)


async def test_a_second_start_on_the_same_database_is_refused(
    tmp_path: Path, discord_api: Discord, address: str
) -> None:
    discord_api.status = None
    first = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    await asyncio.wait_for(discord_api.asked.wait(), 30)
    second = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    assert "Another Lab Herald is running" in await said(second)
    first.send_signal(signal.SIGTERM)
    await asyncio.wait_for(first.wait(), 30)
    third = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    discord_api.status = 401
    assert "does not accept" in await said(third)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_the_program_cleanly(
    tmp_path: Path, discord_api: Discord, address: str, number: signal.Signals
) -> None:
    discord_api.status = None
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    await asyncio.wait_for(discord_api.asked.wait(), 30)
    process.send_signal(number)
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert errors.decode().endswith("Stopped. Unsent announcements go out after the next start.\n")
    assert not (tmp_path / "lab.db-wal").exists()
