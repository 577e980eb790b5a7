"""What the shell prints about statistics: bars on a terminal, else aligned columns, or JSON."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from bot.charts.chart import Series
from bot.charts.statistics import activity_chart, paper_chart, paper_facts
from bot.markdown import count
from storage.command_uses import UsageStatistics
from storage.feeds.models import CountedFeed
from storage.models import Filters
from storage.statistics import PaperStatistics

_MAX_BARS = 10
_MIN_LABEL, _MAX_LABEL = 12, 44  # cells
_MIN_BAR, _MAX_BAR = 10, 50  # cells; on a narrow terminal, labels are shorter
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def statistics_text(
    statistics: PaperStatistics, feeds: Sequence[CountedFeed], usage: UsageStatistics | None
) -> Text:
    """Returns a heading, and a block for each series; feeds are left out without ``usage``."""
    series = list(paper_chart(statistics, _MAX_BARS).series)
    facts = [count(statistics.papers, "paper"), *paper_facts(statistics)]
    blocks = [Text(" · ".join(facts), style="bold")]
    if usage is not None:
        activity = activity_chart(usage, feeds, _MAX_BARS)
        used = tuple(bar for bar in activity.columns.bars if bar.value)  # on few of the days
        series += [*reversed(activity.lists), replace(activity.columns, bars=used)]
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0
    blocks += [Text("\n").join(_lines(one, width)) for one in series if one.bars]
    return Text("\n\n").join(blocks)


def _lines(series: Series, width: int) -> Iterator[Text]:
    """Yields the title of a series, and a line for each bar; without bars if the width is 0."""
    yield Text(series.title, style="bold")
    values = [f"{bar.value:,}" for bar in series.bars]
    value_width = max(map(len, values))
    labels = [bar.label for bar in series.bars]
    if width:
        limit = max(min(width - value_width - _MIN_BAR - 4, _MAX_LABEL), _MIN_LABEL)
        labels = [_fit(label, limit) for label in labels]
    label_width = max(map(cell_len, labels))
    room = max(min(width - label_width - value_width - 4, _MAX_BAR), 0)
    most = max(bar.value for bar in series.bars) or 1
    for bar, label, value in zip(series.bars, labels, values, strict=True):
        line = Text(f"{set_cell_size(label, label_width)}  {value.rjust(value_width)}")
        if room:
            line.append("  ").append(_bar(bar.value, most, room), style="blue")
        line.rstrip()
        yield line


def _fit(label: str, limit: int) -> str:
    """Returns a label cut to a number of terminal cells."""
    if cell_len(label) <= limit:
        return label
    return f"{set_cell_size(label, limit - 1).rstrip()}…"


def _bar(value: int, most: int, room: int) -> str:
    """Returns a bar of blocks; any value above zero is visible."""
    eighths = max(round(value / most * room * 8), 1 if value else 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def statistics_json(
    query: str,
    filters: Filters,
    statistics: PaperStatistics,
    feeds: Sequence[CountedFeed],
    usage: UsageStatistics | None,
) -> dict[str, object]:
    """Returns statistics as JSON; those about feeds and commands are None without ``usage``."""
    return {
        "query": query,
        "filters": asdict(filters),
        "papers": statistics.papers,
        "undated": statistics.undated,
        "years": _objects(statistics.years, "year"),
        "venue_count": statistics.venue_count,
        "without_venue": statistics.without_venue,
        "venues": _objects(statistics.venues, "name"),
        "authors": _objects(statistics.authors, "name"),
        "feeds": None
        if usage is None
        else [{"id": one.id, "title": one.title, "papers": one.papers} for one in feeds],
        "commands": None
        if usage is None
        else {
            "days": [{"day": day.isoformat(), "uses": uses} for day, uses in usage.days],
            "uses": [{"name": name, "uses": uses} for name, uses in usage.commands],
        },
    }


def _objects(items: Iterable[tuple[object, int]], key: str) -> list[dict[str, object]]:
    return [{key: value, "papers": papers} for value, papers in items]
