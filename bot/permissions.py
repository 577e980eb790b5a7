"""Who may use what. Code checks each rule; what Discord shows only mirrors it."""

from __future__ import annotations

import enum

import discord
from discord.ext import commands

from bot.errors import NotAllowed
from bot.interactions import Interaction, LabBot
from bot.moderators import KnownModerators
from storage.announcements.models import SubscriptionOptions
from storage.models import Actor

MANAGERS = discord.Permissions(manage_guild=True)
FOR_MEMBERS = "for members"  # a key of a command's extras: some of its subcommands are for everyone
MANAGERS_ONLY = "managers only"  # a key of a command's extras: hidden from moderators by role

# What the bot needs in its servers; the invite link asks for exactly this.
BOT_PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    read_message_history=True,
    create_public_threads=True,
)

# What the bot needs in a channel to announce there, under the names that Discord's interface uses.
_ANNOUNCE_PERMISSIONS = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "read_message_history": "Read Message History",
}
_THREAD_PERMISSIONS = {"create_public_threads": "Create Public Threads"}
_MENTION_PERMISSIONS = {"mention_everyone": "Mention @everyone, @here and All Roles"}

_MODERATORS_ONLY = "Only moderators can do that, and only in the lab's own server."
_HOME_ONLY = "You can only do that in the lab's own server."
_SERVER_MANAGERS_ONLY = (
    "Announcements can only be changed in a server, by someone with the Manage Server permission."
)
_HOME_MANAGERS_ONLY = (
    "Moderators can only be set up in the lab's own server, by someone with the Manage Server "
    "permission."
)


class Audience(enum.Enum):
    """Who may use a command."""

    EVERYONE = enum.auto()
    SERVER_MANAGERS = enum.auto()
    MODERATORS = enum.auto()
    HOME_MANAGERS = enum.auto()


def is_moderator(interaction: Interaction) -> bool:
    """Returns whether the user may change the paper list here, by permission or moderator role."""
    if not is_home_server(interaction):
        return False
    user_roles = {role.id for role in getattr(interaction.user, "roles", ())}
    moderator_roles = interaction.client.moderators.role_ids(interaction.guild_id)
    return _manages_server(interaction) or not user_roles.isdisjoint(moderator_roles)


def require_moderator(interaction: Interaction, message: str = _MODERATORS_ONLY) -> None:
    """Raises `NotAllowed` with this message unless the user is a moderator here."""
    if not is_moderator(interaction):
        raise NotAllowed(message)


def is_server_manager(interaction: Interaction) -> bool:
    """Returns whether the user may manage this server, and so its announcements."""
    return interaction.guild_id is not None and _manages_server(interaction)


def require_server_manager(interaction: Interaction) -> None:
    """Raises `NotAllowed` unless the user may manage this server."""
    if not is_server_manager(interaction):
        raise NotAllowed(_SERVER_MANAGERS_ONLY)


def is_home_manager(interaction: Interaction) -> bool:
    """Returns whether the user may choose the moderators: a moderator role alone is not enough."""
    return is_home_server(interaction) and _manages_server(interaction)


def require_home_manager(interaction: Interaction) -> None:
    """Raises `NotAllowed` unless the user may choose the moderators."""
    if not is_home_manager(interaction):
        raise NotAllowed(_HOME_MANAGERS_ONLY)


def require_home_server(interaction: Interaction) -> None:
    """Raises `NotAllowed` outside of the lab's own servers."""
    if not is_home_server(interaction):
        raise NotAllowed(_HOME_ONLY)


def is_home_server(interaction: Interaction) -> bool:
    """Returns whether the interaction comes from one of the lab's own servers."""
    return interaction.guild_id in interaction.client.settings.home_guild_ids


def actor(interaction: Interaction) -> Actor:
    """Returns the user as the audit log records them."""
    return Actor(f"discord:{interaction.user.id}", interaction.user.display_name)


def default_permissions(moderators: KnownModerators) -> discord.Permissions | None:
    """Returns the permissions that a member needs to see the moderators' commands.

    Discord can't limit a command's visibility to a role, so everybody sees them as soon as there
    is a moderator role.
    """
    return None if moderators.has_roles else MANAGERS


def missing_permissions(
    channel: discord.TextChannel | discord.Thread | discord.ForumChannel,
    granted: discord.Permissions,
    options: SubscriptionOptions,
) -> list[str]:
    """Returns the names of the permissions that the bot lacks to announce in a channel.

    ``granted`` are those that it has there.
    """
    needed = dict(_ANNOUNCE_PERMISSIONS)
    if isinstance(channel, discord.Thread):
        needed["send_messages_in_threads"] = "Send Messages in Threads"
        del needed["send_messages"]
    if isinstance(channel, discord.ForumChannel):
        needed["send_messages"] = "Create Posts"
    if isinstance(channel, discord.Thread) and channel.locked:
        needed["manage_threads"] = "Manage Threads (the thread is locked)"
    if options.has_thread:
        needed |= _THREAD_PERMISSIONS
    role = channel.guild.get_role(options.role_id or 0)
    if role is not None and not role.mentionable:
        needed |= _MENTION_PERMISSIONS
    return [name for attribute, name in needed.items() if not getattr(granted, attribute)]


def readers(channel: discord.TextChannel, moderators: KnownModerators) -> list[discord.Role]:
    """Returns the roles of ordinary members who can read a channel; @everyone stands for all."""
    guild = channel.guild
    if channel.permissions_for(guild.default_role).view_channel:
        return [guild.default_role]
    moderator_roles = moderators.role_ids(guild.id)
    return [
        role
        for role in guild.roles
        if role.id not in moderator_roles
        and not (role.is_bot_managed() or role.permissions.manage_guild)
        and not role.permissions.administrator
        and channel.permissions_for(role).view_channel
    ]


def _manages_server(interaction: Interaction) -> bool:
    permissions = interaction.permissions
    return permissions.manage_guild or permissions.administrator


class HomeCog(commands.GroupCog):
    """A group of moderators' commands that exists only in the home servers."""

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Lets only moderators use the group."""
        require_moderator(interaction)
        return True

    async def register(self, bot: LabBot) -> None:
        """Adds the group to the home servers, if there are any."""
        if bot.home_guilds:
            await bot.add_cog(self, guilds=bot.home_guilds)
