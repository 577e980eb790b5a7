"""Measured values with their goals, as a table and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

_MIN_WIDTH = 110  # columns, also if the output isn't a terminal


@dataclass(frozen=True, slots=True)
class Row:
    """A measured value, with an upper or a lower bound as its goal, if it has one."""

    name: str
    value: float
    at_most: float | None = None
    at_least: float | None = None
    detail: str = ""

    @property
    def goal(self) -> str:
        """The goal as people read it; empty if there is none."""
        if self.at_most is not None:
            return f"≤ {self.at_most:g}"
        return "" if self.at_least is None else f"≥ {self.at_least:g}"

    @property
    def holds(self) -> bool:
        """Whether the value meets its goal. NaN (not measured) never meets one."""
        if self.at_most is not None:
            return self.value <= self.at_most
        return self.at_least is None or self.value >= self.at_least


def to_json(rows: Sequence[Row]) -> str:
    """Returns the rows as a JSON array."""
    values = [
        {
            "name": row.name,
            "value": None if math.isnan(row.value) else round(row.value, 6),
            "goal": row.goal,
            "holds": row.holds,
            "detail": row.detail,
        }
        for row in rows
    ]
    return json.dumps(values, indent=2, ensure_ascii=False)


def print_table(title: str, rows: Sequence[Row]) -> None:
    """Prints the rows for people."""
    table = Table(title=title, title_justify="left")
    for header in ("what", "value", "goal", "holds", "detail"):
        is_text = header in {"what", "detail"}
        table.add_column(header, overflow="fold", no_wrap=not is_text)
    for row in rows:
        holds = ("yes" if row.holds else "no") if row.goal else ""
        table.add_row(row.name, f"{row.value:.3g}", row.goal, holds, row.detail)
    console = Console()
    console.print(table, width=max(console.width, _MIN_WIDTH))
