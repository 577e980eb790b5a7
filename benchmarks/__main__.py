"""`python -m benchmarks`: measures speed and size, prints one table and writes it as JSON."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from benchmarks import bot_rows, feed_rows, operations_rows, search_rows
from benchmarks.bench import Measure, folder_option, measure_rows
from benchmarks.measuring import Budget, Row, print_table, to_json

# What `--rows` chooses from: each function measures one row or a few.
ROWS: dict[str, Measure] = {
    "search": search_rows.search,
    "autocomplete": search_rows.autocomplete,
    "random": search_rows.random_paper,
    "uniform": search_rows.uniform,
    "author": search_rows.author,
    "import": bot_rows.bulk_import,
    "memory": bot_rows.memory,
    "command": bot_rows.command,
    "reader": search_rows.reader,
    "feeds": feed_rows.feeds,
    "announce": bot_rows.announcing,
    "export": bot_rows.exports,
    "backup": bot_rows.backups,
    "claim": bot_rows.durable_claim,
    "scrape": operations_rows.scrape,
    "counting": operations_rows.counting,
    "check": operations_rows.check,
    "statistics": operations_rows.statistics,
    "privacy": operations_rows.privacy,
}
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(context_settings={"show_default": True})
@click.option("--size", type=click.IntRange(200), default=1_000_000, help="Largest catalog.")
@click.option("--rows", type=click.Choice(list(ROWS)), multiple=True, help="Measure only these.")
@click.option("--calls", type=click.IntRange(5), default=400, help="Per row.")
@click.option("--seconds", type=float, default=60.0, help="At most, per row.")
@folder_option
@click.option("--output", type=_FILE, default=Path("build/bench.json"), help="JSON of the rows.")
def main(
    size: int, rows: tuple[str, ...], calls: int, seconds: float, folder: Path, output: Path
) -> None:
    """Measure speed and size; exit with 1 if a goal is missed."""
    output.parent.mkdir(parents=True, exist_ok=True)
    measured: list[Row] = []
    for measured in measure_rows(ROWS, rows, folder, size, Budget(calls, seconds)):
        output.write_text(f"{to_json(measured)}\n", encoding="utf-8")
    print_table(f"Speed and size, {size:,} papers", measured)
    sys.exit(0 if all(row.holds for row in measured) else 1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
