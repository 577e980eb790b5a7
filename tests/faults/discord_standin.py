"""A stand-in for Discord on 127.0.0.1: the part of its HTTP API and gateway that the bot uses.

It keeps the messages outside the bot's process, and fails in the ways that a test tells it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import discord.gateway
import discord.http
import yarl
from aiohttp import WSMsgType, web

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.an-invented-token-of-nobody"
BOT = 1_000_000_000_000_000_100
GUILD = 1_000_000_000_000_000_001
OTHER_GUILD = GUILD + (1 << 22)  # of the next shard, if there are several; it has no channels
GUILD_READY_TIMEOUT = timedelta(milliseconds=20)  # there is one server, told of at once
PAPERS = 1_000_000_000_000_000_201
NEWS = 1_000_000_000_000_000_202
FORUM = 1_000_000_000_000_000_203
MODERATORS = 1_000_000_000_000_000_204
DIRECT = 1_000_000_000_000_000_205  # the direct messages of a member
MEMBER = 1_000_000_000_000_000_301

_USER = {
    "id": str(BOT),
    "username": "Lab Herald",
    "discriminator": "0000",
    "global_name": None,
    "avatar": None,
    "bot": True,
}
_KINDS = {PAPERS: 0, NEWS: 5, FORUM: 15, MODERATORS: 0}
_ANNOUNCED = re.compile(r"announced:(\d+)")
_CROSSPOSTED = 1  # a flag of messages
_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)

Payload = dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """How one request goes wrong: with this status, or with no answer ever.

    ``kept`` says whether Discord did what was asked nevertheless.
    """

    status: int | None
    kept: bool = False
    body: Mapping[str, Any] = field(default_factory=lambda: {"message": "no", "code": 0})
    headers: Mapping[str, str] = field(default_factory=dict)


def too_many(seconds: float, *, by_discord: bool = True) -> Fault:
    """A rate limit; without the Via header it is not Discord's own but of the net before it."""
    body = {"message": "You are being rate limited.", "retry_after": seconds, "global": False}
    return Fault(429, body=body, headers={"Via": "1.1 stand-in"} if by_discord else {})


class KeptLate(Exception):
    """Raised by who watches: what was asked is done only once the bot has read the history."""


async def _unmoved(_moment: str) -> None:
    """Does nothing."""


