from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.announcements.filters import parse_filter
from storage.announcements.models import DeliveryStatus, SubscriptionOptions
from storage.audit.models import Change, NameChange
from storage.authors.errors import AuthorNotFound
from storage.errors import LabError
from storage.feeds.models import Entry, FeedState
from storage.library import Library
from storage.models import AuthorSummary, Origin, Outcome, PaperDraft, PartialDate
from storage.papers.combine import as_draft
from storage.papers.errors import PaperExists, PaperNotFound
from storage.search.query import parse
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, suggested


async def credit(library: Library, *credits: tuple[str, ...]) -> None:
    for number, authors in enumerate(credits, start=await library.papers.count() + 1):
        draft = PaperDraft(title=f"Paper {number}", authors=authors)
        await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)


async def papers(library: Library, name: str) -> int:
    return (await library.authors.get(name)).paper_count


async def everything_displayed(library: Library) -> str:
    """Returns all that a member can see: papers, people, suggestions, results and errors."""
    seen: list[object] = [await library.papers.batch()]
    for text in ("", "jan", "fo", "jane former", "former", "new", "guest"):
        seen += [await suggested(library, text), await library.authors.suggest_credited(text)]
        seen.append((await library.search.find(parse(text), limit=50)).results.papers)
        try:
            person = await library.authors.get(text or "Guest Writer")
        except LabError as error:
            seen.append(str(error).replace(f"“{text}”", ""))
        else:
            seen += [person, await library.authors.list_papers(person)]
    for number in range(1, await library.papers.count() + 1):
        seen.append(await library.audit.for_paper(number))
    return repr(seen)


async def test_merged_names_are_one_person_until_they_are_split(library: Library) -> None:
    await credit(library, ("Steve Harrow", "A Guest"), ("Steven Harrow",), ("S. Harrow",))
    assert await papers(library, "Steven Harrow") == 1
    recorded = await library.authors.merge("Steve Harrow", "Steven Harrow", MODERATOR)
    change = recorded.change_id
    assert recorded.value == "Steven Harrow"
    for name in ("Steve Harrow", "Steven Harrow", "harrow", "S. Harrow"):
        person = await library.authors.get(name)
        assert (person.name, person.paper_count) == ("Steven Harrow", 3)
    assert set(person.variants) == {"Steven Harrow", "Steve Harrow", "S. Harrow"}
    assert await suggested(library, "harrow") == (("Steven Harrow", 3),)
    assert (await library.authors.get("A Guest")).coauthors == (("Steven Harrow", 1),)
    assert (await library.papers.get(1)).authors[0] == "Steve Harrow"
    with pytest.raises(LabError, match="already the same person"):
        await library.authors.merge("Harrow, Steve", "Steven Harrow", MODERATOR)

    await library.authors.split("Steve Harrow", MODERATOR)
    assert await papers(library, "Steven Harrow") == 1
    split, merged = (await library.audit.page(limit=2)).changes
    assert isinstance(merged, NameChange)
    assert isinstance(split, NameChange)
    assert {merged.name, split.name} == {"Steven Harrow"}
    assert (merged.id, merged.action, merged.actor) == (change, "merge", MODERATOR)
    assert split.action == "split"


async def test_a_third_name_can_be_merged_with_merged_ones(library: Library) -> None:
    await credit(library, ("Al Gray",), ("Albert Gray",), ("Alberto Grey",))
    await library.authors.merge("Al Gray", "Albert Gray", MODERATOR)
    await library.authors.merge("Albert Gray", "Alberto Grey", MODERATOR)
    assert {await papers(library, name) for name in ("Al Gray", "Albert Gray", "Grey")} == {3}
    await library.authors.split("Alberto Grey", MODERATOR)
    assert await papers(library, "Grey") == 1
    assert await papers(library, "Al Gray") == 2


async def test_a_short_name_can_be_split_from_its_person(library: Library) -> None:
    await credit(library, ("Stella Biderman",), ("S. Biderman",))
    recorded = await library.authors.split("S. Biderman", MODERATOR)
    change = recorded.change_id
    assert recorded.value == "Stella Biderman"
    assert await papers(library, "Stella Biderman") == 1
    with pytest.raises(LabError, match="isn't merged"):
        await library.authors.split("S. Biderman", MODERATOR)
    await library.undo(change, MODERATOR)
    assert await papers(library, "Stella Biderman") == 2


