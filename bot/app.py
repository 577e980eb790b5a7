"""Composition root: builds the library, the HTTP clients, the Discord client and the timers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import aiohttp
import discord

from bot import scheduler
from bot.client import GUILD_READY_TIMEOUT, LabHerald, ShardedLabHerald
from bot.completing.completer import Completer
from bot.completing.services import CompletionServices
from bot.discord_logs import short_discord_logs
from bot.feeds.parser import open_parser
from bot.feeds.poller import Poller
from bot.flows.moderator_commands import update_commands
from bot.found_posts import tell_moderators
from bot.lookup.resolver import ServiceUrls
from bot.lookup.service import open_lookup
from bot.maintenance.database_health import DatabaseHealth
from bot.maintenance.nightly_backups import NightlyBackups, report_restore
from bot.moderators import Moderators
from bot.net.http import open_http_client
from bot.net.pace import Paces
from bot.net.sandbox import kill_workers
from bot.operations.monitor import Monitor
from bot.operations.supervision import supervise
from bot.retry import DatabaseBackoff
from bot.settings import REPLAY_REFUSED, Settings
from bot.settings_reader import read_supervisor
from bot.shutdown import cancel_on_signals
from bot.sources.radar import Radar, open_radar
from bot.ui.lab_button import buttons_of_generation
from storage.backups.files import Backups
from storage.connection import BUSY_TIMEOUT
from storage.database import is_closed
from storage.database_lock import lock_database
from storage.errors import DatabaseDamaged, DatabaseUnusable, LabError
from storage.library import Library, open_library
from storage.models import Actor
from storage.timestamps import Clock, utc_now

_log = logging.getLogger(__name__)

LOGIN_BACKOFF = timedelta(seconds=5)  # before the first retry; it doubles with each
_COMPLETION_BATCH_SIZE = 3  # papers per run, at most 24 a day
_COMPLETER = Actor("completion", "the daily completion")
_MAX_BACKOFF = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Intervals:
    """How often the running bot does each of its regular tasks."""

    poll_feeds: timedelta = timedelta(seconds=30)  # those that are due
    poll_sources: timedelta = timedelta(minutes=5)
    deliver: timedelta = timedelta(seconds=10)
    complete_papers: timedelta = timedelta(hours=3)
    save_command_uses: timedelta = timedelta(minutes=5)
    reload_moderators: timedelta = timedelta(minutes=1)
    maintain: timedelta = timedelta(minutes=15)


INTERVALS = Intervals()


class CannotStart(LabError):
    """The bot can't start; the message says what to change."""


@dataclass(frozen=True, slots=True)
class App:
    """The parts of the bot, open and ready. Nothing runs until `run` starts the timers."""

    settings: Settings
    library: Library
    poller: Poller
    client: LabHerald
    radar: Radar
    monitor: Monitor
    poll_backoff: DatabaseBackoff
    database_health: DatabaseHealth
    nightly_backups: NightlyBackups

    async def poll(self) -> None:
        """Checks the feeds that are due, then announces new papers."""
        self.monitor.record_poll()
        if await self.database_health.is_damaged():
            return
        await self.poll_backoff.run(self.poller.poll_due)
        await self.deliver()

    async def poll_sources(self) -> None:
        """Asks the sources that are due for papers by the lab's people, then announces some.

        The moderators get cards of others. Does nothing while moderators have turned it off.
        """
        if await self.database_health.is_damaged() or not await self.library.people.is_watching():
            return
        await self.poll_backoff.run(self._poll_sources)
        await self.deliver()

    async def _poll_sources(self) -> None:
        await self.radar.poll()
        channel_id = self.client.moderators.channel_id
        if channel_id is not None:
            await tell_moderators(self.library, self.settings.lab, channel_id)

    async def complete_papers(self) -> None:
        """Looks up what a few papers lack, those that are due."""
        if await self.database_health.is_damaged():
            return
        completer = self.client.completer
        await self.poll_backoff.run(
            partial(completer.complete_due, _COMPLETION_BATCH_SIZE, _COMPLETER)
        )

    async def reload_moderators(self) -> None:
        """Reads the moderators' roles and channel again, which the shell may have changed."""
        if await self.database_health.is_damaged():
            return
        await self.client.moderators.reload()
        if self.client.is_ready() and self.client.has_outdated_commands:
            await update_commands(self.client)

    async def maintain(self) -> None:
        """Makes the nightly backup, which checks the database, or only checks it if that's due."""
        await self.nightly_backups.make_if_due()
        await self.database_health.check_if_due()

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
    client_class: type[LabHerald] = LabHerald,
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
        open_library(settings.database_path, clock, busy_timeout, settings.backup_dir) as library,
        nullcontext(Paces(library.service_requests, settings)) as paces,
        open_client(allow_private=settings.feed_allow_private) as http,
        open_client(allow_private=False) as pages,
        open_parser() as parser,
        open_parser() as lookup_parser,  # so that no lookup waits for slow feeds
        open_lookup(
            http,
            lookup_parser,
            ServiceUrls.from_settings(settings),
            clock,
            paces,
            pages=pages,
        ) as lookup,
        open_radar(library, settings, clock, paces=paces) as radar,
    ):
        moderators = Moderators(library, settings)
        await moderators.load()
        poller = Poller(library, http, parser, clock, settings.poll_interval, moderators)
        services = CompletionServices(http, lookup_parser.workers, settings, paces)
        completer = Completer(library, lookup, services)
        client = client_class(
            library=library,
            poller=poller,
            lookup=lookup,
            web=http,
            radar=radar,
            completer=completer,
            moderators=moderators,
            settings=settings,
            clock=clock,
            guild_ready_timeout=guild_ready_timeout,
        )
        database_health = DatabaseHealth(
            library,
            Backups.of(settings.database_path, settings.backup_dir),
            client.dispatcher,
            moderators,
            clock,
        )
        with short_discord_logs(), buttons_of_generation(library.generation.token):
            async with client:  # which closes it
                yield App(
                    settings=settings,
                    library=library,
                    poller=poller,
                    client=client,
                    radar=radar,
                    monitor=Monitor(client, library, settings, clock),
                    # Feeds aren't fetched again and again while their papers can't be saved.
                    poll_backoff=DatabaseBackoff(
                        "New papers can't be saved", clock, INTERVALS.poll_feeds
                    ),
                    database_health=database_health,
                    nightly_backups=NightlyBackups(
                        library, settings, moderators, database_health, clock
                    ),
                )


