"""Who may use what: every rule is a check in code, and visibility follows it."""

from __future__ import annotations

import discord
from discord.ext import commands

from bot.errors import NotAllowed
from bot.interactions import Interaction, LabBot
from bot.moderators import Moderators
from storage.announcements.models import SubscriptionOptions
from storage.models import Actor

MANAGERS = discord.Permissions(manage_guild=True)
MANAGERS_ONLY = "managers only"  # among a command's extras: a moderator by role does not see it

# What the bot needs in its servers; the invite link asks for exactly this.
BOT_PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    embed_links=True,
    read_message_history=True,
    create_public_threads=True,
)

# What it needs in a channel to announce there, by the name that people see in Discord.
_TO_ANNOUNCE = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "read_message_history": "Read Message History",
}
_TO_BEGIN_THREADS = {"create_public_threads": "Create Public Threads"}
_TO_CALL_ROLES = {"mention_everyone": "Mention @everyone, @here and All Roles"}
_CURATORS_ALONE = "Only the moderators of the lab's own server keep the paper list and its feeds."


def may_curate(interaction: Interaction) -> bool:
    """Whether somebody may keep the list: in a home server, by permission or by role."""
    if not _is_home(interaction):
        return False
    roles = {role.id for role in getattr(interaction.user, "roles", ())}
    moderators = interaction.client.moderators.roles(interaction.guild_id)
    return _manages(interaction) or not roles.isdisjoint(moderators)


def require_curator(interaction: Interaction, sentence: str = _CURATORS_ALONE) -> None:
    """Raise `NotAllowed`, with a sentence that says so, for who may not keep the list."""
    if not may_curate(interaction):
        raise NotAllowed(sentence)


def may_configure(interaction: Interaction) -> bool:
    """Whether somebody may say what is announced in this server."""
    return interaction.guild_id is not None and _manages(interaction)


def require_configurer(interaction: Interaction) -> None:
    """Raise `NotAllowed` for who may not manage this server."""
    if not may_configure(interaction):
        raise NotAllowed("Announcements are set up in a server, by who may manage that server.")


def may_set_up(interaction: Interaction) -> bool:
    """Whether somebody may say who moderates: who manages a home server, a role is not enough."""
    return _is_home(interaction) and _manages(interaction)


def require_manager(interaction: Interaction) -> None:
    """Raise `NotAllowed` for who may not say who moderates."""
    if not may_set_up(interaction):
        raise NotAllowed("Who moderates is set up in the lab's own server, by who may manage it.")


def actor(interaction: Interaction) -> Actor:
    """The person who does something, as the record of changes keeps them."""
    return Actor(f"discord:{interaction.user.id}", interaction.user.display_name)


def default_permissions(moderators: Moderators) -> discord.Permissions | None:
    """Whom Discord shows the moderators' commands: a role can't be told it, so then everybody."""
    return None if moderators.has_roles else MANAGERS


def _is_home(interaction: Interaction) -> bool:
    return interaction.guild_id in interaction.client.settings.home_guild_ids


def _manages(interaction: Interaction) -> bool:
    given = interaction.permissions
    return given.manage_guild or given.administrator


def missing_to_announce(
    channel: discord.TextChannel | discord.Thread | discord.ForumChannel,
    me: discord.Member,
    options: SubscriptionOptions,
) -> list[str]:
    """The permissions, by their names, that the bot lacks to announce in a channel this way."""
    given = channel.permissions_for(me)
    needed = dict(_TO_ANNOUNCE)
    if isinstance(channel, discord.Thread):
        needed["send_messages_in_threads"] = "Send Messages in Threads"
        del needed["send_messages"]
    if options.has_thread:
        needed |= _TO_BEGIN_THREADS
    role = channel.guild.get_role(options.role_id or 0)
    if role is not None and not role.mentionable:
        needed |= _TO_CALL_ROLES
    return [shown for name, shown in needed.items() if not getattr(given, name)]


class HomeCog(commands.GroupCog):
    """A group of moderators' commands, offered in the home servers alone."""

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Only who may keep the list."""
        require_curator(interaction)
        return True

    async def offer(self, bot: LabBot) -> None:
        """Add the group to the home servers, where there are any; the bot says who sees it."""
        if bot.home_guilds:
            await bot.add_cog(self, guilds=bot.home_guilds)
