"""Rows of the bulk import against the fastest way to put the same rows into the same tables."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from benchmarks import catalogues, generator
from benchmarks.bench import Bench
from benchmarks.stalls import Stalls
from benchmarks.table import Goal, Row
from storage.library import open_library
from storage.models import PaperDraft

_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class _Table:
    """A table's rows and the statement that inserts one."""

    insert: str
    rows: Sequence[tuple[object, ...]]


async def bulk_import(bench: Bench) -> list[Row]:
    """Drafts through `Library.upsert_many`, and what they became through plain ``executemany``."""
    drafts = list(generator.drafts(bench.small))
    ours, raw = [], []
    for _ in range(_ROUNDS):
        with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
            built = Path(folder) / "ours.db"
            ours.append(await _admit(built, drafts))
            tables = _read_back(built)
            empty = Path(folder) / "raw.db"
            async with open_library(empty, catalogues.clock):
                pass
            raw.append(_insert(empty, tables))
    rates = [len(drafts) / median(seconds) for seconds in (ours, raw)]
    detail = f"ours {rates[0]:,.0f} papers/s; raw {rates[1]:,.0f} papers/s; {len(drafts):,} papers"
    goal = Goal(0.4, at_least=True)
    return [
        Row("bulk import: rate / raw executemany's", rates[0] / rates[1], goal, detail),
        await _stalls(list(generator.drafts(2 * bench.small))),
    ]


async def _admit(path: Path, drafts: Sequence[PaperDraft]) -> float:
    async with open_library(path, catalogues.clock) as library:
        start = perf_counter()
        await catalogues.fill(library, drafts)
        return perf_counter() - start


async def _stalls(drafts: Sequence[PaperDraft]) -> Row:
    """How long an import holds the event loop of a bot that goes on meanwhile."""
    stalls = Stalls()
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        async with stalls.watched():
            await _admit(Path(folder) / "ours.db", drafts)
    detail = f"{len(drafts):,} papers; {stalls.looks:,} looks"
    return Row(
        "longest stall of the event loop in an import, in ms",
        1_000 * stalls.longest,
        Goal(50),
        detail,
    )


def _read_back(path: Path) -> list[_Table]:
    """Every row that an import wrote, table by table; an index's own tables are left to it."""
    with closing(sqlite3.connect(path)) as db:
        tables = db.execute("PRAGMA table_list").fetchall()
        return [
            _table(db, name)
            for schema, name, kind, *_ in tables
            if schema == "main"
            and (kind == "table" or (kind == "virtual" and _is_fulltext(db, name)))
            and not name.startswith("sqlite_")
        ]


def _is_fulltext(db: sqlite3.Connection, name: str) -> bool:
    (sql,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", [name]).fetchone()
    return "using fts5 " in f"{sql} ".lower().replace("(", " (")


def _table(db: sqlite3.Connection, name: str) -> _Table:
    information = db.execute(f'PRAGMA table_xinfo("{name}")').fetchall()
    columns = [column for _, column, *_, hidden in information if hidden == 0]
    if _is_fulltext(db, name):
        columns.insert(0, "rowid")
    listed = ", ".join(f'"{column}"' for column in columns)
    rows = db.execute(f'SELECT {listed} FROM "{name}"').fetchall()  # noqa: S608 - its own names
    marks = ", ".join("?" * len(columns))
    return _Table(f'INSERT INTO "{name}" ({listed}) VALUES ({marks})', rows)  # noqa: S608


def _insert(path: Path, tables: Sequence[_Table]) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = NORMAL")  # as the library has it
        for (trigger,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            db.execute(f'DROP TRIGGER "{trigger}"')  # what it would write is among the rows
        start = perf_counter()
        db.execute("BEGIN IMMEDIATE")
        for table in tables:
            db.executemany(table.insert, table.rows)
        db.execute("COMMIT")
        return perf_counter() - start
