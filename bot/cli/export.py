"""`lab-herald export`: the list, or the papers that match a query, in any format."""

from __future__ import annotations

from typing import TextIO

import click

from bot.cli import common
from bot.formats.export import ExportFormat, write
from bot.settings import Settings
from storage.library import Library
from storage.search.query import parse
from storage.timestamps import utc_now


@click.command()
@click.argument("query", default="")
@click.option(
    "--format",
    "format_name",
    type=click.Choice([each.value for each in ExportFormat]),
    default=ExportFormat.JSON.value,
    show_default=True,
    help="The format to write.",
)
@common.output_option
@common.filter_options
@click.option("--json", "as_json", is_flag=True, help="Same as --format json.")
@click.pass_obj
def export(
    settings: Settings,
    query: str,
    format_name: str,
    output: TextIO,
    author: str,
    venue: str,
    year: str,
    tag: str,
    as_json: bool,
) -> None:
    """Export the whole list, or the papers that match QUERY and the options."""
    parsed = parse(query, common.parse_filters(author, venue, year, tag))
    export_format = ExportFormat.JSON if as_json else ExportFormat(format_name)

    async def run(library: Library) -> None:
        async for piece in write(library.search.pages(parsed), export_format, utc_now()):
            output.write(piece)

    common.run_with_library(settings, run)
