"""LabHerald, the Discord client: loads the cogs by name and tells Discord of changed commands."""

from __future__ import annotations

import hashlib
import json
import logging
import pkgutil
from importlib.util import find_spec
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.announce.dispatcher import OutboxDispatcher
from bot.announce.no_retry import ask_once
from bot.errors import respond
from bot.feeds.poller import Poller
from bot.interactions import Interaction, LabBot
from bot.lookup.service import Lookup
from bot.moderators import Moderators
from bot.permissions import MANAGERS_ONLY, default_permissions
from bot.settings import Settings
from bot.ui.buttons import PressedButton, answer_unhandled
from storage.library import Library
from storage.timestamps import Clock

_log = logging.getLogger(__name__)


class Tree(app_commands.CommandTree["LabHerald"]):
    """The commands, with one way for their errors."""

    async def on_error(
        self, interaction: discord.Interaction[LabHerald], error: app_commands.AppCommandError, /
    ) -> None:
        """Tell the person; autocomplete answers for itself."""
        if interaction.type is discord.InteractionType.autocomplete:
            _log.warning("Suggestions failed: %s", error)
            return
        await respond(interaction, error)


class LabHerald(LabBot):
    """The bot as Discord sees it; what it works with are attributes."""

    def __init__(
        self,
        *,
        library: Library,
        poller: Poller,
        lookup: Lookup,
        moderators: Moderators,
        settings: Settings,
        clock: Clock,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=Tree,
            http_trace=ask_once(),
        )
        self.library = library
        self.poller = poller
        self.lookup = lookup
        self.moderators = moderators
        self.settings = settings
        self.clock = clock
        self.dispatcher: OutboxDispatcher = OutboxDispatcher(library, self, clock, moderators)

    async def setup_hook(self) -> None:
        """Load every cog, then tell Discord of the commands where they changed."""
        self.add_dynamic_items(PressedButton)
        for name in cog_names():
            if name not in self.extensions:  # a login that failed after this is tried again
                await self.load_extension(name)
        await self.show_home_commands()

    async def on_interaction(self, interaction: Interaction) -> None:
        """Answer a press that no button of mine took; it comes after theirs."""
        await answer_unhandled(interaction)

    async def show_home_commands(self) -> None:
        """Show the moderators' commands to whom they are for now; Discord is told of changes."""
        for guild in self.home_guilds:
            for command in self.tree.get_commands(guild=guild):
                if MANAGERS_ONLY not in command.extras:
                    command.default_permissions = default_permissions(self.moderators)
        await self.sync_if_changed()

    async def close(self) -> None:
        """Let the courier end what it has under way, then close the connection."""
        await self.dispatcher.close()
        await super().close()

    async def sync_if_changed(self) -> None:
        """Sync the commands of every scope whose payload is not the one synced last."""
        former = await self.library.bot_state.get_value(self._scopes_fact)
        scopes: list[discord.Object | None] = [None, *self.home_guilds]
        homes = {guild.id for guild in self.home_guilds}
        scopes += [discord.Object(left) for left in json.loads(former or "[]") if left not in homes]
        for guild in scopes:
            await self._sync_scope(guild)
        await self.library.bot_state.set_value(self._scopes_fact, json.dumps(sorted(homes)))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Tell a home server that was joined just now of its commands, which it has lost or not."""
        if guild.id in self.settings.home_guild_ids:
            await self.library.bot_state.set_value(self._commands_fact(guild), "")
            await self._sync_scope(discord.Object(guild.id))

    def _commands_fact(self, guild: discord.abc.Snowflake | None) -> str:
        return f"commands of {self.application_id} in {guild.id if guild else 'every server'}"

    @property
    def _scopes_fact(self) -> str:
        return f"home servers of {self.application_id}"

    async def _sync_scope(self, guild: discord.Object | None) -> None:
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands(guild=guild)]
        text = json.dumps(payload, sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        fact = self._commands_fact(guild)
        if await self.library.bot_state.get_value(fact) == digest:
            return
        try:
            await self.tree.sync(guild=guild)
        except discord.Forbidden:
            if guild is not None and guild.id in self.settings.home_guild_ids:
                _log.warning("HOME_GUILD_IDS names server %s, which I am not in.", guild.id)
            return
        await self.library.bot_state.set_value(fact, digest)


def cog_names() -> list[str]:
    """The modules of the `cogs` package; found by name, since cogs import the bot."""
    spec = find_spec("cogs")
    places: Any = spec.submodule_search_locations if spec else []
    return sorted(f"cogs.{module.name}" for module in pkgutil.iter_modules(places))
