"""A process that stands in for Discord: it has servers with channels, and members who use commands.

It only accepts what the bot sends; the tests check what that is.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import socket
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from aiohttp import WSMsgType, web

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.Gabcde.an-invented-token-of-nobody"  # noqa: S105
_BOT = 100
_OWNER = 101
_COMMAND, _AUTOCOMPLETE = 2, 4
_DEFERRED = 5
_EPHEMERAL = 1 << 6
_FIRST_GUILD = 1_000_000_000_000_000_000
_STEP = 1 << 22  # so that each server belongs to the next shard
_TEXT = 0  # a kind of channel
_ALL_PERMISSIONS = str((1 << 53) - 1)
_ROLES = 15  # of each server, as of a lab's with some teams

_USER = {"id": str(_BOT), "username": "Lab Herald", "discriminator": "0000", "avatar": None}


@dataclass(frozen=True, slots=True)
class Population:
    """How many servers there are, and how many channels each has."""

    guilds: int = 1
    channels: int = 30

    def guild_id(self, number: int) -> int:
        """Returns the id of a server."""
        return _FIRST_GUILD + number * _STEP

    def channel_ids(self, number: int) -> range:
        """Returns the ids of a server's channels."""
        first = self.guild_id(number) + 1
        return range(first, first + self.channels)


