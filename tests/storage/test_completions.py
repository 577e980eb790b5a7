"""Tests of when papers are looked up in order to complete them."""

from __future__ import annotations

from datetime import timedelta

from storage.library import Library
from storage.models import Origin, PaperDraft
from tests.support.library import ARXIV, MODERATOR, added


async def test_new_papers_are_due_first_and_removed_ones_never(library: Library) -> None:
    first = await added(library, ARXIV)
    second = await added(library, PaperDraft(title="Second"))
    third = await added(library, PaperDraft(title="Third"))
    await library.papers.remove(third.id, MODERATOR)
    assert [one.id for one in await library.completions.due(5)] == [second.id, first.id]
    assert [one.id for one in await library.completions.due(1)] == [second.id]


async def test_a_paper_that_goes_on_lacking_something_is_asked_about_ever_more_rarely(
    library: Library,
) -> None:
    paper = await added(library, ARXIV)
    waits = []
    for _ in range(8):
        at = await library.completions.record(paper.id, is_lacking=True, has_failed=False)
        again = await library.completions.record(paper.id, is_lacking=True, has_failed=True)
        waits.append((at - again + timedelta(days=1)).days)
    assert waits == [7, 14, 28, 56, 112, 180, 180, 180]
    assert await library.completions.due(5) == ()


async def test_a_paper_that_lacks_nothing_waits_long_and_starts_anew(library: Library) -> None:
    paper = await added(library, ARXIV)
    first = await library.completions.record(paper.id, is_lacking=True, has_failed=False)
    whole = await library.completions.record(paper.id, is_lacking=False, has_failed=False)
    again = await library.completions.record(paper.id, is_lacking=True, has_failed=False)
    assert (whole - first).days == 173
    assert (again - first).days == 0


async def test_what_moderators_set_stays_and_a_removed_paper_stays_removed(
    library: Library,
) -> None:
    recorded = await library.papers.upsert(
        PaperDraft(title="A Paper", authors=("Ann Lee",)), Origin.MODERATOR, MODERATOR
    )
    assert recorded.value.paper is not None
    number = recorded.value.paper.id
    found = PaperDraft(title="A Paper", authors=("Ann Lee", "Bo Chen"), venue="ICML")
    preview = await library.papers.preview_completion(number, found)
    done = await library.papers.complete(number, found, MODERATOR)
    assert preview is not None
    assert done.value is not None
    assert (done.value.authors, done.value.venue) == (("Ann Lee",), "ICML")
    assert (preview.authors, preview.venue) == (("Ann Lee",), "ICML")
    assert done.change_id is not None
    await library.undo(done.change_id, MODERATOR)
    assert (await library.papers.get(number)).venue == ""
    await library.papers.remove(number, MODERATOR)
    assert (await library.papers.complete(number, found, MODERATOR)).value is None
    assert await library.papers.find(number) is None
