"""A database of version 19, in which one paper's addresses could be several identifiers."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.feeds.models import Entry, FeedState
from storage.library import open_library
from storage.models import Origin, Outcome, PaperDraft
from storage.papers.combine import as_draft
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR
from tests.support.old_database import run_migrations

ACL_DOI = "doi:10.18653/v1/p19-1001"
IDENTIFIERS = {
    "Moss": ["url:zenodo.org/record/1"],
    "Fern": ["url:scirate.com/arxiv/2401.00001", "url:lab.org/fern"],
    "Lichen": [ACL_DOI],
    "Alga": ["url:hal.science/hal-01234567v1", "url:hal.science/hal-01234567v2"],
    "Kelp": ["doi:10.5281/zenodo.2"],
    "Kelp again": ["url:zenodo.org/records/2", "url:lab.org/kelp"],
    "Plain": ["doi:10.1234/x", "url:lab.org/plain", "guid:b", "listed:plain"],
}


def write_version_19(path: Path) -> None:
    """Makes a database with these papers, and entries and suggestions that wait."""
    with closing(sqlite3.connect(path)) as db:
        run_migrations(db, 19)
        for number, (title, identifiers) in enumerate(IDENTIFIERS.items(), 1):
            db.execute(
                """INSERT INTO papers (id, title, title_key, abstract, authors_complete, venue,
                       sort_key, note, posted_by, origin, created_at, created_by, created_by_name)
                   VALUES (?, ?, lower(?), '', 1, '', ?, '', '', 'import',
                           '2026-01-01T00:00:00.000000Z', 'shell', '')""",
                [number, title, title, number],
            )
            db.executemany(
                "INSERT INTO identifiers (identifier, paper_id, position) VALUES (?, ?, ?)",
                [(name, number, position) for position, name in enumerate(identifiers)],
            )
        db.execute(
            """INSERT INTO feeds (id, url, title, venue, next_poll_at, first_polled_at, added_by,
                                  added_by_name, added_at)
               VALUES (1, 'https://lab.org/feed', 'News', '', '2026-01-01T00:00:00.000000Z',
                       '2026-01-01T00:00:00.000000Z', 'shell', '', '2026-01-01T00:00:00.000000Z')"""
        )
        draft = json.dumps(
            {"title": "W", "authors": [], "authors_complete": True, "abstract": "", "venue": ""}
            | {"date": None, "identifiers": ["url:zenodo.org/record/3", "guid:a"], "links": []}
            | {"note": "", "tags": [], "posted_by": ""}
        )
        db.execute(
            """INSERT INTO entries (id, feed_id, key, title_key, link_key, outcome, draft, seen_at)
               VALUES (1, 1, 'k', 'w', 'hal.science/hal-00000001v2', 'review', ?,
                       '2026-01-02T00:00:00.000000Z')""",
            [draft],
        )
        db.executemany(
            "INSERT INTO freed_identifiers (paper_id, position, identifier) VALUES (7, ?, ?)",
            [(0, "url:zenodo.org/record/4"), (1, "url:zenodo.org/records/4")],
        )
        db.execute("PRAGMA user_version = 19")
        db.commit()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_version_19(tmp_path / "lab.db")
    return tmp_path / "lab.db"


async def test_papers_have_the_identifiers_that_their_addresses_give(
    path: Path, clock: FakeClock
) -> None:
    async with open_library(path, clock) as library:
        papers = {paper.title: list(paper.identifiers) for paper in await library.papers.batch()}
    assert papers == {
        "Moss": ["doi:10.5281/zenodo.1"],
        "Fern": ["arxiv:2401.00001", "url:lab.org/fern"],
        "Lichen": [ACL_DOI, "url:aclanthology.org/P19-1001"],
        "Alga": ["url:hal.science/hal-01234567"],
        "Kelp": ["doi:10.5281/zenodo.2"],
        # It isn't merged silently: it keeps its address until a moderator merges the two.
        "Kelp again": ["url:lab.org/kelp", "url:zenodo.org/records/2"],
        "Plain": IDENTIFIERS["Plain"],
    }


async def test_what_waits_or_was_undone_is_known_by_the_same_identifiers(
    path: Path, clock: FakeClock
) -> None:
    async with open_library(path, clock) as library:
        (waiting,) = await library.review.pending_entries(1)
    assert waiting.draft.identifiers == ("doi:10.5281/zenodo.3", "guid:a")
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT link_key FROM entries").fetchall() == [
            ("hal.science/hal-00000001",)
        ]
        assert db.execute("SELECT identifier FROM freed_identifiers").fetchall() == [
            ("doi:10.5281/zenodo.4",)
        ]


async def test_a_known_paper_is_found_and_not_added_under_any_address(
    path: Path, clock: FakeClock
) -> None:
    clock.now = datetime(2026, 2, 1, tzinfo=UTC)
    state = FeedState("https://lab.org/feed", "News", "", "", datetime(2026, 2, 2, tzinfo=UTC))
    async with open_library(path, clock) as library:
        feed = await library.feeds.get(1)
        entries = [
            Entry(f"new {title}", PaperDraft(f"{title} Again", identifiers=(name,)))
            for title, name in {
                "Moss": "doi:10.5281/zenodo.1",
                "Fern": "arxiv:2401.00001",
                "Alga": "url:hal.science/hal-01234567",
            }.items()
        ]
        result = await library.feeds.ingest(feed, entries, state)
        assert (result.added, result.duplicates, result.reviews) == ((), (), 0)
        for address, title in {
            "https://zenodo.org/records/1": "Moss",
            "https://scirate.com/arxiv/2401.00001": "Fern",
            "https://doi.org/10.18653/v1/P19-1001": "Lichen",
            "https://www.aclweb.org/anthology/P19-1001": "Lichen",
            "https://inria.hal.science/hal-01234567": "Alga",
            "https://zenodo.org/record/2": "Kelp",
        }.items():
            paper = await library.papers.get_by_text(address)
            assert paper.title.startswith(title)
            suggested = await library.search.suggest_titles(address)
            assert suggested == ((paper.id, paper.title),)


async def test_an_export_of_an_earlier_version_is_recognized(path: Path, clock: FakeClock) -> None:
    async with open_library(path, clock) as library:
        former = PaperDraft("Mosses", identifiers=("url:zenodo.org/record/1",))
        result = await library.papers.upsert(former, Origin.IMPORT, MODERATOR)
        assert result.value.outcome is not Outcome.ADDED
        assert (await library.papers.get(1)).identifiers == ("doi:10.5281/zenodo.1",)


async def test_a_merge_by_two_addresses_can_still_be_undone(
    tmp_path: Path, clock: FakeClock
) -> None:
    async with open_library(tmp_path / "new.db", clock) as library:
        for title in ("Moss", "Mosses"):
            draft = PaperDraft(title, identifiers=(f"url:lab.org/{title}",))
            await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)
        chosen = as_draft(await library.papers.get(1))
        merged = await library.papers.merge(1, 2, chosen, MODERATOR)
    with closing(sqlite3.connect(tmp_path / "new.db")) as db:  # as an earlier version merged them
        for column in ("before", "after"):
            for name, address in {"Moss": "record", "Mosses": "records"}.items():
                db.execute(
                    f"UPDATE changes SET {column} = replace({column}, ?, ?)",
                    [f'"url:lab.org/{name}"', f'"url:zenodo.org/{address}/1"'],
                )
        db.execute("DELETE FROM identifiers WHERE identifier GLOB '*Mosses'")
        db.execute("UPDATE identifiers SET identifier = 'doi:10.5281/zenodo.1'")
        db.commit()
    async with open_library(tmp_path / "new.db", clock) as library:
        await library.undo(merged.change_id, MODERATOR)
        papers = await library.papers.batch()
    assert [paper.title for paper in papers] == ["Moss", "Mosses"]
    known = {name for paper in papers for name in paper.identifiers}
    assert known == {"doi:10.5281/zenodo.1", "url:zenodo.org/records/1"}
