"""The interface of the running bot that cogs, flows and buttons use; `bot.client` implements it."""

from __future__ import annotations

import abc
from collections.abc import Sequence
from typing import Protocol, TypeAlias

import discord
from discord.ext import commands

from bot.command_mentions import CommandIds
from bot.completing.completer import Completer
from bot.feeds.poller import Poller
from bot.lookup.service import Lookup
from bot.moderators import Moderators
from bot.net.http import HttpClient
from bot.settings import Settings
from bot.sources.radar import Radar
from storage.library import Library
from storage.timestamps import Clock

MAX_FILE = 10 * 2**20  # bytes that Discord accepts from a bot in any server


class Dispatcher(Protocol):
    """The part of the outbox's dispatcher that commands use."""

    def deliver_soon(self) -> None:
        """Starts a delivery in the background; returns at once and reports no errors."""

    async def deliver_due(self) -> int:
        """Sends every message that is due, and returns how many were sent."""

    def cancel_send(self, channel_id: int) -> None:
        """Cancels what is being sent to a channel that was paused or removed."""


class LabBot(commands.Bot, abc.ABC):
    """The bot with the services that commands and buttons use, as attributes."""

    library: Library
    poller: Poller
    lookup: Lookup
    web: HttpClient
    radar: Radar
    completer: Completer
    moderators: Moderators
    settings: Settings
    clock: Clock
    dispatcher: Dispatcher
    command_ids: CommandIds

    @property
    def home_guilds(self) -> Sequence[discord.Object]:
        """The lab's own servers, which have the moderators' commands."""
        return [discord.Object(guild_id) for guild_id in self.settings.home_guild_ids]

    @property
    def takes_suggestions(self) -> bool:
        """Whether members can suggest papers."""
        return bool(self.settings.suggestions_per_day and self.home_guilds)

    @abc.abstractmethod
    async def update_home_commands(self) -> None:
        """Shows the moderators' commands to everyone who may use them now, and syncs changes."""


Interaction: TypeAlias = discord.Interaction[LabBot]
