"""Former names stay credited, find their person, and are never shown."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from storage.announcements.filters import parse_filter
from storage.announcements.models import DeliveryStatus, SubscriptionOptions
from storage.audit.models import ReviewKind
from storage.feeds.models import Entry, FeedState
from storage.library import Library
from storage.models import Origin, PaperDraft, PartialDate
from storage.review.models import Decision
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, open_copy
from tests.support.linear_time import assert_takes_linear_time


async def credit(library: Library, *credits: tuple[str, ...]) -> None:
    for number, authors in enumerate(credits, start=await library.papers.count() + 1):
        draft = PaperDraft(title=f"Paper {number}", authors=authors)
        await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)


async def rename(library: Library) -> int:
    """Renames Jane Former to Jane New; returns the change id."""
    change_id = (await library.authors.rename("Jane Former", "Jane New", MODERATOR)).change_id
    assert change_id is not None
    return change_id


async def credits(library: Library) -> list[tuple[str, ...]]:
    return [paper.authors for paper in await library.papers.batch()]


async def test_undoing_a_rename_restores_credits_as_written(
    library: Library, clock: FakeClock
) -> None:
    await credit(library, ("Jane Former", "Bo Guest"))
    feed = (
        await library.feeds.follow("https://lab.org/feed", "News", "", MODERATOR, is_reviewed=True)
    ).value
    state = FeedState("", "News", "", "", clock() + timedelta(hours=1))
    await library.feeds.ingest(feed, [], state)
    draft = PaperDraft("To be decided", ("Former, Jane",), posted_by="Jane Former")
    await library.feeds.ingest(feed, [Entry("key", draft)], state)
    other = replace(draft, title="Proposed")
    await library.review.suggest(other, "", (7, "mika"), daily_limit=3, channel_id=None)
    change = await rename(library)
    (entry,) = await library.review.pending_entries(feed.id)
    await library.review.resolve(ReviewKind.ENTRY, entry.id, MODERATOR, Decision.ADD)
    await library.review.resolve(ReviewKind.SUGGESTION, 1, MODERATOR, Decision.ADD)
    for number in (2, 3):
        assert (await library.papers.get(number)).authors == ("Jane New",)
    await library.undo(change, MODERATOR)
    for number in (2, 3):
        paper = await library.papers.get(number)
        assert (paper.authors, paper.posted_by) == (("Former, Jane",), "Jane Former")


async def test_an_entry_with_a_renamed_author_is_recognized_under_a_new_id(
    library: Library, clock: FakeClock
) -> None:
    feed = (await library.feeds.follow("https://lab.org/feed", "News", "", MODERATOR)).value
    state = FeedState("", "News", "", "", clock() + timedelta(hours=1))
    draft = PaperDraft("One", ("Jane Former",), date=PartialDate(2026))
    await library.feeds.ingest(feed, [Entry("guid:a", draft)], state)
    await rename(library)
    intake = await library.feeds.ingest(feed, [Entry("guid:b", draft)], state)
    assert (intake.known, intake.duplicates) == (1, ())


async def test_a_fuller_spelling_of_a_former_name_becomes_former_when_merged(
    library: Library,
) -> None:
    await credit(library, ("Jane Former",))
    await rename(library)
    fuller = [("Jane M. Former",), ("J. Former",), ("J. M. Former",)]
    await credit(library, *fuller)
    assert (await credits(library))[1:] == fuller  # they may be somebody else's
    merged = (await library.authors.merge("Jane M. Former", "Jane New", MODERATOR)).change_id
    await credit(library, ("FORMER, Jane M.",))
    assert await credits(library) == [("Jane New",)] * 5
    assert (await library.authors.get("Jane M. Former")).variants == ("Jane New",)
    await library.undo(merged, MODERATOR)
    assert (await credits(library))[1:4] == fuller


async def test_a_person_merged_into_a_former_name_keeps_similar_names(library: Library) -> None:
    await credit(library, ("Jane Former",), ("Jane Q. Former",))
    await rename(library)
    await library.authors.merge("Jane New", "Jane Q. Former", MODERATOR)
    assert await credits(library) == [("Jane Q. Former",)] * 2


async def test_every_spelling_of_a_former_name_is_hidden_on_removed_papers(
    library: Library,
) -> None:
    written = [("Jane Former",), ("Former, Jane",), ("J. Former",), ("Former",), ("Ann Other",)]
    await credit(library, *written)
    for number in (1, 2, 3, 4):
        await library.papers.remove(number, MODERATOR)
    change = await rename(library)
    for number in (1, 2, 3, 4):
        await library.papers.restore(number, MODERATOR)
    assert await credits(library) == [("Jane New",)] * 4 + [("Ann Other",)]
    await library.undo(change, MODERATOR)
    assert await credits(library) == written


async def test_a_short_name_merged_with_a_person_is_not_attributed_to_another(
    library: Library,
) -> None:
    await credit(library, ("Jane Former",), ("John Former",), ("John Q. Former",))
    await library.authors.merge("John Q. Former", "John Former", MODERATOR)
    await rename(library)
    await credit(library, ("J. Former",))
    assert (await credits(library))[3] == ("J. Former",)


async def test_initials_of_a_former_name_are_hidden_in_any_spelling(library: Library) -> None:
    await credit(library, ("J. Former",))
    await library.authors.rename("J. Former", "Ann New", MODERATOR)
    await credit(library, ("Former, J.",), ("J. K. Former",))
    assert await credits(library) == [("Ann New",), ("Ann New",), ("J. K. Former",)]


async def test_a_channel_filter_with_a_former_name_matches_the_new_one(
    library: Library,
) -> None:
    await credit(library, ("Jane Former",), ("John Former",))
    filters = {1: 'author:"jane former"', 2: '-author:"Jane Former" -word', 3: "author:former"}
    for channel, words in filters.items():
        await library.subscriptions.subscribe(
            9, channel, MODERATOR, SubscriptionOptions(filters=parse_filter(words))
        )
    change = await rename(library)
    expected = {"Jane New": [1], "New, J.": [1], "FORMER, Jane": [1, 3], "Al Former": [2, 3]}
    for name, channels in expected.items():
        draft = PaperDraft(f"News of {name}", (name,))
        paper = (
            await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR, announce=True)
        ).value.paper
        assert paper is not None
        announced = await library.outbox.for_paper(paper.id)
        assert [
            one.channel_id for one in announced if one.status is DeliveryStatus.WAITING
        ] == channels
    shown = ['author:"Jane New"', '-author:"Jane New" -word', "author:former"]
    assert [
        str(subscription.options.filters) for subscription in await library.subscriptions.all()
    ] == shown
    subscription = await library.subscriptions.find(1)
    assert subscription is not None
    assert subscription.options.filters.matches(await library.papers.get(1), None)
    await library.undo(change, MODERATOR)
    written = [
        str(subscription.options.filters) for subscription in await library.subscriptions.all()
    ]
    assert written == [*filters.values()]


async def test_the_poster_of_a_paper_is_shown_by_their_current_name(library: Library) -> None:
    await credit(library, ("Former, Jane",))
    await library.subscriptions.subscribe(9, 1, MODERATOR)
    draft = PaperDraft("Posted", ("Bo Guest",), posted_by="Jane Former")
    await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR, announce=True)
    (post,) = await library.outbox.enqueue_and_fetch_due()
    await library.outbox.claim([post])
    await library.outbox.record_sent([(post, 70)])
    change = (await library.authors.rename("Former, Jane", "Jane New", MODERATOR)).change_id
    assert [one.id for one in await library.outbox.needing_follow_up()] == [post.id]
    later = replace(draft, title="Posted later", posted_by="J. Former")
    added = (await library.papers.upsert(later, Origin.MODERATOR, MODERATOR)).value.paper
    assert added is not None
    for number in (2, added.id):
        assert (await library.papers.get(number)).posted_by == "Jane New"
    await library.undo(change, MODERATOR)
    posters = [(await library.papers.get(number)).posted_by for number in (2, added.id)]
    assert posters == ["Jane Former", "J. Former"]


async def import_credits(library: Library, *credits: tuple[str, ...]) -> None:
    start = await library.papers.count()
    drafts = [
        PaperDraft(f"Imported {number}", authors) for number, authors in enumerate(credits, start)
    ]
    await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)


async def test_a_full_name_of_the_same_import_makes_initials_ambiguous(library: Library) -> None:
    await credit(library, ("Jane Former",))
    await rename(library)
    await import_credits(library, ("J. Former",), ("John Former",), ("J. M. Former",))
    assert (await credits(library))[1:] == [("J. Former",), ("John Former",), ("J. M. Former",)]


async def test_a_name_credited_earlier_in_an_import_counts(library: Library) -> None:
    await credit(library, ("Jane Former",), ("Jack T. Former",))
    await rename(library)
    first = PaperDraft("One", ("J. M. Former",), identifiers=("doi:10.1/1",))
    john = PaperDraft("One", ("John Former", "J. M. Former"), identifiers=("doi:10.1/1",))
    last = PaperDraft("Two", ("Former, J. M.", "J. A. Former"))
    await library.papers.upsert_many([first, john, last], Origin.IMPORT, MODERATOR)
    # The first one was credited when no other full name fitted.
    assert (await credits(library))[2:] == [
        ("John Former", "Jane New"),
        ("Former, J. M.", "J. A. Former"),
    ]


async def test_another_spelling_of_a_former_name_makes_no_initials_ambiguous(
    library: Library,
) -> None:
    await credit(library, ("Jane Former",))
    await rename(library)
    await import_credits(library, ("J. Former", "FORMER, Jane"), ("Former, J.", "Jane Former"))
    assert set((await credits(library))[1]) == {"Jane New"}
    assert set((await credits(library))[2]) == {"Jane New"}


async def test_initials_of_a_family_name_of_several_words_are_hidden(library: Library) -> None:
    await credit(library, ("Abebe Kassa Woldu",), ("Alem Woldu",))
    await library.authors.rename("Abebe Kassa Woldu", "Ann New", MODERATOR)
    await import_credits(library, ("Kassa Woldu, A.",))
    assert (await credits(library))[2] == ("Ann New",)
    await import_credits(library, ("A. B. Kassa-Woldu",), ("Alem Kassa Woldu",))
    other = PaperDraft("Other", ("KASSA WOLDU, A.",))
    await library.papers.upsert_many([other], Origin.IMPORT, MODERATOR)
    assert (await credits(library))[-1] == ("KASSA WOLDU, A.",)


async def test_a_surname_is_hidden_until_somebody_else_has_it(library: Library) -> None:
    await credit(library, ("Jane Former",))
    await rename(library)
    await import_credits(library, ("Former",))
    other = PaperDraft("Other", ("Bo Former",))
    later = PaperDraft("Later", ("FORMER",))
    for draft in (other, later):
        await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)
    assert (await credits(library))[1:] == [("Jane New",), ("Bo Former",), ("FORMER",)]


async def import_into_family(database: Path, full: Sequence[str], short: Sequence[str]) -> None:
    """Imports papers into a big family in which one has renamed, with and without other names."""

    def drafts(names: Sequence[str]) -> list[PaperDraft]:
        return [
            PaperDraft(f"{name} {number}", (name,), identifiers=(f"doi:10.1/{name}{number}",))
            for number, name in enumerate(names)
        ]

    async with open_copy(database, FakeClock()) as library:
        papers = library.papers
        await papers.upsert_many(drafts(["Jane Former", *full]), Origin.IMPORT, MODERATOR)
        await rename(library)
        more = drafts([*short, *(name.replace("e Former", "o Former") for name in full)])
        await papers.preview_many(more, Origin.IMPORT, MODERATOR)
        for _ in range(2):
            await papers.upsert_many(more, Origin.IMPORT, MODERATOR)


def letters(number: int) -> str:
    return "".join(chr(65 + number // 26**power % 26) for power in range(3))


@pytest.mark.slow
@pytest.mark.parametrize("middle", [1, 3])
def test_an_import_into_a_big_family_takes_linear_time(empty_database: Path, middle: int) -> None:
    """With three middle names, nobody else has the same initials."""

    def call(size: int) -> None:
        words = [letters(number) for number in range(size)]
        full = [
            f"J{word.lower()} {' '.join(f'{a}e' for a in word[:middle])} Former" for word in words
        ]
        short = [f"J. {'. '.join(word)}. Former" for word in words]
        asyncio.run(import_into_family(empty_database, full, short))

    assert_takes_linear_time(call, 1200)
