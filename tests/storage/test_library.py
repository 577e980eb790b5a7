from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from lab_world import NOW, StillClock

from storage.completion import as_draft
from storage.errors import (
    FeedExists,
    FeedNotFound,
    InvalidInput,
    LabError,
    PaperExists,
    PaperNotFound,
)
from storage.feed_records import Entry, Feed, FeedState, Intake
from storage.library import Library
from storage.records import (
    Actor,
    Admission,
    Filters,
    Link,
    LinkKind,
    Origin,
    Outcome,
    Paper,
    PaperDraft,
    PartialDate,
)

ACTOR = Actor("test", "a test")
ARXIV = PaperDraft(
    title="A Paper",
    authors=("Ann Lee", "Bo Chen"),
    venue="arXiv",
    date=PartialDate(2023),
    identifiers=("arxiv:2302.12433",),
)


async def admit(
    library: Library, draft: PaperDraft, origin: Origin = Origin.IMPORT, **options: bool
) -> Admission:
    return await library.admit(draft, origin, ACTOR, **options)


async def added(library: Library, draft: PaperDraft, origin: Origin = Origin.IMPORT) -> Paper:
    result = await admit(library, draft, origin)
    assert result.outcome is Outcome.ADDED
    assert result.paper is not None
    return result.paper


async def watched(library: Library) -> Feed:
    return await library.feeds.add("https://lab.org/feed", "News", "", ACTOR)


def state(**values: str) -> FeedState:
    given = {"url": "https://lab.org/feed", "title": "News", "etag": "", "last_modified": ""}
    return FeedState(**{**given, **values}, next_poll_at=NOW + timedelta(hours=1))


def entry(title: str, key: str = "", **fields: object) -> Entry:
    draft = PaperDraft(title=title, identifiers=(f"guid:lab.org/feed#{key or title}",))
    return Entry(key or title, replace(draft, **fields))  # type: ignore[arg-type]


async def test_the_same_identifier_is_the_same_paper_and_completes_it(library: Library) -> None:
    paper = await added(library, ARXIV)
    result = await admit(
        library,
        PaperDraft(
            title="A Paper, renamed",
            authors=("Someone Else",),
            abstract="Now with an abstract.",
            venue="ICML",
            date=PartialDate(2023, 7, 14),
            identifiers=("doi:10.1/x", "arxiv:2302.12433"),
            links=(Link(LinkKind.CODE, "https://lab.org/code"),),
            note="Oral",
            tags=("b", "a"),
            posted_by="Poster",
        ),
    )
    assert result.outcome is Outcome.UPDATED
    completed = result.paper
    assert completed is not None
    assert completed.id == paper.id
    assert completed.title == "A Paper, renamed"
    assert completed.authors == ("Ann Lee", "Bo Chen")
    assert completed.venue == "ICML"
    assert completed.date == PartialDate(2023, 7, 14)
    assert set(completed.identifiers) == {"arxiv:2302.12433", "doi:10.1/x"}
    assert (completed.note, completed.tags, completed.posted_by) == ("Oral", ("a", "b"), "Poster")
    assert (completed.arxiv, completed.doi) == ("2302.12433", "10.1/x")
    assert (await admit(library, ARXIV)).outcome is Outcome.UNCHANGED
    changes = await library.history.of_paper(paper.id)
    assert [change.action for change in changes] == ["add", "complete"]
    assert changes[1].before["venue"] == "arXiv"
    assert changes[1].after["venue"] == "ICML"


async def test_a_cut_list_of_authors_gives_way_to_a_whole_one(library: Library) -> None:
    cut = replace(ARXIV, authors=("Ann Lee",), authors_complete=False)
    await added(library, cut)
    result = await admit(library, ARXIV)
    assert result.paper is not None
    assert result.paper.authors == ("Ann Lee", "Bo Chen")
    assert result.paper.authors_complete


async def test_nothing_that_a_moderator_set_is_overwritten(library: Library) -> None:
    paper = await added(library, ARXIV)
    draft = replace(as_draft(paper), venue="", authors=("Cy Dee",), date=None, abstract="")
    await library.edit(paper.id, draft, ACTOR)
    await admit(library, replace(ARXIV, abstract="New", venue="ICML", date=PartialDate(2022)))
    kept = await library.papers.get(paper.id)
    assert (kept.venue, kept.authors, kept.date) == ("", ("Cy Dee",), None)
    assert kept.abstract == "New"


