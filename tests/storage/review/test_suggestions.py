from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.announcements.models import Post, PostKind, PostState
from storage.audit.models import ReviewKind
from storage.errors import LabError
from storage.feeds.models import Entry, FeedSettings, FeedState, PendingEntry
from storage.library import Library
from storage.models import Actor, Origin, Outcome, PaperDraft
from storage.review.models import Decision, Suggestion, SuggestionResult, SuggestionStatus
from storage.review.suggestions import MAX_PENDING
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR

MIKA = (7, "mika")
CHANNEL = 99
PYTHIA = PaperDraft(title="Pythia", authors=("Stella Biderman",), identifiers=("arxiv:2304.01373",))


async def suggest(
    library: Library,
    draft: PaperDraft = PYTHIA,
    *,
    member: tuple[int, str] = MIKA,
    daily_limit: int = 5,
    channel_id: int | None = CHANNEL,
    note: str = "",
) -> SuggestionResult:
    return await library.review.suggest(
        draft, note, member, daily_limit=daily_limit, channel_id=channel_id
    )


async def accepted(
    library: Library, draft: PaperDraft = PYTHIA, member: tuple[int, str] = MIKA
) -> Suggestion:
    result = await suggest(library, draft, member=member)
    assert result.status is SuggestionStatus.ACCEPTED
    assert result.suggestion is not None
    return result.suggestion


async def add_paper(library: Library, draft: PaperDraft = PYTHIA) -> int:
    result = (await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)).value
    assert result.paper is not None
    return result.paper.id


async def due(library: Library) -> dict[PostKind, Post]:
    return {post.kind: post for post in await library.outbox.enqueue_and_fetch_due()}


async def test_the_number_of_pending_suggestions_is_limited(library: Library) -> None:
    for number in range(MAX_PENDING):
        await accepted(library, PaperDraft(title=f"Paper {number}"), member=(number, "a member"))
    first = await suggest(library, PaperDraft(title="Paper 0"))
    assert (first.status, (await suggest(library)).status) == (
        SuggestionStatus.PENDING,
        SuggestionStatus.QUEUE_FULL,
    )
    assert first.suggestion is not None
    await library.review.resolve(
        ReviewKind.SUGGESTION, first.suggestion.id, MODERATOR, Decision.SAME
    )
    assert (await suggest(library)).status is SuggestionStatus.ACCEPTED


async def test_a_suggestion_waits_with_a_card_for_the_moderators(
    library: Library, clock: FakeClock
) -> None:
    result = await suggest(library, note="it is ours")
    found = result.suggestion
    assert found is not None
    assert (found.draft, found.note, found.is_pending) == (PYTHIA, "it is ours", True)
    assert (found.member_id, found.member_name, found.suggested_at) == (*MIKA, clock())
    post = (await due(library))[PostKind.SUGGESTION]
    assert (post.destination_id, post.suggestion_id) == (CHANNEL, found.id)
    assert not post.is_direct_message
    assert await library.papers.count() == 0
    assert await library.review.suggestions([found.id, 77]) == {found.id: found}


async def test_an_added_suggestion_is_announced_and_its_member_told_once(
    library: Library,
) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    waiting = await accepted(library)
    asked = (await due(library))[PostKind.SUGGESTION]
    await library.outbox.record_sent([(asked, 1000)])
    result = (
        await library.review.resolve(ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.ADD)
    ).value
    assert result.outcome is Outcome.ADDED
    assert result.paper is not None
    posts = await due(library)
    assert posts[PostKind.PAPER].paper_ids == (result.paper.id,)
    told = posts[PostKind.OUTCOME]
    assert (told.destination_id, told.suggestion_id, told.is_direct_message) == (
        7,
        waiting.id,
        True,
    )
    (outdated,) = await library.outbox.needing_follow_up()
    assert outdated.id == asked.id
    (decided,) = await library.review.suggestions_by(7, 10)
    assert (decided.outcome, decided.paper_id) == (Outcome.ADDED, result.paper.id)
    assert decided.decided_by == MODERATOR
    with pytest.raises(LabError, match="You've already added this one as #1"):
        await library.review.resolve(ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.SAME)
    with pytest.raises(LabError, match="couldn't find that suggestion"):
        await library.review.resolve(ReviewKind.SUGGESTION, 404, MODERATOR, Decision.ADD)
    (change,) = await library.audit.for_paper(result.paper.id)
    assert change.actor == MODERATOR


