"""Serves the bot's status on this machine only: `/livez`, `/readyz` and `/metrics`."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST
from yarl import URL

from bot.operations.monitor import Monitor
from storage.errors import LabError

HOST = "127.0.0.1"
_HOSTS = {HOST, "localhost"}


class PortInUse(LabError):
    """Another program uses the port."""


class _Pages:
    def __init__(self, monitor: Monitor) -> None:
        self._monitor = monitor

    async def show_alive(self, _request: web.Request) -> web.Response:
        """Answers as long as the event loop runs."""
        return web.json_response({"alive": True})

    async def show_ready(self, _request: web.Request) -> web.Response:
        """Answers with 503 if the bot can't do its work, and why."""
        problems = (await self._monitor.status()).problems
        report = {"ready": not problems, "problems": problems}
        return web.json_response(report, status=503 if problems else 200)

    async def show_metrics(self, _request: web.Request) -> web.Response:
        text = await self._monitor.render_metrics()
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_LATEST})


@web.middleware
async def _require_own_name(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Refuses requests for any other name: a website may let its own name lead to this machine.

    Its pages could read these in a browser that runs here, which is known as DNS rebinding.
    """
    if _host_name(request.host) not in _HOSTS:
        raise web.HTTPForbidden(text=f"Ask for {HOST} or localhost.\n")
    return await handler(request)


def _host_name(host: str) -> str:
    """Returns a Host header without its port, or an empty string if it's no host at all."""
    try:
        return URL(f"http://{host}").host or ""
    except ValueError:
        return ""


@asynccontextmanager
async def serve_health(monitor: Monitor, port: int) -> AsyncGenerator[int]:
    """Serves the pages inside the block, and yields the port; 0 takes any that's free.

    Raises `PortInUse`.
    """
    pages = _Pages(monitor)
    app = web.Application(middlewares=[_require_own_name])
    app.add_routes(
        [
            web.get("/livez", pages.show_alive),
            web.get("/readyz", pages.show_ready),
            web.get("/metrics", pages.show_metrics),
        ]
    )
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno else str(error)
            raise PortInUse(
                f"HEALTH_PORT can't be {port}: {reason}. Choose another port."
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()
