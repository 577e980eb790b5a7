"""Finds out whether a database file is damaged, and whether only its search index is.

The search index is made of the papers, so it can be rebuilt; see `storage.recovery.repair`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

# Errors that say that the content of the file is wrong, which doesn't pass by itself.
DAMAGE_ERRORS = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
# The index is FTS5's tables, with the tables behind them, and these.
_FULL_TEXT_TABLES = ("paper_text", "paper_heads")
_WORDS = "words"
_LEARNED_TABLES = {_WORDS, "paper_abbreviations", "abbreviations"}
# What FTS5 says with a general error code if it can't even open a damaged table.
_UNREADABLE_INDEX = ("vtable constructor failed", "invalid fts5 file format")


def is_damage(error: sqlite3.Error) -> bool:
    """Returns whether an error means that the file is damaged."""
    code: int | None = getattr(error, "sqlite_errorcode", None)  # only SQLite's own have one
    return code is not None and code & 0xFF in DAMAGE_ERRORS


def is_search_damage(error: sqlite3.Error) -> bool:
    """Returns whether an error means that the content of the search index is damaged."""
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_CORRUPT_VTAB:
        return True
    return any(words in str(error) for words in _UNREADABLE_INDEX)


def find_damage(path: Path) -> str:
    """Returns the first problem of a database file, or an empty string if there is none.

    Problems of the search index don't count. Reads the whole file on a connection of its own, which
    may take minutes for gigabytes; call it in a thread. Raises `sqlite3.Error` if the file can't be
    read for another reason.
    """
    return find_damaged_pages(path)[0]


def find_damaged_pages(path: Path) -> tuple[str, str]:
    """Returns what `find_damage` does, and the first problem of the search index's pages.

    The second one is known only if there is no other problem.
    """
    return _find_damage(f"{path.resolve().as_uri()}?mode=rw")


def find_damage_of_copy(path: Path) -> str:
    """Does what `find_damage` does for a file that nothing writes to, and writes nothing itself."""
    return _find_damage(f"{path.resolve().as_uri()}?mode=ro&immutable=1")[0]


def find_search_damage(path: Path) -> str:
    """Returns the first problem of the search index, or an empty string if there is none.

    Changes nothing, but blocks other writers, maybe for minutes: this is for copies and for a
    database that the bot doesn't use. Raises `sqlite3.Error` like `find_damage`.
    """
    with closing(_connect(f"{path.resolve().as_uri()}?mode=rw")) as db:
        try:
            index = search_tables(db)
            if _WORDS not in index:  # it isn't a database of Lab Herald
                return ""
            learned = [name for name in index if name in _LEARNED_TABLES]
            return (
                _first_problem_of_tables(db, learned, "integrity_check")
                or _find_index_damage(db)
                or _first_problem_of_tables(db, index)
            )
        except sqlite3.DatabaseError as error:
            if not is_damage(error) and not is_search_damage(error):
                raise
            return str(error)


def is_only_search_damaged(path: Path) -> bool:
    """Returns whether pages of the search index are damaged and no others; reads the whole file."""
    try:
        problem, search_problem = find_damaged_pages(path)
    except sqlite3.DatabaseError:
        return False
    return not problem and bool(search_problem)


def describe_search_damage(problem: str) -> str:
    """Returns sentences that say that the search index is damaged, and what to do."""
    return (
        f"The search index is damaged ({problem.rstrip('.')}), so searches may miss papers. The "
        "papers are fine. Stop the bot and run `lab-herald check --repair`, which rebuilds the "
        "index."
    )


def search_tables(db: sqlite3.Connection) -> list[str]:
    """Returns the names of the tables that the search index consists of."""
    return [
        name
        for name, kind in _tables(db)
        if kind in {"virtual", "shadow"} or name in _LEARNED_TABLES
    ]


def _find_damage(uri: str) -> tuple[str, str]:
    with closing(_connect(uri)) as db:
        try:
            problem = _first_problem(db, "PRAGMA quick_check(1)")
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            return str(error), ""
        if not problem:
            return "", ""
        if _is_only_search_damaged(db):
            return "", problem
        return f"{problem}{_name_damaged_tables(db)}", ""


def _is_only_search_damaged(db: sqlite3.Connection) -> bool:
    """Returns whether pages of the search index are damaged and no other table's."""
    try:
        index = search_tables(db)
        others = [name for name, kind in _tables(db) if kind == "table" and name not in index]
    except sqlite3.DatabaseError:
        return False
    return not _first_problem_of_tables(db, others) and bool(_first_problem_of_tables(db, index))


def _name_damaged_tables(db: sqlite3.Connection) -> str:
    """Returns the damaged tables in words that follow a problem, if they can be told."""
    try:
        tables = [name for name, kind in _tables(db) if kind == "table"]
    except sqlite3.DatabaseError:
        return ""
    damaged = [name for name in tables if _first_problem_of_tables(db, [name])]
    return f"; damaged tables: {', '.join(damaged)}" if damaged else ""


def _find_index_damage(db: sqlite3.Connection) -> str:
    """Has FTS5 compare its index with its texts, and compares their number with the papers'."""
    (papers,) = db.execute("SELECT COUNT(*) FROM papers WHERE removed_at IS NULL").fetchone()
    for table in _FULL_TEXT_TABLES:
        db.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")  # noqa: S608
        (indexed,) = db.execute(f"SELECT COUNT(*) FROM {table}_docsize").fetchone()  # noqa: S608
        if indexed != papers:
            return f"{table} has {indexed:,} papers instead of {papers:,}"
    return ""


def _first_problem_of_tables(
    db: sqlite3.Connection, names: Iterable[str], check: str = "quick_check"
) -> str:
    """Returns the first problem of the pages of some tables and their indexes."""
    for name in names:
        try:
            if problem := _first_problem(db, f'PRAGMA {check}("{name}")'):
                return problem
        except sqlite3.DatabaseError as error:
            if not is_damage(error):
                raise
            return str(error)
    return ""


def _first_problem(db: sqlite3.Connection, check: str) -> str:
    problem = str(db.execute(check).fetchone()[0])
    return "" if problem == "ok" else problem.replace("*** in database main ***\n", "")


def _tables(db: sqlite3.Connection) -> list[tuple[str, str]]:
    """Returns the names and kinds of all tables except the schema itself."""
    return db.execute(
        """SELECT name, type FROM pragma_table_list
           WHERE schema = 'main' AND type <> 'view' AND name <> 'sqlite_schema'"""
    ).fetchall()


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, isolation_level=None)
