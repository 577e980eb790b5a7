"""`/cite`: how to cite a paper, by command or button."""

from __future__ import annotations

from discord import app_commands
from discord.app_commands import Transform
from discord.ext import commands

from bot.flows.cite_paper import send_citation
from bot.formats.writers.citations import BIBTEX
from bot.interactions import Interaction, LabBot
from bot.options.catalogue import PaperOption
from bot.options.citations import StyleOption
from bot.ui.buttons import CiteButton
from storage.models import Paper


@CiteButton.on_press
async def show_citation(interaction: Interaction, button: CiteButton) -> None:
    """Shows the citation privately, with a menu of other styles."""
    paper = await interaction.client.library.papers.get(button.paper_id)
    await send_citation(interaction, paper, BIBTEX, private=True)


class Cite(commands.Cog):
    """Cite papers."""

    @app_commands.command()
    @app_commands.describe(
        paper="A title, number, arXiv ID, DOI or link",
        style="BibTeX (by default), APA, MLA, or the name of any journal's style",
        private="Show the reply only to you",
    )
    async def cite(
        self,
        interaction: Interaction,
        paper: Transform[Paper, PaperOption],
        style: Transform[str, StyleOption] = BIBTEX,
        private: bool = False,
    ) -> None:
        """Show how to cite a paper, in any style."""
        await send_citation(interaction, paper, style, private=private)


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Cite())
