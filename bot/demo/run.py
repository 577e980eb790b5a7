"""`lab-herald demo`: the simulated Discord in a browser page, or a tour in the terminal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket

import click
import simcord

from bot.app import CannotStart
from bot.demo.tour import run_tour
from bot.demo.world import World, open_world
from bot.shutdown import cancel_on_signals
from storage.timestamps import utc_now

_FIRST_PAPER_AFTER = 20.0  # seconds
_CHECK_EVERY = 1.0  # seconds


def run_demo(*, check: bool, port: int) -> int:
    """Serves the demo at 127.0.0.1 until Ctrl-C, or runs the tour if ``check`` is set.

    Returns the exit code. The page uses ``port`` and the feed's site the next port; raises
    `CannotStart` if one of them is in use.
    """
    for name in ("discord", "bot.announce"):  # the demo simulates outages
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
            "\nLab Herald is running on a simulated Discord. Nothing leaves this machine.\n\n"
            f"  The lab's server   {preview.url}\n"
            f"  The lab's website  {world.site.home}   (publish papers, or make Discord fail)\n\n"
            "Type / to see the commands. At the top, choose who you are: Mika or Noor.\n"
            f"A new paper will be announced in {_FIRST_PAPER_AFTER:.0f} seconds. Press Ctrl-C to "
            "stop.\n"
        )
        task = asyncio.create_task(_announce(world, preview))
        try:
            await preview.wait_closed()
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


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


async def _announce(world: World, preview: simcord.Preview) -> None:
    """Announces what the website publishes, and publishes the first paper after a while."""
    loop = asyncio.get_running_loop()
    first_at = loop.time() + _FIRST_PAPER_AFTER
    announced = 0
    has_outage = False
    while True:
        await asyncio.sleep(_CHECK_EVERY)
        if world.site.has_outage != has_outage:
            has_outage = world.site.has_outage
            if has_outage:
                world.start_outage()
            else:
                await world.end_outage()
                await _refresh(preview)
        if not world.site.published and loop.time() >= first_at:
            click.echo(f"Published: {world.site.publish()}")
        if world.site.published != announced:
            announced = world.site.published
            await _update_clock(world)
            await world.poll()
            await _refresh(preview)


async def _update_clock(world: World) -> None:
    """Sets the simulated clock to the real time, unless an action is in progress."""
    with contextlib.suppress(simcord.SetupError):
        await world.env.advance_time(max((utc_now() - world.env.now()).total_seconds(), 0))


async def _refresh(preview: simcord.Preview) -> None:
    """Shows new messages in the page, after any action that is in progress."""
    while True:
        try:
            await preview.refresh()
        except simcord.SetupError:
            await asyncio.sleep(_CHECK_EVERY)
        else:
            return
