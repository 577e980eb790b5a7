"""Private messages whose buttons run a callback and stop working when the message expires."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, ClassVar, TypeAlias

import discord
from discord.ui import Button, Item, LayoutView

from bot.errors import respond
from bot.ui.lab_button import mark_handled
from storage.errors import LabError

Action: TypeAlias = Callable[[discord.Interaction[Any]], Awaitable[None]]


class AlreadyDecided(LabError):
    """Somebody used a dialog's button after its decision was made."""

    def __init__(self) -> None:
        super().__init__("You've already decided this one.")


class Dialog(LayoutView):
    """A private message with `DialogButton`s.

    The buttons hold what the user has typed or looked up, which no custom id could. So they work
    only while this process runs, and for 15 minutes at most.
    """

    expiry_seconds: ClassVar[float] = 900  # as long as Discord lets a bot edit its reply

    def __init__(self, *items: Item[Any]) -> None:
        super().__init__(timeout=self.expiry_seconds)
        self.is_decided = False
        for item in items:
            self.add_item(item)

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Accepts every click; raises `AlreadyDecided` after the dialog's decision."""
        mark_handled(interaction)
        if self.is_decided:
            raise AlreadyDecided
        return True

    async def on_error(
        self,
        interaction: discord.Interaction[Any],
        error: Exception,
        item: Item[Any],
        /,
    ) -> None:
        """Reports an error to the user like any other."""
        await respond(interaction, error, f"the button “{getattr(item, 'label', '')}”")


class DialogButton(Button[Any]):
    """A button of a `Dialog` that runs an action.

    A button that ``decides`` disables the whole dialog, unless its action fails.
    """

    def __init__(
        self,
        label: str,
        action: Action,
        style: discord.ButtonStyle = discord.ButtonStyle.secondary,
        *,
        decides: bool = False,
    ) -> None:
        super().__init__(label=label, style=style)
        self._action = action
        self._decides = decides

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Runs the action."""
        if not self._decides:
            await self._action(interaction)
            return
        dialog: Any = self.view
        dialog.is_decided = True
        try:
            await self._action(interaction)
        except Exception:
            dialog.is_decided = False
            raise
