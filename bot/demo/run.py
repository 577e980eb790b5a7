"""`lab-herald demo`: the simulated Discord in a browser page, or a tour in the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable

import click

from bot.app import CannotStart
from bot.demo.page import Page, open_page
from bot.demo.tour import run_tour
from bot.demo.welcome import post_welcome
from bot.demo.world import World, open_world
from bot.shutdown import cancel_on_signals

_FIRST_PAPER_AFTER = 20.0  # seconds
_DELIVER_EVERY = 1.0
_POLL_EVERY = 30.0


def run_demo(*, check: bool, port: int) -> int:
    """Serves the demo at 127.0.0.1 until Ctrl-C, or runs the tour if ``check`` is set.

    Returns the exit code. The page uses ``port`` and the feed's site the next port; raises
    `CannotStart` if one of them is in use.
    """
    for name in ("discord", "bot.announce", "bot.feeds"):  # the demo simulates outages
        logging.getLogger(name).setLevel(logging.ERROR)
    if check:
        return asyncio.run(_tour())
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_serve(port))
    click.echo("\nGoodbye.")
    return 0


async def _tour() -> int:
    async with open_world() as world:
        return 0 if await run_tour(world) else 1


async def _serve(port: int) -> None:
    cancel_on_signals()
    _require_free(port)
    _require_free(port + 1)
    async with open_world(port + 1) as world, open_page(world, port) as page:
        await post_welcome(world)
        click.echo(
            "\nLab Herald is running on a simulated Discord. Nothing leaves this machine.\n\n"
            f"  Open http://127.0.0.1:{port}\n\n"
            f"A new paper will be announced in {_FIRST_PAPER_AFTER:.0f} seconds. Press Ctrl-C to "
            "stop.\n"
        )
        await asyncio.gather(
            _repeat(_DELIVER_EVERY, world.app.deliver, page.refresh),
            _repeat(_POLL_EVERY, world.app.poll, world.app.poll_sources, world.app.maintain),
            _publish_first_paper(world, page),
        )


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotStart(
                f"Port {port} is in use, perhaps by another demo. Stop that one, or choose another "
                "port with --port."
            ) from None


async def _publish_first_paper(world: World, page: Page) -> None:
    await asyncio.sleep(_FIRST_PAPER_AFTER)
    if not world.site.published:
        await page.publish()


async def _repeat(interval: float, *steps: Callable[[], Awaitable[object]]) -> None:
    """Runs the steps again and again, as the timers of a real bot would."""
    while True:
        await asyncio.sleep(interval)
        for step in steps:
            await step()
