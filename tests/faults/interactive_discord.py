"""A stand-in for Discord with two servers, whose members use commands, buttons, menus and forms."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import discord
from aiohttp import web

from tests.faults.discord_standin import (
    BOT,
    FORUM,
    GUILD,
    MODERATORS,
    NEWS,
    PAPERS,
    Fault,
    Payload,
    StandIn,
    channel,
    everyone,
    me,
)

OTHER_GUILD = 1_000_000_000_000_000_002
GENERAL = 1_000_000_000_000_000_211
SCRATCH = 1_000_000_000_000_000_212  # whose announcements members change at random
DIGEST = 1_000_000_000_000_000_213
OTHER_PAPERS = 1_000_000_000_000_000_221
OTHER_GENERAL = 1_000_000_000_000_000_222
CURATORS = 1_000_000_000_000_000_401  # a role
_KINDS = {
    GUILD: {PAPERS: 0, NEWS: 5, FORUM: 15, MODERATORS: 0, GENERAL: 0, SCRATCH: 0, DIGEST: 0},
    OTHER_GUILD: {OTHER_PAPERS: 0, OTHER_GENERAL: 0},
}
_NAMES = {
    PAPERS: "papers",
    NEWS: "news",
    FORUM: "forum",
    MODERATORS: "moderators",
    GENERAL: "general",
    SCRATCH: "scratch",
    DIGEST: "digest",
    OTHER_PAPERS: "other-papers",
    OTHER_GENERAL: "other-general",
}
_EPHEMERAL = 64
DIRECT_OFFSET = 5_000_000  # what a member's id and that of their direct messages differ by
_REMEMBERED = 3_000  # interactions that can still be answered
_REPLY, _THINKING, _QUIET, _UPDATE, _CHOICES, _FORM = 4, 5, 6, 7, 8, 9  # kinds of answers


@dataclass(frozen=True)
class Member:
    """A member of a server, or of none in direct messages."""

    id: int
    name: str
    guild_id: int | None
    roles: tuple[int, ...] = ()
    permissions: discord.Permissions = field(default_factory=discord.Permissions.all_channel)

    def payload(self) -> Payload:
        return me(*self.roles) | {"user": self.user(), "permissions": str(self.permissions.value)}

    def user(self) -> Payload:
        return {
            "id": str(self.id),
            "username": self.name,
            "discriminator": "0",
            "global_name": None,
            "avatar": None,
            "bot": False,
        }


_MANAGER = discord.Permissions.all_channel() | discord.Permissions(manage_guild=True)
MANAGER = Member(1, "noor", GUILD, permissions=_MANAGER)  # the owner
MEMBERS = (
    MANAGER,
    Member(1_000_000_000_000_000_501, "cleo", GUILD, roles=(CURATORS,)),
    Member(1_000_000_000_000_000_502, "mika", GUILD),
    Member(1_000_000_000_000_000_503, "ada", GUILD),
    Member(1_000_000_000_000_000_504, "sam", OTHER_GUILD, permissions=_MANAGER),
    Member(1_000_000_000_000_000_505, "kit", OTHER_GUILD),
    Member(1_000_000_000_000_000_503, "ada", None),
)


@dataclass
class Interaction:
    """What a member did, and how the bot answered."""

    id: int
    what: str
    member: Member
    channel_id: int
    sent_at: float
    source: Payload | None = None  # the message whose button was pressed
    answered_at: float = 0.0
    kind: int = 0  # of the first answer
    is_complete: bool = False  # else it still says that the bot is thinking
    excuse: str = ""  # why it may lack an answer: what was injected
    replies: list[Payload] = field(default_factory=list)
    form: Payload | None = None
    choices: list[Payload] = field(default_factory=list)
    completed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def token(self) -> str:
        return f"token-{self.id}"

    @property
    def seconds(self) -> float:
        """How long the answer took, or has taken until now."""
        return (self.answered_at or time.monotonic()) - self.sent_at


@dataclass(frozen=True)
class SentMessage:
    """A message that the bot sent on its own, with all components that it has shown."""

    channel_id: int
    message_id: int
    components: list[Any]
    at: float


@dataclass(frozen=True)
class InjectedFault:
    """A fault that was met, and when, in seconds since the epoch."""

    what: str
    at: float
    detail: str = ""


class InteractiveDiscord(StandIn):
    """Keeps what was sent, asked and answered, and what was made to fail."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.commands: dict[int | None, list[Payload]] = {}
        self.sent: list[SentMessage] = []
        self.deleted: set[int] = set()  # ids of messages
        self.faults: list[InjectedFault] = []
        self.unknown_requests: Counter[str] = Counter()
        self.double_answers: list[str] = []
        self.interactions: dict[str, Interaction] = {}  # by token
        self.closed: set[int] = set()  # channels that the bot may not send to
        self.files: dict[str, tuple[str, bytes]] = {}

    # What members do

    @property
    def is_connected(self) -> bool:
        return bool(self._sockets)

    async def use(
        self,
        kind: int,
        what: str,
        member: Member,
        channel_id: int,
        data: Payload,
        source: Payload | None = None,
    ) -> Interaction:
        """Sends an interaction to the bot, of a kind of Discord's interaction types."""
        used = Interaction(self._next_id(), what, member, channel_id, time.monotonic(), source)
        self.interactions[used.token] = used
        while len(self.interactions) > _REMEMBERED:
            self.interactions.pop(next(iter(self.interactions)))
        payload: Payload = {
            "id": str(used.id),
            "application_id": str(BOT),
            "type": kind,
            "token": used.token,
            "version": 1,
            "channel_id": str(channel_id),
            "channel": self.describe_channel(channel_id),
            "app_permissions": str(discord.Permissions.all_channel().value),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {},
            "context": 0 if member.guild_id else 1,
            "attachment_size_limit": 10 * 1024 * 1024,
            "data": data,
        }
        if member.guild_id:
            payload |= {"guild_id": str(member.guild_id), "member": member.payload()}
        else:
            payload["user"] = member.user()
        if source is not None:
            payload["message"] = source
        try:
            await self.tell("INTERACTION_CREATE", payload)
        except ConnectionError:
            used.excuse = "the gateway was closed"
        return used

    def excuse_open(self, reason: str) -> None:
        """Notes why interactions that aren't answered completely may stay so."""
        for one in self.interactions.values():
            if not one.is_complete and not one.excuse:
                one.excuse = reason

    def describe_channel(self, channel_id: int) -> Payload:
        """Returns a channel as it is now."""
        if channel_id in self.threads:
            return self.threads[channel_id]
        for guild_id, kinds in _KINDS.items():
            if channel_id in kinds:
                found = channel(channel_id, kind=kinds[channel_id], name=_NAMES[channel_id])
                changes = self.channel_changes.get(channel_id, {})
                return found | {"guild_id": str(guild_id)} | changes
        return {"id": str(channel_id), "type": 1, "recipients": [], "last_message_id": None}

    def describe_roles(self, guild_id: int) -> list[Payload]:
        """Returns the roles of a server."""
        role = everyone() | {"id": str(CURATORS), "name": "Curators", "position": 1}
        return [everyone() | {"id": str(guild_id)}, *([role] if guild_id == GUILD else [])]

    def make_message(self, channel_id: int, text: str, author: Member) -> Payload:
        """Returns a message of a member, which stands in no history."""
        message = super()._new_message(channel_id, {"content": text})
        return message | {"author": author.user()}

    async def close_channel(self, channel_id: int, *, is_closed: bool = True) -> None:
        """Takes the bot's permissions in a channel away, or gives them back."""
        guild_id = next(guild for guild, kinds in _KINDS.items() if channel_id in kinds)
        denied = discord.Permissions(send_messages=True, view_channel=True)
        overwrite = {"id": str(guild_id), "type": 0, "allow": "0", "deny": str(denied.value)}
        self.channel_changes[channel_id] = {"permission_overwrites": [overwrite] * is_closed}
        (self.closed.add if is_closed else self.closed.discard)(channel_id)
        if is_closed:
            self.note("permissions", f"lost in {_NAMES[channel_id]}")
        if not self.is_connected:
            self.forget_sessions()  # which would miss the event
        await self.tell("CHANNEL_UPDATE", self.describe_channel(channel_id))

    async def delete(self, channel_id: int, message: Payload) -> None:
        """Deletes a message, as a moderator of the server does."""
        self.messages[channel_id].remove(message)
        self.deleted.add(int(message["id"]))
        self.note("deleted", f"a message in {_NAMES[channel_id]}")
        deleted = {"id": message["id"], "channel_id": str(channel_id)}
        await self.tell("MESSAGE_DELETE", deleted)

    async def archive_threads(self, thread_ids: Iterable[int], *, locked: bool = False) -> None:
        """Archives threads, and tells the bot, which then forgets them."""
        for thread_id in thread_ids:
            self.archive(thread_id, locked=locked)
            await self.tell("THREAD_UPDATE", self.threads[thread_id])

    def idle_threads(self) -> list[int]:
        """Returns the threads that Discord archives now: those that are older than a day."""
        return [
            thread_id
            for thread_id, thread in self.threads.items()
            if not thread["thread_metadata"]["archived"]
            and self.clock() - discord.utils.snowflake_time(thread_id) > timedelta(days=1)
        ]

    def note(self, what: str, detail: str = "") -> None:
        """Notes a fault."""
        self.faults.append(InjectedFault(what, time.time(), detail))

    # The HTTP API

    def _routes(self) -> list[web.RouteDef]:
        webhook = "/webhooks/{app}/{token}"
        return [
            *super()._routes(),
            web.get("/applications/{app}/commands", self._list_commands, name="fetch"),
            web.get("/applications/{app}/guilds/{guild}/commands", self._list_commands),
            web.get(
                "/applications/{app}/guilds/{guild}/commands/{command}/permissions",
                self._list_overrides,
            ),
            web.post(webhook, self._follow_up, name="followup"),
            web.get(webhook + "/messages/{message}", self._show_reply, name="reply"),
            web.patch(webhook + "/messages/{message}", self._change_reply, name="change_reply"),
            web.delete(webhook + "/messages/{message}", self._delete_reply, name="delete_reply"),
            web.get("/files/{name}", self._file, name="file"),
            web.route("*", "/{rest:.*}", self._unknown_request, name="unknown"),
        ]

    def _note_fault(self, what: str, fault: Fault, request: web.Request) -> None:
        self.note(what, str(fault.status))
        token = request.match_info.get("token", "")
        if token in self.interactions:
            self.interactions[token].excuse = f"{what} failed with {fault.status}"

    async def _unknown_request(self, request: web.Request) -> web.Response:
        self.unknown_requests[f"{request.method} {request.path}"] += 1
        return _json({"message": "404: Not Found", "code": 0}, 404)

    async def _commands(self, request: web.Request) -> web.Response:
        response = await super()._commands(request)
        assert isinstance(response.body, bytes)
        guild = request.match_info.get("guild")
        scope = {"guild_id": guild} if guild else {}
        commands = [{**command, **scope} for command in json.loads(response.body)]
        self.commands[int(guild) if guild else None] = commands
        return _json(commands)

    async def _list_commands(self, request: web.Request) -> web.Response:
        guild = request.match_info.get("guild")
        return _json(self.commands.get(int(guild) if guild else None, []))

    async def _list_overrides(self, _request: web.Request) -> web.Response:
        return _json({"message": "Unknown application command permissions", "code": 10066}, 404)

    async def _channel(self, request: web.Request) -> web.Response:
        found = self.describe_channel(int(request.match_info["channel"]))
        if found["type"] == 1:
            return _json({"message": "Unknown Channel", "code": 10003}, 404)
        return _json(found)

    async def _open_direct(self, request: web.Request) -> web.Response:
        number = int((await request.json())["recipient_id"])
        known = [one.user() for one in MEMBERS if one.id == number]
        return _json(
            {
                "id": str(number + DIRECT_OFFSET),
                "type": 1,
                "recipients": known[:1],
                "last_message_id": None,
            }
        )

    async def _get_guild(self, request: web.Request) -> web.Response:
        return _json(self._guild_of(int(request.match_info["guild"])))

    async def _channels(self, request: web.Request) -> web.Response:
        return _json(self._guild_of(int(request.match_info["guild"]))["channels"])

    async def _member(self, request: web.Request) -> web.Response:
        number = int(request.match_info["member"])
        found = [me(), *(one.payload() for one in MEMBERS)]
        for one in found:
            if int(one["user"]["id"]) == number:
                return _json(one)
        return _json({"message": "Unknown Member", "code": 10007}, 404)

    async def _send(self, request: web.Request) -> web.Response:
        channel_id = int(request.match_info["channel"])
        if channel_id in self.closed:
            return _json({"message": "Missing Permissions", "code": 50013}, 403)
        return _json(self.keep(channel_id, await request.json()))

    async def _post(self, request: web.Request) -> web.Response:
        if int(request.match_info["channel"]) in self.closed:
            return _json({"message": "Missing Permissions", "code": 50013}, 403)
        return await super()._post(request)

    async def _edit(self, request: web.Request) -> web.Response:
        if int(request.match_info["channel"]) in self.closed:
            return _json({"message": "Missing Access", "code": 50001}, 403)
        response = await super()._edit(request)
        if response.status == 200:
            shown = (await request.json()).get("components", [])
            for one in self.sent:
                if one.message_id == int(request.match_info["message"]):
                    one.components.extend(shown)
        return response

    async def _history(self, request: web.Request) -> web.Response:
        if int(request.match_info["channel"]) in self.closed:
            return _json({"message": "Missing Access", "code": 50001}, 403)
        return await super()._history(request)

    def _new_message(self, channel_id: int, sent: Payload) -> Payload:
        message = super()._new_message(channel_id, sent)
        components = [*message["components"]]
        self.sent.append(SentMessage(channel_id, int(message["id"]), components, time.time()))
        return message

    # Answers to interactions

    async def _callback(self, request: web.Request) -> web.Response:
        used = self.interactions.get(request.match_info["token"])
        answer = await _read(request)
        if used is None:
            return _json({"message": "Unknown interaction", "code": 10062}, 404)
        if used.answered_at:
            self.double_answers += [] if used.excuse else [used.what]
            return _json({"message": "It was acknowledged.", "code": 40060}, 400)
        used.answered_at = time.monotonic()
        used.kind, data = answer["type"], answer.get("data") or {}
        resource: Payload = {"type": used.kind}
        if used.kind == _REPLY:
            resource["message"] = self._reply(used, data)
        elif used.kind == _UPDATE and used.source is not None:
            used.source |= {key: data[key] for key in ("content", "components") if key in data}
            used.replies.append(used.source)
            resource["message"] = used.source
        elif used.kind == _CHOICES:
            used.choices = data["choices"]
        elif used.kind == _FORM:
            used.form = data
        if used.kind != _THINKING:
            self._complete(used)
        interaction = {"id": str(used.id), "type": 2}
        if "message" in resource:
            interaction["response_message_id"] = resource["message"]["id"]
        return _json({"interaction": interaction, "resource": resource})

    def _complete(self, used: Interaction) -> None:
        used.is_complete = True
        used.completed.set()

    def _reply(self, used: Interaction, data: Payload) -> Payload:
        """Adds a reply, to the channel if everybody sees it."""
        message = super()._new_message(used.channel_id, data)
        used.replies.append(message)
        if not message["flags"] & _EPHEMERAL:
            self.messages[used.channel_id].append(message)
        return message

    async def _follow_up(self, request: web.Request) -> web.Response:
        used = self.interactions.get(request.match_info["token"])
        data = await _read(request)
        if used is None:
            return _json({"message": "Unknown Webhook", "code": 10015}, 404)
        message = self._reply(used, data)
        self._complete(used)
        return _json(message)

    def _find_reply(self, request: web.Request) -> Payload | None:
        used = self.interactions.get(request.match_info["token"])
        number = request.match_info["message"]
        if used is None:
            return None
        if number == "@original":
            if used.replies:
                return used.replies[0]
            if used.source is not None:
                return used.source
            return self._reply(used, {"flags": _EPHEMERAL}) if used.kind == _THINKING else None
        return next((one for one in used.replies if one["id"] == number), None)

    async def _show_reply(self, request: web.Request) -> web.Response:
        message = self._find_reply(request)
        return _json(message) if message else _json({"message": "?", "code": 10008}, 404)

    async def _change_reply(self, request: web.Request) -> web.Response:
        message, data = self._find_reply(request), await _read(request)
        if message is None:
            return _json({"message": "Unknown Message", "code": 10008}, 404)
        message |= {key: data[key] for key in ("content", "components", "flags") if key in data}
        self._complete(self.interactions[request.match_info["token"]])
        return _json(message)

    async def _delete_reply(self, request: web.Request) -> web.Response:
        used = self.interactions.get(request.match_info["token"])
        if used is not None:
            self._complete(used)
        return web.Response(status=204)

    async def _file(self, request: web.Request) -> web.Response:
        kind, body = self.files[request.match_info["name"]]
        return web.Response(body=body, content_type=kind)

    # Servers

    def _guilds(self) -> list[Payload]:
        return [self._guild_of(guild_id) for guild_id in _KINDS]

    def _guild_of(self, guild_id: int) -> Payload:
        return self._guild() | {
            "id": str(guild_id),
            "name": "Open Lab" if guild_id == GUILD else "Elsewhere",
            "owner_id": str(MANAGER.id if guild_id == GUILD else MEMBERS[4].id),
            "roles": self.describe_roles(guild_id),
            "channels": [self.describe_channel(one) for one in _KINDS[guild_id]],
            "threads": self._threads(archived=False) if guild_id == GUILD else [],
        }


def _json(value: Any, status: int = 200) -> web.Response:
    body = json.dumps(value).encode()
    return web.Response(body=body, status=status, content_type="application/json")


async def _read(request: web.Request) -> Payload:
    """Returns the JSON of a request, which may have files besides."""
    if request.content_type != "multipart/form-data":
        return dict(await request.json())
    form = await request.post()
    return dict(json.loads(str(form["payload_json"])))
