"""The one door: whether a draft is a new paper, completes a known one, or may be a duplicate."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from storage import history, papers
from storage.database import Connection
from storage.fulltext import fold
from storage.identifiers import canonical_url
from storage.names import compatible, parse_name
from storage.records import (
    Actor,
    Admission,
    Link,
    Origin,
    Outcome,
    Paper,
    PaperDraft,
    PartialDate,
)

_PREPRINTS = frozenset({"arxiv", "biorxiv", "bioxriv", "medrxiv", "chemrxiv", "preprint", "ssrn"})


async def admit(
    db: Connection,
    draft: PaperDraft,
    origin: Origin,
    actor: Actor,
    at: datetime,
    *,
    despite_likeness: bool = False,
) -> Admission:
    """Take a draft in, within the caller's transaction, and record what it changed.

    A draft that shares an identifier with a paper completes it. One that only looks like a paper
    is a possible duplicate and changes nothing, unless ``despite_likeness``. A removed paper stays
    removed, unless a moderator offers it again.
    """
    known = await _identified(db, draft)
    if known is None:
        if not despite_likeness and (alike := await _alike(db, draft)):
            return Admission(Outcome.DUPLICATE, alike)
        paper_id = await papers.insert(db, draft, origin, actor, at)
        if origin is Origin.MODERATOR:
            await papers.lock(db, paper_id, _given_fields(draft))
        (paper,) = await papers.load(db, [paper_id])
        await history.record(db, at, actor, "add", None, paper)
        return Admission(Outcome.ADDED, paper)
    return await admit_as(db, known, draft, origin, actor, at)


async def admit_as(
    db: Connection, known: Paper, draft: PaperDraft, origin: Origin, actor: Actor, at: datetime
) -> Admission:
    """Take in a draft that is known to be this paper: complete it, unless it was removed."""
    if known.removed_at is not None:
        if origin is not Origin.MODERATOR:
            return Admission(Outcome.REMOVED, None)
        await papers.set_removed(db, known, None)
        (restored,) = await papers.load(db, [known.id])
        await history.record(db, at, actor, "restore", known, restored)
        completed = await _complete(db, restored, draft, origin, actor, at)
        return Admission(Outcome.RESTORED, completed.paper)
    return await _complete(db, known, draft, origin, actor, at)


async def _complete(
    db: Connection, known: Paper, draft: PaperDraft, origin: Origin, actor: Actor, at: datetime
) -> Admission:
    locked = await papers.locked_fields(db, known.id)
    completed = completion(known, draft, origin, locked)
    completed = replace(completed, identifiers=await _free(db, known.id, completed.identifiers))
    if completed == as_draft(known):
        return Admission(Outcome.UNCHANGED, known)
    await papers.replace(db, known.id, completed)
    (paper,) = await papers.load(db, [known.id])
    await history.record(db, at, actor, "complete", known, paper)
    return Admission(Outcome.UPDATED, paper)


def may_be_same(paper: Paper, draft: PaperDraft) -> bool:
    """Whether nothing that is known of a paper speaks against a draft of the same title."""
    return (
        not any(
            _contradict(paper.identifiers, draft.identifiers, scheme) for scheme in ("arxiv", "doi")
        )
        and _years_near(paper.date, draft.date)
        and _share_author(paper.authors, draft.authors)
    )


def as_draft(paper: Paper) -> PaperDraft:
    """The part of a paper that a source describes."""
    return PaperDraft(
        title=paper.title,
        authors=paper.authors,
        authors_complete=paper.authors_complete,
        abstract=paper.abstract,
        venue=paper.venue,
        date=paper.date,
        identifiers=paper.identifiers,
        links=paper.links,
        note=paper.note,
        tags=paper.tags,
        posted_by=paper.posted_by,
    )


def completion(
    known: Paper, draft: PaperDraft, origin: Origin, locked: frozenset[str] = frozenset()
) -> PaperDraft:
    """A paper with what a draft adds: nothing there is lost, and nothing locked changes."""
    merged = as_draft(known)
    if "authors" not in locked and _credits_more(known, draft):
        merged = replace(merged, authors=draft.authors, authors_complete=draft.authors_complete)
    if "venue" not in locked and draft.venue and _is_preprint(known.venue):
        merged = replace(merged, venue=draft.venue)
    if "date" not in locked:
        merged = replace(merged, date=_more_precise(known.date, draft.date))
    if "abstract" not in locked and draft.abstract and _may_replace_abstract(known, origin):
        merged = replace(merged, abstract=draft.abstract)
    return replace(
        merged,
        note=known.note or draft.note,
        posted_by=known.posted_by or draft.posted_by,
        tags=tuple(sorted({*known.tags, *draft.tags})),
        links=_united_links(known.links, draft.links),
        identifiers=tuple(dict.fromkeys((*known.identifiers, *draft.identifiers))),
    )


async def _identified(db: Connection, draft: PaperDraft) -> Paper | None:
    """The paper that the draft's strongest identifier belongs to."""
    for identifier in draft.identifiers:
        paper_id = await papers.owner(db, identifier)
        if paper_id is not None:
            (paper,) = await papers.load(db, [paper_id])
            if not _contradict(paper.identifiers, draft.identifiers, "arxiv"):
                return paper
    return None


