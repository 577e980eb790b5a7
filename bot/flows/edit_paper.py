"""Editing a paper in the form, tagging it, and restoring a removed one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from functools import partial

from discord import ButtonStyle
from discord.ui import ActionRow

from bot.flows.edit_conflict import changed_meanwhile
from bot.flows.replies import reply, reply_with_paper
from bot.interactions import Interaction
from bot.markdown import count, escape
from bot.permissions import actor, require_moderator
from bot.ui import cards, paper_form
from bot.ui.buttons import EditPaperButton
from bot.ui.dialogs import Dialog, DialogButton
from bot.ui.paper_form import FormValues, PaperForm
from storage.errors import LabError
from storage.models import Paper
from storage.papers.combine import as_draft
from storage.papers.errors import PaperChanged

_MAX_TAGS = 7  # that a reply names
_MAX_CONFLICT_TEXT = 2800  # characters about what changed meanwhile
_MODERATORS_ONLY = (
    "Only moderators can edit papers. If something's wrong with this one, please let them know. "
    "Thanks for looking!"
)


@EditPaperButton.on_press
async def open_form(interaction: Interaction, button: EditPaperButton) -> None:
    """Opens the form to edit the paper of an announcement."""
    require_moderator(interaction, _MODERATORS_ONLY)
    paper = await interaction.client.library.papers.get(button.paper_id)
    await interaction.response.send_modal(edit_form(paper))


def edit_form(paper: Paper, values: FormValues | None = None) -> PaperForm:
    """Returns the form to edit a paper, with its current details unless values are given."""
    values = values or paper_form.to_form(as_draft(paper))
    return PaperForm(f"Edit #{paper.id}", values, partial(_submit, paper))


async def tag(
    interaction: Interaction, paper: Paper, add: Sequence[str], remove: Sequence[str]
) -> None:
    """Answers `/curate tag`."""
    if not (add or remove):
        raise LabError("Enter the tags to add or remove, separated by commas.")
    papers = interaction.client.library.papers
    tagged = await papers.tag(paper.id, add, remove, actor(interaction))
    text = _tags_text(tagged.value.tags)
    await reply_with_paper(interaction, tagged.value, text, tagged.change_id)
    interaction.client.dispatcher.deliver_soon()


def _tags_text(tags: Sequence[str]) -> str:
    if not tags:
        return "🏷️ This paper has no tags now."
    text = ", ".join(f"**{escape(one, 60)}**" for one in tags[:_MAX_TAGS])
    if len(tags) > _MAX_TAGS:
        text += f" and {count(len(tags) - _MAX_TAGS, 'other')}"
    return f"🏷️ This paper is now tagged {text}."


async def restore(interaction: Interaction, paper: Paper) -> None:
    """Answers `/curate restore`."""
    restored = await interaction.client.library.papers.restore(paper.id, actor(interaction))
    await reply_with_paper(interaction, restored.value, "♻️ Back in the list.", restored.change_id)
    interaction.client.dispatcher.deliver_soon()


async def _submit(paper: Paper, interaction: Interaction, values: FormValues) -> None:
    require_moderator(interaction)
    seen = as_draft(paper)
    draft = paper_form.from_form(values, seen)
    try:
        edited = await interaction.client.library.papers.edit(
            paper.id, draft, actor(interaction), seen=seen
        )
    except PaperChanged as changed:
        await _offer_to_continue(interaction, paper, changed.paper, values)
        return
    text = "✏️ Saved. Feeds and imports won't overwrite this."
    await reply_with_paper(interaction, edited.value, text, edited.change_id)
    interaction.client.dispatcher.deliver_soon()


async def _offer_to_continue(
    interaction: Interaction, seen: Paper, current: Paper, values: FormValues
) -> None:
    """Shows what somebody else changed meanwhile, and offers the form with both sides' changes."""
    changes = await changed_meanwhile(
        interaction.client.library, as_draft(seen), current, _MAX_CONFLICT_TEXT
    )
    rebased = _rebase(
        values, paper_form.to_form(as_draft(seen)), paper_form.to_form(as_draft(current))
    )

    async def reopen(click: Interaction) -> None:
        await click.response.send_modal(edit_form(current, rebased))

    text = (
        f"⚖️ Someone else changed {cards.title_with_id(current)} while your form "
        f"was open, so nothing has been saved yet.\n{changes}\nContinue with your changes on top "
        "of theirs? The form will open again with your text in the fields that you changed."
    )
    button = DialogButton("Continue editing", reopen, ButtonStyle.primary)
    await reply(interaction, Dialog(cards.text_card(text, ActionRow(button))))


def _rebase(values: FormValues, seen: FormValues, current: FormValues) -> FormValues:
    """Returns the current values, with what the user typed in the fields that they changed."""
    return FormValues(
        **{
            field.name: getattr(
                current if getattr(values, field.name) == getattr(seen, field.name) else values,
                field.name,
            )
            for field in fields(values)
        }
    )