async def test_an_added_suggestion_can_still_be_corrected_by_a_feed(library: Library) -> None:
    waiting = await accepted(library, replace(PYTHIA, title="Pythia", venue="arXiv"))
    await library.review.resolve(ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.ADD)
    better = replace(PYTHIA, title="Pythia: A Suite for Analyzing Models", venue="ICML")
    result = (await library.papers.upsert(better, Origin.FEED, Actor("feed:1", "a feed"))).value
    assert result.paper is not None
    assert (result.paper.title, result.paper.venue) == (better.title, "ICML")


async def test_a_suggestion_without_a_title_is_added_only_with_details(library: Library) -> None:
    waiting = await accepted(library, replace(PYTHIA, title="arXiv:2304.01373"))
    with pytest.raises(LabError, match="has no title yet"):
        await library.review.resolve(ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.ADD)
    assert await library.papers.count() == 0
    added = await library.review.resolve(
        ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.ADD, details=PYTHIA
    )
    assert added.value.paper is not None
    assert added.value.paper.title == PYTHIA.title
    await library.undo(added.change_id or 0, MODERATOR)
    (again,) = await library.review.suggestions_by(7, 10)
    assert (again.is_pending, again.draft.title) == (True, "arXiv:2304.01373")


async def test_a_possible_duplicate_can_be_declined(library: Library) -> None:
    number = await add_paper(library)
    similar = replace(PYTHIA, identifiers=("doi:10.1000/pythia",))
    waiting = await accepted(library, similar)
    assert waiting.paper_id == number
    before = await library.papers.get(number)
    declined = await library.review.resolve(
        ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.DECLINE
    )
    assert declined.value.outcome is Outcome.DECLINED
    assert await library.papers.get(number) == before


async def test_a_declined_suggestion_adds_nothing(library: Library) -> None:
    waiting = await accepted(library)
    result = (
        await library.review.resolve(ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.SAME)
    ).value
    assert (result.outcome, result.paper) == (Outcome.DECLINED, None)
    assert await library.papers.count() == 0
    assert PostKind.OUTCOME in await due(library)
    assert (await suggest(library)).status is SuggestionStatus.ACCEPTED


async def test_a_known_paper_is_not_accepted(library: Library) -> None:
    number = await add_paper(library)
    for draft in (
        PYTHIA,
        PaperDraft(title="arXiv:2304.01373", identifiers=("arxiv:2304.01373",)),
        PaperDraft(title="PYTHIA!"),
    ):
        result = await suggest(library, draft)
        assert (result.status, result.paper and result.paper.id) == (SuggestionStatus.KNOWN, number)
    assert await library.review.count() == 0


async def test_a_paper_that_was_removed_is_not_suggested_again(library: Library) -> None:
    await library.papers.remove(await add_paper(library), MODERATOR)
    for draft in (PYTHIA, PaperDraft(title="pythia")):
        assert (await suggest(library, draft)).status is SuggestionStatus.REMOVED
    other = PaperDraft(title="Pythia", authors=("Somebody Else",))
    assert (await suggest(library, other)).status is SuggestionStatus.ACCEPTED


async def test_a_paper_waits_once_whoever_suggests_it(library: Library) -> None:
    waiting = await accepted(library)
    for draft in (
        PaperDraft(title="A link", identifiers=("arxiv:2304.01373",)),
        PaperDraft(title="pythia"),
    ):
        result = await suggest(library, draft, member=(8, "cleo"))
        assert (result.status, result.suggestion) == (SuggestionStatus.PENDING, waiting)
    assert await library.review.count() == 1


async def test_a_suggestion_that_resembles_a_paper_is_resolved_like_a_possible_duplicate(
    library: Library,
) -> None:
    number = await add_paper(library)
    draft = replace(PYTHIA, identifiers=("doi:10.1000/pythia",))
    result = await suggest(library, draft)
    assert result.status is SuggestionStatus.ACCEPTED
    assert result.paper is not None
    assert result.paper.id == number
    assert result.suggestion is not None
    assert result.suggestion.paper_id == number
    result = (
        await library.review.resolve(
            ReviewKind.SUGGESTION, result.suggestion.id, MODERATOR, Decision.SAME
        )
    ).value
    assert result.outcome is Outcome.UPDATED
    assert (await library.papers.get(number)).doi == "10.1000/pythia"

    again = await suggest(library, replace(PYTHIA, identifiers=("doi:10.1000/other",)))
    assert again.suggestion is not None
    result = (
        await library.review.resolve(
            ReviewKind.SUGGESTION, again.suggestion.id, MODERATOR, Decision.ADD
        )
    ).value
    assert result.outcome is Outcome.ADDED


