from __future__ import annotations

from datetime import timedelta

from storage.announcements.models import PostKind
from storage.feeds.models import Entry, Feed, FeedCounts, FeedState
from storage.library import Library
from storage.models import PaperDraft
from tests.support.lab import NOW, FakeClock
from tests.support.library import MODERATOR

CHANNEL = 7
LATER = NOW + timedelta(hours=1)


async def followed(
    library: Library, url: str = "https://lab.org/feed", title: str = "News"
) -> Feed:
    return (await library.feeds.follow(url, title, "", MODERATOR)).value


def state(url: str = "", **values: str) -> FeedState:
    given = {"title": "Its own", "etag": "", "last_modified": "", **values}
    return FeedState(url=url, next_poll_at=LATER, **given)


async def notices(library: Library) -> list[str]:
    posts = await library.outbox.enqueue_and_fetch_due()
    return [post.notice for post in posts if post.kind is PostKind.NOTICE]


async def test_a_notice_about_a_feed_is_sent_once(library: Library) -> None:
    feed = await followed(library)
    for _ in range(2):
        await library.feeds.record_notice(feed.id, "failing", CHANNEL, "It fails.")
    assert await notices(library) == ["It fails."]
    assert (await library.feeds.get(feed.id)).last_notice == "failing"
    await library.feeds.record_notice(feed.id, "")
    assert (await library.feeds.get(feed.id)).last_notice == ""
    assert await notices(library) == ["It fails."]


async def test_failing_paused_and_unfollowed_feeds_are_counted(library: Library) -> None:
    assert await library.feeds.count() == FeedCounts()
    feeds = [await followed(library, f"https://lab.org/{number}") for number in range(4)]
    await library.feeds.record_failure(feeds[0].id, "It fails.", LATER)
    await library.feeds.pause(feeds[1].id, "Too many papers.", MODERATOR)
    await library.feeds.unfollow(feeds[2].id, MODERATOR)
    assert await library.feeds.count() == FeedCounts(feeds=3, failing=1, paused=1)


async def test_no_notice_is_sent_about_an_unfollowed_feed(library: Library) -> None:
    feed = await followed(library)
    await library.feeds.unfollow(feed.id, MODERATOR)
    await library.feeds.record_notice(feed.id, "failing", CHANNEL, "It fails.")
    await library.feeds.pause_automatically(feed.id, "Gone.", CHANNEL, "It is gone.")
    assert await notices(library) == []


async def test_a_feed_is_paused_automatically_once(library: Library) -> None:
    feed = await followed(library)
    await library.feeds.pause_automatically(feed.id, "Gone.")
    assert await notices(library) == []
    await library.feeds.resume(feed.id, MODERATOR)
    for _ in range(2):
        await library.feeds.pause_automatically(feed.id, "Gone.", CHANNEL, "It is gone.")
    assert await notices(library) == ["It is gone."]
    assert await library.feeds.due() == ()


async def test_many_unchanged_polls_are_recorded_together(
    library: Library, clock: FakeClock
) -> None:
    first, second = await followed(library), await followed(library, "https://lab.org/b", "B")
    await library.feeds.record_unchanged(
        {first.id: state(etag="1"), second.id: state("https://lab.org/c"), 99: state()}
    )
    assert (await library.feeds.get(first.id)).etag == "1"
    moved = await library.feeds.get(second.id)
    assert (moved.url, moved.title) == ("https://lab.org/c", "Its own")
    assert moved.last_success_at == clock()
    await library.feeds.record_unchanged({second.id: state("https://lab.org/feed")})
    assert (await library.feeds.get(second.id)).url == "https://lab.org/c"


async def test_a_feed_without_a_custom_title_takes_its_own(library: Library) -> None:
    feed = await followed(library, title="https://lab.org/feed")
    await library.feeds.record_unchanged({feed.id: state()})
    assert (await library.feeds.get(feed.id)).title == "Its own"


async def test_only_entries_not_seen_before_count_as_new(
    library: Library, clock: FakeClock
) -> None:
    feed = await followed(library)
    entry = Entry("1", PaperDraft(title="One"))
    await library.feeds.ingest(feed, [entry], state())
    first_news = (await library.feeds.get(feed.id)).last_new_entry_at
    assert first_news == clock()
    clock.advance(timedelta(days=1))
    await library.feeds.ingest(feed, [entry], state())
    assert (await library.feeds.get(feed.id)).last_new_entry_at == first_news
