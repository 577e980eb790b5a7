"""`/export`: the paper list, or the papers that match, as a file."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator

import discord
from discord import app_commands
from discord.app_commands import Choice, Range, Transform
from discord.ext import commands

from bot.formats.export import ExportFormat, write
from bot.interactions import Interaction, LabBot
from bot.markdown import count
from bot.options import catalogue
from bot.options.catalogue import AuthorOption, TagOption, VenueOption
from storage.errors import LabError
from storage.library import Library
from storage.models import Paper
from storage.search.query import Query, parse
from storage.timestamps import Clock

_MAX_FILE = 10 * 1024 * 1024  # bytes that Discord accepts from a bot in any server
_CHOICES = [
    Choice(name=file_format.label, value=file_format.value)
    for file_format in (
        ExportFormat.BIBTEX,
        ExportFormat.CSV,
        ExportFormat.JSON,
        ExportFormat.JSONL,
        ExportFormat.MARKDOWN,
        ExportFormat.ATOM,
    )
]


class NothingToExport(LabError):
    """No paper matches."""

    def __init__(self) -> None:
        super().__init__("No papers match, so there's nothing to export.")


class TooLarge(LabError):
    """The file would be larger than Discord accepts."""

    def __init__(self) -> None:
        super().__init__(
            "That file would be larger than the 10 MiB that Discord accepts. Narrow it down by "
            "year or venue, or ask whoever runs this bot for a full export."
        )


class Export(commands.Cog):
    """Export papers as a file."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.max_file = _MAX_FILE

    @app_commands.command()
    @app_commands.rename(file_format="format")
    @catalogue.filter_descriptions
    @app_commands.describe(
        query="Only papers that match these words (all papers by default)",
        file_format="Format of the file (BibTeX by default)",
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
    ) -> None:
        """Download papers as a file that only you can see."""
        parsed = parse(query or "", catalogue.filters(author, venue, year, tag))
        chosen = ExportFormat(file_format)
        await interaction.response.defer(ephemeral=True, thinking=True)
        body, papers = await self._write(interaction.client.library, parsed, chosen)
        await interaction.followup.send(
            f"{count(papers, 'paper')} as {chosen.label}.",
            file=discord.File(io.BytesIO(body), f"papers.{chosen.suffix}"),
            ephemeral=True,
        )

    async def _write(
        self, library: Library, query: Query, file_format: ExportFormat
    ) -> tuple[bytes, int]:
        """Returns the file's bytes and the number of its papers; raises `TooLarge`."""
        papers = 0

        async def pages() -> AsyncIterator[tuple[Paper, ...]]:
            nonlocal papers
            async for page in library.search.pages(query):
                papers += len(page)
                yield page

        body = io.BytesIO()
        async for piece in write(pages(), file_format, self._clock()):
            body.write(piece.encode())
            if body.tell() > self.max_file:
                raise TooLarge
        if not papers:
            raise NothingToExport
        return body.getvalue(), papers


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Export(bot.clock))
