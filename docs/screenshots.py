"""Takes the docs' screenshots from the demo: `make screenshots`.

The demo runs in this process with a clock that stands still, so that the pictures only change if
what they show does. Each scene is a new demo, and is shown dark and light, wide or on a phone.
"""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from socket import socket
from typing import Literal

from PIL import Image
from playwright.async_api import Browser, Locator, Page, ViewportSize, async_playwright, expect

from bot.demo.page import Page as DemoPage
from bot.demo.page import open_page
from bot.demo.welcome import post_welcome
from bot.demo.world import World, WorldClock, open_world
from docs.chromium import LAUNCH

FOLDER = Path(__file__).parent / "screenshots"
_NOW = datetime(2026, 9, 15, 9, 41, tzinfo=UTC)
_PANEL = 256  # the width of the demo's own part, in pixels
_SCALE = 1.5  # pixels a point
_COLORS = 128
_TIMEOUT = 60_000  # milliseconds
_MESSAGES = "#channel-message-list article"


_SCHEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")
_HEIGHT = """() => {
  const height = (selector) => document.querySelector(selector).offsetHeight;
  const demo = innerWidth > 760 ? 0 : height("#demo");
  return demo + height(".channel-header") + height("#channel-message-list")
    + height("#channel-composer") + 24;
}"""
# SimCord's server lays out the page again after a resize.
_HAS_SIZE = """() => {
  const app = document.getElementById("preview-app");
  const stage = document.getElementById("preview-stage");
  return app.offsetWidth === stage.clientWidth && app.offsetHeight === stage.clientHeight
    && app.getAttribute("aria-busy") === "false"
    && !document.querySelector("#channel-composer :disabled");
}"""
# What would differ from machine to machine.
_SET_NUMBERS = """() => {
  const texts = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    texts.currentNode.data = texts.currentNode.data
      .replace(/[\\d.]+ [MGT]B (?=is free)/, "83.6 GB ").replace(/(127.0.0.1):\\d+/g, "$1:8643");
  }
}"""
_SETTLE = """async (isWhole) => {
  await document.fonts.ready;
  const timeline = document.getElementById("channel-timeline");
  timeline.scrollTop = isWhole ? timeline.scrollHeight : 0;
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
}"""


@dataclass(frozen=True, slots=True)
class Layout:
    """The size of a screen, in pixels, and the end of its pictures' names."""

    suffix: str
    width: int
    most_height: int


_WIDE = Layout("", 720, 2000)
_PHONE = Layout("-narrow", 390, 844)


