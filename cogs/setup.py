"""`/setup`: who moderates the list, and in which channel, for managers of the home servers."""

from __future__ import annotations

import logging

import discord
from discord import app_commands
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.markdown import count, escape
from bot.permissions import (
    MANAGERS,
    MANAGERS_ONLY,
    actor,
    missing_permissions,
    require_home_manager,
)
from bot.ui import cards
from bot.ui.moderator_settings import overview
from storage.announcements.models import SubscriptionOptions
from storage.errors import InvalidInput, LabError

_log = logging.getLogger(__name__)


@app_commands.default_permissions(MANAGERS)
class Setup(commands.GroupCog, group_name="setup", group_extras={MANAGERS_ONLY: True}):
    """Choose who moderates the list, and where they get alerts."""

    def __init__(self, bot: LabBot) -> None:
        self._bot = bot

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Lets only managers of a home server use the group."""
        require_home_manager(interaction)
        return True

    @app_commands.command()
    @app_commands.describe(role="The role", remove="Take the moderator rights away")
    async def role(
        self, interaction: Interaction, role: discord.Role, remove: bool = False
    ) -> None:
        """Give a role moderator rights, or take them away."""
        moderators, guild = interaction.client.moderators, role.guild
        if role.is_default() or role.is_bot_managed():
            raise InvalidInput(
                "Choose a role that you give to people, not @everyone or a bot's role."
            )
        current = moderators.role_ids(guild.id)
        if remove and role.id not in current:
            raise LabError(f"“{role.name}” isn't a moderator role.")
        if not remove and role.id in current:
            raise LabError(f"“{role.name}” is already a moderator role.")
        await interaction.response.defer(ephemeral=True, thinking=True)
        deleted = {role_id for role_id in current if guild.get_role(role_id) is None}
        await moderators.change_roles(
            guild.id,
            actor(interaction),
            add=() if remove else (role.id,),
            drop=deleted | {role.id} if remove else deleted,
        )
        name = escape(role.name, 100)
        if remove:
            text = f"🔒 **{name}** no longer has moderator rights."
        else:
            text = f"🔑 **{name}** can now moderate with `/curate`, `/people` and `/feed`."
        text += await _update_commands(interaction.client)
        await interaction.followup.send(view=cards.notice(text), ephemeral=True)

    @app_commands.command()
    @app_commands.describe(channel="The channel; leave empty to use the one from .env")
    async def channel(
        self, interaction: Interaction, channel: discord.TextChannel | None = None
    ) -> None:
        """Choose where moderators review papers and get alerts."""
        bot = interaction.client
        if channel is not None and (
            missing := missing_permissions(channel, channel.guild.me, SubscriptionOptions())
        ):
            raise InvalidInput(
                f"I can't post in {channel.mention} yet. Give me these permissions there first: "
                f"{', '.join(missing)}."
            )
        guild_id = interaction.guild_id or 0
        channel_id = channel.id if channel else None
        await bot.moderators.set_channel(guild_id, channel_id, actor(interaction))
        if bot.moderators.channel_id:
            text = f"🔎 The moderators' channel is now <#{bot.moderators.channel_id}>."
        else:
            text = "🔎 There's no moderators' channel now. `/curate queue` shows what needs review."
        if waiting := await bot.library.review.count():
            verb = "needs" if waiting == 1 else "need"
            text += f"\n{count(waiting, 'paper')} {verb} review; see `/curate queue`."
        await interaction.response.send_message(view=cards.notice(text), ephemeral=True)
        bot.dispatcher.deliver_soon()

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Show the moderators' roles and channel, who set them, and any problems."""
        bot = interaction.client
        channel_id = bot.moderators.channel_id or 0
        stopped = await bot.library.outbox.stop_reason(channel_id)
        text = overview(interaction.guild_id or 0, bot.moderators, bot, stopped)
        await interaction.response.send_message(view=cards.notice(text), ephemeral=True)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Tells the moderators that one of their roles was deleted."""
        if role.id not in self._bot.moderators.role_ids(role.guild.id):
            return
        _log.warning("The moderator role %s of server %s was deleted.", role.id, role.guild.id)
        if (channel_id := self._bot.moderators.channel_id) is not None:
            await self._bot.library.outbox.enqueue_notice(
                channel_id,
                f"🔑 The moderator role **{escape(role.name, 100)}** was deleted. Someone with "
                "Manage Server can choose another with `/setup role`.",
            )

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Logs that the moderators' channel was deleted; `/setup show` says it, too."""
        if channel.id == self._bot.moderators.channel_id:
            _log.warning(
                "The moderators' channel %s was deleted; moderators get no alerts until another "
                "one is set.",
                channel.id,
            )


async def _update_commands(bot: LabBot) -> str:
    """Shows the commands to whoever may use them now; returns a warning if Discord refuses."""
    try:
        await bot.update_home_commands()
    except discord.HTTPException as error:
        _log.warning("Discord didn't accept the updated commands: %s", error)
        return "\n⚠️ I couldn't update Discord's list of commands. I'll try again when I restart."
    return ""


async def setup(bot: LabBot) -> None:
    """Adds the cog to the home servers, if there are any."""
    if bot.home_guilds:
        await bot.add_cog(Setup(bot), guilds=bot.home_guilds)