async def run(settings: Settings, intervals: Intervals = INTERVALS) -> None:
    """Runs the bot until SIGINT or SIGTERM.

    Starts at once, however large the database is: it is checked in the background, unless that was
    done lately. Raises `CannotStart` if Discord refuses the connection, and `DatabaseUnusable` if
    the database can't be opened or another process uses it.
    """
    if settings.is_replay:
        raise CannotStart(REPLAY_REFUSED)
    if not settings.discord_token:
        raise CannotStart(
            "DISCORD_TOKEN isn't set. Put your bot's token into .env; README.md shows where to "
            "find it. `lab-herald demo` runs without one."
        )
    if not settings.home_guild_ids:
        _log.warning("HOME_GUILD_IDS isn't set, so /curate, /people and /feed aren't available.")
    discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # unused
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    cancel_on_signals(kill_workers)
    with lock_database(settings.database_path):
        was_closed = is_closed(settings.database_path)
        async with _open_undamaged(settings) as app:
            if not was_closed:
                await app.database_health.forget_check()
            await report_restore(app.library, app.client.moderators)
            await app.library.privacy.save_list()
            timers = [
                scheduler.Timer("poll feeds", intervals.poll_feeds, app.poll),
                scheduler.Timer("poll sources", intervals.poll_sources, app.poll_sources),
                scheduler.Timer("deliver announcements", intervals.deliver, app.deliver),
                scheduler.Timer("complete papers", intervals.complete_papers, app.complete_papers),
                scheduler.Timer(
                    "save uses of commands",
                    intervals.save_command_uses,
                    app.library.command_uses.save,
                ),
                scheduler.Timer(
                    "reload moderators", intervals.reload_moderators, app.reload_moderators
                ),
                scheduler.Timer(
                    "back up and check", intervals.maintain, app.maintain, runs_at_start=True
                ),
            ]
            async with (
                supervise(app.monitor, settings, read_supervisor()),
                scheduler.run_timers(timers),
            ):
                await _connect(app.client, settings.discord_token)


@asynccontextmanager
async def _open_undamaged(settings: Settings) -> AsyncGenerator[App]:
    """Opens every part; raises `DatabaseUnusable` if damage prevents that."""
    async with AsyncExitStack() as stack:
        try:
            app = await stack.enter_async_context(open_app(settings, client_class=ShardedLabHerald))
        except DatabaseDamaged as error:
            backups = Backups.of(settings.database_path, settings.backup_dir)
            sentence = await asyncio.to_thread(backups.describe_damage, error.cause)
            raise DatabaseUnusable(sentence) from error
        yield app


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
        except (
            aiohttp.ClientError,
            OSError,
            discord.DiscordServerError,
            discord.GatewayNotFound,
        ) as error:
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
