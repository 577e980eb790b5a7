"""What moderators arrange of feeds and channels: recorded, and taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.filters import parse_filter
from storage.announcements.models import DeliveryStatus, PostKind, SubscriptionOptions
from storage.audit.models import Change, FeedChange, ReviewKind, SubscriptionChange
from storage.errors import FeedExists, FeedNotFound, LabError
from storage.feeds.models import Entry, Feed, FeedSettings, FeedState, PendingEntry
from storage.library import Library
from storage.models import PaperDraft
from storage.review.models import Decision
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, announce, deliver

GUILD, CHANNEL, MODERATORS = 1, 2, 9
URL = "https://lab.org/feed"


async def ingest(library: Library, feed: Feed, clock: FakeClock, *titles: str) -> None:
    """A good poll that found these, the oldest first."""
    entries = [Entry(title, PaperDraft(title=title)) for title in reversed(titles)]
    state = FeedState("", feed.title, "tag", "", clock() + timedelta(hours=1))
    await library.feeds.ingest(feed, entries, state, MODERATORS)
    clock.advance(timedelta(minutes=1))


async def last(library: Library, guild_id: int = GUILD) -> Change:
    found = await library.audit.last_by(MODERATOR, guild_id)
    assert found is not None
    return found


async def test_undoing_an_unfollow_continues_where_the_feed_was(
    library: Library, clock: FakeClock
) -> None:
    await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR)
    feed = (await library.feeds.follow(URL, "News", "ICML", MODERATOR, is_reviewed=True)).value
    await ingest(library, feed, clock, "Old")
    await ingest(library, feed, clock, "Old", "To be decided")
    (waiting,) = await library.review.pending_entries(feed.id)
    change_id = (await library.feeds.unfollow(feed.id, MODERATOR)).change_id

    assert change_id == (await last(library)).id
    assert await library.feeds.all() == await library.feeds.due() == ()
    with pytest.raises(FeedNotFound):
        await library.feeds.get(feed.id)
    assert await library.review.count() == 0
    assert await library.review.entry(waiting.id) is None
    with pytest.raises(LabError, match="its feed was unfollowed"):
        await library.review.resolve(ReviewKind.ENTRY, waiting.id, MODERATOR, Decision.ADD)
    assert await deliver(library) == []  # nobody is asked
    await ingest(library, feed, clock, "Old", "To be decided", "Meanwhile")
    assert await library.papers.count() == 1

    assert change_id is not None
    await library.undo(change_id, MODERATOR)
    (again,) = await library.feeds.all()
    assert (again.id, again.venue, again.etag) == (feed.id, "ICML", "tag")
    assert again.next_poll_at == clock()
    assert isinstance(await library.review.entry(waiting.id), PendingEntry)
    await ingest(library, again, clock, "Old", "To be decided", "Meanwhile")
    assert [post.kind for post in await deliver(library)] == [PostKind.REVIEW] * 2
    assert await library.review.count() == 2


async def test_a_review_card_shows_that_its_feed_was_unfollowed(
    library: Library, clock: FakeClock
) -> None:
    feed = (await library.feeds.follow(URL, "News", "", MODERATOR, is_reviewed=True)).value
    await ingest(library, feed, clock)
    await ingest(library, feed, clock, "To be decided")
    (post,) = await deliver(library)
    await library.feeds.unfollow(feed.id, MODERATOR)
    for _ in range(2):  # and that it waits again
        (outdated,) = await library.outbox.needing_follow_up()
        assert outdated.id == post.id
        await library.outbox.mark_complete(outdated)
        if (await library.audit.page()).changes[0].action == "remove":
            await library.undo((await last(library)).id, MODERATOR)
    assert await library.outbox.needing_follow_up() == ()


async def test_a_feed_followed_again_is_new_but_knows_its_old_entries(
    library: Library, clock: FakeClock
) -> None:
    await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR)
    feed = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    await library.feeds.edit(
        feed.id, FeedSettings("Mine", URL, "ICML", is_reviewed=True), MODERATOR
    )
    await ingest(library, feed, clock, "Old")
    await library.feeds.record_failure(feed.id, "It failed.", clock())
    removed = (await library.feeds.unfollow(feed.id, MODERATOR)).change_id
    again = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    assert (again.id, again.title, again.venue) == (feed.id, "News", "")
    assert (again.is_reviewed, again.failures, again.added_by) == (False, 0, MODERATOR)
    await ingest(library, again, clock, "Old", "Meanwhile")
    assert await deliver(library) == []  # as at every first poll
    await ingest(library, again, clock, "Old", "Meanwhile", "News")
    assert [post.paper_ids for post in await deliver(library)] == [(3,)]
    with pytest.raises(FeedExists):
        await library.feeds.follow(URL, "News", "", MODERATOR)
    with pytest.raises(LabError, match=r"That has been changed since then\. Undo change 6 first"):
        await library.undo(removed or 0, MODERATOR)


async def test_undoing_an_edit_of_a_feed_keeps_other_changes(library: Library) -> None:
    feed = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    one = (
        await library.feeds.edit(
            feed.id, FeedSettings("Mine", URL, "", is_reviewed=False), MODERATOR
        )
    ).change_id
    await library.feeds.edit(
        feed.id, FeedSettings("Mine", URL, "ICML", is_reviewed=True), MODERATOR
    )
    assert one is not None
    undone = await library.undo(one, MODERATOR)
    feed = await library.feeds.get(feed.id)
    assert (feed.title, feed.venue, feed.is_reviewed) == ("News", "ICML", True)
    await library.undo(undone.change_id, MODERATOR)
    assert (await library.feeds.get(feed.id)).title == "Mine"
    await library.feeds.edit(
        feed.id, FeedSettings("Ours", URL, "ICML", is_reviewed=True), MODERATOR
    )
    with pytest.raises(LabError, match=r"been changed since then\. Undo change 6 first"):
        await library.undo(undone.change_id + 1, MODERATOR)


async def test_undoing_a_custom_title_restores_the_feeds_own(
    library: Library, clock: FakeClock
) -> None:
    feed = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    change_id = (
        await library.feeds.edit(
            feed.id, FeedSettings("Mine", URL, "", is_reviewed=False), MODERATOR
        )
    ).change_id
    await library.undo(change_id or 0, MODERATOR)
    renamed = FeedState("", "Newer news", "", "", clock() + timedelta(hours=1))
    await library.feeds.ingest(feed, [], renamed)
    assert (await library.feeds.get(feed.id)).title == "Newer news"


async def test_two_feeds_cannot_have_the_same_url(library: Library) -> None:
    removed = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    await library.feeds.unfollow(removed.id, MODERATOR)
    other = (await library.feeds.follow(f"{URL}/2", "Other", "", MODERATOR)).value
    with pytest.raises(LabError, match=r"“News”, which was unfollowed\. Use `/feed add`"):
        await library.feeds.edit(
            other.id, FeedSettings("Other", URL, "", is_reviewed=False), MODERATOR
        )
    moved = (
        await library.feeds.edit(
            other.id, FeedSettings("Other", f"{URL}/3", "", is_reviewed=False), MODERATOR
        )
    ).change_id
    await library.feeds.follow(f"{URL}/2", "Faster", "", MODERATOR)
    with pytest.raises(FeedExists):
        await library.undo(moved or 0, MODERATOR)
    assert (await library.feeds.get(other.id)).url == f"{URL}/3"


async def test_only_a_pause_by_a_moderator_can_be_undone(
    library: Library, clock: FakeClock
) -> None:
    feed = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    paused = (await library.feeds.pause(feed.id, "by noor", MODERATOR)).change_id
    assert (await library.feeds.pause(feed.id, "by noor", MODERATOR)).change_id is None
    clock.advance(timedelta(hours=1))
    await library.undo(paused or 0, MODERATOR)
    assert [one.next_poll_at for one in await library.feeds.due()] == [clock()]
    resumed = await library.undo((await library.audit.page()).changes[0].id, MODERATOR)
    assert await library.feeds.due() == ()
    await library.feeds.resume(feed.id, MODERATOR)
    await library.feeds.pause_automatically(feed.id, "It is gone.")
    with pytest.raises(LabError, match="Undo change 5 first"):
        await library.undo(resumed.change_id, MODERATOR)
    with pytest.raises(LabError, match="not by a moderator"):
        await library.undo(5, MODERATOR)


async def test_undoing_a_follow_unfollows_the_feed(library: Library) -> None:
    feed = (await library.feeds.follow(URL, "News", "", MODERATOR)).value
    undone = await library.undo((await last(library)).id, MODERATOR)
    assert await library.feeds.all() == ()
    await library.undo(undone.change_id, MODERATOR)
    assert (await library.feeds.get(feed.id)).title == "News"


async def test_undoing_an_unsubscribe_announces_what_was_queued(library: Library) -> None:
    await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR)
    sent, claimed, waiting = [await announce(library, title) for title in ("A", "B", "C")]
    (post,) = await library.outbox.enqueue_and_fetch_due()
    await library.outbox.claim([post])
    await library.outbox.record_sent([(post, 100)])
    (post,) = await library.outbox.enqueue_and_fetch_due()
    await library.outbox.claim([post])
    closed = await library.subscriptions.unsubscribe(GUILD, CHANNEL, MODERATOR)
    assert closed is not None
    assert closed.change_id is not None

    assert await library.subscriptions.all() == ()
    assert await library.outbox.enqueue_and_fetch_due() == ()
    assert await library.outbox.claim([post]) == set()
    meanwhile = await announce(library, "D")
    assert await fates(library, sent, claimed, waiting, meanwhile) == [
        DeliveryStatus.SENT,
        None,
        None,
        None,
    ]

    await library.undo(closed.change_id, MODERATOR)
    assert [one.paper_ids for one in await deliver(library)] == [(claimed,), (waiting,)]
    assert await fates(library, sent, claimed, waiting) == [DeliveryStatus.SENT] * 3
    assert await fates(library, meanwhile) == [None]


async def fates(library: Library, *paper_ids: int) -> list[DeliveryStatus | None]:
    found = [await library.outbox.for_paper(number) for number in paper_ids]
    return [one[0].status if one else None for one in found]


async def test_a_channel_subscribed_again_announces_nothing_from_before(library: Library) -> None:
    await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR)
    await announce(library, "Question")
    closed = await library.subscriptions.unsubscribe(GUILD, CHANNEL, MODERATOR)
    opened = await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR)
    assert opened is not None
    assert await library.outbox.enqueue_and_fetch_due() == ()
    assert closed is not None
    with pytest.raises(LabError, match=f"Undo change {opened.change_id} first"):
        await library.undo(closed.change_id or 0, MODERATOR)
    await library.undo(opened.change_id or 0, MODERATOR)
    await library.undo(closed.change_id or 0, MODERATOR)
    assert await deliver(library) == []
    await announce(library, "News")
    assert len(await deliver(library)) == 1


async def test_undo_restores_the_options_of_a_subscription(library: Library) -> None:
    daily = SubscriptionOptions(
        parse_filter("venue:icml"), DigestSchedule(Frequency.DAILY), role_id=7, has_thread=True
    )
    await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR, daily)
    (before,) = await library.subscriptions.all()
    replaced = await library.subscriptions.subscribe(
        GUILD, CHANNEL, MODERATOR, SubscriptionOptions()
    )
    (now,) = await library.subscriptions.all()
    assert (now.options, now.next_digest_at) == (SubscriptionOptions(), None)
    await library.outbox.stop(CHANNEL, "no permission")
    assert replaced is not None
    await library.undo(replaced.change_id or 0, MODERATOR)
    (again,) = await library.subscriptions.all()
    assert (again.options, again.next_digest_at) == (daily, before.next_digest_at)
    assert again.stopped_because == "no permission"  # which is nobody's mistake

    reopened = await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR)
    assert reopened is not None
    assert reopened.change_id is None  # it is sent into again, and hears as before
    assert await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR) is None


async def test_the_audit_log_only_shows_settings_of_the_own_server(library: Library) -> None:
    await library.subscriptions.subscribe(GUILD, CHANNEL, MODERATOR)
    await library.feeds.follow(URL, "News", "", MODERATOR)
    await library.subscriptions.subscribe(GUILD + 1, CHANNEL + 1, MODERATOR)
    shown = (await library.audit.page(guild_id=GUILD)).changes
    assert [type(change) for change in shown] == [FeedChange, SubscriptionChange]
    assert isinstance(await last(library), FeedChange)
    elsewhere = await last(library, GUILD + 1)
    assert isinstance(elsewhere, SubscriptionChange)
    assert (elsewhere.guild_id, elsewhere.channel_id) == (GUILD + 1, CHANNEL + 1)


async def test_settings_of_unknown_feeds_and_channels_cannot_change(library: Library) -> None:
    with pytest.raises(FeedNotFound):
        await library.feeds.pause(7, "by noor", MODERATOR)
