"""Explains why a member can or can't use a command in a channel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from typing import TypeAlias

import discord
from discord.app_commands import AppCommand, AppCommandPermissions

from bot.interactions import LabBot
from bot.markdown import escape, join_and
from bot.moderators import KnownModerators
from bot.permissions import Audience

Channel: TypeAlias = discord.abc.GuildChannel | discord.Thread
Overrides: TypeAlias = Sequence[Sequence[AppCommandPermissions]]

_INTEGRATIONS = "Server Settings → Integrations"


async def fetch_overrides(client: LabBot, guild: discord.Guild, name: str) -> Overrides:
    """Returns what the server's Integrations settings say about a command, then about the bot."""
    root = name.partition(" ")[0]
    for scope in (guild, None):
        for command in await client.tree.fetch_commands(guild=scope):
            if command.name == root and command.type is discord.AppCommandType.chat_input:
                # Discord keeps what holds for all commands under the application's own ID.
                application = copy(command)
                application.id = command.application_id
                return [await _fetch(command, guild), await _fetch(application, guild)]
    return []


async def _fetch(command: AppCommand, guild: discord.Guild) -> Sequence[AppCommandPermissions]:
    try:
        return (await command.fetch_permissions(guild)).permissions
    except discord.NotFound:  # there are none
        return []


def explain_refusal(
    member: discord.Member,
    channel: Channel,
    audience: Audience,
    moderators: KnownModerators,
    overrides: Overrides,
) -> list[str]:
    """Returns every reason why a member can't use a command in a channel, as sentences.

    ``overrides`` are those of the server's Integrations settings, of which the first that say
    something hold. They don't hold for administrators. The sentences are escaped.
    """
    return [
        *_missing_rights(member, audience, moderators),
        *_missing_permissions(member, channel),
        *_refused_by_overrides(member, channel, overrides),
    ]


def _missing_rights(
    member: discord.Member, audience: Audience, moderators: KnownModerators
) -> Iterator[str]:
    if audience is Audience.EVERYONE or member.guild_permissions.manage_guild:
        return
    if audience is not Audience.MODERATORS:
        yield "They lack **Manage Server**. Give it to one of their roles."
        return
    role_ids = moderators.role_ids(member.guild.id)
    if role_ids.isdisjoint(role.id for role in member.roles):
        roles = [role.mention for role in member.guild.roles if role.id in role_ids]
        advice = (
            f"Give them one of these roles: {', '.join(roles)}."
            if roles
            else "Give them **Manage Server**, or choose a moderator role with `/setup role`."
        )
        yield f"They aren't a moderator. {advice}"


def _missing_permissions(member: discord.Member, channel: Channel) -> Iterator[str]:
    granted = channel.permissions_for(member)
    needed = {
        "view_channel": "View Channel",
        "use_application_commands": "Use Application Commands",
    }
    missing = [f"**{name}**" for key, name in needed.items() if not getattr(granted, key)]
    if missing:
        yield f"They lack {join_and(missing)} in {channel.mention}. Change its permissions."
    if member.is_timed_out():
        yield "They're timed out."


def _refused_by_overrides(
    member: discord.Member, channel: Channel, overrides: Overrides
) -> Iterator[str]:
    if member.guild_permissions.administrator or member.guild.owner_id == member.id:
        return
    if not _is_allowed_here(channel, overrides):
        yield f"{_INTEGRATIONS} doesn't allow the command in {channel.mention}."
    if not _is_allowed_for(member, overrides):
        yield f"{_INTEGRATIONS} doesn't allow the command for {escape(member.display_name, 80)}."


def _is_allowed_here(channel: Channel, overrides: Overrides) -> bool:
    """Returns whether the channel is allowed: its own override wins over that of all channels."""
    place = channel.parent_id if isinstance(channel, discord.Thread) else channel.id
    all_channels = channel.guild.id - 1  # as Discord writes it
    for level in overrides:
        allowed = {
            one.id: one.permission
            for one in level
            if one.type is discord.AppCommandPermissionType.channel
        }
        for target in (place, all_channels):
            if target in allowed:
                return allowed[target]
    return True


def _is_allowed_for(member: discord.Member, overrides: Overrides) -> bool:
    """Returns whether a member is allowed: their own override wins, then any role that allows."""
    for level in overrides:
        allowed = {
            one.id: one.permission
            for one in level
            if one.type is not discord.AppCommandPermissionType.channel
        }
        if member.id in allowed:
            return allowed[member.id]
        roles = [role.id for role in member.roles if role.id in allowed and not role.is_default()]
        if roles:
            return any(allowed[role] for role in roles)
        if member.guild.id in allowed:  # the id of @everyone
            return allowed[member.guild.id]
    return True
