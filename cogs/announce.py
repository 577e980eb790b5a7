"""`/announce`: which channels of a server hear of new papers."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import discord
from discord import app_commands
from discord.ext import commands

from bot.permissions import MANAGERS, actor, missing_to_announce, require_configurer
from bot.ui import cards, watched
from storage.errors import InvalidInput, LabError

if TYPE_CHECKING:
    from bot.client import Interaction, LabHerald

_Channel: TypeAlias = discord.TextChannel | discord.Thread


@app_commands.guild_only()
@app_commands.default_permissions(MANAGERS)
class Announce(commands.GroupCog, group_name="announce"):
    """Choose where new papers are announced."""

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Only who may manage the server."""
        require_configurer(interaction)
        return True

    @app_commands.command()
    async def here(self, interaction: Interaction) -> None:
        """Announce every new paper in this channel."""
        channel = interaction.channel
        if not isinstance(channel, discord.TextChannel | discord.Thread):
            raise InvalidInput(
                "I can announce in text channels, announcement channels and threads."
            )
        if missing := missing_to_announce(channel, channel.guild.me):
            raise InvalidInput(
                f"I can't announce here before I have these permissions: {', '.join(missing)}."
            )
        opened = await interaction.client.library.outbox.open_route(
            channel.guild.id, channel.id, actor(interaction)
        )
        if not opened:
            raise LabError(f"I announce new papers in {channel.mention} already.")
        await interaction.response.send_message(
            view=cards.notice(f"📣 New papers will be announced in {channel.mention} from now on.")
        )
        await interaction.client.courier.deliver()

    @app_commands.command()
    async def list(self, interaction: Interaction) -> None:
        """Show the channels of this server that hear of new papers."""
        routes = await interaction.client.library.outbox.routes(interaction.guild_id)
        text = (
            f"### Announcements\n{watched.routes(routes)}"
            if routes
            else "Nothing is announced in this server. `/announce here` begins it in a channel."
        )
        await interaction.response.send_message(view=cards.notice(text), ephemeral=True)

    @app_commands.command()
    @app_commands.describe(channel="The channel to be quiet in; this one unless you say otherwise")
    async def remove(self, interaction: Interaction, channel: _Channel | None = None) -> None:
        """Stop announcing in a channel."""
        channel_id = channel.id if channel else interaction.channel_id or 0
        closed = await interaction.client.library.outbox.close_route(
            interaction.guild_id or 0, channel_id
        )
        if not closed:
            raise LabError(f"Nothing is announced in <#{channel_id}>, so there is nothing to stop.")
        await interaction.response.send_message(
            view=cards.notice(f"🔕 New papers are no longer announced in <#{channel_id}>."),
        )


async def setup(bot: LabHerald) -> None:
    """Add the cog."""
    await bot.add_cog(Announce())
