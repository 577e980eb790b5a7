"""The one door: whether a draft is a new paper, completes a known one, or may be a duplicate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storage.audit.log import ChangeSet
from storage.audit.models import ChangeAction
from storage.curation import merge as curation_merge
from storage.database import Connection
from storage.models import (
    Actor,
    DuplicatePolicy,
    Origin,
    Outcome,
    Paper,
    PaperDraft,
    Provenance,
    UpsertResult,
)
from storage.papers import former_names, matching
from storage.papers import queries as paper_queries
from storage.papers import writes as paper_writes
from storage.papers.combine import (
    EDITABLE_FIELDS,
    as_draft,
    merge_metadata,
    normalize,
    sort_identifiers,
)
from storage.papers.errors import PaperNotFound
from storage.papers.identifiers import is_listed_title
from storage.papers.snapshots import take_snapshot
from storage.text import fold
from storage.threads import run_in_thread


@dataclass(frozen=True, slots=True)
class Submission:
    """Drafts offered by one source at one time.

    If a moderator submits with ``lock_fields``, no other source overwrites the fields they set.
    """

    origin: Origin
    actor: Actor
    at: datetime
    lock_fields: bool = True

    @property
    def provenance(self) -> Provenance:
        """The provenance of a paper that is added by this submission."""
        return Provenance(self.origin, self.at, self.actor)

    @property
    def binds(self) -> bool:
        """Whether the fields that are given stay as they are."""
        return self.origin is Origin.MODERATOR and self.lock_fields

    def change_set(self, db: Connection, *, is_bulk: bool = False) -> ChangeSet:
        """What this source does at once, before it did anything."""
        return ChangeSet(db, self.actor, self.at, is_bulk)


async def upsert(
    db: Connection,
    draft: PaperDraft,
    source: Submission,
    *,
    allow_duplicate: bool = False,
    review: bool = False,
    change_set: ChangeSet | None = None,
) -> UpsertResult:
    """Take a draft in, within the caller's transaction, and record what it changed.

    With ``review`` a new paper is not added: a moderator is to decide. The change is one of its
    own, or else a part of ``act``.

    A draft that shares an identifier with a paper completes it; one that shares identifiers with
    several makes them one. One that only looks like a paper, or has but an address in common with
    it, is a possible duplicate and changes nothing, unless ``allow_duplicate``. A removed paper
    stays removed, unless a moderator offers it again; what looks like one is a possible duplicate.
    """
    change_set = change_set or source.change_set(db)
    draft = normalize(draft)
    (shown,) = await former_names.with_current_names(db, [draft])
    known = await _identified(db, shown)
    if known and not matching.is_doubtful(known[0], shown):
        return await upsert_as(db, known[0], draft, source, also=known[1:], change_set=change_set)
    if listed := await matching.find_listed(db, shown):
        return await upsert_as(db, listed, draft, source, change_set=change_set)
    if not allow_duplicate:
        for alike in [*known[:1], *await _alike(db, shown), *await _gone(db, shown, source)]:
            return UpsertResult(Outcome.DUPLICATE, alike)
    if review:
        return UpsertResult(Outcome.REVIEW, None)
    owners = await paper_queries.owners(db, draft.identifiers)
    free = tuple(name for name in draft.identifiers if name not in owners)
    (added,) = await _add(db, [replace(draft, identifiers=free)], source, change_set)
    return UpsertResult(Outcome.ADDED, added)


async def upsert_batch(
    db: Connection,
    drafts: Sequence[PaperDraft],
    source: Submission,
    change_set: ChangeSet,
    each: Callable[[PaperDraft, UpsertResult], None],
    likely: DuplicatePolicy = DuplicatePolicy.SKIP,
) -> None:
    """Take drafts in, in their order, as `upsert` would one by one, but the new ones together."""
    fresh: list[tuple[PaperDraft, PaperDraft]] = []
    seen: set[str] = set()
    normals, titles = await run_in_thread(_prepared, drafts)
    owned = await paper_queries.owners(
        db, [name for draft in normals for name in draft.identifiers]
    )
    titled = await paper_queries.known_titles(db, titles)

    async def flush() -> None:
        added = await _add(db, [draft for _, draft in fresh], source, change_set)
        for (given, _), paper in zip(fresh, added, strict=True):
            each(given, UpsertResult(Outcome.ADDED, paper))
        fresh.clear()

    for given, draft, title in zip(drafts, normals, titles, strict=True):
        marks = {*draft.identifiers, f"title:{title}"}
        # A title of a lab's list may be a known one with a word more, which no key tells.
        is_new = title not in titled and not any(
            name in owned or is_listed_title(name) for name in draft.identifiers
        )
        if is_new and seen.isdisjoint(marks):
            fresh.append((given, draft))
        else:
            await flush()
            result = await upsert(
                db,
                draft,
                source,
                allow_duplicate=likely is DuplicatePolicy.ADD,
                change_set=change_set,
            )
            if (
                result.paper
                and likely is DuplicatePolicy.MERGE
                and matching.has_same_title(result, draft)
            ):
                result = await upsert_as(db, result.paper, draft, source, change_set=change_set)
            each(given, result)
        seen |= marks
    await flush()


async def upsert_as(
    db: Connection,
    known: Paper,
    draft: PaperDraft,
    source: Submission,
    *,
    also: Sequence[Paper] = (),
    change_set: ChangeSet | None = None,
) -> UpsertResult:
    """Take in a draft that is known to be this paper, and ``also`` these: complete it.

    A removed paper stays so, unless a moderator offers it again. See `upsert` for ``act``.
    """
    change_set = change_set or source.change_set(db)
    if known.removed_at is not None:
        if source.origin is not Origin.MODERATOR:
            await paper_writes.add_identifiers(db, known.id, draft.identifiers)
            return UpsertResult(Outcome.REMOVED, None)
        restored = await restore(db, known, change_set)
        completed = await _complete(db, restored, draft, source, change_set)
        return UpsertResult(Outcome.RESTORED, completed.paper)
    for other in also:
        known = await unite(db, known, other, change_set)
    completed = await _complete(db, known, draft, source, change_set)
    return replace(completed, outcome=Outcome.UPDATED) if also else completed


async def classify(db: Connection, draft: PaperDraft) -> UpsertResult:
    """What a draft is to the list as it stands, which is not changed.

    It is known (`UNCHANGED`) or removed, which its title tells, too; or it may be a duplicate; or
    it is new and for a moderator to review.
    """
    (draft,) = await former_names.with_current_names(db, [normalize(draft)])
    for known in await _identified(db, draft):
        if matching.is_doubtful(known, draft):
            return UpsertResult(Outcome.DUPLICATE, known)
        is_gone = known.removed_at is not None
        return (
            UpsertResult(Outcome.REMOVED, None)
            if is_gone
            else UpsertResult(Outcome.UNCHANGED, known)
        )
    for alike in await _alike(db, draft):
        return UpsertResult(Outcome.DUPLICATE, alike)
    if await _gone(db, draft):
        return UpsertResult(Outcome.REMOVED, None)
    return UpsertResult(Outcome.REVIEW, None)


async def restore(db: Connection, removed: Paper, change_set: ChangeSet) -> Paper:
    """Put a removed paper into the list again."""
    before = await take_snapshot(db, removed)
    await paper_writes.set_removed(db, removed, None)
    (restored,) = await paper_queries.load(db, [removed.id])
    await change_set.record(ChangeAction.RESTORE, before, restored)
    return restored


async def unite(db: Connection, kept: Paper, other: Paper, change_set: ChangeSet) -> Paper:
    """Make two papers one, which has what both say; the other's number leads to the kept one."""
    locked = await paper_queries.locked_fields(db, kept.id)
    theirs = await paper_queries.locked_fields(db, other.id)
    before = as_draft(kept)
    taken = {name: getattr(other, name) for name in theirs - locked}
    if "authors" in taken:
        taken["authors_complete"] = other.authors_complete
    draft = merge_metadata(replace(before, **taken), as_draft(other), locked | theirs)
    draft = replace(draft, identifiers=sort_identifiers((*kept.identifiers, *other.identifiers)))
    return await curation_merge.merge(db, kept, other, draft, theirs, change_set)


