"""The message menu “Add paper”: the papers that a message links, to add by one click each."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.flows.add_from_message import gather
from bot.interactions import Interaction, LabBot
from bot.permissions import require_moderator


async def add_papers(interaction: Interaction, message: discord.Message) -> None:
    """Show the links of a message, for moderators."""
    require_moderator(interaction)
    await gather(interaction, message)


async def setup(bot: LabBot) -> None:
    """Add the menu to the lab's own servers, where there are any; the bot says who sees it."""
    if bot.home_guilds:
        menu = app_commands.ContextMenu(name="Add paper", callback=add_papers)
        bot.tree.add_command(menu, guilds=bot.home_guilds)
