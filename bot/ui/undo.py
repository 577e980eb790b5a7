"""The Undo button under a moderator's change: it takes it back once, also after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.permissions import actor, require_curator
from bot.ui import cards
from bot.ui.buttons import LabButton
from bot.ui.text import escape
from storage.library import Library
from storage.records import Change

if TYPE_CHECKING:
    from bot.client import Interaction

_SAID = {
    "merge": "they are two people's names again.",
    "split": "the name counts as it did before.",
    "rename": "the name is shown as it was before.",
    "undo": "the decision holds again.",
}


class UndoButton(LabButton, template=r"undo:(?P<change>\d+)"):
    """Takes one recorded change back."""

    async def press(self, interaction: Interaction) -> None:
        """Undo it and say so in place of the reply, so that the button is gone."""
        require_curator(interaction)
        library = interaction.client.library
        undone = await library.undo(self.numbers["change"], actor(interaction))
        await interaction.response.edit_message(
            view=cards.notice(f"↩️ Undone: {await _said(library, undone.change)}")
        )


async def _said(library: Library, change: Change) -> str:
    if change.paper_id is None:
        return _SAID[change.action]
    found = await library.papers.listed(change.paper_id)
    if found is None:
        return f"#{change.paper_id} is not in the list any more."
    title = f"**{escape(found.title, 300)}** (#{found.id})"
    came_back = change.after.get("removed", False)
    return f"{title} is {'back in the list' if came_back else 'as it was before'}."