async def test_splitting_what_cannot_be_split_raises_an_error(library: Library) -> None:
    await credit(library, ("Ann Lee",), ("Lee, Ann",))
    with pytest.raises(LabError, match="are the same name"):
        await library.authors.split("Lee, Ann", MODERATOR)
    with pytest.raises(LabError, match="exactly like that"):
        await library.authors.split("Nobody", MODERATOR)


async def test_an_ambiguous_short_name_can_be_merged_with_a_person(library: Library) -> None:
    await credit(library, ("Wei Li",), ("Wen Li",), ("W. Li",))
    assert await papers(library, "Wei Li") == 1
    found = await library.authors.suggest_credited("w li")
    assert AuthorSummary("W. Li", 1) in found


async def test_a_former_name_finds_the_person_and_is_never_shown(library: Library) -> None:
    await credit(library, ("Jane Former", "Guest Writer"), ("Former, Jane",), ("J. Former",))
    recorded = await library.authors.rename("Jane Former", "Jane New", MODERATOR)
    change = recorded.change_id
    assert recorded.value == "Jane New"
    for name in ("Jane Former", "former", "Jane New", "New, Jane", "J. Former", "JANE FORMER"):
        person = await library.authors.get(name)
        assert (person.name, person.paper_count, person.variants) == ("Jane New", 3, ("Jane New",))
    assert (await library.papers.get(1)).authors == ("Jane New", "Guest Writer")
    assert "Former" not in await everything_displayed(library)
    assert (await library.search.find(parse("author:former"))).results.total == 3
    assert (await library.search.find(parse('author:"jane new"'))).results.total == 3
    assert (await suggested(library, "form"))[0] == ("Jane New", 3)

    await credit(library, ("FORMER, Jane", "Guest Writer"))
    assert (await library.papers.get(4)).authors[0] == "Jane New"
    assert "ormer" not in (await everything_displayed(library)).replace("is_former", "")

    await library.papers.edit(1, PaperDraft(title="Edited", authors=("Jane New",)), MODERATOR)
    assert (await library.papers.get(1)).authors == ("Jane New",)
    await library.undo(change, MODERATOR)
    assert (await library.papers.get(1)).authors == ("Jane Former",)
    assert (await library.authors.get("former")).name == "Jane Former"
    assert (await library.papers.get(4)).authors[0] == "FORMER, Jane"
    with pytest.raises(AuthorNotFound):
        await library.authors.get("Jane New")

    (undone,) = (await library.audit.page(limit=1)).changes
    await library.undo(undone.id, MODERATOR)
    assert {(await library.papers.get(number)).authors[0] for number in (1, 2, 4)} == {"Jane New"}


async def test_renaming_to_another_credited_name_requires_a_merge_first(library: Library) -> None:
    await credit(library, ("Jane Former",), ("Jane New",))
    with pytest.raises(LabError, match="`/people merge`"):
        await library.authors.rename("Jane Former", "Jane New", MODERATOR)
    await library.authors.merge("Jane New", "Jane Former", MODERATOR)
    await library.authors.rename("Jane Former", "Jane New", MODERATOR)
    assert (await library.authors.get("former")).variants == ("Jane New",)
    assert {paper.authors for paper in await library.papers.batch()} == {("Jane New",)}
    with pytest.raises(LabError, match="isn't merged"):
        await library.authors.split("Jane New", MODERATOR)


async def test_a_former_name_cannot_be_split_or_left_alone(library: Library) -> None:
    await credit(library, ("Jane Former",), ("J. New",))
    await library.authors.rename("Jane Former", "Jane New", MODERATOR)
    assert (await library.authors.get("J. New")).paper_count == 2
    for name, sentence in (
        ("Jane Former", "isn't merged"),
        ("Jane New", "has no other name to show"),
    ):
        with pytest.raises(LabError, match=sentence):
            await library.authors.split(name, MODERATOR)


async def test_a_rename_leaves_a_persons_other_names_alone(
    library: Library,
) -> None:
    await credit(library, ("Jane Former",), ("Jane Married",), ("J. Former",))
    await library.authors.merge("Jane Married", "Jane Former", MODERATOR)
    await library.authors.rename("Jane Former", "Jane New", MODERATOR)
    person = await library.authors.get("married")
    assert (person.name, person.paper_count, person.variants) == (
        "Jane New",
        3,
        ("Jane New", "Jane Married"),
    )


