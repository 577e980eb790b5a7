"""`/random`: a random paper, and another one."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.options import catalogue
from bot.options.catalogue import AuthorOption, TagOption, VenueOption
from bot.ui import cards
from bot.ui.buttons import AnotherButton
from bot.ui.nothing_found import no_papers
from bot.ui.saved_query import SavedQuery, load_query
from storage.library import Library


@AnotherButton.on_press
async def show_another(interaction: Interaction, button: AnotherButton) -> None:
    """Replaces the paper by another one that matches the same filters."""
    query = await load_query(interaction.client.library, button.query_id)
    layout = await _render_random(interaction.client.library, query, interaction.user.id)
    await interaction.response.edit_message(view=layout)


class Random(commands.Cog):
    """Show random papers."""

    @app_commands.command()
    @catalogue.filter_descriptions
    @app_commands.describe(private="Show the reply only to you")
    async def random(
        self,
        interaction: Interaction,
        author: Transform[str, AuthorOption] | None = None,
        venue: Transform[str, VenueOption] | None = None,
        year: Range[str, 4, 12] | None = None,
        tag: Transform[str, TagOption] | None = None,
        private: bool = False,
    ) -> None:
        """Show a random paper from the list."""
        query = SavedQuery(filters=catalogue.filters(author, venue, year, tag))
        layout = await _render_random(interaction.client.library, query, interaction.user.id)
        await interaction.response.send_message(view=layout, ephemeral=private)


async def _render_random(library: Library, query: SavedQuery, owner_id: int) -> cards.Layout:
    paper = await library.search.random(query.filters)
    if paper is None:
        raise await no_papers(library, query, owner_id)
    query_id = library.bot_state.save_query(query.to_text())
    return cards.random_paper(paper, owner_id, query_id)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Random())