class StandIn:
    """Discord with one server, some channels and the bot as its only member.

    With ``shards``, it recommends that many and has a second server, which belongs to another one.
    ``nonce_window`` is how long a nonce is remembered; none at all with ``timedelta()``. ``watch``
    is told of every request: ``received send``, and ``kept send`` once its message stands in the
    channel and before it is answered; likewise ``history``, ``edit``, ``thread`` and so on. A
    direct message is ``tell``.
    """

    def __init__(
        self,
        *,
        shards: int = 1,
        nonce_window: timedelta = timedelta(minutes=5),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.shards = shards
        self.nonce_window = nonce_window
        self.clock = clock
        self.watch: Callable[[str], Awaitable[None]] = _unmoved
        self.messages: dict[int, list[Payload]] = defaultdict(list)
        self.threads: dict[int, Payload] = {}
        self.channel_changes: dict[int, Payload] = {}  # to how the channels are at first
        self.asked: list[str] = []
        self._faults: dict[str, deque[Fault]] = defaultdict(deque)
        self._nonces: dict[tuple[int, str], tuple[float, Payload]] = {}
        self._late: list[tuple[int, Payload]] = []
        self._last_id = 0
        self._sessions: dict[str, int] = {}
        self._session_shards: dict[str, int] = {}
        self._sockets: dict[web.WebSocketResponse, str] = {}  # with their sessions
        self._connected = asyncio.Condition()
        self._let_go = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self._port = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def forget(self) -> None:
        """Forgets all messages, nonces and faults."""
        for kept in (self.messages, self.threads, self._faults, self._nonces):
            kept.clear()
        self.asked.clear()
        self._late.clear()
        self._last_id = 0
        self.watch = _unmoved

    def standing(self, channel_id: int) -> list[Payload]:
        """Returns a channel's messages, oldest first; in a forum those that start its threads."""
        if channel_id != FORUM:
            return self.messages[channel_id]
        return [
            self.messages[thread_id][0]
            for thread_id, thread in self.threads.items()
            if thread["parent_id"] == str(FORUM)
        ]

    def archive(self, thread_id: int, *, locked: bool = False) -> None:
        """Archives a thread, as Discord does after a while; only moderators reopen locked ones."""
        self.threads[thread_id]["thread_metadata"] |= {"archived": True, "locked": locked}

    def fail(self, what: str, *faults: Fault) -> None:
        """Makes the next requests of a kind fail, one fault each."""
        self._faults[what].extend(faults)

    def heal(self) -> None:
        """Removes all faults, and answers the requests that hang."""
        self._faults.clear()
        self._let_go.set()
        self._let_go = asyncio.Event()

    async def come_up(self) -> None:
        """Listens, on the same port as before."""
        app = web.Application(middlewares=[self._at_fault])
        app.on_shutdown.append(self._hang_up)
        app.add_routes(self._routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]

    def _routes(self) -> list[web.RouteDef]:
        """Returns the requests that it knows; their names are those of `fail`."""
        return [
            web.get("/users/@me", self._me, name="login"),
            web.get("/oauth2/applications/@me", self._application, name="application"),
            web.post("/users/@me/channels", self._open_direct, name="direct"),
            web.get("/gateway/bot", self._recommend, name="shards"),
            web.get("/gateway", self._gateway, name="gateway"),
            web.put("/applications/{app}/commands", self._commands, name="commands"),
            web.put(
                "/applications/{app}/guilds/{guild}/commands",
                self._commands,
                name="commands_in",
            ),
            web.get("/channels/{channel}", self._channel, name="channel"),
            web.patch("/channels/{channel}", self._change, name="change"),
            web.get("/channels/{channel}/messages", self._history, name="history"),
            web.post("/channels/{channel}/messages", self._send, name="send"),
            web.get("/channels/{channel}/messages/{message}", self._message, name="message"),
            web.patch("/channels/{channel}/messages/{message}", self._edit, name="edit"),
            web.post("/channels/{channel}/threads", self._post, name="thread"),
            web.post("/channels/{channel}/messages/{message}/threads", self._begin, name="begin"),
            web.post(
                "/channels/{channel}/messages/{message}/crosspost",
                self._publish,
                name="publish",
            ),
            web.post(
                "/interactions/{interaction}/{token}/callback",
                self._callback,
                name="callback",
            ),
            web.get("/guilds/{guild}", self._get_guild, name="guild"),
            web.get("/guilds/{guild}/channels", self._channels, name="channels"),
            web.get("/guilds/{guild}/members/{member}", self._member, name="member"),
            web.get("/guilds/{guild}/threads/active", self._active, name="active"),
            web.get("/channels/{channel}/threads/archived/public", self._archive, name="archive"),
        ]

    async def go_down(self) -> None:
        """Refuses new connections, and drops those that are open."""
        if self._runner:
            self._let_go.set()
            self._let_go = asyncio.Event()
            await self._runner.cleanup()
            self._runner = None

    async def close_gateway(self, code: int = 4000, shard: int | None = None) -> None:
        """Closes every gateway connection, or a shard's; 4000 is Discord's “unknown error”."""
        for socket, session in [*self._sockets.items()]:
            if shard in {None, self._session_shards[session]}:
                self._sockets.pop(socket, None)
                await socket.close(code=code)

    async def reconnect_gateway(self) -> None:
        """Asks every client to reconnect."""
        for socket in [*self._sockets]:
            await socket.send_json({"op": 7, "d": None})

    async def tell(self, event: str, what: Payload) -> None:
        """Sends an event to every client."""
        for socket, session in [*self._sockets.items()]:
            await self._tell(socket, session, event, what)

    def forget_sessions(self) -> None:
        """Invalidates every session, so that none can be resumed."""
        self._sessions.clear()

    async def connected(self) -> None:
        """Waits until each shard has a gateway connection that has identified itself."""
        async with self._connected:
            await self._connected.wait_for(lambda: len(self._sockets) >= self.shards)

    def shard_of(self, guild_id: int) -> int:
        """Returns the shard that hears of a server."""
        return (guild_id >> 22) % self.shards

    async def use_command(self, name: str, *options: Payload, guild_id: int = GUILD) -> None:
        """Sends a slash command by a server's owner to the clients that hear of the server."""
        command = {
            "id": "1",
            "type": 1,
            "name": name,
            "options": options,
            "guild_id": str(guild_id),
        }
        interaction = {
            "id": str(self._next_id()),
            "application_id": str(BOT),
            "type": 2,
            "token": "a-token",
            "version": 1,
            "guild_id": str(guild_id),
            "channel_id": str(PAPERS),
            "channel": channel(PAPERS) | {"guild_id": str(guild_id)},
            "member": {
                **me(),
                "user": _USER | {"id": "1", "username": "owner", "bot": False},
                "permissions": str(discord.Permissions.all().value),
            },
            "app_permissions": str(discord.Permissions.all_channel().value),
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {},
            "context": 0,
            "attachment_size_limit": 10 * 1024 * 1024,
            "data": command,
        }
        for socket, session in [*self._sockets.items()]:
            if self._session_shards[session] == self.shard_of(guild_id):
                await self._tell(socket, session, "INTERACTION_CREATE", interaction)

    # The HTTP API

    @web.middleware
    async def _at_fault(
        self, request: web.Request, handler: Callable[..., Any]
    ) -> web.StreamResponse:
        what = request.match_info.route.name or "unknown"
        if what == "send" and _number(request, "channel") == DIRECT:
            what = "tell"
        self.asked.append(f"{request.method} {request.path}")
        try:
            await self.watch(f"received {what}")
        except KeptLate:
            self._late.append((_number(request, "channel"), await request.json()))
            return web.Response(status=503)
        fault = self._faults[what].popleft() if self._faults[what] else None
        if fault is not None:
            self._note_fault(what, fault, request)
        response: web.StreamResponse | None = None
        if fault is None or fault.kept:
            response = await handler(request)
            if what != "gateway":
                await self.watch(f"kept {what}")
        if fault is None:
            assert response is not None
            return response
        if fault.status is None:
            await self._let_go.wait()
        return _json(fault.body, status=fault.status or 503, headers=fault.headers)

    def _note_fault(self, what: str, fault: Fault, request: web.Request) -> None:
        """Is told of each request that goes wrong."""

    async def _me(self, request: web.Request) -> web.Response:
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return _json({"message": "401: Unauthorized", "code": 0}, status=401)
        return _json(_USER)

    async def _get_guild(self, request: web.Request) -> web.Response:
        if _number(request, "guild") != GUILD:
            return _unknown("Guild", 10004)
        return _json(self._guild())

    async def _channels(self, _request: web.Request) -> web.Response:
        return _json(self._guild()["channels"])

    async def _member(self, request: web.Request) -> web.Response:
        return _json(me()) if _number(request, "member") == BOT else _unknown("Member", 10007)

    async def _application(self, _request: web.Request) -> web.Response:
        return _json(
            {
                "id": str(BOT),
                "name": "Lab Herald",
                "description": "",
                "icon": None,
                "bot_public": True,
                "bot_require_code_grant": False,
                "verify_key": "",
                "flags": 0,
                "owner": _USER,
                "team": None,
            }
        )

    async def _commands(self, request: web.Request) -> web.Response:
        commands = await request.json()
        for command in commands:
            command.setdefault("description", "")  # a menu has none, and gets an empty one
            number = str(self._next_id())
            command |= {"id": number, "application_id": str(BOT), "version": number}
        return _json(commands)

    async def _channel(self, request: web.Request) -> web.Response:
        channel_id = _number(request, "channel")
        if channel_id in self.threads:
            return _json(self.threads[channel_id])
        if channel_id not in _KINDS:
            return _unknown("Channel", 10003)
        return _json(channel(channel_id))

    async def _open_direct(self, _request: web.Request) -> web.Response:
        member = _USER | {"id": str(MEMBER), "username": "member", "bot": False}
        return _json(
            {"id": str(DIRECT), "type": 1, "recipients": [member], "last_message_id": None}
        )

    async def _change(self, request: web.Request) -> web.Response:
        thread = self.threads[_number(request, "channel")]
        if thread["thread_metadata"]["locked"]:
            return _json({"message": "Missing Permissions", "code": 50013}, status=403)
        thread["thread_metadata"] |= await request.json()
        return _json(thread)

    async def _send(self, request: web.Request) -> web.Response:
        channel_id = _number(request, "channel")
        if channel_id not in (*_KINDS, DIRECT) and channel_id not in self.threads:
            return _unknown("Channel", 10003)
        return _json(self.keep(channel_id, await request.json()))

    def keep(self, channel_id: int, sent: Payload) -> Payload:
        """Adds a message to the channel; a repeated nonce returns the first message."""
        now = asyncio.get_running_loop().time()
        key = (channel_id, str(sent.get("nonce")))
        if sent.get("enforce_nonce") and key in self._nonces:
            at, known = self._nonces[key]
            if now - at < self.nonce_window.total_seconds():
                return known
        message = self._new_message(channel_id, sent)
        self.messages[channel_id].append(message)
        if "nonce" in sent:
            self._nonces[key] = (now, message)
        return message

    def _new_message(self, channel_id: int, sent: Payload) -> Payload:
        return {
            "id": str(self._next_id()),
            "channel_id": str(channel_id),
            "author": _USER,
            "content": sent.get("content") or "",
            "timestamp": self.clock().isoformat(),
            "edited_timestamp": None,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [],
            "embeds": sent.get("embeds") or [],
            "components": sent.get("components") or [],
            "flags": sent.get("flags") or 0,
            "pinned": False,
            "type": 0,
            "nonce": sent.get("nonce"),
        }

    async def _history(self, request: web.Request) -> web.Response:
        """Lists messages newest first, or oldest first after a message; at most 100."""
        channel_id = _number(request, "channel")
        before, after = (int(request.query.get(name, 0)) for name in ("before", "after"))
        found = [
            message
            for message in self.messages[channel_id]
            if (not before or int(message["id"]) < before) and int(message["id"]) > after
        ]
        limit = int(request.query.get("limit", 50))
        page = found[:limit] if "after" in request.query else found[-limit:]
        for late in [*self._late]:
            self.keep(*late)
            self._late.remove(late)
        return _json(page[::-1])

    def _find(self, request: web.Request) -> Payload | None:
        for message in self.messages[_number(request, "channel")]:
            if message["id"] == request.match_info["message"]:
                return message
        return None

    async def _message(self, request: web.Request) -> web.Response:
        message = self._find(request)
        return _json(message) if message else _unknown("Message", 10008)

    async def _edit(self, request: web.Request) -> web.Response:
        message = self._find(request)
        if message is None:
            return _unknown("Message", 10008)
        thread = self.threads.get(_number(request, "channel"))
        if thread and thread["thread_metadata"]["archived"]:
            return _json({"message": "Thread is archived", "code": 50083}, status=400)
        changed = await request.json()
        message |= {name: changed[name] for name in ("content", "components") if name in changed}
        message["edited_timestamp"] = self.clock().isoformat()
        return _json(message)

    async def _post(self, request: web.Request) -> web.Response:
        """Starts a thread in a forum, whose first message has the same id and no nonce."""
        sent = await request.json()
        if refused := _refuse_name(sent["name"]):
            return refused
        message = self._new_message(_number(request, "channel"), sent.get("message") or {})
        thread = self._new_thread(request, int(message["id"]), sent["name"])
        message["channel_id"] = thread["id"]
        self.messages[int(thread["id"])].append(message)
        return _json(thread | {"message": message})

    async def _begin(self, request: web.Request) -> web.Response:
        """Starts the only thread of a message, with the same id."""
        message = self._find(request)
        if message is None:
            return _unknown("Message", 10008)
        number = int(message["id"])
        if number in self.threads:
            return _json({"message": "It has a thread.", "code": 160004}, status=400)
        sent = await request.json()
        return _refuse_name(sent["name"]) or _json(self._new_thread(request, number, sent["name"]))

    def _new_thread(self, request: web.Request, number: int, name: str) -> Payload:
        thread = self.threads[number] = channel(number, kind=11, name=name) | {
            "parent_id": str(_number(request, "channel")),
            "owner_id": str(BOT),
            "message_count": 0,
            "member_count": 1,
            "thread_metadata": {
                "archived": False,
                "locked": False,
                "auto_archive_duration": 1440,
                "archive_timestamp": self.clock().isoformat(),
            },
        }
        return thread

    async def _publish(self, request: web.Request) -> web.Response:
        """Publishes a message, at most once."""
        message = self._find(request)
        if message is None:
            return _unknown("Message", 10008)
        if message["flags"] & _CROSSPOSTED:
            return _json({"message": "It was published.", "code": 40033}, status=400)
        message["flags"] |= _CROSSPOSTED
        return _json(message)

    async def _callback(self, request: web.Request) -> web.Response:
        return _json({"interaction": {"id": request.match_info["interaction"], "type": 2}})

    async def _active(self, _request: web.Request) -> web.Response:
        return _json({"threads": self._threads(archived=False), "members": []})

    async def _archive(self, request: web.Request) -> web.Response:
        parent = request.match_info["channel"]
        found = [one for one in self._threads(archived=True) if one["parent_id"] == parent]
        return _json({"threads": found, "members": [], "has_more": False})

    def _threads(self, *, archived: bool) -> list[Payload]:
        threads = self.threads.values()
        return [one for one in threads if one["thread_metadata"]["archived"] is archived]

    # The gateway

    async def _recommend(self, _request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 999, "reset_after": 0, "max_concurrency": 1}
        address = f"ws://127.0.0.1:{self._port}/gateway"
        return _json({"url": address, "shards": self.shards, "session_start_limit": limit})

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        await socket.send_json({"op": 10, "d": {"heartbeat_interval": 41_250}})
        try:
            async for received in socket:
                if received.type is WSMsgType.TEXT:
                    await self._hear(socket, json.loads(received.data))
        finally:
            self._sockets.pop(socket, None)
        return socket

    async def _hear(self, socket: web.WebSocketResponse, said: Payload) -> None:
        match said["op"]:
            case 1:
                await socket.send_json({"op": 11})
            case 2:
                session = f"session-{self._next_id()}"
                shard_id, count = said["d"].get("shard") or (0, 1)
                if count < self.shards:
                    await socket.close(code=4011)  # sharding required
                    return
                self._session_shards[session] = shard_id
                await self._welcome(socket, session)
                await self._admit(socket, session)
            case 6 if said["d"]["session_id"] in self._sessions:
                await self._tell(socket, said["d"]["session_id"], "RESUMED", {})
                await self._admit(socket, said["d"]["session_id"])
            case 6:
                await socket.send_json({"op": 9, "d": False})

    async def _admit(self, socket: web.WebSocketResponse, session: str) -> None:
        async with self._connected:
            self._sockets[socket] = session
            self._connected.notify_all()

    async def _welcome(self, socket: web.WebSocketResponse, session: str) -> None:
        shard_id = self._session_shards[session]
        guilds = [guild for guild in self._guilds() if self.shard_of(int(guild["id"])) == shard_id]
        ready = {
            "v": 10,
            "user": _USER,
            "shard": [shard_id, self.shards],
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in guilds],
            "session_id": session,
            "resume_gateway_url": f"ws://127.0.0.1:{self._port}/gateway",
            "application": {"id": str(BOT), "flags": 0},
        }
        await self._tell(socket, session, "READY", ready)
        for guild in guilds:
            await self._tell(socket, session, "GUILD_CREATE", guild)

    async def _tell(
        self, socket: web.WebSocketResponse, session: str, event: str, what: Payload
    ) -> None:
        self._sessions[session] = number = self._sessions.get(session, 0) + 1
        await socket.send_json({"op": 0, "t": event, "s": number, "d": what})

    def _guilds(self) -> list[Payload]:
        """Returns the bot's servers."""
        guild = self._guild()
        return [guild, guild | _OTHER] if self.shards > 1 else [guild]

    def _guild(self) -> Payload:
        return {
            "id": str(GUILD),
            "name": "Open Lab",
            "owner_id": "1",
            "unavailable": False,
            "member_count": 1,
            "roles": [everyone()],
            "members": [me()],
            "channels": [
                channel(channel_id) | self.channel_changes.get(channel_id, {})
                for channel_id in _KINDS
            ],
            "threads": self._threads(archived=False),
            "emojis": [],
            "stickers": [],
            "features": [],
            "verification_level": 0,
            "default_message_notifications": 0,
            "explicit_content_filter": 0,
            "mfa_level": 0,
            "nsfw_level": 0,
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "afk_timeout": 300,
        }

    async def _hang_up(self, _app: web.Application) -> None:
        await self.close_gateway(1001)

    def _next_id(self) -> int:
        """Returns a snowflake, which is always higher than the last."""
        since = (self.clock() - _EPOCH) // timedelta(milliseconds=1)
        self._last_id = max(self._last_id + 1, since << 22)
        return self._last_id


