"""`lab-herald run`, `check` and `demo`: the bot itself, and whether it can run."""

from __future__ import annotations

import asyncio
import logging
import sys

import click

from bot.cli import common
from bot.logging_filters import hide_secrets
from bot.markdown import count
from bot.moderators import Moderators
from bot.settings import Settings
from storage.database import require_undamaged
from storage.errors import LabError
from storage.library import Library
from storage.moderator_settings import SettingKey


@click.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Run the bot until you press Ctrl-C."""
    from bot.app import run as run_bot  # noqa: PLC0415 - discord.py is slow to import

    handler = logging.StreamHandler()
    hide_secrets(handler, [settings.discord_token])
    logging.basicConfig(
        level=settings.log_level,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        handlers=[handler],
    )
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


@click.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Check your setup, and say what's missing."""
    problems, warnings = [], []
    if not settings.discord_token:
        problems.append("DISCORD_TOKEN isn't set, so the bot can't log in.")
    if not settings.home_guild_ids:
        warnings.append("HOME_GUILD_IDS isn't set, so /curate and /feed aren't available.")
    if not settings.contact:
        warnings.append("CONTACT isn't set, so feed owners can't tell you about problems.")
    try:
        require_undamaged(settings.database_path)
        papers, moderators = common.run_with_library(
            settings, lambda library: _read_database(settings, library)
        )
        click.echo(f"✓ The database {settings.database_path} has {count(papers, 'paper')}.")
        for guild_id in settings.home_guild_ids:
            click.echo(f"✓ Moderators in server {guild_id}: {_describe(moderators, guild_id)}.")
        if moderators.channel_id:
            click.echo(f"✓ The moderators' channel is {moderators.channel_id}.")
        else:
            warnings.append(
                "There's no moderators' channel, so nobody gets alerts about failing feeds or "
                "papers to review. Choose one with /setup channel or MODERATORS_CHANNEL_ID."
            )
    except LabError as error:
        problems.append(str(error))
    for problem in problems:
        click.echo(f"✗ {problem}")
    for warning in warnings:
        click.echo(f"! {warning}")
    if problems:
        sys.exit(1)
    click.echo("✓ The bot is ready to run.")


async def _read_database(settings: Settings, library: Library) -> tuple[int, Moderators]:
    """Returns how many papers there are, and who moderates."""
    moderators = Moderators(library, settings)
    await moderators.load()
    return await library.papers.count(), moderators


def _describe(moderators: Moderators, guild_id: int) -> str:
    """Says who moderates a home server, and which setting says so."""
    everyone = "everyone with Manage Server"
    roles = ", ".join(map(str, sorted(moderators.role_ids(guild_id))))
    if not roles:
        return everyone
    source = "/setup" if moderators.setting(guild_id, SettingKey.ROLES) else "MODERATOR_ROLE_IDS"
    return f"{everyone}, and the roles {roles} ({source})"
