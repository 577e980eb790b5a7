"""A database of version 8, whose identifiers and texts show feeds' URLs, keeps all but these."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.feeds.models import Entry, FeedState
from storage.library import Library, open_library
from storage.migration_functions import FUNCTIONS
from storage.models import Outcome, PaperDraft
from storage.papers.identifiers import feed_guid
from storage.search.query import parse
from storage.urls import canonical_url
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR
from tests.support.old_database import read_rows, run_migrations, write_version_6

URL = "https://lab.org/feed.xml?token=CANARY"
CANONICAL = canonical_url(URL) or ""
# The prefix of identifiers in version 6, and the prefix of guids that replaces it.
DOI, GUID = "doi:10.1/", f"guid:{CANONICAL}#"
_TEXTS = """SELECT tables.name, columns.name FROM pragma_table_list AS tables,
                pragma_table_info(tables.name) AS columns
            WHERE tables.type = 'table' AND tables.schema = 'main' AND columns.type = 'TEXT'
                AND tables.name NOT LIKE 'sqlite_%'"""


def write_version_8(path: Path) -> None:
    """Makes a database of version 8 with guids of a feed in all places that have identifiers."""
    write_version_6(path)
    with closing(sqlite3.connect(path)) as db:
        run_migrations(db, 8, first=7)
        for table, column in db.execute(_TEXTS).fetchall():
            db.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", [DOI, GUID])
        # A removed paper, and one with two guids in the order of their texts.
        db.executemany(
            "INSERT INTO identifiers (identifier, paper_id, position) VALUES (?, ?, ?)",
            [(f"{GUID}removed", 7, 0), (f"{GUID}a", 8, 0), (f"{GUID}b", 8, 1)],
        )
        db.execute("UPDATE feeds SET url = ? WHERE id = 1", [URL])
        db.execute(
            """UPDATE feeds SET title = url || '?key=CANARY', last_error = ?, paused_because = ?
               WHERE id = 2""",
            [f"No feed at {URL}.", f"see {URL}"],
        )
        for column in ("before", "after"):
            db.execute(
                f"""UPDATE changes SET {column} = json_set({column}, '$.title', ?,
                        '$.paused_because', ?)
                    WHERE feed_id = 2 AND {column} LIKE '%title%'""",
                ["https://gone.org/rss?key=CANARY", f"see {URL}"],
            )
        db.execute("UPDATE papers SET created_by = 'feed:1', created_by_name = ?", [URL])
        db.execute("UPDATE posts SET notice = ? WHERE notice <> ''", [f"I can't read {URL}."])
        db.execute("PRAGMA user_version = 8")
        db.commit()


@pytest.fixture(scope="module")
def version_8(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("databases") / "version-8.db"
    write_version_8(path)
    return path


@pytest.fixture
async def migrated(version_8: Path, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Library]:
    shutil.copyfile(version_8, tmp_path / "lab.db")
    clock.now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    async with open_library(tmp_path / "lab.db", clock) as library:
        yield library


async def test_only_the_url_of_a_feed_shows_its_secrets(migrated: Library, tmp_path: Path) -> None:
    shown = {
        (table, column)
        for table, rows in read_rows(tmp_path / "lab.db").items()
        for row in rows
        for column, value in row.items()
        if "CANARY" in str(value)
    }
    assert shown == {("feeds", "url")}
    failing = await migrated.feeds.get(2)
    assert failing.title == "gone.org"
    assert failing.last_error == "No feed at https://lab.org/feed.xml?token=…."
    assert (await migrated.papers.get(1)).provenance.created_by.name == "lab.org"


async def test_no_row_is_lost(version_8: Path, tmp_path: Path, clock: FakeClock) -> None:
    path = Path(shutil.copyfile(version_8, tmp_path / "lab.db"))
    before = {table: len(rows) for table, rows in read_rows(path).items()}
    async with open_library(path, clock):
        pass
    after = {table: len(rows) for table, rows in read_rows(path).items()}
    assert {table: after[table] for table in before} == before


async def test_guids_are_those_of_the_next_poll_in_order(migrated: Library) -> None:
    hashed = {name: feed_guid(CANONICAL, name) for name in ("a", "b", "lichen", "other", "s3")}
    assert hashed["lichen"] in (await migrated.papers.get(3)).identifiers
    assert hashed["other"] in (await migrated.papers.get(9)).identifiers
    assert (await migrated.papers.get(8)).identifiers == tuple(sorted([hashed["a"], hashed["b"]]))
    waiting = (await migrated.review.suggestions([3]))[3]
    assert waiting.draft.identifiers == (hashed["s3"],)


async def test_known_and_removed_papers_are_not_announced_again(migrated: Library) -> None:
    feed = await migrated.feeds.get(1)
    state = FeedState(URL, feed.title, "", "", datetime(2026, 11, 4, tzinfo=UTC))
    # New keys and titles, so that only the identifiers say that the papers are known.
    entries = [
        Entry(f"new {name}", PaperDraft(f"Unheard of {name}", identifiers=(identifier,)))
        for name in ("a", "lichen", "other", "removed")
        for identifier in (feed_guid(CANONICAL, name),)
    ]
    result = await migrated.feeds.ingest(feed, entries, state)
    assert (result.added, result.duplicates, result.reviews) == ((), (), 0)
    assert result.removed == 1


async def test_every_change_is_undone_and_redone(migrated: Library, tmp_path: Path) -> None:
    rows = read_rows(tmp_path / "lab.db")["changes"]
    titles = [paper.title for paper in (await migrated.search.find(parse(""))).results.papers]
    undone = []
    for number in reversed([row["id"] for row in rows if row["part_of"] is None]):
        change = await migrated.audit.find(number)
        if change is not None and not change.is_undone:
            undone.append((await migrated.undo(number, MODERATOR)).change_id)
    assert (await migrated.search.find(parse(""))).results.total == 0
    for change_id in reversed(undone):
        assert change_id is not None
        await migrated.undo(change_id, MODERATOR)
    papers = (await migrated.search.find(parse(""))).results.papers
    assert [paper.title for paper in papers] == titles
    assert "CANARY" not in json.dumps([paper.identifiers for paper in papers])
    assert feed_guid(CANONICAL, "lichen") in (await migrated.papers.get(3)).identifiers


async def test_a_draft_from_an_old_export_is_recognized(migrated: Library) -> None:
    old = PaperDraft("Some Other Title", identifiers=(f"{GUID}lichen",))
    (result,) = await migrated.papers.preview([old])
    assert result.outcome is Outcome.UNCHANGED
    assert result.paper is not None
    assert result.paper.id == 3


def test_json_without_guids_is_left_as_it_is() -> None:
    rewrite = FUNCTIONS["opaque_guids"]
    for text in (None, '{"identifiers":["doi:10.1/x"]}', '{"title":"guid:x"}', "[]", "{}"):
        assert rewrite(text) == text
    settings = '{"venue":"ICML"}'
    assert FUNCTIONS["feed_settings"](settings) == settings
