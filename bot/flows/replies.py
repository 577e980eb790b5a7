"""How a change of the list is told to the moderator who made it: privately, with Undo."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from discord.ui import ActionRow, Button, LayoutView

from bot.interactions import Interaction
from bot.ui import buttons, cards
from storage.audit.models import Change
from storage.library import Library
from storage.models import Paper


async def say(interaction: Interaction, view: LayoutView, *, beside: bool = False) -> None:
    """Answer privately: in the place of the dialogue that was used, or else ``beside`` it."""
    response, message = interaction.response, interaction.message
    if response.is_done() and beside:
        await interaction.followup.send(view=view, ephemeral=True)
    elif response.is_done():
        await interaction.edit_original_response(view=view)
    elif message is not None and message.flags.ephemeral and not beside:
        await response.edit_message(view=view)
    else:
        await response.send_message(view=view, ephemeral=True)


async def show(
    interaction: Interaction,
    paper: Paper,
    text: str,
    change_id: int | None,
    *,
    beside: bool = False,
) -> None:
    """Show a paper with a sentence about it, and Undo if a change was recorded."""
    undo = undo_buttons(change_id)
    await say(interaction, cards.Layout(*cards.paper_with(paper, text, *undo)), beside=beside)


def undoable(text: str, change_id: int | None) -> cards.Layout:
    """Say what was done, with Undo if a change was recorded."""
    return cards.notice(text, *[ActionRow[Any](button) for button in undo_buttons(change_id)])


def undo_buttons(change_id: int | None, label: str = "Undo") -> list[Button[Any]]:
    """Return the button that undoes a change, or none if nothing was recorded."""
    return [buttons.UndoButton(change_id, label)] if change_id is not None else []


async def titles(
    library: Library, changes: Iterable[Change], paper_id: int | None = None
) -> dict[int, str]:
    """The titles of the papers that changes name, removed ones too, and of one more."""
    named = {paper_id}
    for change in changes:
        named |= {change.paper_id, change.after.get("into")}
    numbers = [number for number in named if number is not None]
    return {paper.id: paper.title for paper in await library.papers.some(numbers)}
