"""`/curate`: adding, correcting and removing papers, in the lab's own servers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.app_commands import Transform
from discord.ui import ActionRow, Button

from bot.home import HomeCog
from bot.options import PaperOption
from bot.permissions import actor, require_curator
from bot.ui import buttons, cards, forms
from bot.ui.buttons import LabButton
from bot.ui.text import escape
from bot.ui.undo import UndoButton
from storage.completion import as_draft
from storage.errors import LabError
from storage.records import Origin, Outcome, PaperDraft
from storage.records import Paper as PaperRecord

if TYPE_CHECKING:
    from bot.client import Interaction, LabHerald


class RemoveButton(LabButton, template=r"remove:(?P<owner>\d+):(?P<paper>\d+)"):
    """Removes a paper, once somebody said yes."""

    async def press(self, interaction: Interaction) -> None:
        """Remove it."""
        require_curator(interaction)
        removed = await interaction.client.library.remove(self.numbers["paper"], actor(interaction))
        undo = await _undo_buttons(interaction, removed.id)
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
        require_curator(interaction)
        paper = await interaction.client.library.papers.get(self.numbers["paper"])
        await interaction.response.send_modal(_correcting(paper))


class Curate(HomeCog, group_name="curate"):
    """Keep the paper list right."""

    @app_commands.command()
    @app_commands.describe(announce="Also announce it in every announcement channel")
    async def add(self, interaction: Interaction, announce: bool = False) -> None:
        """Add a paper by filling in a form."""
        await interaction.response.send_modal(
            forms.PaperForm("Add a paper", forms.Filled(), partial(_add_filled, announce))
        )

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


def _correcting(paper: PaperRecord) -> forms.PaperForm:
    return forms.PaperForm(
        f"Correct #{paper.id}", forms.fill(as_draft(paper)), partial(_edit_filled, paper)
    )


async def _add_filled(announce: bool, interaction: Interaction, filled: forms.Filled) -> None:
    require_curator(interaction)
    await _offer(interaction, forms.read(filled), announce=announce)


async def _edit_filled(paper: PaperRecord, interaction: Interaction, filled: forms.Filled) -> None:
    require_curator(interaction)
    seen = as_draft(paper)
    draft = forms.read(filled, seen)
    if draft == seen:
        raise LabError("You changed nothing, so the paper stays as it is.")
    edited = await interaction.client.library.edit(paper.id, draft, actor(interaction), seen=seen)
    await _show(interaction, edited, "✏️ Corrected; no feed and no import changes it back.")
    await interaction.client.courier.deliver()


async def _offer(
    interaction: Interaction,
    draft: PaperDraft,
    *,
    announce: bool,
    despite_likeness: bool = False,
) -> None:
    """Offer a draft to the list and say what became of it."""
    bot = interaction.client
    result = await bot.library.admit(
        draft,
        Origin.MODERATOR,
        actor(interaction),
        despite_likeness=despite_likeness,
        announce=announce,
    )
    if result.paper is None:
        raise LabError("That paper was removed from the list on purpose, so I left it out.")
    if result.outcome is Outcome.DUPLICATE:
        anyway = forms.Choice(
            "Add anyway",
            partial(_add_anyway, draft, announce),
            discord.ButtonStyle.primary,
        )
        question = "⚖️ The list may have that paper already. Is yours another one?"
        dialog = forms.Dialog(*cards.paper_with(result.paper, question), ActionRow(anyway))
        await interaction.response.send_message(view=dialog, ephemeral=True)
        return
    await _show(
        interaction,
        result.paper,
        _said(result.outcome, result.paper, draft, announce),
        changed=result.outcome is not Outcome.UNCHANGED,
    )
    await bot.courier.deliver()


async def _add_anyway(draft: PaperDraft, announce: bool, interaction: Interaction) -> None:
    require_curator(interaction)
    await _offer(interaction, draft, announce=announce, despite_likeness=True)


async def _show(
    interaction: Interaction, paper: PaperRecord, text: str, *, changed: bool = True
) -> None:
    undo = await _undo_buttons(interaction, paper.id) if changed else []
    await interaction.response.send_message(
        view=cards.Layout(*cards.paper_with(paper, text, *undo)), ephemeral=True
    )


async def _undo_buttons(interaction: Interaction, paper_id: int) -> list[Button[Any]]:
    """The button that takes back what somebody has just done to a paper."""
    change = await interaction.client.library.history.last_of(paper_id, actor(interaction))
    return [buttons.undo_button(change.id)] if change else []


def _said(outcome: Outcome, paper: PaperRecord, draft: PaperDraft, announce: bool) -> str:
    """What became of a form: also what of it was not taken, and whether it is announced."""
    if outcome is Outcome.ADDED:
        told = "announced in every announcement channel" if announce else "not announced"
        return f"✅ Added to the list, {told}."
    text = {
        Outcome.RESTORED: "✅ It had been removed from the list; now it is back.",
        Outcome.UPDATED: "✅ The list had that paper; your form completed it.",
        Outcome.UNCHANGED: "👌 The list has that paper already.",
    }[outcome]
    left = [
        name
        for name in ("title", "authors", "venue", "date", "abstract")
        if getattr(draft, name) and getattr(draft, name) != getattr(paper, name)
    ]
    if left:
        text += f" I kept its {' and '.join(left)}, which `/curate edit` changes."
    return f"{text} It is not announced again." if announce else text


async def setup(bot: LabHerald) -> None:
    """Add the cog to the lab's own servers, and its buttons."""
    bot.add_dynamic_items(RemoveButton, KeepButton, CorrectButton, UndoButton)
    await Curate().offer(bot)
