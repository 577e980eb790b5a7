"""The lab-herald command line: the paper list in the shell, the bot itself, and its demo."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import click

from bot import __version__
from bot.cli import common
from bot.logging_filters import hide_secrets
from bot.settings_reader import load_settings, read_settings

# Where each command is defined, as the module in this package and the function.
_COMMANDS = {
    "author": "search.author",
    "backup": "backup.backup",
    "check": "check.check",
    "complete": "complete.complete",
    "demo": "run.demo",
    "export": "export.export",
    "feeds": "feeds.feeds",
    "health": "health.health",
    "import": "import_.import_files",
    "lookup": "lookup.lookup",
    "people": "people_group.people",
    "privacy": "privacy.privacy",
    "queue": "queue.queue",
    "random": "search.random",
    "restore": "backup.restore",
    "run": "run.run",
    "search": "search.search",
    "stats": "stats.stats",
    "undo": "undo.undo",
}


@click.group(
    cls=common.LazyGroup,
    modules=_COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The database file. Overrides DATABASE_PATH.",
)
@click.version_option(__version__, prog_name="lab-herald")
@click.pass_context
def main(context: click.Context, database: Path | None) -> None:
    """Manage a research lab's paper list, and run the Discord bot that announces new papers."""
    if context.invoked_subcommand == "demo":
        return
    lists_problems = context.invoked_subcommand == "check"
    settings = read_settings().settings if lists_problems else load_settings()
    hide_secrets(logging.lastResort, settings.secrets)
    context.obj = replace(settings, database_path=database) if database else settings