async def upsert_as_id(
    db: Connection, paper_id: int, draft: PaperDraft, source: Submission, change_set: ChangeSet
) -> UpsertResult:
    """Complete the paper with this id by a draft; raises `PaperNotFound`."""
    paper_id = await paper_queries.current_id(db, paper_id)
    known = await paper_queries.load(db, [paper_id])
    if not known or (known[0].removed_at and not await paper_queries.is_removed(db, paper_id)):
        raise PaperNotFound(f"#{paper_id}")
    return await upsert_as(db, known[0], normalize(draft), source, change_set=change_set)


def _prepared(drafts: Sequence[PaperDraft]) -> tuple[list[PaperDraft], list[str]]:
    """Drafts as they would stand in the list, and their folded titles."""
    return [normalize(draft) for draft in drafts], [fold(draft.title) for draft in drafts]


async def _add(
    db: Connection, drafts: Sequence[PaperDraft], source: Submission, change_set: ChangeSet
) -> tuple[Paper, ...]:
    if not drafts:
        return ()
    added = await paper_writes.insert(db, drafts, source.provenance)
    if source.binds:
        for paper in added:
            await paper_writes.lock_fields(
                db, paper.id, _given_fields(PaperDraft(title=""), as_draft(paper))
            )
    await change_set.record_added(added)
    return added


