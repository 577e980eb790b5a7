"""Damages database files as a failing disk does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

_FILE_HEADER = 100  # bytes of the first page


def damage(path: Path, *tables: str) -> None:
    """Overwrites the first pages of tables, or of all tables and indexes, past SQLite."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (size,) = db.execute("PRAGMA page_size").fetchone()
        roots = dict(db.execute("SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0"))
    with path.open("r+b") as file:
        for name in tables or roots:
            file.seek((roots[name] - 1) * size)
            file.write(b"\x5a" * size)
    with closing(sqlite3.connect(path)) as db:
        # Any change makes open connections forget what they have read.
        db.execute("PRAGMA application_id = 1")


def damage_schema(path: Path) -> None:
    """Overwrites the schema of a closed database, but not the header of its file."""
    with path.open("r+b") as file:
        file.seek(_FILE_HEADER)
        file.write(b"\x5a" * 2000)
