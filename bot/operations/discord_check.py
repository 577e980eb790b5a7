"""Checks the bot's places in Discord: its servers, channels, permissions, roles and forum tags.

The running bot knows them from the gateway, and the shell asks Discord's API.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from typing import TypeAlias

import aiohttp
import discord

from bot.markdown import join_and
from bot.moderators import KnownModerators
from bot.operations.findings import Finding, Level, Topic
from bot.operations.setup import Setup
from bot.permissions import missing_permissions, readers
from bot.settings import Settings
from storage.announcements.models import Subscription, SubscriptionOptions
from storage.timestamps import Clock

_Channel: TypeAlias = discord.TextChannel | discord.Thread | discord.ForumChannel

_TIME_LIMIT = timedelta(seconds=60)  # for all requests
_NEW_ROLE = "Choose another with /setup role, or correct MODERATOR_ROLE_IDS."
_CLOCK_TOLERANCE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Server:
    """A server as the bot sees it, with its channels, and its threads as far as they're needed."""

    guild: discord.Guild
    me: discord.Member
    channels: Mapping[int, _Channel]


def cached_server(guild: discord.Guild) -> Server:
    """Returns what the running bot knows about a server."""
    return Server(guild, guild.me, _by_id((*guild.channels, *guild.threads)))


def check_server(server: Server, setup: Setup) -> list[Finding]:
    """Returns what is wrong in a server, or that nothing is; leaves out the moderators' channel."""
    findings = [
        _problem(f"The server {_name(server)} has no role {role_id}, which moderates. {_NEW_ROLE}")
        for role_id in sorted(setup.moderators.role_ids(server.guild.id))
        if server.guild.get_role(role_id) is None
    ]
    for subscription in setup.subscriptions_in(server.guild.id):
        findings += _check_subscription(server, subscription)
    return findings or [_ok(f"The server {_name(server)} is set up.")]


def _check_subscription(server: Server, subscription: Subscription) -> list[Finding]:
    channel = server.channels.get(subscription.channel_id)
    options = subscription.options
    if channel is None:
        return [
            _problem(
                f"In {_name(server)}, the channel {subscription.channel_id} that announces "
                "papers was deleted, or the bot can't see it. Choose another with /announce to."
            )
        ]
    place = f"#{channel.name} in {_name(server)}"
    findings = []
    if missing := _missing_permissions(server, channel, options):
        findings.append(
            _problem(
                f"{place}: the bot lacks {join_and(missing)}. Allow its role that in the "
                "channel's permissions."
            )
        )
    if options.role_id and server.guild.get_role(options.role_id) is None:
        findings.append(
            _problem(
                f"{place}: the role {options.role_id} to mention was deleted. Choose another with "
                "/announce to."
            )
        )
    if isinstance(channel, discord.ForumChannel):
        findings += [_problem(f"{place}: {reason}") for reason in _tag_problems(channel, options)]
    if subscription.stopped_because:
        findings.append(
            _problem(
                f"{place}: announcements are stopped ({subscription.stopped_because.rstrip('.')}). "
                "/announce resume tries again."
            )
        )
    return findings


def _tag_problems(forum: discord.ForumChannel, options: SubscriptionOptions) -> Iterable[str]:
    if options.tag_id and forum.get_tag(options.tag_id) is None:
        yield "the tag of its posts was deleted. Choose another with /announce to."
    elif forum.flags.require_tag and not options.tag_id:
        yield "posts need a tag there. Choose one with /announce to."


def check_moderators_channel(servers: Iterable[Server], moderators: KnownModerators) -> Finding:
    """Checks the moderators' channel, which may be in any of the lab's servers."""
    if moderators.channel_id is None:
        return _warning(
            "There's no moderators' channel, so nobody gets alerts about failing feeds or papers "
            "to review. Choose one with /setup channel or MODERATORS_CHANNEL_ID."
        )
    for server in servers:
        channel = server.channels.get(moderators.channel_id)
        if channel is None:
            continue
        place = f"The moderators' channel #{channel.name} in {_name(server)}"
        if missing := _missing_permissions(server, channel, SubscriptionOptions()):
            return _problem(
                f"{place}: the bot lacks {join_and(missing)}. Allow its role that in the channel's "
                "permissions."
            )
        if isinstance(channel, discord.TextChannel) and readers(channel, moderators):
            return _warning(
                f"{place} can be read by members. Make it private, or choose another with /setup "
                "channel."
            )
        return _ok(f"{place} is private, and the bot can post there.")
    return _problem(
        f"The moderators' channel {moderators.channel_id} was deleted, or the bot can't see it. "
        "Choose another with /setup channel."
    )


