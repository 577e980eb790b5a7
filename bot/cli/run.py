"""`lab-herald run`, `check` and `demo`: the bot itself, and whether it can run."""

from __future__ import annotations

import asyncio
import logging
import sys
from functools import partial

import click

from bot.cli import common
from bot.moderators import Moderators
from bot.settings import Settings
from storage.errors import LabError
from storage.library import Library
from storage.moderator_settings import SettingKey


@click.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Run the bot until Ctrl-C."""
    from bot.app import run as run_bot  # noqa: PLC0415 - discord.py is slow to import

    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        asyncio.run(run_bot(settings))
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo("Stopped; nothing is lost.", err=True)


@click.command()
@click.option("--check", is_flag=True, help="Take the tour in the terminal, without a browser.")
@click.option(
    "--port",
    type=click.IntRange(1024, 65534),
    default=8642,
    show_default=True,
    help="The page's port; its feed's site takes the next one.",
)
def demo(*, check: bool, port: int) -> None:
    """Show the bot on a simulated Discord in the browser; needs no account and no network."""
    try:
        from bot.demo.run import demo as show  # noqa: PLC0415 - an extra that may be missing
    except ModuleNotFoundError as error:
        raise LabError(
            f"The demo needs {error.name}. Install it by `pip install 'lab-herald[demo]'`."
        ) from error
    sys.exit(show(check=check, port=port))


@click.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Say in sentences what is missing in the set-up."""
    problems, advice = [], []
    if not settings.discord_token:
        problems.append("DISCORD_TOKEN is not set, so the bot can't log in.")
    if not settings.home_guild_ids:
        advice.append("HOME_GUILD_IDS is not set, so /curate and /feed are offered nowhere.")
    if not settings.contact:
        advice.append("CONTACT is not set, so feeds' owners can't tell you of trouble.")
    try:
        papers = common.with_library(settings, lambda library: library.papers.count())
        click.echo(f"✓ The database {settings.database_path} holds {papers:,} papers.")
        moderators = common.with_library(settings, partial(_moderation, settings))
        for guild_id in settings.home_guild_ids:
            click.echo(f"✓ In server {guild_id} {_moderators(moderators, guild_id)}")
        if moderators.channel:
            click.echo(f"✓ The moderators' channel is {moderators.channel}.")
        else:
            advice.append(
                "No moderators' channel is set, by /setup channel or MODERATORS_CHANNEL_ID, so "
                "nobody hears of feeds in trouble; /curate queue shows what waits."
            )
    except LabError as error:
        problems.append(str(error))
    for sentence in problems:
        click.echo(f"✗ {sentence}")
    for sentence in advice:
        click.echo(f"! {sentence}")
    if problems:
        sys.exit(1)
    click.echo("✓ The bot can be started.")


async def _moderation(settings: Settings, library: Library) -> Moderators:
    moderators = Moderators(library, settings)
    await moderators.load()
    return moderators


def _moderators(moderators: Moderators, guild_id: int) -> str:
    """Who keeps the list in a home server, and where that is said."""
    said = "/setup" if moderators.word(guild_id, SettingKey.ROLES) else "MODERATOR_ROLE_IDS"
    roles = ", ".join(map(str, sorted(moderators.roles(guild_id))))
    if not roles:
        return "who has Manage Server keeps the list."
    return f"the list is kept by who has Manage Server and by the roles {roles} ({said})."
