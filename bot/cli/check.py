"""`lab-herald check`: whether the bot is set up well, and whether its database is undamaged."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace

import click

from bot.cli import common
from bot.markdown import count
from bot.operations.database_check import check_file, check_library
from bot.operations.findings import Finding, Level, Topic, has_problems
from bot.operations.settings_check import check_settings
from bot.operations.setup import read_setup
from bot.settings import Settings
from bot.settings_reader import read_settings
from storage.damage import find_search_damage
from storage.database import require_undamaged
from storage.database_lock import lock_database
from storage.recovery.repair import repair_search

_MARKS = {Level.OK: "✓", Level.WARNING: "!", Level.PROBLEM: "✗"}
_ORDER = (Level.OK, Level.WARNING, Level.PROBLEM)


@click.command()
@click.option(
    "--repair", is_flag=True, help="Rebuild a damaged search index, while the bot isn't running."
)
@click.option("--offline", is_flag=True, help="Don't ask Discord.")
@common.json_option
@click.pass_obj
def check(settings: Settings, *, repair: bool, offline: bool, as_json: bool) -> None:
    """Check your setup: settings, the whole database, backups, feeds, and Discord.

    Lists everything that's wrong and what to do about it, and changes nothing. The exit code is 1
    if the bot can't do its work.
    """
    if repair:
        _repair(settings, quiet=as_json)
    read = replace(read_settings(), settings=settings)
    findings = list(check_settings(read))
    with common.elapsed_time("Checking the database"):
        findings += check_file(settings)
    findings += asyncio.run(_check_content(settings, offline=offline))
    if as_json:
        click.echo(common.to_json([_to_json(finding) for finding in findings]))
    else:
        for finding in sorted(findings, key=lambda one: _ORDER.index(one.level)):
            click.echo(f"{_MARKS[finding.level]} {finding.text}")
    if has_problems(findings):
        sys.exit(1)
    if not as_json:
        click.echo("✓ The bot is ready to run.")


def _repair(settings: Settings, *, quiet: bool) -> None:
    """Rebuilds the search index if it's damaged; raises `LabError` if anything else is."""
    path = settings.database_path
    with lock_database(path):
        require_undamaged(path, settings.backup_dir)
        if not path.stat().st_size or not find_search_damage(path):
            done = ["The search index needs no repair."]
        else:
            with common.progress_bar("Rebuilding the search index", None) as on_progress:
                papers, kept = asyncio.run(repair_search(path, settings.clock(), on_progress))
            done = [
                f"Rebuilt the search index of {count(papers, 'paper')}.",
                f"The former database is kept as {kept}.",
            ]
    if not quiet:
        click.echo("\n".join(f"{_MARKS[Level.OK]} {sentence}" for sentence in done))


async def _check_content(settings: Settings, *, offline: bool) -> list[Finding]:
    """Returns findings about the database's content and, unless ``offline``, about Discord."""
    findings = await check_library(settings)
    if offline:
        findings.append(Finding(Level.WARNING, Topic.DISCORD, "Discord wasn't asked (--offline)."))
    elif settings.discord_token:
        from bot.operations.discord_check import check_discord  # noqa: PLC0415 - slow to import

        findings += await check_discord(settings, await read_setup(settings))
    return findings


def _to_json(finding: Finding) -> dict[str, str]:
    return {"level": finding.level, "topic": finding.topic, "text": finding.text}