async def test_correcting_a_spelling_leaves_short_names_alone(library: Library) -> None:
    await credit(library, ("Stela Biderman",), ("S. Biderman",))
    await library.authors.rename("Stela Biderman", "Stella Biderman", MODERATOR)
    assert (await library.authors.get("biderman")).variants == ("Stella Biderman", "S. Biderman")
    assert [paper.authors[0] for paper in await library.papers.batch()] == [
        "Stella Biderman",
        "S. Biderman",
    ]


async def test_a_person_without_papers_is_not_suggested(library: Library) -> None:
    await credit(library, ("Jane Former",))
    await library.papers.edit(1, PaperDraft(title="Edited", authors=("Jane Former",)), MODERATOR)
    await library.authors.rename("Jane Former", "Jane New", MODERATOR)
    (_, edited) = await library.audit.for_paper(1)
    assert edited.before is not None
    assert edited.after is not None
    assert edited.before.authors == edited.after.authors == ("Jane New",)
    await library.papers.remove(1, MODERATOR)
    assert await suggested(library, "jane") == ()
    with pytest.raises(AuthorNotFound) as caught:
        await library.authors.get("Jane Newe")
    assert caught.value.similar == ()


async def test_a_decided_name_keeps_its_decision_after_a_rename(library: Library) -> None:
    await credit(library, ("Jane Former",), ("J. Former",), ("JANE FORMER",))
    await library.authors.split("J. Former", MODERATOR)
    change = (await library.authors.rename("Jane Former", "Jane New", MODERATOR)).change_id
    assert (await library.authors.get("Jane New")).paper_count == 2
    assert (await library.authors.get("J. Former")).paper_count == 1
    await library.undo(change, MODERATOR)
    assert {paper.authors[0] for paper in await library.papers.batch()} == {
        "Jane Former",
        "J. Former",
        "JANE FORMER",
    }


@pytest.mark.parametrize("to", [" ", "...", "x" * 101])
async def test_a_new_name_must_be_a_name(library: Library, to: str) -> None:
    await credit(library, ("Jane Former",))
    with pytest.raises(LabError, match="Enter the new name"):
        await library.authors.rename("Jane Former", to, MODERATOR)
    with pytest.raises(LabError, match="already called"):
        await library.authors.rename("Jane Former", "Jane Former", MODERATOR)


async def last(library: Library, paper_id: int) -> Change:
    return (await library.audit.for_paper(paper_id))[-1]


async def test_every_change_to_a_paper_can_be_undone_and_redone(library: Library) -> None:
    draft = PaperDraft(title="A", authors=("Ann Lee",), identifiers=("arxiv:2302.12433",))
    await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR)
    added = await last(library, 1)
    await library.papers.edit(
        1, PaperDraft(title="B", identifiers=("arxiv:2302.12433",)), MODERATOR
    )
    edited = await last(library, 1)
    with pytest.raises(
        LabError, match=f"#1 has been changed since then. Undo change {edited.id} first"
    ):
        await library.undo(added.id, MODERATOR)
    await library.undo(edited.id, MODERATOR)
    assert (await library.papers.get(1)).title == "A"
    assert await papers(library, "Ann Lee") == 1
    with pytest.raises(LabError, match="already been undone"):
        await library.undo(edited.id, MODERATOR)

    await library.undo((await last(library, 1)).id, MODERATOR)
    assert (await library.papers.get(1)).title == "B"
    await library.undo((await last(library, 1)).id, MODERATOR)

    await library.papers.remove(1, MODERATOR)
    await library.undo((await last(library, 1)).id, MODERATOR)
    assert (await library.papers.get(1)).title == "A"
    await library.undo(added.id, MODERATOR)
    with pytest.raises(PaperNotFound):
        await library.papers.get(1)
    assert await library.papers.count() == 0
    with pytest.raises(LabError, match="find that change"):
        await library.undo(999, MODERATOR)


async def test_an_undo_does_not_take_an_identifier_from_another_paper(library: Library) -> None:
    both = ("arxiv:2302.12433", "doi:10.1/x")
    await library.papers.upsert(
        PaperDraft(title="A", identifiers=both), Origin.MODERATOR, MODERATOR
    )
    await library.papers.edit(1, PaperDraft(title="A", identifiers=both[:1]), MODERATOR)
    await library.papers.upsert(
        PaperDraft(title="Z", identifiers=both[1:]), Origin.MODERATOR, MODERATOR
    )
    with pytest.raises(PaperExists):
        await library.undo((await last(library, 1)).id, MODERATOR)
    assert (await library.papers.get(1)).identifiers == both[:1]


