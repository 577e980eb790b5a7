"""`/author`: an author's papers, venues and co-authors."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Transform
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.options.catalogue import AuthorOption
from bot.ui import result_pages


class Author(commands.Cog):
    """Look up authors."""

    @app_commands.command()
    @app_commands.describe(
        name="A name in any form: Stella Biderman, biderman, S. Biderman",
        private="Show the reply only to you",
    )
    async def author(
        self, interaction: Interaction, name: Transform[str, AuthorOption], private: bool = False
    ) -> None:
        """Show an author's papers, venues and co-authors."""
        layout = await result_pages.render(
            interaction.client.library, result_pages.SavedQuery(author=name), interaction.user.id
        )
        await interaction.response.send_message(view=layout, ephemeral=private)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Author())
