"""What moderators do to papers by hand; drafts from all sources go through `intake`."""

from __future__ import annotations

from collections.abc import Iterable, Set
from dataclasses import replace

from storage.audit.log import ChangeSet
from storage.audit.models import ChangeAction
from storage.curation import catalogue
from storage.curation import merge as curation_merge
from storage.errors import InvalidInput, LabError
from storage.models import Paper, PaperDraft
from storage.papers import queries as paper_queries
from storage.papers import writes as paper_writes
from storage.papers.combine import EDITABLE_FIELDS, GROWING_FIELDS, as_draft, normalize
from storage.papers.errors import PaperChanged, PaperExists, PaperGone, PaperNotRemoved
from storage.papers.snapshots import take_snapshot

_MAX_TAGS = 20  # of one paper
_MAX_TAG_LENGTH = 50


async def edit(
    change_set: ChangeSet, paper_id: int, draft: PaperDraft, seen: PaperDraft | None
) -> Paper:
    """Replaces a paper's details; see `Papers.edit`."""
    paper = await _get_listed(change_set, paper_id)
    draft = normalize(draft)
    if draft in (seen, as_draft(paper)):
        raise LabError("You didn't change anything.")
    _require_seen(paper, seen, paper_id)
    await _require_free_identifiers(change_set, draft, {paper.id})
    before = as_draft(paper)
    if (draft.venue, draft.date) != (before.venue, before.date):
        draft = replace(draft, venue_undated=False)  # A moderator saw both and stands for them.
    locked = [
        name
        for name in _differing_fields(before, draft)
        if not (name in GROWING_FIELDS and _is_subset(before, draft, name))
    ]
    return await _change(change_set, ChangeAction.EDIT, paper, draft, locked)


async def tag(
    change_set: ChangeSet, paper_id: int, add: Iterable[str], remove: Iterable[str]
) -> Paper:
    """Adds and removes tags; see `Papers.tag`. No other source adds a removed tag again."""
    paper = await _get_listed(change_set, paper_id)
    tags = sorted({*paper.tags, *_clean_tags(add)} - {*_clean_tags(remove)})
    if tags == sorted(paper.tags):
        raise LabError(f"That wouldn't change the tags of #{paper.id}.")
    if len(tags) > _MAX_TAGS:
        raise InvalidInput(f"A paper can have at most {_MAX_TAGS} tags.")
    locked = [] if set(paper.tags) <= set(tags) else ["tags"]
    return await _change(
        change_set, ChangeAction.TAG, paper, replace(as_draft(paper), tags=tuple(tags)), locked
    )


async def merge(
    change_set: ChangeSet,
    target_id: int,
    source_id: int,
    chosen: PaperDraft,
    seen: tuple[PaperDraft, PaperDraft] | None,
) -> Paper:
    """Merges two papers; see `Papers.merge`. Locks every field in which they differed."""
    target = await _get_listed(change_set, target_id)
    source = await _get_listed(change_set, source_id)
    if target.id == source.id:
        raise LabError(f"These are already the same paper: “{target.title}” (#{target.id}).")
    if seen is not None:
        _require_seen(target, seen[0], target_id)
        _require_seen(source, seen[1], source_id)
    draft = normalize(
        replace(chosen, identifiers=(*chosen.identifiers, *target.identifiers, *source.identifiers))
    )
    await _require_free_identifiers(change_set, draft, {target.id, source.id})
    locked = {
        *_differing_fields(as_draft(target), as_draft(source)),
        *_differing_fields(as_draft(target), draft),
        *await paper_queries.locked_fields(change_set.db, source.id),
    } - GROWING_FIELDS
    for name in ("links", "tags"):
        if not {*getattr(target, name), *getattr(source, name)} <= {*getattr(draft, name)}:
            locked.add(name)
    return await curation_merge.merge(
        change_set.db, target, source, draft, sorted(locked), change_set
    )


async def remove(change_set: ChangeSet, paper_id: int) -> Paper:
    """Removes a paper from the list; see `Papers.remove`."""
    paper = await _get_listed(change_set, paper_id)
    if paper.id != paper_id:
        raise LabError(
            f"#{paper_id} was merged into “{paper.title}” (#{paper.id}), so nothing was removed. "
            "To remove that paper, use its own number."
        )
    before = await take_snapshot(change_set.db, paper)
    await paper_writes.set_removed(change_set.db, paper, change_set.at)
    (after,) = await paper_queries.load(change_set.db, [paper.id])
    await change_set.record(ChangeAction.REMOVE, before, after)
    return paper


async def restore(change_set: ChangeSet, paper_id: int) -> Paper:
    """Restores a removed paper; see `Papers.restore`."""
    if not await paper_queries.is_removed(change_set.db, paper_id):
        raise PaperNotRemoved(f"#{paper_id}")
    (removed,) = await paper_queries.load(change_set.db, [paper_id])
    return await catalogue.restore(change_set, removed)


async def _change(
    change_set: ChangeSet,
    action: ChangeAction,
    paper: Paper,
    draft: PaperDraft,
    locked: Iterable[str],
) -> Paper:
    before = await take_snapshot(change_set.db, paper)
    await paper_writes.replace(change_set.db, paper, draft)
    await paper_writes.lock_fields(change_set.db, paper.id, locked)
    (after,) = await paper_queries.load(change_set.db, [paper.id])
    await change_set.record(action, before, after)
    return after


async def _get_listed(change_set: ChangeSet, paper_id: int) -> Paper:
    """Returns a paper that is in the list, or the one that it was merged into."""
    found = await paper_queries.load(
        change_set.db, [await paper_queries.current_id(change_set.db, paper_id)]
    )
    if not found or found[0].removed_at is not None:
        raise PaperGone(paper_id)
    return found[0]


def _require_seen(paper: Paper, seen: PaperDraft | None, requested_id: int) -> None:
    if seen is not None and as_draft(paper) != seen:
        raise PaperChanged(paper, requested_id)


async def _require_free_identifiers(
    change_set: ChangeSet, draft: PaperDraft, own_ids: Set[int]
) -> None:
    """Raises `PaperExists` if an identifier of a draft belongs to another paper."""
    owners = await paper_queries.owners(change_set.db, draft.identifiers)
    if others := [owner for owner in owners.values() if owner not in own_ids]:
        (other,) = await paper_queries.load(change_set.db, others[:1])
        raise PaperExists(other)


def _is_subset(before: PaperDraft, after: PaperDraft, name: str) -> bool:
    """Returns whether a field's values were only added to, so that it needn't be locked."""
    return set(getattr(before, name)) <= set(getattr(after, name))


def _differing_fields(one: PaperDraft, other: PaperDraft) -> list[str]:
    """Returns the fields in which two drafts differ; what is said of the authors counts as them."""
    found = [name for name in EDITABLE_FIELDS if getattr(one, name) != getattr(other, name)]
    is_other_credit = (one.authors_complete, one.collectives) != (
        other.authors_complete,
        other.collectives,
    )
    if is_other_credit and "authors" not in found:
        found.append("authors")
    return found


def _clean_tags(tags: Iterable[str]) -> list[str]:
    """Returns tags without extra spaces, empty ones left out; raises `InvalidInput`."""
    cleaned = [" ".join(tag.split()) for tag in tags]
    for tag in cleaned:
        if len(tag) > _MAX_TAG_LENGTH:
            raise InvalidInput(
                f"“{tag[:60]}…” is too long for a tag. Use at most {_MAX_TAG_LENGTH} characters."
            )
    return [tag for tag in cleaned if tag]
