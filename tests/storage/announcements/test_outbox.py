from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.filters import parse_filter
from storage.announcements.models import (
    DeliveryStatus,
    PostKind,
    PostState,
    SubscriptionOptions,
)
from storage.audit.models import ReviewKind
from storage.database import Database
from storage.errors import LabError, SubscriptionNotFound
from storage.feeds.models import Entry, EntryRecord, Feed, FeedSettings, FeedState, PendingEntry
from storage.library import Library, open_library
from storage.models import Origin, Outcome, PaperDraft
from storage.review.models import Decision
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, announce, deliver
from tests.support.old_database import run_migrations


async def test_posts_are_claimed_sent_and_recorded_in_order(
    library: Library, clock: FakeClock
) -> None:
    outbox, subscriptions = library.outbox, library.subscriptions
    assert await subscriptions.subscribe(1, 2, MODERATOR)
    assert not await subscriptions.subscribe(1, 2, MODERATOR)
    first, second = [await announce(library, title) for title in ("First", "Second")]
    (due,) = await outbox.enqueue_and_fetch_due()
    assert (due.paper_ids, due.state, due.kind) == ((first,), PostState.WAITING, PostKind.PAPER)
    assert await outbox.claim([due]) == {due.id}
    (claimed,) = await outbox.enqueue_and_fetch_due()
    assert (claimed.state, claimed.attempts) == (PostState.CLAIMED, 1)
    assert claimed.claimed_papers == (first,)
    assert claimed.claimed_at == clock()
    (sending,) = await outbox.for_paper(first)
    assert sending.status is DeliveryStatus.SENDING
    await outbox.release(claimed)
    await outbox.postpone(2, clock() + timedelta(minutes=1))
    assert await outbox.count_failures(2) == 1
    assert await outbox.count_failures(99) == 0
    assert await outbox.enqueue_and_fetch_due() == ()
    clock.advance(timedelta(minutes=2))
    (again,) = await outbox.enqueue_and_fetch_due()
    assert again.paper_ids == (first,)
    await outbox.record_sent([(again, 123)])
    assert await outbox.claim([again]) == set()
    assert await outbox.count_failures(2) == 0
    (subscription,) = await subscriptions.with_counts(1)
    assert (subscription.waiting, subscription.sent) == (1, 1)
    (sent,) = await outbox.for_paper(first)
    assert (sent.status, sent.message_id, sent.sent_at) == (DeliveryStatus.SENT, 123, clock())
    assert [post.paper_ids for post in await deliver(library)] == [(second,)]
    assert await outbox.enqueue_and_fetch_due() == ()


async def test_a_claimed_post_names_the_papers_of_every_attempt(
    library: Library,
) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    first, into = [await announce(library, title) for title in ("First", "Into")]
    (due,) = await library.outbox.enqueue_and_fetch_due()
    await library.outbox.claim([due])
    await library.papers.merge(into, first, PaperDraft(title="Into"), MODERATOR)
    (claimed,) = await library.outbox.enqueue_and_fetch_due()
    assert (claimed.paper_ids, claimed.claimed_papers) == ((into,), (first,))
    assert not await library.outbox.is_known_message(7)
    assert [post.id for post in await deliver(library, first_message_id=7)] == [due.id]
    assert await library.outbox.is_known_message(7)
    sent = await library.outbox.find_post(due.id)
    assert sent is not None
    assert sent.claimed_papers == (first, into)


async def test_a_claim_is_on_the_disk_before_anything_is_sent_or_updated(
    library: Library, database: Database
) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    paper = await announce(library, "Typo")
    (post,) = await library.outbox.enqueue_and_fetch_due()
    statements: list[str] = []
    await database.trace(statements.append)
    await library.outbox.claim([post])
    assert [one for one in statements if "synchronous" in one] == ["PRAGMA synchronous = FULL"]
    await library.outbox.record_sent([(post, 5)])
    await library.papers.edit(paper, PaperDraft(title="Type"), MODERATOR)
    incomplete = await library.outbox.needing_follow_up()
    statements.clear()
    await library.outbox.claim_follow_ups(incomplete)
    assert [one for one in statements if "synchronous" in one] == ["PRAGMA synchronous = FULL"]
    assert await library.outbox.needing_follow_up() == incomplete


