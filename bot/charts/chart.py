"""A chart as a record, with columns over time and lists of bars, and as text; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from bot.markdown import clip

_MAX_ALT_TEXT = 1024  # characters that Discord takes
_MAX_LABEL = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """A number with its label."""

    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Series:
    """Bars under a title, which are drawn to one scale."""

    title: str
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Columns from left to right, and at most two lists of bars below them; any may be empty."""

    columns: Series
    lists: tuple[Series, ...] = ()

    @property
    def series(self) -> tuple[Series, ...]:
        """All series that have bars."""
        return tuple(one for one in (self.columns, *self.lists) if one.bars)


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart as PNG. Labels that no installed font can show are numbers in it, from 1."""

    png: bytes
    unwritable: tuple[str, ...]


def make_series(title: str, items: Sequence[tuple[str, int]]) -> Series:
    """Returns a series of labels with their values; labels are cut to one short line."""
    return Series(title, tuple(Bar(clip(label, _MAX_LABEL), value) for label, value in items))


def label_interval(spans: Sequence[tuple[float, float]], gap: float) -> int:
    """Returns the least number n for which each nth label, counted from the last, has room.

    ``spans`` are where labels from left to right start and end, ``gap`` the space between two.
    """
    for interval in range(1, len(spans)):
        shown = spans[::-interval]
        if all(left[1] + gap <= right[0] for right, left in pairwise(shown)):
            return interval
    return max(len(spans), 1)


def alt_text(chart: Chart) -> str:
    """Returns the alternative text of a chart, within Discord's limit."""
    return clip(" ".join(f"{line}." for line in describe(chart)), _MAX_ALT_TEXT)


def describe(chart: Chart) -> Iterator[str]:
    """Yields a line for each series, without zeros: “Venues: ICML 5, NeurIPS 3”."""
    for series in chart.series:
        bars = [f"{bar.label} {bar.value:,}" for bar in series.bars if bar.value]
        if bars:
            yield f"{series.title}: {', '.join(bars)}"
