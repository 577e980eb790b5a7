"""LabHerald, the Discord client: adds the cogs and syncs commands that changed.

`lab-herald run` uses `ShardedLabHerald`. The simulated Discord of the demo has no shards.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import pkgutil
from collections.abc import Iterator, Sequence
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec
from typing import Any, TypeAlias

import discord
import yarl
from discord import app_commands
from discord.app_commands import AppCommand, AppCommandGroup
from discord.ext import commands

from bot.announce.dispatcher import OutboxDispatcher
from bot.announce.no_retry import no_retry_trace
from bot.announce.permission_events import PermissionEvents
from bot.completing.completer import Completer
from bot.errors import respond
from bot.feeds.poller import Poller
from bot.interactions import Interaction, LabBot
from bot.lookup.service import Lookup
from bot.moderators import Moderators
from bot.net.http import HttpClient
from bot.permissions import FOR_MEMBERS, MANAGERS_ONLY, default_permissions
from bot.settings import Settings
from bot.shutdown import DISCORD_GRACE
from bot.sources.radar import Radar
from bot.ui import forms
from bot.ui.author_menu import AuthorChoice
from bot.ui.lab_button import PressedButton, answer_unhandled, is_handled
from storage.library import Library
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

AnyCommand: TypeAlias = (
    app_commands.Command[Any, ..., Any] | app_commands.Group | app_commands.ContextMenu
)

GUILD_READY_TIMEOUT = timedelta(seconds=2)  # discord.py's default

# After a few failures, discord.py waits up to 17 minutes before it connects a shard again, and that
# for half an hour. With these values, it waits up to 4 minutes, and a moment after 5 without a
# failure. If every connection were lost at once, that would be 650 sessions of the 1,000 that
# Discord allows in a day.
_MAX_DELAY_EXPONENT = 8  # of 2, in seconds
_CALM = timedelta(minutes=5)


class LabCommandTree(app_commands.CommandTree["LabHerald"]):
    """The bot's commands; all errors are handled in one place."""

    async def on_error(
        self, interaction: discord.Interaction[LabHerald], error: app_commands.AppCommandError, /
    ) -> None:
        """Replies with the error, or logs it if it comes from autocomplete."""
        if interaction.type is discord.InteractionType.autocomplete:
            _log.warning("Autocomplete failed: %s", error)
            return
        interaction.client.dispatch("command_failure", interaction, error)
        await respond(interaction, error)


