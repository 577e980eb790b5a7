"""The message menu “Add paper”: adds the papers that a message links, one click each."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.flows.add_from_message import review_links
from bot.interactions import Interaction, LabBot
from bot.permissions import require_moderator


async def add_papers(interaction: Interaction, message: discord.Message) -> None:
    """Shows moderators the papers that a message links."""
    require_moderator(interaction)
    await review_links(interaction, message)


async def setup(bot: LabBot) -> None:
    """Adds the menu to the home servers, if there are any."""
    if bot.home_guilds:
        menu = app_commands.ContextMenu(name="Add paper", callback=add_papers)
        bot.tree.add_command(menu, guilds=bot.home_guilds)
