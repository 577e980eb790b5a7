"""`lab-herald run`, `check` and `demo`: the bot itself, and whether it can run."""

from __future__ import annotations

import asyncio
import logging
import sys
from contextlib import ExitStack
from datetime import UTC, timedelta

import click

from bot.cli import common
from bot.logging_filters import hide_secrets
from bot.markdown import count
from bot.moderators import Moderators
from bot.settings import REPLAY_REFUSED, Settings
from storage.backups import Backups
from storage.damage import describe_search_damage, find_search_damage
from storage.database import require_undamaged
from storage.database_copy import human_size
from storage.database_lock import lock_database
from storage.errors import DatabaseInUse, LabError
from storage.library import Library
from storage.moderator_settings import SettingKey
from storage.repair import repair_search

_BACKUP_EXPECTED_AFTER = timedelta(days=2)


@click.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Run the bot until you press Ctrl-C."""
    from bot.app import run as run_bot  # noqa: PLC0415 - discord.py is slow to import

    handler = logging.StreamHandler()
    hide_secrets(handler, settings.secrets)
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
@click.option(
    "--repair", is_flag=True, help="Rebuild a damaged search index, while the bot isn't running."
)
@click.pass_obj
def check(settings: Settings, *, repair: bool) -> None:
    """Check your setup and the whole database, and say what's missing or damaged."""
    problems, warnings = _check_settings(settings)
    try:
        if problem := _check_content(settings, repair=repair):
            problems.append(problem)
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
        warnings += _check_backups(settings)
    except LabError as error:
        problems.append(str(error))
    for problem in problems:
        click.echo(f"✗ {problem}")
    for warning in warnings:
        click.echo(f"! {warning}")
    if problems:
        sys.exit(1)
    click.echo("✓ The bot is ready to run.")


def _check_settings(settings: Settings) -> tuple[list[str], list[str]]:
    """Returns the problems of settings, and warnings."""
    problems, warnings = [], []
    if settings.is_replay:
        problems.append(REPLAY_REFUSED)
    if not settings.discord_token:
        problems.append("DISCORD_TOKEN isn't set, so the bot can't log in.")
    if not settings.home_guild_ids:
        warnings.append("HOME_GUILD_IDS isn't set, so /curate and /feed aren't available.")
    if not settings.contact:
        warnings.append("CONTACT isn't set, so feed owners can't tell you about problems.")
    return problems, warnings


def _check_content(settings: Settings, *, repair: bool) -> str:
    """Reads the whole database; returns what is wrong with the search index, unless repaired.

    Raises `LabError` if anything else is damaged, or if the index can't be repaired.
    """
    path = settings.database_path
    size = path.stat().st_size if path.exists() else 0
    if not size:
        return ""
    with ExitStack() as stack:
        try:
            stack.enter_context(lock_database(path))
            is_running = False
        except DatabaseInUse:
            if repair:
                raise
            is_running = True
        with common.elapsed_time(f"Checking the database ({human_size(size)})"):
            require_undamaged(path, settings.backup_dir)
        with common.elapsed_time("Checking the search index"):
            if is_running:
                problem = Backups.of(path, settings.backup_dir).find_search_damage()
            else:
                problem = find_search_damage(path)
        if problem and not repair:
            return describe_search_damage(problem)
        if problem:
            with common.progress_bar("Rebuilding the search index", None) as on_progress:
                papers, kept = asyncio.run(repair_search(path, settings.clock(), on_progress))
            click.echo(f"✓ Rebuilt the search index of {count(papers, 'paper')}.")
            click.echo(f"✓ The former database is kept as {kept}.")
        elif repair:
            click.echo("✓ The search index needs no repair.")
    return ""


def _check_backups(settings: Settings) -> list[str]:
    """Shows the last good backup; returns warnings."""
    backup = Backups.of(settings.database_path, settings.backup_dir).find_last_good()
    warnings = []
    if backup is None:
        warnings.append(
            "There's no good backup of the database yet. `lab-herald backup` makes one now."
        )
    else:
        made_at = f"{backup.made_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        click.echo(f"✓ The last good backup is {backup.path} of {made_at}.")
        if settings.backup_keep and settings.clock() - backup.made_at > _BACKUP_EXPECTED_AFTER:
            warnings.append(
                f"The last good backup is of {made_at}, but the running bot makes one every night."
            )
    if not settings.backup_keep:
        warnings.append("BACKUP_KEEP is 0, so the bot makes no nightly backups.")
    return warnings


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
