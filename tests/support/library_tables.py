"""The contents of a library's tables, to be compared with the model or an earlier state."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

from storage.library import Library
from storage.papers.combine import as_draft, normalize
from storage.search.query import parse
from tests.support.library_model import ModelPaper

_QUERIES = (
    "tag:nlp",
    "tag:maths",
    "tag:code",
    "wisdom",
    "folly",
    "subject",
    'author:"ann former"',
    'author:"bo chen"',
)


def as_text(one: ModelPaper) -> str:
    return json.dumps(
        [repr(normalize(one.draft)), sorted(one.locked), one.is_removed, one.merged_into], indent=0
    )


def dump(path: Path) -> dict[str, list[Any]]:
    """Returns the rows of all tables of a database file, apart from SQLite's own."""
    with closing(sqlite3.connect(path)) as db:
        tables = db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {name: db.execute(f'SELECT * FROM "{name}"').fetchall() for (name,) in tables}


async def all_tables(library: Library) -> dict[str, Any]:
    """Returns what the tables hold about papers, except those whose addition was undone."""
    with closing(sqlite3.connect(library.path)) as connection:
        connection.row_factory = sqlite3.Row

        def rows(sql: str, *values: object) -> list[sqlite3.Row]:
            return connection.execute(sql, values).fetchall()

        papers: dict[int, str] = {}
        for row in rows("SELECT * FROM papers WHERE NOT is_undone ORDER BY id"):
            (paper,) = await library.papers.load([row["id"]])
            credits = rows(
                """SELECT name FROM credits JOIN names ON names.id = name_id
                   WHERE paper_id = ? ORDER BY position""",
                paper.id,
            )
            locked = rows("SELECT field FROM locked_fields WHERE paper_id = ?", paper.id)
            papers[paper.id] = as_text(
                ModelPaper(
                    replace(as_draft(paper), authors=tuple(name for (name,) in credits)),
                    frozenset(name for (name,) in locked),
                    paper.removed_at is not None,
                    row["merged_into_id"],
                )
            )
        announced = rows(
            """SELECT paper_id, channel_id, post_id FROM announcements
               JOIN papers ON papers.id = paper_id WHERE NOT is_undone ORDER BY 1, 2"""
        )
        tables: dict[str, Any] = {
            "papers": papers,
            "identifiers": dict(map(tuple, rows("SELECT identifier, paper_id FROM identifiers"))),
            "announced": [tuple(row) for row in announced],
            "counts": [
                sorted(map(tuple, rows(f"SELECT * FROM {table} WHERE papers > 0")))
                for table in ("venue_counts", "tag_counts", "words")
            ],
            "indexed": [number for (number,) in rows("SELECT rowid FROM paper_text ORDER BY 1")],
            "aliases": [tuple(row) for row in rows("SELECT * FROM aliases ORDER BY 1")],
        }
    tables["found"] = {query: await _find(library, query) for query in _QUERIES}
    return tables


async def _find(library: Library, query: str) -> set[int]:
    answer = await library.search.find(parse(query), limit=500)
    found = answer.results.papers[: answer.complete]
    return set() if answer.searched_for else {paper.id for paper in found}
