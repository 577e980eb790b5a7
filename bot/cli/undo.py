"""`lab-herald undo`: taking a recorded change back, such as an import."""

from __future__ import annotations

import click

from bot.cli import common
from bot.settings import Settings


@click.command()
@click.argument("number", type=click.IntRange(1))
@common.as_json
@click.pass_obj
def undo(settings: Settings, number: int, *, as_json: bool) -> None:
    """Take the change with this number back, all of it or nothing; an import says its number."""
    undone = common.with_library(settings, lambda library: library.undo(number, common.ACTOR))
    if as_json:
        click.echo(common.dumped({"undone": number, "change": undone.change_id}))
    else:
        click.echo(
            f"Change {number} is undone. To take that back: lab-herald undo {undone.change_id}"
        )
