"""The lab-herald command line: the catalogue from the shell, the bot, its demo and its check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from bot import __version__
from bot.cli import common, export, import_, run
from bot.cli import feeds as cli_feeds
from bot.cli import lookup as cli_lookup
from bot.cli import search as cli_search
from bot.cli import undo as cli_undo
from bot.settings import load_settings


@click.group(cls=common.Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The catalogue's file, in place of DATABASE_PATH.",
)
@click.version_option(__version__, prog_name="lab-herald")
@click.pass_context
def main(context: click.Context, database: Path | None) -> None:
    """Keep a research lab's paper list, and run the Discord bot that tells of it."""
    if context.invoked_subcommand == "demo":
        return
    settings = load_settings()
    context.obj = replace(settings, database_path=database) if database else settings


for _command in (
    *(import_.import_files, export.export, cli_undo.undo),
    *(cli_search.search, cli_search.author, cli_search.random, cli_lookup.lookup),
    cli_feeds.feeds,
    *(run.run, run.check, run.demo),
):
    main.add_command(_command)
