"""`lab-herald stats`: papers by year, venue and author, feeds, and the use of commands."""

from __future__ import annotations

import click

from bot.cli import common, stats_render
from bot.settings import Settings
from storage.command_uses import UsageStatistics
from storage.errors import LabError
from storage.feeds.models import CountedFeed
from storage.library import Library
from storage.search.query import parse, parse_filters
from storage.statistics import PaperStatistics


@click.command()
@click.argument("words", nargs=-1, metavar="[QUERY…]")
@common.filter_options
@common.json_option
@click.pass_obj
def stats(
    settings: Settings,
    words: tuple[str, ...],
    author: str,
    venue: str,
    year: str,
    tag: str,
    *,
    as_json: bool,
) -> None:
    """Show how many papers each year, venue and author has: all papers, or those of a query.

    Without a query, also show the papers from each feed, and how often commands were used in the
    last 30 days. That is counted by day and command, not by person.
    """
    query = " ".join(words)
    filters = parse_filters(author, venue, year, tag)
    parsed = parse(query, filters)
    is_whole = not query and not filters

    async def count(
        library: Library,
    ) -> tuple[PaperStatistics, tuple[CountedFeed, ...], UsageStatistics | None]:
        counted = await library.statistics.count(parsed)
        if not is_whole:
            return counted, (), None
        return counted, await library.feeds.with_counts(), await library.command_uses.load()

    counted, feeds, usage = common.run_with_library(settings, count)
    if as_json:
        answer = stats_render.statistics_json(query, filters, counted, feeds, usage)
        click.echo(common.to_json(answer))
    elif counted.papers or (usage and usage.total):
        common.print_text(stats_render.statistics_text(counted, feeds, usage))
    if not counted.papers:
        raise LabError("The list has no papers yet." if is_whole else "No papers match.")
