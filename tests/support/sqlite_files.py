"""Changes database files past the library, as other programs and killed processes do."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path


def run_sql(path: Path, *statements: str) -> None:
    """Runs statements, each in a transaction of its own."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        for statement in statements:
            db.execute(statement)


def kill_while_open(path: Path, statement: str) -> None:
    """Leaves a database with a log, as a killed process does."""
    script = "import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    script += "db.execute('PRAGMA journal_mode = WAL'); db.execute(sys.argv[2]); os._exit(0)"
    subprocess.run([sys.executable, "-c", script, str(path), statement], check=True)
    assert side_file(path, "-wal").stat().st_size


def side_file(path: Path, suffix: str) -> Path:
    """Returns the path of a file that SQLite puts beside a database."""
    return path.with_name(f"{path.name}{suffix}")
