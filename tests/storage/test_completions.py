"""Tests of when papers are looked up in order to complete them."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from storage.library import Library, open_library
from storage.models import Origin, PaperDraft
from storage.timestamps import to_text
from tests.support.lab import FakeClock
from tests.support.library import ARXIV, MODERATOR, added
from tests.support.old_database import run_migrations


async def test_new_papers_are_due_first_and_removed_ones_never(library: Library) -> None:
    first = await added(library, ARXIV)
    second = await added(library, PaperDraft(title="Second"))
    third = await added(library, PaperDraft(title="Third"))
    await library.papers.remove(third.id, MODERATOR)
    assert [one.id for one in await library.completions.due(5)] == [second.id, first.id]
    assert [one.id for one in await library.completions.due(1)] == [second.id]


async def test_a_paper_that_goes_on_lacking_something_is_asked_about_ever_more_rarely(
    library: Library,
) -> None:
    paper = await added(library, ARXIV)
    waits = []
    for _ in range(8):
        at = await library.completions.record(paper.id, is_lacking=True, has_failed=False)
        again = await library.completions.record(paper.id, is_lacking=True, has_failed=True)
        waits.append((at - again + timedelta(days=1)).days)
    assert waits == [7, 14, 28, 56, 112, 180, 180, 180]
    assert await library.completions.due(5) == ()


async def test_a_paper_that_lacks_nothing_waits_long_and_starts_anew(library: Library) -> None:
    paper = await added(library, ARXIV)
    first = await library.completions.record(paper.id, is_lacking=True, has_failed=False)
    whole = await library.completions.record(paper.id, is_lacking=False, has_failed=False)
    again = await library.completions.record(paper.id, is_lacking=True, has_failed=False)
    assert (whole - first).days == 173
    assert (again - first).days == 0


async def test_a_paper_for_which_services_fail_is_tried_again_ever_more_rarely(
    library: Library, clock: FakeClock
) -> None:
    paper = await added(library, ARXIV)
    waits = []
    for _ in range(7):
        at = await library.completions.record(paper.id, is_lacking=True, has_failed=True)
        waits.append((at - clock()).days)
        clock.advance(at - clock() - timedelta(seconds=1))
        assert await library.completions.due(5) == ()
        clock.advance(timedelta(seconds=1))
        assert [one.id for one in await library.completions.due(5)] == [paper.id]
    assert waits == [1, 2, 4, 8, 16, 30, 30]
    await library.completions.record(paper.id, is_lacking=True, has_failed=False)
    again = await library.completions.record(paper.id, is_lacking=True, has_failed=True)
    assert (again - clock()).days == 1


async def test_what_version_34_recorded_goes_on(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "lab.db"
    with closing(sqlite3.connect(path)) as db:
        run_migrations(db, 34)
        db.execute(
            """INSERT INTO papers (id, title, title_key, authors_complete, venue, sort_key, note,
                   posted_by, origin, created_at, created_by, created_by_name, abstract)
               VALUES (1, 'A Paper', 'a paper', 1, '', 1, '', '', 'import', ?, 'shell', '', '')""",
            [to_text(clock())],
        )
        db.execute("INSERT INTO completions VALUES (1, ?, ?, 2)", [to_text(clock())] * 2)
        db.execute("PRAGMA user_version = 34")
        db.commit()
    async with open_library(path, clock) as library:
        assert [one.id for one in await library.completions.due(5)] == [1]
        failed = await library.completions.record(1, is_lacking=True, has_failed=True)
        at = await library.completions.record(1, is_lacking=True, has_failed=False)
        assert (failed - clock(), at - clock()) == (timedelta(days=1), timedelta(days=28))
        assert await library.review.count() == 0


async def test_a_paper_that_could_not_be_looked_up_is_put_off(
    library: Library, clock: FakeClock
) -> None:
    paper = await added(library, ARXIV)
    other = await added(library, PaperDraft(title="Another"))
    await library.completions.postpone(other.id)
    assert [one.id for one in await library.completions.due(1)] == [paper.id]
    await library.completions.record(paper.id, is_lacking=True, has_failed=False)
    await library.completions.postpone(paper.id)
    clock.advance(timedelta(days=1))
    assert {one.id for one in await library.completions.due(5)} == {paper.id, other.id}


async def test_what_moderators_set_stays_and_a_removed_paper_stays_removed(
    library: Library,
) -> None:
    recorded = await library.papers.upsert(
        PaperDraft(title="A Paper", authors=("Ann Lee",)), Origin.MODERATOR, MODERATOR
    )
    assert recorded.value.paper is not None
    number = recorded.value.paper.id
    found = PaperDraft(title="A Paper", authors=("Ann Lee", "Bo Chen"), venue="ICML")
    seen = recorded.value.paper
    preview = (await library.papers.preview_completion(number, found, seen=seen)).after
    done = await library.papers.complete(number, found, MODERATOR, seen=seen)
    assert preview is not None
    assert done.value.after is not None
    assert (done.value.before, done.value.after) == (seen, await library.papers.get(number))
    assert (done.value.after.authors, done.value.after.venue) == (("Ann Lee",), "ICML")
    assert (preview.authors, preview.venue) == (("Ann Lee",), "ICML")
    assert done.change_id is not None
    await library.undo(done.change_id, MODERATOR)
    assert (await library.papers.get(number)).venue == ""
    await library.papers.remove(number, MODERATOR)
    assert (await library.papers.complete(number, found, MODERATOR, seen=seen)).value.after is None
    assert await library.papers.find(number) is None


async def test_what_services_say_about_the_former_title_is_not_merged(library: Library) -> None:
    seen = await added(library, PaperDraft(title="A Paper"))
    found = PaperDraft(title="A Paper", authors=("Bo Chen",), identifiers=("arxiv:2302.12433",))
    edited = PaperDraft(title="Another Paper", identifiers=seen.identifiers)
    now = (await library.papers.edit(seen.id, edited, MODERATOR)).value
    done = await library.papers.complete(seen.id, found, MODERATOR, seen=seen)
    assert (done.value.before, done.value.after, done.change_id) == (now, now, None)
    assert await library.papers.get(seen.id) == now
