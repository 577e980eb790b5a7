"""Rows of exports: whether lookups stay quick while many people export."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from benchmarks.catalogs import Bench, clock
from benchmarks.report import Row
from benchmarks.timing import Contender, StallMeter
from bot.exporter import Exporter, TooManyExports
from bot.formats.export import ExportFormat
from storage.library import Library
from storage.search.query import Query, parse

_PEOPLE = 20  # who export at the same time
_PAPERS = 20_000  # in the list
_MAX_BYTES = 1 << 30  # so that no export ends early


async def exports(bench: Bench) -> list[Row]:
    """Title suggestions and searches, alone and while 20 people export the whole list."""
    size = min(bench.size, _PAPERS)
    async with bench.library(size) as library:
        papers = await bench.sample(library, bench.budget.calls)
        texts = [paper.title[: 3 + turn % 9] for turn, paper in enumerate(papers)]

        async def look_up(text: str) -> None:
            await library.search.suggest_titles(text)
            await library.search.find(parse(text))

        alone = Contender("alone", look_up, texts)
        meanwhile = Contender("while exporting", look_up, texts)
        stalls = StallMeter()
        for turn in range(-max(1, bench.budget.calls // 10), bench.budget.calls):
            await alone.run(turn, is_timed=turn >= 0)
        async with _many_exporting(library), stalls.running():
            for turn in range(bench.budget.calls):
                await meanwhile.run(turn, is_timed=True)
    what = f"{_PEOPLE} people export {size:,} papers"
    name = f"lookups while {what}: p99 / p99 alone"
    ratio = meanwhile.percentile(99) / alone.percentile(99)
    return [
        Row(name, ratio, 3, detail=f"{meanwhile}; {alone}; {len(alone.seconds)} calls each"),
        stalls.row(f"longest stall of the event loop while {what}, in ms"),
    ]


@asynccontextmanager
async def _many_exporting(library: Library) -> AsyncGenerator[None]:
    """Keeps people exporting inside the block; each starts again when their file is ready.

    Those who are told that too many people wait give up.
    """
    exporter = Exporter(library.path, clock)
    names = itertools.count()

    async def wait(_ahead: int) -> None:
        """Nobody is told."""

    async def keep_exporting() -> None:
        with contextlib.suppress(TooManyExports):
            while True:
                await exporter.export(
                    next(names), Query(), ExportFormat.JSON, max_bytes=_MAX_BYTES, on_wait=wait
                )

    people = [asyncio.create_task(keep_exporting()) for _ in range(_PEOPLE)]
    try:
        yield
    finally:
        for person in people:
            person.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*people, return_exceptions=True)
