"""A trusted feed that suddenly brings far more than usual waits for one decision."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from storage.audit.models import ReviewKind
from storage.backups.files import BackupKind, Backups
from storage.errors import LabError
from storage.feeds.models import Entry, Feed, FeedState, IngestResult
from storage.library import Library, open_library
from storage.models import Outcome, PaperDraft, PartialDate
from storage.review.models import Decision
from tests.support.lab import NOW, FakeClock
from tests.support.library import MODERATOR

URL, CHANNEL, MODERATORS = "https://lab.org/feed", 2, 3


class Source:
    """A feed that lists everything that it ever had."""

    def __init__(self, library: Library, feed: Feed, clock: FakeClock) -> None:
        self.library, self.feed, self.clock = library, feed, clock
        self.entries: list[Entry] = []

    async def brings(self, number: int) -> IngestResult:
        self.clock.advance(timedelta(hours=1))
        for _ in range(number):
            title = f"Paper {len(self.entries)}"
            self.entries.insert(0, Entry(title, PaperDraft(title, date=PartialDate(2026))))
        return await self.poll()

    async def poll(self) -> IngestResult:
        state = FeedState(URL, "News", "", "", NOW + timedelta(hours=1))
        return await self.library.feeds.ingest(
            await self.library.feeds.get(self.feed.id),
            self.entries,
            state,
            MODERATORS,
            lambda added, usual: f"{added} instead of {usual}",
        )

    async def notices(self) -> list[str]:
        due = await self.library.outbox.enqueue_and_fetch_due()
        return [post.notice for post in due if post.destination_id == MODERATORS]

    async def queued(self) -> int:
        (subscription,) = await self.library.subscriptions.all()
        return subscription.waiting

    async def held(self) -> int:
        return (await self.library.feeds.get(self.feed.id)).held


@pytest.fixture
async def source(library: Library, clock: FakeClock) -> Source:
    """A feed that usually brings one or two papers, none of which are announced yet."""
    feed = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    source = Source(library, feed, clock)
    for number in (5, 1, 2, 1):
        await source.brings(number)
    await library.subscriptions.subscribe(1, CHANNEL, MODERATOR)
    return source


async def test_nineteen_new_papers_are_announced_and_twenty_are_held(source: Source) -> None:
    assert len((await source.brings(19)).added) == 19
    assert await source.queued() == 19
    result = await source.brings(190)
    assert (len(result.added), result.reviews, result.held) == (0, 190, 190)


@pytest.mark.parametrize(("number", "added"), [(20, 0), (189, 189)])
async def test_ten_times_as_many_as_usual_are_too_many(
    source: Source, number: int, added: int
) -> None:
    if added:
        await source.brings(19)
    result = await source.brings(number)
    assert (len(result.added), result.held) == (added, number - added)


async def test_held_entries_wait_with_one_notice_and_so_does_what_follows(source: Source) -> None:
    result = await source.brings(120)
    assert (result.added, result.held) == ((), 120)
    assert (await source.brings(1)).held == 1
    assert (await source.poll()).held == 0
    assert await source.notices() == ["120 instead of 2"]
    assert await source.held() == 121
    assert await source.queued() == 0
    (seen,) = (await source.library.traces.get("Paper 20")).entries
    assert (seen.outcome, seen.is_held) == (Outcome.REVIEW, True)


async def test_the_first_check_after_a_restore_holds_nothing(
    source: Source, tmp_path: Path
) -> None:
    backup = Backups.of(source.library.path).make(BackupKind.MANUAL, NOW)
    restored = shutil.copyfile(backup.path, tmp_path / "restored.db")
    source.clock.advance(timedelta(hours=1))
    async with open_library(restored, source.clock) as library:
        again = Source(library, source.feed, source.clock)
        again.entries = source.entries
        assert len((await again.brings(20)).added) == 20
        assert (await again.brings(200)).held == 200


async def test_all_held_entries_are_added_and_announced_once(source: Source) -> None:
    await source.brings(60)
    papers = await source.library.papers.count()
    accepted = await source.library.review.resolve_held(source.feed.id, MODERATOR, add=True)
    assert accepted.value == {Outcome.ADDED: 60}
    assert await source.library.papers.count() == papers + 60
    assert await source.queued() == 60
    assert await source.held() == 0
    assert not (await source.poll()).added
    with pytest.raises(LabError, match="Somebody has already decided about those entries"):
        await source.library.review.resolve_held(source.feed.id, MODERATOR, add=False)
    # What was accepted is usual from now on.
    assert len((await source.brings(60)).added) == 60


async def test_a_held_entry_without_a_title_goes_on_waiting(source: Source) -> None:
    link = "https://lab.org/p/7"
    source.entries.insert(0, Entry("p/7", PaperDraft(link, identifiers=("url:lab.org/p/7",))))
    await source.brings(60)
    accepted = await source.library.review.resolve_held(source.feed.id, MODERATOR, add=True)
    assert accepted.value == {Outcome.ADDED: 60, Outcome.REVIEW: 1}
    assert await source.held() == 0
    (waiting,) = await source.library.review.pending_entries(source.feed.id)
    assert waiting.draft.title == link
    with pytest.raises(LabError, match="has no title yet"):
        await source.library.review.resolve(ReviewKind.ENTRY, waiting.id, MODERATOR, Decision.ADD)


@pytest.mark.parametrize("add", [True, False])
async def test_a_decision_about_held_entries_is_undone_and_redone(
    source: Source, *, add: bool
) -> None:
    await source.brings(60)
    papers = await source.library.papers.count()
    decided = await source.library.review.resolve_held(source.feed.id, MODERATOR, add=add)
    assert decided.change_id is not None
    after = await source.library.papers.count()
    undone = await source.library.undo(decided.change_id, MODERATOR)
    assert await source.library.papers.count() == papers
    assert await source.held() == 60
    assert not (await source.poll()).added
    assert undone.change_id is not None
    await source.library.undo(undone.change_id, MODERATOR)
    assert await source.library.papers.count() == after
    assert await source.held() == 0
    assert not (await source.poll()).reviews


async def test_renamed_entries_are_known_and_not_held(source: Source) -> None:
    await source.brings(15)
    await source.brings(0)
    source.entries = [Entry(f"new {one.key}", one.draft) for one in source.entries]
    result = await source.brings(0)
    assert (result.added, result.reviews) == ((), 0)


async def test_the_first_papers_of_an_empty_feed_are_not_held(
    library: Library, clock: FakeClock
) -> None:
    feed = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    source = Source(library, feed, clock)
    await source.brings(0)
    assert len((await source.brings(200)).added) == 200
