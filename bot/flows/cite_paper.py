"""Citing a paper: a reply with its citation, a menu of styles, and the paper as a .bib file."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord
from discord import SelectOption
from discord.ui import ActionRow, Select

from bot.flows.replies import thinking
from bot.formats.writers import citations
from bot.formats.writers.citation_styles import Detail, bibtex_entry, citation_key
from bot.interactions import Interaction
from bot.markdown import clip
from bot.ui import cards
from bot.ui.buttons import BibButton
from bot.ui.dialogs import Dialog
from bot.ui.lab_button import NotYours
from storage.models import Paper

_MAX_CITATION = 3000  # characters that fit in a message, along with the paper's title
_MAX_LABEL = 100


async def send_citation(
    interaction: Interaction, paper: Paper, style: str, *, private: bool
) -> None:
    """Replies with a paper's citation. Raises `UnknownStyle` and `StyleFailed`."""
    async with thinking(interaction, private=private):
        text = await asyncio.to_thread(citations.cite, paper, style)
        view, files = _message(interaction.user.id, paper, style, text)
        await interaction.followup.send(view=view, files=files, ephemeral=private)


class CitationDialog(Dialog):
    """A paper's citation with a menu of styles, in which only its owner can choose."""


class _StyleMenu(Select[Any]):
    """Shows the citation in another style."""

    def __init__(self, owner_id: int, paper: Paper, style: str) -> None:
        styles = dict(citations.MENU)
        styles.setdefault(style, citations.style_label(style))
        super().__init__(
            placeholder="Show another style",
            options=[
                SelectOption(label=clip(label, _MAX_LABEL), value=name, default=name == style)
                for name, label in styles.items()
            ],
        )
        self._owner_id = owner_id
        self._paper = paper

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Replaces the citation; reports an error privately and leaves it as it was."""
        if interaction.user.id != self._owner_id:
            raise NotYours
        (style,) = self.values
        await interaction.response.defer()
        text = await asyncio.to_thread(citations.cite, self._paper, style)
        view, files = _message(self._owner_id, self._paper, style, text)
        await interaction.edit_original_response(view=view, attachments=files)


def _message(
    owner_id: int, paper: Paper, style: str, text: str
) -> tuple[CitationDialog, list[discord.File]]:
    """Returns the reply, with the citation as a file if it is too long for a message."""
    lines = [cards.title_with_id(paper), f"**{citations.style_label(style)}**"]
    files = []
    if len(text) > _MAX_CITATION:
        lines.append("The citation is too long for a message, so here it is as a file.")
        files.append(discord.File(io.BytesIO(text.encode()), f"paper-{paper.id}.txt"))
    else:
        lines.append(_block(text))
    lines += [f"-# ⚠️ {warning}" for warning in citations.warnings(paper)]
    card = cards.text_card("\n".join(lines))
    items: list[discord.ui.Item[Any]] = [card]
    if files:
        items.append(discord.ui.File(f"attachment://{files[0].filename}"))
    return (
        CitationDialog(
            *items,
            ActionRow(_StyleMenu(owner_id, paper, style)),
            ActionRow(BibButton(paper.id)),
        ),
        files,
    )


def _block(text: str) -> str:
    """Returns text as a code block; backticks that would end the block become apostrophes."""
    return f"```\n{text.replace('```', chr(39) * 3)}\n```"


@BibButton.on_press
async def send_bib_file(interaction: Interaction, button: BibButton) -> None:
    """Sends the paper as a .bib file, privately."""
    paper = await interaction.client.library.papers.get(button.paper_id)
    body = bibtex_entry(paper, Detail.PUBLIC) + "\n"
    file = discord.File(io.BytesIO(body.encode()), f"{citation_key(paper)}.bib")
    await interaction.response.send_message(file=file, ephemeral=True)
