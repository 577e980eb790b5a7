from __future__ import annotations

from datetime import date

from bot.charts.chart import Bar, Chart, Series, alt_text, describe, label_interval, make_series
from bot.charts.statistics import activity_chart, paper_chart
from storage.command_uses import UsageStatistics
from storage.statistics import PaperStatistics

STATISTICS = PaperStatistics(
    papers=1234,
    years=((2019, 1), (2021, 1200)),
    venues=(("ICML", 700), ("NeurIPS", 3)),
    venue_count=2,
    without_venue=531,
    authors=(("Ann Lee", 12),),
)


def test_a_chart_says_its_figures() -> None:
    chart = paper_chart(STATISTICS, 5)
    assert chart.columns.bars[1] == Bar("2020", 0)
    assert alt_text(chart) == (
        "Papers by year: 2019 1, 2021 1,200. Venues: ICML 700, NeurIPS 3. Authors: Ann Lee 12."
    )
    assert list(describe(paper_chart(STATISTICS, 1)))[1] == "Venues: ICML 700"


def test_alternative_text_is_never_longer_than_discord_takes() -> None:
    series = make_series("Venues", [(f"{number} {'x' * 500}", 1) for number in range(100)])
    assert all(len(bar.label) <= 60 for bar in series.bars)
    assert 900 < len(alt_text(Chart(Series("Papers by year", ()), (series,)))) <= 1024


def test_columns_are_labelled_at_equal_intervals_even_if_the_last_label_was_moved() -> None:
    spans = [(number * 28.0 - 40, number * 28.0 + 40) for number in range(30)]
    assert label_interval(spans, 24) == 4
    spans[-1] = (spans[-1][0] - 12, spans[-1][1] - 12)  # to stay within the margin
    assert label_interval(spans, 24) == 5
    assert label_interval(spans[:1], 24) == 1
    assert label_interval([], 24) == 1
    assert label_interval([(0, 100), (50, 150)], 24) == 2


def test_labels_are_on_one_line_without_invisible_characters() -> None:
    (bar,) = make_series("Venues", [("A\nvenue\u202e\u0007 name", 1)]).bars
    assert bar.label == "A venue name"


def test_days_without_commands_are_columns_unless_there_are_none() -> None:
    days = ((date(2026, 11, 22), 0), (date(2026, 11, 23), 2))
    chart = activity_chart(UsageStatistics(days, (("/search", 2),)), (), 5)
    assert chart.columns.bars == (Bar("22 Nov", 0), Bar("23 Nov", 2))
    nothing = UsageStatistics(((date(2026, 11, 23), 0),), ())
    assert activity_chart(nothing, (), 5).series == ()
