"""How drafts get into the list: as new papers, as additions to known ones, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from storage.concurrency import run_in_thread
from storage.connection import Connection
from storage.curation.catalogue import Catalogue, CatalogueReader
from storage.curation.classify import Classification, Verdict, classify
from storage.errors import InvalidInput
from storage.models import DuplicatePolicy, Outcome, Paper, PaperDraft, UpsertResult
from storage.papers import matching
from storage.papers import queries as paper_queries
from storage.papers.combine import (
    EDITABLE_FIELDS,
    GROWING_FIELDS,
    as_draft,
    merge_metadata,
    normalize,
    sort_identifiers,
    take_fields,
)
from storage.papers.errors import PaperGone
from storage.papers.identifiers import is_listed_title
from storage.papers.titles import is_bare_reference
from storage.redaction import redact_text
from storage.text import fold

_NO_PAPER = PaperDraft(title="")


async def upsert(
    catalogue: Catalogue,
    draft: PaperDraft,
    *,
    allow_duplicate: bool = False,
    review: bool = False,
) -> UpsertResult:
    """Adds a draft as a new paper, or updates the paper that it is known to be.

    A draft that shares an identifier with a paper updates it; one that shares identifiers with
    several papers merges them. A possible duplicate changes nothing, unless ``allow_duplicate``.
    A removed paper stays removed, unless a moderator offers it again. With ``review`` a new paper
    isn't added, since a moderator has to decide.
    """
    draft = normalize(draft)
    found = await classify(catalogue, await catalogue.with_current_names(draft))
    if found.paper is not None and found.verdict in {Verdict.KNOWN, Verdict.REMOVED}:
        return await upsert_as(catalogue, found.paper, draft, same=found.same)
    if not allow_duplicate and _is_duplicate(catalogue, found):
        return UpsertResult(Outcome.DUPLICATE, found.paper)
    if review:
        return UpsertResult(Outcome.REVIEW, None)
    if is_bare_reference(draft.title):
        title = redact_text(draft.title)[:80]
        raise InvalidInput(f"“{title}” isn't a title. Enter the paper's title.")
    owners = await catalogue.owners(draft.identifiers)
    free = tuple(name for name in draft.identifiers if name not in owners)
    (added,) = await _add(catalogue, [replace(draft, identifiers=free)])
    return UpsertResult(Outcome.ADDED, added)


async def upsert_batch(
    catalogue: Catalogue,
    drafts: Sequence[PaperDraft],
    on_result: Callable[[PaperDraft, UpsertResult], None],
    duplicates: DuplicatePolicy = DuplicatePolicy.SKIP,
) -> None:
    """Upserts drafts in order, as `upsert` would one by one, but adds new papers together."""
    new: list[tuple[PaperDraft, PaperDraft]] = []
    seen: set[str] = set()
    normal_drafts, title_keys = await run_in_thread(_prepare, drafts)
    owners = await catalogue.owners([name for draft in normal_drafts for name in draft.identifiers])
    known_titles = await catalogue.known_titles(title_keys)

    async def add_new() -> None:
        added = await _add(catalogue, [draft for _, draft in new])
        for (given, _), paper in zip(new, added, strict=True):
            on_result(given, UpsertResult(Outcome.ADDED, paper))
        new.clear()

    for given, draft, title_key in zip(drafts, normal_drafts, title_keys, strict=True):
        marks = {*draft.identifiers, f"title:{title_key}"}
        # A lab's list may add or drop a word of a known title, which changes the key.
        is_new = title_key not in known_titles and not any(
            name in owners or is_listed_title(name) for name in draft.identifiers
        )
        if is_new and seen.isdisjoint(marks):
            new.append((given, draft))
        else:
            await add_new()
            on_result(given, await _upsert_with_policy(catalogue, draft, duplicates))
        seen |= marks
    await add_new()


async def upsert_as(
    catalogue: Catalogue, known: Paper, draft: PaperDraft, *, same: Sequence[Paper] = ()
) -> UpsertResult:
    """Updates the paper that a draft is known to be, merging others that are the ``same`` into it.

    A removed paper stays removed, unless a moderator offers it again.
    """
    if known.removed_at is not None:
        if not catalogue.submission.is_by_moderator:
            await catalogue.identify(known, draft.identifiers)
            return UpsertResult(Outcome.REMOVED, None)
        updated = await _update(catalogue, await catalogue.restore(known), draft)
        return UpsertResult(Outcome.RESTORED, updated.paper)
    for other in same:
        known = await _merge(catalogue, known, other)
    updated = await _update(catalogue, known, draft)
    return replace(updated, outcome=Outcome.UPDATED) if same else updated


async def upsert_as_id(
    db: Connection, catalogue: Catalogue, paper_id: int, draft: PaperDraft
) -> UpsertResult:
    """Updates the paper with this id by a draft; raises `PaperGone`."""
    return await upsert_as(catalogue, await get_by_id(db, paper_id), normalize(draft))


async def get_by_id(db: Connection, paper_id: int) -> Paper:
    """Returns the paper with this id, or the one that it was merged into; perhaps a removed one.

    Raises `PaperGone` if there is none, or if adding it was undone.
    """
    paper_id = await paper_queries.current_id(db, paper_id)
    known = await paper_queries.load(db, [paper_id])
    if not known or (known[0].removed_at and not await paper_queries.is_removed(db, paper_id)):
        raise PaperGone(paper_id)
    return known[0]


async def combine(catalogue: CatalogueReader, known: Paper, draft: PaperDraft) -> PaperDraft:
    """Returns what a paper becomes if a draft updates it, which is normal and has current names.

    Fields that moderators set stay, and so do the identifiers of other papers.
    """
    locked = await catalogue.locked_fields(known.id)
    after = merge_metadata(as_draft(known), draft, locked)
    owners = await catalogue.owners(after.identifiers)
    free = [name for name in after.identifiers if owners.get(name, known.id) == known.id]
    return replace(after, identifiers=tuple(free))


async def _upsert_with_policy(
    catalogue: Catalogue, draft: PaperDraft, duplicates: DuplicatePolicy
) -> UpsertResult:
    result = await upsert(catalogue, draft, allow_duplicate=duplicates is DuplicatePolicy.ADD)
    if result.outcome is Outcome.DUPLICATE and result.paper is not None:
        restated = await _find_restated(catalogue, draft)
        if restated is not None:
            return UpsertResult(Outcome.UNCHANGED, restated)
    is_merged = duplicates is DuplicatePolicy.MERGE and matching.has_same_title(result, draft)
    if result.paper is not None and is_merged:
        return await upsert_as(catalogue, result.paper, draft)
    return result


async def _find_restated(catalogue: Catalogue, draft: PaperDraft) -> Paper | None:
    """Returns the only paper of which a draft says nothing new, or None."""
    shown = await catalogue.with_current_names(draft)
    papers = await catalogue.titled(draft.title)
    same = [paper for paper in papers if matching.restates(paper, shown)]
    return same[0] if len(same) == 1 else None


def _is_duplicate(catalogue: Catalogue, found: Classification) -> bool:
    """Returns whether a draft is a possible duplicate; moderators may offer a removed one again."""
    if found.verdict is Verdict.POSSIBLY_REMOVED:
        return not catalogue.submission.is_by_moderator
    return found.verdict is Verdict.POSSIBLE_DUPLICATE


def _prepare(drafts: Sequence[PaperDraft]) -> tuple[list[PaperDraft], list[str]]:
    """Returns drafts in normal form, and their folded titles."""
    return [normalize(draft) for draft in drafts], [fold(draft.title) for draft in drafts]


async def _add(catalogue: Catalogue, drafts: Sequence[PaperDraft]) -> Sequence[Paper]:
    if not drafts:
        return ()
    locks_fields = catalogue.submission.locks_fields
    locked = [_given_fields(_NO_PAPER, draft) if locks_fields else [] for draft in drafts]
    return await catalogue.add(drafts, locked)


async def _update(catalogue: Catalogue, known: Paper, draft: PaperDraft) -> UpsertResult:
    """Combines a paper with a draft, field by field."""
    before = as_draft(known)
    shown = await catalogue.with_current_names(draft)
    after = await combine(catalogue, known, shown)
    if after == before:
        return UpsertResult(Outcome.UNCHANGED, known)
    credited_names = dict(zip(shown.authors, draft.authors, strict=True))
    locks = _given_fields(before, after) if catalogue.submission.locks_fields else []
    updated = await catalogue.update(known, after, credited_names, locks)
    return UpsertResult(Outcome.UPDATED, updated, known.title)


async def _merge(catalogue: Catalogue, target: Paper, source: Paper) -> Paper:
    """Merges two papers into one that combines both; locked fields of either stay as they are."""
    locked = await catalogue.locked_fields(target.id)
    source_locked = await catalogue.locked_fields(source.id)
    draft = take_fields(as_draft(target), source, source_locked - locked)
    draft = merge_metadata(draft, as_draft(source), locked | source_locked)
    draft = replace(draft, identifiers=sort_identifiers((*target.identifiers, *source.identifiers)))
    return await catalogue.merge(target, source, draft, sorted(source_locked))


def _given_fields(before: PaperDraft, after: PaperDraft) -> list[str]:
    """Returns the fields to lock: those that changed, except `GROWING_FIELDS`."""
    return [
        name
        for name in EDITABLE_FIELDS
        if name not in GROWING_FIELDS and getattr(after, name) != getattr(before, name)
    ]
