"""A database of version 23, whose papers explain abbreviations that nobody had learned yet."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.library import open_library
from storage.models import Origin, PaperDraft
from storage.papers.search_index import sort_key
from storage.search.query import parse
from storage.text import fold
from storage.timestamps import to_text
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR
from tests.support.library_tables import dump
from tests.support.old_database import run_migrations

DRAFTS = (
    PaperDraft("Random forests (RF) grow", abstract="Colours of a RF (random forest)."),
    PaperDraft("On RF", abstract="We plant a random forest (RF).\nIt has memorised (MM) leaves."),
    PaperDraft("Radio frequencies (RF)", abstract="Removed, so that it explains nothing."),
    PaperDraft("“Straße” & Déjà vu (SDV)", abstract="N/A (see below) ("),
    PaperDraft("Memorization without parentheses"),
)
REMOVED = 3
ADDED_AT = datetime(2026, 1, 1, tzinfo=UTC)
LEARNED = ("words", "paper_abbreviations", "abbreviations")


def write_version_23(path: Path) -> None:
    """Makes a database with these papers and their words; one of the papers is removed."""
    with closing(sqlite3.connect(path)) as db:
        run_migrations(db, 23)
        for number, draft in enumerate(DRAFTS, 1):
            db.execute(
                """INSERT INTO papers (id, title, title_key, abstract, authors_complete, venue,
                       sort_key, note, posted_by, origin, created_at, created_by, created_by_name,
                       removed_at)
                   VALUES (?, ?, ?, ?, 1, '', ?, '', '', 'import', ?, 'shell', '', ?)""",
                [
                    *(number, draft.title, fold(draft.title), draft.abstract),
                    *(sort_key(number, None, ADDED_AT), to_text(ADDED_AT)),
                    to_text(ADDED_AT) if number == REMOVED else None,
                ],
            )
        db.commit()


@pytest.fixture
async def fresh(tmp_path: Path, clock: FakeClock) -> Path:
    """A database to which this version added the papers."""
    path = tmp_path / "fresh.db"
    async with open_library(path, clock) as library:
        await library.papers.upsert_many(DRAFTS, Origin.IMPORT, MODERATOR)
        await library.papers.remove(REMOVED, MODERATOR)
    return path


@pytest.fixture
def migrated(tmp_path: Path, fresh: Path) -> Path:
    path = tmp_path / "lab.db"
    write_version_23(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("ATTACH ? AS fresh", [str(fresh)])
        db.execute("INSERT INTO words SELECT word, backwards, papers FROM fresh.words")
        for table, columns in (
            ("paper_text", ("title", "authors", "venue", "tags", "abstract")),
            ("paper_heads", ("title", "authors", "venue", "tags")),
        ):
            db.execute(
                f"""INSERT INTO {table} (rowid, {", ".join(columns)})
                    SELECT papers.sort_key, {", ".join(f"text.{one}" for one in columns)}
                    FROM papers JOIN fresh.papers AS known USING (id)
                    JOIN fresh.paper_text AS text ON text.rowid = known.sort_key"""
            )
        db.execute("PRAGMA user_version = 23")
        db.commit()
    return path


async def test_stems_and_abbreviations_are_those_of_a_new_database(
    migrated: Path, fresh: Path, clock: FakeClock
) -> None:
    async with open_library(migrated, clock):
        pass
    after, expected = dump(migrated), dump(fresh)
    assert {name: after[name] for name in LEARNED} == {name: expected[name] for name in LEARNED}
    assert ("rf", "random forest", "random forest", 1) in after["abbreviations"]
    assert ("rf", "random forests", "random forest", 1) in after["abbreviations"]
    assert "radio frequencies" not in {long for _, long, *_ in after["abbreviations"]}
    assert len(after["papers"]) == len(DRAFTS)


async def test_abbreviations_and_other_forms_are_found_and_follow_changes(
    migrated: Path, clock: FakeClock
) -> None:
    async with open_library(migrated, clock) as library:
        found = await library.search.find(parse("RF xyzzy"))
        assert found.also_searched == ("random forest",)
        found = await library.search.find(parse("memorising forests"))
        assert {paper.id for paper in found.results.papers} >= {2}
        await library.papers.remove(2, MODERATOR)
        assert (await library.search.find(parse("RF xyzzy"))).also_searched == ()
        await library.papers.restore(REMOVED, MODERATOR)
    assert ("rf", "radio frequencies", "radio frequenc", 1) in dump(migrated)["abbreviations"]
