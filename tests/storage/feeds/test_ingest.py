from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.audit.models import ReviewKind
from storage.errors import FeedExists, FeedNotFound, LabError
from storage.feeds.models import Entry, Feed, FeedState, IngestResult
from storage.library import Library
from storage.models import Link, LinkKind, Origin, Outcome, PaperDraft, PartialDate
from storage.review.models import Decision
from storage.urls import canonical_url
from tests.support.lab import NOW, FakeClock
from tests.support.library import ARXIV, MODERATOR, added


async def followed(library: Library) -> Feed:
    return (await library.feeds.follow("https://lab.org/feed", "News", "", MODERATOR)).value


def state(**values: str) -> FeedState:
    given = {"url": "https://lab.org/feed", "title": "News", "etag": "", "last_modified": ""}
    return FeedState(**{**given, **values}, next_poll_at=NOW + timedelta(hours=1))


def entry(title: str, key: str = "", **fields: object) -> Entry:
    draft = PaperDraft(title=title, identifiers=(f"guid:lab.org/feed#{key or title}",))
    return Entry(key or title, replace(draft, **fields))  # type: ignore[arg-type]


async def test_a_first_poll_is_silent_and_a_later_one_announces_in_order(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    feed = await followed(library)
    first = await library.feeds.ingest(feed, [entry("B"), entry("A")], state())
    assert first.is_silent
    assert [paper.title for paper in first.added] == ["A", "B"]
    assert await library.outbox.enqueue_and_fetch_due() == ()
    second = await library.feeds.ingest(feed, [entry("D"), entry("C"), entry("B")], state())
    assert not second.is_silent
    assert second.known == 1
    (due,) = await library.outbox.enqueue_and_fetch_due()
    assert (await library.papers.load(due.paper_ids))[0].title == "C"


async def test_a_long_feed_is_ingested_completely_and_oldest_first(library: Library) -> None:
    feed = await followed(library)
    entries = [entry(f"Number {number}") for number in range(120)]
    first = await library.feeds.ingest(feed, entries, state())
    assert [paper.title for paper in first.added] == [one.draft.title for one in reversed(entries)]
    assert (await library.feeds.ingest(feed, entries, state())).known == 120


async def test_an_entry_with_a_new_id_and_the_same_title_is_known(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    feed = await followed(library)
    await library.feeds.ingest(feed, [entry("Same", "old", date=PartialDate(2026))], state())
    again = entry("Same", "new", date=PartialDate(2026, 11, 2))
    intake = await library.feeds.ingest(feed, [again], state())
    assert intake.added == ()
    (completed,) = intake.updated
    assert completed.date == PartialDate(2026, 11, 2)
    assert await library.papers.count() == 1
    assert (await library.feeds.ingest(feed, [again], state())).known == 1


async def test_the_same_title_years_later_is_another_paper(library: Library) -> None:
    feed = await followed(library)
    await library.feeds.ingest(
        feed, [entry("Annual report", "old", date=PartialDate(2020))], state()
    )
    new = entry("Annual report", "new", date=PartialDate(2026))
    assert len((await library.feeds.ingest(feed, [new], state())).added) == 1


async def test_a_feed_that_empties_and_fills_again_adds_nothing(library: Library) -> None:
    feed = await followed(library)
    for entries in ([entry("A")], [], [entry("A")]):
        intake = await library.feeds.ingest(feed, entries, state())
    assert intake.added == ()


async def test_a_possible_duplicate_of_a_feed_waits_for_a_moderator(
    library: Library, clock: FakeClock
) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    known = await added(library, PaperDraft(title="Twice"))
    other = await added(library, PaperDraft(title="Thrice"))
    feed = await followed(library)
    await library.feeds.ingest(feed, [], state())
    clock.advance(timedelta(hours=1))
    intake = await library.feeds.ingest(feed, [entry("Twice"), entry("Thrice")], state())
    assert {paper.id for _, paper in intake.duplicates} == {known.id, other.id}
    assert (await library.feeds.get(feed.id)).duplicates == 2
    renamed = await library.feeds.ingest(feed, [entry("Twice", "another id")], state())
    assert (renamed.known, renamed.duplicates) == (1, ())  # it waits already
    thrice, twice = await library.review.pending_entries(feed.id)
    assert (twice.draft.title, twice.paper_id) == ("Twice", known.id)
    added_one = (
        await library.review.resolve(ReviewKind.ENTRY, twice.id, MODERATOR, Decision.ADD)
    ).value
    assert added_one.outcome is Outcome.ADDED
    assert len(await library.outbox.enqueue_and_fetch_due()) == 1
    left = (
        await library.review.resolve(ReviewKind.ENTRY, thrice.id, MODERATOR, Decision.SAME)
    ).value
    assert left.outcome is Outcome.UPDATED
    assert left.paper is not None
    assert left.paper.id == other.id
    for decided in (twice, thrice):
        with pytest.raises(LabError, match="already"):
            await library.review.resolve(ReviewKind.ENTRY, decided.id, MODERATOR, Decision.ADD)
    assert (await library.feeds.ingest(feed, [entry("Thrice")], state())).known == 1


async def test_the_entries_of_a_poll_are_counted_by_outcome(library: Library) -> None:
    paper = await added(library, ARXIV)
    removed = await added(library, PaperDraft(title="Gone", identifiers=("doi:10.1/gone",)))
    await library.papers.remove(removed.id, MODERATOR)
    feed = await followed(library)
    intake = await library.feeds.ingest(
        feed,
        [
            entry("A Paper", "1", identifiers=ARXIV.identifiers, abstract="New."),
            entry("A Paper", "2", identifiers=ARXIV.identifiers),
            entry("Gone", "3", identifiers=("doi:10.1/gone",)),
        ],
        state(),
    )
    assert [one.id for one in intake.updated] == [paper.id]
    assert (intake.known, intake.removed) == (1, 1)


async def test_feeds_are_followed_once_and_keep_their_state(
    library: Library, clock: FakeClock
) -> None:
    feed = await followed(library)
    with pytest.raises(FeedExists):
        await followed(library)
    assert [one.id for one in await library.feeds.due()] == [feed.id]
    await library.feeds.record_failure(feed.id, "It broke.", NOW + timedelta(hours=1))
    failed = await library.feeds.get(feed.id)
    assert (failed.failures, failed.last_error) == (1, "It broke.")
    assert await library.feeds.due() == ()
    clock.advance(timedelta(hours=2))
    assert [one.id for one in await library.feeds.due()] == [feed.id]
    await library.feeds.record_unchanged({feed.id: state(etag='"1"', last_modified="now")})
    good = await library.feeds.get(feed.id)
    assert (good.failures, good.last_error, good.etag) == (0, "", '"1"')
    assert good.last_success_at == clock()
    assert await library.feeds.with_counts() == (good,)
    await library.feeds.unfollow(feed.id, MODERATOR)
    assert await library.feeds.ingest(feed, [entry("A")], state()) == IngestResult()
    for call in (library.feeds.get(feed.id), library.feeds.unfollow(feed.id, MODERATOR)):
        with pytest.raises(FeedNotFound):
            await call


def at(address: str, **fields: object) -> dict[str, object]:
    link = Link(LinkKind.PAGE, address)
    return {"links": (link,), "identifiers": (f"url:{canonical_url(address)}",), **fields}


async def test_the_next_issue_of_a_series_is_a_new_paper(library: Library) -> None:
    feed = await followed(library)
    january = entry("Update", "1", **at("https://lab.org/1", date=PartialDate(2026, 1, 5)))
    february = entry("Update", "2", **at("https://lab.org/2", date=PartialDate(2026, 2, 5)))
    moved = entry("Update", "3", **at("https://lab.org/3", date=PartialDate(2026, 1, 6)))
    await library.feeds.ingest(feed, [january], state())
    assert len((await library.feeds.ingest(feed, [moved], state())).updated) == 1
    intake = await library.feeds.ingest(feed, [february], state())
    ((draft, paper),) = intake.duplicates
    assert (draft.title, paper.id) == ("Update", 1)
    assert len(await library.review.pending_entries(feed.id)) == 1


MOVED_TITLE = "On the Softness of Moss in Spring"


@pytest.mark.parametrize(
    ("title", "fields", "later"),
    [
        (MOVED_TITLE, {}, {}),
        (MOVED_TITLE, {"date": PartialDate(2022, 1, 5)}, {}),  # years ago
        (MOVED_TITLE, {"authors": ("Jane Roe",)}, {"authors": ("J. Roe",)}),
        (MOVED_TITLE, {"identifiers": ("doi:10.1234/x",)}, {"identifiers": ("doi:10.1234/x",)}),
        ("Weekly report", {"abstract": "Moss is soft."}, {"abstract": "Moss is soft."}),
    ],
)
async def test_an_entry_that_moves_is_the_same_paper_and_announced_once(
    library: Library, title: str, fields: dict[str, object], later: dict[str, object]
) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    feed = await followed(library)
    await library.feeds.ingest(feed, [entry("First")], state())
    before = at("https://lab.org/old", **{"date": PartialDate(2026, 1, 5), **fields})
    after = at("https://lab.org/blog/new", date=PartialDate(2026, 9, 5), **later)
    await library.feeds.ingest(feed, [entry(title, "1", **before)], state())
    assert len(await library.outbox.enqueue_and_fetch_due()) == 1
    result = await library.feeds.ingest(feed, [entry(title, "2", **after)], state())
    assert (result.added, result.duplicates, len(result.updated)) == ((), (), 1)
    assert await library.papers.count() == 2
    again = await library.feeds.ingest(feed, [entry(title, "2", **after)], state())
    assert again == IngestResult(known=1)


@pytest.mark.parametrize(
    ("title", "fields", "later"),
    [
        ("Editorial", {}, {}),
        ("Weekly report", {"abstract": "Moss."}, {"abstract": "Fern."}),
        ("Weekly report on the moss in our garden", {}, {}),
        (MOVED_TITLE, {"authors": ("Jane Roe",)}, {"authors": ("Bo Lee",)}),
        (MOVED_TITLE, {"identifiers": ("doi:10.1234/x",)}, {"identifiers": ("doi:10.1234/y",)}),
    ],
)
async def test_another_paper_with_the_same_title_stays_separate(
    library: Library, title: str, fields: dict[str, object], later: dict[str, object]
) -> None:
    feed = await followed(library)
    before = at("https://lab.org/1", date=PartialDate(2026, 1, 5), **fields)
    after = at("https://lab.org/2", date=PartialDate(2026, 2, 5), **later)
    await library.feeds.ingest(feed, [entry(title, "1", **before)], state())
    result = await library.feeds.ingest(feed, [entry(title, "2", **after)], state())
    assert result.updated == ()
    assert len(result.added) + len(result.duplicates) == 1


async def test_a_title_that_a_feed_gave_to_two_papers_is_that_of_a_series(
    library: Library,
) -> None:
    feed = await followed(library)
    for number, year in enumerate((2020, 2022, 2024, 2026)):
        fields = at(f"https://lab.org/{number}", date=PartialDate(year, 1, 5))
        authors = ("Jane Roe", "Bo Lee") if number % 2 else ("Ann Chen",)
        one = entry(MOVED_TITLE, str(number), authors=authors, **fields)
        await library.feeds.ingest(feed, [one], state())
    assert await library.papers.count() == 4


async def test_an_entry_beside_another_one_with_its_title_has_not_moved(library: Library) -> None:
    feed = await followed(library)
    both = [
        entry(MOVED_TITLE, str(number), **at(f"https://lab.org/{number}", date=PartialDate(year)))
        for number, year in enumerate((2022, 2026))
    ]
    await library.feeds.ingest(feed, both[:1], state())
    result = await library.feeds.ingest(feed, both, state())
    assert len(result.added) == 1


async def test_papers_that_share_one_url_are_not_merged(library: Library) -> None:
    feed = await followed(library)
    titles = ("Small Models Remember", "A Survey of Steering", "Scaling Up Slowly")
    for title in titles:
        one = entry(title, **at("https://lab.org/publications"))
        await library.feeds.ingest(feed, [one], state())
    assert [paper.title for paper in await library.papers.batch()] == [titles[0]]
    waiting = await library.review.pending_entries(feed.id)
    assert [one.draft.title for one in waiting] == [*titles[1:]]
    for one in waiting:
        settled = (
            await library.review.resolve(ReviewKind.ENTRY, one.id, MODERATOR, Decision.ADD)
        ).value
        assert settled.outcome is Outcome.ADDED
    assert await library.papers.count() == 3


async def test_chapters_that_share_their_books_doi_are_not_merged(library: Library) -> None:
    one = PaperDraft("On Wings", ("Ann Lee",), identifiers=("doi:10.1/book",))
    other = PaperDraft("The Sea", ("Bo Chen",), identifiers=("doi:10.1/book",))
    again = replace(one, title="Of Wings and Feathers", identifiers=("doi:10.1/book",))
    outcomes = [
        (await library.papers.upsert(d, Origin.IMPORT, MODERATOR)).value.outcome
        for d in (one, other, again)
    ]
    assert outcomes == [Outcome.ADDED, Outcome.DUPLICATE, Outcome.UPDATED]


async def test_a_removed_paper_stays_removed_under_another_identifier(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    gone = PaperDraft("Gone for Good", identifiers=("doi:10.1/1",))
    await library.papers.upsert(gone, Origin.IMPORT, MODERATOR)
    await library.papers.remove(1, MODERATOR)
    feed = await followed(library)
    await library.feeds.ingest(feed, [], state())
    again = entry("Gone for Good", identifiers=("arxiv:2301.00001",))
    intake = await library.feeds.ingest(feed, [again], state())
    assert [paper.id for _, paper in intake.duplicates] == [1]
    (waiting,) = await library.review.pending_entries(feed.id)
    settled = (
        await library.review.resolve(ReviewKind.ENTRY, waiting.id, MODERATOR, Decision.SAME)
    ).value
    assert settled.outcome is Outcome.REMOVED
    # By now the list knows that identifier for that of the removed paper.
    renamed = PaperDraft("Gone, Retitled", identifiers=("arxiv:2301.00001",))
    assert (
        await library.papers.upsert(renamed, Origin.IMPORT, MODERATOR)
    ).value.outcome is Outcome.REMOVED
    batch = [PaperDraft("Gone for Good"), PaperDraft("New")]
    imported = await library.papers.upsert_many(batch, Origin.IMPORT, MODERATOR)
    assert imported.value == {Outcome.DUPLICATE: 1, Outcome.ADDED: 1}
    assert await library.outbox.enqueue_and_fetch_due() == ()
    restored = (await library.papers.upsert(gone, Origin.MODERATOR, MODERATOR)).value
    assert restored.outcome is Outcome.RESTORED


async def test_one_author_at_one_url_is_one_paper_under_two_titles(library: Library) -> None:
    one = entry("Draft Name", **at("https://lab.org/paper", authors=("Ann Lee", "Bo Chen")))
    final = entry("What It Came to Be", **at("https://lab.org/paper", authors=("A. Lee",)))
    outcomes = [
        (await library.papers.upsert(each.draft, Origin.IMPORT, MODERATOR)).value.outcome
        for each in (one, final)
    ]
    assert outcomes == [Outcome.ADDED, Outcome.UPDATED]


async def test_a_suggestion_that_shares_only_a_url_waits_for_review(library: Library) -> None:
    known = entry("Small Models Remember", **at("https://lab.org/publications")).draft
    await library.papers.upsert(known, Origin.IMPORT, MODERATOR)
    other = replace(known, title="A Survey of Steering")
    await library.review.suggest(other, "", (7, "mika"), daily_limit=3, channel_id=None)
    (waiting,) = await library.review.page(0, 9)
    assert (waiting.draft.title, waiting.paper_id) == ("A Survey of Steering", 1)


async def test_an_entry_without_a_title_waits_for_a_moderator(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    feed = await followed(library)
    untitled = [entry(f"https://lab.org/p/{number}") for number in range(2)]
    first = await library.feeds.ingest(feed, [untitled[0], entry("A")], state(), 3)
    assert (len(first.added), first.reviews) == (1, 1)
    assert await library.outbox.enqueue_and_fetch_due() == ()  # the first poll is silent
    second = await library.feeds.ingest(feed, [*reversed(untitled), entry("A")], state(), 3)
    assert (second.added, second.reviews) == ((), 1)
    (card,) = await library.outbox.enqueue_and_fetch_due()
    (_, waiting) = await library.review.pending_entries(feed.id)
    assert (card.entry_id, card.destination_id) == (waiting.id, 3)
    with pytest.raises(LabError, match="has no title yet"):
        await library.review.resolve(ReviewKind.ENTRY, waiting.id, MODERATOR, Decision.ADD)
    details = replace(waiting.draft, title="The Second")
    resolved = await library.review.resolve(
        ReviewKind.ENTRY, waiting.id, MODERATOR, Decision.ADD, details=details
    )
    assert resolved.value.paper is not None
    assert resolved.value.paper.title == "The Second"
