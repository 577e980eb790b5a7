from __future__ import annotations

from datetime import timedelta

import pytest

from storage.announcements.filters import parse_filter
from storage.announcements.models import DeliveryStatus, SubscriptionOptions
from storage.audit.models import ReviewKind
from storage.errors import FeedExists, TraceNotFound
from storage.feeds.models import Entry, Feed, FeedSettings, FeedState
from storage.library import Library
from storage.models import Link, LinkKind, Origin, Outcome, PaperDraft, PartialDate
from storage.review.models import Decision
from tests.support.lab import NOW, FakeClock
from tests.support.library import MODERATOR

HOME, PAPERS, ICML = 1, 11, 12


def state(feed: Feed, title: str = "News") -> FeedState:
    return FeedState(feed.url, title, "", "", NOW + timedelta(hours=1))


def entry(title: str, *identifiers: str, link: str = "", key: str = "") -> Entry:
    links = (Link(LinkKind.PAGE, link),) if link else ()
    draft = PaperDraft(title=title, identifiers=identifiers, links=links, date=PartialDate(2026))
    return Entry(key or link or title, draft)


@pytest.fixture
async def feed(library: Library, clock: FakeClock) -> Feed:
    """A feed that was polled once, when it was empty."""
    feed = (await library.feeds.follow("https://lab.org/feed", "News", "", MODERATOR)).value
    await library.feeds.ingest(feed, [], state(feed))
    clock.advance(timedelta(hours=1))
    return feed


async def test_a_link_is_traced_in_every_spelling(library: Library, feed: Feed) -> None:
    url = "https://WWW.Lab.org/Papers/one/?b=2&a=1"
    await library.feeds.ingest(feed, [entry("One", link=url, key="guid-1")], state(feed))
    for link in (
        "http://lab.org/Papers/one?a=1&b=2&utm_source=feed",
        "https://lab.org:443/Papers/one/?b=2&a=1#top",
        " guid-1 ",
    ):
        (seen,) = (await library.traces.get(link)).entries
        assert (seen.outcome, seen.feed_title) == (Outcome.ADDED, "News")
    with pytest.raises(TraceNotFound, match="I couldn't find"):
        await library.traces.get("https://lab.org/papers/one?a=1&b=2")
    await library.feeds.ingest(feed, [entry("Root", link="https://root.org/")], state(feed))
    assert (await library.traces.get("http://root.org")).entries[0].paper_id


async def test_a_pending_entry_is_traced_by_its_identifiers(library: Library, feed: Feed) -> None:
    await library.feeds.edit(
        feed.id, FeedSettings("News", feed.url, "", is_reviewed=True), MODERATOR
    )
    feed = await library.feeds.get(feed.id)
    entries = [
        entry("By DOI", "doi:10.1145/1", key="https://doi.org/10.1145/1"),
        entry("By arXiv", "arxiv:2302.12433", "doi:10.1145/2", key="arxiv:2302.12433"),
    ]
    await library.feeds.ingest(feed, entries, state(feed))
    for text, title in (
        ("10.1145/1", "By DOI"),
        ("https://arxiv.org/abs/2302.12433v3", "By arXiv"),
        ("https://doi.org/10.1145/2", "By arXiv"),
        ("by arxiv", "By arXiv"),
    ):
        trace = await library.traces.get(text)
        (pending,) = [
            one for one in await library.review.pending_entries(1) if one.draft.title == title
        ]
        assert [one.id for one in trace.entries] == [pending.id]
        assert (trace.paper, trace.channels) == (None, ())
    await library.review.resolve(ReviewKind.ENTRY, pending.id, MODERATOR, Decision.SAME)
    (seen,) = (await library.traces.get("2302.12433")).entries
    assert (seen.outcome, seen.decided_by) == (Outcome.DECLINED, MODERATOR)


async def test_a_possible_duplicate_is_traced_but_not_as_the_similar_paper(
    library: Library, feed: Feed
) -> None:
    known = (await library.papers.upsert(PaperDraft(title="One"), Origin.IMPORT, MODERATOR)).value
    await library.feeds.ingest(feed, [entry("One", link="https://lab.org/1")], state(feed))
    trace = await library.traces.get("https://lab.org/1")
    assert trace.paper is None
    assert trace.entries[0].outcome is Outcome.DUPLICATE
    both = await library.traces.get("One")
    assert both.paper == known.paper
    assert both.entries == trace.entries


async def test_removed_and_merged_papers_are_traced(library: Library, feed: Feed) -> None:
    one = entry("One", "url:lab.org/1", link="https://lab.org/1")
    await library.feeds.ingest(feed, [one], state(feed))
    await library.papers.remove(1, MODERATOR)
    again = (await library.feeds.follow("https://other.org/feed", "Other", "", MODERATOR)).value
    await library.feeds.ingest(again, [entry("One", "url:lab.org/1")], state(again, "Other"))
    for text in ("1", "#1", "one", "https://lab.org/1"):
        trace = await library.traces.get(text)
        assert trace.paper is not None
        assert trace.paper.removed_at
        assert [one.outcome for one in trace.entries] == [Outcome.ADDED, Outcome.REMOVED]
    for text in ("#2", "...", "9" * 15):
        with pytest.raises(TraceNotFound):
            await library.traces.get(text)