class LabHerald(LabBot):
    """The running bot. Build it with `bot.app.open_app`."""

    def __init__(
        self,
        *,
        library: Library,
        poller: Poller,
        lookup: Lookup,
        web: HttpClient,
        radar: Radar,
        completer: Completer,
        moderators: Moderators,
        settings: Settings,
        clock: Clock,
        guild_ready_timeout: timedelta = GUILD_READY_TIMEOUT,
    ) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            tree_cls=LabCommandTree,
            http_trace=no_retry_trace(),
            guild_ready_timeout=guild_ready_timeout.total_seconds(),
        )
        self.library = library
        self.poller = poller
        self.lookup = lookup
        self.web = web
        self.radar = radar
        self.completer = completer
        self.moderators = moderators
        self.settings = settings
        self.clock = clock
        self.command_ids: dict[int | None, dict[str, int]] = {}
        self.dispatcher: OutboxDispatcher = OutboxDispatcher(library, self, clock, moderators)

    async def setup_hook(self) -> None:
        """Adds every cog, then syncs the commands if they changed."""
        self.add_dynamic_items(PressedButton, AuthorChoice)
        if not self.cogs:  # a login may fail after this and be retried
            await self.add_cogs()
        await self.update_home_commands()

    async def add_cogs(self) -> None:
        """Adds every cog, and so its commands, events and buttons.

        Extensions would be the same, but discord.py executes their modules again for each client,
        which takes half of a client's start.
        """
        await self.add_cog(PermissionEvents(self.dispatcher))
        for name in cog_modules():
            await import_module(name).setup(self)

    async def on_interaction(self, interaction: Interaction) -> None:
        """Handles forms from before a restart, and answers clicks that nothing else handled."""
        if interaction.type is discord.InteractionType.modal_submit:
            if not is_handled(interaction):
                await forms.resume(interaction)
        else:
            await answer_unhandled(interaction)

    async def update_home_commands(self) -> None:
        """Shows the moderators' commands to everyone who may use them now, and syncs changes."""
        for command in self._moderators_commands():
            command.default_permissions = default_permissions(self.moderators)
        await self.sync_changed_commands()

    @property
    def has_outdated_commands(self) -> bool:
        """Whether the moderators' commands aren't shown to those who may use them now."""
        shown_to = default_permissions(self.moderators)
        return any(one.default_permissions != shown_to for one in self._moderators_commands())

    def _moderators_commands(self) -> Iterator[AnyCommand]:
        for guild in self.home_guilds:
            for command in self.tree.get_commands(guild=guild):
                if {MANAGERS_ONLY, FOR_MEMBERS}.isdisjoint(command.extras):
                    yield command

    async def close(self) -> None:
        """Lets the dispatcher finish its current deliveries, then closes the connection."""
        await self.dispatcher.close()
        with contextlib.suppress(TimeoutError):  # Discord may not answer
            async with asyncio.timeout(DISCORD_GRACE.total_seconds()):
                await super().close()

    async def sync_changed_commands(self) -> None:
        """Syncs the commands of every scope that changed since its last sync.

        A scope is a home server, or all servers. Former home servers lose their commands.
        """
        previous = await self.library.bot_state.find_value(self._home_guilds_key)
        current = {guild.id for guild in self.home_guilds}
        former = [guild_id for guild_id in json.loads(previous or "[]") if guild_id not in current]
        for guild in (None, *self.home_guilds, *map(discord.Object, former)):
            await self._sync_scope(guild)
        await self.library.bot_state.set_value(self._home_guilds_key, json.dumps(sorted(current)))

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Syncs the commands of a home server again: Discord forgets them when the bot leaves."""
        if guild.id in self.settings.home_guild_ids:
            await self.library.bot_state.set_value(self._commands_key(guild), "")
            await self._sync_scope(discord.Object(guild.id))

    def _commands_key(self, guild: discord.abc.Snowflake | None) -> str:
        return f"commands of {self.application_id} in {guild.id if guild else 'every server'}"

    @property
    def _home_guilds_key(self) -> str:
        return f"home servers of {self.application_id}"

    async def _sync_scope(self, guild: discord.Object | None) -> None:
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands(guild=guild)]
        text = json.dumps(payload, sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()
        key = self._commands_key(guild)
        saved = await self.library.bot_state.find_value(key) or ""
        # Earlier versions saved only the digest, without the ids.
        synced = json.loads(saved) if saved.startswith("{") else {}
        if synced.get("digest") == digest:
            self.command_ids[guild.id if guild else None] = synced["ids"]
            return
        try:
            synced_commands = await self.tree.sync(guild=guild)
        except discord.Forbidden:
            if guild is not None and guild.id in self.settings.home_guild_ids:
                _log.warning(
                    "HOME_GUILD_IDS includes server %s, but the bot isn't a member of it.", guild.id
                )
            return
        ids = _ids_by_name(synced_commands)
        self.command_ids[guild.id if guild else None] = ids
        await self.library.bot_state.set_value(key, json.dumps({"digest": digest, "ids": ids}))


class _TryAgain(Exception):
    """A shard couldn't connect, and the pause after that is over."""


class ShardedLabHerald(LabHerald, commands.AutoShardedBot):
    """The running bot with as many connections to Discord as Discord recommends."""

    _is_launching = False

    async def setup_hook(self) -> None:
        """Asks for the number of shards, too: whoever logs in retries that."""
        if not self.shard_count:
            self.shard_count, _, _ = await self.http.get_bot_gateway()
        await super().setup_hook()

    async def launch_shard(
        self, gateway: yarl.URL, shard_id: int, *, initial: bool = False
    ) -> None:
        """Connects a shard, however often that has to be tried.

        discord.py makes each try inside the one before, so after an hour and a half of them it
        would fail with a `RecursionError`.
        """
        if self._is_launching:
            raise _TryAgain
        while True:
            self._is_launching = True
            try:
                await super().launch_shard(gateway, shard_id, initial=initial)
            except _TryAgain:
                initial = False
            else:
                _limit_delay(self.shards[shard_id])
                return
            finally:
                self._is_launching = False


def _limit_delay(shard: discord.ShardInfo) -> None:
    """Lets a shard reconnect sooner after failures, for which discord.py has no option."""
    backoff = shard._parent._backoff  # noqa: SLF001
    backoff._max = _MAX_DELAY_EXPONENT  # noqa: SLF001
    backoff._reset_time = int(_CALM.total_seconds())  # noqa: SLF001


def _ids_by_name(synced: Sequence[AppCommand]) -> dict[str, int]:
    """Returns the id with which each command is mentioned, which is that of its group if any."""
    ids: dict[str, int] = {}
    for command in synced:
        if command.type is discord.AppCommandType.chat_input:
            subcommands = [one for one in command.options if isinstance(one, AppCommandGroup)]
            names = [f"{command.name} {one.name}" for one in subcommands] or [command.name]
            ids |= dict.fromkeys(names, command.id)
    return ids


def cog_modules() -> list[str]:
    """Returns the modules of `cogs`, found by name because `bot` must not import them."""
    spec = find_spec("cogs")
    folders: Any = spec.submodule_search_locations if spec else []
    return sorted(f"cogs.{module.name}" for module in pkgutil.iter_modules(folders))
