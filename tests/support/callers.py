"""Everybody of the table of permissions, asking for anything, even what Discord would not offer."""

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
from tests.support.lab import HOME, Lab, told
from tests.support.permission_table import FORMS, Line, Place, Rule, Who

REFUSED = re.compile(
    "Only moderators can|can only be changed in a server|Moderators can only be set up in"
    "|My commands changed"
)


@dataclass
class People:
    """The four of the table in both servers, and what they are told."""

    lab: Lab
    here: dict[tuple[Who, Place], Any]
    channels: dict[Place, Any]
    log: pytest.LogCaptureFixture

    async def command(self, who: Who, place: Place, name: str, line: Line) -> Any:
        """What comes of a command, even of one that Discord would not offer there."""
        root = self._root(name)
        leaf, nesting = interactions.walk_to_subcommand(root, name.split()[1:])
        actor, channel = self.here[who, place], self._channel(who, place)
        given = line.options if line.rule.allows(who, place) else {}
        options = {key: self._handle(value, channel) for key, value in given.items()}
        built, resolved = interactions.build_options(
            *(actor, name, leaf, options), partial=not given, channel_id=channel.id
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
        return await self.send(who, place, 2, data)

    async def press(self, who: Who, place: Place, custom_id: str, number: str = "1") -> Any:
        """What comes of a button, even of one that the bot never made."""
        actor, channel = self.here[who, place], self._channel(who, place)
        client = self.lab.app.client
        room = client.get_channel(channel.id) or await client.create_dm(discord.Object(actor.id))
        shown = custom_id.format(me=actor.id, n=number)[:100]
        message = await room.send(view=Layout(ActionRow(Button(label="Press", custom_id=shown))))
        return await actor.click(message, custom_id=shown)

    async def send(self, who: Who, place: Place, kind: int, data: dict[str, Any]) -> Any:
        actor = self.here[who, place]
        return await _dispatch_actor_interaction(actor, kind, self._channel(who, place), data)

    def refusals(self) -> list[str]:
        """The log's lines of who was refused, since this was asked last."""
        lines = [one.getMessage() for one in self.log.records if "Refused" in one.getMessage()]
        self.log.clear()
        return lines

    def require(self, result: Any, who: Who, place: Place, what: str, rule: Rule) -> None:
        """Fail unless an answer is what the table says."""
        if not rule.allows(who, place):
            self.require_refused(result, who, place, what)
            return
        asked = f"{what} by a {who} in the {place}: {told(result)}"
        assert result.acknowledged, asked
        assert not REFUSED.search(told(result)), asked
        assert self.refusals() == [], asked
        assert result.modal is None or what in FORMS, asked

    def require_refused(self, result: Any, who: Who, place: Place, what: str) -> str:
        """Fail unless an answer is a private refusal, and the log has one line of it: that one."""
        asked = f"{what} by a {who} in the {place}: {told(result)}"
        assert REFUSED.search(told(result)), asked
        assert result.ephemeral, asked
        (line,) = self.refusals()
        assert str(self.here[who, place].id) in line
        return line

    def _root(self, name: str) -> dict[str, Any]:
        found = self.lab.env.backend.find_command(name.split(maxsplit=1)[0], HOME, type=1)
        assert found is not None
        return found

    def _channel(self, who: Who, place: Place) -> Any:
        if place is Place.DIRECT:
            return self.here[who, place].dm_channel
        return self.channels[place]

    def _handle(self, value: Any, channel: Any) -> Any:
        if value == "#here":
            return channel
        is_role = isinstance(value, str) and value.startswith("@")
        return channel.guild.roles[value[1:]] if is_role else value


def walk(component: Any) -> Iterator[Any]:
    yield component
    for child in getattr(component, "children", ()):
        yield from walk(child)


def message_of(message: discord.Message) -> dict[str, Any]:
    """A message as Discord sends it along with a menu's command."""
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
