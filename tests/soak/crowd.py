"""Members who use commands, buttons, menus and forms at random, with good and bad input."""

from __future__ import annotations

import asyncio
import contextlib
import random
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import discord

from tests.faults.discord_standin import GUILD, MODERATORS, NEWS, PAPERS, Payload
from tests.faults.interactive_discord import (
    DIRECT_OFFSET,
    GENERAL,
    MANAGER,
    MEMBERS,
    OTHER_GENERAL,
    OTHER_PAPERS,
    SCRATCH,
    Interaction,
    InteractiveDiscord,
    Member,
)
from tests.soak.components import find_controls, find_texts
from tests.soak.random_input import RandomInput

COMMAND, COMPONENT, AUTOCOMPLETE, FORM = 2, 3, 4, 5  # Discord's kinds of interactions
_TEXT_INPUT = 4  # a kind of components
_MEMBER, _CHANNEL, _FILE = 6, 7, 11  # kinds of options
_PATIENCE = 40.0  # seconds that a member waits for an answer
_ALL = str(discord.Permissions.all_channel().value)
# Commands whose option would change what is announced in the channels that stay as they are.
_OF_SCRATCH_FEEDS = {"feed remove", "feed pause", "feed edit"}
_OF_SCRATCH_CHANNEL = {"announce to", "announce remove", "announce pause", "announce here"}
_ONLY_SUGGESTED = {*_OF_SCRATCH_FEEDS, *_OF_SCRATCH_CHANNEL, "curate undo"}
_ACTIVITY = (5, 4, 1, 1, 2, 1, 1)  # of each member: moderators can do most
_NEW = 20  # messages that were answers of late
_KEPT_AS_IS = {"setup channel", "setup role", "people watch"}
_PROTECTED = re.compile(rf"Stable|Elsewhere|<#(?!{SCRATCH})|Follow")
_REJECTS_HELD = re.compile(r"held:\d+:0")


@dataclass(frozen=True)
class Shown:
    """A message that a member sees."""

    member: Member | None  # None if everybody does
    channel_id: int
    message: Payload


@dataclass
class _Draft:
    """A command that a member fills in."""

    member: Member
    channel_id: int
    path: str
    command: Payload
    options: list[Payload] = field(default_factory=list)
    resolved: Payload = field(default_factory=dict)


