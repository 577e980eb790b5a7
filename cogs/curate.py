"""`/curate`: adding, importing, correcting and removing papers, in the lab's own servers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.app_commands import Range, Transform
from discord.ui import ActionRow

from bot.announce.deciding import QueueButton, SuggestionButton, queue
from bot.curating import adding
from bot.curating.attached import Wishes
from bot.curating.importing import Imports
from bot.curating.replies import show, undo_buttons
from bot.exchange.columns import read_mappings
from bot.home import HomeCog
from bot.options import PaperOption
from bot.permissions import actor, require_curator
from bot.ui import buttons, cards, forms
from bot.ui.buttons import LabButton
from bot.ui.text import escape
from bot.ui.undo import UndoButton
from storage.completion import as_draft
from storage.errors import LabError
from storage.records import Paper as PaperRecord

if TYPE_CHECKING:
    from bot.client import Interaction, LabHerald

_TO_MEMBERS = (
    "Only the moderators of the lab's own server correct papers. If something is wrong with this "
    "one, please tell them; thank you for looking!"
)


class RemoveButton(LabButton, template=r"remove:(?P<owner>\d+):(?P<paper>\d+)"):
    """Removes a paper, once somebody said yes."""

    async def press(self, interaction: Interaction) -> None:
        """Remove it."""
        require_curator(interaction)
        removed = await interaction.client.library.remove(self.numbers["paper"], actor(interaction))
        undo = await undo_buttons(interaction, removed.id)
        await interaction.response.edit_message(
            view=cards.notice(
                f"🗑️ Removed **{escape(removed.title, 300)}** (#{removed.id}). No feed and no "
                "import brings it back; adding it again by `/curate add` does.",
                *[ActionRow(button) for button in undo],
            )
        )
        await interaction.client.courier.deliver()


class KeepButton(LabButton, template=r"keep:(?P<owner>\d+):(?P<paper>\d+)"):
    """Leaves a paper where it is."""

    async def press(self, interaction: Interaction) -> None:
        """Say so."""
        await interaction.response.edit_message(view=cards.notice("👌 Nothing was changed."))


class CorrectButton(LabButton, template=r"correct:(?P<paper>\d+)"):
    """Opens the form that corrects the paper of an announcement."""

    async def press(self, interaction: Interaction) -> None:
        """Show the form."""
        require_curator(interaction, _TO_MEMBERS)
        paper = await interaction.client.library.papers.get(self.numbers["paper"])
        await interaction.response.send_modal(_correcting(paper))


class Curate(HomeCog, group_name="curate"):
    """Keep the paper list right."""

    def __init__(self) -> None:
        self.imports = Imports()

    @app_commands.command()
    @app_commands.describe(
        source="An arXiv id or link, a DOI, a paper's address, or BibTeX; without it, a form opens",
        announce="Also announce it in every announcement channel",
    )
    async def add(self, interaction: Interaction, source: str = "", announce: bool = False) -> None:
        """Add a paper: I look it up by its id or link, or you fill in a form."""
        if source.strip():
            await adding.look_up(interaction, source, announce=announce)
        else:
            await adding.Addition(announce=announce).open_form(interaction)

    @app_commands.command()
    @app_commands.describe(paper="Which paper: a title, number, arXiv id, DOI or link")
    async def edit(
        self, interaction: Interaction, paper: Transform[PaperRecord, PaperOption]
    ) -> None:
        """Correct a paper in a form that shows what is there."""
        await interaction.response.send_modal(_correcting(paper))

    @app_commands.command()
    @app_commands.describe(paper="Which paper: a title, number, arXiv id, DOI or link")
    async def remove(
        self, interaction: Interaction, paper: Transform[PaperRecord, PaperOption]
    ) -> None:
        """Take a paper out of the list; I ask once."""
        await interaction.response.send_message(
            view=cards.Layout(
                *cards.paper_with(
                    paper,
                    "Do you want to remove this paper? No feed and no import brings it back then; "
                    "adding it again by `/curate add` does.",
                    buttons.remove_button(interaction.user.id, paper.id),
                    buttons.keep_button(interaction.user.id, paper.id),
                )
            ),
            ephemeral=True,
        )

    @app_commands.command(name="import")
    @app_commands.describe(
        file="A publications page as text, BibTeX, CSV, JSON, JSON lines, or a feed's file",
        unpublished="Take rows of a sheet in, too, that are under review or rejected",
        keep_going="Leave out what can't be used without more ado",
        columns="Columns of a sheet that I don't know: title=Headline; authors=Who",
    )
    async def import_(
        self,
        interaction: Interaction,
        file: discord.Attachment,
        unpublished: bool = False,
        keep_going: bool = False,
        columns: Range[str, 1, 1000] = "",
    ) -> None:
        """Take in the papers of a file; you see first what would happen, and I ask."""
        wishes = Wishes(read_mappings(columns), unpublished)
        await self.imports.preview(interaction, file, wishes, keep_going=keep_going)

    @app_commands.command()
    async def queue(self, interaction: Interaction) -> None:
        """Show what waits for a decision: suggestions of members, entries of feeds."""
        shown = await queue(interaction.client.library, interaction.user.id)
        await interaction.response.send_message(view=shown, ephemeral=True)


def _correcting(paper: PaperRecord) -> forms.PaperForm:
    return forms.PaperForm(
        f"Correct #{paper.id}", forms.fill(as_draft(paper)), partial(_edit_filled, paper)
    )


async def _edit_filled(paper: PaperRecord, interaction: Interaction, filled: forms.Filled) -> None:
    require_curator(interaction)
    seen = as_draft(paper)
    draft = forms.read(filled, seen)
    if draft == seen:
        raise LabError("You changed nothing, so the paper stays as it is.")
    edited = await interaction.client.library.edit(paper.id, draft, actor(interaction), seen=seen)
    await show(interaction, edited, "✏️ Corrected; no feed and no import changes it back.")
    await interaction.client.courier.deliver()


async def setup(bot: LabHerald) -> None:
    """Add the cog to the lab's own servers, and its buttons."""
    bot.add_dynamic_items(RemoveButton, KeepButton, CorrectButton, UndoButton)
    bot.add_dynamic_items(SuggestionButton, QueueButton)
    await Curate().offer(bot)
