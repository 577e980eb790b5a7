"""`/cite`: how to cite a paper, by command or by the button on its card."""

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

_ROOM = 3500  # characters that one message shows
_TITLES = {Style.BIBTEX: "BibTeX", Style.TEXT: "Text (APA)", Style.MARKDOWN: "Markdown"}
_CHOICES = [Choice(name=title, value=style.value) for style, title in _TITLES.items()]


@CiteButton.on_press
async def show_citation(interaction: Interaction, button: CiteButton) -> None:
    """Shows the citation privately, as BibTeX and as text."""
    paper = await interaction.client.library.papers.get(button.paper_id)
    await _send(interaction, paper, [Style.BIBTEX, Style.TEXT], private=True)


class Cite(commands.Cog):
    """References."""

    @app_commands.command()
    @app_commands.describe(
        paper="A title, number, arXiv id, DOI or link",
        style="BibTeX unless you say otherwise",
        private="Show the answer to you alone",
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
    """Answer with a block to copy for each style, or a file where that is too long to show."""
    references = {style: cite(paper, style) for style in styles}
    if sum(map(len, references.values())) > _ROOM:
        whole = "\n\n".join(references.values())
        file = discord.File(io.BytesIO(whole.encode()), f"paper-{paper.id}.txt")
        await interaction.response.send_message(
            "The reference is too long for a message; here it is.", file=file, ephemeral=private
        )
        return
    blocks = [f"**{_TITLES[style]}**\n{_block(text)}" for style, text in references.items()]
    await interaction.response.send_message(view=cards.notice("\n".join(blocks)), ephemeral=private)


def _block(text: str) -> str:
    """Text that Discord shows as it is; what would end the block becomes other quotation marks."""
    return f"```\n{text.replace('```', chr(39) * 3)}\n```"


async def setup(bot: LabBot) -> None:
    """Adds the cog."""
    await bot.add_cog(Cite())