@dataclass(frozen=True, slots=True)
class Demo:
    """A running demo, and the page that shows it."""

    world: World
    page: DemoPage
    tab: Page

    def message(self, text: str) -> Locator:
        """Finds the messages that have a text."""
        return self.tab.locator(_MESSAGES).filter(has_text=text)

    async def show(self, text: str) -> None:
        """Shows what the bot has sent, and waits for a message with a text."""
        await self.page.refresh()
        await expect(self.message(text).last).to_be_visible()

    async def hide_messages(self, but_with: str = "\0") -> None:
        """Hides what is there so far, apart from messages with a text."""
        for message in await self.tab.locator(_MESSAGES).filter(has_not_text=but_with).all():
            number = await message.get_attribute("data-message-id")
            await _hide(self.tab, f'article[data-message-id="{number}"]')

    async def begin(self, command: str, value: str) -> None:
        """Types a command and the value of its required option, but doesn't send it."""
        composer = self.tab.locator("#channel-composer-input")
        await composer.click()
        await composer.press_sequentially(f"/{command}")
        await expect(self.tab.get_by_role("option").first).to_be_visible()
        await self.tab.keyboard.press("Enter")
        await expect(self.tab.get_by_role("combobox")).to_be_focused()
        await self.tab.keyboard.type(value)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is done in a demo for a picture, and what of it the picture shows."""

    name: str
    act: Callable[[Demo], Awaitable[None]]
    place: str = "mika/papers"
    height: int = 0  # of the picture, in pixels, if it isn't that of the new messages
    layouts: tuple[Layout, ...] = (_WIDE,)
    is_whole: bool = False  # shows the demo's own part and its welcome, too


async def _search_as_you_type(demo: Demo) -> None:
    await demo.begin("search", "language mod")
    offered = demo.tab.get_by_role("option").filter(has_text="BLOOM: A 176B-Parameter")
    await expect(offered).to_be_visible()


async def _search(demo: Demo) -> None:
    await demo.world.member.slash(
        demo.world.papers, "search", query="how do language models learn facts"
    )
    await demo.show("Page 1 of")


async def _announce(demo: Demo) -> None:
    demo.world.site.publish()
    await demo.world.poll()
    await demo.show("📄 New paper")


async def _open_paper(demo: Demo) -> None:
    await _announce(demo)
    await demo.hide_messages()
    await demo.world.member.slash(demo.world.papers, "paper", paper="Small Models, Long Memories")
    await demo.show("Related")


async def _open_author(demo: Demo) -> None:
    await demo.world.member.slash(demo.world.papers, "author", name="biderman")
    await demo.show("Stella Biderman")


async def _cite(demo: Demo) -> None:
    await demo.world.member.slash(demo.world.papers, "cite", paper="OpenFold", style="APA")
    await demo.show("Ahdritz")


async def _show_statistics(demo: Demo) -> None:
    await demo.world.member.slash(demo.world.papers, "stats")
    await demo.show("/stats")


async def _show_own_data(demo: Demo) -> None:
    world = demo.world
    await world.member.slash(world.papers, "suggest", source="2310.10631", note="by two of us")
    await world.member.slash(world.papers, "privacy")
    await demo.show("What I store about you")
    await demo.hide_messages(but_with="What I store about you")


async def _ask_for_help(demo: Demo) -> None:
    await demo.world.member.slash(demo.world.papers, "help")
    await demo.show("/search")


async def _find_papers(demo: Demo) -> None:
    await demo.world.pass_day()
    await demo.show("Ours?")


async def _open_queue(demo: Demo) -> None:
    world = demo.world
    await world.member.slash(world.papers, "suggest", source="2310.10631", note="by two of us")
    await world.pass_day()
    await world.moderator.slash(world.moderators, "curate queue")
    await demo.show("to review")
    await demo.hide_messages(but_with="1 paper to review")


async def _check_setup(demo: Demo) -> None:
    demo.world.site.is_down = True
    await demo.world.poll()
    await demo.world.moderator.slash(demo.world.moderators, "setup check")
    await demo.show("of the database")
    await demo.hide_messages(but_with="of the database")
    await demo.tab.evaluate(_SET_NUMBERS)


async def _tour(demo: Demo) -> None:
    await _announce(demo)
    await demo.world.member.slash(demo.world.papers, "search", query="fold protiens")
    await demo.show("OpenFold")


SCENES = (
    Scene("demo", _tour, is_whole=True, height=752),
    Scene("search-as-you-type", _search_as_you_type, height=480),
    Scene("search", _search, layouts=(_PHONE,)),
    Scene("paper", _open_paper),
    Scene("author", _open_author),
    Scene("cite", _cite),
    Scene("stats", _show_statistics),
    Scene("privacy", _show_own_data),
    Scene("help", _ask_for_help),
    Scene("announcement", _announce, layouts=(_WIDE, _PHONE)),
    Scene("found-paper", _find_papers, place="noor/moderators"),
    Scene("queue", _open_queue, place="noor/moderators"),
    Scene("setup-check", _check_setup, place="noor/moderators"),
)


async def take_pictures(scene: Scene, browser: Browser, folder: Path) -> None:
    """Plays a scene in a new demo, and saves its pictures."""
    async with _open_demo(scene, browser) as demo:
        tab = demo.tab
        if not scene.is_whole:
            await _hide(tab, "#demo, .timeline-day-divider")
            await demo.hide_messages()
        await scene.act(demo)
        for layout in scene.layouts:
            for scheme in _SCHEMES:
                taken = await _take_picture(tab, scene, layout, scheme)
                _save(taken, folder / f"{scene.name}{layout.suffix}-{scheme}.png")


async def _take_picture(
    tab: Page, scene: Scene, layout: Layout, scheme: Literal["dark", "light"]
) -> bytes:
    """Returns a picture of the page, high enough for all messages that are shown."""
    await tab.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    width = layout.width + (_PANEL if scene.is_whole and layout is _WIDE else 0)
    height = scene.height
    if not height:
        await _resize(tab, width, layout.most_height)
        height = min(layout.most_height, round(await tab.evaluate(_HEIGHT)))
    await _resize(tab, width, height)
    await tab.evaluate(_SETTLE, scene.is_whole)
    await tab.mouse.move(0, 0)
    return await tab.screenshot(animations="disabled", caret="hide")


async def _resize(tab: Page, width: int, height: int) -> None:
    await tab.set_viewport_size(ViewportSize(width=width, height=height))
    await tab.wait_for_function(_HAS_SIZE)


async def _hide(tab: Page, selector: str) -> None:
    await tab.add_style_tag(content=f"{selector} {{ display: none !important }}")


def _save(taken: bytes, path: Path) -> None:
    """Saves a picture with few colors, which makes it three times smaller."""
    image = Image.open(io.BytesIO(taken)).convert("RGB")
    small = image.quantize(_COLORS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


@asynccontextmanager
async def _open_demo(scene: Scene, browser: Browser) -> AsyncGenerator[Demo]:
    """Runs a demo at which the time stands still, and opens its page in a browser."""
    port = _free_port()
    async with (
        open_world(clock=WorldClock(lambda: _NOW)) as world,
        open_page(world, port) as page,
        await browser.new_context(
            viewport=ViewportSize(
                width=_WIDE.width + (_PANEL if scene.is_whole else 0), height=scene.height or 1000
            ),
            device_scale_factor=_SCALE,
            timezone_id="UTC",
            locale="en-US",
            bypass_csp=True,  # so that this script can ask the page
        ) as context,
    ):
        if scene.is_whole:
            await post_welcome(world)
        context.set_default_timeout(_TIMEOUT)
        tab = await context.new_page()
        await tab.goto(f"http://127.0.0.1:{port}/#{scene.place}")
        await tab.wait_for_function("window.simcordPreview?.ready")
        yield Demo(world, page, tab)


def _free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _take_all(names: list[str]) -> None:
    for name in ("discord", "bot.announce", "bot.feeds"):
        logging.getLogger(name).setLevel(logging.ERROR)
    expect.set_options(timeout=_TIMEOUT)
    FOLDER.mkdir(exist_ok=True)
    async with (
        async_playwright() as playwright,
        await playwright.chromium.launch(**LAUNCH) as browser,
    ):
        for scene in SCENES:
            if not names or scene.name in names:
                await take_pictures(scene, browser, FOLDER)
                print(f"Took {scene.name}.")


if __name__ == "__main__":
    asyncio.run(_take_all(sys.argv[1:]))
