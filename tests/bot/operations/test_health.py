"""How the bot says that it is well: pages, metrics, systemd and the heartbeat."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner

from bot.app import App
from bot.cli import main
from bot.operations.health_server import PortInUse, serve_health
from bot.operations.supervision import supervise
from bot.settings_reader import Supervisor
from tests.support.health import fetch, value_of
from tests.support.lab import HOME, Lab
from tests.support.library import MODERATOR


async def test_a_bot_that_works_is_ready(lab: Lab) -> None:
    await lab.app.poll()
    async with serve_health(lab.app.monitor, 0) as port:
        assert await fetch(port, "livez") == (200, '{"alive": true}')
        status, text = await fetch(port, "readyz")
        assert (status, json.loads(text)) == (200, {"ready": True, "problems": []})
        assert (await fetch(port, "other"))[0] == 404


async def test_a_bot_without_discord_is_alive_but_not_ready(app: App) -> None:
    async with serve_health(app.monitor, 0) as port:
        assert (await fetch(port, "livez"))[0] == 200
        status, text = await fetch(port, "readyz")
        assert status == 503
        assert json.loads(text)["problems"] == ["The bot isn't connected to Discord."]


async def test_what_stands_still_makes_it_not_ready(lab: Lab) -> None:
    await lab.app.poll()
    monitor, library = lab.app.monitor, lab.app.library
    await library.subscriptions.subscribe(HOME, lab.channel.id, MODERATOR)
    await lab.announce("A paper that waits")
    await library.outbox.enqueue_and_fetch_due()
    lab.clock.advance(timedelta(hours=1))
    problems = (await monitor.status()).problems
    assert problems == (
        "No feeds have been checked for more than 10 minutes.",
        "A message has been waiting to be sent for 60 minutes.",
    )
    await lab.app.poll()
    assert (await monitor.status()).problems == ()
    library.damage = "a page is wrong"
    (problem,) = (await monitor.status()).problems
    assert problem == "The database can't be used: a page is wrong."


async def test_a_database_that_was_deleted_makes_it_not_ready(lab: Lab, tmp_path: Path) -> None:
    await lab.app.poll()
    path = lab.app.library.path
    path.rename(tmp_path / "elsewhere")
    for _ in ("deleted", "replaced"):
        (problem,) = (await lab.app.monitor.status()).problems
        assert "deleted or replaced its file while the bot was running" in problem
        path.touch()
    path.unlink()
    (tmp_path / "elsewhere").rename(path)
    assert (await lab.app.monitor.status()).is_ready


async def test_metrics_count_commands_by_outcome(lab: Lab) -> None:
    await lab.run(lab.member, "random")
    await lab.run(lab.member, "random")
    await lab.run(lab.member, "paper", paper="no such paper")
    async with serve_health(lab.app.monitor, 0) as port:
        _, text = await fetch(port, "metrics")
    counted = "lab_herald_commands_total"
    assert value_of(text, counted, command="random", outcome="ok") == 2
    assert value_of(text, counted, command="paper", outcome="refused") == 1
    assert value_of(text, counted, outcome="failed") == 0
    assert value_of(text, "lab_herald_command_seconds_count", command="random") == 2
    assert value_of(text, "lab_herald_papers") == 20
    assert value_of(text, "lab_herald_gateway_connected") == 1
    assert value_of(text, "lab_herald_database_bytes") > 10_000


async def test_metrics_show_feeds_and_the_outbox(lab: Lab) -> None:
    library = lab.app.library
    await library.feeds.follow("https://e.org/1", "News", "", MODERATOR)
    await library.feeds.pause(1, "by a test", MODERATOR)
    await library.subscriptions.subscribe(HOME, lab.channel.id, MODERATOR)
    await lab.announce("A paper that waits")
    await library.outbox.enqueue_and_fetch_due()
    async with serve_health(lab.app.monitor, 0) as port:
        _, text = await fetch(port, "metrics")
    assert value_of(text, "lab_herald_feeds") == 1
    assert value_of(text, "lab_herald_feeds_paused") == 1
    assert value_of(text, "lab_herald_outbox_messages") == 1


async def test_what_is_paused_is_no_backlog(lab: Lab) -> None:
    library = lab.app.library
    await library.subscriptions.subscribe(HOME, lab.channel.id, MODERATOR)
    await lab.announce("A paper that waits")
    await library.outbox.enqueue_and_fetch_due()
    await library.subscriptions.pause(HOME, lab.channel.id, MODERATOR)
    assert (await library.outbox.backlog()).posts == 0


@pytest.mark.parametrize("page", ["livez", "readyz", "metrics", "other"])
async def test_a_website_cannot_read_the_pages_by_its_own_name(app: App, page: str) -> None:
    async with serve_health(app.monitor, 0) as port:
        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "a@b:c", ""):
            assert (await fetch(port, page, host=host))[0] == 403
        for host in ("127.0.0.1", f"LOCALHOST:{port}", "localhost:9000"):  # through a tunnel
            assert (await fetch(port, page, host=host))[0] != 403


async def test_a_port_in_use_is_one_sentence(app: App) -> None:
    async with serve_health(app.monitor, 0) as port:
        with pytest.raises(
            PortInUse, match=f"HEALTH_PORT can't be {port}: Address already in use. "
        ):
            async with serve_health(app.monitor, port):
                pass


async def test_the_shell_asks_the_running_bot(
    lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def ask(*words: str) -> Any:
        return CliRunner().invoke(main, ["health", *words])

    monkeypatch.chdir(tmp_path)
    assert "HEALTH_PORT isn't set" in (await asyncio.to_thread(ask)).stderr
    await lab.app.poll()
    async with serve_health(lab.app.monitor, 0) as port:
        monkeypatch.setenv("HEALTH_PORT", str(port))
        result = await asyncio.to_thread(ask)
        assert (result.exit_code, result.stdout) == (0, "✓ The bot is well.\n")
        lab.app.library.damage = "a page is wrong"
        result = await asyncio.to_thread(ask, "--json")
        assert result.exit_code == 1
        assert json.loads(result.stdout)["ready"] is False
    result = await asyncio.to_thread(ask)
    assert result.exit_code == 1
    assert "✗ The bot doesn't answer at port" in result.stdout


async def test_another_program_at_the_port_is_not_the_bot(monkeypatch: pytest.MonkeyPatch) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response([])

    program = web.Application()
    program.router.add_get("/readyz", answer)
    async with TestServer(program) as server:
        monkeypatch.setenv("HEALTH_PORT", str(server.port))
        result = await asyncio.to_thread(CliRunner().invoke, main, ["health"])
    assert (result.exit_code, result.stdout[:22]) == (1, "✗ The bot doesn't answ")


async def test_systemd_hears_that_the_bot_is_ready_well_and_stopping(
    app: App, tmp_path: Path
) -> None:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(path))
        systemd.settimeout(0)
        loop = asyncio.get_running_loop()

        async def hear() -> str:
            return (await loop.sock_recv(systemd, 1000)).decode()

        supervisor = Supervisor(str(path), timedelta(seconds=0.2))
        async with supervise(app.monitor, app.settings, supervisor):
            heard = [await hear() for _ in range(5)]
            assert heard.count("WATCHDOG=1") > 1
        while not heard[-1].startswith("STOPPING"):
            heard.append(await hear())
    assert heard[0] == "READY=1"
    assert "STATUS=The bot isn't connected to Discord." in heard
    assert heard[-1] == "STOPPING=1"


class HeartbeatService:
    """A service on this machine that is redirected to before it answers, with a status."""

    def __init__(self) -> None:
        self.status = 200
        self.requests: asyncio.Queue[str] = asyncio.Queue()

    async def redirect(self, request: web.Request) -> web.Response:
        raise web.HTTPFound(f"http://localhost:{request.url.port}{request.path}")

    async def receive(self, request: web.Request) -> web.Response:
        if request.url.host != "localhost":
            await self.redirect(request)
        self.requests.put_nowait(request.path)
        return web.Response(status=self.status)


@asynccontextmanager
async def open_heartbeat_service() -> AsyncIterator[tuple[str, HeartbeatService]]:
    """Yields the secret address of a service, and the service."""
    service = HeartbeatService()
    pages = web.Application()
    pages.router.add_get("/{secret}", service.receive)
    async with TestServer(pages) as server:
        yield str(server.make_url("/5f2b8e0c-7a31-4d7e-9b7c-1f0a4e6d2c3b")), service


async def test_heartbeats_are_sent_to_a_private_network_while_all_is_well(lab: Lab) -> None:
    await lab.app.poll()
    async with open_heartbeat_service() as (address, service):
        settings = replace(lab.app.settings, heartbeat_url=address, feed_allow_private=False)
        assert address in settings.secrets
        async with supervise(lab.app.monitor, settings, Supervisor()):
            await asyncio.wait_for(service.requests.get(), 10)


async def test_heartbeats_that_fail_are_logged_once_without_their_address(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    await lab.app.poll()
    async with open_heartbeat_service() as (address, service):
        service.status = 500
        settings = replace(lab.app.settings, heartbeat_url=address)
        async with supervise(lab.app.monitor, settings, Supervisor(), timedelta()):
            for _ in range(3):
                await asyncio.wait_for(service.requests.get(), 10)
            service.status = 200
            while "received again" not in caplog.text:
                await asyncio.wait_for(service.requests.get(), 10)
    assert caplog.text.count("Heartbeats aren't received: localhost is having problems") == 1
    assert address.rpartition("/")[2] not in caplog.text


async def test_the_event_loop_s_lag_is_measured(app: App) -> None:
    async with supervise(app.monitor, app.settings, Supervisor()):
        while True:
            text = (await app.monitor.render_metrics()).decode()
            if value_of(text, "lab_herald_event_loop_lag_seconds_count"):
                break
            await asyncio.sleep(0.05)