async def check_discord(settings: Settings, setup: Setup) -> list[Finding]:
    """Logs in, asks Discord about every server of the bot, and returns what is wrong.

    No connection to the gateway is made, so a running bot isn't disturbed.
    """
    delays: list[timedelta] = []
    client = discord.Client(
        intents=discord.Intents.none(),
        max_ratelimit_timeout=_TIME_LIMIT.total_seconds(),
        http_trace=_trace_clock(settings.clock, delays),
    )
    try:
        async with asyncio.timeout(_TIME_LIMIT.total_seconds()):
            await client.login(settings.discord_token)
            findings = await _check_servers(client, setup)
            return [*findings, *_check_clock(delays)]
    except discord.LoginFailure:
        return [
            _problem(
                "Discord doesn't accept DISCORD_TOKEN. Copy the token again from the Bot page of "
                "your application."
            )
        ]
    except (aiohttp.ClientError, OSError, TimeoutError, discord.DiscordException) as error:
        reason = str(error) or "it didn't answer in time"
        return [_problem(f"Discord can't be reached ({reason}). Check the network and try again.")]
    finally:
        await client.close()


def _trace_clock(clock: Clock, delays: list[timedelta]) -> aiohttp.TraceConfig:
    """Returns a trace that adds how far this machine's clock is ahead of Discord's."""

    async def compare(
        _session: aiohttp.ClientSession, _context: object, params: aiohttp.TraceRequestEndParams
    ) -> None:
        with suppress(ValueError, OverflowError):  # a proxy's may be none
            date = parsedate_to_datetime(params.response.headers.get("Date", ""))
            delays.append(clock() - date.astimezone(UTC))

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(compare)
    return trace


def _check_clock(delays: Iterable[timedelta]) -> list[Finding]:
    delay = min(delays, key=abs, default=timedelta())
    if abs(delay) <= _CLOCK_TOLERANCE:
        return []
    seconds = f"{abs(delay).total_seconds():,.0f} seconds"
    way = "ahead of" if delay > timedelta() else "behind"
    text = f"This machine's clock is {seconds} {way} Discord's. Set the clock."
    return [Finding(Level.PROBLEM, Topic.CLOCK, text)]


async def _check_servers(client: discord.Client, setup: Setup) -> list[Finding]:
    name = client.user.name if client.user else "the bot"
    findings = [_ok(f"Discord accepts the token of {name}.")]
    servers = []
    guild_ids = (*setup.home_guild_ids, *(one.guild_id for one in setup.subscriptions))
    for guild_id in dict.fromkeys(guild_ids):
        here = setup.subscriptions_in(guild_id)
        server = await _fetch_server(client, guild_id, [one.channel_id for one in here])
        if server is not None:
            servers.append(server)
            findings += check_server(server, setup)
        elif guild_id in setup.home_guild_ids:
            findings.append(
                _problem(
                    f"The bot isn't a member of the server {guild_id} in HOME_GUILD_IDS. Invite "
                    "it, or correct the ID."
                )
            )
        else:
            findings.append(
                _warning(
                    f"The bot isn't a member of the server {guild_id} any more, so {len(here)} of "
                    "its channels get nothing."
                )
            )
    if setup.home_guild_ids:
        home = [server for server in servers if server.guild.id in setup.home_guild_ids]
        findings.append(check_moderators_channel(home, setup.moderators))
    return findings


async def _fetch_server(
    client: discord.Client, guild_id: int, channel_ids: Iterable[int]
) -> Server | None:
    """Returns a server, or None if the bot isn't a member of it."""
    assert client.user is not None  # noqa: S101 - it's logged in
    try:
        guild = await client.fetch_guild(guild_id, with_counts=False)
        me = await guild.fetch_member(client.user.id)
        channels = _by_id(await guild.fetch_channels())
    except (discord.Forbidden, discord.NotFound):
        return None
    for channel_id in channel_ids:
        if channel_id not in channels:  # a thread, if anything
            try:
                channels |= _by_id([await guild.fetch_channel(channel_id)])
            except (discord.Forbidden, discord.NotFound, discord.InvalidData):
                continue
    return Server(guild, me, channels)


def _by_id(channels: Iterable[object]) -> dict[int, _Channel]:
    """Returns the channels that messages can be sent to, by their ids."""
    return {one.id: one for one in channels if isinstance(one, _Channel)}


def _missing_permissions(
    server: Server,
    channel: _Channel,
    options: SubscriptionOptions,
) -> list[str]:
    """Returns the permissions that the bot lacks in a channel, or in a thread's."""
    parent = server.channels.get(channel.parent_id) if isinstance(channel, discord.Thread) else None
    granted = (parent or channel).permissions_for(server.me)
    return missing_permissions(channel, granted, options)


def _name(server: Server) -> str:
    return f"“{server.guild.name}”"


def _ok(text: str) -> Finding:
    return Finding(Level.OK, Topic.DISCORD, text)


def _warning(text: str) -> Finding:
    return Finding(Level.WARNING, Topic.DISCORD, text)


def _problem(text: str) -> Finding:
    return Finding(Level.PROBLEM, Topic.DISCORD, text)
