"""`/setup`: who moderates the list and where they hear of it, in the lab's own servers."""

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
from bot.ui.moderator_settings import described
from storage.announcements.models import SubscriptionOptions
from storage.errors import InvalidInput, LabError

_log = logging.getLogger(__name__)


@app_commands.default_permissions(MANAGERS)
class Setup(commands.GroupCog, group_name="setup", group_extras={MANAGERS_ONLY: True}):
    """Say who moderates the list, and where they hear of it."""

    def __init__(self, bot: LabBot) -> None:
        self._bot = bot

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Only who may manage the home server."""
        require_home_manager(interaction)
        return True

    @app_commands.command()
    @app_commands.describe(
        role="A role of this server", remove="Take it away: the role keeps the list no more"
    )
    async def role(
        self, interaction: Interaction, role: discord.Role, remove: bool = False
    ) -> None:
        """Let a role keep the paper list and the feeds, or no more."""
        moderators, guild = interaction.client.moderators, role.guild
        if role.is_default() or role.is_bot_managed():
            raise InvalidInput("Choose a role that you give to people, not everybody's or a bot's.")
        before = moderators.roles(guild.id)
        if (role.id in before) is not remove:
            does = "does not keep" if remove else "keeps"
            raise LabError(f"“{role.name}” {does} the list already.")
        await interaction.response.defer(ephemeral=True, thinking=True)
        gone = {one for one in before if guild.get_role(one) is None}
        await moderators.change_roles(
            guild.id,
            actor(interaction),
            add=() if remove else (role.id,),
            drop=gone | {role.id} if remove else gone,
        )
        name = escape(role.name, 100)
        text = (
            f"🔒 **{name}** keeps the list no more."
            if remove
            else f"🔑 **{name}** keeps the list from now on, by `/curate`, `/people` and `/feed`."
        )
        text += await _show_commands(interaction.client)
        await interaction.followup.send(view=cards.notice(text), ephemeral=True)

    @app_commands.command()
    @app_commands.describe(channel="Which channel; that of my settings file unless you say")
    async def channel(
        self, interaction: Interaction, channel: discord.TextChannel | None = None
    ) -> None:
        """Choose where moderators review papers and hear of trouble."""
        bot = interaction.client
        if channel is not None and (
            missing := missing_permissions(channel, channel.guild.me, SubscriptionOptions())
        ):
            raise InvalidInput(
                f"I can't write in {channel.mention} before I have these permissions there: "
                f"{', '.join(missing)}."
            )
        guild_id = interaction.guild_id or 0
        await bot.moderators.choose_channel(
            guild_id, channel.id if channel else None, actor(interaction)
        )
        said = (
            f"🔎 The moderators' channel is <#{bot.moderators.channel}> from now on."
            if bot.moderators.channel
            else "🔎 There is no moderators' channel now; `/curate queue` shows what waits."
        )
        if waiting := await bot.library.review.count():
            said += f"\n{count(waiting, 'decision')} wait; `/curate queue` shows them all."
        await interaction.response.send_message(view=cards.notice(said), ephemeral=True)
        bot.dispatcher.deliver_soon()

    @app_commands.command()
    async def show(self, interaction: Interaction) -> None:
        """Show who moderates the list and where, who said so, and what is wrong with it."""
        bot = interaction.client
        stopped = await bot.library.subscriptions.stopped_because(bot.moderators.channel or 0)
        text = described(interaction.guild_id or 0, bot.moderators, bot, stopped)
        await interaction.response.send_message(view=cards.notice(text), ephemeral=True)

    @commands.Cog.listener()
    async def on_guild_role_delete(self, role: discord.Role) -> None:
        """Tell the moderators that a role of theirs is gone."""
        if role.id not in self._bot.moderators.roles(role.guild.id):
            return
        _log.warning("The moderators' role %s of server %s was deleted.", role.id, role.guild.id)
        if (channel_id := self._bot.moderators.channel) is not None:
            await self._bot.library.outbox.notify(
                channel_id,
                f"🔑 The role **{escape(role.name, 100)}**, which kept the list, was deleted. Who "
                "manages the server may choose another by `/setup role`.",
            )

    @commands.Cog.listener()
    async def on_guild_channel_delete(self, channel: discord.abc.GuildChannel) -> None:
        """Say in the log that the moderators' channel is gone; `/setup show` says it, too."""
        if channel.id == self._bot.moderators.channel:
            _log.warning(
                "The moderators' channel %s was deleted; choose another by /setup channel.",
                channel.id,
            )


async def _show_commands(bot: LabBot) -> str:
    """Show the commands to whom they are for; what to say where Discord fails at that."""
    try:
        await bot.update_home_commands()
    except discord.HTTPException as error:
        _log.warning("Discord did not take the changed commands: %s", error)
        return "\n⚠️ Discord did not show it the commands just now; I try again at my next start."
    return ""


async def setup(bot: LabBot) -> None:
    """Add the cog to the lab's own servers, where there are any."""
    if bot.home_guilds:
        await bot.add_cog(Setup(bot), guilds=bot.home_guilds)