@contextmanager
def open_discord(population: Population) -> Generator[str]:
    """Starts the process, and yields its address."""
    context = multiprocessing.get_context("spawn")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        process = context.Process(target=_serve, args=(listening, population), daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            process.terminate()
            process.join()


def _serve(listening: socket.socket, population: Population) -> None:
    web.run_app(_Discord(population).app, sock=listening, print=None, access_log=None)


class _Discord:
    def __init__(self, population: Population) -> None:
        self._population = population
        self._ids = itertools.count(1 << 22)
        self._sequence = itertools.count(1)
        self._socket = web.WebSocketResponse()
        self._answers: dict[str, asyncio.Future[None]] = {}
        self._unhelpful = 0
        self.app = web.Application(client_max_size=1 << 24)
        self.app.add_routes(
            [
                web.get("/users/@me", self._me),
                web.get("/oauth2/applications/@me", self._application),
                web.get("/gateway/bot", self._recommend),
                web.get("/gateway", self._gateway),
                web.put("/applications/{app}/commands", self._commands),
                web.put("/applications/{app}/guilds/{guild}/commands", self._commands),
                web.post("/interactions/{id}/{token}/callback", self._callback),
                web.patch("/webhooks/{app}/{token}/messages/@original", self._follow_up),
                web.post("/channels/{channel}/messages", self._send),
                web.post("/use", self._use),
            ]
        )

    async def _me(self, _request: web.Request) -> web.Response:
        return _json(_USER)

    async def _application(self, _request: web.Request) -> web.Response:
        return _json(
            {
                "id": str(_BOT),
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

    async def _recommend(self, request: web.Request) -> web.Response:
        limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
        address = f"ws://{request.host}/gateway"
        return _json({"url": address, "shards": 1, "session_start_limit": limit})

    async def _commands(self, request: web.Request) -> web.Response:
        commands = await request.json()
        for command in commands:
            number = str(next(self._ids))
            command.setdefault("description", "")
            command |= {"id": number, "application_id": str(_BOT), "version": number}
        return _json(commands)

    async def _send(self, request: web.Request) -> web.Response:
        sent = await request.json()
        return _json(
            {
                "id": str(next(self._ids)),
                "channel_id": request.match_info["channel"],
                "author": _USER,
                "content": sent.get("content") or "",
                "timestamp": "2026-11-23T12:00:00+00:00",
                "edited_timestamp": None,
                "tts": False,
                "mention_everyone": False,
                "mentions": [],
                "mention_roles": [],
                "attachments": [],
                "embeds": [],
                "components": sent.get("components") or [],
                "flags": sent.get("flags") or 0,
                "pinned": False,
                "type": 0,
                "nonce": sent.get("nonce"),
            }
        )

    # The gateway

    async def _gateway(self, request: web.Request) -> web.WebSocketResponse:
        self._socket = web.WebSocketResponse(max_msg_size=0)
        await self._socket.prepare(request)
        await self._socket.send_json({"op": 10, "d": {"heartbeat_interval": 41_250}})
        async for received in self._socket:
            if received.type is WSMsgType.TEXT:
                said = json.loads(received.data)
                if said["op"] == 1:
                    await self._socket.send_json({"op": 11})
                elif said["op"] == 2:
                    await self._welcome(request.host)
        return self._socket

    async def _welcome(self, host: str) -> None:
        guilds = range(self._population.guilds)
        ids = [str(self._population.guild_id(number)) for number in guilds]
        await self._tell(
            "READY",
            {
                "v": 10,
                "user": _USER,
                "shard": [0, 1],
                "guilds": [{"id": guild_id, "unavailable": True} for guild_id in ids],
                "session_id": "a-session",
                "resume_gateway_url": f"ws://{host}/gateway",
                "application": {"id": str(_BOT), "flags": 0},
            },
        )
        for number in guilds:
            await self._tell("GUILD_CREATE", _guild(self._population, number))

    async def _tell(self, event: str, what: object) -> None:
        payload = {"op": 0, "t": event, "s": next(self._sequence), "d": what}
        await self._socket.send_json(payload)

    # Members who use commands

    async def _use(self, request: web.Request) -> web.Response:
        """Uses commands, some at a time; returns how long each took, and all together.

        Also returns how many answers were no help: private sentences, or no suggestions.
        """
        asked = await request.json()
        self._unhelpful = 0
        waiting = iter(asked["commands"])
        seconds: list[float] = []
        start = perf_counter()
        async with asyncio.TaskGroup() as members:
            for _ in range(asked["at_once"]):
                members.create_task(self._use_each(waiting, seconds))
        total = perf_counter() - start
        return _json({"seconds": seconds, "total": total, "unhelpful": self._unhelpful})

    async def _use_each(self, commands: Iterator[dict[str, Any]], seconds: list[float]) -> None:
        for command in commands:
            token = f"token-{next(self._ids)}"
            self._answers[token] = answered = asyncio.get_running_loop().create_future()
            start = perf_counter()
            await self._tell("INTERACTION_CREATE", self._interaction(command, token))
            await asyncio.wait_for(answered, 60)
            seconds.append(perf_counter() - start)

    def _interaction(self, command: dict[str, Any], token: str) -> dict[str, Any]:
        guild_id = self._population.guild_id(0)
        channel_id = self._population.channel_ids(0)[0]
        is_typing = any(option.get("focused") for option in command["options"])
        return {
            "id": str(next(self._ids)),
            "application_id": str(_BOT),
            "type": _AUTOCOMPLETE if is_typing else _COMMAND,
            "token": token,
            "version": 1,
            "guild_id": str(guild_id),
            "channel_id": str(channel_id),
            "channel": _channel(guild_id, channel_id),
            "member": _member({**_USER, "id": str(_OWNER), "username": "owner"}),
            "app_permissions": _ALL_PERMISSIONS,
            "locale": "en-US",
            "entitlements": [],
            "authorizing_integration_owners": {},
            "context": 0,
            "attachment_size_limit": 10 * 1024 * 1024,
            "data": {"id": "1", "type": 1, **command},
        }

    async def _callback(self, request: web.Request) -> web.Response:
        answer = await request.json()
        told = answer.get("data") or {}
        self._unhelpful += bool(told.get("flags", 0) & _EPHEMERAL) or told.get("choices") == []
        if answer["type"] != _DEFERRED:
            self._answers.pop(request.match_info["token"]).set_result(None)
        return _json({"interaction": {"id": request.match_info["id"], "type": _COMMAND}})

    async def _follow_up(self, request: web.Request) -> web.Response:
        self._answers.pop(request.match_info["token"]).set_result(None)
        return await self._send(request)


def _json(value: object) -> web.Response:
    """Returns JSON as Discord does; discord.py reads none if the type names a charset."""
    return web.Response(body=json.dumps(value).encode(), content_type="application/json")


def _guild(population: Population, number: int) -> dict[str, Any]:
    guild_id = population.guild_id(number)
    return {
        "id": str(guild_id),
        "name": f"Lab {number}",
        "owner_id": str(_OWNER),
        "unavailable": False,
        "member_count": 50,
        "roles": [_role(guild_id + one) for one in range(_ROLES)],  # the first is everyone's
        "members": [_member(_USER)],
        "channels": [_channel(guild_id, one) for one in population.channel_ids(number)],
        "threads": [],
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


def _role(role_id: int) -> dict[str, Any]:
    return {
        "id": str(role_id),
        "name": f"Team {role_id % 1000}",
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 0,
        "permissions": _ALL_PERMISSIONS,
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def _member(user: dict[str, Any]) -> dict[str, Any]:
    return {
        "user": user,
        "roles": [],
        "joined_at": "2020-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
        "permissions": _ALL_PERMISSIONS,
    }


def _channel(guild_id: int, channel_id: int) -> dict[str, Any]:
    return {
        "id": str(channel_id),
        "guild_id": str(guild_id),
        "type": _TEXT,
        "name": f"papers-{channel_id % _STEP}",
        "position": 0,
        "permission_overwrites": [],
        "parent_id": None,
        "nsfw": False,
        "topic": None,
        "rate_limit_per_user": 0,
        "last_message_id": None,
        "flags": 0,
    }


def command(name: str, options: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
    """Returns a slash command with its options."""
    return {"name": name, "options": [*options]}


def text_option(name: str, value: str, *, is_typing: bool = False) -> dict[str, Any]:
    """Returns an option with a text, which the member may still be typing."""
    return {"name": name, "type": 3, "value": value, "focused": is_typing}
