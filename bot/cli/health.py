"""`lab-herald health`: whether the running bot can do its work, for containers and scripts."""

from __future__ import annotations

import asyncio
import sys

import click

from bot.cli import common
from bot.settings import Settings
from storage.errors import LabError


@click.command()
@common.json_option
@click.pass_obj
def health(settings: Settings, *, as_json: bool) -> None:
    """Ask the running bot if it can do its work. The exit code is 1 if it can't.

    Needs HEALTH_PORT, with the same value as the bot's.
    """
    if settings.health_port is None:
        raise LabError("HEALTH_PORT isn't set, so the bot can't be asked. Set it to a port.")
    problems = asyncio.run(_ask(settings.health_port))
    if as_json:
        click.echo(common.to_json({"ready": not problems, "problems": problems}))
    else:
        click.echo("\n".join(f"✗ {one}" for one in problems) or "✓ The bot is well.")
    sys.exit(1 if problems else 0)


async def _ask(port: int) -> list[str]:
    """Returns the problems of the bot at a port, or that it doesn't answer."""
    import aiohttp  # noqa: PLC0415 - slow to import

    from bot.operations.health_server import HOST  # noqa: PLC0415 - the same

    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"http://{HOST}:{port}/readyz") as response,
        ):
            return list((await response.json())["problems"])
    except (aiohttp.ClientError, TimeoutError, KeyError, TypeError, ValueError):
        return [f"The bot doesn't answer at port {port}. It may not be running."]
