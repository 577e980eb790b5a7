"""Undo and redo: the button under a change, which also works after a restart, and the command."""

from __future__ import annotations

from dataclasses import dataclass

from bot.errors import NotAllowed
from bot.flows.moderator_commands import update_commands
from bot.flows.replies import paper_titles, undoable
from bot.interactions import Interaction
from bot.permissions import (
    actor,
    require_home_manager,
    require_moderator,
    require_server_manager,
)
from bot.ui import audit_log as audit_cards
from bot.ui.buttons import UndoButton
from storage.audit.models import (
    Change,
    ModeratorsChange,
    PaperChange,
    PeopleChange,
    SubscriptionChange,
)
from storage.errors import LabError
from storage.library import Library


@dataclass(frozen=True, slots=True)
class Undone:
    """What was undone, and the change and the label of the button that reverts that."""

    text: str
    change_id: int | None
    label: str


@UndoButton.on_press
async def press_undo(interaction: Interaction, button: UndoButton) -> None:
    """Undoes the change and replaces the message, so that the button is gone."""
    undone = await undo_change(interaction, button.change_id)
    await interaction.edit_original_response(
        view=undoable(undone.text, undone.change_id, undone.label)
    )


async def answer_undo(interaction: Interaction, change_id: int | None) -> None:
    """Answers `/curate undo`: undoes that change, or else the user's latest one."""
    if change_id is None:
        audit = interaction.client.library.audit
        last = await audit.last_by(actor(interaction), interaction.guild_id)
        if last is None:
            raise LabError("You have no changes to undo.")
        change_id = last.id

    undone = await undo_change(interaction, change_id, thinking=True)
    await interaction.edit_original_response(
        view=undoable(undone.text, undone.change_id, undone.label)
    )


def _require_permission(interaction: Interaction, change: Change) -> None:
    """Raises `NotAllowed` unless the user may make such a change themselves."""
    match change:
        case SubscriptionChange() | ModeratorsChange() if change.guild_id != interaction.guild_id:
            raise NotAllowed("That change was made in another server and can only be undone there.")
        case SubscriptionChange():
            require_server_manager(interaction)
        case ModeratorsChange():
            require_home_manager(interaction)
        case PeopleChange() if change.changes_trust:
            require_home_manager(interaction)
        case _:
            require_moderator(interaction)


async def undo_change(
    interaction: Interaction, change_id: int, *, thinking: bool = False
) -> Undone:
    """Undoes a change if the user may, and sends what that causes.

    The response is deferred, because undoing a large import takes longer than 3 seconds.
    """

    async def authorize(change: Change) -> None:
        _require_permission(interaction, change)
        await interaction.response.defer(ephemeral=thinking, thinking=thinking)

    library = interaction.client.library
    undone = await library.undo(change_id, actor(interaction), authorize=authorize)
    change = undone.value
    text = await (_describe_redo if change.is_undo else _describe_undo)(library, change)
    if isinstance(change, ModeratorsChange):
        await interaction.client.moderators.reload()
        text += await update_commands(interaction.client)
    if isinstance(change, SubscriptionChange):  # which may be paused or removed now
        interaction.client.dispatcher.cancel_send(change.channel_id)
    interaction.client.dispatcher.deliver_soon()
    return Undone(text, undone.change_id, "Undo" if change.is_undo else "Redo")


async def _describe_undo(library: Library, change: Change) -> str:
    text = f"↩️ Undid {await _describe_original(library, change)}."
    if not isinstance(change, PaperChange):
        return text
    paper = await library.papers.find(change.paper_id)
    if paper is None:
        return f"{text} The paper is no longer in the list."
    if change.after is not None and change.after.is_removed:
        return f"{text} The paper is back in the list."
    return f"{text} The paper is as it was before."


async def _describe_redo(library: Library, change: Change) -> str:
    return f"↪️ Redid {await _describe_original(library, change)}."


async def _describe_original(library: Library, change: Change) -> str:
    """Returns the number and summary of a change, or of the one that an undo goes back to."""
    if change.original_id is not None:
        change = await library.audit.find(change.original_id) or change
    summary = audit_cards.summary(change, await paper_titles(library, [change]))
    return f"change {change.id}: {summary}"