async def test_a_moderators_own_paper_is_completed_and_not_overwritten(library: Library) -> None:
    paper = await added(library, replace(ARXIV, venue="TMLR"), Origin.MODERATOR)
    await admit(library, replace(ARXIV, venue="ICML", abstract="An abstract."))
    kept = await library.papers.get(paper.id)
    assert (kept.venue, kept.abstract) == ("TMLR", "An abstract.")


async def test_the_starters_summary_gives_way_to_a_real_abstract(library: Library) -> None:
    paper = await added(library, replace(ARXIV, abstract="Ours."), Origin.STARTER)
    theirs = replace(ARXIV, abstract="Theirs, which says more. " * 20)
    await admit(library, theirs)
    await admit(library, replace(ARXIV, abstract="Ours."), Origin.STARTER)
    assert (await library.papers.get(paper.id)).abstract == theirs.abstract


@pytest.mark.parametrize(
    ("other", "outcome"),
    [
        (PaperDraft(title="a PAPER!", authors=("A. Lee",)), Outcome.DUPLICATE),
        (PaperDraft(title="A Paper"), Outcome.DUPLICATE),
        (PaperDraft(title="A Paper", date=PartialDate(2024)), Outcome.DUPLICATE),
        (PaperDraft(title="A Paper", date=PartialDate(2025)), Outcome.ADDED),
        (PaperDraft(title="A Paper", authors=("Xi Wu",)), Outcome.ADDED),
        (PaperDraft(title="A Paper, Again"), Outcome.ADDED),
    ],
)
async def test_a_likeness_is_offered_and_never_merged(
    library: Library, other: PaperDraft, outcome: Outcome
) -> None:
    paper = await added(library, ARXIV)
    result = await admit(library, other)
    assert result.outcome is outcome
    if outcome is Outcome.DUPLICATE:
        assert result.paper == paper
        assert await library.papers.count() == 1
        again = await admit(library, other, despite_likeness=True)
        assert again.outcome is Outcome.ADDED


async def test_two_arxiv_ids_are_two_papers_whatever_else_they_share(library: Library) -> None:
    await added(library, replace(ARXIV, identifiers=("arxiv:2302.00001", "url:lab.org/both")))
    other = replace(ARXIV, title="Other", identifiers=("arxiv:2302.00002", "url:lab.org/both"))
    result = await admit(library, other)
    assert result.outcome is Outcome.ADDED
    assert result.paper is not None
    assert result.paper.identifiers == ("arxiv:2302.00002",)


async def test_a_removed_paper_is_brought_back_by_a_moderator_alone(library: Library) -> None:
    paper = await added(library, ARXIV)
    await library.remove(paper.id, ACTOR)
    assert await library.papers.count() == 0
    for origin in (Origin.FEED, Origin.IMPORT, Origin.STARTER):
        assert (await admit(library, ARXIV, origin)).outcome is Outcome.REMOVED
    for call in (library.papers.get(paper.id), library.papers.get_named("A Paper")):
        with pytest.raises(PaperNotFound):
            await call
    with pytest.raises(PaperNotFound):
        await library.remove(paper.id, ACTOR)
    result = await admit(library, replace(ARXIV, abstract="More."), Origin.MODERATOR)
    assert result.outcome is Outcome.RESTORED
    restored = await library.papers.get(paper.id)
    assert restored.abstract == "More."
    assert [change.action for change in await library.history.of_paper(paper.id)] == [
        "add",
        "remove",
        "restore",
        "complete",
    ]


async def test_an_edit_cannot_take_another_papers_identifier(library: Library) -> None:
    await added(library, ARXIV)
    other = await added(library, PaperDraft(title="Other"))
    with pytest.raises(PaperExists, match="“A Paper”"):
        await library.edit(other.id, replace(as_draft(other), identifiers=ARXIV.identifiers), ACTOR)
    with pytest.raises(PaperNotFound):
        await library.edit(99, ARXIV, ACTOR)


