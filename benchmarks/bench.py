"""What rows are measured on: temporary lists, and generated ones that are kept between runs."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import random
import shutil
import sqlite3
import tempfile
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
    contextmanager,
)
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from time import perf_counter
from typing import TypeVar

import click
from filelock import FileLock
from platformdirs import user_cache_path

from benchmarks import generator
from benchmarks.measuring import Budget, Row, Side
from bot.app import App, open_app
from bot.settings import Settings
from storage.library import Library, open_library
from storage.models import Actor, Origin, Paper, PaperDraft
from storage.search.query import parse

Opened = TypeVar("Opened")

ACTOR = Actor("benchmarks", "the benchmarks")

_BATCH_SIZE = 100_000
_KEPT_VERSIONS = 2  # of a size: the current one, and one of the code it is compared with

folder_option = click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="LAB_HERALD_BENCH",
    default=user_cache_path("lab-herald-bench"),
    help="Where catalogs are kept between runs. You can also set LAB_HERALD_BENCH.",
)


def clock() -> datetime:
    """Returns the same time always, so that the same code builds the same file."""
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


@contextmanager
def temporary_database(parent: Path | None = None) -> Generator[Path]:
    """The path of a new database, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-", dir=parent) as folder:
        yield Path(folder) / "papers.db"


@asynccontextmanager
async def temporary_library(drafts: Iterable[PaperDraft] = ()) -> AsyncGenerator[Library]:
    """A library with these papers, deleted afterwards."""
    with temporary_database() as path:
        async with open_library(path, clock) as library:
            await add_papers(library, drafts)
            yield library


@asynccontextmanager
async def open_bot(database: Path, now: Callable[[], datetime] = clock) -> AsyncGenerator[App]:
    """The bot without Discord; it logs only errors, and may read feeds of this machine."""
    logging.disable(logging.WARNING)
    try:
        async with open_app(Settings(database_path=database, feed_allow_private=True), now) as app:
            yield app
    finally:
        logging.disable(logging.NOTSET)


async def add_papers(library: Library, drafts: Iterable[PaperDraft]) -> None:
    """Adds papers in the way that imports do."""
    remaining = iter(drafts)
    for first in remaining:
        batch = chain([first], islice(remaining, _BATCH_SIZE - 1))
        await library.papers.upsert_many(batch, Origin.IMPORT, ACTOR)


def typed_queries(papers: Sequence[Paper]) -> list[str]:
    """Returns a word of an abstract, two words of a title and a whole title, in turn."""
    return [
        (paper.abstract.split()[turn % 100], " ".join(paper.title.split()[2:4]), paper.title)[
            turn % 3
        ]
        for turn, paper in enumerate(papers)
    ]


@dataclass(frozen=True, slots=True)
class Bench:
    """What rows are measured with; all that it opens for some rows is closed after them.

    The largest catalog has ``size`` papers, others a tenth and a hundredth.
    """

    folder: Path
    version: str  # of the catalogs
    size: int
    budget: Budget
    opened: AsyncExitStack

    @property
    def small(self) -> int:
        """The size that growth is measured from."""
        return self.size // 100

    def rng(self, purpose: str) -> random.Random:
        """Returns a random generator for one purpose, the same in every run."""
        return random.Random(f"1 {purpose}")

    async def open(self, context: AbstractAsyncContextManager[Opened]) -> Opened:
        """Opens what a context closes."""
        return await self.opened.enter_async_context(context)

    def database(self, parent: Path | None = None) -> Path:
        """Returns the path of a new database."""
        return self.opened.enter_context(temporary_database(parent))

    async def catalog(self, size: int) -> Path:
        """Returns a catalog's file, after building it if this code hasn't yet."""
        path = self.folder / f"papers-{size}-{self.version}.db"
        with FileLock(self.folder / f"papers-{size}.lock"):  # creates the folder, too
            if not path.exists():
                old = self.folder.glob(f"papers-{size}-*.db")
                by_age = sorted(old, key=lambda version: version.stat().st_mtime)
                for version in by_age[: 1 - _KEPT_VERSIONS]:
                    version.unlink()
                await _build(path, size)
        return path

    async def copy(self, size: int, parent: Path | None = None) -> Path:
        """Returns the path of a copy of a catalog, for rows that write."""
        path = self.database(parent)
        await asyncio.to_thread(shutil.copyfile, await self.catalog(size), path)
        return path

    async def library(self, size: int) -> Library:
        """Opens a catalog; its file is in the system's cache."""
        library = await self.open(open_library(await self.catalog(size), clock))
        with library.path.open("rb") as file:
            while file.read(1 << 20):
                pass
        return library

    async def sample(self, library: Library, size: int) -> list[Paper]:
        """Returns some papers of a catalog, the same in every run; fewer for few calls."""
        rng = self.rng("sample")
        total = await library.papers.count()  # the ids have no gaps
        count = min(size, 20 * self.budget.calls)
        return [await library.papers.get(rng.randrange(total) + 1) for _ in range(count)]


# Measures some rows, one after the other.
Measure = Callable[[Bench], AsyncIterator[Row]]


def measure_rows(
    functions: Mapping[str, Measure],
    names: Iterable[str],
    folder: Path,
    size: int,
    budget: Budget,
) -> Iterator[list[Row]]:
    """Measures the rows of the functions with these names, or of all.

    Yields the rows so far after each function.
    """
    version = asyncio.run(catalog_version())
    measured: list[Row] = []

    async def measure(name: str) -> None:
        async with AsyncExitStack() as opened:
            bench = Bench(folder, version, size, budget, opened)
            measured.extend([row async for row in functions[name](bench)])

    for name in names or functions:
        start = perf_counter()
        asyncio.run(measure(name))
        click.echo(f"{name}: measured in {perf_counter() - start:.0f} s", err=True)
        yield measured


async def title_lookups(bench: Bench, library: Library) -> Side[str]:
    """Returns title suggestions and searches, each as one call."""

    async def look_up(text: str) -> None:
        await library.search.suggest_titles(text)
        await library.search.find(parse(text))

    papers = await bench.sample(library, bench.budget.calls)
    return Side("lookups", look_up, [p.title[: 3 + n % 9] for n, p in enumerate(papers)])


async def _build(path: Path, size: int) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    label = f"Building {size:,} papers"
    with click.progressbar(generator.drafts(size), size, label, update_min_steps=500) as drafts:
        async with open_library(unfinished, clock) as library:
            await add_papers(library, drafts)
    unfinished.rename(path)


async def catalog_version() -> str:
    """Returns a hash of all that a catalog depends on: the schema, and the rows of 20 papers."""
    async with temporary_library(generator.drafts(20)) as library:
        with closing(sqlite3.connect(library.path)) as db:
            dump = "\n".join(db.iterdump())
    return hashlib.sha256(f"{generator.VERSION}{dump}".encode()).hexdigest()[:12]
