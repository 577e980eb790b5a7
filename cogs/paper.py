"""`/paper`: the full card of a paper, by command or button, and reporting a problem with it."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Transform
from discord.ext import commands

from bot.flows.reports import report_or_edit
from bot.interactions import Interaction, LabBot
from bot.options.catalogue import PaperOption
from bot.ui import result_pages
from bot.ui.buttons import (
    AnnouncedPaperButton,
    OldAnnouncedPaperButton,
    PaperButton,
    ReportButton,
    ReportedPaperButton,
)
from storage.models import Paper as PaperRecord


@PaperButton.on_press
@AnnouncedPaperButton.on_press
@OldAnnouncedPaperButton.on_press
@ReportedPaperButton.on_press
async def show_paper(
    interaction: Interaction,
    button: PaperButton | AnnouncedPaperButton | OldAnnouncedPaperButton | ReportedPaperButton,
) -> None:
    """Shows the paper's full card privately."""
    paper = await interaction.client.library.papers.get(button.paper_id)
    layout = await result_pages.render_paper(interaction.client.library, paper)
    await interaction.response.send_message(view=layout, ephemeral=True)


@ReportButton.on_press
async def report_problem(interaction: Interaction, button: ReportButton) -> None:
    """Opens the form to report a problem; for moderators, the one to edit the paper."""
    await report_or_edit(interaction, button.paper_id)


class Paper(commands.Cog):
    """Look up a single paper."""

    @app_commands.command()
    @app_commands.describe(
        paper="A title, number, arXiv ID, DOI or link", private="Show the reply only to you"
    )
    async def paper(
        self,
        interaction: Interaction,
        paper: Transform[PaperRecord, PaperOption],
        private: bool = False,
    ) -> None:
        """Show a paper with its abstract, links and related papers."""
        layout = await result_pages.render_paper(interaction.client.library, paper)
        await interaction.response.send_message(view=layout, ephemeral=private)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Paper())
