"""Undo: the button under a moderator's change, which works after a restart, and the command."""

from __future__ import annotations

from discord.ui import ActionRow

from bot.errors import NotAllowed
from bot.flows.replies import titles, undo_buttons
from bot.interactions import Interaction
from bot.markdown import escape
from bot.permissions import actor, require_moderator, require_server_manager
from bot.ui import audit_log as audit_cards
from bot.ui import cards
from bot.ui.buttons import UndoButton
from storage.audit.models import Change
from storage.errors import LabError
from storage.library import Library

_DECISIONS = {
    "merge": "they are two people's names again.",
    "split": "the name counts as it did before.",
    "rename": "the name is shown as it was before.",
    "undo": "the decision holds again.",
}


@UndoButton.on_press
async def press_undo(interaction: Interaction, button: UndoButton) -> None:
    """Undoes the change and replaces the reply, so that its button is gone."""
    await _require_allowed(interaction, button.change_id)
    await interaction.response.defer()  # a long import takes its time
    layout = await undo(interaction, button.change_id)
    await interaction.edit_original_response(view=layout)
    interaction.client.dispatcher.deliver_soon()


async def undo_last(interaction: Interaction, change_id: int | None) -> None:
    """Answer `/curate undo`: undo that change, or the last one of the person who asks."""
    library = interaction.client.library
    if change_id is None:
        last = await library.audit.last_by(actor(interaction), interaction.guild_id)
        if last is None:
            raise LabError("You have made no change that still stands, so nothing is to be undone.")
        change_id = last.id
    await _require_allowed(interaction, change_id)
    await interaction.response.defer(ephemeral=True, thinking=True)
    layout = await undo(interaction, change_id)
    await interaction.edit_original_response(view=layout)
    interaction.client.dispatcher.deliver_soon()


async def undo(interaction: Interaction, change_id: int) -> cards.Layout:
    """Undo a change; gives what is said of it, with the button that takes that back."""
    library = interaction.client.library
    undone = await library.undo(change_id, actor(interaction))
    redo = [ActionRow(button) for button in undo_buttons(undone.change_id, "Redo")]
    return cards.notice(f"↩️ Undone: {await _said(library, undone.value)}", *redo)


async def _require_allowed(interaction: Interaction, change_id: int) -> None:
    """Raise `NotAllowed` for who may not take a change back: that is who may not make it."""
    change = await interaction.client.library.audit.get(change_id)
    guild_id = change.about.guild_id if change and change.about else None
    if guild_id is None:
        require_moderator(interaction)
    elif guild_id == interaction.guild_id:
        require_server_manager(interaction)
    else:
        raise NotAllowed("That was arranged in another server, where it can be undone.")


async def _said(library: Library, change: Change) -> str:
    what = audit_cards.brief(change, await titles(library, [change]))
    if change.name is not None:
        return f"{what}: {_DECISIONS[change.action]}"
    if change.paper_id is None:
        return f"change {change.id}, {what}."
    found = await library.papers.listed(change.paper_id)
    if found is None:
        return f"{what}; it is not in the list any more."
    came_back = change.after.get("removed", False)
    title = f"**{escape(found.title, 300)}** (#{found.id})"
    return f"{title} is {'back in the list' if came_back else 'as it was before'}; that was {what}."
