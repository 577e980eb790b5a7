"""The program as a process: how it refuses to start, and how it stops."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from storage.schema import migrations
from tests.faults.discord_standin import TOKEN, Fault, open_stand_in
from tests.support.damage import damage

# The program itself, with another address of Discord's API and no wait before it tries again.
PROGRAM = """
import sys
from datetime import timedelta
import discord.http
import bot.app
discord.http.Route.BASE = sys.argv.pop(1)
bot.app.LOGIN_BACKOFF = timedelta(seconds=0.05)
from bot.cli import main
main(prog_name="lab-herald")
"""


class Discord:
    """A fake of Discord's HTTP API that answers a login with a status, or never."""

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
    app = web.Application()
    app.router.add_get("/users/@me", discord_api.login)
    async with TestServer(app) as server:
        yield str(server.make_url("/")).rstrip("/")


async def start(
    folder: Path, address: str, *words: str, **environment: str
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        address,
        *words,
        cwd=folder,
        env={**os.environ, "DATABASE_PATH": "lab.db", **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def error_of(process: asyncio.subprocess.Process) -> str:
    """Returns the one error that the program prints; it must fail without a traceback."""
    _, errors = await asyncio.wait_for(process.communicate(), 30)
    text = errors.decode()
    assert process.returncode not in {0, None}
    assert "Traceback" not in text
    (error,) = [line for line in text.splitlines() if line.startswith("Error: ")]
    return error


async def test_a_missing_token_is_an_error(tmp_path: Path, address: str) -> None:
    process = await start(tmp_path, address, "run", DISCORD_TOKEN="")
    assert "DISCORD_TOKEN isn't set" in await error_of(process)


async def test_the_bot_refuses_to_run_in_a_replay(tmp_path: Path, address: str) -> None:
    process = await start(
        tmp_path, address, "run", DISCORD_TOKEN=TOKEN, LAB_HERALD_TODAY="2025-03-14"
    )
    assert "doesn't run with LAB_HERALD_TODAY or LAB_HERALD_SPEEDUP" in await error_of(process)


async def test_a_token_that_discord_refuses_is_an_error(tmp_path: Path, address: str) -> None:
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    assert "Discord doesn't accept DISCORD_TOKEN" in await error_of(process)


async def test_a_login_that_discord_forbids_is_an_error(
    tmp_path: Path, discord_api: Discord, address: str
) -> None:
    discord_api.status = 403
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    assert "Discord refused the connection" in await error_of(process)


async def test_the_login_is_retried_until_discord_can_be_reached(tmp_path: Path) -> None:
    async with open_stand_in() as stand_in:
        await stand_in.go_down()
        process = await start(tmp_path, stand_in.address, "run", DISCORD_TOKEN=TOKEN)
        assert process.stderr
        while "Can't reach Discord" not in (line := (await process.stderr.readline()).decode()):
            assert line, "the program ended"

        async def watch(moment: str) -> None:
            if moment == "received shards":
                stand_in.fail("login", Fault(401))  # the next one

        stand_in.watch = watch
        stand_in.fail("login", Fault(503))
        stand_in.fail("shards", Fault(404))
        await stand_in.come_up()
        assert "doesn't accept" in await error_of(process)
        assert stand_in.asked.count("GET /gateway/bot") == 1


@pytest.mark.parametrize(
    ("path", "message"), [("missing/lab.db", "folder missing"), ("folder", "database folder")]
)
async def test_a_database_that_cannot_be_written_is_an_error(
    tmp_path: Path, address: str, path: str, message: str
) -> None:
    (tmp_path / "folder").mkdir()
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN, DATABASE_PATH=path)
    error = await error_of(process)
    assert message in error
    assert not (tmp_path / "missing").exists()
    assert "DATABASE_PATH" in error


async def test_a_damaged_database_is_an_error_that_names_the_last_good_backup(
    tmp_path: Path, address: str, starter_database: Path
) -> None:
    shutil.copyfile(starter_database, tmp_path / "lab.db")
    shutil.copyfile(starter_database, tmp_path / "lab-backup.db")
    damage(tmp_path / "lab.db")
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    error = await error_of(process)
    assert f"The database {tmp_path / 'lab.db'} is damaged" in error
    assert f"`lab-herald restore {tmp_path / 'lab-backup.db'}`" in error


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
async def test_a_read_only_database_is_an_error(tmp_path: Path, address: str) -> None:
    (tmp_path / "lab.db").touch(mode=0o400)
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    assert "can't be used" in await error_of(process)


async def test_a_newer_database_is_an_error(tmp_path: Path, address: str) -> None:
    connection = sqlite3.connect(tmp_path / "lab.db")
    connection.execute(f"PRAGMA user_version = {migrations()[-1].version + 1}")
    connection.close()
    process = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    assert "written by a newer version of Lab Herald" in await error_of(process)


async def test_a_second_start_on_the_same_database_is_refused(
    tmp_path: Path, discord_api: Discord, address: str
) -> None:
    (tmp_path / "link.db").symlink_to("lab.db")
    discord_api.status = None
    first = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    await asyncio.wait_for(discord_api.asked.wait(), 30)
    for path in ("lab.db", str(tmp_path / "link.db")):
        second = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN, DATABASE_PATH=path)
        assert "Another Lab Herald is using" in await error_of(second)
    first.send_signal(signal.SIGTERM)
    await asyncio.wait_for(first.wait(), 30)
    third = await start(tmp_path, address, "run", DISCORD_TOKEN=TOKEN)
    discord_api.status = 401
    assert "doesn't accept" in await error_of(third)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_stops_the_program_cleanly(
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
