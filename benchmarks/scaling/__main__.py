"""`python -m benchmarks.scaling`: measures what one process can handle on this machine."""

from __future__ import annotations

from pathlib import Path

import click

from benchmarks.bench import Measure, folder_option, measure_rows
from benchmarks.measuring import Budget, print_table, to_json
from benchmarks.scaling import rows

ROWS: dict[str, Measure] = {
    "commands": rows.commands,
    "feeds": rows.feeds,
    "channels": rows.channels,
    "servers": rows.servers,
}
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(context_settings={"show_default": True})
@click.option("--size", type=click.IntRange(200), default=100_000, help="Papers in the list.")
@click.option("--rows", "names", type=click.Choice(list(ROWS)), multiple=True, help="Only these.")
@click.option("--calls", type=click.IntRange(5), default=400, help="Of each command.")
@folder_option
@click.option("--output", type=_FILE, help="Write JSON of the rows to this file, too.")
def main(size: int, names: tuple[str, ...], calls: int, folder: Path, output: Path | None) -> None:
    """Measure what one process can handle. Figures have no goals: they depend on the machine."""
    *_, measured = measure_rows(ROWS, names, folder, size, Budget(calls))
    if output:
        output.write_text(f"{to_json(measured)}\n", encoding="utf-8")
    print_table(f"What one process can handle, {size:,} papers", measured)


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.scaling")
