"""Showing the moderators' commands to whoever may use them, after that has changed."""

from __future__ import annotations

import logging

import discord

from bot.interactions import LabBot

_log = logging.getLogger(__name__)


async def update_commands(bot: LabBot) -> str:
    """Shows the commands to whoever may use them now; returns a warning if Discord refuses."""
    try:
        await bot.update_home_commands()
    except discord.HTTPException as error:
        _log.warning("Discord didn't accept the updated commands: %s", error)
        return "\n⚠️ I couldn't update Discord's list of commands. I'll try again when I restart."
    return ""
