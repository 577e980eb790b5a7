"""`/people claim`: a member says who they are among the lab's people, and a moderator confirms."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import discord
from discord.ui import ActionRow

from bot.flows.replies import reply_with_notice, undo_buttons
from bot.interactions import Interaction
from bot.markdown import escape
from bot.permissions import actor, require_moderator
from bot.ui import cards
from bot.ui.buttons import ClaimButton
from storage.errors import LabError
from storage.people import ids
from storage.people.models import Person

_log = logging.getLogger(__name__)


async def ask(interaction: Interaction, person: Person) -> None:
    """Asks the moderators to confirm that the user is this person.

    Raises `LabError` if the user or the person is known to be somebody else, or if the moderators
    can't be reached.
    """
    user = interaction.user
    own = await interaction.client.library.people.by_member(user.id)
    if own is not None:
        is_same = own.id == person.id
        raise LabError(
            f"You're already {own.name}."
            if is_same
            else f"You're {own.name}. If that's wrong, ask a moderator."
        )
    if person.discord_id is not None:
        raise LabError(f"{person.name} is somebody else here. If that's wrong, ask a moderator.")
    channel = interaction.client.get_channel(interaction.client.moderators.channel_id or 0)
    if not isinstance(channel, discord.abc.Messageable):
        raise LabError("I can't reach the moderators here. Ask one to link your account to you.")
    known = [escape(ids.describe(one), 100) for one in person.ids]
    text = (
        f"🙋 <@{user.id}> says that they're **{escape(person.name, 100)}** (number {person.id}). "
        f"Is that so?\n-# {' · '.join(known) or 'No IDs yet'}"
    )
    buttons = [ClaimButton(person.id, user.id, is_accepted=accepts) for accepts in (True, False)]
    try:
        await channel.send(view=cards.notice(text, ActionRow[Any](*buttons)))
    except discord.HTTPException as error:
        _log.warning("The moderators' channel refused a claim: %s", error)
        raise LabError("I couldn't reach the moderators. Try again later.") from error
    name = escape(person.name, 100)
    await reply_with_notice(
        interaction, f"🙋 Thanks! A moderator will confirm that you're **{name}**."
    )


@ClaimButton.on_press
async def decide(interaction: Interaction, button: ClaimButton) -> None:
    """Links the account to the person, or not, and replaces the question by the answer."""
    require_moderator(interaction)
    people = interaction.client.library.people
    person = await people.get(button.person_id)
    user, name = f"<@{button.user_id}>", f"**{escape(person.name, 100)}**"
    by = escape(interaction.user.display_name, 60)
    change_id = None
    if not button.is_accepted:
        text = f"👋 {user} isn't {name}, says {by}."
    elif person.discord_id not in {None, button.user_id}:
        raise LabError(f"{person.name} is linked to somebody else by now.")
    else:
        edited = await people.edit(
            person.id,
            lambda present: replace(present, discord_id=button.user_id),
            actor(interaction),
        )
        change_id = edited.change_id
        text = f"✅ {user} is {name}, says {by}."
    rows = [ActionRow[Any](undo) for undo in undo_buttons(change_id)]
    await interaction.response.edit_message(view=cards.notice(text, *rows))
