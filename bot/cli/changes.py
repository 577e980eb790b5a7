"""`lab-herald undo`: taking a recorded change back, such as an import."""

from __future__ import annotations

import click

from bot.cli import shell
from bot.settings import Settings


@click.command()
@click.argument("number", type=click.IntRange(1))
@shell.as_json
@click.pass_obj
def undo(settings: Settings, number: int, *, as_json: bool) -> None:
    """Take the change with this number back, all of it or nothing; an import says its number."""
    undone = shell.with_library(settings, lambda library: library.undo(number, shell.ACTOR))
    if as_json:
        click.echo(shell.dumped({"undone": number, "change": undone.change_id}))
    else:
        click.echo(
            f"Change {number} is undone. To take that back: lab-herald undo {undone.change_id}"
        )
