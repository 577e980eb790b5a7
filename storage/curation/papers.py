"""The papers façade: every read of single papers, and every write to the paper list."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from storage.announcements.enqueue import enqueue_paper
from storage.audit.log import ChangeSet
from storage.audit.models import Recorded
from storage.connection import Connection
from storage.curation import edit, intake
from storage.curation.catalogue import Catalogue, StoredCatalogue, Submission
from storage.curation.preview import PreviewCatalogue, simulated_changes
from storage.database import Database
from storage.models import (
    Actor,
    DuplicatePolicy,
    Origin,
    Outcome,
    Paper,
    PaperDetails,
    PaperDraft,
    UpsertResult,
)
from storage.papers import matching
from storage.papers.combine import normalize
from storage.papers.queries import PaperQueries
from storage.timestamps import Clock

OnResult: TypeAlias = Callable[[PaperDraft, UpsertResult], None]

_BATCH_SIZE = 2_000  # drafts of an import that are looked up together
_PREVIEWER = Actor("preview", "a preview")  # never recorded


@dataclass(frozen=True, slots=True)
class Completed:
    """A paper before and after services completed it, the same if they said nothing new.

    ``after`` is None if the paper was removed meanwhile.
    """

    before: Paper
    after: Paper | None


class Papers(PaperQueries):
    """Reads papers, takes drafts in, and makes moderators' changes; each change can be undone."""

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database)
        self._clock = clock

    async def upsert(
        self,
        draft: PaperDraft,
        origin: Origin,
        actor: Actor,
        *,
        allow_duplicate: bool = False,
        announce: bool = False,
        lock_fields: bool = True,
    ) -> Recorded[UpsertResult]:
        """Adds a draft as a new paper, or completes the paper that it is known to be.

        ``announce`` queues an added paper for every channel that follows the list. With
        ``lock_fields`` no other source overwrites what a moderator gave.
        """
        submission = Submission(origin, actor, self._clock(), lock_fields)
        async with self._database.transaction(in_reply=True) as db:
            catalogue = StoredCatalogue(db, submission)
            result = await intake.upsert(catalogue, draft, allow_duplicate=allow_duplicate)
            if announce and result.outcome is Outcome.ADDED and result.paper:
                await enqueue_paper(db, result.paper, submission.at)
        return Recorded(result, catalogue.change_set.change_id)

    async def upsert_as(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, lock_fields: bool = True
    ) -> Recorded[UpsertResult]:
        """Completes the paper that a moderator says a draft is; raises `PaperNotFound`."""
        submission = Submission(Origin.MODERATOR, actor, self._clock(), lock_fields)
        async with self._database.transaction(in_reply=True) as db:
            catalogue = StoredCatalogue(db, submission)
            result = await intake.upsert_as_id(db, catalogue, paper_id, draft)
        return Recorded(result, catalogue.change_set.change_id)

    async def complete(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, seen: PaperDetails
    ) -> Recorded[Completed]:
        """Adds what services say about a paper in the list, except to fields that moderators set.

        ``seen`` is the paper as it was when they were asked. If it was changed since then so that
        they may mean another paper, it stays as it is. Raises `PaperNotFound`.
        """
        submission = Submission(Origin.FEED, actor, self._clock())
        async with self._database.transaction(in_reply=True) as db:
            catalogue = StoredCatalogue(db, submission)
            completed = await _complete(db, catalogue, paper_id, draft, seen)
        return Recorded(completed, catalogue.change_set.change_id)

    async def preview_completion(
        self, paper_id: int, draft: PaperDraft, *, seen: PaperDetails
    ) -> Completed:
        """Returns what `complete` would make of a paper; only reads."""
        submission = Submission(Origin.FEED, _PREVIEWER, self._clock())
        async with simulated_changes(self._database) as changes, self._database.reading() as db:
            catalogue = PreviewCatalogue(db, submission, changes)
            return await _complete(db, catalogue, paper_id, draft, seen)

    async def upsert_many(
        self,
        drafts: Iterable[PaperDraft],
        origin: Origin,
        actor: Actor,
        *,
        duplicates: DuplicatePolicy = DuplicatePolicy.SKIP,
        on_result: OnResult | None = None,
    ) -> Recorded[Counter[Outcome]]:
        """Upserts drafts in order, all of them or (on any exception) none; announces nothing.

        It is one change with one undo. ``drafts`` may be a generator that reads as it goes, in a
        thread. ``duplicates`` says what becomes of possible duplicates. ``on_result`` is called
        with every draft and its result. Raises `ImportInProgress` if another import is running.
        """
        submission = Submission(origin, actor, self._clock())
        outcomes: Counter[Outcome] = Counter()
        count = _counting(outcomes, on_result)
        async with self._database.transaction(in_reply=True, importing=True) as db:
            catalogue = StoredCatalogue(db, submission, is_bulk=True)
            async for batch in _batches(drafts):
                await intake.upsert_batch(catalogue, batch, count, duplicates)
            await catalogue.change_set.close(outcomes)
        return Recorded(outcomes, catalogue.change_set.change_id)

    async def preview_many(
        self,
        drafts: Iterable[PaperDraft],
        origin: Origin,
        actor: Actor,
        *,
        duplicates: DuplicatePolicy = DuplicatePolicy.SKIP,
        on_result: OnResult | None = None,
    ) -> Counter[Outcome]:
        """Returns what `upsert_many` would do; only reads, and doesn't block writers.

        Papers that the drafts would add have the ids that they would get.
        """
        submission = Submission(origin, actor, self._clock())
        outcomes: Counter[Outcome] = Counter()
        count = _counting(outcomes, on_result)
        async with simulated_changes(self._database) as changes:
            async for batch in _batches(drafts):
                async with self._database.reading() as db:
                    catalogue = PreviewCatalogue(db, submission, changes)
                    await intake.upsert_batch(catalogue, batch, count, duplicates)
        return outcomes

    async def preview(self, drafts: Iterable[PaperDraft]) -> tuple[UpsertResult, ...]:
        """Returns what upserting a feed's drafts in this order would do; only reads."""
        submission = Submission(Origin.FEED, _PREVIEWER, self._clock())
        async with simulated_changes(self._database) as changes, self._database.reading() as db:
            catalogue = PreviewCatalogue(db, submission, changes)
            return tuple([await intake.upsert(catalogue, draft) for draft in drafts])

    async def edit(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, seen: PaperDraft | None = None
    ) -> Recorded[Paper]:
        """Replaces a paper's fields with a moderator's; no other source overwrites those changed.

        Raises `PaperNotFound`, `PaperExists` if an identifier is another paper's, `PaperChanged`
        if the paper is no longer what the moderator has ``seen``, and `LabError` if nothing
        would change.
        """
        async with self._change_set(actor) as changes:
            paper = await edit.edit(changes, paper_id, draft, seen)
        return Recorded(paper, changes.change_id)

    async def tag(
        self, paper_id: int, add: Iterable[str], remove: Iterable[str], actor: Actor
    ) -> Recorded[Paper]:
        """Adds tags to a paper and removes tags from it, whatever else changed in the meantime.

        Raises `PaperNotFound`, and `LabError` if nothing would change.
        """
        async with self._change_set(actor) as changes:
            paper = await edit.tag(changes, paper_id, add, remove)
        return Recorded(paper, changes.change_id)

    async def merge(
        self,
        target_id: int,
        source_id: int,
        chosen: PaperDraft,
        actor: Actor,
        *,
        seen: tuple[PaperDraft, PaperDraft] | None = None,
    ) -> Recorded[Paper]:
        """Merges two papers into one with the fields that a moderator chose.

        The target has the identifiers of both, and the source's id leads to it. Raises
        the same errors as `edit`, and `LabError` if both are one paper already.
        """
        async with self._change_set(actor) as changes:
            paper = await edit.merge(changes, target_id, source_id, chosen, seen)
        return Recorded(paper, changes.change_id)

    async def remove(self, paper_id: int, actor: Actor) -> Recorded[Paper]:
        """Removes a paper from the list; its identifiers keep other sources from adding it again.

        Raises `PaperNotFound`, and `LabError` if it was merged into another paper, which would be
        removed instead.
        """
        async with self._change_set(actor) as changes:
            paper = await edit.remove(changes, paper_id)
        return Recorded(paper, changes.change_id)

    async def restore(self, paper_id: int, actor: Actor) -> Recorded[Paper]:
        """Puts a removed paper back into the list; raises `LabError` if it wasn't removed."""
        async with self._change_set(actor) as changes:
            paper = await edit.restore(changes, paper_id)
        return Recorded(paper, changes.change_id)

    @asynccontextmanager
    async def _change_set(self, actor: Actor) -> AsyncGenerator[ChangeSet]:
        async with self._database.transaction(in_reply=True) as db:
            yield ChangeSet(db, actor, self._clock())


async def _complete(
    db: Connection, catalogue: Catalogue, paper_id: int, draft: PaperDraft, seen: PaperDetails
) -> Completed:
    known = await intake.get_by_id(db, paper_id)
    if matching.contradictions(known, draft) - matching.contradictions(seen, draft):
        return Completed(known, known)
    result = await intake.upsert_as(catalogue, known, normalize(draft))
    return Completed(known, result.paper)


async def _batches(drafts: Iterable[PaperDraft]) -> AsyncGenerator[list[PaperDraft]]:
    """Yields drafts in batches, read from their source in a thread."""
    rest = iter(drafts)
    while batch := await asyncio.to_thread(list, islice(rest, _BATCH_SIZE)):
        yield batch


def _counting(outcomes: Counter[Outcome], on_result: OnResult | None) -> OnResult:
    """Returns a callback that counts outcomes and passes results on."""

    def count(draft: PaperDraft, result: UpsertResult) -> None:
        outcomes[result.outcome] += 1
        if on_result is not None:
            on_result(draft, result)

    return count
