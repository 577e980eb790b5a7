"""Tells systemd and a heartbeat service that the bot is well."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

from bot.net.http import HttpClient, HttpError
from bot.operations.health_server import serve_health
from bot.operations.monitor import Monitor
from bot.settings import Settings, Supervisor

_log = logging.getLogger(__name__)

_HEARTBEAT_INTERVAL = timedelta(minutes=1)
_MAX_REPORT_INTERVAL = timedelta(seconds=10)


@asynccontextmanager
async def supervise(
    monitor: Monitor, settings: Settings, supervisor: Supervisor, web: HttpClient
) -> AsyncGenerator[None]:
    """Serves the health pages, and reports to systemd and the heartbeat service in the block.

    Raises `PortInUse`.
    """
    async with AsyncExitStack() as stack:
        if settings.health_port is not None:
            await stack.enter_async_context(serve_health(monitor, settings.health_port))
        watchers: list[Coroutine[Any, Any, None]] = [monitor.watch_event_loop()]
        if supervisor.address:
            watchers.append(_report_to_systemd(monitor, supervisor))
        if settings.heartbeat_url:
            watchers.append(_send_heartbeats(monitor, settings.heartbeat_url, web))
        tasks = [asyncio.create_task(watcher) for watcher in watchers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if supervisor.address:
                _notify(supervisor.address, "STOPPING=1")


async def _report_to_systemd(monitor: Monitor, supervisor: Supervisor) -> None:
    """Reports at once that the bot has started, and then its status, and that it isn't stuck.

    It counts as started and not stuck without Discord, too: feeds are checked, and a restart
    wouldn't bring Discord back.
    """
    expected = supervisor.watchdog_interval or 2 * _MAX_REPORT_INTERVAL
    interval = min(expected / 2, _MAX_REPORT_INTERVAL)
    _notify(supervisor.address, "READY=1")
    while True:
        problems = (await monitor.status()).problems
        _notify(supervisor.address, f"STATUS={' '.join(problems) or 'All is well.'}")
        if supervisor.watchdog_interval:
            _notify(supervisor.address, "WATCHDOG=1")
        await asyncio.sleep(interval.total_seconds())


def _notify(address: str, state: str) -> None:
    """Sends a message of systemd's protocol, one datagram: see sd_notify(3)."""
    path = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(0)
        channel.sendto(state.encode(), path)


async def _send_heartbeats(monitor: Monitor, url: str, web: HttpClient) -> None:
    while True:
        if (await monitor.status()).is_ready:
            try:
                await web.get(url)
            except HttpError as error:
                _log.warning("The heartbeat wasn't received: %s", error.cause)
        await asyncio.sleep(_HEARTBEAT_INTERVAL.total_seconds())
