"""The demo's page: SimCord's page at one plain address, with people, channels and switches added.

SimCord's own server listens on a random port and wants a secret from each request. This server
forwards to it, adds the secret, and refuses requests that come from other websites. The page's
address says who the visitor is and where: ``/#mika/papers``. SimCord's page takes that for its
secret and sends it along with each request.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from zoneinfo import available_timezones

import simcord
from aiohttp import ClientSession, web
from aiohttp.typedefs import Handler, Middleware
from simcord import ChannelHandle, MemberActor, UserHandle
from simcord.enums import AppCommandType

from bot.demo.messages import use_message_menu
from bot.demo.world import GUILD_ID, World

_PLACE = "X-Simcord-Capability"  # holds the part of the address after the #
_CONTEXT = "X-Simcord-Context"
_MAX_BODY = 30 * 2**20  # bytes; SimCord's own limit is lower
_NOT_FORWARDED = {"content-length", "transfer-encoding", "connection", "date", "server"}
_FILES = {
    "page.js": "text/javascript",
    "page.css": "text/css",
    "light.css": "text/css",
    "avatar.png": "image/png",
}
_HEAD = """<title>Lab Herald: demo</title>
<link rel="icon" href="/demo/avatar.png">
<meta name="color-scheme" content="dark light">
<link rel="stylesheet" href="/demo/page.css">
<link rel="stylesheet" href="/demo/light.css" media="(prefers-color-scheme: light)">
<script src="/demo/page.js"></script>"""


@dataclass(frozen=True, slots=True)
class Place:
    """Who a visitor is, and which channel they see."""

    person: MemberActor
    channel: ChannelHandle

    @property
    def viewer(self) -> MemberActor | UserHandle:
        """The person as SimCord wants them: a member, or a user in direct messages."""
        return self.person if self.channel.guild else self.person.user


class Page:
    """The page of a world: forwards to SimCord, and has the demo's own buttons.

    SimCord takes one action at a time. What changes its page or asks it to act holds the lock.
    """

    def __init__(self, world: World, preview: simcord.Preview, session: ClientSession) -> None:
        self._world = world
        self._preview = preview
        self._session = session
        self._inner = preview.url.partition("/#")[0]
        self._lock = asyncio.Lock()
        self._shown_messages = 0
        self._run = secrets.token_hex(8)  # by which an open page knows that the demo was restarted

    def routes(self) -> list[web.RouteDef]:
        """Returns the routes of the server."""
        return [
            web.get("/", self._show_index),
            web.get("/demo/state", self._show_state),
            web.get("/demo/{name}", _show_file),
            web.post("/demo/publish", self._publish),
            web.post("/demo/discord", self._toggle_discord),
            web.post("/demo/feed", self._toggle_feed),
            web.post("/demo/day", self._pass_day),
            web.post("/demo/menu", self._use_menu),
            web.post("/api/pages", self._open),
            web.post("/api/action", self._act),
            web.route("*", "/{path:.*}", self._forward),
        ]

    async def refresh(self) -> None:
        """Shows messages that were sent since the last action, in every open page."""
        async with self._lock:
            shown = self._count_messages()
            if self._shown_messages != shown:
                with contextlib.suppress(TimeoutError):  # the bot is busy
                    await self._preview.refresh()
                    self._shown_messages = shown

    async def publish(self) -> None:
        """Publishes the next paper of the website, and lets the bot check the feed."""
        self._world.site.publish()
        await self._world.poll()
        await self.refresh()

    def _count_messages(self) -> int:
        return sum(map(len, self._world.env.backend.messages.values()))

    async def _show_index(self, request: web.Request) -> web.Response:
        answer = await self._forward(request)
        head = re.compile(r"<title>.*?</title>(.*?)</head>", re.DOTALL)
        answer.text = head.sub(lambda found: f"{_HEAD}{found[1]}</head>", answer.text or "", 1)
        return answer

    async def _show_state(self, request: web.Request) -> web.Response:
        """Serves what the demo's own part of the page shows."""
        place, world = self._place(request), self._world
        state = {
            "run": self._run,
            "now": world.clock().isoformat(),
            "days_passed": world.research.days_passed,
            "found": await world.count_found(),
            "papers_left": world.site.papers_left,
            "waiting": await world.count_waiting(),
            "has_outage": world.has_outage,
            "feed_is_down": world.site.is_down,
            "menu": self._menu(place),
            "channels": {
                name: str(self._latest(place.person, channel))
                for name, channel in self._channels(place.person).items()
            },
        }
        return web.json_response(state)

    async def _publish(self, request: web.Request) -> web.Response:
        await self.publish()
        return await self._show_state(request)

    async def _toggle_discord(self, request: web.Request) -> web.Response:
        if self._world.has_outage:
            await self._world.end_outage()
            await self.refresh()
        else:
            self._world.start_outage()
        return await self._show_state(request)

    async def _toggle_feed(self, request: web.Request) -> web.Response:
        site = self._world.site
        site.is_down = not site.is_down
        await self._world.poll()
        await self.refresh()
        return await self._show_state(request)

    async def _pass_day(self, request: web.Request) -> web.Response:
        await self._world.pass_day()
        await self.refresh()
        return await self._show_state(request)

    async def _use_menu(self, request: web.Request) -> web.Response:
        """Chooses a command from the menu of a message."""
        place, choice = self._place(request), await request.json()
        backend = self._world.env.backend
        message = backend.messages.get(place.channel.id, {}).get(int(choice["message"]))
        if message is None or choice["command"] not in self._menu(place):
            raise web.HTTPNotFound
        async with self._lock:
            await use_message_menu(
                self._world.env, place.person, place.channel, choice["command"], message, GUILD_ID
            )
        await self.refresh()
        return await self._show_state(request)

    async def _open(self, request: web.Request) -> web.Response:
        """Opens the page for a visitor, at the latest message of the channel."""
        place = self._place(request)
        self._preview.timezone = _timezone(request)
        latest = self._latest(place.person, place.channel)
        target = {"target_id": str(latest)} if latest else {}
        body = json.dumps({"viewer_id": str(place.person.id), **target})
        async with self._lock:
            self._enter(place)
            return await self._forward(request, body.encode())

    async def _act(self, request: web.Request) -> web.Response:
        """Lets a visitor act, once more if the page was refreshed in the meantime."""
        body = await request.read()
        async with self._lock:
            self._enter(self._place(request))
            answer = await self._forward(request, body)
            receipt = json.loads(answer.text or "{}")
            codes = [one["code"] for one in receipt.get("diagnostics", [])]
            if codes == ["stale-revision"] and request.content_type == "application/json":
                action = json.loads(body) | {"published_revision": receipt["revision"]}
                answer = await self._forward(request, json.dumps(action).encode())
            self._shown_messages = self._count_messages()
        return answer

    def _enter(self, place: Place) -> None:
        """Makes SimCord act in this channel: what it serves is otherwise bound to one."""
        self._preview.channel = place.channel
        self._preview.viewers = (place.viewer,)
        self._preview.capture_time = self._world.clock()

    async def _forward(self, request: web.Request, body: bytes | None = None) -> web.Response:
        """Sends a request to SimCord's server, with its secret, and returns the answer."""
        headers = {_PLACE: self._preview.capability}
        headers |= {
            k: request.headers[k] for k in (_CONTEXT, "Content-Type") if k in request.headers
        }
        async with self._session.request(
            request.method,
            f"{self._inner}{request.path_qs}",
            data=await request.read() if body is None else body,
            headers=headers,
        ) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in _NOT_FORWARDED}
            return web.Response(body=await answer.read(), status=answer.status, headers=kept)

    def _place(self, request: web.Request) -> Place:
        """Returns who and where the visitor is; a member in the channel for papers if unknown."""
        name, _, where = request.headers.get(_PLACE, "").partition("/")
        person = self._world.moderator if name == "noor" else self._world.member
        return Place(person, self._channels(person).get(where, self._world.papers))

    def _channels(self, person: MemberActor) -> dict[str, ChannelHandle]:
        """Returns the channels that a person can see, by their names in the page's address."""
        world = self._world
        channels = {"papers": world.papers}
        if person is world.moderator:
            channels["moderators"] = world.moderators
        return channels | {"messages": person.user.dm_channel}

    def _latest(self, person: MemberActor, channel: ChannelHandle) -> int:
        """Returns the ID of the latest message that a person sees in a channel, or 0."""
        messages = self._world.env.backend.messages.get(channel.id, {}).values()
        return max((one.id for one in messages if one.visible_to(person.id)), default=0)

    def _menu(self, place: Place) -> list[str]:
        """Returns the commands in the menu of each message."""
        commands = self._world.env.backend.visible_commands(
            user_id=place.person.id, channel_id=place.channel.id, type=AppCommandType.MESSAGE
        )
        return [command["name"] for command in commands]


