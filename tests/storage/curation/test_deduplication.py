"""Which drafts are one paper: the same sources give the same list, in any order and any number."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial, reduce
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.announcements.models import DeliveryStatus
from storage.errors import LabError
from storage.library import Library, open_library
from storage.models import Link, LinkKind, Origin, Outcome, PaperDraft, PartialDate
from storage.papers.combine import EDITABLE_FIELDS, as_draft, merge_metadata, normalize
from storage.papers.errors import PaperNotFound
from storage.publication import EntryType, Publication
from storage.search.query import parse
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR

PREPRINT = PaperDraft(
    title="A Paper of Two Lives",
    authors=("Ann Lee",),
    venue="arXiv",
    date=PartialDate(2022, 11),
    identifiers=("arxiv:2302.12433",),
)
PUBLISHED = replace(PREPRINT, venue="TMLR", date=PartialDate(2023), identifiers=("doi:10.1/x",))
BRIDGE = replace(PREPRINT, identifiers=("doi:10.1/x", "arxiv:2302.12433"))

fields = st.fixed_dictionaries(
    {
        "authors": st.sampled_from(
            [(), ("Lee",), ("Ann Lee",), ("Lee", "Chen"), ("Ann Lee", "Bo Chen")]
        ),
        "authors_complete": st.booleans(),
        "abstract": st.sampled_from(["", "Short.", "x" * 300, "y" * 300, "z" * 9000]),
        "venue": st.sampled_from(["", "arXiv", "bioRxiv", "ICML", "TMLR", "A long venue"]),
        "date": st.sampled_from(
            [None, *map(PartialDate.parse, ("2022", "2022-03", "2022-03-04", "2022-05", "2023"))]
        ),
        "links": st.lists(
            st.builds(
                Link,
                st.sampled_from(LinkKind),
                st.sampled_from(["https://a.org/x", "http://www.a.org/x/", "https://b.org"]),
            ),
            max_size=3,
        ).map(tuple),
        "note": st.sampled_from(["", "Oral", "Poster"]),
        "tags": st.lists(st.sampled_from("abc"), max_size=3).map(tuple),
        "posted_by": st.sampled_from(["", "Mika", "Noor"]),
        "publication": st.sampled_from(
            [
                Publication(),
                Publication(EntryType.MISC),
                Publication(EntryType.ARTICLE, volume="3"),
                Publication(EntryType.ARTICLE, volume="4"),
                Publication(EntryType.INPROCEEDINGS, pages="1–9", publisher="ACM"),
            ]
        ),
    }
)


@st.composite
def drafts(draw: st.DrawFn, paper: int | None = None) -> PaperDraft:
    """What some source says of one of three papers, by some of its identifiers."""
    number = draw(st.integers(1, 3)) if paper is None else paper
    named = draw(
        st.lists(
            st.sampled_from(
                [f"arxiv:2302.0000{number}", f"doi:10.1/{number}", f"url:lab.org/{number}"]
            ),
            min_size=1,
            unique=True,
        )
    )
    title = draw(st.sampled_from(["paper number {}", "Paper Number {}", "The paper, number {}"]))
    return PaperDraft(title.format(number), identifiers=tuple(named), **draw(fields))


@given(drafts(1), drafts(1), drafts(1))
def test_merged_metadata_does_not_depend_on_the_order_of_sources(
    one: PaperDraft, two: PaperDraft, three: PaperDraft
) -> None:
    assert merge_metadata(one, two) == merge_metadata(two, one)
    assert merge_metadata(merge_metadata(one, two), three) == merge_metadata(
        one, merge_metadata(two, three)
    )
    assert merge_metadata(merge_metadata(one, two), two) == merge_metadata(one, two)
    assert merge_metadata(one, one) == normalize(one) == normalize(normalize(one))


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_a_venue_and_its_year_are_of_one_version(order: tuple[int, ...]) -> None:
    workshop = replace(PUBLISHED, venue="A Workshop on Papers", date=PartialDate(2022))
    versions = (PREPRINT, PUBLISHED, workshop)
    merged = reduce(merge_metadata, (versions[number] for number in order))
    assert (merged.venue, merged.date) == ("TMLR", PartialDate(2023))


def test_a_later_date_without_a_venue_or_of_the_same_version_changes_nothing() -> None:
    for later in (
        replace(PUBLISHED, venue="", date=PartialDate(2024, 5, 1)),
        replace(PUBLISHED, date=PartialDate(2024, 5, 1)),
    ):
        assert merge_metadata(PUBLISHED, later).date == PartialDate(2023)
        assert merge_metadata(later, PUBLISHED).date == PartialDate(2023)


@pytest.mark.parametrize("order", [*itertools.permutations(range(3))])
def test_a_venue_without_a_date_takes_another_versions_until_its_own_is_known(
    order: tuple[int, ...],
) -> None:
    accepted = replace(PUBLISHED, venue="NeurIPS Proceedings", date=None)
    published = replace(accepted, date=PartialDate(2024))
    versions = (PREPRINT, accepted, replace(PREPRINT, venue="", date=PartialDate(2023)))
    merged = reduce(merge_metadata, (versions[number] for number in order))
    assert (merged.venue, merged.date) == (accepted.venue, PREPRINT.date)
    assert merge_metadata(merged, published).date == PartialDate(2024)


@given(drafts(1), drafts(1), drafts(1), st.sets(st.sampled_from(EDITABLE_FIELDS)).map(frozenset))
def test_locked_fields_stay_and_others_do_not_depend_on_the_order_of_sources(
    edited: PaperDraft, one: PaperDraft, two: PaperDraft, locked: frozenset[str]
) -> None:
    edited = normalize(edited)
    merged = reduce(partial(merge_metadata, locked=locked), (edited, one, two))
    assert merged == reduce(partial(merge_metadata, locked=locked), (edited, two, one, two))
    assert all(getattr(merged, name) == getattr(edited, name) for name in locked)


def test_locked_fields_stay_when_metadata_is_merged() -> None:
    one = replace(PREPRINT, authors=(), title="Mine")
    both = merge_metadata(one, PUBLISHED, frozenset({"title", "authors", "venue"}))
    assert (both.title, both.authors, both.venue) == ("Mine", (), "arXiv")
    assert both.identifiers == ("arxiv:2302.12433", "doi:10.1/x")


def test_details_without_a_venue_do_not_describe_the_version_that_a_moderator_named() -> None:
    entry = replace(PREPRINT, venue="", publication=Publication(EntryType.MISC, number="7"))
    locked = frozenset({"title", "authors", "venue", "date"})
    assert merge_metadata(PUBLISHED, entry, locked).publication == PUBLISHED.publication
    article = replace(PUBLISHED, publication=Publication(EntryType.ARTICLE, volume="3"))
    assert merge_metadata(PUBLISHED, article, locked).publication == article.publication


async def listed(library: Library) -> list[PaperDraft]:
    return sorted(map(as_draft, await library.papers.batch()), key=str)


@pytest.mark.slow
@settings(max_examples=25)
@given(offered=st.lists(drafts(), max_size=7), order=st.randoms(), batch=st.booleans())
async def test_drafts_in_any_order_and_repeated_give_the_same_list(
    offered: list[PaperDraft],
    order: object,
    batch: bool,  # noqa: FBT001
    tmp_path: Path,
    empty_database: Path,
) -> None:
    again = [*offered, *offered[:3]]
    order.shuffle(again)  # type: ignore[attr-defined]
    lists = []
    for number, sequence in enumerate((offered, again)):
        path = tmp_path / f"{number}.db"
        shutil.copyfile(empty_database, path)
        async with open_library(path, FakeClock()) as library:
            await _take_in(library, sequence, batch=batch and number == 1)
            lists.append(await listed(library))
            for draft in sequence:
                result = (await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)).value
                assert result.outcome is Outcome.UNCHANGED
            found = await library.search.find(parse("number"), limit=50)
            assert found.results.total == len(lists[-1])
    assert lists[0] == lists[1]


async def _take_in(library: Library, sequence: Sequence[PaperDraft], *, batch: bool) -> None:
    # Who offers them knows that they are no duplicates by their titles alone.
    if batch:
        await library.papers.upsert_many(sequence, Origin.IMPORT, MODERATOR)
    for draft in sequence:
        await library.papers.upsert(draft, Origin.IMPORT, MODERATOR, allow_duplicate=True)


async def test_a_preprint_and_its_publication_are_one_paper_with_both_identifiers(
    library: Library,
) -> None:
    preprint = (await library.papers.upsert(PREPRINT, Origin.FEED, MODERATOR)).value.paper
    result = (await library.papers.upsert(BRIDGE, Origin.FEED, MODERATOR)).value
    assert result.outcome is Outcome.UPDATED
    both = (await library.papers.upsert(PUBLISHED, Origin.FEED, MODERATOR)).value.paper
    assert preprint is not None
    assert both is not None
    assert both.id == preprint.id
    assert (both.venue, both.arxiv, both.doi) == ("TMLR", "2302.12433", "10.1/x")


async def test_a_moderator_who_edits_the_venue_or_its_date_confirms_that_they_belong_together(
    library: Library,
) -> None:
    accepted = replace(PUBLISHED, identifiers=BRIDGE.identifiers, date=None)
    await library.papers.upsert(PREPRINT, Origin.FEED, MODERATOR)
    await library.papers.upsert(accepted, Origin.FEED, MODERATOR)
    before = as_draft(await library.papers.get(1))
    assert (before.venue, before.date, before.venue_undated) == ("TMLR", PREPRINT.date, True)

    await library.papers.edit(1, replace(before, note="Oral"), MODERATOR)
    assert (await library.papers.get(1)).venue_undated
    venue = replace(before, venue="Transactions on Machine Learning Research")
    edited = await library.papers.edit(1, venue, MODERATOR)
    assert not (await library.papers.get(1)).venue_undated
    assert edited.change_id is not None
    await library.undo(edited.change_id, MODERATOR)
    assert (await library.papers.get(1)).venue_undated


async def test_two_papers_that_turn_out_to_be_one_are_merged_and_announced_once(
    library: Library,
) -> None:
    for channel in (1, 2):
        await library.subscriptions.subscribe(1, channel, MODERATOR)
    first = (
        await library.papers.upsert(PREPRINT, Origin.FEED, MODERATOR, announce=True)
    ).value.paper
    second = (
        await library.papers.upsert(
            PUBLISHED, Origin.FEED, MODERATOR, allow_duplicate=True, announce=True
        )
    ).value.paper
    assert first is not None
    assert second is not None
    posts = {post.destination_id: post for post in await library.outbox.enqueue_and_fetch_due()}
    assert posts[1].paper_ids == (first.id,)
    await library.outbox.record_sent([(posts[1], 76)])
    (post,) = [
        post for post in await library.outbox.enqueue_and_fetch_due() if post.destination_id == 1
    ]
    await library.outbox.record_sent([(post, 77)])
    await library.outbox.release(posts[2])

    united = (await library.papers.upsert(BRIDGE, Origin.FEED, MODERATOR)).value.paper
    assert united is not None
    assert united.id == first.id
    assert (await library.papers.get(second.id)).id == first.id
    assert await library.papers.count() == 1
    announcements = await library.outbox.for_paper(first.id)
    assert [(one.channel_id, one.status) for one in announcements] == [
        (1, DeliveryStatus.SENT),
        (2, DeliveryStatus.WAITING),
    ]
    assert [change.action for change in await library.audit.for_paper(second.id)] == [
        "add",
        "merge",
    ]
    with pytest.raises(LabError, match=f"#{second.id} was merged into"):
        await library.papers.remove(second.id, MODERATOR)
    await library.papers.remove(first.id, MODERATOR)
    with pytest.raises(PaperNotFound):
        await library.papers.get(second.id)
    assert (
        await library.papers.upsert(PUBLISHED, Origin.FEED, MODERATOR)
    ).value.outcome is Outcome.REMOVED


async def test_a_wrong_link_does_not_merge_two_papers(library: Library) -> None:
    await library.papers.upsert(PREPRINT, Origin.FEED, MODERATOR)
    other = replace(PUBLISHED, title="Something with wholly different words")
    await library.papers.upsert(other, Origin.FEED, MODERATOR)
    await library.papers.upsert(BRIDGE, Origin.FEED, MODERATOR)
    assert await library.papers.count() == 2


async def test_merged_papers_keep_locked_fields_and_every_identifier(
    library: Library,
) -> None:
    first = PaperDraft("One Work", ("Ann Lee",), identifiers=("arxiv:2301.00001",))
    said = PaperDraft("One Work of Ours", ("Ann Lee", "Bo Chen"), identifiers=("doi:10.1/x",))
    said = replace(said, authors_complete=False)
    await library.papers.upsert(first, Origin.IMPORT, MODERATOR)
    more = replace(first, identifiers=(*first.identifiers, "url:lab.org/one"))
    await library.papers.edit(1, more, MODERATOR)
    await library.papers.upsert(said, Origin.MODERATOR, MODERATOR)
    both = replace(said, authors=(), identifiers=("arxiv:2301.00001", "doi:10.1/x"))
    await library.papers.upsert(both, Origin.FEED, MODERATOR)
    paper = await library.papers.get(1)
    assert paper.identifiers == ("arxiv:2301.00001", "doi:10.1/x", "url:lab.org/one")
    assert (paper.authors, paper.authors_complete) == (("Ann Lee", "Bo Chen"), False)


@pytest.mark.parametrize(
    "title",
    ["[Linkpost] Our new paper, A Paper of Two Lives, is out", "A Paper of Two Lives | Blog"],
)
async def test_a_page_that_links_a_paper_does_not_rename_it(library: Library, title: str) -> None:
    await library.papers.upsert(PREPRINT, Origin.IMPORT, MODERATOR)
    await library.papers.upsert(replace(PREPRINT, title=title), Origin.FEED, MODERATOR)
    assert (await library.papers.get(1)).title == PREPRINT.title
    page = PaperDraft(title)
    assert merge_metadata(page, PaperDraft("")).title == title


ENTRY = PaperDraft(
    title="Moss on the Northern Wall",
    authors=("Ida Berg", "Omar Said"),
    venue="Journal of Lichens",
    date=PartialDate(2019, 3),
    publication=Publication(EntryType.ARTICLE, volume="4", pages="1–9"),
)


async def _import(library: Library, draft: PaperDraft) -> Outcome:
    """Previews an import and then runs it; both must say the same."""
    outcomes: list[Outcome] = []
    for run in (library.papers.preview_many, library.papers.upsert_many):
        await run(
            [draft],
            Origin.IMPORT,
            MODERATOR,
            on_result=lambda _, result: outcomes.append(result.outcome),
        )
    assert outcomes[0] is outcomes[1]
    return outcomes[1]


@pytest.mark.parametrize(
    "changes",
    [{}, {"title": "MOSS on the northern wall"}, {"date": PartialDate(2019)}, {"venue": ""}],
    ids=["equal", "spelling", "year only", "less known"],
)
async def test_an_imported_entry_that_says_nothing_new_is_the_same_paper(
    library: Library, changes: dict[str, object]
) -> None:
    assert await _import(library, ENTRY) is Outcome.ADDED

    assert await _import(library, replace(ENTRY, **changes)) is Outcome.UNCHANGED

    assert [as_draft(paper) for paper in await library.papers.batch()] == [ENTRY]


@pytest.mark.parametrize(
    "changes",
    [
        {"authors": ("Ida Berg",)},
        {"authors": ("I. Berg", "Omar Said")},
        {"authors_complete": False},
        {"date": PartialDate(2020)},
        {"date": PartialDate(2019, 4)},
        {"date": None},
        {"venue": "Workshop on Walls"},
        {"abstract": "Another text."},
        {"publication": Publication(EntryType.ARTICLE, volume="5", pages="1–9")},
        {"identifiers": ("doi:10.1/moss",)},
        {"links": (Link(LinkKind.PAGE, "https://a.org/moss"),)},
    ],
)
async def test_an_imported_entry_that_says_something_else_is_a_possible_duplicate(
    library: Library, changes: dict[str, object]
) -> None:
    await _import(library, ENTRY)

    assert await _import(library, replace(ENTRY, **changes)) is Outcome.DUPLICATE

    assert [as_draft(paper) for paper in await library.papers.batch()] == [ENTRY]


async def test_an_imported_book_of_editors_is_the_same_book_again(library: Library) -> None:
    book = replace(
        ENTRY, authors=(), publication=Publication(EntryType.BOOK, editors=("Ida Berg",))
    )
    assert await _import(library, book) is Outcome.ADDED
    assert await _import(library, book) is Outcome.UNCHANGED


async def test_an_entry_that_two_papers_equal_is_a_possible_duplicate(library: Library) -> None:
    await library.papers.upsert(ENTRY, Origin.MODERATOR, MODERATOR)
    await library.papers.upsert(ENTRY, Origin.MODERATOR, MODERATOR, allow_duplicate=True)

    assert await _import(library, ENTRY) is Outcome.DUPLICATE
