"""The lab-herald command line: the catalogue from the shell, the bot, its demo and its check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from bot.cli import changes, exports, feeds, imports, looking, lookups, service, shell
from bot.settings import load_settings


@click.group(cls=shell.Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The catalogue's file, in place of DATABASE_PATH.",
)
@click.version_option(package_name="lab-herald", prog_name="lab-herald")
@click.pass_context
def main(context: click.Context, database: Path | None) -> None:
    """Keep a research lab's paper list, and run the Discord bot that tells of it."""
    if context.invoked_subcommand == "demo":
        return
    settings = load_settings()
    context.obj = replace(settings, database_path=database) if database else settings


for _command in (
    *(imports.import_files, exports.export, changes.undo),
    *(lookups.search, lookups.author, lookups.random, looking.lookup),
    feeds.feeds,
    *(service.run, service.check, service.demo),
):
    main.add_command(_command)