class Crowd:
    """Uses the bot, and remembers the messages that it sent in answer."""

    def __init__(self, discord: InteractiveDiscord, rng: random.Random, home: str) -> None:
        self.uses: dict[str, int] = {}
        self.answers: Counter[str] = Counter()  # by what was used, and how they begin
        self.finished: list[Interaction] = []
        self._discord = discord
        self._rng = rng
        self._input = RandomInput(discord, rng, home)
        self.titles = self._input.titles  # of papers that members may name
        self._shown: deque[Shown] = deque(maxlen=150)

    async def act(self) -> None:
        """Lets somebody do something, and goes on with a form that it opens."""
        act = self._rng.choices(
            (self._use_command, self._press, self._press_announcement, self._use_menu),
            (50, 30, 8, 4),
        )[0]
        await act()

    async def command(
        self, member: Member, channel_id: int, path: str, options: Sequence[Payload] = ()
    ) -> Interaction | None:
        """Uses a slash command with these options; None if the member doesn't have it."""
        for found, command, _ in self._leaves(member):
            if found == path:
                data = self._data(command, path, [*options], {})
                return await self._send(COMMAND, f"/{path}", member, channel_id, data)
        return None

    async def command_and_press(self, path: str, option: Payload, custom_id: str) -> bool:
        """Uses a command as a moderator, then a button of the answer if there is such a one."""
        used = await self.command(MANAGER, GENERAL, path, [option])
        for reply in used.replies if used else []:
            for button, _ in find_controls(reply):
                if re.match(custom_id, str(button.get("custom_id"))):
                    await self._use_component(MANAGER, Shown(MANAGER, GENERAL, reply), button, {})
                    return True
        return False

    # Commands

    async def _use_command(self) -> None:
        member = self._rng.choices(MEMBERS, _ACTIVITY)[0]
        path, command, leaf = self._rng.choice([*self._leaves(member)])
        if path in _KEPT_AS_IS and self._rng.random() < 0.9:
            return
        channel_id = self._channel_of(member)
        if path in _OF_SCRATCH_CHANNEL:
            if member.guild_id != GUILD:
                return
            channel_id = SCRATCH
        draft = _Draft(member, channel_id, path, command)
        for option in leaf.get("options", []):
            if not option.get("required") and self._rng.random() > 0.35:
                continue
            value = await self._value(draft, option)
            if value is not None:
                given = {"name": option["name"], "type": option["type"], "value": value}
                draft.options.append(given)
            elif option.get("required"):
                return
        data = self._data(command, path, draft.options, draft.resolved)
        await self._send(COMMAND, f"/{path}", member, channel_id, data)

    def _leaves(self, member: Member) -> Iterator[tuple[str, Payload, Payload]]:
        """Yields the slash commands of a member: the path, the whole command and its options."""
        for guild_id in {None, member.guild_id}:
            for command in self._discord.commands.get(guild_id, ()):
                if command.get("type", 1) != 1 or (
                    member.guild_id is None and command.get("contexts") == [0]
                ):
                    continue
                subcommands = [one for one in command.get("options", ()) if one["type"] == 1]
                for leaf in subcommands:
                    yield f"{command['name']} {leaf['name']}", command, leaf
                if not subcommands:
                    yield command["name"], command, command

    def _data(
        self, command: Payload, path: str, options: list[Payload], resolved: Payload
    ) -> Payload:
        if " " in path:
            options = [{"name": path.split()[1], "type": 1, "options": options}]
        data = {
            "id": command["id"],
            "type": command.get("type", 1),
            "name": command["name"],
            "options": options,
            "resolved": resolved,
        }
        if command.get("guild_id"):
            data["guild_id"] = command["guild_id"]
        return data

    async def _value(self, draft: _Draft, option: Payload) -> Any:
        """Returns a value for an option, or None for none."""
        rng = self._rng
        if option.get("choices"):
            return rng.choice(option["choices"])["value"]
        match option["type"]:
            case 3 if option.get("autocomplete") and (
                draft.path in _ONLY_SUGGESTED or rng.random() < 0.6
            ):
                return await self._autocomplete(draft, option)
            case 3:
                typed = self._input.type(draft.path, option["name"])
                return typed[: option.get("max_length", 1_000)] or None
            case 4:
                return rng.randint(option.get("min_value", 0), option.get("max_value", 60))
            case 5:
                return rng.random() < 0.5
        return self._pick(draft, option["type"])

    def _pick(self, draft: _Draft, kind: int) -> str:
        """Picks a member, channel, role or file for an option."""
        rng, resolved = self._rng, draft.resolved
        if kind == _FILE:
            return self._input.attach(resolved)
        if kind == _MEMBER:
            other = rng.choice([one for one in MEMBERS if one.guild_id == GUILD])
            resolved["users"] = {str(other.id): other.user()}
            resolved["members"] = {str(other.id): _without_user(other)}
            return str(other.id)
        if kind == _CHANNEL:
            picked = self._pick_channel(draft)
            shown = {**self._discord.describe_channel(picked), "permissions": _ALL}
            resolved["channels"] = {str(picked): shown}
            return str(picked)
        role = rng.choice(self._discord.describe_roles(GUILD))
        resolved["roles"] = {role["id"]: role}
        return str(role["id"])

    def _pick_channel(self, draft: _Draft) -> int:
        if draft.path.startswith("announce"):
            return SCRATCH
        if draft.path == "setup channel":
            return MODERATORS
        return self._channel_of(draft.member)

    async def _autocomplete(self, draft: _Draft, option: Payload) -> str | None:
        """Types into an option, and returns one of the suggestions."""
        path = draft.path
        typed = "Scratch" if path in _OF_SCRATCH_FEEDS else self._input.type(path, option["name"])
        typed = typed[: self._rng.randint(0, 12)]
        focused = {"name": option["name"], "type": 3, "value": typed, "focused": True}
        data = self._data(draft.command, path, [*draft.options, focused], {})
        what = f"typing into /{path}"
        used = await self._send(AUTOCOMPLETE, what, draft.member, draft.channel_id, data)
        choices = used.choices
        if path in _OF_SCRATCH_FEEDS:
            choices = [one for one in choices if "Scratch" in one["name"]]
        if path == "curate undo":
            choices = [one for one in choices if not _PROTECTED.search(one["name"])]
        if path in _OF_SCRATCH_CHANNEL and option["name"] == "channel":
            return None  # this channel
        return self._rng.choice(choices)["value"] if choices else None

    async def _use_menu(self) -> None:
        """Uses a command of a message's menu."""
        member = self._rng.choice([one for one in MEMBERS if one.guild_id == GUILD])
        menus = [
            command
            for guild_id in (None, GUILD)
            for command in self._discord.commands.get(guild_id, ())
            if command.get("type") == 3
        ]
        if not menus:
            return
        menu = self._rng.choice(menus)
        message = self._discord.make_message(
            GENERAL, self._input.type("curate", "source"), self._rng.choice(MEMBERS[:4])
        )
        data = {
            "id": menu["id"],
            "name": menu["name"],
            "type": 3,
            "target_id": message["id"],
            "resolved": {"messages": {message["id"]: message}},
        }
        if menu.get("guild_id"):
            data["guild_id"] = menu["guild_id"]
        await self._send(COMMAND, f"the menu “{menu['name']}”", member, GENERAL, data)

    # Messages

    async def _press(self) -> None:
        """Uses something in a message that is an answer to somebody."""
        if not self._shown:
            return
        shown = [*self._shown]
        shown = shown[-_NEW:] if self._rng.random() < 0.7 else shown
        await self._use_some_component(self._rng.choice(shown))

    async def _press_announcement(self) -> None:
        """Uses something in a message that the bot sent on its own."""
        guild_id = self._rng.choice((GUILD, GUILD, None))
        channel_id = self._rng.choice((PAPERS, NEWS, MODERATORS, MODERATORS, SCRATCH))
        if guild_id is None:
            channel_id = OTHER_PAPERS
        if messages := self._discord.messages[channel_id][-40:]:
            await self._use_some_component(Shown(None, channel_id, self._rng.choice(messages)))

    async def _use_some_component(self, shown: Shown) -> None:
        used = [
            (component, text)
            for component, text in find_controls(shown.message)
            if "custom_id" in component and not component.get("disabled")
        ]
        guild = self._guild_of(shown.channel_id)
        member = shown.member or self._rng.choice([o for o in MEMBERS if o.guild_id == guild])
        if not used:
            return
        component, text = self._rng.choice(used)
        custom_id = component["custom_id"]
        if custom_id.startswith(("undo:", "unqueue:")) and _PROTECTED.search(text):
            return
        if _REJECTS_HELD.match(custom_id):
            return
        await self._use_component(member, shown, component, self._choose(component))

    def _choose(self, component: Payload) -> Payload:
        """Returns what is chosen in a menu; nothing for a button."""
        match component["type"]:
            case 3:
                low, high = component.get("min_values", 1), component.get("max_values", 1)
                values = [one["value"] for one in component["options"]]
                count = self._rng.randint(min(low, len(values)), min(high, len(values)))
                return {"values": self._rng.sample(values, count)}
            case 5 | 7:
                one = self._rng.choice([one for one in MEMBERS if one.guild_id == GUILD])
                resolved: Payload = {"users": {str(one.id): one.user()}}
                resolved["members"] = {str(one.id): _without_user(one)}
                return {"values": [str(one.id)], "resolved": resolved}
        return {}

    async def _use_component(
        self, member: Member, shown: Shown, component: Payload, chosen: Payload
    ) -> None:
        data = {"custom_id": component["custom_id"], "component_type": component["type"], **chosen}
        what = f"“{component.get('label') or component['custom_id']}”"
        await self._send(COMPONENT, what, member, shown.channel_id, data, shown.message)

    async def _send(
        self,
        kind: int,
        what: str,
        member: Member,
        channel_id: int,
        data: Payload,
        source: Payload | None = None,
    ) -> Interaction:
        """Sends an interaction, waits for its answer, and goes on with a form."""
        used = await self._discord.use(kind, what, member, channel_id, data, source)
        key = re.sub(r"\d+", "…", what)
        self.uses[key] = self.uses.get(key, 0) + 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                await used.completed.wait()
        self.finished.append(used)
        self.answers[f"{key}: {_begin(used)}"] += 1
        for reply in used.replies:
            self._shown.append(Shown(member, channel_id, reply))
        if used.form is not None and self._rng.random() < 0.7:
            await self._submit(member, channel_id, used.form, source)
        return used

    async def _submit(
        self, member: Member, channel_id: int, form: Payload, source: Payload | None
    ) -> None:
        """Fills in a form and submits it."""
        filled = [self._fill_in(one) for one in form["components"]]
        data = {"custom_id": form["custom_id"], "components": filled}
        await self._send(FORM, f"the form “{form['title']}”", member, channel_id, data, source)

    def _fill_in(self, part: Payload) -> Payload:
        if "component" in part:
            return {"type": part["type"], "component": self._fill_in(part["component"])}
        if "components" in part:
            inner = [self._fill_in(one) for one in part["components"]]
            return {"type": part["type"], "components": inner}
        filled = {"type": part["type"], "custom_id": part.get("custom_id", "")}
        if part["type"] != _TEXT_INPUT:
            chosen = self._choose(part) if "options" in part or part["type"] in {5, 7} else {}
            return {**filled, "values": [], **chosen}
        before = part.get("value") or ""
        is_title = "title" in str(part.get("custom_id"))
        if is_title or not part.get("required", True) or self._rng.random() < 0.8:
            text = before
        else:
            text = self._input.type("curate", str(part.get("custom_id")))
        if is_title and not before:
            text = self._input.make_title()
        return {**filled, "value": text[: part.get("max_length", 4_000)]}

    def _channel_of(self, member: Member) -> int:
        if member.guild_id is None:
            return member.id + DIRECT_OFFSET
        return GENERAL if member.guild_id == GUILD else OTHER_GENERAL

    def _guild_of(self, channel_id: int) -> int | None:
        for member in MEMBERS:
            if self._channel_of(member) == channel_id:
                return member.guild_id
        return GUILD if channel_id != OTHER_PAPERS else MEMBERS[4].guild_id


def _begin(used: Interaction) -> str:
    """Returns how an answer begins, without numbers."""
    if used.form is not None:
        return "a form"
    texts = [text for reply in used.replies[:1] for text in find_texts(reply)]
    return re.sub(r"\d+", "…", " ".join(texts))[:70]


def _without_user(member: Member) -> Payload:
    payload = member.payload()
    del payload["user"]
    return payload
