from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp

from bot.demo.messages import visible_text
from bot.demo.page import open_page
from bot.demo.welcome import post_welcome
from bot.demo.world import World, open_world

AS_MEMBER = {"X-Simcord-Capability": "mika/papers"}
AS_MODERATOR = {"X-Simcord-Capability": "noor/papers"}
FOREIGN = [
    {"Host": "evil.example"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
]


@dataclass
class Demo:
    """The demo and a visitor's browser."""

    world: World
    session: aiohttp.ClientSession
    port: int

    async def get(self, path: str, **headers: str) -> tuple[int, str]:
        address = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.get(address, headers=headers) as answer:
            return answer.status, await answer.text()

    async def post(self, path: str, body: object = None, **headers: str) -> tuple[int, Any]:
        address = f"http://127.0.0.1:{self.port}{path}"
        async with self.session.post(address, json=body, headers=headers) as answer:
            is_json = answer.content_type == "application/json"
            return answer.status, await answer.json() if is_json else await answer.text()

    def announced(self) -> list[str]:
        shown = map(visible_text, self.world.papers.history())
        return [text.splitlines()[1] for text in shown if "New paper" in text]


@asynccontextmanager
async def open_demo(port: int) -> AsyncIterator[Demo]:
    async with open_world() as world, open_page(world, port), aiohttp.ClientSession() as session:
        await post_welcome(world)
        yield Demo(world, session, port)


async def test_the_plain_address_shows_the_page_with_the_demos_own_part(
    demo_port: int,
) -> None:
    async with open_demo(demo_port) as demo:
        status, page = await demo.get("/")
        assert status == 200
        assert "<title>Lab Herald: demo</title>" in page
        assert page.index("/demo/page.js") < page.index("/app.js")
        for name in ("page.js", "page.css", "light.css"):
            assert (await demo.get(f"/demo/{name}"))[0] == 200
        assert (await demo.get("/demo/run.py"))[0] == 404


async def test_a_page_opens_for_the_person_and_the_channel_of_the_address(
    demo_port: int,
) -> None:
    async with open_demo(demo_port) as demo:
        _, page = await demo.post("/api/pages", {}, **AS_MEMBER)
        assert page["viewerId"] == str(demo.world.member.id)
        assert "Worth reading?" in str(page["messages"])
        _, page = await demo.post("/api/pages", {}, **{"X-Simcord-Capability": "noor/moderators"})
        assert page["viewerId"] == str(demo.world.moderator.id)
        assert page["channel"]["name"] == "moderators"
        _, page = await demo.post("/api/pages", {}, **{"X-Simcord-Capability": "mika/moderators"})
        assert page["channel"]["name"] == "papers"


async def test_other_websites_cannot_use_the_demo(demo_port: int) -> None:
    async with open_demo(demo_port) as demo:
        for headers in FOREIGN:
            for path in ("/demo/publish", "/demo/day", "/api/pages", "/api/action"):
                status, _ = await demo.post(path, {}, **AS_MODERATOR, **headers)
                assert status == 403
        assert demo.world.site.published == 0
        assert demo.world.research.days_passed == 0


async def test_a_foreign_name_for_the_address_shows_nothing(demo_port: int) -> None:
    async with open_demo(demo_port) as demo:
        assert (await demo.get("/", Host="evil.example"))[0] == 403
        assert (await demo.get("/demo/state", Host=f"evil.example:{demo.port}"))[0] == 403
        assert (await demo.get("/", Host=f"localhost:{demo.port}"))[0] == 200


async def test_there_is_one_clock_and_it_runs(demo_port: int) -> None:
    async with open_demo(demo_port) as demo:
        before = demo.world.clock()
        message = await demo.world.member.send(demo.world.papers, "Hello")
        assert before - timedelta(seconds=1) < message.created_at <= demo.world.clock()
        demo.world.clock.advance(600)
        later = await demo.world.member.send(demo.world.papers, "Hello again")
        assert later.created_at - message.created_at >= timedelta(minutes=10)
        assert demo.world.env.now() - later.created_at < timedelta(minutes=1)


async def test_announcements_wait_for_discord_and_come_once(demo_port: int) -> None:
    async with open_demo(demo_port) as demo:
        _, state = await demo.post("/demo/discord", **AS_MEMBER)
        assert state["has_outage"]
        for number in (1, 2, 3):
            _, state = await demo.post("/demo/publish", **AS_MEMBER)
            assert state["waiting"] == number
        assert demo.announced() == []
        _, state = await demo.post("/demo/discord", **AS_MEMBER)
        assert (state["has_outage"], state["waiting"]) == (False, 0)
        assert len(set(demo.announced())) == len(demo.announced()) == 3
        await demo.world.poll()
        assert len(demo.announced()) == 3


async def test_a_short_outage_without_papers_does_not_move_the_clock(demo_port: int) -> None:
    async with open_demo(demo_port) as demo:
        ahead = demo.world.clock.elapsed
        await demo.post("/demo/discord", **AS_MEMBER)
        await demo.post("/demo/discord", **AS_MEMBER)
        assert demo.world.clock.elapsed - ahead < 60


async def test_papers_wait_for_the_feed_and_come_once(demo_port: int) -> None:
    async with open_demo(demo_port) as demo:
        await demo.post("/demo/feed", **AS_MEMBER)
        _, state = await demo.post("/demo/publish", **AS_MEMBER)
        assert state["feed_is_down"]
        assert demo.announced() == []
        await demo.post("/demo/feed", **AS_MEMBER)
        assert len(demo.announced()) == 1


async def test_a_day_passes_for_whoever_presses_the_button(demo_port: int) -> None:
    async with open_demo(demo_port) as demo:
        before = demo.world.clock()
        _, state = await demo.post("/demo/day", **AS_MEMBER)
        assert (state["days_passed"], state["found"]) == (1, 2)
        assert demo.world.clock().date() > before.date()


async def test_message_menus_are_for_those_who_have_them_in_discord(demo_port: int) -> None:
    async with open_demo(demo_port) as demo:
        links = demo.world.papers.last_message
        choice = {"message": str(links.id), "command": "Add paper"}
        status, _ = await demo.post("/demo/menu", choice, **AS_MEMBER)
        assert status == 404
        status, state = await demo.post("/demo/menu", choice, **AS_MODERATOR)
        assert (status, sorted(state["menu"])) == (200, ["Add paper", "Suggest paper"])
        shown = demo.world.papers.history(viewer=demo.world.moderator)[-1]
        assert "2 links in that message" in visible_text(shown)


async def test_the_website_shows_its_papers(demo_port: int) -> None:
    async with open_demo(demo_port) as demo:
        title = demo.world.site.publish()
        for path in ("", "papers/1"):
            async with demo.session.get(f"{demo.world.site.home}{path}") as answer:
                assert title in await answer.text()
        async with demo.session.get(f"{demo.world.site.home}papers/2") as answer:
            assert answer.status == 404