async def test_a_link_without_an_identifier_is_traced_by_its_entry(
    library: Library, feed: Feed
) -> None:
    await library.feeds.ingest(
        feed, [entry("One", "arxiv:2302.12433", link="https://lab.org/1")], state(feed)
    )
    paper = await library.papers.get(1)
    trace = await library.traces.get("https://lab.org/1")
    assert trace.paper == paper


async def test_a_trace_has_the_delivery_in_every_channel(
    library: Library, feed: Feed, clock: FakeClock
) -> None:
    await library.subscriptions.subscribe(HOME, PAPERS, MODERATOR)
    wanted = SubscriptionOptions(filters=parse_filter("venue:ICML feed:1"))
    await library.subscriptions.subscribe(HOME, ICML, MODERATOR, wanted)
    await library.feeds.ingest(feed, [entry("One", link="https://lab.org/1")], state(feed))
    await library.outbox.postpone(PAPERS, clock() + timedelta(hours=1))
    papers, icml = (await library.traces.get("One")).channels
    assert papers.announcement is not None
    assert (papers.announcement.status, papers.failures) == (DeliveryStatus.WAITING, 1)
    assert papers.retry_at == clock() + timedelta(hours=1)
    assert icml.announcement is not None
    assert (icml.announcement.status, icml.rejection_reason) == (
        DeliveryStatus.FILTERED_OUT,
        "venue:ICML",
    )

    await library.subscriptions.subscribe(HOME, PAPERS, MODERATOR)
    (post,) = await library.outbox.enqueue_and_fetch_due()
    await library.outbox.claim([post])
    await library.outbox.record_sent([(post, 77)])
    await library.subscriptions.unsubscribe(HOME, PAPERS, MODERATOR)
    icml, papers = (await library.traces.get("One")).channels
    assert (papers.subscription, papers.failures, papers.retry_at) == (None, 0, None)
    assert papers.announcement is not None
    assert papers.announcement.message_id == 77


async def test_the_newest_papers_of_a_feed_are_announced_once_on_request(
    library: Library,
) -> None:
    feed = (await library.feeds.follow("https://lab.org/feed", "News", "", MODERATOR)).value
    entries = [entry(title, link=f"https://lab.org/{title}") for title in ("c", "b", "a", "gone")]
    await library.feeds.ingest(feed, entries, state(feed))
    await library.papers.remove((await library.papers.get_by_text("gone")).id, MODERATOR)
    await library.subscriptions.subscribe(HOME, PAPERS, MODERATOR)
    assert await library.feeds.announce_newest(feed.id, 0) == 0
    assert await library.feeds.announce_newest(feed.id, 2) == 2
    posts = []
    while found := await library.outbox.enqueue_and_fetch_due():
        await library.outbox.claim([found[0]])
        await library.outbox.record_sent([(found[0], len(posts) + 1)])
        posts += found
    told = [(await library.papers.load(post.paper_ids))[0].title for post in posts]
    assert told == ["b", "c"]
    assert await library.feeds.announce_newest(feed.id, 9) == 3
    (last,) = await library.outbox.enqueue_and_fetch_due()
    assert [one.title for one in await library.papers.load(last.paper_ids)] == ["a"]


async def test_a_preview_tells_what_would_happen_and_changes_nothing(library: Library) -> None:
    known = (await library.papers.upsert(PaperDraft(title="One"), Origin.IMPORT, MODERATOR)).value
    drafts = [PaperDraft(title="New"), PaperDraft(title="New"), PaperDraft(title="One")]
    results = await library.papers.preview(drafts)
    assert [one.outcome for one in results] == [
        Outcome.ADDED,
        Outcome.DUPLICATE,
        Outcome.DUPLICATE,
    ]
    assert results[2].paper == known.paper
    assert await library.papers.count() == 1
    assert (await library.papers.preview(drafts))[0] == results[0]


async def test_a_custom_title_stays_and_a_new_url_is_read_from_scratch(
    library: Library, feed: Feed, clock: FakeClock
) -> None:
    await library.feeds.ingest(feed, [], state(feed, "Renamed by itself"))
    assert (await library.feeds.get(feed.id)).title == "Renamed by itself"
    await library.feeds.record_failure(feed.id, "It broke.", clock() + timedelta(days=1))
    url = "https://lab.org/new"
    terms = FeedSettings("Ours", url, "ICML", is_reviewed=False)
    await library.feeds.edit(feed.id, terms, MODERATOR)
    changed = await library.feeds.get(feed.id)
    assert (changed.failures, changed.last_error, changed.failing_since) == (0, "", None)
    assert [one.id for one in await library.feeds.due()] == [feed.id]
    await library.feeds.ingest(changed, [], state(changed, "Renamed again"))
    assert (await library.feeds.get(feed.id)).title == "Ours"
    other = (await library.feeds.follow("https://other.org/feed", "Other", "", MODERATOR)).value
    with pytest.raises(FeedExists):
        await library.feeds.edit(
            other.id, FeedSettings("Mine", url, "", is_reviewed=False), MODERATOR
        )
    assert (await library.feeds.get(other.id)).title == "Other"
