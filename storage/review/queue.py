"""The review façade: everything that waits for a moderator, and how it is resolved."""

from __future__ import annotations

import json
from collections import Counter
from typing import TypeAlias

from storage.announcements.enqueue import enqueue_paper
from storage.audit.models import ChangeAction, Recorded, Resolution, ReviewKind
from storage.connection import Connection
from storage.curation import intake
from storage.curation.catalogue import StoredCatalogue, Submission
from storage.errors import LabError
from storage.feeds import entries
from storage.feeds.models import EntryRecord, PendingEntry
from storage.models import Actor, Origin, Outcome, PaperDraft, UpsertResult
from storage.papers import queries as paper_queries
from storage.papers.titles import is_bare_reference
from storage.review import account_claims, proposals, reports, resolutions, suggestions
from storage.review.account_claims import AccountClaims
from storage.review.errors import AlreadyResolved, NeedsTitle, NotWaiting, describe_decision
from storage.review.models import AccountClaim, Decision, Proposal, Report, Suggestion
from storage.review.reports import Reports
from storage.review.suggestions import Suggestions

QueueItem: TypeAlias = PendingEntry | Suggestion | Report | AccountClaim | Proposal

_ALL = """SELECT 'entry' AS kind, entries.id, seen_at AS at
          FROM entries JOIN feeds ON feeds.id = feed_id
          WHERE draft IS NOT NULL AND removed_at IS NULL
          UNION ALL SELECT 'suggestion', id, suggested_at FROM suggestions
          WHERE decided_at IS NULL
          UNION ALL SELECT 'report', id, reported_at FROM reports
          WHERE decided_at IS NULL
          UNION ALL SELECT 'claim', account_claims.id, claimed_at FROM account_claims
          JOIN people ON people.id = person_id AND NOT is_removed
          WHERE decided_at IS NULL
          UNION ALL SELECT 'proposal', id, proposed_at FROM completion_proposals
          WHERE id IN (SELECT value FROM json_each(?))"""
_FIND = {
    "entry": entries.find_pending,
    "suggestion": suggestions.find,
    "report": reports.find,
    "claim": account_claims.find,
}