async def test_many_drafts_come_in_together_or_not_at_all(library: Library) -> None:
    broken = replace(ARXIV, title="", identifiers=())
    with pytest.raises(Exception, match="title"):
        await library.admit_all([ARXIV, broken], Origin.IMPORT, ACTOR)
    assert await library.papers.count() == 0
    drafts = [ARXIV, PaperDraft(title="Another"), ARXIV]
    would = await library.admit_all(drafts, Origin.IMPORT, ACTOR, rehearse=True)
    assert await library.papers.count() == 0
    told: list[tuple[str, Outcome]] = []
    outcomes = await library.admit_all(
        iter(drafts),
        Origin.IMPORT,
        ACTOR,
        each=lambda draft, result: told.append((draft.title, result.outcome)),
    )
    assert would == outcomes == {Outcome.ADDED: 2, Outcome.UNCHANGED: 1}
    assert told[-1] == ("A Paper", Outcome.UNCHANGED)
    assert [paper.title for paper in await library.papers.all()] == ["A Paper", "Another"]


async def test_papers_are_named_by_number_title_identifier_or_link(library: Library) -> None:
    paper = await added(library, replace(ARXIV, links=(Link(LinkKind.PAGE, "https://lab.org/a"),)))
    for text in ("1", " #1 ", "a paper", "arXiv:2302.12433v4", "https://arxiv.org/abs/2302.12433"):
        assert await library.papers.get_named(text) == paper
    assert paper.url == "https://lab.org/a"
    for text in ("2", "²", "", "9" * 30, "nothing"):
        with pytest.raises(PaperNotFound):
            await library.papers.get_named(text)


async def test_papers_are_listed_in_parts(library: Library) -> None:
    for number in range(5):
        await added(library, PaperDraft(title=f"Paper {number}"))
    first = await library.papers.all(limit=3)
    rest = await library.papers.all(after=first[-1].id, limit=3)
    assert [paper.id for paper in (*first, *rest)] == [1, 2, 3, 4, 5]


async def test_a_first_poll_is_silent_and_a_later_one_announces_in_order(library: Library) -> None:
    await library.routes.open(1, 2, ACTOR)
    feed = await watched(library)
    first = await library.take_in(feed, [entry("B"), entry("A")], state())
    assert first.silent
    assert [paper.title for paper in first.added] == ["A", "B"]
    assert await library.outbox.next_posts() == ()
    second = await library.take_in(feed, [entry("D"), entry("C"), entry("B")], state())
    assert not second.silent
    assert second.known == 1
    (due,) = await library.outbox.next_posts()
    assert (await library.papers.some(due.paper_ids))[0].title == "C"


async def test_a_long_feed_is_taken_in_whole_and_oldest_first(library: Library) -> None:
    feed = await watched(library)
    entries = [entry(f"Number {number}") for number in range(120)]
    first = await library.take_in(feed, entries, state())
    assert [paper.title for paper in first.added] == [one.draft.title for one in reversed(entries)]
    assert (await library.take_in(feed, entries, state())).known == 120


async def test_an_entry_with_a_new_id_and_the_same_title_is_no_news(library: Library) -> None:
    await library.routes.open(1, 2, ACTOR)
    feed = await watched(library)
    await library.take_in(feed, [entry("Same", "old", date=PartialDate(2026))], state())
    again = entry("Same", "new", date=PartialDate(2026, 11, 2))
    intake = await library.take_in(feed, [again], state())
    assert intake.added == ()
    (completed,) = intake.completed
    assert completed.date == PartialDate(2026, 11, 2)
    assert await library.papers.count() == 1
    assert (await library.take_in(feed, [again], state())).known == 1


async def test_the_same_title_years_later_is_another_paper(library: Library) -> None:
    feed = await watched(library)
    await library.take_in(feed, [entry("Annual report", "old", date=PartialDate(2020))], state())
    new = entry("Annual report", "new", date=PartialDate(2026))
    assert len((await library.take_in(feed, [new], state())).added) == 1


async def test_a_feed_that_empties_and_fills_again_brings_nothing_new(library: Library) -> None:
    feed = await watched(library)
    for entries in ([entry("A")], [], [entry("A")]):
        intake = await library.take_in(feed, entries, state())
    assert intake.added == ()


