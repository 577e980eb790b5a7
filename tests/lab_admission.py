"""Papers that come into a library in tests, and by whom."""

from __future__ import annotations

from storage.library import Library
from storage.models import Actor, Admission, Origin, Outcome, Paper, PaperDraft, PartialDate

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