async def test_a_stopped_channel_keeps_its_queue_and_an_unsubscribed_one_does_not(
    library: Library,
) -> None:
    outbox, subscriptions = library.outbox, library.subscriptions
    await subscriptions.subscribe(1, 2, MODERATOR)
    await announce(library, "Question")
    assert await outbox.stop(2, "the channel is gone")
    assert not await outbox.stop(2, "no permission")
    assert await outbox.enqueue_and_fetch_due() == ()
    assert (await subscriptions.all())[0].stopped_because == "no permission"
    assert await subscriptions.subscribe(1, 2, MODERATOR)
    (post,) = await outbox.enqueue_and_fetch_due()
    await outbox.claim([post])
    assert not await subscriptions.unsubscribe(7, 2, MODERATOR)
    assert await subscriptions.unsubscribe(1, 2, MODERATOR)
    assert not await subscriptions.unsubscribe(1, 2, MODERATOR)
    assert await subscriptions.all() == ()
    await subscriptions.subscribe(1, 2, MODERATOR)
    assert await outbox.enqueue_and_fetch_due() == ()


async def test_a_paused_channel_queues_papers_until_it_is_resumed(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    assert await library.subscriptions.pause(1, 2, MODERATOR)
    assert not await library.subscriptions.pause(1, 2, MODERATOR)
    await announce(library, "Question")
    assert await library.outbox.enqueue_and_fetch_due() == ()
    assert await library.subscriptions.resume(1, 2, MODERATOR)
    assert len(await library.outbox.enqueue_and_fetch_due()) == 1
    for guild, channel in ((1, 3), (7, 2)):
        with pytest.raises(SubscriptionNotFound):
            await library.subscriptions.pause(guild, channel, MODERATOR)


async def test_nothing_is_sent_to_a_paused_channel_however_far_it_got(
    library: Library, clock: FakeClock
) -> None:
    outbox, subscriptions = library.outbox, library.subscriptions
    await subscriptions.subscribe(1, 2, MODERATOR, SubscriptionOptions(has_thread=True))
    paper = await announce(library, "Sent")
    await deliver(library)
    for title in ("Retried", "Claimed", "Due"):
        await announce(library, title)
    (retried,) = await outbox.enqueue_and_fetch_due()
    await subscriptions.pause(1, 2, MODERATOR)
    assert await outbox.claim([retried]) == set()
    await outbox.postpone(2, clock())
    assert await outbox.enqueue_and_fetch_due() == ()
    await subscriptions.resume(1, 2, MODERATOR)
    assert await outbox.claim([retried]) == {retried.id}
    await subscriptions.pause(1, 2, MODERATOR)
    assert await outbox.enqueue_and_fetch_due() == ()
    assert await outbox.needing_follow_up() == ()  # no thread is started
    await library.papers.edit(paper, PaperDraft(title="Corrected"), MODERATOR)
    (updated,) = await outbox.needing_follow_up()
    assert (updated.is_outdated, updated.thread_due) == (True, False)
    await outbox.mark_complete(updated)
    assert await outbox.needing_follow_up() == ()
    await subscriptions.resume(1, 2, MODERATOR)
    (updated,) = await outbox.needing_follow_up()
    assert (updated.is_outdated, updated.thread_due) == (False, True)
    (claimed,) = await outbox.enqueue_and_fetch_due()
    assert (claimed.id, claimed.state) == (retried.id, PostState.CLAIMED)
    assert len(await deliver(library)) == 3


async def test_a_channel_that_subscribes_again_gets_no_paper_twice(
    library: Library,
) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    paper = await announce(library, "Once")
    await deliver(library)
    await library.subscriptions.unsubscribe(1, 2, MODERATOR)
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    await library.papers.remove(paper, MODERATOR)
    await announce(library, "Once")
    assert len(await library.outbox.for_paper(paper)) == 1


async def test_a_channel_gets_papers_that_pass_and_the_others_are_recorded(
    library: Library,
) -> None:
    await library.subscriptions.subscribe(
        1, 2, MODERATOR, SubscriptionOptions(filters=parse_filter("venue:icml"))
    )
    await library.subscriptions.subscribe(1, 3, MODERATOR)
    wanted = await announce(library, "Wanted", venue="ICML")
    other = await announce(library, "Other", venue="ACL")
    assert [post.paper_ids for post in await deliver(library) if post.destination_id == 2] == [
        (wanted,)
    ]
    assert [one.status for one in await library.outbox.for_paper(other)] == [
        DeliveryStatus.FILTERED_OUT,
        DeliveryStatus.SENT,
    ]
    assert await library.subscriptions.subscribe(1, 2, MODERATOR, SubscriptionOptions())
    assert await deliver(library) == []
    assert [
        subscription.options.filters.conditions
        for subscription in await library.subscriptions.all()
    ] == [(), ()]


async def test_very_many_waiting_papers_become_one_digest(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    few = [await announce(library, f"Few {number}") for number in range(5)]
    assert [post.paper_ids for post in await deliver(library)] == [(number,) for number in few]
    many = [await announce(library, f"Many {number}") for number in range(40)]
    (digest,) = await deliver(library)
    assert (digest.kind, digest.paper_ids) == (PostKind.DIGEST, tuple(many))


async def test_a_digest_is_sent_at_its_time_and_only_once_after_a_long_outage(
    library: Library, clock: FakeClock
) -> None:
    daily = SubscriptionOptions(
        digest=DigestSchedule(Frequency.DAILY, minute=18 * 60, time_zone="Europe/Berlin")
    )
    await library.subscriptions.subscribe(1, 2, MODERATOR, daily)
    subscription = await library.subscriptions.find(2)
    assert subscription is not None
    assert subscription.next_digest_at == datetime(2026, 11, 23, 17, tzinfo=UTC)
    papers = [await announce(library, title) for title in ("One", "Two")]
    assert await deliver(library) == []
    clock.advance(timedelta(days=3))
    (digest,) = await deliver(library)
    assert (digest.kind, digest.paper_ids) == (PostKind.DIGEST, tuple(papers))
    alone = await announce(library, "Alone")
    assert await deliver(library) == []
    clock.advance(timedelta(hours=6))
    (post,) = await deliver(library)
    assert (post.kind, post.paper_ids) == (PostKind.PAPER, (alone,))
    clock.advance(timedelta(days=1))
    assert await deliver(library) == []  # nothing new, and the next one is a day later
    await announce(library, "Later")
    assert await deliver(library) == []


async def test_a_removed_paper_waits_until_it_is_restored(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    draft = PaperDraft(title="Back and forth", identifiers=("arxiv:2301.00001",))
    paper = (
        await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR, announce=True)
    ).value.paper
    assert paper is not None
    await library.papers.remove(paper.id, MODERATOR)
    assert await library.outbox.enqueue_and_fetch_due() == ()
    await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR)
    (post,) = await library.outbox.enqueue_and_fetch_due()
    assert post.paper_ids == (paper.id,)


async def test_a_change_after_sending_is_rendered_once(library: Library, clock: FakeClock) -> None:
    await library.subscriptions.subscribe(
        1, 2, MODERATOR, SubscriptionOptions(has_thread=True, publishes=True)
    )
    paper = await announce(library, "Typo", venue="arXiv")
    await deliver(library)
    (post,) = await library.outbox.needing_follow_up()
    assert (post.thread_due, post.publish_due, post.is_outdated) == (True, True, False)
    await library.outbox.mark_complete(post)
    assert await library.outbox.needing_follow_up() == ()
    await library.papers.edit(paper, PaperDraft(title="Type", venue="ICML"), MODERATOR)
    (post,) = await library.outbox.needing_follow_up()
    assert post.is_outdated
    assert await library.outbox.announced_venues([post.id]) == {(post.id, paper): "arXiv"}
    await library.outbox.postpone_follow_up(post, clock() + timedelta(hours=1))
    assert await library.outbox.needing_follow_up() == ()
    clock.advance(timedelta(hours=2))
    (post,) = await library.outbox.needing_follow_up()
    await library.papers.remove(paper, MODERATOR)  # while the first change is being shown
    await library.outbox.mark_complete(post)
    (post,) = await library.outbox.needing_follow_up()
    await library.outbox.mark_complete(post)
    assert await library.outbox.needing_follow_up() == ()


async def test_a_change_between_claim_and_record_is_rendered_too(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    paper = await announce(library, "Typo")
    (post,) = await library.outbox.enqueue_and_fetch_due()
    await library.outbox.claim([post])
    await library.papers.edit(paper, PaperDraft(title="Type"), MODERATOR)
    (
        found,
    ) = await library.outbox.enqueue_and_fetch_due()  # as by a bot that was killed in between
    await library.outbox.record_sent([(found, 5)])
    assert len(await library.outbox.needing_follow_up()) == 1


async def test_a_notice_is_sent_once_in_any_channel(library: Library) -> None:
    number = await library.outbox.enqueue_notice(9, "Something is wrong.")
    (post,) = await library.outbox.enqueue_and_fetch_due()
    assert (post.id, post.kind, post.notice) == (number, PostKind.NOTICE, "Something is wrong.")
    await library.outbox.claim([post])
    await library.outbox.release(post)
    (again,) = await library.outbox.enqueue_and_fetch_due()
    assert (again.id, again.state) == (number, PostState.WAITING)
    assert len(await deliver(library)) == 1
    await library.outbox.record_sent([])
    assert await library.outbox.find_post(number) is not None
    assert await library.outbox.find_post(number + 1) is None


async def reviewed(library: Library, clock: FakeClock) -> Feed:
    feed = (await library.feeds.follow("https://example.org/feed", "News", "", MODERATOR)).value
    await library.feeds.edit(
        feed.id, FeedSettings("News", feed.url, "", is_reviewed=True), MODERATOR
    )
    feed = await library.feeds.get(feed.id)
    await library.feeds.ingest(feed, [Entry("old", PaperDraft(title="Old"))], state(clock), 9)
    clock.advance(timedelta(hours=1))
    return await library.feeds.get(feed.id)


def state(clock: FakeClock) -> FeedState:
    return FeedState("https://example.org/feed", "News", "", "", clock() + timedelta(hours=1))


async def test_entries_of_a_reviewed_feed_wait_for_a_moderator(
    library: Library, clock: FakeClock
) -> None:
    feed = await reviewed(library, clock)
    assert await library.papers.count() == 1
    assert await library.outbox.enqueue_and_fetch_due() == ()
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    entries = [Entry(title, PaperDraft(title=title)) for title in ("Ours", "Theirs")]
    intake = await library.feeds.ingest(feed, entries, state(clock), 9)
    assert (intake.reviews, intake.added) == (2, ())
    theirs, ours = await library.review.pending_entries(feed.id)
    assert (await library.feeds.get(feed.id)).reviews == 2
    asked = await deliver(library)
    assert [(post.kind, post.entry_id) for post in asked] == [
        (PostKind.REVIEW, theirs.id),
        (PostKind.REVIEW, ours.id),
    ]
    assert isinstance(await library.review.entry(ours.id), PendingEntry)
    assert (
        await library.review.resolve(ReviewKind.ENTRY, ours.id, MODERATOR, Decision.ADD)
    ).value.outcome is Outcome.ADDED
    assert (
        await library.review.resolve(ReviewKind.ENTRY, theirs.id, MODERATOR, Decision.SAME)
    ).value.outcome is Outcome.DECLINED
    with pytest.raises(LabError, match="already declined this one"):
        await library.review.resolve(ReviewKind.ENTRY, theirs.id, MODERATOR, Decision.ADD)
    decided = await library.review.entry(ours.id)
    assert isinstance(decided, EntryRecord)
    assert (decided.decided_by, decided.was_first_poll) == (MODERATOR, False)
    assert len(await library.outbox.needing_follow_up()) == 2  # the cards show what was decided
    (post,) = await deliver(library)
    assert post.kind is PostKind.PAPER
    assert (await library.feeds.ingest(feed, entries, state(clock), 9)).known == 2
    await library.feeds.unfollow(feed.id, MODERATOR)
    assert isinstance(await library.review.entry(ours.id), EntryRecord)


async def test_a_reviewed_feed_updates_known_papers_without_review(
    library: Library, clock: FakeClock
) -> None:
    feed = await reviewed(library, clock)
    again = Entry("new id", PaperDraft(title="Old", venue="ICML"))
    assert len((await library.feeds.ingest(feed, [again], state(clock), None)).updated) == 1
    fresh = Entry("fresh", PaperDraft(title="Fresh"))
    assert (await library.feeds.ingest(feed, [fresh], state(clock), None)).reviews == 1
    assert (
        await library.outbox.enqueue_and_fetch_due() == ()
    )  # nobody to ask; `/feed check` shows it


async def test_announcements_of_schema_2_keep_their_states(tmp_path: Path) -> None:
    path = tmp_path / "lab.db"
    old = sqlite3.connect(path)
    run_migrations(old, 2)
    at = "2026-01-01T00:00:00.000000Z"
    for number in (1, 2, 3):
        old.execute(
            """INSERT INTO papers (title, title_key, abstract, authors_complete, venue, place, note,
                   posted_by, origin, created_at, created_by, created_by_name)
               VALUES (?, ?, '', 1, 'arXiv', ?, '', '', 'import', ?, 'shell', 'the shell')""",
            [f"P{number}", f"p{number}", number, at],
        )
    old.execute(
        """INSERT INTO routes (guild_id, channel_id, created_by, created_by_name, created_at,
               stopped_because, failures) VALUES (1, 2, 'a', 'a', ?, 'gone', 3)""",
        [at],
    )
    for paper, kind, message in ((1, "sent", 77), (2, "claimed", None), (3, "waiting", None)):
        old.execute(
            """INSERT INTO announcements (paper_id, channel_id, state, created_at, message_id)
               VALUES (?, 2, ?, ?, ?)""",
            [paper, kind, at, message],
        )
    old.execute("PRAGMA user_version = 2")
    old.commit()
    old.close()
    async with open_library(path, FakeClock()) as library:
        (subscription,) = await library.subscriptions.with_counts(1)
        assert (subscription.stopped_because, subscription.waiting, subscription.sent) == (
            "gone",
            2,
            1,
        )
        assert await library.outbox.count_failures(2) == 3
        assert await library.outbox.enqueue_and_fetch_due()  # a channel stopped earlier is tried
        await library.subscriptions.subscribe(1, 2, MODERATOR)
        (unsure,) = await library.outbox.enqueue_and_fetch_due()
        assert (unsure.id, unsure.state, unsure.paper_ids) == (2, PostState.CLAIMED, (2,))
        await library.outbox.record_sent([(unsure, 78)])
        (waiting,) = await library.outbox.enqueue_and_fetch_due()
        assert (waiting.state, waiting.paper_ids) == (PostState.WAITING, (3,))
        (sent,) = await library.outbox.for_paper(1)
        assert (sent.status, sent.message_id, sent.venue) == (DeliveryStatus.SENT, 77, "arXiv")
