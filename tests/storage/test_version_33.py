"""A database of version 33, whose posts can't be about found papers or claims yet."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from storage.library import open_library
from tests.support.lab import FakeClock
from tests.support.old_database import run_migrations

AT = "2026-01-01T00:00:00.000000Z"
TABLES = ("posts", "announcements", "refused_posts", "found_messages")


def write_version_33(path: Path) -> None:
    """Makes a database with an announcement that was sent, and notices, one of them refused."""
    with closing(sqlite3.connect(path)) as db:
        run_migrations(db, 33)
        db.execute(
            """INSERT INTO papers (id, title, title_key, abstract, authors_complete, venue,
                   sort_key, note, posted_by, origin, created_at, created_by, created_by_name)
               VALUES (1, 'Fern', 'fern', '', 1, '', 1, '', '', 'import', ?, 'shell', '')""",
            [AT],
        )
        db.executemany(
            """INSERT INTO posts (id, destination_id, kind, notice, state, created_at, message_id,
                                  revision, refused_post_id) VALUES (?, 7, ?, ?, ?, ?, ?, ?, ?)""",
            [
                (1, "paper", "", "sent", AT, 70, 3, None),
                (2, "notice", "A feed fails.", "waiting", AT, None, 0, None),
                (3, "notice", "Refused.", "sent", AT, 71, 0, 2),
                (9, "notice", "Long gone.", "waiting", AT, None, 0, None),
            ],
        )
        db.execute("DELETE FROM posts WHERE id = 9")
        db.execute("INSERT INTO refused_posts VALUES (2, 3, 'Too long', 1)")
        db.execute(
            "INSERT INTO announcements (paper_id, channel_id, created_at, post_id)"
            " VALUES (1, 7, ?, 1)",
            [AT],
        )
        db.execute("INSERT INTO found_messages VALUES (1, 7, 72, 'notice', NULL, 'eabcde')")
        db.execute("PRAGMA user_version = 33")
        db.commit()


def read(path: Path) -> dict[str, list[dict[str, Any]]]:
    with closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        return {name: [dict(row) for row in db.execute(f"SELECT * FROM {name}")] for name in TABLES}


async def test_posts_and_all_that_belongs_to_them_stay(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "lab.db"
    write_version_33(path)
    before = read(path)

    async with open_library(path, clock) as library:
        notice_id = await library.outbox.enqueue_notice(7, "A new one.")
        await library.outbox.discard(await _get_post(library, notice_id))

    after = read(path)
    assert notice_id == 10  # no id is given twice
    for table in ("announcements", "refused_posts", "found_messages"):
        assert after[table] == before[table]
    assert [{name: row[name] for name in before["posts"][0]} for row in after["posts"]] == before[
        "posts"
    ]
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


async def _get_post(library: Any, post_id: int) -> Any:
    post = await library.outbox.find_post(post_id)
    assert post is not None
    return post