async def test_declining_does_not_restore_a_paper_removed_meanwhile(
    library: Library,
) -> None:
    number = await add_paper(library)
    waiting = await accepted(library, replace(PYTHIA, identifiers=("doi:10.1000/pythia",)))
    await library.papers.remove(number, MODERATOR)
    result = (
        await library.review.resolve(ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.SAME)
    ).value
    assert result.outcome is Outcome.DECLINED
    assert await library.papers.find(number) is None


async def test_adding_restores_a_paper_removed_meanwhile(library: Library) -> None:
    waiting = await accepted(library)
    number = await add_paper(library)
    await library.papers.remove(number, MODERATOR)
    result = (
        await library.review.resolve(ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.ADD)
    ).value
    assert (result.outcome, result.paper and result.paper.id) == (Outcome.RESTORED, number)


async def test_a_paper_added_meanwhile_is_not_announced_again(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    waiting = await accepted(library)
    number = await add_paper(library)
    result = (
        await library.review.resolve(ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.ADD)
    ).value
    assert (result.outcome, result.paper and result.paper.id) == (Outcome.UNCHANGED, number)
    assert PostKind.PAPER not in await due(library)


async def test_the_daily_limit_says_when_a_member_may_suggest_again(
    library: Library, clock: FakeClock
) -> None:
    begin = clock()
    for hour in range(3):
        assert (await suggest(library, PaperDraft(title=f"Paper {hour}"), daily_limit=3)).suggestion
        clock.advance(timedelta(hours=1))
    late = PaperDraft(title="Paper too many")
    result = await suggest(library, late, daily_limit=3)
    assert (result.status, result.retry_at) == (
        SuggestionStatus.TOO_MANY,
        begin + timedelta(days=1),
    )
    assert (
        await suggest(library, late, daily_limit=3, member=(8, "cleo"))
    ).status is SuggestionStatus.ACCEPTED
    known = await suggest(library, PaperDraft(title="Paper 1"), daily_limit=3)
    assert known.status is SuggestionStatus.PENDING
    clock.advance(timedelta(hours=21))
    assert (
        await suggest(library, PaperDraft(title="Next day"), daily_limit=3)
    ).status is SuggestionStatus.ACCEPTED
    assert (
        await suggest(library, PaperDraft(title="More"), daily_limit=3)
    ).status is SuggestionStatus.TOO_MANY
    clock.advance(-timedelta(days=9))  # the clock was ahead and is right now
    assert (
        await suggest(library, PaperDraft(title="Again"), daily_limit=3)
    ).status is SuggestionStatus.ACCEPTED
    assert [one.draft.title for one in await library.review.suggestions_by(7, 2)] == [
        "Again",
        "Next day",
    ]


async def test_entries_and_suggestions_wait_in_one_queue_oldest_first(
    library: Library, clock: FakeClock
) -> None:
    feed = (await library.feeds.follow("https://e.org/f", "News", "", MODERATOR)).value
    await library.feeds.edit(
        feed.id, FeedSettings("News", feed.url, "", is_reviewed=True), MODERATOR
    )
    feed = await library.feeds.get(feed.id)
    state = FeedState(feed.url, "News", "", "", clock() + timedelta(hours=1))
    await library.feeds.ingest(feed, [], state)
    first = await suggest(library, PaperDraft(title="First"), channel_id=None)
    clock.advance(timedelta(hours=1))
    entries = [Entry("b", PaperDraft(title="Second"))]
    await library.feeds.ingest(feed, entries, state)
    clock.advance(timedelta(hours=1))
    third = await accepted(library)
    assert await library.review.count() == 3
    one, two, three = await library.review.page(0, 5)
    assert (one, three) == (first.suggestion, third)
    assert isinstance(two, PendingEntry)
    assert await library.review.page(2, 5) == (third,)
    await library.review.resolve(ReviewKind.SUGGESTION, third.id, MODERATOR, Decision.SAME)
    assert await library.review.count() == 2


async def test_a_post_that_cannot_be_delivered_is_discarded(library: Library) -> None:
    waiting = await accepted(library)
    await library.review.resolve(ReviewKind.SUGGESTION, waiting.id, MODERATOR, Decision.SAME)
    told = (await due(library))[PostKind.OUTCOME]
    await library.outbox.claim([told])
    await library.outbox.discard(told)
    assert await library.outbox.find_post(told.id) is None
    asked = (await due(library))[PostKind.SUGGESTION]
    await library.outbox.record_sent([(asked, 1000)])
    await library.outbox.discard(asked)
    sent = await library.outbox.find_post(asked.id)
    assert sent is not None
    assert sent.state is PostState.SENT
