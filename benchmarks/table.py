"""Rows of measured values with their goals: as a table for people, and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

_WIDTH = 110  # columns at least, also where the output is no terminal


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound that a value is to keep to."""

    bound: float
    at_least: bool = False

    def __str__(self) -> str:
        return f"{'≥' if self.at_least else '≤'} {self.bound:g}"

    def met_by(self, value: float) -> bool:
        """Whether the value keeps to the bound; what could not be measured does not."""
        return not math.isnan(value) and (
            value >= self.bound if self.at_least else value <= self.bound
        )


@dataclass(frozen=True, slots=True)
class Row:
    """One measured value, perhaps with a goal; ``detail`` says of what it was made."""

    name: str
    value: float
    goal: Goal | None = None
    detail: str = ""

    @property
    def holds(self) -> bool:
        """Whether the goal is met; a value without one is only told."""
        return self.goal is None or self.goal.met_by(self.value)

    def as_json(self) -> dict[str, object]:
        """The row as JSON has it."""
        return {
            "name": self.name,
            "value": None if math.isnan(self.value) else round(self.value, 6),
            "goal": str(self.goal) if self.goal else "",
            "holds": self.holds,
            "detail": self.detail,
        }


def show(title: str, rows: Sequence[Row]) -> None:
    """Print the rows for people."""
    table = Table(title=title, title_justify="left")
    table.add_column("what", overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("goal", justify="right", no_wrap=True)
    table.add_column("holds", no_wrap=True)
    table.add_column("detail", overflow="fold")
    for row in rows:
        goal, holds = (str(row.goal), "yes" if row.holds else "no") if row.goal else ("", "")
        table.add_row(row.name, f"{row.value:.3g}", goal, holds, row.detail)
    console = Console()
    console.print(table, width=max(console.width, _WIDTH))


def write(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows as JSON, making the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps([row.as_json() for row in rows], indent=2, ensure_ascii=False)
    path.write_text(f"{text}\n", encoding="utf-8")
