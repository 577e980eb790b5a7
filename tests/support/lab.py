"""A lab's Discord server on SimCord, with people of each kind, and what its replies show."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import simcord
from discord import app_commands
from discord.ui import ActionRow, Button

from bot.app import App
from bot.client import LabHerald
from bot.demo.messages import raw_text, use_message_menu, visible_text
from bot.settings import Settings
from bot.ui.cards import Layout
from storage.errors import LabError
from storage.models import Origin, PaperDraft
from tests.support.library import MODERATOR, announce

HOME = 1_000_000_000_000_000_001
_PLAIN_COMMAND = re.compile(r"`/([a-z]+(?: [a-z]+(?!:))?)\b[^`]*`")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeClock:
    """A clock that only moves when a test advances it."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, time: timedelta) -> None:
        self.now += time


@dataclass
class Lab:
    """The home server with its channel and people, and another server."""

    app: App
    env: simcord.Env
    clock: FakeClock
    channel: Any
    member: Any
    moderator: Any
    role_moderator: Any  # a moderator by role, without Manage Server
    other_channel: Any  # in the other server
    other_manager: Any  # manages the other server only

    async def run(self, actor: Any, command: str, /, **options: Any) -> str:
        """Runs a slash command and returns the text of its reply."""
        return reply_text(await actor.slash(self.channel, command, **options))

    async def restart(self, settings: Settings) -> LabHerald:
        """Restarts the bot on the same database, without anything it had in memory."""
        before = self.app.client
        client = LabHerald(
            library=self.app.library,
            poller=self.app.poller,
            lookup=before.lookup,
            web=before.web,
            radar=before.radar,
            completer=before.completer,
            moderators=before.moderators,
            settings=settings,
            clock=self.clock,
        )
        await self.env.restart_bot(client)
        return client

    async def use_menu(self, actor: Any, name: str, message: Any) -> Any:
        """Uses a command of a message's menu and returns the result."""
        return await use_message_menu(self.env, actor, self.channel, name, message, HOME)

    async def press_custom_id(self, actor: Any, custom_id: str) -> str:
        """Presses a button with any custom id and returns the text of the reply."""
        view = Layout(ActionRow(Button(label="Press me", custom_id=custom_id)))
        channel: Any = self.app.client.get_channel(self.channel.id)
        return reply_text(await actor.click(await channel.send(view=view), custom_id=custom_id))

    @property
    def last_text(self) -> str:
        """The text of the last message in the channel."""
        return visible_text(self.channel.last_message)

    async def announce(self, title: str, **fields: Any) -> int:
        """Adds a paper that all subscribed channels announce; returns its id."""
        return await announce(self.app.library, title, **fields)

    async def add(self, draft: PaperDraft) -> int:
        """Adds a paper to the list and returns its id."""
        result = (await self.app.library.papers.upsert(draft, Origin.MODERATOR, MODERATOR)).value
        assert result.paper is not None
        return result.paper.id


def unexpected_errors(errors: Sequence[BaseException]) -> list[BaseException]:
    """Returns the errors that aren't sentences for users, and so are bugs."""
    expected = (LabError, app_commands.CommandNotFound)
    return [error for error in errors if not isinstance(_root_cause(error), expected)]


def _root_cause(error: BaseException) -> BaseException:
    cause = getattr(error, "original", None) or error.__cause__
    is_wrapper = isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError)
    return _root_cause(cause) if is_wrapper and cause is not None else error


def plain_commands(env: simcord.Env, client: LabHerald) -> list[str]:
    """Returns the commands that people could click where the bot only named them."""
    backend, found = env.backend, []
    for channel in backend.channels.values():
        known = {**client.command_ids.get(None, {}), **client.command_ids.get(channel.guild_id, {})}
        for message in backend.messages.get(channel.id, {}).values():
            if message.author_id == backend.bot_user.id:
                named = _PLAIN_COMMAND.findall(raw_text(message))
                found += [name for name in named if name in known]
    return found


def reply_text(result: Any) -> str:
    """Returns the text of a reply and its follow-ups."""
    messages = [result.response, *result.followups]
    return "\n".join(visible_text(message) for message in messages if message is not None)


def open_lab(app: App, env: simcord.Env, clock: FakeClock) -> Lab:
    """Creates both servers with their channels, roles and people."""
    home = env.create_guild("Open Lab", id=HOME)
    managers = home.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    curators = home.create_role("Curators")
    other = env.create_guild("Elsewhere")
    other_managers = other.create_role(
        "Managers", permissions=discord.Permissions(manage_guild=True)
    )
    return Lab(
        app=app,
        env=env,
        clock=clock,
        channel=home.create_text_channel("papers"),
        member=home.add_member(env.create_user("mika")),
        moderator=home.add_member(env.create_user("noor"), roles=[managers]),
        role_moderator=home.add_member(env.create_user("cleo"), roles=[curators]),
        other_channel=other.create_text_channel("general"),
        other_manager=other.add_member(env.create_user("sam"), roles=[other_managers]),
    )
