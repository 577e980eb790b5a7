"""What `/setup show` says: the moderators' roles and channel, who said so, and what is amiss."""

from __future__ import annotations

import discord

from bot.markdown import escape, timestamp
from bot.moderators import Moderators
from bot.permissions import missing_permissions
from storage.announcements.models import SubscriptionOptions
from storage.moderator_settings import ModeratorSetting, SettingKey


def described(
    guild_id: int, moderators: Moderators, client: discord.Client, stopped_because: str
) -> str:
    """The set-up of a home server, fit for Discord, and why the channel is not sent to, if so."""
    guild = client.get_guild(guild_id)
    roles = [_role(guild, one) for one in sorted(moderators.roles(guild_id))]
    lines = [
        "### Who moderates here",
        "Everybody with Manage Server, and these roles:" if roles else "Who has Manage Server.",
        *roles,
        _said(moderators.word(guild_id, SettingKey.ROLES), "MODERATOR_ROLE_IDS"),
        "### The moderators' channel",
        _channel(moderators.channel, client),
        f"⚠️ I send nothing there: {stopped_because}. `/setup channel` begins anew."
        if stopped_because
        else "",
        _said(moderators.channel_word, "MODERATORS_CHANNEL_ID"),
    ]
    return "\n".join(filter(None, lines))


def _role(guild: discord.Guild | None, role_id: int) -> str:
    if guild is None or guild.get_role(role_id) is None:
        return f"- ⚠️ a role that this server does not have ({role_id})"
    return f"- <@&{role_id}>"


def _channel(channel_id: int | None, client: discord.Client) -> str:
    if channel_id is None:
        return "None; `/setup channel` chooses one, and `/curate queue` shows what waits."
    channel = client.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel | discord.Thread | discord.ForumChannel):
        return f"⚠️ It is gone, or I can't see it ({channel_id}). `/setup channel` chooses another."
    missing = missing_permissions(channel, channel.guild.me, SubscriptionOptions())
    lack = f"\n⚠️ There I lack {', '.join(missing)}." if missing else ""
    return f"<#{channel_id}>{lack}"


def _said(word: ModeratorSetting | None, setting: str) -> str:
    if word is None:
        return f"-# until `/setup` says otherwise, what {setting} of my settings says"
    name = escape(word.set_by.name, 80)
    if word.key is SettingKey.CHANNEL and not word.ids:
        return f"-# as {setting} says, by the word of {name} {timestamp(word.set_at)}"
    return f"-# said by {name} {timestamp(word.set_at)}"
