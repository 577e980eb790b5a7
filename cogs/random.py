"""`/random`: one paper by chance, and another one."""

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


class NothingToDraw(LabError):
    """No paper has what the filters ask for."""

    def __init__(self, limits: str) -> None:
        super().__init__(f"I have no paper {limits}." if limits else "The list has no papers yet.")


@AnotherButton.on_press
async def show_another(interaction: Interaction, button: AnotherButton) -> None:
    """Replaces the paper by another one that matches the same filters."""
    query = await result_pages.load_query(interaction.client.library, button.query_id)
    layout = await _draw(interaction.client.library, query, interaction.user.id)
    await interaction.response.edit_message(view=layout)


class Random(commands.Cog):
    """Papers by chance."""

    @app_commands.command()
    @app_commands.describe(
        author="Only papers of this author",
        venue="Only papers at this venue",
        year="A year, or a span such as 2021..2023",
        tag="Only papers with this tag",
        private="Show the answer to you alone",
    )
    async def random(
        self,
        interaction: Interaction,
        author: Transform[str, AuthorOption] | None = None,
        venue: Transform[str, VenueOption] | None = None,
        year: Range[str, 4, 12] | None = None,
        tag: Transform[str, TagOption] | None = None,
        private: bool = False,
    ) -> None:
        """Show one of the lab's papers, picked by chance."""
        question = result_pages.SavedQuery(filters=catalogue.filters(author, venue, year, tag))
        layout = await _draw(interaction.client.library, question, interaction.user.id)
        await interaction.response.send_message(view=layout, ephemeral=private)


async def _draw(library: Library, question: result_pages.SavedQuery, owner: int) -> cards.Layout:
    paper = await library.search.random(question.filters)
    if paper is None:
        raise NothingToDraw(result_pages.described(question.filters))
    number = library.bot_state.save_query(question.to_text())
    return cards.random_paper(paper, owner, number)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Random())
