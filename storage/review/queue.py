"""The review façade: everything that waits for a moderator, and how it is resolved."""

from __future__ import annotations

from storage.announcements import outbox
from storage.audit.models import Recorded, ReviewKind
from storage.curation import intake
from storage.curation.catalogue import StoredCatalogue, Submission
from storage.feeds import entries
from storage.feeds.models import EntryRecord, PendingEntry
from storage.models import Actor, Origin, Outcome, UpsertResult
from storage.papers import queries as paper_queries
from storage.review import resolutions, suggestions
from storage.review.models import Suggestion
from storage.review.suggestions import Suggestions

_ALL = """SELECT 'entry' AS kind, entries.id, seen_at AS at
          FROM entries JOIN feeds ON feeds.id = feed_id
          WHERE draft IS NOT NULL AND removed_at IS NULL
          UNION ALL SELECT 'suggestion', id, suggested_at FROM suggestions
          WHERE decided_at IS NULL"""


class Review(Suggestions):
    """The moderators' review queue: feed entries and members' suggestions."""

    async def count(self) -> int:
        """Counts what waits for a moderator."""
        async with self._database.reading() as db:
            return int(await db.value(f"SELECT COUNT(*) FROM ({_ALL})"))  # noqa: S608 - a constant

    async def page(self, offset: int, limit: int) -> tuple[PendingEntry | Suggestion, ...]:
        """Returns a page of what waits, oldest first."""
        async with self._database.reading() as db:
            rows = await db.all(
                f"SELECT * FROM ({_ALL}) ORDER BY at, kind, id LIMIT ? OFFSET ?",  # noqa: S608
                [limit, offset],
            )
            found = [
                await entries.find_pending(db, row["id"])
                if row["kind"] == "entry"
                else await suggestions.find(db, row["id"])
                for row in rows
            ]
        return tuple(one for one in found if one is not None)

    async def entry(self, entry_id: int) -> PendingEntry | EntryRecord | None:
        """Returns an entry that waits, or what became of it, or None while its feed is removed."""
        async with self._database.reading() as db:
            return await entries.find(db, entry_id)

    async def pending_entries(self, feed_id: int) -> tuple[PendingEntry, ...]:
        """Returns a feed's entries that wait for a moderator, oldest first."""
        async with self._database.reading() as db:
            return await entries.pending_in_feed(db, feed_id)

    async def resolve_entry(
        self, entry_id: int, actor: Actor, *, add: bool
    ) -> Recorded[UpsertResult]:
        """Adds a waiting entry as a paper, or else updates the similar paper or declines it.

        A new paper is announced, unless its entry was in the feed at the first poll. Raises
        `LabError` if somebody has decided the entry already.
        """
        submission = Submission(Origin.FEED, actor, self._clock())
        async with self._database.transaction(in_reply=True) as db:
            pending = await entries.get_pending(db, entry_id, actor)
            catalogue = StoredCatalogue(db, submission)
            before = await resolutions.load(db, ReviewKind.ENTRY, entry_id)
            draft = resolutions.waiting_draft(before)
            if add:
                result = await intake.upsert(catalogue, draft, allow_duplicate=True)
            elif pending.paper_id is None:
                result = UpsertResult(Outcome.DECLINED, None)
            else:
                known = await paper_queries.load(
                    db, [await paper_queries.current_id(db, pending.paper_id)]
                )
                result = await intake.upsert_as(catalogue, known[0], draft)
            await entries.resolve(db, entry_id, result, actor, submission.at)
            if result.outcome is Outcome.ADDED and result.paper and not pending.was_first_poll:
                await outbox.enqueue_paper(db, result.paper, submission.at, pending.feed_id)
            return await resolutions.record(
                catalogue.change_set, ReviewKind.ENTRY, entry_id, draft.title, before, result
            )
