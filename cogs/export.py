"""`/export`: the paper list, or the papers that match, as a file."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, Transform
from discord.ext import commands

from bot.exporter import Exporter
from bot.formats.writers.export import ExportFormat, require_completable
from bot.interactions import MAX_FILE, Interaction, LabBot
from bot.markdown import count
from bot.options import catalogue
from bot.options.catalogue import AuthorOption, TagOption, VenueOption
from bot.ui.saved_query import describe_unsearchable, unsearchable_words
from storage.search.query import parse

_CHOICES = [
    Choice(name=file_format.label, value=file_format.value)
    for file_format in (
        ExportFormat.BIBTEX,
        ExportFormat.RIS,
        ExportFormat.CSL_JSON,
        ExportFormat.CSV,
        ExportFormat.JSON,
        ExportFormat.JSONL,
        ExportFormat.MARKDOWN,
        ExportFormat.ATOM,
    )
]


class Export(commands.Cog):
    """Export papers as a file."""

    def __init__(self, exporter: Exporter) -> None:
        self.exporter = exporter
        self.max_file = MAX_FILE

    @app_commands.command()
    @app_commands.rename(file_format="format")
    @catalogue.filter_descriptions
    @app_commands.describe(
        query="Only papers that match these words (all papers by default)",
        file_format="Format of the file (BibTeX by default)",
        complete="Include internal details, so that everything can be imported again",
    )
    @app_commands.choices(file_format=_CHOICES)
    async def export(
        self,
        interaction: Interaction,
        query: Range[str, 1, 300] | None = None,
        author: Transform[str, AuthorOption] | None = None,
        venue: Transform[str, VenueOption] | None = None,
        year: Range[str, 4, 12] | None = None,
        tag: Transform[str, TagOption] | None = None,
        file_format: str = ExportFormat.BIBTEX.value,
        complete: bool = False,
    ) -> None:
        """Download papers as a file that only you can see."""
        parsed = parse(query or "", catalogue.filters(author, venue, year, tag))
        chosen = ExportFormat(file_format)
        require_completable(chosen, complete=complete)
        await interaction.response.defer(ephemeral=True, thinking=True)

        async def tell_to_wait(ahead: int) -> None:
            others = "is another export" if ahead == 1 else f"are {ahead} other exports"
            await interaction.followup.send(
                f"⏳ There {others} ahead of yours. You'll get your file here when it's your turn.",
                ephemeral=True,
            )

        exported = await self.exporter.export(
            interaction.user.id,
            parsed,
            chosen,
            complete=complete,
            max_bytes=self.max_file,
            on_wait=tell_to_wait,
        )
        text = f"{count(exported.papers, 'paper')} as {chosen.label}."
        if unsearchable := unsearchable_words(query or "", parsed):
            text += f"\n{describe_unsearchable(unsearchable)}"
        await interaction.followup.send(
            text,
            file=discord.File(io.BytesIO(exported.body), f"papers.{chosen.suffix}"),
            ephemeral=True,
        )


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Export(Exporter(bot.library.path, bot.clock)))
