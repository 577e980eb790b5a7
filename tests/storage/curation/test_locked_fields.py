from __future__ import annotations

import pytest

from storage.library import Library
from storage.models import Actor, Origin, Outcome, PaperDraft
from storage.papers.errors import PaperNotFound
from tests.support.library import MODERATOR

PREPRINT = PaperDraft(title="One", venue="arXiv", identifiers=("arxiv:2304.00001",))
PUBLISHED = PaperDraft(title="One", venue="TMLR", identifiers=("doi:10.5555/one",))


async def added(library: Library, draft: PaperDraft, *, lock_fields: bool = True) -> int:
    result = (
        await library.papers.upsert(draft, Origin.MODERATOR, MODERATOR, lock_fields=lock_fields)
    ).value
    assert result.paper is not None
    return result.paper.id


@pytest.mark.parametrize(("lock_fields", "venue"), [(True, "arXiv"), (False, "TMLR")])
async def test_only_fields_that_a_moderator_set_are_locked(
    library: Library, *, lock_fields: bool, venue: str
) -> None:
    number = await added(library, PREPRINT, lock_fields=lock_fields)
    feed = PaperDraft(title="One", venue="TMLR", identifiers=PREPRINT.identifiers)
    await library.papers.upsert(feed, Origin.FEED, Actor("feed:1", "a feed"))
    assert (await library.papers.get(number)).venue == venue


async def test_a_moderator_can_say_that_a_draft_is_a_known_paper(library: Library) -> None:
    number = await added(library, PREPRINT, lock_fields=False)
    updated = await library.papers.upsert_as(number, PUBLISHED, MODERATOR, lock_fields=False)
    assert updated.value.outcome is Outcome.UPDATED
    paper = await library.papers.get_by_text("10.5555/one")
    assert (paper.id, paper.venue, paper.arxiv) == (number, "TMLR", "2304.00001")
    await library.undo(updated.change_id, MODERATOR)
    assert (await library.papers.get(number)).identifiers == PREPRINT.identifiers


async def test_a_draft_cannot_be_an_unknown_paper_or_an_undone_one(
    library: Library,
) -> None:
    number = await added(library, PREPRINT)
    (change,) = await library.audit.for_paper(number)
    await library.undo(change.id, MODERATOR)
    for missing in (77, number):
        with pytest.raises(PaperNotFound):
            await library.papers.upsert_as(missing, PUBLISHED, MODERATOR)
