"""The lab-herald command line: the paper list in the shell, the bot itself, and its demo."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import click

from bot import __version__
from bot.cli import common, export, feeds, import_, lookup, run, search
from bot.logging_filters import hide_secrets
from bot.settings import load_settings


@click.group(cls=common.Group, context_settings={"help_option_names": ["-h", "--help"]})
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
    settings = load_settings()
    hide_secrets(logging.lastResort, [settings.discord_token])
    context.obj = replace(settings, database_path=database) if database else settings


for _command in (
    import_.import_files,
    import_.undo,
    export.export,
    search.search,
    search.author,
    search.random,
    lookup.lookup,
    feeds.feeds,
    run.run,
    run.check,
    run.demo,
):
    main.add_command(_command)
