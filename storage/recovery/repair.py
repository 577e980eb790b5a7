"""Rebuilds the search index from the papers, in a copy that takes the database's place."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path

from storage.backups.database_copy import (
    BackupFailed,
    copy_database,
    count_rows,
    require_space,
    sync,
)
from storage.damage import find_damage_of_copy, find_search_damage, search_tables
from storage.database import open_database
from storage.errors import LabError
from storage.papers import writes
from storage.recovery.replacement import merge_log, open_staging, replace_database

_PAPERS_PER_STEP = 500
_COPIES = 2  # that exist at the same time

OnProgress = Callable[[int, int], None]  # with the number of papers done, and of all


class NotRepaired(LabError):
    """The search index can't be rebuilt; the message says why. The database is as it was."""


async def repair_search(
    database: Path, now: datetime, on_progress: OnProgress
) -> tuple[int, Path | None]:
    """Replaces a database by a copy with a new search index.

    The caller has locked the database, and knows that only its search index is damaged. Returns the
    number of papers, and where the former database is kept. If the process is killed, the former or
    the new database is in place. Raises `LabError`.
    """
    with open_staging(database, "repair") as staged:
        try:
            with closing(sqlite3.connect(database, isolation_level=None, timeout=1)) as blocker:
                blocker.execute("BEGIN IMMEDIATE")  # nothing is written that the copy wouldn't have
                statements = _copy_without_index(database, staged)
                papers = await _build_index(staged, statements, on_progress)
                _require_good(staged)
        except (sqlite3.Error, OSError, BackupFailed) as error:
            cause = getattr(error, "strerror", None) or str(error)
            raise NotRepaired(
                f"The search index of {database} couldn't be rebuilt: {cause.rstrip('.')}."
            ) from error
        return papers, replace_database(database, staged, "repair", now)


def _copy_without_index(database: Path, staged: Path) -> list[str]:
    """Copies everything but the search index; returns the statements that create an empty one.

    SQLite can't drop damaged tables. So they are deleted from the schema of a first copy, of which
    the second one gets what is left.
    """
    require_space(staged.parent, _COPIES * database.stat().st_size)
    raw = staged.with_suffix(".raw")
    copy_database(f"{database.resolve().as_uri()}?mode=rw", raw)
    with closing(sqlite3.connect(raw, isolation_level=None)) as db:
        index = search_tables(db)
        names = ", ".join("?" * len(index))
        statements = db.execute(
            f"""SELECT sql FROM sqlite_schema
                WHERE tbl_name IN ({names}) AND sql IS NOT NULL AND name NOT IN (
                    SELECT name FROM pragma_table_list WHERE type = 'shadow')
                ORDER BY rowid""",  # noqa: S608
            index,
        ).fetchall()
        db.execute("PRAGMA writable_schema = ON")
        db.execute(f"DELETE FROM sqlite_schema WHERE tbl_name IN ({names})", index)  # noqa: S608
    with closing(sqlite3.connect(raw, isolation_level=None)) as db:
        counts = count_rows(db)
        db.execute("VACUUM INTO ?", [str(staged)])
    raw.unlink()
    with closing(sqlite3.connect(staged, isolation_level=None)) as db:
        if count_rows(db) != counts:
            raise NotRepaired("The copy differs from the database, so it was deleted.")
    return [sql for (sql,) in statements]


async def _build_index(staged: Path, statements: list[str], on_progress: OnProgress) -> int:
    """Creates the search index and adds all papers; returns their number."""
    with closing(sqlite3.connect(staged, isolation_level=None)) as db:
        for sql in statements:
            db.execute(sql)
    async with open_database(staged, backup_dir=staged.parent) as opened:
        async with opened.reading() as reader:
            total = await reader.value("SELECT COUNT(*) FROM papers WHERE removed_at IS NULL")
        done, last = 0, -1
        while True:
            async with opened.transaction() as writer:
                rows = await writer.all(
                    """SELECT id, sort_key FROM papers WHERE removed_at IS NULL AND sort_key > ?
                       ORDER BY sort_key LIMIT ?""",
                    [last, _PAPERS_PER_STEP],
                )
                if not rows:
                    return done
                await writes.index_again(writer, [row["id"] for row in rows])
            done, last = done + len(rows), rows[-1]["sort_key"]
            on_progress(done, total)


def _require_good(staged: Path) -> None:
    """Checks the new database, and has the disk keep it; raises `NotRepaired`."""
    merge_log(staged)
    if problem := find_damage_of_copy(staged) or find_search_damage(staged):
        raise NotRepaired(f"The copy is damaged ({problem}), so it was deleted.")
    sync(staged)
