"""Composition root: builds the library, the web client, the Discord client and the timers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import aiohttp
import discord
from filelock import FileLock, Timeout

from bot import scheduler
from bot.client import LabHerald
from bot.feeds.parser import open_parser
from bot.feeds.poller import Poller
from bot.logging_filters import brief_logs
from bot.lookup.resolver import Addresses
from bot.lookup.service import open_lookup
from bot.moderators import Moderators
from bot.net.http import open_web
from bot.retry import DatabaseBackoff
from bot.settings import Settings
from storage.database import require_writable
from storage.errors import DatabaseUnusable, LabError
from storage.library import Library, open_library
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

_ASK_FEEDS_EVERY = timedelta(seconds=30)
_DELIVER_EVERY = timedelta(seconds=10)
_FIRST_WAIT = timedelta(seconds=5)
_LONGEST_WAIT = timedelta(minutes=5)


class CannotStart(LabError):
    """The bot can't begin its work; the sentence says what to change."""


@dataclass(frozen=True, slots=True)
class App:
    """The bot's parts, open and ready; nothing runs by itself yet."""

    settings: Settings
    library: Library
    poller: Poller
    client: LabHerald
    while_polling: DatabaseBackoff

    async def poll(self) -> None:
        """Read the feeds that are due, then announce what they brought."""
        await self.while_polling(self.poller.poll_due)
        await self.deliver()

    async def deliver(self) -> int:
        """Announce what waits, once Discord is there; gives how many messages were sent."""
        if not self.client.is_ready():
            return 0
        return await self.client.dispatcher.deliver_due()


def utc_now() -> datetime:
    """The clock of everything that runs."""
    return datetime.now(UTC)


@asynccontextmanager
async def open_app(settings: Settings, clock: Clock = utc_now) -> AsyncGenerator[App]:
    """Build every part on the settings' database and close them in reverse order."""
    opened = partial(
        open_web,
        contact=settings.contact,
        patience=settings.feed_timeout,
        max_bytes=settings.feed_max_bytes,
    )
    async with (
        open_library(settings.database_path, clock) as library,
        opened(allow_private=settings.feed_allow_private) as web,
        opened(allow_private=False) as pages,
        open_parser() as parser,
        open_lookup(web, parser, Addresses.of(settings), clock, pages=pages) as lookup,
    ):
        moderators = Moderators(library, settings)
        await moderators.load()
        poller = Poller(library, web, parser, clock, settings.poll_interval, moderators)
        client = LabHerald(
            library=library,
            poller=poller,
            lookup=lookup,
            moderators=moderators,
            settings=settings,
            clock=clock,
        )
        with brief_logs():
            try:
                yield App(
                    *(settings, library, poller, client),
                    # What was fetched in vain is not fetched again as often as one asks for it.
                    while_polling=DatabaseBackoff(
                        "New papers are not taken in", clock, _ASK_FEEDS_EVERY
                    ),
                )
            finally:
                await client.close()


async def run(settings: Settings) -> None:
    """Run the bot until it is told to stop (SIGINT or SIGTERM).

    Raises `CannotStart` where the token is no good, `DatabaseUnusable` where the database is no
    good or in use.
    """
    if not settings.discord_token:
        raise CannotStart(
            "DISCORD_TOKEN is not set. Put your bot's token into .env; README.md says where to "
            "get one, and `lab-herald demo` needs none."
        )
    if not settings.home_guild_ids:
        _log.warning("HOME_GUILD_IDS is not set, so /curate and /feed are offered nowhere.")
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # no voice is meant
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    end_on_signals()
    with only_one(settings.database_path):
        async with open_app(settings) as app:
            timers = [
                scheduler.Timer("poll feeds", _ASK_FEEDS_EVERY, app.poll),
                scheduler.Timer("deliver announcements", _DELIVER_EVERY, app.deliver),
            ]
            async with scheduler.running(timers):
                await _connect(app.client, settings.discord_token)


def end_on_signals() -> None:
    """Let Ctrl-C and SIGTERM cancel the task that calls this: everything is closed in order."""
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError):  # Windows has no such signals for loops
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, task.cancel)


@contextmanager
def only_one(database: Path) -> Generator[None]:
    """Hold the database for this process alone; raises `DatabaseUnusable` where another has it."""
    require_writable(database)  # the lock would make missing folders
    lock = FileLock(f"{database}.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise DatabaseUnusable(
            f"Another Lab Herald is running on {database}. Stop it first, or set DATABASE_PATH to "
            "another file."
        ) from None
    except OSError as error:
        raise DatabaseUnusable(
            f"The database {database} can't be used, for its folder can't be written: "
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
            "Discord does not accept DISCORD_TOKEN. Copy the token again from the Bot page of "
            "your application; a reset makes the former one invalid."
        ) from None
    except discord.PrivilegedIntentsRequired:
        raise CannotStart(
            "Discord refused the connection's intents; none should be needed."
        ) from None
    except (discord.HTTPException, discord.GatewayNotFound, discord.ConnectionClosed) as error:
        raise CannotStart(f"Discord refused the connection: {error}.") from error


async def _log_in(client: LabHerald, token: str) -> None:
    """Log in once Discord can be reached; a machine may be up before its network is."""
    wait = _FIRST_WAIT
    while True:
        try:
            await client.login(token)
        except (aiohttp.ClientError, OSError, discord.DiscordServerError) as error:
            _log.warning(
                "Discord can't be reached (%s). I try again in %d seconds; meanwhile I read feeds.",
                error,
                wait.total_seconds(),
            )
        else:
            return
        await client.http.close()
        client.http.connector = discord.utils.MISSING  # it was closed with its session
        await asyncio.sleep(wait.total_seconds())
        wait = min(2 * wait, _LONGEST_WAIT)
