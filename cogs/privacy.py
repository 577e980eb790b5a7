"""`/privacy`: what the bot stores about the user, and deleting it."""

from __future__ import annotations

from discord import app_commands
from discord.ext import commands

from bot.flows.privacy import show_data
from bot.interactions import Interaction, LabBot


class Privacy(commands.Cog):
    """Show and delete one's own data."""

    @app_commands.command()
    async def privacy(self, interaction: Interaction) -> None:
        """See what I store about you, download it, or delete it. Only you see the reply."""
        await show_data(interaction)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Privacy())
