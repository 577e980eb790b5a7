"""`lab-herald run` and `demo`: the bot itself."""

from __future__ import annotations

import asyncio
import logging
import sys

import click

from bot.logging_filters import hide_secrets
from bot.settings import Settings
from storage.errors import LabError


@click.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Run the bot until you press Ctrl-C."""
    from bot.app import run as run_bot  # noqa: PLC0415 - discord.py is slow to import
    from bot.log_format import make_formatter  # noqa: PLC0415 - only needed here

    handler = logging.StreamHandler()
    handler.setFormatter(make_formatter(settings.log_format))
    hide_secrets(handler, settings.secrets)
    logging.basicConfig(level=settings.log_level, handlers=[handler])
    try:
        asyncio.run(run_bot(settings))
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo("Stopped. Unsent announcements go out after the next start.", err=True)


@click.command()
@click.option("--check", is_flag=True, help="Show a tour in the terminal instead of a browser.")
@click.option(
    "--port",
    type=click.IntRange(1024, 65534),
    default=8642,
    show_default=True,
    help="The port of the demo's page. Its feed uses the next port.",
)
def demo(*, check: bool, port: int) -> None:
    """Try the bot on a simulated Discord in your browser. Needs no account or network."""
    try:
        from bot.demo.run import run_demo  # noqa: PLC0415 - an extra that may be missing
    except ModuleNotFoundError as error:
        raise LabError(
            f"The demo needs {error.name}. Install it with `pip install 'lab-herald[demo]'`."
        ) from error
    sys.exit(run_demo(check=check, port=port))
