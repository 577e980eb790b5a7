"""A chart as a record: columns over time, and lists of bars; and what it says as text. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

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
    """Bars under a title. Those of one chart that are compared have the same unit."""

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
    """A chart as PNG, and the labels that no font could write, which it shows as numbers from 1."""

    png: bytes
    unwritable: tuple[str, ...]


def make_series(title: str, items: Sequence[tuple[str, int]]) -> Series:
    """Returns a series of labels with their values; a label is on one line, and not too long."""
    return Series(title, tuple(Bar(clip(label, _MAX_LABEL), value) for label, value in items))


def alt_text(chart: Chart) -> str:
    """Returns what a chart says, for people who don't see it."""
    return clip(" ".join(f"{line}." for line in describe(chart)), _MAX_ALT_TEXT)


def describe(chart: Chart) -> Iterator[str]:
    """Yields a line for each series: “Venues: ICML 5, NeurIPS 3”, without what is zero."""
    for series in chart.series:
        bars = [f"{bar.label} {bar.value:,}" for bar in series.bars if bar.value]
        if bars:
            yield f"{series.title}: {', '.join(bars)}"
