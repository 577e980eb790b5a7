"""`/stats`: papers by year, venue and author, and how commands and feeds are used."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Choice, Range, Transform
from discord.ext import commands

from bot.charts.chart import Chart
from bot.charts.statistics import activity_chart, paper_chart
from bot.flows.replies import thinking
from bot.interactions import Interaction, LabBot
from bot.options import catalogue
from bot.options.catalogue import AuthorOption, TagOption, VenueOption
from bot.permissions import require_moderator
from bot.statistics import StatisticsRunner
from bot.ui import statistics as ui
from bot.ui.nothing_found import no_papers
from bot.ui.saved_query import (
    SavedQuery,
    describe_search,
    describe_unsearchable,
    unsearchable_words,
)
from storage.errors import InvalidInput
from storage.search.query import parse, without_filters

_PAPERS, _ACTIVITY = "papers", "activity"
_TOPICS = [
    Choice(name="Papers", value=_PAPERS),
    Choice(name="Commands and feeds (for moderators)", value=_ACTIVITY),
]


class Stats(commands.Cog):
    """Show statistics."""

    def __init__(self, runner: StatisticsRunner) -> None:
        self.runner = runner

    @app_commands.command()
    @catalogue.filter_descriptions
    @app_commands.describe(
        query="Only papers that match these words (all papers by default)",
        about="Papers (by default), or the use of commands and feeds, which only moderators see",
        private="Show the reply only to you",
    )
    @app_commands.choices(about=_TOPICS)
    async def stats(
        self,
        interaction: Interaction,
        query: Range[str, 1, 300] | None = None,
        author: Transform[str, AuthorOption] | None = None,
        venue: Transform[str, VenueOption] | None = None,
        year: Range[str, 4, 12] | None = None,
        tag: Transform[str, TagOption] | None = None,
        about: str = _PAPERS,
        private: bool = False,
    ) -> None:
        """Show papers by year, venue and author as a picture."""
        saved = SavedQuery(words=query or "", filters=catalogue.filters(author, venue, year, tag))
        if about == _ACTIVITY:
            require_moderator(interaction)
            if saved != SavedQuery():
                raise InvalidInput("Words and filters only go with statistics about papers.")
            await self._show_activity(interaction)
        else:
            await self._show_papers(interaction, saved, private=private)

    async def _show_papers(
        self, interaction: Interaction, saved: SavedQuery, *, private: bool
    ) -> None:
        library = interaction.client.library
        query = parse(saved.words, saved.filters)
        if not await library.statistics.has_papers(query):
            raise await no_papers(library, saved, interaction.user.id)
        self.runner.require_room()
        async with thinking(interaction, private=private):
            counted = await self.runner.count(query)
            unsearchable = unsearchable_words(saved.words, query)
            words = "" if unsearchable else without_filters(saved.words)
            text = ui.papers_text(counted, describe_search(words, query.filters))
            if unsearchable:
                text += f"\n{describe_unsearchable(unsearchable)}"
            await self._send(interaction, text, paper_chart(counted, ui.BARS), private=private)

    async def _show_activity(self, interaction: Interaction) -> None:
        async with thinking(interaction, private=True):
            library = interaction.client.library
            usage, feeds = await library.command_uses.load(), await library.feeds.with_counts()
            chart = activity_chart(usage, feeds, ui.BARS)
            await self._send(interaction, ui.activity_text(usage), chart, private=True)

    async def _send(
        self, interaction: Interaction, text: str, chart: Chart, *, private: bool
    ) -> None:
        picture = await self.runner.draw(chart) if chart.series else None
        layout, files = ui.statistics_card(text, chart, picture)
        await interaction.followup.send(view=layout, files=files, ephemeral=private)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Stats(StatisticsRunner(bot.library.path)))