async def _complete(
    db: Connection, known: Paper, draft: PaperDraft, source: Submission, change_set: ChangeSet
) -> UpsertResult:
    locked = await paper_queries.locked_fields(db, known.id)
    before = as_draft(known)
    (shown,) = await former_names.with_current_names(db, [draft])
    completed = merge_metadata(before, shown, locked)
    owners = await paper_queries.owners(db, completed.identifiers)
    free = [name for name in completed.identifiers if owners.get(name, known.id) == known.id]
    completed = replace(completed, identifiers=tuple(free))
    if completed == before:
        return UpsertResult(Outcome.UNCHANGED, known)
    said = await take_snapshot(db, known)
    given = dict(zip(shown.authors, draft.authors, strict=True))
    await paper_writes.replace(db, known, completed, given)
    (paper,) = await paper_queries.load(db, [known.id])
    if source.binds:
        await paper_writes.lock_fields(db, paper.id, _given_fields(before, completed))
    await change_set.record(ChangeAction.UPDATE, said, paper)
    return UpsertResult(Outcome.UPDATED, paper, known.title)


async def _identified(db: Connection, draft: PaperDraft) -> list[Paper]:
    """The papers that the draft's identifiers belong to: the one to keep first.

    The strongest identifier decides; others count where nothing speaks against it, and a removed
    paper alone where it is the strongest's.
    """
    owners = await paper_queries.owners(db, draft.identifiers)
    ids = dict.fromkeys(owners[name] for name in draft.identifiers if name in owners)
    named = {owner for name, owner in owners.items() if not is_listed_title(name)}
    found = [
        paper
        for paper in await paper_queries.load(db, list(ids))
        if not matching.have_conflicting_identifiers(paper, draft, "arxiv")
        and (paper.id in named or matching.may_be_same(paper, draft))
    ]
    if not found or found[0].removed_at is not None:
        return found[:1]
    same = [found[0]]
    for paper in found[1:]:
        if paper.removed_at is None and all(matching.may_merge(paper, other) for other in same):
            same.append(paper)
    return sorted(same, key=lambda paper: paper.id)


async def _alike(db: Connection, draft: PaperDraft) -> list[Paper]:
    """The papers with the same title, compatible authors and a year within one."""
    found = await paper_queries.find_by_title(db, draft.title)
    return [paper for paper in found if matching.is_similar(paper, draft)]


async def _gone(db: Connection, draft: PaperDraft, source: Submission | None = None) -> list[Paper]:
    """The removed papers that a draft looks like; none where a moderator offers it."""
    if source is not None and source.origin is Origin.MODERATOR:
        return []
    found = await paper_queries.find_removed_by_title(db, draft.title)
    return [paper for paper in found if matching.may_be_same(paper, draft)]


def _given_fields(before: PaperDraft, after: PaperDraft) -> list[str]:
    """The fields that a moderator's own words gave; what names a paper may still be added to."""
    added_to = {"identifiers", "links", "tags"}
    return [
        name
        for name in EDITABLE_FIELDS
        if name not in added_to and getattr(after, name) != getattr(before, name)
    ]
