"""Which processes may use one database at the same time."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage.database_lock import lock_database
from storage.errors import DatabaseInUse, DatabaseUnusable


@pytest.fixture
def database(tmp_path: Path) -> Path:
    (tmp_path / "other").mkdir()
    return tmp_path / "lab.db"


def require_locked(path: Path) -> None:
    with pytest.raises(DatabaseInUse, match="Another Lab Herald is using"), lock_database(path):
        pass


def test_a_file_is_locked_under_every_path_until_it_is_released(database: Path) -> None:
    folder = database.parent
    (link := folder / "link.db").symlink_to(database.name)
    (folder / "linked").symlink_to(folder)
    with lock_database(database):
        for path in (database, folder / "other" / ".." / "lab.db", link, folder / "linked/lab.db"):
            require_locked(path)
    with lock_database(link):
        require_locked(database)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems lock the name")
def test_a_file_is_locked_under_all_its_names_while_sqlite_uses_it(database: Path) -> None:
    (database.parent / "other" / "same.db").hardlink_to(_created(database))
    with lock_database(database):
        for _ in range(2):
            require_locked(database.parent / "other" / "same.db")
            # Closing it releases all other locks that this process has on the file.
            with closing(sqlite3.connect(database, isolation_level=None)) as db:
                db.execute("CREATE TABLE IF NOT EXISTS papers (id)")
    with lock_database(database.parent / "other" / "same.db"):
        require_locked(database)


def test_a_file_that_replaces_the_database_is_locked_as_well(database: Path) -> None:
    with lock_database(database):
        _created(database.with_name("new.db")).replace(database)
        require_locked(database)


def test_a_lock_that_cannot_be_created_is_an_error(database: Path) -> None:
    database.with_name("lab.db.lock").mkdir()
    with (
        pytest.raises(DatabaseUnusable, match=r"can't be locked: .+\. Check"),
        lock_database(database),
    ):
        pass


def _created(path: Path) -> Path:
    path.touch()
    return path
