"""Damages database files as a failing disk does."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

# Statements that change the content of the search index, but not the structure of the file.
SEARCH_DAMAGE = {
    "words": "UPDATE paper_text_data SET block = zeroblob(length(block)) WHERE id > 10",
    "words of titles": "UPDATE paper_heads_data SET block = zeroblob(length(block)) WHERE id > 10",
    "structure": "UPDATE paper_text_data SET block = zeroblob(length(block)) WHERE id = 10",
    "text": "UPDATE paper_text_content SET c0 = 'other words'",
    "lengths": "UPDATE paper_text_docsize SET sz = zeroblob(length(sz))",
    "pages": "UPDATE paper_heads_idx SET pgno = pgno + 2",
    "version": "UPDATE paper_text_config SET v = 0 WHERE k = 'version'",
    "a missing title": "DELETE FROM paper_heads_docsize WHERE id % 7 = 1",
    "a missing paper": "DELETE FROM paper_text WHERE rowid IN (SELECT MAX(rowid) FROM paper_text)",
}
# Tables of the search index, to be passed to `damage`.
SEARCH_TABLES = (
    "paper_text_data",
    "paper_text_content",
    "paper_text_config",
    "paper_heads_idx",
    "words",
    "words_backwards",
    "words_by_stem",
    "paper_abbreviations",
    "abbreviations",
    "abbreviations_by_stems",
)
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


def damage_search(path: Path, kind: str = "words") -> None:
    """Changes the content of the search index as `SEARCH_DAMAGE` says, past FTS5."""
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(SEARCH_DAMAGE[kind]).rowcount


def damage_schema(path: Path) -> None:
    """Overwrites the schema of a closed database, but not the header of its file."""
    with path.open("r+b") as file:
        file.seek(_FILE_HEADER)
        file.write(b"\x5a" * 2000)
