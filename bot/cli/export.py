"""`lab-herald export`: the list, or a part of it, as a file of any format."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TextIO

import click

from bot.cli import common
from bot.formats.export import ExportFormat, write
from bot.settings import Settings
from storage.library import Library
from storage.search.query import parse


@click.command()
@click.argument("query", default="")
@click.option(
    "--format",
    "form",
    type=click.Choice([form.value for form in ExportFormat]),
    default=ExportFormat.JSON.value,
    show_default=True,
)
@click.option("-o", "--output", type=click.File("w", encoding="utf-8", atomic=True), default="-")
@common.filtered
@click.option("--json", "_as_json", is_flag=True, help="The same as --format json.")
@click.pass_obj
def export(
    settings: Settings,
    query: str,
    form: str,
    output: TextIO,
    author: str,
    venue: str,
    year: str,
    tag: str,
    _as_json: bool,
) -> None:
    """Write out the whole list, or what a query and the filters find."""
    asked = parse(query, common.filters(author, venue, year, tag))
    chosen = ExportFormat.JSON if _as_json else ExportFormat(form)

    async def run(library: Library) -> None:
        async for piece in write(library.search.pages(asked), chosen, datetime.now(UTC)):
            output.write(piece)

    common.with_library(settings, run)
