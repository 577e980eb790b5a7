"""What moderators do to papers by hand, each within an act; the feeds' way is in `admission`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from storage.audit.log import ChangeSet
from storage.audit.models import ChangeAction
from storage.curation import catalogue
from storage.curation import merge as curation_merge
from storage.errors import InvalidInput, LabError
from storage.models import Paper, PaperDraft
from storage.papers import queries as paper_queries
from storage.papers import writes as paper_writes
from storage.papers.combine import EDITABLE_FIELDS, as_draft, normalize
from storage.papers.errors import PaperChanged, PaperExists, PaperNotFound, PaperNotRemoved
from storage.papers.snapshots import take_snapshot

_MOST_TAGS = 20  # of one paper
_LONGEST_TAG = 50  # characters


async def edit(
    change_set: ChangeSet, paper_id: int, draft: PaperDraft, seen: PaperDraft | None
) -> Paper:
    """See `Papers.edit`."""
    paper = await _present(change_set, paper_id)
    draft = normalize(draft)
    if draft in (seen, as_draft(paper)):
        raise LabError("You didn't change anything.")
    _require_seen(paper, seen, paper_id)
    owners = await paper_queries.owners(change_set.db, draft.identifiers)
    if others := [owner for owner in owners.values() if owner != paper.id]:
        (other,) = await paper_queries.load(change_set.db, others[:1])
        raise PaperExists(other)
    before = as_draft(paper)
    locked = [name for name in _differing(before, draft) if not _only_adds(before, draft, name)]
    return await _change(change_set, ChangeAction.EDIT, paper, draft, locked)


async def tag(
    change_set: ChangeSet, paper_id: int, add: Iterable[str], remove: Iterable[str]
) -> Paper:
    """See `Papers.tag`. What is taken away, no feed brings back."""
    paper = await _present(change_set, paper_id)
    given, taken = _tags(add), _tags(remove)
    tags = sorted({*paper.tags, *given} - {*taken})
    if tags == sorted(paper.tags):
        raise LabError(f"Nothing to change: #{paper.id} is tagged so already.")
    if len(tags) > _MOST_TAGS:
        raise InvalidInput(f"A paper can have {_MOST_TAGS} tags, and no more.")
    locked = [] if set(paper.tags) <= set(tags) else ["tags"]
    return await _change(
        change_set, ChangeAction.TAG, paper, replace(as_draft(paper), tags=tuple(tags)), locked
    )


async def merge(
    change_set: ChangeSet,
    kept_id: int,
    other_id: int,
    chosen: PaperDraft,
    seen: tuple[PaperDraft, PaperDraft] | None,
) -> Paper:
    """See `Papers.merge`. What the two said differently is the moderator's from now on."""
    kept, other = await _present(change_set, kept_id), await _present(change_set, other_id)
    if kept.id == other.id:
        raise LabError(f"Both are one paper already: “{kept.title}” (#{kept.id}).")
    if seen is not None:
        _require_seen(kept, seen[0], kept_id)
        _require_seen(other, seen[1], other_id)
    draft = normalize(
        replace(chosen, identifiers=(*chosen.identifiers, *kept.identifiers, *other.identifiers))
    )
    owners = await paper_queries.owners(change_set.db, draft.identifiers)
    if others := [owner for owner in owners.values() if owner not in {kept.id, other.id}]:
        raise PaperExists((await paper_queries.load(change_set.db, others))[0])
    locked = {
        *_differing(as_draft(kept), as_draft(other)),
        *_differing(as_draft(kept), draft),
        *await paper_queries.locked_fields(change_set.db, other.id),
    } - {"identifiers", "links", "tags"}
    for name in ("links", "tags"):
        if not {*getattr(kept, name), *getattr(other, name)} <= {*getattr(draft, name)}:
            locked.add(name)
    return await curation_merge.merge(change_set.db, kept, other, draft, sorted(locked), change_set)


async def remove(change_set: ChangeSet, paper_id: int) -> Paper:
    """See `Papers.remove`."""
    paper = await _present(change_set, paper_id)
    if paper.id != paper_id:
        raise LabError(
            f"#{paper_id} is a part of “{paper.title}” (#{paper.id}) by now, so I removed nothing. "
            "If that one is to go, remove it by its own number."
        )
    before = await take_snapshot(change_set.db, paper)
    await paper_writes.set_removed(change_set.db, paper, change_set.at)
    (after,) = await paper_queries.load(change_set.db, [paper.id])
    await change_set.record(ChangeAction.REMOVE, before, after)
    return paper


async def restore(change_set: ChangeSet, paper_id: int) -> Paper:
    """See `Papers.restore`."""
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


async def _present(change_set: ChangeSet, paper_id: int) -> Paper:
    found = await paper_queries.load(
        change_set.db, [await paper_queries.current_id(change_set.db, paper_id)]
    )
    if not found or found[0].removed_at is not None:
        raise PaperNotFound(f"#{paper_id}")
    return found[0]


def _require_seen(paper: Paper, seen: PaperDraft | None, meant: int) -> None:
    if seen is not None and as_draft(paper) != seen:
        raise PaperChanged(paper, meant)


def _only_adds(before: PaperDraft, after: PaperDraft, name: str) -> bool:
    """Whether of a list that sources add to nothing was taken away, which they might bring back."""
    return name in {"identifiers", "links", "tags"} and (
        set(getattr(before, name)) <= set(getattr(after, name))
    )


def _differing(one: PaperDraft, other: PaperDraft) -> list[str]:
    """The fields in which two drafts differ; how complete the authors are is one with them."""
    found = [name for name in EDITABLE_FIELDS if getattr(one, name) != getattr(other, name)]
    if one.authors_complete != other.authors_complete and "authors" not in found:
        found.append("authors")
    return found


def _tags(words: Iterable[str]) -> list[str]:
    """Tags as they are kept; raises `InvalidInput`."""
    tags = [" ".join(word.split()) for word in words]
    for one in tags:
        if len(one) > _LONGEST_TAG:
            raise InvalidInput(f"“{one[:60]}…” is too long for a tag; {_LONGEST_TAG} characters.")
    return [one for one in tags if one]
