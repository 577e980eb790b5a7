"""Retries stopped channels when a server changes what the bot may do there."""

from __future__ import annotations

import discord
from discord.abc import GuildChannel
from discord.ext import commands

from bot.announce.dispatcher import OutboxDispatcher


class PermissionEvents(commands.Cog):
    """Listens to the changes that can open a channel to the bot; others would only cost requests.

    Discord tells bots about changes to themselves even without the intent for members.
    """

    def __init__(self, dispatcher: OutboxDispatcher) -> None:
        self._dispatcher = dispatcher

    @commands.Cog.listener()
    async def on_guild_channel_update(self, before: GuildChannel, after: GuildChannel) -> None:
        """Retries after a change to a channel's permissions, category or settings for posts."""
        if _access(before) != _access(after):
            await self._dispatcher.retry_stopped(after.guild)

    @commands.Cog.listener()
    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        """Retries after a thread was unlocked or reopened."""
        if (before.locked, before.archived) != (after.locked, after.archived):
            await self._dispatcher.retry_stopped(after.guild)

    @commands.Cog.listener()
    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        """Retries after a change to a role's permissions."""
        if before.permissions != after.permissions:
            await self._dispatcher.retry_stopped(after.guild)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Retries after a role is gone, and with it what channels denied to it."""
        await self._dispatcher.retry_stopped(role.guild)

    @commands.Cog.listener()
    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        """Retries after the bot got other roles, or its timeout was removed."""
        changed = (before.roles, before.timed_out_until) != (after.roles, after.timed_out_until)
        if after == after.guild.me and changed:
            await self._dispatcher.retry_stopped(after.guild)

    @commands.Cog.listener()
    async def on_guild_update(self, _before: discord.Guild, after: discord.Guild) -> None:
        """Retries after a change to a server's settings."""
        await self._dispatcher.retry_stopped(after)

    @commands.Cog.listener()
    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Retries after the bot was added to a server again."""
        await self._dispatcher.retry_stopped(guild)

    @commands.Cog.listener()
    async def on_guild_available(self, guild: discord.Guild) -> None:
        """Retries after a new connection, because changes before it were missed."""
        await self._dispatcher.retry_stopped(guild)


def _access(channel: GuildChannel) -> tuple[object, ...]:
    return channel.overwrites, channel.category_id, getattr(channel, "flags", None)
