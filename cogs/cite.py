"""`/cite`: how to cite a paper, by command or button."""

from __future__ import annotations

import io

import discord
from discord import app_commands
from discord.app_commands import Choice, Transform
from discord.ext import commands

from bot.formats.citation_styles import Style, cite
from bot.interactions import Interaction, LabBot
from bot.options.catalogue import PaperOption
from bot.ui import cards
from bot.ui.buttons import CiteButton
from storage.models import Paper

_MAX_CITATION = 3500  # characters that fit in a message
_TITLES = {Style.BIBTEX: "BibTeX", Style.TEXT: "Text (APA)", Style.MARKDOWN: "Markdown"}
_CHOICES = [Choice(name=title, value=style.value) for style, title in _TITLES.items()]


@CiteButton.on_press
async def show_citation(interaction: Interaction, button: CiteButton) -> None:
    """Shows the citation privately, as BibTeX and as text."""
    paper = await interaction.client.library.papers.get(button.paper_id)
    await _send(interaction, paper, [Style.BIBTEX, Style.TEXT], private=True)


class Cite(commands.Cog):
    """Cite papers."""

    @app_commands.command()
    @app_commands.describe(
        paper="A title, number, arXiv ID, DOI or link",
        style="Format of the citation (BibTeX by default)",
        private="Show the reply only to you",
    )
    @app_commands.choices(style=_CHOICES)
    async def cite(
        self,
        interaction: Interaction,
        paper: Transform[Paper, PaperOption],
        style: str = Style.BIBTEX.value,
        private: bool = False,
    ) -> None:
        """Show how to cite a paper."""
        await _send(interaction, paper, [Style(style)], private=private)


async def _send(
    interaction: Interaction, paper: Paper, styles: list[Style], *, private: bool
) -> None:
    """Replies with a code block for each style, or with a file if they are too long."""
    citations = {style: cite(paper, style) for style in styles}
    if sum(map(len, citations.values())) > _MAX_CITATION:
        text = "\n\n".join(citations.values())
        file = discord.File(io.BytesIO(text.encode()), f"paper-{paper.id}.txt")
        await interaction.response.send_message(
            "The citation is too long for a message, so here it is as a file.",
            file=file,
            ephemeral=private,
        )
        return
    blocks = [f"**{_TITLES[style]}**\n{_block(text)}" for style, text in citations.items()]
    await interaction.response.send_message(view=cards.notice("\n".join(blocks)), ephemeral=private)


def _block(text: str) -> str:
    """Returns text as a code block; backticks that would end the block become apostrophes."""
    return f"```\n{text.replace('```', chr(39) * 3)}\n```"


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Cite())
