"""Editing a paper in the form, tagging it, and restoring a removed one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from functools import partial
from typing import Any

from discord import ButtonStyle
from discord.ui import ActionRow

from bot.flows.edit_conflict import changed_meanwhile
from bot.flows.replies import reply, reply_with_paper
from bot.flows.review_queue import show_queue
from bot.interactions import Interaction
from bot.markdown import count, escape
from bot.permissions import actor, require_moderator
from bot.ui import cards, forms, paper_form
from bot.ui.dialogs import Dialog, DialogButton
from bot.ui.paper_form import FormValues, PaperForm
from storage.errors import LabError
from storage.models import Paper
from storage.papers.combine import as_draft
from storage.papers.errors import PaperChanged
from storage.publication import page_range

_NOTHING = frozenset({"-", "–", "—"})  # what is entered to remove a detail
_MAX_TAGS = 7  # that a reply names
_MAX_CONFLICT_TEXT = 2800  # characters about what changed in the meantime


def edit_form(
    paper: Paper,
    values: FormValues | None = None,
    *,
    report_id: int | None = None,
    queue_page: int | None = None,
) -> PaperForm:
    """Returns the form to edit a paper, with its current details unless values are given.

    Saving it resolves the report with this id, if there is one. If the form is opened on a page of
    the review queue, saving draws that page again.
    """
    base = as_draft(paper)
    numbers = [number for number in (paper.id, report_id, queue_page) if number is not None]
    return PaperForm(
        f"Edit #{paper.id}",
        values or paper_form.to_form(base),
        partial(_submit, paper, report_id, queue_page),
        kind="edit",
        numbers=tuple(numbers),
        base=base,
    )


@forms.opener("edit")
async def _open_again(
    interaction: Interaction,
    paper_id: int,
    report_id: int | None = None,
    queue_page: int | None = None,
) -> PaperForm:
    require_moderator(interaction)
    paper = await interaction.client.library.papers.get(paper_id)
    return edit_form(paper, report_id=report_id, queue_page=queue_page)


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


async def correct_publication(interaction: Interaction, paper: Paper, **details: str) -> None:
    """Answers `/curate publication`; a hyphen removes a detail, and no text keeps it."""
    given: dict[str, Any] = {name: text.strip() for name, text in details.items() if text.strip()}
    if not given:
        raise LabError("Enter the volume, number, pages or publisher.")
    given = {name: "" if text in _NOTHING else text for name, text in given.items()}
    if "pages" in given:
        given["pages"] = page_range(given["pages"])
    seen = as_draft(paper)
    corrected = replace(seen, publication=replace(paper.publication, **given))
    edited = await interaction.client.library.papers.edit(
        paper.id, corrected, actor(interaction), seen=seen
    )
    shown = escape(str(edited.value.publication), 200) or "no details"
    text = f"✏️ Saved: {shown}. Feeds and imports won't overwrite this."
    await reply_with_paper(interaction, edited.value, text, edited.change_id)
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


async def _submit(
    paper: Paper,
    report_id: int | None,
    queue_page: int | None,
    interaction: Interaction,
    values: FormValues,
) -> None:
    require_moderator(interaction)
    library, seen = interaction.client.library, as_draft(paper)
    draft = paper_form.from_form(values, seen)
    try:
        if report_id is None:
            edited = await library.papers.edit(paper.id, draft, actor(interaction), seen=seen)
        else:
            edited = await library.review.fix_report(
                report_id, draft, actor(interaction), seen=seen
            )
    except PaperChanged as changed:
        await _offer_to_continue(interaction, paper, changed.paper, values, report_id)
        return
    text = "✏️ Saved. Feeds and imports won't overwrite this."
    if report_id is not None:
        text += " The report is resolved, and I'll let the member know."
    if queue_page is None:
        await reply_with_paper(interaction, edited.value, text, edited.change_id)
    else:
        text = f"{cards.title_with_id(edited.value)}\n{text}"
        await show_queue(interaction, text, edited.change_id, queue_page)
    interaction.client.dispatcher.deliver_soon()


async def _offer_to_continue(
    interaction: Interaction,
    seen: Paper,
    current: Paper,
    values: FormValues,
    report_id: int | None,
) -> None:
    """Shows what somebody else has changed, and offers the form with both sides' changes."""
    changes = await changed_meanwhile(
        interaction.client.library, as_draft(seen), current, _MAX_CONFLICT_TEXT
    )
    rebased = _rebase(
        values, paper_form.to_form(as_draft(seen)), paper_form.to_form(as_draft(current))
    )

    async def reopen(click: Interaction) -> None:
        await click.response.send_modal(edit_form(current, rebased, report_id=report_id))

    text = (
        f"⚖️ Someone else changed {cards.title_with_id(current)} while your form "
        f"was open, so nothing has been saved yet.\n{changes}\nContinue with your changes on top "
        "of theirs? The form will open again with your text in the fields that you changed."
    )
    button = DialogButton("Continue editing", reopen, ButtonStyle.primary)
    dialog = Dialog(cards.text_card(text, ActionRow(button)))
    await reply(interaction, dialog, new_message=report_id is not None)  # the queue stays


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
