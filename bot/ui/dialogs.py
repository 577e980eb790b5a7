"""Dialogs of one field: a line of text or a choice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import discord
from discord.ui import Button, Item, LayoutView

from bot.errors import respond
from bot.ui.buttons import mark_handled
from storage.errors import LabError


class Dialog(LayoutView):
    """A private message whose buttons need what somebody just typed, and expire with it."""

    def __init__(self, *items: Item[Any]) -> None:
        super().__init__(timeout=900)
        self.is_decided = False
        for item in items:
            self.add_item(item)

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Take every press; raise `LabError` where it is decided already."""
        mark_handled(interaction)
        if self.is_decided:
            raise LabError("You have decided that already.")
        return True

    async def on_error(
        self,
        interaction: discord.Interaction[Any],
        error: Exception,
        item: Item[Any],
        /,
    ) -> None:
        """Errors go the one way."""
        await respond(interaction, error, f"the button “{getattr(item, 'label', '')}”")


class Choice(Button[Any]):
    """A button of a dialog that does one thing.

    Where it ``decides``, the dialog's buttons do nothing more, unless this failed.
    """

    def __init__(
        self,
        label: str,
        chosen: Callable[[discord.Interaction[Any]], Awaitable[None]],
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        *,
        decides: bool = False,
    ) -> None:
        super().__init__(label=label, style=style)
        self._chosen = chosen
        self._decides = decides

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Do it."""
        if not self._decides:
            await self._chosen(interaction)
            return
        dialog: Any = self.view
        dialog.is_decided = True
        try:
            await self._chosen(interaction)
        except Exception:
            dialog.is_decided = False
            raise
