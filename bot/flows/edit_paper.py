"""Correcting a paper in a form, tagging it, and putting a removed one back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import partial

import discord
from discord.ui import ActionRow

from bot.flows import replies
from bot.flows.edit_conflict import meanwhile
from bot.interactions import Interaction
from bot.markdown import count, escape
from bot.permissions import actor, require_moderator
from bot.ui import cards, dialogs, paper_form
from bot.ui.buttons import EditPaperButton
from storage.errors import LabError
from storage.models import Paper
from storage.papers.combine import as_draft
from storage.papers.errors import PaperChanged

_NAMED = 7  # tags of a paper in one sentence
_ROOM = 2800  # characters of what changed meanwhile
_TO_MEMBERS = (
    "Only moderators can edit papers. If something is wrong with this one, please let them know. "
    "Thanks for looking!"
)


@EditPaperButton.on_press
async def open_form(interaction: Interaction, button: EditPaperButton) -> None:
    """Opens the form that edits the paper of an announcement."""
    require_moderator(interaction, _TO_MEMBERS)
    paper = await interaction.client.library.papers.get(button.paper_id)
    await interaction.response.send_modal(correcting(paper))


def correcting(paper: Paper, values: paper_form.FormValues | None = None) -> paper_form.PaperForm:
    """The form that corrects a paper: filled with what is there, or with what was typed."""
    return paper_form.PaperForm(
        f"Correct #{paper.id}",
        values or paper_form.to_form(as_draft(paper)),
        partial(_edit_filled, paper),
    )


async def tag(
    interaction: Interaction, paper: Paper, add: Sequence[str], remove: Sequence[str]
) -> None:
    """Answer `/curate tag`."""
    if not (add or remove):
        raise LabError("Say which tags to add or to remove; several are parted by commas.")
    recorded = await interaction.client.library.papers.tag(
        paper.id, add, remove, actor(interaction)
    )
    tagged = recorded.value
    tags = ", ".join(f"**{escape(one, 60)}**" for one in tagged.tags[:_NAMED]) or "nothing"
    if len(tagged.tags) > _NAMED:
        tags += f" and {count(len(tagged.tags) - _NAMED, 'other')}"
    await replies.show(
        interaction, tagged, f"🏷️ The paper is tagged {tags} now.", recorded.change_id
    )
    interaction.client.dispatcher.deliver_soon()


async def restore(interaction: Interaction, paper: Paper) -> None:
    """Answer `/curate restore`."""
    restored = await interaction.client.library.papers.restore(paper.id, actor(interaction))
    await replies.show(
        interaction, restored.value, "♻️ It is back in the list, as it was.", restored.change_id
    )
    interaction.client.dispatcher.deliver_soon()


async def _edit_filled(
    paper: Paper, interaction: Interaction, values: paper_form.FormValues
) -> None:
    require_moderator(interaction)
    seen = as_draft(paper)
    library = interaction.client.library
    try:
        edited = await library.papers.edit(
            paper.id, paper_form.from_form(values, seen), actor(interaction), seen=seen
        )
    except PaperChanged as changed:
        await _ask_again(interaction, paper, changed.paper, values)
        return
    await replies.show(
        interaction,
        edited.value,
        "✏️ Corrected; no feed and no import changes it back.",
        edited.change_id,
    )
    interaction.client.dispatcher.deliver_soon()


async def _ask_again(
    interaction: Interaction, seen: Paper, now: Paper, values: paper_form.FormValues
) -> None:
    """Say what changed meanwhile, and offer the form with what was typed and else what is there."""
    said = await meanwhile(interaction.client.library, as_draft(seen), now, _ROOM)
    typed = _rebased(values, paper_form.to_form(as_draft(seen)), paper_form.to_form(as_draft(now)))

    async def reopen(pressed: discord.Interaction[discord.Client]) -> None:
        await pressed.response.send_modal(correcting(now, typed))

    go_on = dialogs.DialogButton("Go on with my text", reopen, discord.ButtonStyle.primary)
    text = (
        f"⚖️ Somebody else changed **{escape(now.title, 300)}** (#{now.id}) while your form was "
        f"open, so I changed nothing yet.\n{said}\nThe form opens again with your text where you "
        "changed something, and with what is there now everywhere else."
    )
    dialog = dialogs.Dialog(cards.note(text, ActionRow(go_on)))
    await replies.say(interaction, dialog)


def _rebased(
    values: paper_form.FormValues, seen: paper_form.FormValues, now: paper_form.FormValues
) -> paper_form.FormValues:
    """What somebody typed, on what is there now in the fields that they left as they were."""
    return paper_form.FormValues(
        **{
            one.name: getattr(
                now if getattr(values, one.name) == getattr(seen, one.name) else values, one.name
            )
            for one in fields(values)
        }
    )
