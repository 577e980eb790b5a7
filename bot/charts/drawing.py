"""Draws charts as PNG. Only this module imports matplotlib, and only in worker processes."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Sequence
from functools import cached_property

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Bbox, TransformedBbox

from bot.charts.chart import Bar, Chart, Picture, Series, label_interval

# Units of 4/3 pixels. Discord shows a picture 550 pixels wide on a computer, and 300 on a phone,
# where text of 27 units has 9 pixels.
_WIDTH = 900
_MARGIN = 36
_GUTTER = 48  # between two lists
_SCALE = 4 / 3
_UNITS_PER_INCH = 100
_HEADING_SIZE, _TEXT_SIZE = 25, 27
_COLUMNS_HEIGHT = 196
_ROW_HEIGHT = 54
_BAR_HEIGHT = 8
_MIN_BAR = 4  # of values above zero
_HEADING_HEIGHT = 46
_LABELS_HEIGHT = 44  # below the columns
_GAP = 34  # between the columns and the lists
_MIN_SPACE = 12  # between two texts in a line
_LABEL_SPACE = 24  # between labels of columns

# A card of its own colours looks the same in Discord's dark and light themes. All text has a
# contrast of more than 7 to 1, and bars of more than 4 to 1.
_CARD, _BORDER = "#1f2127", "#3a3d46"
_TEXT, _FAINT, _ACCENT, _TRACK = "#f2f3f5", "#b9bec7", "#7d8cff", "#33363f"

# Fonts for other scripts, used if they are installed; matplotlib brings DejaVu.
_FAMILIES = (
    "DejaVu Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Noto Sans JP",
    "Noto Sans KR",
    "Source Han Sans SC",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Tamil",
    "Noto Sans Thai",
)
_SYMBOLS = {"So", "Sk", "Mn", "Cf"}  # categories of what can be left out: emoji and their variants


def draw(chart: Chart) -> Picture:
    """Draws a chart with at least one bar; the same chart always gives the same bytes.

    Labels aren't read as formulas, and are shortened to what fits.
    """
    mpl.rcdefaults()
    mpl.rcParams["path.simplify"] = False
    return _Drawing(chart).finish()


class _Fonts:
    """The installed fonts, and which characters they have."""

    def __init__(self) -> None:
        installed = {font.name for font in font_manager.fontManager.ttflist}
        self.families = [name for name in _FAMILIES if name in installed]

    @cached_property
    def _characters(self) -> set[int]:
        paths = [font_manager.findfont(family) for family in self.families]
        return {code for path in paths for code in FT2Font(path).get_charmap()}

    def write(self, label: str) -> str:
        """Returns a label without symbols that no font has, or "" if it needs other characters."""
        missing = {char for char in label if ord(char) not in self._characters}
        if any(unicodedata.category(char) not in _SYMBOLS for char in missing):
            return ""
        return " ".join("".join(char for char in label if char not in missing).split())


class _Drawing:
    """One picture. Its coordinates are units from the top left corner."""

    def __init__(self, chart: Chart) -> None:
        self._chart = chart
        self._fonts = _Fonts()
        self._unwritable: list[str] = []
        self._lists = [series for series in chart.lists if series.bars]
        rows = max((len(series.bars) for series in self._lists), default=0)
        parts = [_HEADING_HEIGHT + _COLUMNS_HEIGHT + _LABELS_HEIGHT] if chart.columns.bars else []
        parts += [_HEADING_HEIGHT + rows * _ROW_HEIGHT - 12] if rows else []
        self._height = 2 * _MARGIN + sum(parts) + _GAP * (len(parts) - 1)
        self._figure = Figure(
            figsize=(_WIDTH / _UNITS_PER_INCH, self._height / _UNITS_PER_INCH),
            dpi=_UNITS_PER_INCH * _SCALE,
            facecolor="none",
        )
        self._canvas = FigureCanvasAgg(self._figure)
        self._axes = self._figure.add_axes((0, 0, 1, 1), xlim=(0, _WIDTH), ylim=(self._height, 0))
        self._axes.axis("off")

    def finish(self) -> Picture:
        """Draws everything."""
        card = FancyBboxPatch(
            (2, 2),
            _WIDTH - 4,
            self._height - 4,
            boxstyle="round,pad=0,rounding_size=26",
            facecolor=_CARD,
            edgecolor=_BORDER,
            linewidth=1.5,
        )
        self._axes.add_patch(card)
        top = _MARGIN
        if self._chart.columns.bars:
            self._draw_columns(self._chart.columns, top)
            top += _HEADING_HEIGHT + _COLUMNS_HEIGHT + _LABELS_HEIGHT + _GAP
        width = (_WIDTH - 2 * _MARGIN - _GUTTER * (len(self._lists) - 1)) / max(len(self._lists), 1)
        for number, series in enumerate(self._lists):
            self._draw_list(series, _MARGIN + number * (width + _GUTTER), top, width)
        file = io.BytesIO()
        self._canvas.print_png(file, metadata={"Software": None})
        return Picture(file.getvalue(), tuple(self._unwritable))

    def _draw_columns(self, series: Series, top: float) -> None:
        self._heading(series.title, _MARGIN, top)
        base = top + _HEADING_HEIGHT + _COLUMNS_HEIGHT
        most = max(bar.value for bar in series.bars) or 1
        step = (_WIDTH - 2 * _MARGIN) / len(series.bars)
        width = min(step * 0.72, 96)
        room = _COLUMNS_HEIGHT - 36  # for values
        self._box(_MARGIN, base, _WIDTH - 2 * _MARGIN, 2, _TRACK)
        self._label_columns(series.bars, step, base + 36)
        values = [f"{bar.value:,}" for bar in series.bars]
        has_room = max(map(self._measure, values)) + _MIN_SPACE <= step
        highest = max(range(len(values)), key=lambda number: series.bars[number].value)
        for number, (bar, value) in enumerate(zip(series.bars, values, strict=True)):
            middle = _MARGIN + step * (number + 0.5)
            height = max(bar.value / most * room, _MIN_BAR) if bar.value else 0
            self._box(middle - width / 2, base - height, width, height, _ACCENT)
            if bar.value and (has_room or number == highest):
                x = _inside(middle, self._measure(value))
                self._text(value, x, base - height - 8, align="center")

    def _label_columns(self, bars: Sequence[Bar], step: float, baseline: float) -> None:
        """Writes labels below each column, or each nth one, so that they don't overlap."""
        widths = [self._measure(bar.label) for bar in bars]
        middles = [
            _inside(_MARGIN + step * (number + 0.5), width) for number, width in enumerate(widths)
        ]
        spans = [(x - width / 2, x + width / 2) for x, width in zip(middles, widths, strict=True)]
        for number in range(len(bars) - 1, -1, -label_interval(spans, _LABEL_SPACE)):
            label = bars[number].label
            self._text(label, middles[number], baseline, align="center", colour=_FAINT)

    def _draw_list(self, series: Series, left: float, top: float, width: float) -> None:
        self._heading(series.title, left, top)
        most = max(bar.value for bar in series.bars) or 1
        for number, bar in enumerate(series.bars):
            line = top + _HEADING_HEIGHT + number * _ROW_HEIGHT + 24
            value = self._text(f"{bar.value:,}", left + width, line, align="right")
            label = self._text(self._writable(bar.label), left, line)
            self._shorten(label, width - self._measure(value.get_text()) - 24)
            # Piles of combining marks on a letter mustn't reach other rows.
            row = Bbox.from_extents(left, line - 34, left + width, line + 12)
            label.set_clip_box(TransformedBbox(row, self._axes.transData))
            label.set_clip_on(True)
            self._box(left, line + 12, width, _BAR_HEIGHT, _TRACK)
            length = max(width * bar.value / most, _MIN_BAR) if bar.value else 0
            self._box(left, line + 12, length, _BAR_HEIGHT, _ACCENT)

    def _writable(self, label: str) -> str:
        """Returns what stands for a label: itself, or a number if no font can write it."""
        if written := self._fonts.write(label):
            return written
        self._unwritable.append(label)
        return f"({len(self._unwritable)})"

    def _heading(self, title: str, left: float, top: float) -> None:
        text = self._text(title, left, top + 25, colour=_FAINT)
        text.set_fontsize(_HEADING_SIZE * 72 / _UNITS_PER_INCH)
        text.set_fontweight("bold")

    def _text(
        self, text: str, x: float, baseline: float, *, align: str = "left", colour: str = _TEXT
    ) -> Text:
        return self._axes.text(
            x,
            baseline,
            text,
            color=colour,
            fontsize=_TEXT_SIZE * 72 / _UNITS_PER_INCH,
            fontfamily=self._fonts.families,
            horizontalalignment=align,
            verticalalignment="baseline",
            parse_math=False,
        )

    def _box(self, left: float, top: float, width: float, height: float, colour: str) -> None:
        self._axes.add_patch(Rectangle((left, top), width, height, facecolor=colour, linewidth=0))

    def _measure(self, text: str) -> float:
        drawn = self._text(text, 0, 0)
        width = drawn.get_window_extent(self._canvas.get_renderer()).width
        drawn.remove()
        return width / _SCALE

    def _shorten(self, text: Text, room: float) -> None:
        """Cuts a text so that it fits, and ends it in an ellipsis."""
        whole = text.get_text()
        if self._measure(whole) <= room:
            return
        fits, too_long = 0, len(whole)
        while too_long - fits > 1:
            middle = (fits + too_long) // 2
            if self._measure(f"{whole[:middle].rstrip()}…") <= room:
                fits = middle
            else:
                too_long = middle
        text.set_text(f"{whole[:fits].rstrip(' ,;:')}…")


def _inside(middle: float, width: float) -> float:
    """Returns the middle of a text, moved as far as necessary to keep it within the margins."""
    return min(max(middle, _MARGIN + width / 2), _WIDTH - _MARGIN - width / 2)
