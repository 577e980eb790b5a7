"""`/export`: the list, or what a query finds, as a file for the person who asks."""

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

_MAX_FILE = 10 * 1024 * 1024  # bytes that Discord takes from a bot in any server
_CHOICES = [
    Choice(name=form.label, value=form.value)
    for form in (
        ExportFormat.BIBTEX,
        ExportFormat.CSV,
        ExportFormat.JSON,
        ExportFormat.JSONL,
        ExportFormat.MARKDOWN,
        ExportFormat.ATOM,
    )
]


class NothingToExport(LabError):
    """No paper is what was asked for."""

    def __init__(self) -> None:
        super().__init__("The list has no such paper, so there is nothing to export.")


class TooLarge(LabError):
    """The file would be larger than Discord takes."""

    def __init__(self) -> None:
        super().__init__(
            "That file would be larger than the 10 MiB that Discord takes. Ask for fewer papers, "
            "by year or venue, or let who runs me use `lab-herald export`."
        )


class Export(commands.Cog):
    """The list as a file."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.largest = _MAX_FILE

    @app_commands.command()
    @app_commands.rename(form="format")
    @app_commands.describe(
        query="Only papers with these words; all papers unless you say otherwise",
        author="Only papers of this author",
        venue="Only papers at this venue",
        year="A year, or a span such as 2021..2023",
        tag="Only papers with this tag",
        form="BibTeX unless you say otherwise",
    )
    @app_commands.choices(form=_CHOICES)
    async def export(
        self,
        interaction: Interaction,
        query: Range[str, 1, 300] | None = None,
        author: Transform[str, AuthorOption] | None = None,
        venue: Transform[str, VenueOption] | None = None,
        year: Range[str, 4, 12] | None = None,
        tag: Transform[str, TagOption] | None = None,
        form: str = ExportFormat.BIBTEX.value,
    ) -> None:
        """Get the papers as a file, for you alone."""
        asked = parse(query or "", catalogue.filters(author, venue, year, tag))
        chosen = ExportFormat(form)
        await interaction.response.defer(ephemeral=True, thinking=True)
        body, papers = await self._written(interaction.client.library, asked, chosen)
        await interaction.followup.send(
            f"{count(papers, 'paper')} as {chosen.label}.",
            file=discord.File(io.BytesIO(body), f"papers.{chosen.suffix}"),
            ephemeral=True,
        )

    async def _written(
        self, library: Library, asked: Query, form: ExportFormat
    ) -> tuple[bytes, int]:
        """The file's bytes, and how many papers it has."""
        papers = 0

        async def pages() -> AsyncIterator[tuple[Paper, ...]]:
            nonlocal papers
            async for page in library.search.pages(asked):
                papers += len(page)
                yield page

        body = io.BytesIO()
        async for piece in write(pages(), form, self._clock()):
            body.write(piece.encode())
            if body.tell() > self.largest:
                raise TooLarge
        if not papers:
            raise NothingToExport
        return body.getvalue(), papers


async def setup(bot: LabBot) -> None:
    """Add the cog."""
    await bot.add_cog(Export(bot.clock))
