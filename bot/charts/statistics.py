"""The charts of `/stats`: of papers, and of the use of commands and feeds; pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bot.charts.chart import Chart, make_series
from bot.charts.years import group_years
from bot.markdown import count
from storage.command_uses import UsageStatistics
from storage.feeds.models import CountedFeed
from storage.statistics import PaperStatistics

_MAX_COLUMNS = 24


def paper_chart(statistics: PaperStatistics, limit: int) -> Chart:
    """Returns the chart of papers by year, with at most ``limit`` venues and authors."""
    years = [(group.label, group.papers) for group in group_years(statistics.years, _MAX_COLUMNS)]
    return Chart(
        make_series("Papers by year", years),
        (
            make_series("Venues", statistics.venues[:limit]),
            make_series("Authors", statistics.authors[:limit]),
        ),
    )


def paper_facts(statistics: PaperStatistics) -> list[str]:
    """Returns how many venues there are, and how many papers have no date or no venue."""
    facts = [count(statistics.venue_count, "venue")] if statistics.venue_count else []
    missing = ((statistics.undated, "date"), (statistics.without_venue, "venue"))
    return facts + [f"{number:,} without a {what}" for number, what in missing if number]


def activity_chart(usage: UsageStatistics, feeds: Iterable[CountedFeed], limit: int) -> Chart:
    """Returns the chart of commands by day, with at most ``limit`` commands, and as many feeds."""
    days = [(f"{day.day} {day:%b}", uses) for day, uses in usage.days] if usage.total else []
    return Chart(
        make_series("Commands by day", days),
        (
            make_series("Commands", usage.commands[:limit]),
            make_series("Papers from feeds", _papers_by_feed(feeds)[:limit]),
        ),
    )


def _papers_by_feed(feeds: Iterable[CountedFeed]) -> Sequence[tuple[str, int]]:
    """Returns titles of feeds with how many papers they brought, most first, without zeros."""
    counted = [(feed.title, feed.papers) for feed in feeds if feed.papers]
    return sorted(counted, key=lambda item: (-item[1], item[0].casefold()))