async def _alike(db: Connection, draft: PaperDraft) -> Paper | None:
    """A paper with the same title, compatible authors and a year within one."""
    for paper in await papers.titled(db, draft.title):
        if _years_near(paper.date, draft.date) and _share_author(paper.authors, draft.authors):
            return paper
    return None


async def _free(db: Connection, paper_id: int, identifiers: tuple[str, ...]) -> tuple[str, ...]:
    """Those identifiers that are no other paper's."""
    owners = {identifier: await papers.owner(db, identifier) for identifier in identifiers}
    return tuple(name for name, owner in owners.items() if owner in {None, paper_id})


def _given_fields(draft: PaperDraft) -> list[str]:
    empty = PaperDraft(title="")
    fields = ("title", "authors", "abstract", "venue", "date", "note")
    return [name for name in fields if getattr(draft, name) != getattr(empty, name)]


def _contradict(one: tuple[str, ...], other: tuple[str, ...], scheme: str) -> bool:
    """Whether both have an identifier of this scheme, and not the same one."""
    first, second = (
        {name for name in names if name.startswith(f"{scheme}:")} for names in (one, other)
    )
    return bool(first and second and not first & second)


def _years_near(one: PartialDate | None, other: PartialDate | None) -> bool:
    return one is None or other is None or abs(one.year - other.year) <= 1


def _share_author(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    if not one or not other:
        return True
    names = [parse_name(name) for name in other]
    return any(compatible(parse_name(name), candidate) for name in one for candidate in names)


def _credits_more(known: Paper, draft: PaperDraft) -> bool:
    """Whether the draft's list of authors says more: the first one, or the whole of a cut one."""
    if not known.authors:
        return bool(draft.authors)
    whole = draft.authors_complete and not known.authors_complete
    return whole and len(draft.authors) >= len(known.authors)


def _is_preprint(venue: str) -> bool:
    return not venue or fold(venue) in _PREPRINTS


def _may_replace_abstract(known: Paper, origin: Origin) -> bool:
    """The starter's summaries are ours, and give way to a paper's own abstract."""
    summary = known.origin is Origin.STARTER and origin is not Origin.STARTER
    return not known.abstract or summary


def _more_precise(known: PartialDate | None, given: PartialDate | None) -> PartialDate | None:
    if known is None or given is None:
        return known or given
    same_so_far = known.year == given.year and known.month in {None, given.month}
    return given if same_so_far and known.day is None else known


def _united_links(known: tuple[Link, ...], given: tuple[Link, ...]) -> tuple[Link, ...]:
    seen = {(link.kind, canonical_url(link.url)) for link in known}
    return (*known, *(link for link in given if (link.kind, canonical_url(link.url)) not in seen))
