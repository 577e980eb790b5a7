"""`python -m benchmarks`: every claim of speed and size in one table, and as JSON."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from time import perf_counter

import click
from platformdirs import user_cache_path

from benchmarks import table
from benchmarks.bench import Bench
from benchmarks.command_rows import command
from benchmarks.courier_rows import courier
from benchmarks.fairness_rows import fairness
from benchmarks.feed_rows import feeds
from benchmarks.growth_rows import author, autocomplete, draw
from benchmarks.import_rows import bulk_import
from benchmarks.memory_rows import memory
from benchmarks.reader_rows import reader
from benchmarks.search_rows import search
from benchmarks.table import Row
from benchmarks.timing import Budget

ROWS: dict[str, Callable[[Bench], Coroutine[None, None, list[Row]]]] = {
    "search": search,
    "autocomplete": autocomplete,
    "random": draw,
    "uniform": fairness,
    "author": author,
    "import": bulk_import,
    "memory": memory,
    "command": command,
    "reader": reader,
    "feeds": feeds,
    "courier": courier,
}


@click.command()
@click.option(
    "--size",
    type=click.IntRange(200),
    default=1_000_000,
    show_default=True,
    help="Papers of the largest catalogue; the others have a tenth and a hundredth.",
)
@click.option("--rows", type=click.Choice(list(ROWS)), multiple=True, help="Measure only these.")
@click.option("--calls", type=click.IntRange(5), default=400, show_default=True, help="Per row.")
@click.option("--seconds", type=float, default=60.0, show_default=True, help="At most, per row.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="LAB_HERALD_BENCH",
    default=user_cache_path("lab-herald-bench"),
    help="Where built catalogues are kept; LAB_HERALD_BENCH says it too.",
)
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("build/bench.json"),
    show_default=True,
    help="Where the rows are written as JSON.",
)
def main(
    size: int, rows: tuple[str, ...], calls: int, seconds: float, folder: Path, output: Path
) -> None:
    """Measure what is claimed of speed and size; exit with 1 where a goal is missed."""
    bench = Bench(folder, size, Budget(calls, seconds))
    measured: list[Row] = []
    for name in rows or ROWS:
        start = perf_counter()
        measured += asyncio.run(ROWS[name](bench))
        click.echo(f"{name}: measured in {perf_counter() - start:.0f} s", err=True)
        table.write(output, measured)
    table.show(f"Speed and size, {size:,} papers", measured)
    sys.exit(0 if all(row.holds for row in measured) else 1)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
