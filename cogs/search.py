"""`/search`, and `/latest` as its simplest question."""

from __future__ import annotations

import re

from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ext import commands

from bot.interactions import Interaction, LabBot
from bot.options import catalogue
from bot.options.catalogue import AuthorOption, QueryOption, TagOption, VenueOption
from bot.ui import result_pages
from storage.models import Sort

_CHOSEN = re.compile(r"#\d{1,15}")  # the value behind a suggested title


class Search(commands.Cog):
    """Finding papers by words."""

    @app_commands.command()
    @app_commands.describe(
        query='Words, "a phrase", -without, author:name, venue:ICML, year:2022..2023, tag:code',
        author="Only papers of this author",
        venue="Only papers at this venue",
        year="A year, or a span such as 2021..2023",
        tag="Only papers with this tag",
        sort="The order; the best match comes first unless you say otherwise",
        private="Show the answer to you alone",
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
        if _CHOSEN.fullmatch(query):
            paper = await interaction.client.library.papers.get_by_text(query)
            layout = await result_pages.whole(interaction.client.library, paper)
        else:
            question = result_pages.SavedQuery(
                words=query, filters=catalogue.filters(author, venue, year, tag), sort=Sort(sort)
            )
            layout = await result_pages.answer(
                interaction.client.library, question, interaction.user.id
            )
        await interaction.response.send_message(view=layout, ephemeral=private)

    @app_commands.command()
    @app_commands.describe(
        count="How many papers, 10 unless you say otherwise",
        author="Only papers of this author",
        venue="Only papers at this venue",
        year="A year, or a span such as 2021..2023",
        tag="Only papers with this tag",
        private="Show the answer to you alone",
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
        """Show the newest papers."""
        question = result_pages.SavedQuery(
            filters=catalogue.filters(author, venue, year, tag), sort=Sort.NEWEST, count=count
        )
        layout = await result_pages.answer(
            interaction.client.library, question, interaction.user.id
        )
        await interaction.response.send_message(view=layout, ephemeral=private)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Search())
