"""The text of `/setup show`: who moderates, in which channel, who set that, and the backups."""

from __future__ import annotations

from datetime import datetime

import discord

from bot.markdown import count, escape, join_and, time_ahead, timestamp
from bot.moderators import Moderators
from bot.permissions import missing_permissions, readers
from storage.announcements.models import SubscriptionOptions
from storage.backups.files import Backup
from storage.moderator_settings import ModeratorSetting, SettingKey

_MAX_READERS = 5  # roles that a warning names


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
        _channel(moderators, client),
    ]
    if stopped_because:
        lines.append(
            f"⚠️ I've stopped posting there: {escape(stopped_because, 300)}. Run `/setup channel` "
            "to try again."
        )
    if moderators.channel_id is not None or moderators.channel_setting is not None:
        lines.append(_source(moderators.channel_setting, "channel"))
    return "\n".join(lines)


def people_overview(*, is_trusting: bool) -> str:
    """Returns whether certain papers by the lab's people are announced without a review."""
    if is_trusting:
        return (
            "### The lab's people\nNew papers that are certainly theirs may be announced without a "
            "review."
        )
    return "### The lab's people\nAll their papers need a review; `/setup trust` can change that."


def backups_overview(
    newest: Backup | None, next_due: datetime | None, failing_since: datetime | None, now: datetime
) -> str:
    """Returns the newest backup of the database and when the next one is due, None for never."""
    lines = ["### Backups"]
    if newest is None:
        lines.append("⚠️ There's no backup of the paper list yet.")
    else:
        lines += [
            f"The last good one is from {timestamp(newest.made_at, 'f')}.",
            f"-# {escape(newest.path.name, 200)}, {count(newest.papers, 'paper')}",
        ]
    if next_due is None:
        lines.append("⚠️ Nightly backups are turned off, because `BACKUP_KEEP` is 0.")
    elif failing_since is not None:
        lines.append(
            f"⚠️ They've been failing since {timestamp(failing_since, 'f')}. I try again every "
            "hour; the log says why."
        )
    elif next_due <= now:
        lines.append("The next one is due now.")
    else:
        lines.append(f"The next one is due {time_ahead(next_due)}.")
    return "\n".join(lines)


def _role(guild: discord.Guild | None, role_id: int) -> str:
    if guild is None or guild.get_role(role_id) is None:
        return f"- ⚠️ a role that isn't in this server ({role_id})"
    return f"- <@&{role_id}>"


def privacy_warning(channel: discord.TextChannel, moderators: Moderators) -> str:
    """Returns a warning, on a line of its own, if ordinary members can read the channel."""
    roles = readers(channel, moderators)
    if not roles:
        return ""
    if roles[0].is_default():
        who = "Everyone in this server"
    else:
        shown = [role.mention for role in roles[:_MAX_READERS]]
        if more := len(roles) - len(shown):
            shown.append(count(more, "other role"))
        who = f"Everyone with {join_and(shown)}"
    return (
        f"\n⚠️ {who} can read that channel. Alerts name feeds, and reviews name who suggested a "
        "paper, so make the channel private or choose another one."
    )


def _channel(moderators: Moderators, client: discord.Client) -> str:
    channel_id = moderators.channel_id
    if channel_id is None:
        return "None. Set one with `/setup channel`; `/curate queue` shows what needs review."
    channel = client.get_channel(channel_id)
    if not isinstance(channel, discord.TextChannel | discord.Thread | discord.ForumChannel):
        return (
            f"⚠️ It was deleted, or I can't see it ({channel_id}). Set another with "
            "`/setup channel`."
        )
    text = f"<#{channel_id}>"
    if missing := missing_permissions(
        channel, channel.permissions_for(channel.guild.me), SubscriptionOptions()
    ):
        text += f"\n⚠️ I need more permissions there: {', '.join(missing)}."
    if isinstance(channel, discord.TextChannel):
        text += privacy_warning(channel, moderators)
    return text


def _source(setting: ModeratorSetting | None, command: str) -> str:
    if setting is None:
        return f"-# From `.env`; `/setup {command}` overrides it."
    by = f"by {escape(setting.set_by.name, 80)} {timestamp(setting.set_at)}"
    if setting.key is SettingKey.CHANNEL and not setting.ids:
        return f"-# From `.env`, reset {by}."
    return f"-# Set {by}."