async def test_a_decision_cannot_be_undone_before_a_later_one(library: Library) -> None:
    await credit(library, ("Al Gray",), ("Albert Gray",), ("Alberto Grey",))
    first = (await library.authors.merge("Al Gray", "Albert Gray", MODERATOR)).change_id
    second = (await library.authors.merge("Al Gray", "Alberto Grey", MODERATOR)).change_id
    with pytest.raises(
        LabError, match=f"names have been changed since then. Undo change {second} first"
    ):
        await library.undo(first, MODERATOR)
    await library.undo(second, MODERATOR)
    await library.undo(first, MODERATOR)
    assert await papers(library, "Al Gray") == 1


async def renamed(library: Library, *credits: tuple[str, ...]) -> None:
    """A list of these papers, in which Jane Former is Jane New now."""
    await credit(library, *credits)
    await library.authors.rename("Jane Former", "Jane New", MODERATOR)


async def test_related_papers_and_results_show_no_former_name(library: Library) -> None:
    await renamed(library, ("Jane Former", "Bo Guest"), ("Jane Former", "Al Other"))
    related = await library.search.related(await library.papers.get(1))
    assert [one.authors for one in related] == [("Jane New",)]
    draft = PaperDraft("Another", ("Former, Jane",), posted_by="Jane Former")
    added = (await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)).value.paper
    assert added is not None
    assert (added.authors, added.posted_by) == (("Jane New",), "Jane New")
    assert added == await library.papers.get(added.id)
    (change, *_) = (await library.audit.page()).changes
    assert "Former" not in repr(change)


@pytest.mark.parametrize("short", ["J. Former", "Former, J.", "Former", "JANE FORMER"])
async def test_a_short_name_credited_after_a_rename_reveals_nothing(
    library: Library, short: str
) -> None:
    await renamed(library, ("Jane Former", "Bo Guest"))
    await credit(library, (short, "Bo Guest"))
    assert (await library.papers.get(2)).authors == ("Jane New", "Bo Guest")
    assert (await library.authors.get("Bo Guest")).coauthors == (("Jane New", 2),)
    await library.undo(2, MODERATOR)
    assert (await library.papers.get(2)).authors == (short, "Bo Guest")


async def test_an_ambiguous_short_name_is_not_hidden(library: Library) -> None:
    await renamed(library, ("Jane Former",), ("John Former",))
    await credit(library, ("J. Former",), ("J. New",))
    assert (await library.papers.get(3)).authors == ("J. Former",)
    assert (await library.papers.get(4)).authors == ("J. New",)


async def test_another_name_with_the_same_letters_is_not_hidden(library: Library) -> None:
    await credit(library, ("Yang Ang",))
    await library.authors.rename("Yang Ang", "Yang New", MODERATOR)
    others = ("Yan Gang", "Y. Angang", "Yangang")
    await credit(library, *[(name,) for name in others])
    assert [(await library.papers.get(number)).authors[0] for number in (2, 3, 4)] == [*others]


async def test_a_renamed_persons_papers_are_recognized_by_either_name(library: Library) -> None:
    draft = PaperDraft("One", ("Jane Formerly",), date=PartialDate(2023), identifiers=("doi:10/1",))
    await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)
    await library.authors.rename("Jane Formerly", "Jane New", MODERATOR)
    for _ in range(2):
        again = (await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)).value
        assert again.outcome is Outcome.UNCHANGED
    for name in ("Jane Formerly", "Jane New"):
        other = PaperDraft("One", (name,), date=PartialDate(2023), identifiers=("doi:10/2",))
        assert (
            await library.papers.upsert(other, Origin.FEED, MODERATOR)
        ).value.outcome is Outcome.DUPLICATE


async def test_a_channel_filter_matches_a_renamed_person_by_either_name(library: Library) -> None:
    await renamed(library, ("Jane Former", "Bo Guest"))
    wanted = {1: "author:new", 2: 'author:"Jane Former"', 3: "author:other", 4: "-author:new"}
    for channel, words in wanted.items():
        options = SubscriptionOptions(filters=parse_filter(words))
        await library.subscriptions.subscribe(9, channel, MODERATOR, options)
    draft = PaperDraft("News", ("Jane Former",))
    result = (await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR, announce=True)).value
    assert result.paper is not None
    announced = await library.outbox.for_paper(result.paper.id)
    assert [one.channel_id for one in announced if one.status is DeliveryStatus.WAITING] == [1, 2]


