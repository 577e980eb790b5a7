"""A database as an earlier version of the program left it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, TypeAlias

from storage.migration_functions import FUNCTIONS
from storage.schema import migrations

Rows: TypeAlias = dict[str, list[dict[str, Any]]]

_DATA = Path(__file__).parents[1] / "storage" / "data"
_TABLES = """SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%'
             AND type IN ('table', 'virtual') ORDER BY name"""


def run_migrations(db: sqlite3.Connection, last: int, *, first: int = 1) -> None:
    """Runs migrations, in one transaction: syncing each statement to the disk takes seconds."""
    for name, function in FUNCTIONS.items():
        db.create_function(name, 1, function)
    script = "".join(migration.sql for migration in migrations()[first - 1 : last])
    db.executescript(f"BEGIN;{script}COMMIT;")


def write_version_6(path: Path) -> Rows:
    """Make a database of version 6 with every kind of row; returns its rows by table."""
    path.unlink(missing_ok=True)
    db = sqlite3.connect(path)
    run_migrations(db, 6)
    # The rows include what the triggers would write.
    triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    db.executescript((_DATA / "version_6.sql").read_text(encoding="utf-8"))
    for _, sql in triggers:
        db.execute(sql)
    db.execute("PRAGMA user_version = 6")
    db.commit()
    db.close()
    return read_rows(path)


def read_rows(path: Path) -> Rows:
    """Every row of every table but those in which SQLite keeps its own things."""
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    tables = [row["name"] for row in db.execute(_TABLES)]
    found = {
        table: [dict(row) for row in db.execute(f"SELECT * FROM {table} ORDER BY 1, 2")]
        for table in tables
    }
    db.close()
    return found
