"""`/people find`: a moderator chooses who of the people that services know is meant.

An id is never taken by a name alone. A new person is added in the usual form.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from discord import ButtonStyle
from discord.ui import ActionRow

from bot.flows import edit_person
from bot.flows.replies import reply, undoable
from bot.interactions import Interaction
from bot.markdown import escape, join_and
from bot.permissions import actor, require_moderator
from bot.sources.candidates import Candidate, person_draft
from bot.sources.find_people import FoundPeople
from bot.ui import cards, people, person_candidates
from bot.ui.dialogs import Dialog, DialogButton
from storage.errors import LabError
from storage.people.agreement import Agreement, agreement
from storage.people.errors import IdForeign, IdTaken
from storage.people.models import Person, PersonDraft

_MAX_NAMESAKES = 3  # that have a button of their own


async def start(interaction: Interaction, name: str) -> None:
    """Asks the services about a name, and shows up to three candidates."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    found = await interaction.client.radar.find_people(name)
    if not found.candidates:
        await reply(interaction, cards.notice(person_candidates.nobody(found)))
        return
    await _show(found, interaction)


async def _show(found: FoundPeople, interaction: Interaction) -> None:
    registered = await interaction.client.library.people.all()
    card = person_candidates.page(found, registered)
    buttons = [
        DialogButton(
            person_candidates.choice_label(number, candidate),
            partial(_choose, found, candidate),
            ButtonStyle.primary,
        )
        for number, candidate in enumerate(found.candidates, start=1)
    ]
    card.add_item(ActionRow(*buttons, DialogButton("None of these", _close, decides=True)))
    await reply(interaction, Dialog(card))


async def _close(interaction: Interaction) -> None:
    await reply(interaction, cards.notice("👌 Nothing changed."))


async def _choose(found: FoundPeople, candidate: Candidate, interaction: Interaction) -> None:
    """Adds the candidate, gives the ids to whom they're known to belong, or asks whose they are."""
    require_moderator(interaction)
    registered = await interaction.client.library.people.all()
    draft = person_draft(candidate, found.name)
    owners = [one for one in registered if not {*one.ids}.isdisjoint(draft.ids)]
    if len(owners) > 1:
        several = join_and([f"{one.name} (number {one.id})" for one in owners])
        raise LabError(f"Those IDs belong to several people: {several}.")
    names = (found.name, draft.name, *draft.other_names)
    if owners:
        (owner,) = owners
        if not any(agreement(owner, name) for name in names):
            raise IdTaken(next(one for one in draft.ids if one in owner.ids), owner.id, owner.name)
        await _attach(owner, draft, interaction)
        return
    namesakes = [
        one for one in registered if any(agreement(one, name) is Agreement.FULL for name in names)
    ]
    if namesakes:
        await _ask_whose(found, candidate, namesakes, interaction)
    else:
        await interaction.response.send_modal(edit_person.add_form(draft))


async def _ask_whose(
    found: FoundPeople,
    candidate: Candidate,
    namesakes: Sequence[Person],
    interaction: Interaction,
) -> None:
    """Asks which registered person of that name has the ids, if not somebody new."""
    draft = person_draft(candidate, found.name)

    async def add(click: Interaction) -> None:
        await click.response.send_modal(edit_person.add_form(draft))

    refusals = [
        str(IdForeign(taken, one.id, one.name))
        for one in namesakes
        for taken in draft.ids
        if taken in one.foreign_ids
    ]
    possible = [one for one in namesakes if {*one.foreign_ids}.isdisjoint(draft.ids)]
    text = person_candidates.whose(candidate, possible, refusals)
    if len(possible) > _MAX_NAMESAKES:
        text += "\n-# For others of that name, use `/people edit`."
    buttons = [
        DialogButton(
            person_candidates.person_label(one), partial(_attach, one, draft), ButtonStyle.primary
        )
        for one in possible[:_MAX_NAMESAKES]
    ]
    buttons += [DialogButton("Somebody new", add), DialogButton("Back", partial(_show, found))]
    await reply(interaction, Dialog(cards.text_card(text, ActionRow[Any](*buttons))))


async def _attach(person: Person, draft: PersonDraft, interaction: Interaction) -> None:
    """Gives a registered person the ids, and answers with Undo."""
    require_moderator(interaction)
    library = interaction.client.library
    saved = await library.people.add_ids(person.id, draft.ids, actor(interaction))
    name = f"**{escape(saved.value.name, 100)}**"
    if saved.change_id is None:
        text = f"👌 {name} (number {saved.value.id}) has these IDs already."
    else:
        text = f"🔗 {name} has these IDs now.\n{people.describe(saved.value)}"
    await reply(interaction, undoable(text, saved.change_id))