async def _show_file(request: web.Request) -> web.Response:
    """Serves a file of the demo's own part of the page."""
    name = request.match_info["name"]
    if name not in _FILES:
        raise web.HTTPNotFound
    return web.Response(
        body=_read(name), content_type=_FILES[name], headers={"Cache-Control": "no-store"}
    )


def _read(name: str) -> bytes:
    return files("bot.demo").joinpath("static", name).read_bytes()


def _timezone(request: web.Request) -> str:
    """Returns the time zone of the visitor's browser, or UTC."""
    name = request.cookies.get("timezone", "UTC")
    return name if name in available_timezones() else "UTC"


@asynccontextmanager
async def open_page(world: World, port: int) -> AsyncGenerator[Page]:
    """Serves the page of a world on 127.0.0.1."""
    # The bot explains its errors to the visitor, but SimCord's page would call such actions failed.
    env: Any = world.env
    env.errors_since = lambda _cursor: ()
    preview = world.env.preview(
        world.papers,
        viewers=[world.member],
        layout="channel",
        assets={world.avatar_url: ("avatar.png", _read("avatar.png"))},
    )
    async with preview, ClientSession() as session:
        page = Page(world, preview, session)
        app = web.Application(middlewares=[_same_site_only(port)], client_max_size=_MAX_BODY)
        app.add_routes(page.routes())
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            yield page
        finally:
            await runner.cleanup()


def _same_site_only(port: int) -> Middleware:
    """Refuses requests under a foreign name, and those that another website makes.

    Without this, a website that a visitor has open could use the demo through their browser.
    """
    hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        is_foreign = origin is not None and origin != f"http://{request.host}"
        is_foreign |= request.method != "GET" and request.headers.get(
            "Sec-Fetch-Site", "same-origin"
        ) not in ("same-origin", "none")
        if request.host not in hosts or is_foreign:
            raise web.HTTPForbidden(text="This page answers only to itself.")
        return await handler(request)

    return check
