"""`python -m benchmarks.radar`: replays a year and checks its goals."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import click

from benchmarks.measuring import Row, print_table, to_json
from benchmarks.radar.replay import Replay, Tally
from benchmarks.radar.services import Services
from benchmarks.radar.world import World, generate, read_world, write_world
from bot.settings import Settings
from bot.sources.radar import open_radar
from bot.sources.registry import make_sources
from storage.library import open_library
from storage.review.found_cards import Card

_SPEEDUP = 300.0  # of the pauses between requests; those of arXiv are 10 ms then
_TOLERANCE = 0.9  # of a pause, since arrivals are measured at the server
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(context_settings={"show_default": True})
@click.argument(
    "world", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False
)
@click.option("--people", type=click.IntRange(5), default=100, help="Of an invented world.")
@click.option("--works", type=click.IntRange(10), default=5_000, help="Of an invented world.")
@click.option("--seed", default=16, help="Of an invented world.")
@click.option("--days", type=click.IntRange(1), help="Replay only so many days.")
@click.option("--minutes", type=float, default=15.0, help="Stop after so long; that is a failure.")
@click.option("--write", type=_FILE, help="Write the invented world to this file, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def main(
    world: Path | None,
    people: int,
    works: int,
    seed: int,
    days: int | None,
    minutes: float,
    write: Path | None,
    *,
    as_json: bool,
) -> None:
    """Replay the year of WORLD, a JSON file, or of an invented world; exit with 1 at a missed goal.

    benchmarks/README.md describes the file's format.
    """
    chosen = read_world(world) if world else generate(people, works, seed)
    if write:
        write_world(chosen, write)
        return
    days = min(days or chosen.days, chosen.days)
    tally, services, ran = asyncio.run(_run(chosen, days, minutes * 60))
    rows = [
        Row("days", ran, at_least=days, detail=f"of {chosen.days} in the world"),
        *_rows(tally, services),
        Row(
            "processor seconds per day",
            _processor_seconds() / ran,
            at_most=1,
            detail="with the services' own",
        ),
    ]
    if as_json:
        click.echo(to_json(rows))
    else:
        print_table(f"{len(chosen.people)} people, {len(chosen.works):,} works", rows)
    if ran < days:
        click.echo(
            f"Stopped after {minutes:g} minutes: all values are of the first {ran} days.", err=True
        )
    for line in (*tally.false_announced, *tally.wrong[:20], *tally.missed[:20]):
        click.echo(line, err=True)
    sys.exit(0 if all(row.holds for row in rows) else 1)


async def _run(world: World, days: int, seconds: float) -> tuple[Tally, Services, int]:
    """Replays a world; returns what it came to, and the number of days that were replayed."""
    start = date.fromisoformat(world.start)
    today = start

    def clock() -> datetime:
        return datetime.combine(today, time(8), UTC)

    services = Services(world, lambda: today)
    deadline = perf_counter() + seconds
    with TemporaryDirectory(prefix="lab-herald-radar-") as folder:
        async with services.serving() as urls:
            values: dict[str, Any] = {**urls, "lab_affiliations": world.affiliations}
            settings = Settings(lab_herald_speedup=_SPEEDUP, **values)
            async with (
                open_library(Path(folder) / "radar.db", clock) as library,
                open_radar(library, settings, clock) as radar,
            ):

                async def poll() -> tuple[Card, ...]:
                    result = await radar.poll()
                    for one in result.sources:
                        if one.error:
                            click.echo(f"{today}: {one.title}: {one.error}", err=True)
                    return result.announced

                replay = Replay(world, library, poll)
                await replay.register()
                ran = 0
                while ran < days and perf_counter() < deadline:
                    await replay.day(today)
                    today += timedelta(days=1)
                    ran += 1
                return await replay.finish(until=today), services, ran


def _processor_seconds() -> float:
    """Returns the processor time of this process and of those that have ended."""
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def _rows(tally: Tally, services: Services) -> list[Row]:
    busiest = max(services.requests.values(), default=0)
    pauses = {one.name: one.limits for one in make_sources(Settings())}
    broken = sum(
        gap < _TOLERANCE * pauses[_limited(service)].service.pause.total_seconds() / _SPEEDUP
        for service, gaps in services.gaps.items()
        for gap in gaps
    )
    weekly = f"{tally.weekly[True]} true and {tally.weekly[False]} false works in weekly lists"
    recall = Row(
        "recall", tally.recall, at_least=0.95, detail=f"of {tally.true_works:,} true works"
    )
    return [
        *([recall] if tally.true_works else []),
        Row("precision", tally.precision, at_least=0.90, detail=f"of {tally.cards:,} cards"),
        Row(
            "false announcements",
            len(tally.false_announced),
            at_most=0,
            detail=f"of {tally.announced:,} without asking",
        ),
        Row("clicks per true work", tally.clicks_per_work, at_most=1.2, detail=weekly),
        Row("requests on the busiest day", busiest, at_most=40),
        Row("broken paces", broken, at_most=0),
    ]


def _limited(service: str) -> str:
    return "arxiv_listing" if service == "arxiv" else service


if __name__ == "__main__":
    main(prog_name="python -m benchmarks.radar")
