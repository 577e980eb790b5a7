"""Decisions of what waits for a moderator are taken back as everything else is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.announcements.models import Post, PostKind
from storage.audit.models import ReviewChange, ReviewKind
from storage.errors import LabError
from storage.feeds.models import Entry, EntryRecord, Feed, FeedSettings, FeedState, PendingEntry
from storage.library import Library
from storage.models import Outcome, PaperDraft
from storage.review.models import Decision, Suggestion
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, deliver

MODERATORS, MEMBER = 9, 7


@pytest.fixture
async def feed(library: Library, clock: FakeClock) -> Feed:
    """A reviewed feed with an entry that waits."""
    feed = (await library.feeds.follow("https://lab.org/feed", "News", "", MODERATOR)).value
    await library.feeds.edit(
        feed.id, FeedSettings("News", feed.url, "", is_reviewed=True), MODERATOR
    )
    feed = await library.feeds.get(feed.id)
    state = FeedState(feed.url, "News", "", "", clock() + timedelta(hours=1))
    await library.feeds.ingest(feed, [], state, MODERATORS)
    clock.advance(timedelta(hours=1))
    entry = Entry("new", PaperDraft(title="Ferns", identifiers=("arxiv:2302.12433",)))
    await library.feeds.ingest(feed, [entry], state, MODERATORS)
    return feed


async def waiting_entry(library: Library, feed: Feed) -> PendingEntry:
    (entry,) = await library.review.pending_entries(feed.id)
    return entry


async def suggested(library: Library) -> Suggestion:
    draft = PaperDraft(title="Mosses", identifiers=("arxiv:2302.12434",))
    offer = await library.review.suggest(
        draft, "", (MEMBER, "mika"), daily_limit=5, channel_id=MODERATORS
    )
    assert offer.suggestion
    return offer.suggestion


async def decision(library: Library, suggestion: Suggestion) -> Outcome:
    return (await library.review.suggestions([suggestion.id]))[suggestion.id].outcome


async def deliver_all(library: Library) -> list[Post]:
    """Sends what is due and updates what changed since it was sent; returns what was sent."""
    sent = await deliver(library)
    for post in await library.outbox.needing_follow_up():
        await library.outbox.mark_complete(post)
    return sent


async def test_a_declined_entry_waits_again_after_undo(library: Library, feed: Feed) -> None:
    entry = await waiting_entry(library, feed)
    await deliver_all(library)
    left_out = await library.review.resolve(ReviewKind.ENTRY, entry.id, MODERATOR, Decision.SAME)
    assert (left_out.value.outcome, left_out.value.paper) == (Outcome.DECLINED, None)
    await deliver_all(library)
    last = await library.audit.last_by(MODERATOR)
    assert last is not None
    assert isinstance(last, ReviewChange)
    assert (last.id, last.title, last.outcome) == (
        left_out.change_id,
        "Ferns",
        Outcome.DECLINED,
    )
    undone = await library.undo(left_out.change_id, MODERATOR)
    assert await waiting_entry(library, feed) == entry
    assert len(await library.outbox.needing_follow_up()) == 1  # its card asks again
    await library.undo(undone.change_id, MODERATOR)
    again = await library.review.entry(entry.id)
    assert isinstance(again, EntryRecord)
    assert (again.outcome, again.decided_by) == (Outcome.DECLINED, MODERATOR)


async def test_an_added_entry_leaves_the_list_and_waits_again_after_undo(
    library: Library, feed: Feed
) -> None:
    entry = await waiting_entry(library, feed)
    added = await library.review.resolve(ReviewKind.ENTRY, entry.id, MODERATOR, Decision.ADD)
    undone = await library.undo(added.change_id, MODERATOR)
    assert await library.papers.count() == 0
    assert await waiting_entry(library, feed) == entry
    await library.undo(undone.change_id, MODERATOR)
    assert await library.papers.count() == 1
    assert await library.review.pending_entries(feed.id) == ()


async def test_an_entry_of_an_unfollowed_feed_does_not_wait_after_undo(
    library: Library, feed: Feed
) -> None:
    entry = await waiting_entry(library, feed)
    added = await library.review.resolve(ReviewKind.ENTRY, entry.id, MODERATOR, Decision.ADD)
    await library.feeds.unfollow(feed.id, MODERATOR)
    await library.undo(added.change_id, MODERATOR)
    assert await library.papers.count() == 0


async def test_a_later_decision_is_not_overwritten_by_undo(
    library: Library, feed: Feed, clock: FakeClock
) -> None:
    entry = await waiting_entry(library, feed)
    left_out = await library.review.resolve(ReviewKind.ENTRY, entry.id, MODERATOR, Decision.SAME)
    undone = await library.undo(left_out.change_id, MODERATOR)
    clock.advance(timedelta(minutes=1))
    await library.review.resolve(ReviewKind.ENTRY, entry.id, MODERATOR, Decision.ADD)
    with pytest.raises(LabError, match="decided this one differently since then"):
        await library.undo(undone.change_id, MODERATOR)
    assert await library.papers.count() == 1


async def test_a_member_is_told_only_the_decision_in_force(
    library: Library, clock: FakeClock
) -> None:
    suggestion = await suggested(library)
    await deliver_all(library)
    left_out = await library.review.resolve(
        ReviewKind.SUGGESTION, suggestion.id, MODERATOR, Decision.SAME
    )
    await library.undo(left_out.change_id, MODERATOR)
    assert await deliver_all(library) == []  # nobody was told yet
    assert await decision(library, suggestion) is Outcome.REVIEW
    clock.advance(timedelta(minutes=1))
    added = await library.review.resolve(
        ReviewKind.SUGGESTION, suggestion.id, MODERATOR, Decision.ADD
    )
    (told,) = await deliver_all(library)
    assert (told.kind, told.destination_id) == (PostKind.OUTCOME, MEMBER)
    await library.undo(added.change_id, MODERATOR)
    assert {post.kind for post in await library.outbox.needing_follow_up()} == {
        *(PostKind.SUGGESTION, PostKind.OUTCOME)
    }
    await deliver_all(library)
    clock.advance(timedelta(minutes=1))
    await library.review.resolve(ReviewKind.SUGGESTION, suggestion.id, MODERATOR, Decision.SAME)
    assert await deliver_all(library) == []  # the message that told of it is corrected
    assert await decision(library, suggestion) is Outcome.DECLINED
