"""What the moderators' commands in the lab's own servers have in common: who may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.ext import commands

from bot.permissions import require_curator

if TYPE_CHECKING:
    from bot.client import Interaction, LabHerald


class HomeCog(commands.GroupCog):
    """A group of moderators' commands, offered in the home servers alone."""

    async def interaction_check(self, interaction: Interaction) -> bool:  # type: ignore[override]
        """Only who may keep the list."""
        require_curator(interaction)
        return True

    async def offer(self, bot: LabHerald) -> None:
        """Add the group to the home servers, where there are any; the bot says who sees it."""
        if bot.home_guilds:
            await bot.add_cog(self, guilds=bot.home_guilds)
