"""`lab-herald export`: the list, or the papers that match a query, in any format."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TextIO

import click

from bot.cli import common
from bot.formats.writers.export import ExportFormat, require_completable, write
from bot.settings import Settings
from storage.errors import LabError
from storage.library import Library
from storage.models import Paper
from storage.search.query import parse, parse_filters


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
@click.option(
    "--complete",
    is_flag=True,
    help="Write everything, to import it into another list: JSON, JSON lines, BibTeX or CSV.",
)
@common.output_option
@common.filter_options
@click.option("--json", "as_json", is_flag=True, help="Same as --format json.")
@click.pass_obj
def export(
    settings: Settings,
    query: str,
    format_name: str,
    *,
    complete: bool,
    output: TextIO,
    author: str,
    venue: str,
    year: str,
    tag: str,
    as_json: bool,
) -> None:
    """Export the whole list, or the papers that match QUERY and the options.

    The exit code is 1 if there are none.
    """
    filters = parse_filters(author, venue, year, tag)
    parsed = parse(query, filters)
    export_format = ExportFormat.JSON if as_json else ExportFormat(format_name)
    require_completable(export_format, complete=complete)

    async def run(library: Library) -> int:
        exported = 0

        async def pages() -> AsyncGenerator[Sequence[Paper]]:
            nonlocal exported
            async for papers in library.search.pages(parsed):
                exported += len(papers)
                yield papers

        async for piece in write(pages(), export_format, settings.clock(), complete=complete):
            output.write(piece)
        return exported

    if not common.run_with_library(settings, run):
        is_filtered = bool(query.strip() or filters)
        raise LabError("No papers match." if is_filtered else "The list has no papers.")
