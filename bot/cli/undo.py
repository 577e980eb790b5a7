"""`lab-herald undo`: undoes a change of the list, such as an import."""

from __future__ import annotations

import click

from bot.cli import common
from bot.settings import Settings


@click.command()
@click.argument("number", type=common.NUMBER)
@common.json_option
@click.pass_obj
def undo(settings: Settings, number: int, *, as_json: bool) -> None:
    """Undo a change by its number, completely or not at all. Each import prints its number."""
    undone = common.run_with_library(settings, lambda library: library.undo(number, common.ACTOR))
    if as_json:
        click.echo(common.to_json({"undone": number, "change": undone.change_id}))
    else:
        click.echo(f"Undid change {number}. To redo it, run: lab-herald undo {undone.change_id}")
