"""Built catalogues, kept between runs outside the repository; what is in them is `generator`'s."""

from __future__ import annotations

import hashlib
import re
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path

import click
from filelock import FileLock

from benchmarks import generator
from storage.library import Library, open_library
from storage.models import Actor, Origin, PaperDraft

ACTOR = Actor("benchmarks", "the benchmarks")

_BATCH = 100_000
_KEPT = 2  # catalogues of one size: today's, and the one of the code compared with
_SAMPLE = 20


def clock() -> datetime:
    """The same moment always, so that the same code builds the same file."""
    return datetime(2026, 11, 23, 12, tzinfo=UTC)


@asynccontextmanager
async def opened(folder: Path, size: int) -> AsyncGenerator[Library]:
    """The library of the catalogue of that size, built where the folder has none."""
    async with open_library(await catalogue(folder, size), clock) as library:
        yield library


async def catalogue(folder: Path, size: int) -> Path:
    """The file of the catalogue of that size; built where the present code has built none."""
    path = folder / f"papers-{size}-{await _fingerprint()}.db"
    with FileLock(folder / f"papers-{size}.lock"):  # makes the folder too
        if not path.exists():
            _make_room(folder, size)
            await _build(path, size)
    return path


async def fill(library: Library, drafts: Iterable[PaperDraft]) -> int:
    """Take these papers in by the door that imports use; gives how many there are now."""
    remaining = iter(drafts)
    for first in remaining:
        batch = chain([first], islice(remaining, _BATCH - 1))
        await library.papers.upsert_many(batch, Origin.IMPORT, ACTOR)
    return await library.papers.count()


async def _build(path: Path, size: int) -> None:
    unfinished = path.with_suffix(".part")
    _remove(unfinished)
    with click.progressbar(
        generator.drafts(size), length=size, label=f"Building {size:,} papers", update_min_steps=500
    ) as drafts:
        async with open_library(unfinished, clock) as library:
            await fill(library, drafts)
    unfinished.rename(path)


async def _fingerprint() -> str:
    """What a catalogue depends on: the schema, and the rows that a few papers become."""
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        path = Path(folder) / "sample.db"
        async with open_library(path, clock) as library:
            await fill(library, generator.drafts(_SAMPLE))
        with closing(sqlite3.connect(path)) as db:
            schema = db.execute("SELECT name, sql, rootpage FROM sqlite_master ORDER BY name")
            digest = hashlib.sha256(f"{generator.VERSION}".encode())
            for name, sql, root in schema.fetchall():
                digest.update(f"{name}{sql}".encode())
                if root and str(sql).startswith("CREATE TABLE"):
                    for row in db.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - its own name
                        digest.update(repr(row).encode())
    return digest.hexdigest()[:12]


def _make_room(folder: Path, size: int) -> None:
    """Forget the oldest catalogues of this size."""
    pattern = re.compile(rf"papers-{size}-\w+\.db")
    found = [path for path in folder.iterdir() if pattern.fullmatch(path.name)]
    found.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in found[_KEPT - 1 :]:
        _remove(path)


def _remove(path: Path) -> None:
    for name in (path.name, f"{path.name}-wal", f"{path.name}-shm"):
        path.with_name(name).unlink(missing_ok=True)
