"""`/search` and `/latest`: find papers."""

from __future__ import annotations

import re

from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.options import catalogue
from bot.options.catalogue import AuthorOption, QueryOption, TagOption, VenueOption
from bot.ui import result_pages
from bot.ui.saved_query import SavedQuery
from storage.models import Sort

_PAPER_NUMBER = re.compile(r"#\d{1,15}")  # the value of a suggested title


class Search(commands.Cog):
    """Find papers by words and filters."""

    @app_commands.command()
    @catalogue.filter_descriptions
    @app_commands.describe(
        query='Words, "a phrase", -excluded, author:name, venue:ICML, year:2022..2023, tag:code',
        sort="Order of the results (best match first by default)",
        private="Show the reply only to you",
    )
    @app_commands.choices(sort=catalogue.SORTS)
    async def search(
        self,
        interaction: Interaction,
        query: Transform[str, QueryOption],
        author: Transform[str, AuthorOption] | None = None,
        venue: Transform[str, VenueOption] | None = None,
        year: Range[str, 4, 12] | None = None,
        tag: Transform[str, TagOption] | None = None,
        sort: str = Sort.RELEVANCE.value,
        private: bool = False,
    ) -> None:
        """Search the lab's papers."""
        if _PAPER_NUMBER.fullmatch(query):
            paper = await interaction.client.library.papers.get_by_text(query)
            layout = await result_pages.render_paper(interaction.client.library, paper)
        else:
            saved = SavedQuery(
                words=query, filters=catalogue.filters(author, venue, year, tag), sort=Sort(sort)
            )
            layout = await result_pages.render(
                interaction.client.library,
                await result_pages.interpret(interaction.client.library, saved),
                interaction.user.id,
                can_suggest=interaction.client.takes_suggestions,
            )
        await interaction.response.send_message(view=layout, ephemeral=private)

    @app_commands.command()
    @catalogue.filter_descriptions
    @app_commands.describe(
        count="How many papers to show (10 by default)",
        private="Show the reply only to you",
    )
    async def latest(
        self,
        interaction: Interaction,
        count: Range[int, 1, 50] = 10,
        author: Transform[str, AuthorOption] | None = None,
        venue: Transform[str, VenueOption] | None = None,
        year: Range[str, 4, 12] | None = None,
        tag: Transform[str, TagOption] | None = None,
        private: bool = False,
    ) -> None:
        """Show the latest papers."""
        query = SavedQuery(
            filters=catalogue.filters(author, venue, year, tag), sort=Sort.NEWEST, count=count
        )
        layout = await result_pages.render(interaction.client.library, query, interaction.user.id)
        await interaction.response.send_message(view=layout, ephemeral=private)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Search())
