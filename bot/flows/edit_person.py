"""Adding and editing one of the lab's people in a form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial

from bot.flows.replies import reply, undoable
from bot.interactions import Interaction
from bot.markdown import escape
from bot.permissions import actor, require_moderator
from bot.ui import forms, people
from bot.ui.person_form import PersonForm
from storage.people.agreement import Agreement, agreement
from storage.people.models import Person, PersonDraft


def add_form(draft: PersonDraft) -> PersonForm:
    """Returns the form to add a person, with what is known about them."""
    return PersonForm(0, draft, _add)


def edit_form(person: Person) -> PersonForm:
    """Returns the form to edit a person."""
    return PersonForm(person.id, _as_draft(person), partial(_edit, person))


@forms.opener("person")
async def _open_again(interaction: Interaction, number: int, discord_id: int = 0) -> PersonForm:
    require_moderator(interaction)
    if not number:
        return add_form(PersonDraft("", discord_id=discord_id or None))
    return edit_form(await interaction.client.library.people.get(number))


async def _add(interaction: Interaction, draft: PersonDraft) -> None:
    require_moderator(interaction)
    library = interaction.client.library
    added = await library.people.add(draft, actor(interaction))
    namesakes = [
        one
        for one in await library.people.all()
        if one.id != added.value.id and agreement(one, added.value.name) is Agreement.FULL
    ]
    text = f"👤 Added to the lab's people.\n{people.describe(added.value)}"
    if namesakes:
        text += f"\n{people.warn_of_namesakes(namesakes)}"
    await reply(interaction, undoable(text, added.change_id))


async def _edit(before: Person, interaction: Interaction, draft: PersonDraft) -> None:
    """Saves the fields that were changed in the form; others may have changed in the meantime."""
    require_moderator(interaction)
    base = _as_draft(before)
    changed = {
        one.name: getattr(draft, one.name)
        for one in fields(PersonDraft)
        if getattr(draft, one.name) != getattr(base, one.name)
    }
    await save(interaction, before, lambda person: replace(person, **changed))


async def save(
    interaction: Interaction, person: Person, change: Callable[[Person], Person]
) -> None:
    """Saves a change to a person, and answers with Undo."""
    saved = await interaction.client.library.people.edit(person.id, change, actor(interaction))
    if saved.change_id is None:
        text = f"👌 You didn't change anything about **{escape(saved.value.name, 100)}**."
    else:
        text = f"✏️ Saved.\n{people.describe(saved.value)}"
    await reply(interaction, undoable(text, saved.change_id))


def _as_draft(person: Person) -> PersonDraft:
    return PersonDraft(**{one.name: getattr(person, one.name) for one in fields(PersonDraft)})
