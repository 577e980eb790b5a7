"""Composition root: builds the library, the HTTP clients, the Discord client and the timers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import aiohttp
import discord
from filelock import FileLock, Timeout

from bot import scheduler
from bot.client import GUILD_READY_TIMEOUT, LabHerald
from bot.database_health import DatabaseHealth
from bot.feeds.parser import open_parser
from bot.feeds.poller import Poller
from bot.logging_filters import short_reconnect_logs
from bot.lookup.resolver import ServiceUrls
from bot.lookup.service import open_lookup
from bot.moderators import Moderators
from bot.net.http import open_http_client
from bot.net.sandbox import kill_workers
from bot.retry import DatabaseBackoff
from bot.settings import Settings
from bot.shutdown import cancel_on_signals
from storage.database import BUSY_TIMEOUT, require_undamaged, require_writable
from storage.errors import DatabaseUnusable, LabError
from storage.library import Library, open_library
from storage.timestamps import Clock, utc_now

_log = logging.getLogger(__name__)

LOGIN_BACKOFF = timedelta(seconds=5)  # before the first retry; it doubles with each
_POLL_DUE_EVERY = timedelta(seconds=30)
_DELIVER_EVERY = timedelta(seconds=10)
_CHECK_DATABASE_EVERY = timedelta(days=1)
_MAX_BACKOFF = timedelta(minutes=5)


class CannotStart(LabError):
    """The bot can't start; the message says what to change."""


@dataclass(frozen=True, slots=True)
class App:
    """The parts of the bot, open and ready. Nothing runs until `run` starts the timers."""

    settings: Settings
    library: Library
    poller: Poller
    client: LabHerald
    poll_backoff: DatabaseBackoff
    database_health: DatabaseHealth

    async def poll(self) -> None:
        """Checks the feeds that are due, then announces new papers."""
        if await self.database_health.is_damaged():
            return
        await self.poll_backoff.run(self.poller.poll_due)
        await self.deliver()

    async def deliver(self) -> int:
        """Sends pending announcements if Discord is connected; returns how many were sent."""
        if not self.client.is_ready() or await self.database_health.is_damaged():
            return 0
        return await self.client.dispatcher.deliver_due()


@asynccontextmanager
async def open_app(
    settings: Settings,
    clock: Clock = utc_now,
    *,
    busy_timeout: timedelta = BUSY_TIMEOUT,
    guild_ready_timeout: timedelta = GUILD_READY_TIMEOUT,
) -> AsyncGenerator[App]:
    """Opens every part with these settings and closes them in reverse order.

    ``busy_timeout`` limits waiting for a locked database, ``guild_ready_timeout`` waiting for the
    next server after a connection to Discord; tests shorten both.
    """
    open_client = partial(
        open_http_client,
        contact=settings.contact,
        time_limit=settings.feed_timeout,
        max_bytes=settings.feed_max_bytes,
    )
    async with (
        open_library(settings.database_path, clock, busy_timeout) as library,
        open_client(allow_private=settings.feed_allow_private) as http,
        open_client(allow_private=False) as pages,
        open_parser() as parser,
        open_lookup(
            http, parser, ServiceUrls.from_settings(settings), clock, pages=pages
        ) as lookup,
    ):
        moderators = Moderators(library, settings)
        await moderators.load()
        poller = Poller(library, http, parser, clock, settings.poll_interval, moderators)
        client = LabHerald(
            library=library,
            poller=poller,
            lookup=lookup,
            moderators=moderators,
            settings=settings,
            clock=clock,
            guild_ready_timeout=guild_ready_timeout,
        )
        with short_reconnect_logs():
            try:
                yield App(
                    settings=settings,
                    library=library,
                    poller=poller,
                    client=client,
                    # Feeds aren't fetched again and again while their papers can't be saved.
                    poll_backoff=DatabaseBackoff(
                        "New papers can't be saved", clock, _POLL_DUE_EVERY
                    ),
                    database_health=DatabaseHealth(library, client.dispatcher, moderators),
                )
            finally:
                await client.close()


async def run(settings: Settings) -> None:
    """Runs the bot until SIGINT or SIGTERM.

    Raises `CannotStart` if Discord refuses the connection, and `DatabaseUnusable` if the database
    is damaged, can't be opened, or another process uses it.
    """
    if not settings.discord_token:
        raise CannotStart(
            "DISCORD_TOKEN isn't set. Put your bot's token into .env; README.md shows where to "
            "find it. `lab-herald demo` runs without one."
        )
    if not settings.home_guild_ids:
        _log.warning("HOME_GUILD_IDS isn't set, so /curate and /feed aren't available.")
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # unused
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    cancel_on_signals(kill_workers)
    with lock_database(settings.database_path):
        await asyncio.to_thread(require_undamaged, settings.database_path)
        async with open_app(settings) as app:
            timers = [
                scheduler.Timer("poll feeds", _POLL_DUE_EVERY, app.poll),
                scheduler.Timer("deliver announcements", _DELIVER_EVERY, app.deliver),
                scheduler.Timer("check database", _CHECK_DATABASE_EVERY, app.database_health.check),
            ]
            async with scheduler.run_timers(timers):
                await _connect(app.client, settings.discord_token)


@contextmanager
def lock_database(database: Path) -> Generator[None]:
    """Keeps other processes from using the database; raises `DatabaseUnusable` if one does.

    The lock belongs to the file itself, whatever path or symbolic link names it.
    """
    require_writable(database)  # before the lock, which would create missing folders
    lock = FileLock(f"{database.resolve()}.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise DatabaseUnusable(
            f"Another Lab Herald is using {database}. Stop it first, or set DATABASE_PATH to "
            "another file."
        ) from None
    except OSError as error:
        raise DatabaseUnusable(
            f"The database {database} can't be used because its folder isn't writable: "
            f"{error.strerror}."
        ) from error
    try:
        yield
    finally:
        lock.release()


async def _connect(client: LabHerald, token: str) -> None:
    try:
        await _log_in(client, token)
        await client.connect()
    except discord.LoginFailure:
        raise CannotStart(
            "Discord doesn't accept DISCORD_TOKEN. Copy the token again from the Bot page of your "
            "application. If the token was reset, the old one no longer works."
        ) from None
    except discord.PrivilegedIntentsRequired:
        raise CannotStart(
            "Discord refused the connection because of privileged intents, but the bot needs none. "
            "Please report this."
        ) from None
    except (discord.HTTPException, discord.GatewayNotFound, discord.ConnectionClosed) as error:
        raise CannotStart(f"Discord refused the connection: {error}.") from error


async def _log_in(client: LabHerald, token: str) -> None:
    """Logs in, retrying until Discord can be reached: the network may come up after the bot."""
    delay = LOGIN_BACKOFF
    while True:
        try:
            await client.login(token)
        except (aiohttp.ClientError, OSError, discord.DiscordServerError) as error:
            _log.warning(
                "Can't reach Discord (%s). Retrying in %d seconds. Feeds are still checked.",
                error,
                delay.total_seconds(),
            )
        else:
            return
        await client.http.close()
        client.http.connector = discord.utils.MISSING  # closed together with its session
        await asyncio.sleep(delay.total_seconds())
        delay = min(2 * delay, _MAX_BACKOFF)
