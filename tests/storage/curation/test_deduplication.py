"""Which drafts are one paper: the same sources give the same list, in any order and any number."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.announcements.models import DeliveryStatus
from storage.errors import LabError
from storage.library import Library, open_library
from storage.models import Link, LinkKind, Origin, Outcome, PaperDraft, PartialDate
from storage.papers.combine import as_draft, merge_metadata, normalize
from storage.papers.errors import PaperNotFound
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


def test_locked_fields_stay_when_metadata_is_merged() -> None:
    one = replace(PREPRINT, authors=(), title="Mine")
    both = merge_metadata(one, PUBLISHED, frozenset({"title", "authors", "venue"}))
    assert (both.title, both.authors, both.venue) == ("Mine", (), "arXiv")
    assert both.identifiers == ("arxiv:2302.12433", "doi:10.1/x")


async def listed(library: Library) -> list[PaperDraft]:
    return sorted(map(as_draft, await library.papers.batch()), key=str)


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
