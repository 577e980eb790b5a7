"""The text of `/setup show`: the moderators' roles and channel, who set them, and any problems."""

from __future__ import annotations

import discord

from bot.markdown import escape, timestamp
from bot.moderators import Moderators
from bot.permissions import missing_permissions
from storage.announcements.models import SubscriptionOptions
from storage.moderator_settings import ModeratorSetting, SettingKey


def overview(
    guild_id: int, moderators: Moderators, client: discord.Client, stopped_because: str
) -> str:
    """Returns the moderators' setup of a home server.

    ``stopped_because`` says why sending to the moderators' channel was stopped, if it was.
    """
    guild = client.get_guild(guild_id)
    roles = [_role(guild, role_id) for role_id in sorted(moderators.role_ids(guild_id))]
    lines = [
        "### Moderators",
        "Everyone with Manage Server, and these roles:"
        if roles
        else "Everyone with Manage Server.",
        *roles,
        _source(moderators.setting(guild_id, SettingKey.ROLES), "role"),
        "### Moderators' channel",
        _channel(moderators.channel_id, client),
    ]
    if stopped_because:
        lines.append(
            f"⚠️ I've stopped posting there: {escape(stopped_because, 300)}. Run `/setup channel` "
            "to try again."
        )
    if moderators.channel_id is not None or moderators.channel_setting is not None:
        lines.append(_source(moderators.channel_setting, "channel"))
    return "\n".join(lines)


def _role(guild: discord.Guild | None, role_id: int) -> str:
    if guild is None or guild.get_role(role_id) is None:
        return f"- ⚠️ a role that isn't in this server ({role_id})"
    return f"- <@&{role_id}>"


def _channel(channel_id: int | None, client: discord.Client) -> str:
    if channel_id is None:
        return "None. Set one with `/setup channel`; `/curate queue` shows what needs review."
    channel = client.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel | discord.Thread | discord.ForumChannel):
        return (
            f"⚠️ It was deleted, or I can't see it ({channel_id}). Set another with "
            "`/setup channel`."
        )
    text = f"<#{channel_id}>"
    if missing := missing_permissions(channel, channel.guild.me, SubscriptionOptions()):
        text += f"\n⚠️ I need more permissions there: {', '.join(missing)}."
    return text


def _source(setting: ModeratorSetting | None, command: str) -> str:
    if setting is None:
        return f"-# From `.env`; `/setup {command}` overrides it."
    by = f"by {escape(setting.set_by.name, 80)} {timestamp(setting.set_at)}"
    if setting.key is SettingKey.CHANNEL and not setting.ids:
        return f"-# From `.env`, reset {by}."
    return f"-# Set {by}."
