"""The papers façade: every read of single papers, and every write to the paper list."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import islice

from storage.announcements import outbox
from storage.audit.log import ChangeSet
from storage.audit.models import Recorded
from storage.curation import edit, intake
from storage.curation.intake import Submission
from storage.database import Database
from storage.models import Actor, DuplicatePolicy, Origin, Outcome, Paper, PaperDraft, UpsertResult
from storage.papers.queries import PaperQueries
from storage.timestamps import Clock

_BATCH_SIZE = 2_000  # drafts of an import that are looked up together


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
        """Adds a draft as a new paper, or complete the paper that it is known to be.

        ``announce`` queues an added paper for every channel that follows the list. With
        ``lock_fields`` no other source overwrites what a moderator gave.
        """
        source = Submission(origin, actor, self._clock(), lock_fields)
        async with self._database.transaction(in_reply=True) as db:
            change_set = source.change_set(db)
            result = await intake.upsert(
                db, draft, source, allow_duplicate=allow_duplicate, change_set=change_set
            )
            if announce and result.outcome is Outcome.ADDED and result.paper:
                await outbox.enqueue_paper(db, result.paper, source.at)
        return Recorded(result, change_set.change_id)

    async def upsert_as(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, lock_fields: bool = True
    ) -> Recorded[UpsertResult]:
        """Completes the paper that a moderator says a draft is; raises `PaperNotFound`."""
        source = Submission(Origin.MODERATOR, actor, self._clock(), lock_fields)
        async with self._database.transaction(in_reply=True) as db:
            change_set = source.change_set(db)
            result = await intake.upsert_as_id(db, paper_id, draft, source, change_set)
        return Recorded(result, change_set.change_id)

    async def upsert_many(
        self,
        drafts: Iterable[PaperDraft],
        origin: Origin,
        actor: Actor,
        *,
        likely: DuplicatePolicy = DuplicatePolicy.SKIP,
        dry_run: bool = False,
        each: Callable[[PaperDraft, UpsertResult], None] | None = None,
    ) -> Recorded[Counter[Outcome]]:
        """Upserts drafts in order, all of them or (on any exception) none; announces nothing.

        It is one change with one undo. ``drafts`` may be a generator that reads as it goes, in a
        thread. ``likely`` says what becomes of possible duplicates. ``each`` is called with every
        draft and its result. With ``dry_run`` nothing is saved. Raises `ImportInProgress` if
        another import is running.
        """
        source = Submission(origin, actor, self._clock())
        outcomes: Counter[Outcome] = Counter()

        def count(draft: PaperDraft, result: UpsertResult) -> None:
            outcomes[result.outcome] += 1
            if each:
                each(draft, result)

        rest = iter(drafts)
        async with self._database.transaction(
            commit=not dry_run, in_reply=True, importing=True
        ) as db:
            change_set = source.change_set(db, is_bulk=True)
            while batch := await asyncio.to_thread(list, islice(rest, _BATCH_SIZE)):
                await intake.upsert_batch(db, batch, source, change_set, count, likely)
            await change_set.close(outcomes)
        return Recorded(outcomes, None if dry_run else change_set.change_id)

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
        """Adds tags to a paper and removes tags from it, whatever else changed meanwhile.

        Raises `PaperNotFound`, and `LabError` if nothing would change.
        """
        async with self._change_set(actor) as changes:
            paper = await edit.tag(changes, paper_id, add, remove)
        return Recorded(paper, changes.change_id)

    async def merge(
        self,
        kept_id: int,
        other_id: int,
        chosen: PaperDraft,
        actor: Actor,
        *,
        seen: tuple[PaperDraft, PaperDraft] | None = None,
    ) -> Recorded[Paper]:
        """Merges two papers into one with the fields that a moderator chose.

        The merged paper has the identifiers of both, and the other's number leads to it. Raises
        the same errors as `edit`, and `LabError` if both are one paper already.
        """
        async with self._change_set(actor) as changes:
            paper = await edit.merge(changes, kept_id, other_id, chosen, seen)
        return Recorded(paper, changes.change_id)

    async def remove(self, paper_id: int, actor: Actor) -> Recorded[Paper]:
        """Removes a paper from the list; its identifiers keep other sources from adding it again.

        Raises `PaperNotFound`, and `LabError` if it was merged into another paper, which nobody
        asked to remove.
        """
        async with self._change_set(actor) as changes:
            paper = await edit.remove(changes, paper_id)
        return Recorded(paper, changes.change_id)

    async def restore(self, paper_id: int, actor: Actor) -> Recorded[Paper]:
        """Puts a removed paper back into the list; raises `LabError` if it wasn't removed."""
        async with self._change_set(actor) as changes:
            paper = await edit.restore(changes, paper_id)
        return Recorded(paper, changes.change_id)

    async def preview(self, drafts: Iterable[PaperDraft]) -> tuple[UpsertResult, ...]:
        """Says what a feed's drafts would become if they were upserted in this order."""
        source = Submission(Origin.FEED, Actor("preview", "a preview"), self._clock())
        async with self._database.transaction(commit=False, in_reply=True) as db:
            return tuple([await intake.upsert(db, draft, source) for draft in drafts])

    @asynccontextmanager
    async def _change_set(self, actor: Actor) -> AsyncGenerator[ChangeSet]:
        async with self._database.transaction(in_reply=True) as db:
            yield ChangeSet(db, actor, self._clock())