def everyone(permissions: discord.Permissions | None = None) -> Payload:
    """Returns the role that everyone has."""
    return {
        "id": str(GUILD),
        "name": "@everyone",
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": str((permissions or discord.Permissions.all_channel()).value),
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def me(*roles: int) -> Payload:
    """Returns the bot as a member with these roles."""
    return {
        "user": _USER,
        "roles": [str(role_id) for role_id in roles],
        "joined_at": _EPOCH.isoformat(),
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


_OTHER = {
    "id": str(OTHER_GUILD),
    "name": "Other Lab",
    "roles": [everyone() | {"id": str(OTHER_GUILD)}],
    "channels": [],
    "threads": [],
}


def channel(channel_id: int, *, kind: int | None = None, name: str = "papers") -> Payload:
    return {
        "id": str(channel_id),
        "guild_id": str(GUILD),
        "type": _KINDS[channel_id] if kind is None else kind,
        "name": name,
        "position": 0,
        "permission_overwrites": [],
        "parent_id": None,
        "nsfw": False,
        "topic": None,
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "flags": 0,
        "available_tags": [],
    }


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer as Discord's; discord.py reads no JSON where the type names a charset."""
    body = json.dumps(value).encode()
    return web.Response(body=body, status=status, headers=headers, content_type="application/json")


def _number(request: web.Request, name: str) -> int:
    return int(request.match_info[name])


def _refuse_name(name: str) -> web.Response | None:
    """Refuses a name that is empty once what nobody sees is left out."""
    if "".join(char for char in name if char.isprintable()).strip():
        return None
    return _json({"message": "Invalid Form Body", "code": 50035}, status=400)


def refusal(code: int, status: int = 403) -> Fault:
    """Returns a fault with one of Discord's own codes; 0 is of nobody knows whom."""
    return Fault(status, body={"message": "Refused", "code": code})


def _unknown(what: str, code: int) -> web.Response:
    return _json({"message": f"Unknown {what}", "code": code}, status=404)


def customs(message: Payload) -> list[str]:
    """Returns the custom ids in a message, from top to bottom."""
    found: list[str] = []

    def walk(part: Any) -> None:
        if isinstance(part, dict):
            if "custom_id" in part:
                found.append(part["custom_id"])
            for value in part.values():
                walk(value)
        elif isinstance(part, list):
            for value in part:
                walk(value)

    walk(message["components"])
    return found


def is_published(message: Payload) -> bool:
    """Returns whether a message was published."""
    return bool(message["flags"] & _CROSSPOSTED)


def announced(messages: list[Payload]) -> list[int]:
    """Returns the ids of the papers that messages announce, in reading order."""
    ids = [_ANNOUNCED.match(custom) for message in messages for custom in customs(message)]
    return [int(found[1]) for found in ids if found]


def redirect(address: str) -> None:
    """Makes discord.py connect to a stand-in, by changing the URLs that it keeps."""
    discord.http.Route.BASE = address
    gateway = yarl.URL(address.replace("http:", "ws:")) / "gateway"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway


@contextmanager
def redirected(address: str) -> Iterator[None]:
    """Makes discord.py connect to a stand-in inside the block."""
    before = discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    redirect(address)
    try:
        yield
    finally:
        discord.http.Route.BASE, discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = before


@asynccontextmanager
async def open_stand_in(**how: Any) -> AsyncIterator[StandIn]:
    """Runs a stand-in inside the block."""
    stand_in = StandIn(**how)
    await stand_in.come_up()
    try:
        yield stand_in
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await stand_in.go_down()
