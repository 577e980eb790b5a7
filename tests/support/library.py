"""Papers that come into a library in tests, and by whom."""

from __future__ import annotations

from storage.library import Library
from storage.models import Actor, Origin, Outcome, Paper, PaperDraft, PartialDate, UpsertResult

MODERATOR = Actor("discord:1", "noor")
OTHER_MODERATOR = Actor("discord:2", "cleo")
ARXIV = PaperDraft(
    title="A Paper",
    authors=("Ann Lee", "Bo Chen"),
    venue="arXiv",
    date=PartialDate(2023),
    identifiers=("arxiv:2302.12433",),
)


async def upsert(
    library: Library, draft: PaperDraft, origin: Origin = Origin.IMPORT, **options: bool
) -> UpsertResult:
    return (await library.papers.upsert(draft, origin, MODERATOR, **options)).value


async def added(library: Library, draft: PaperDraft, origin: Origin = Origin.IMPORT) -> Paper:
    result = await upsert(library, draft, origin)
    assert result.outcome is Outcome.ADDED
    assert result.paper is not None
    return result.paper