async def test_pending_reviews_show_no_former_name(library: Library, clock: FakeClock) -> None:
    await credit(library, ("Jane Former", "Bo Guest"))
    feed = (
        await library.feeds.follow("https://lab.org/feed", "News", "", MODERATOR, is_reviewed=True)
    ).value
    state = FeedState("", "News", "", "", clock() + timedelta(hours=1))
    await library.feeds.ingest(feed, [], state)
    draft = PaperDraft("To be decided", ("Former, Jane",), posted_by="Jane Former")
    await library.feeds.ingest(feed, [Entry("key", draft)], state, 5)
    other = replace(draft, title="Proposed")
    await library.review.suggest(other, "", (7, "mika"), daily_limit=3, channel_id=5)
    for post in await library.outbox.enqueue_and_fetch_due():
        await library.outbox.claim([post])
        await library.outbox.record_sent([(post, 70)])
    await library.authors.rename("Jane Former", "Jane New", MODERATOR)
    assert len(await library.outbox.needing_follow_up()) == 1
    assert "Former" not in repr(await library.review.page(0, 9))
    assert "Former" not in repr(await library.authors.with_current_names([draft]))


async def test_a_spelling_suggestion_reveals_no_former_name(library: Library) -> None:
    await renamed(library, ("Jane Former", "Bo Guest"))
    found = await library.search.find(parse("formre"))
    assert [paper.id for paper in found.results.papers] == [1]
    assert found.searched_for == "a near spelling"
    found = await library.search.find(parse("guset formre"))
    assert found.searched_for == "guest"


async def test_undoing_a_rename_restores_the_credits_of_merged_papers(
    library: Library,
) -> None:
    await credit(library, ("Bo Guest",), ("Jane Former", "Bo Guest"))
    change = (await library.authors.rename("Jane Former", "Jane New", MODERATOR)).change_id
    chosen = replace(as_draft(await library.papers.get(1)), authors=("Jane New", "Bo Guest"))
    await library.papers.merge(1, 2, chosen, MODERATOR)
    assert (await library.papers.get(1)).authors == ("Jane New", "Bo Guest")
    await library.undo(change, MODERATOR)
    assert (await library.papers.get(1)).authors == ("Jane Former", "Bo Guest")


async def test_every_spelling_of_a_name_is_split_with_it(library: Library) -> None:
    await credit(library, ("Steve Harrow",), ("Harrow, Steve",), ("Steven Harrow",))
    await library.authors.merge("Steve Harrow", "Steven Harrow", MODERATOR)
    await library.authors.split("Steve Harrow", MODERATOR)
    assert [await papers(library, name) for name in ("Steve Harrow", "Steven Harrow")] == [2, 1]


async def test_an_ambiguous_credit_can_be_merged_with_one_person(library: Library) -> None:
    await credit(library, ("Wei Li",), ("Wen Li",), ("W. Li",))
    assert [await papers(library, name) for name in ("Wei Li", "Wen Li")] == [1, 1]
    await library.authors.merge("W. Li", "Wei Li", MODERATOR)
    assert [await papers(library, name) for name in ("Wei Li", "Wen Li")] == [2, 1]
    await library.undo((await library.audit.page()).changes[0].id, MODERATOR)
    assert await papers(library, "Wei Li") == 1


async def test_a_renamed_persons_merge_is_undone_and_not_split(library: Library) -> None:
    await renamed(library, ("Jane Former",), ("Ann Other",))
    change = (await library.authors.merge("Jane New", "Ann Other", MODERATOR)).change_id
    with pytest.raises(LabError, match="which of the two they belong to"):
        await library.authors.split("Jane New", MODERATOR)
    await library.undo(change, MODERATOR)
    assert (await library.papers.get(1)).authors == ("Jane New",)


async def test_a_person_with_only_removed_papers_can_be_renamed(library: Library) -> None:
    await credit(library, ("Jane Former", "Bo Guest"))
    await library.papers.remove(1, MODERATOR)
    await library.authors.rename("Jane Former", "Jane New", MODERATOR)
    await library.papers.restore(1, MODERATOR)
    assert (await library.papers.get(1)).authors == ("Jane New", "Bo Guest")
    with pytest.raises(AuthorNotFound):
        await library.authors.rename("No One", "Some One", MODERATOR)
