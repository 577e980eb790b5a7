"""Catalogs of generated papers: temporary ones, and large ones that are kept between runs."""

from __future__ import annotations

import contextlib
import hashlib
import random
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

import click
from filelock import FileLock

from benchmarks import generator
from benchmarks.timing import Budget
from storage.library import Library, open_library
from storage.models import Actor, Origin, Paper, PaperDraft
from storage.papers.errors import PaperNotFound

ACTOR = Actor("benchmarks", "the benchmarks")

_BATCH_SIZE = 100_000
_KEPT_VERSIONS = 2  # of a size: the current one, and one of the code it is compared with
_SAMPLE_SIZE = 20
_BLOCK_SIZE = 1 << 20


def clock() -> datetime:
    """Returns the same time always, so that the same code builds the same file."""
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


@asynccontextmanager
async def temporary_library(drafts: Iterable[PaperDraft] = ()) -> AsyncGenerator[Library]:
    """A library with these papers, deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        async with open_library(Path(folder) / "papers.db", clock) as library:
            await add_papers(library, drafts)
            yield library


async def add_papers(library: Library, drafts: Iterable[PaperDraft]) -> None:
    """Adds papers in the way that imports do."""
    remaining = iter(drafts)
    for first in remaining:
        batch = chain([first], islice(remaining, _BATCH_SIZE - 1))
        await library.papers.upsert_many(batch, Origin.IMPORT, ACTOR)


@dataclass(frozen=True, slots=True)
class Bench:
    """One run. The largest catalog has ``size`` papers, the others a tenth and a hundredth."""

    folder: Path
    size: int = 1_000_000
    budget: Budget = field(default_factory=Budget)

    @property
    def medium(self) -> int:
        """The size that commands are measured with."""
        return max(1, self.size // 10)

    @property
    def small(self) -> int:
        """The size that growth is measured from."""
        return max(1, self.size // 100)

    def rng(self, purpose: str) -> random.Random:
        """Returns a random generator for one purpose, the same in every run."""
        return random.Random(f"1 {purpose}")

    async def path(self, size: int) -> Path:
        """Returns the catalog's file, after building it if this code hasn't yet."""
        path = self.folder / f"papers-{size}-{await _fingerprint()}.db"
        with FileLock(self.folder / f"papers-{size}.lock"):  # creates the folder, too
            if not path.exists():
                old = sorted(self.folder.glob(f"papers-{size}-*.db"), key=_modified)
                for version in old[: 1 - _KEPT_VERSIONS]:
                    version.unlink()
                await _build(path, size)
        return path

    @asynccontextmanager
    async def library(self, size: int) -> AsyncGenerator[Library]:
        """The library of a catalog; its file is in the system's cache."""
        async with open_library(await self.path(size), clock) as library:
            with library.path.open("rb") as file:
                while file.read(_BLOCK_SIZE):
                    pass
            yield library

    async def sample(self, library: Library, size: int) -> list[Paper]:
        """Returns some papers of a library, the same in every run; fewer for few calls."""
        rng = self.rng("sample")
        total = await library.papers.count()
        found = []
        for _ in range(min(size, 20 * self.budget.calls)):
            with contextlib.suppress(PaperNotFound):
                found.append(await library.papers.get(rng.randrange(total) + 1))
        return found


async def _build(path: Path, size: int) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)
    label = f"Building {size:,} papers"
    with click.progressbar(generator.drafts(size), size, label, update_min_steps=500) as drafts:
        async with open_library(unfinished, clock) as library:
            await add_papers(library, drafts)
    unfinished.rename(path)


async def _fingerprint() -> str:
    """Returns a hash of all that a catalog depends on: the schema, and the rows of a few papers."""
    async with temporary_library(generator.drafts(_SAMPLE_SIZE)) as library:
        with closing(sqlite3.connect(library.path)) as db:
            dump = "\n".join(db.iterdump())
    return hashlib.sha256(f"{generator.VERSION}{dump}".encode()).hexdigest()[:12]


def _modified(path: Path) -> float:
    return path.stat().st_mtime