class Review(Suggestions, Reports, AccountClaims):
    """The moderators' review queue: entries, and members' suggestions, reports and claims.

    What is uncertain about completions is listed here, and decided by `Proposals`.
    """

    async def count(self) -> int:
        """Counts what waits for a moderator."""
        async with self._database.reading() as db:
            ids = [one.id for one in await proposals.waiting(db)]
            query = f"SELECT COUNT(*) FROM ({_ALL})"  # noqa: S608 - a constant
            return int(await db.value(query, [json.dumps(ids)]))

    async def page(self, offset: int, limit: int) -> tuple[QueueItem, ...]:
        """Returns a page of what waits, oldest first, and uncertain completions at the end."""
        async with self._database.reading() as db:
            proposed = {one.id: one for one in await proposals.waiting(db)}
            rows = await db.all(
                f"""SELECT * FROM ({_ALL})
                    ORDER BY kind = 'proposal', at, kind, id LIMIT ? OFFSET ?""",  # noqa: S608
                [json.dumps([*proposed]), limit, offset],
            )
            found: list[QueueItem | None] = [
                proposed[row["id"]]
                if row["kind"] == "proposal"
                else await _FIND[row["kind"]](db, row["id"])
                for row in rows
            ]
        return tuple(one for one in found if one is not None)

    async def pending_entries(self, feed_id: int) -> tuple[PendingEntry, ...]:
        """Returns a feed's entries that wait for a moderator, oldest first."""
        async with self._database.reading() as db:
            return await entries.pending_in_feed(db, feed_id)

    async def get_pending(
        self, kind: ReviewKind, item_id: int, actor: Actor
    ) -> PendingEntry | Suggestion:
        """Returns what waits for a moderator, who is the actor.

        Raises `NotWaiting` if it is decided or gone.
        """
        async with self._database.reading() as db:
            return await _get_pending(db, kind, item_id, actor)

    async def entry(self, entry_id: int) -> PendingEntry | EntryRecord | None:
        """Returns an entry that waits, or what became of it, or None while its feed is removed."""
        async with self._database.reading() as db:
            return await entries.find(db, entry_id)

    async def resolve(
        self,
        kind: ReviewKind,
        item_id: int,
        actor: Actor,
        decision: Decision,
        *,
        details: PaperDraft | None = None,
    ) -> Recorded[UpsertResult]:
        """Adds what waits as a new paper, updates the paper that it resembles, or declines it.

        ``details`` replace those that wait. A new paper is announced, unless its entry was in the
        feed at the first poll, and a member is told what became of their suggestion. Raises
        `NeedsTitle`, and `NotWaiting` if it is decided or gone.
        """
        origin = Origin.FEED if kind is ReviewKind.ENTRY else Origin.MODERATOR
        submission = Submission(origin, actor, self._clock(), lock_fields=details is not None)
        async with self._database.transaction(in_reply=True) as db:
            pending = await _get_pending(db, kind, item_id, actor)
            catalogue = StoredCatalogue(db, submission)
            before = await resolutions.load(db, kind, item_id)
            draft = details or resolutions.waiting_draft(before)
            result = await _decide(catalogue, pending, draft, decision)
            feed_id, is_announced = None, True
            if isinstance(pending, PendingEntry):
                feed_id, is_announced = pending.feed_id, not pending.was_first_poll
                await entries.resolve(db, item_id, result, actor, submission.at)
            else:
                await suggestions.resolve(db, pending, result, actor, submission.at)
            if result.outcome is Outcome.ADDED and result.paper and is_announced:
                await enqueue_paper(db, result.paper, submission.at, feed_id)
            return await resolutions.record(
                catalogue.change_set, kind, item_id, draft.title, before, result
            )

    async def resolve_held(
        self, feed_id: int, actor: Actor, *, add: bool
    ) -> Recorded[Counter[Outcome]]:
        """Adds all entries that are held of a feed, with announcements, or declines all of them.

        It is one change with one undo. An entry without a title and a possible duplicate of a paper
        that was added in the meantime go on waiting. Raises `LabError` if none are held any more.
        """
        submission = Submission(Origin.FEED, actor, self._clock())
        outcomes: Counter[Outcome] = Counter()
        async with self._database.transaction(in_reply=True, importing=True) as db:
            held = await entries.held_ids(db, feed_id)
            if not held:
                raise LabError("Somebody has already decided about those entries.")
            catalogue = StoredCatalogue(
                db, submission, is_bulk=True, bulk_action=ChangeAction.REVIEW
            )
            for entry_id in held:
                before = await resolutions.load(db, ReviewKind.ENTRY, entry_id)
                draft = resolutions.waiting_draft(before)
                result = UpsertResult(Outcome.DECLINED, None)
                if add:
                    needs_title = is_bare_reference(draft.title)
                    result = await intake.upsert(catalogue, draft, review=needs_title)
                outcomes[result.outcome] += 1
                if result.outcome in {Outcome.DUPLICATE, Outcome.REVIEW}:
                    paper_id = result.paper.id if result.paper else None
                    await entries.wait_alone(db, entry_id, paper_id)
                    continue
                await entries.resolve(db, entry_id, result, actor, submission.at)
                if result.outcome is Outcome.ADDED and result.paper:
                    await enqueue_paper(db, result.paper, submission.at, feed_id)
                after = await resolutions.load(db, ReviewKind.ENTRY, entry_id)
                await catalogue.change_set.record_part(
                    Resolution(ReviewKind.ENTRY, entry_id, before, after),
                    draft.title,
                    result.outcome,
                )
            await catalogue.change_set.close(outcomes)
        return Recorded(outcomes, catalogue.change_set.change_id)


async def _get_pending(
    db: Connection, kind: ReviewKind, item_id: int, actor: Actor
) -> PendingEntry | Suggestion:
    found: PendingEntry | EntryRecord | Suggestion | None
    if kind is ReviewKind.ENTRY:
        found = await entries.find(db, item_id)
        gone = "That entry is gone because its feed was unfollowed."
    else:
        found, gone = await suggestions.find(db, item_id), "I couldn't find that suggestion."
    if found is None:
        raise NotWaiting(gone)
    if isinstance(found, PendingEntry) or (isinstance(found, Suggestion) and found.is_pending):
        return found
    what = describe_decision(found.outcome, found.paper_id)
    raise AlreadyResolved(found.decided_by, actor, what)


async def _decide(
    catalogue: StoredCatalogue,
    pending: PendingEntry | Suggestion,
    draft: PaperDraft,
    decision: Decision,
) -> UpsertResult:
    if decision is Decision.ADD:
        if is_bare_reference(draft.title):
            raise NeedsTitle
        return await intake.upsert(catalogue, draft, allow_duplicate=True)
    if decision is Decision.SAME and pending.paper_id is not None:
        db = catalogue.change_set.db
        (similar,) = await paper_queries.load(
            db, [await paper_queries.current_id(db, pending.paper_id)]
        )
        # A suggestion of a removed paper is declined; an entry is remembered as the removed paper.
        if similar.removed_at is None or isinstance(pending, PendingEntry):
            return await intake.upsert_as(catalogue, similar, draft)
    return UpsertResult(Outcome.DECLINED, None)
