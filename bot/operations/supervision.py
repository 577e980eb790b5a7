"""Tells systemd and a heartbeat service that the bot is well."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any

from bot.net.http import HttpClient, HttpError, open_http_client
from bot.operations.health_server import serve_health
from bot.operations.monitor import Monitor
from bot.settings import Settings
from bot.settings_reader import Supervisor

_log = logging.getLogger(__name__)

_HEARTBEAT_INTERVAL = timedelta(minutes=1)
_HEARTBEAT_TIME_LIMIT = timedelta(seconds=20)
_STATUS_INTERVAL = timedelta(seconds=10)


@asynccontextmanager
async def supervise(
    monitor: Monitor,
    settings: Settings,
    supervisor: Supervisor,
    heartbeat_interval: timedelta = _HEARTBEAT_INTERVAL,
) -> AsyncGenerator[None]:
    """Serves the health pages, and reports to systemd and the heartbeat service in the block.

    The heartbeat has a client of its own: it doesn't wait for feeds, and whoever runs the bot may
    send it to a private network. Raises `PortInUse`.
    """
    async with AsyncExitStack() as stack:
        if settings.health_port is not None:
            await stack.enter_async_context(serve_health(monitor, settings.health_port))
        watchers: list[Coroutine[Any, Any, None]] = [monitor.watch_event_loop()]
        if supervisor.address:
            _notify(supervisor.address, "READY=1")
            report = partial(_report_status, monitor, supervisor.address)
            watchers.append(_repeat(report, _STATUS_INTERVAL))
        if supervisor.address and supervisor.watchdog_interval:
            watchers.append(_keep_alive(supervisor.address, supervisor.watchdog_interval / 2))
        if settings.heartbeat_url:
            web = await stack.enter_async_context(
                open_http_client(
                    contact=settings.contact,
                    allow_private=True,
                    time_limit=_HEARTBEAT_TIME_LIMIT,
                    max_bytes=settings.feed_max_bytes,
                )
            )
            heartbeat = _Heartbeat(monitor, settings.heartbeat_url, web)
            watchers.append(_repeat(heartbeat.send, heartbeat_interval))
        tasks = [asyncio.create_task(watcher) for watcher in watchers]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if supervisor.address:
                _notify(supervisor.address, "STOPPING=1")


async def _repeat(action: Callable[[], Awaitable[None]], interval: timedelta) -> None:
    """Calls an action at an interval until it's cancelled; errors are only logged."""
    while True:
        try:
            await action()
        except Exception:  # noqa: BLE001 - the next call may work
            _log.exception("The bot's status couldn't be reported")
        await asyncio.sleep(interval.total_seconds())


async def _keep_alive(address: str, interval: timedelta) -> None:
    """Tells systemd that the event loop runs.

    It depends on nothing else, since a restart can't help if Discord or the database is down.
    """
    while True:
        _notify(address, "WATCHDOG=1")
        await asyncio.sleep(interval.total_seconds())


async def _report_status(monitor: Monitor, address: str) -> None:
    problems = (await monitor.status()).problems
    _notify(address, f"STATUS={' '.join(problems) or 'All is well.'}")


class _Heartbeat:
    """Sends heartbeats to a secret address; the first failure in a row is logged."""

    def __init__(self, monitor: Monitor, url: str, web: HttpClient) -> None:
        self._monitor = monitor
        self._url = url
        self._web = web
        self._is_failing = False

    async def send(self) -> None:
        """Sends one if the bot can do its work."""
        if not (await self._monitor.status()).is_ready:
            return
        try:
            await self._web.get(self._url)
        except HttpError as error:
            if not self._is_failing:
                # The cause for the log has the address, perhaps as a redirect spells it.
                reason = f" ({type(error.__cause__).__name__})" if error.__cause__ else ""
                _log.warning("Heartbeats aren't received: %s%s", error, reason)
            self._is_failing = True
        else:
            if self._is_failing:
                _log.warning("Heartbeats are received again.")
            self._is_failing = False


def _notify(address: str, state: str) -> None:
    """Sends a message of systemd's protocol, one datagram: see sd_notify(3)."""
    path = f"\0{address[1:]}" if address.startswith("@") else address
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(0)
        channel.sendto(state.encode(), path)
