"""Feeds that rename their entries: nothing comes twice, and the database doesn't grow for it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from storage.audit.models import ReviewKind
from storage.feeds.models import Entry, Feed, FeedSettings, FeedState, IngestResult
from storage.library import Library
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.papers.identifiers import feed_guid, identify
from storage.review.models import Decision
from tests.support.lab import NOW, FakeClock
from tests.support.library import MODERATOR

URL = "https://lab.org/feed"


def entry(number: int, key: str, *, linked: bool) -> Entry:
    url = f"https://lab.org/{number}"
    draft = PaperDraft(
        title=f"Paper {number}",
        date=PartialDate(2026),
        identifiers=(*(identify(url) if linked else ()), feed_guid(URL, key)),
        links=(Link(LinkKind.PAGE, url),) if linked else (),
    )
    return Entry(key, draft)


def count_entries(library: Library) -> int:
    with closing(sqlite3.connect(library.path)) as db:
        (number,) = db.execute("SELECT COUNT(*) FROM entries").fetchone()
        return int(number)


async def ingest(library: Library, feed: Feed, *found: Entry) -> IngestResult:
    state = FeedState(URL, "News", "", "", NOW + timedelta(hours=1))
    return await library.feeds.ingest(await library.feeds.get(feed.id), found, state)


@pytest.fixture
async def feed(library: Library, clock: FakeClock) -> Feed:
    feed = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    clock.advance(timedelta(hours=1))
    return feed


async def queued(library: Library) -> int:
    (subscription,) = await library.subscriptions.all()
    return subscription.waiting


@pytest.mark.parametrize("linked", [True, False])
async def test_a_feed_that_renames_its_entries_adds_few_rows(
    library: Library, feed: Feed, clock: FakeClock, *, linked: bool
) -> None:
    for poll in range(200):
        clock.advance(timedelta(hours=2))
        result = await ingest(
            library,
            feed,
            *(entry(number, f"{poll}-{number}", linked=linked) for number in range(3)),
        )
        assert bool(result.added) == (poll == 0)
    assert count_entries(library) <= 3 * 15
    for old in (0, 1, 100, 198):
        result = await ingest(library, feed, entry(1, f"{old}-1", linked=linked))
        assert (result.added, result.duplicates, result.reviews) == ((), (), 0)
    assert await queued(library) == 0


async def test_a_feed_that_alternates_between_ids_settles(
    library: Library, feed: Feed, clock: FakeClock
) -> None:
    for poll in range(60):
        clock.advance(timedelta(hours=13))
        await ingest(library, feed, entry(1, f"server {poll % 3}", linked=True))
    assert count_entries(library) <= 3
    assert await queued(library) == 0


async def test_a_sliding_window_keeps_an_entry_of_each_paper(
    library: Library, feed: Feed, clock: FakeClock
) -> None:
    for first in range(30):
        clock.advance(timedelta(days=2))
        window = [entry(first + number, f"{first + number}", linked=True) for number in range(3)]
        await ingest(library, feed, *reversed(window))
    assert count_entries(library) == 32
    before = await queued(library)
    assert not (await ingest(library, feed, entry(0, "0", linked=True))).added
    assert await queued(library) == before


async def test_a_declined_or_waiting_entry_under_a_new_key_is_not_asked_about_again(
    library: Library, feed: Feed, clock: FakeClock
) -> None:
    await ingest(library, feed)
    await library.feeds.edit(feed.id, FeedSettings("News", URL, "", is_reviewed=True), MODERATOR)
    for poll in range(40):
        clock.advance(timedelta(hours=7))
        found = [entry(number, f"{poll}-{number}", linked=True) for number in range(2)]
        result = await ingest(library, feed, *found)
        assert result.reviews == (2 if poll == 0 else 0)
        if poll == 10:
            first, _ = await library.review.pending_entries(feed.id)
            await library.review.resolve(ReviewKind.ENTRY, first.id, MODERATOR, Decision.DECLINE)
    assert len(await library.review.pending_entries(feed.id)) == 1
    assert count_entries(library) <= 20
