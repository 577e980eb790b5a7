"""A lab's server on SimCord: the people of each kind, and the words that an answer shows."""

from __future__ import annotations

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
from bot.demo.messages import use_message_menu, visible_text
from bot.settings import Settings
from bot.ui.cards import Layout
from storage.errors import LabError
from storage.models import Origin, PaperDraft
from tests.support.library import MODERATOR, announce

HOME = 1_000_000_000_000_000_001
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class StillClock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, time: timedelta) -> None:
        self.now += time


@dataclass
class Lab:
    """The home server with its channel and people, and a server elsewhere."""

    app: App
    env: simcord.Env
    clock: StillClock
    papers: Any
    member: Any
    moderator: Any
    curator: Any  # a moderator by role
    elsewhere: Any
    stranger: Any  # who manages the server elsewhere

    async def ask(self, actor: Any, command: str, **options: Any) -> str:
        """Everything legible in the answer to a slash command."""
        return told(await actor.slash(self.papers, command, **options))

    async def restart(self, settings: Settings) -> LabHerald:
        """Begin the bot anew on the same list, with nothing in memory of what it showed before."""
        former = self.app.client
        again = LabHerald(
            library=self.app.library,
            poller=self.app.poller,
            lookup=former.lookup,
            moderators=former.moderators,
            settings=settings,
            clock=self.clock,
        )
        await self.env.restart_bot(again)
        return again

    async def menu(self, actor: Any, name: str, message: Any) -> Any:
        """The answer to a message's menu."""
        return await use_message_menu(self.env, actor, self.papers, name, message, HOME)

    async def press(self, actor: Any, custom_id: str) -> str:
        """What somebody is told who presses a button that they made up."""
        view = Layout(ActionRow(Button(label="Press me", custom_id=custom_id)))
        channel: Any = self.app.client.get_channel(self.papers.id)
        return told(await actor.click(await channel.send(view=view), custom_id=custom_id))

    @property
    def last(self) -> str:
        """Everything legible in the channel's last message."""
        return visible_text(self.papers.last_message)

    async def announce(self, title: str, **fields: Any) -> int:
        """Adds a paper that all subscribed channels announce; returns its id."""
        return await announce(self.app.library, title, **fields)

    async def add(self, draft: PaperDraft) -> int:
        result = (await self.app.library.papers.upsert(draft, Origin.MODERATOR, MODERATOR)).value
        assert result.paper is not None
        return result.paper.id


def unexpected_errors(errors: Sequence[BaseException]) -> list[BaseException]:
    """Those errors of a run that were no sentence for a person, and so are faults of ours."""
    foreseen = (LabError, app_commands.CommandNotFound)
    return [error for error in errors if not isinstance(_innermost(error), foreseen)]


def _innermost(error: BaseException) -> BaseException:
    cause = getattr(error, "original", None) or error.__cause__
    is_wrapper = isinstance(error, app_commands.CommandInvokeError | app_commands.TransformerError)
    return _innermost(cause) if is_wrapper and cause is not None else error


def told(result: Any) -> str:
    """Everything legible in an answer and what followed it."""
    messages = [result.response, *result.followups]
    return "\n".join(visible_text(message) for message in messages if message is not None)


def open_lab(app: App, env: simcord.Env, clock: StillClock) -> Lab:
    home = env.create_guild("Open Lab", id=HOME)
    managers = home.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    curators = home.create_role("Curators")
    abroad = env.create_guild("Elsewhere")
    abroad_managers = abroad.create_role(
        "Managers", permissions=discord.Permissions(manage_guild=True)
    )
    return Lab(
        app=app,
        env=env,
        clock=clock,
        papers=home.create_text_channel("papers"),
        member=home.add_member(env.create_user("mika")),
        moderator=home.add_member(env.create_user("noor"), roles=[managers]),
        curator=home.add_member(env.create_user("cleo"), roles=[curators]),
        elsewhere=abroad.create_text_channel("general"),
        stranger=abroad.add_member(env.create_user("sam"), roles=[abroad_managers]),
    )
