"""`/random`: a random paper, and another one."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.options import catalogue
from bot.options.catalogue import AuthorOption, TagOption, VenueOption
from bot.ui import cards, result_pages
from bot.ui.buttons import AnotherButton
from storage.errors import LabError
from storage.library import Library


class NoPapers(LabError):
    """The list has no papers, or none that match the filters."""

    def __init__(self, filters: str) -> None:
        super().__init__(
            f"The list has no papers {filters}." if filters else "The list has no papers yet."
        )


@AnotherButton.on_press
async def show_another(interaction: Interaction, button: AnotherButton) -> None:
    """Replaces the paper by another one that matches the same filters."""
    query = await result_pages.load_query(interaction.client.library, button.query_id)
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
        query = result_pages.SavedQuery(filters=catalogue.filters(author, venue, year, tag))
        layout = await _render_random(interaction.client.library, query, interaction.user.id)
        await interaction.response.send_message(view=layout, ephemeral=private)


async def _render_random(
    library: Library, query: result_pages.SavedQuery, owner_id: int
) -> cards.Layout:
    paper = await library.search.random(query.filters)
    if paper is None:
        raise NoPapers(result_pages.describe_filters(query.filters))
    query_id = library.bot_state.save_query(query.to_text())
    return cards.random_paper(paper, owner_id, query_id)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Random())