async def test_a_possible_duplicate_of_a_feed_waits_for_a_moderator(
    library: Library, clock: StillClock
) -> None:
    await library.routes.open(1, 2, ACTOR)
    known = await added(library, PaperDraft(title="Twice"))
    other = await added(library, PaperDraft(title="Thrice"))
    feed = await watched(library)
    await library.take_in(feed, [], state())
    clock.move(timedelta(hours=1))
    intake = await library.take_in(feed, [entry("Twice"), entry("Thrice")], state())
    assert {paper.id for _, paper in intake.duplicates} == {known.id, other.id}
    assert (await library.feeds.get(feed.id)).duplicates == 2
    renamed = await library.take_in(feed, [entry("Twice", "another id")], state())
    assert (renamed.known, renamed.duplicates) == (1, ())  # it waits already
    thrice, twice = await library.feeds.pending(feed.id)
    assert (twice.draft.title, twice.paper_id) == ("Twice", known.id)
    added_one = await library.settle(twice.id, ACTOR, add=True)
    assert added_one.outcome is Outcome.ADDED
    assert len(await library.outbox.next_posts()) == 1
    left = await library.settle(thrice.id, ACTOR, add=False)
    assert left.outcome is Outcome.UPDATED
    assert left.paper is not None
    assert left.paper.id == other.id
    for decided in (twice, thrice):
        with pytest.raises(LabError, match="already"):
            await library.settle(decided.id, ACTOR, add=True)
    assert (await library.take_in(feed, [entry("Thrice")], state())).known == 1


async def test_what_a_feed_brings_is_counted_by_outcome(library: Library) -> None:
    paper = await added(library, ARXIV)
    removed = await added(library, PaperDraft(title="Gone", identifiers=("doi:10.1/gone",)))
    await library.remove(removed.id, ACTOR)
    feed = await watched(library)
    intake = await library.take_in(
        feed,
        [
            entry("A Paper", "1", identifiers=ARXIV.identifiers, abstract="New."),
            entry("A Paper", "2", identifiers=ARXIV.identifiers),
            entry("Gone", "3", identifiers=("doi:10.1/gone",)),
        ],
        state(),
    )
    assert [one.id for one in intake.completed] == [paper.id]
    assert (intake.known, intake.removed) == (1, 1)


async def test_feeds_are_watched_once_and_keep_their_state(
    library: Library, clock: StillClock
) -> None:
    feed = await watched(library)
    with pytest.raises(FeedExists):
        await watched(library)
    assert await library.feeds.due() == (feed,)
    await library.feeds.record_failure(feed.id, "It broke.", NOW + timedelta(hours=1))
    failed = await library.feeds.get(feed.id)
    assert (failed.failures, failed.last_error) == (1, "It broke.")
    assert await library.feeds.due() == ()
    clock.move(timedelta(hours=2))
    assert await library.feeds.due() == (failed,)
    await library.note_unchanged({feed.id: state(etag='"1"', last_modified="now")})
    good = await library.feeds.get(feed.id)
    assert (good.failures, good.last_error, good.etag) == (0, "", '"1"')
    assert good.last_success_at == clock()
    assert (await library.feeds.all())[0] == good
    await library.feeds.remove(feed.id)
    assert await library.take_in(feed, [entry("A")], state()) == Intake()
    for call in (library.feeds.get(feed.id), library.feeds.remove(feed.id)):
        with pytest.raises(FeedNotFound):
            await call


async def test_questions_and_facts_are_kept(library: Library, clock: StillClock) -> None:
    number = library.notes.remember("a question")
    assert library.notes.remember("a question") == number
    assert await library.notes.recall(number) == "a question"
    await library.notes.close()
    clock.move(timedelta(days=400))
    assert library.notes.remember("another") != number
    assert await library.notes.recall(number) is None
    await library.notes.keep_fact("name", "one")
    await library.notes.keep_fact("name", "two")
    assert await library.notes.fact("name") == "two"
    assert await library.notes.fact("nothing") is None


def test_dates_are_as_precise_as_they_are_known() -> None:
    assert [str(PartialDate.parse(text)) for text in ("2023", "2023-7", "2023-07-04")] == [
        "2023",
        "2023-07",
        "2023-07-04",
    ]
    for text in ("23", "2023-13", "2023-02-30", "soon", "0999"):
        with pytest.raises(InvalidInput):
            PartialDate.parse(text)
    with pytest.raises(InvalidInput):
        PartialDate(2023, None, 4)
    assert not Filters()
    assert Filters(author="x")
