"""The types that cogs, flows and screens share of the running bot; `bot.client` implements them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import discord
from discord.ext import commands

from bot.feeds.poller import Poller
from bot.lookup.service import Lookup
from bot.moderators import Moderators
from bot.settings import Settings
from storage.library import Library
from storage.timestamps import Clock


class Dispatcher(Protocol):
    """What a command may ask of the outbox's dispatcher."""

    def deliver_soon(self) -> None:
        """Start a delivery in the background; returns at once and reports no errors."""

    async def deliver_due(self) -> int:
        """Send every message that is due and return how many were sent."""


class LabBot(commands.Bot):
    """The bot, as commands and buttons see it: the parts they work with are attributes."""

    library: Library
    poller: Poller
    lookup: Lookup
    moderators: Moderators
    settings: Settings
    clock: Clock
    dispatcher: Dispatcher

    @property
    def home_guilds(self) -> Sequence[discord.Object]:
        """The servers that the paper list belongs to."""
        return [discord.Object(guild_id) for guild_id in self.settings.home_guild_ids]

    async def show_home_commands(self) -> None:
        """Show the moderators' commands to whoever may use them now, and sync what changed."""
        raise NotImplementedError


Interaction: TypeAlias = discord.Interaction[LabBot]
