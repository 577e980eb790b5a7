"""The callers of the permission table, who try everything, even what Discord hides from them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import discord
import pytest
from discord.ui import ActionRow, Button
from simcord import interactions
from simcord.actors import _dispatch_actor_interaction

from bot.ui.cards import Layout
from tests.support.lab import HOME, Lab, reply_text
from tests.support.permission_table import FORMS, Access, Caller, CommandRule, Location

REFUSED = re.compile(
    "Only moderators can|You can only do that in the lab's own server"
    "|can only be changed in a server|Moderators can only be set up in"
    "|My commands have just been updated"
)


@dataclass
class Callers:
    """The four callers as members of both servers; checks the replies they get."""

    lab: Lab
    members: dict[tuple[Caller, Location], Any]
    channels: dict[Location, Any]
    log: pytest.LogCaptureFixture

    async def run_command(
        self, caller: Caller, location: Location, name: str, rule: CommandRule
    ) -> Any:
        """Runs a command, even one that Discord wouldn't offer there."""
        root = self._root(name)
        leaf, nesting = interactions.walk_to_subcommand(root, name.split()[1:])
        actor, channel = self.members[caller, location], self._channel(caller, location)
        given = rule.options if rule.access.allows(caller, location) else {}
        options = {key: self._resolve(value, channel) for key, value in given.items()}
        built, resolved = interactions.build_options(
            actor, name, leaf, options, partial=not given, channel_id=channel.id
        )
        data = {
            "id": root["id"],
            "name": root["name"],
            "type": root["type"],
            "options": interactions.nest_options(root, nesting, built),
            "resolved": resolved,
        }
        if root.get("guild_id"):
            data["guild_id"] = root["guild_id"]
        return await self.send(caller, location, 2, data)

    async def press_button(
        self, caller: Caller, location: Location, custom_id: str, number: str = "1"
    ) -> Any:
        """Presses a button, even one that the bot never sent."""
        actor, channel = self.members[caller, location], self._channel(caller, location)
        client = self.lab.app.client
        room = client.get_channel(channel.id) or await client.create_dm(discord.Object(actor.id))
        shown = custom_id.format(me=actor.id, n=number)[:100]
        message = await room.send(view=Layout(ActionRow(Button(label="Press", custom_id=shown))))
        return await actor.click(message, custom_id=shown)

    async def send(
        self, caller: Caller, location: Location, kind: int, data: dict[str, Any]
    ) -> Any:
        actor = self.members[caller, location]
        return await _dispatch_actor_interaction(actor, kind, self._channel(caller, location), data)

    def logged_refusals(self) -> list[str]:
        """Returns the log's lines about refusals since the last call."""
        lines = [one.getMessage() for one in self.log.records if "Refused" in one.getMessage()]
        self.log.clear()
        return lines

    def check(
        self, result: Any, caller: Caller, location: Location, what: str, access: Access
    ) -> None:
        """Asserts that a reply follows the table."""
        if not access.allows(caller, location):
            self.check_refused(result, caller, location, what)
            return
        context = f"{what} by a {caller} in the {location}: {reply_text(result)}"
        assert result.acknowledged, context
        assert not REFUSED.search(reply_text(result)), context
        assert self.logged_refusals() == [], context
        assert result.modal is None or what in FORMS, context

    def check_refused(self, result: Any, caller: Caller, location: Location, what: str) -> str:
        """Asserts that a reply is a private refusal with one line in the log; returns the line."""
        context = f"{what} by a {caller} in the {location}: {reply_text(result)}"
        assert REFUSED.search(reply_text(result)), context
        assert result.ephemeral, context
        (line,) = self.logged_refusals()
        assert str(self.members[caller, location].id) in line
        return line

    def _root(self, name: str) -> dict[str, Any]:
        found = self.lab.env.backend.find_command(name.split(maxsplit=1)[0], HOME, type=1)
        assert found is not None
        return found

    def _channel(self, caller: Caller, location: Location) -> Any:
        if location is Location.DIRECT:
            return self.members[caller, location].dm_channel
        return self.channels[location]

    def _resolve(self, value: Any, channel: Any) -> Any:
        if value == "#here":
            return channel
        if value == "@member":
            return self.lab.member
        is_role = isinstance(value, str) and value.startswith("@")
        return channel.guild.roles[value[1:]] if is_role else value


def walk(component: Any) -> Iterator[Any]:
    yield component
    for child in getattr(component, "children", ()):
        yield from walk(child)


def message_of(message: discord.Message) -> dict[str, Any]:
    """Returns a message as Discord sends it with a menu's interaction."""
    author = message.author
    return {
        "author": {"id": str(author.id), "username": author.name, "discriminator": "0"}
        | {"avatar": None},
        "content": message.content,
        "timestamp": message.created_at.isoformat(),
        "type": 0,
        "attachments": [],
        "embeds": [],
        "edited_timestamp": None,
        "pinned": False,
        "mention_everyone": False,
        "tts": False,
        "mentions": [],
        "mention_roles": [],
    }
