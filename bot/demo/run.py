"""`lab-herald demo`: the world in a browser page, or its tour in the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket

import click
import simcord

from bot.app import CannotStart, cancel_on_signals, utc_now
from bot.demo.tour import walk
from bot.demo.world import World, open_world

_FIRST_PAPER_AFTER = 20.0  # seconds
_LOOK_EVERY = 1.0  # seconds


def run_demo(*, check: bool, port: int) -> int:
    """Show the bot at 127.0.0.1 until Ctrl-C, or take the tour; gives the exit code.

    The page takes ``port`` and the feed's site the one after it; raises `CannotStart` where one of
    them is taken.
    """
    for name in ("discord", "bot.announce"):  # an outage is a part of the show
        logging.getLogger(name).setLevel(logging.ERROR)
    if check:
        return asyncio.run(_tour())
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_show(port))
    click.echo("\nGood-bye.")
    return 0


async def _tour() -> int:
    async with open_world() as world:
        return 0 if await walk(world) else 1


async def _show(port: int) -> None:
    cancel_on_signals()
    _require_free(port)
    _require_free(port + 1)
    async with (
        open_world(port + 1) as world,
        world.env.preview(
            world.papers,
            viewers=[world.member, world.moderator],
            layout="channel",
            port=port,
        ) as preview,
    ):
        click.echo(
            "\nLab Herald, on a simulated Discord; nothing leaves this machine.\n\n"
            f"  The lab's server   {preview.url}\n"
            f"  Its feed's site    {world.site.home}   (publishes, and lets Discord fail)\n\n"
            "Type / in the page to see the commands; choose above who you are, Mika or Noor.\n"
            f"A new paper is announced in {_FIRST_PAPER_AFTER:.0f} seconds. Ctrl-C ends it.\n"
        )
        watching = asyncio.create_task(_watch(world, preview))
        try:
            await preview.wait_closed()
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotStart(
                f"Port {port} of this machine is taken, perhaps by another demo. End that one, or "
                "choose other ports by --port."
            ) from None


async def _watch(world: World, preview: simcord.Preview) -> None:
    """Announce what the feed site publishes, as it comes; it publishes one paper by itself."""
    loop = asyncio.get_running_loop()
    first_at = loop.time() + _FIRST_PAPER_AFTER
    announced = 0
    has_outage = False
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        if world.site.has_outage != has_outage:
            has_outage = world.site.has_outage
            if has_outage:
                world.let_discord_fail()
            else:
                await world.let_discord_come_back()
                await _refresh(preview)
        if not world.site.published and loop.time() >= first_at:
            click.echo(f"Published: {world.site.publish()}")
        if world.site.published != announced:
            announced = world.site.published
            await _let_time_pass(world)
            await world.poll()
            await _refresh(preview)


async def _let_time_pass(world: World) -> None:
    """Set the simulated clock to the real one, unless somebody's action is under way."""
    with contextlib.suppress(simcord.SetupError):
        await world.env.advance_time(max((utc_now() - world.env.now()).total_seconds(), 0))


async def _refresh(preview: simcord.Preview) -> None:
    """Show what was sent; while somebody's own action is under way, wait for it."""
    while True:
        try:
            await preview.refresh()
        except simcord.SetupError:
            await asyncio.sleep(_LOOK_EVERY)
        else:
            return
