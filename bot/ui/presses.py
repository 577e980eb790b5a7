"""Presses of buttons and menus: which of them somebody answers, so that none is left to Discord."""

from __future__ import annotations

from typing import Any

import discord

from bot.errors import respond
from storage.errors import LabError

_TAKEN = "taken"


class TooOld(LabError):
    """A question that was asked before a restart, too long ago, or of which nothing is left."""

    def __init__(self) -> None:
        super().__init__("That question is too old, so I did nothing. Please ask again.")


def take(interaction: discord.Interaction[Any]) -> None:
    """Say that a press is being answered; to be called before the first wait."""
    interaction.extras[_TAKEN] = True


async def answer_rest(interaction: discord.Interaction[Any]) -> None:
    """Answer a press that nobody took, instead of Discord's “This interaction failed”."""
    if interaction.type is discord.InteractionType.component and _TAKEN not in interaction.extras:
        await respond(interaction, TooOld())
