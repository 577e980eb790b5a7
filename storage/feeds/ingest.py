"""How the entries of a feed become papers, with their announcements, or wait for moderators."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from storage.announcements import outbox
from storage.curation import intake
from storage.curation.catalogue import StoredCatalogue, Submission
from storage.database import Connection
from storage.feeds import entries
from storage.feeds import registry as feed_registry
from storage.feeds.models import Entry, Feed, FeedState, IngestResult
from storage.feeds.registry import FeedRegistry
from storage.models import Actor, Origin, Outcome, Paper, PaperDraft, UpsertResult
from storage.papers import matching
from storage.papers import queries as paper_queries
from storage.papers.identifiers import is_feed_guid

_BATCH_SIZE = 50  # entries per transaction, so that nothing else waits long for the database


class Feeds(FeedRegistry):
    """The feeds façade: the registry of feeds, and how their entries get into the paper list."""

    async def ingest(
        self,
        feed: Feed,
        found: Sequence[Entry],
        state: FeedState,
        review_channel: int | None = None,
    ) -> IngestResult:
        """Adds what a successful poll found to the list, with announcements, and records the state.

        Feeds list entries newest first; they are ingested oldest first. The first poll of a feed
        announces nothing, and if it is interrupted, the next one is still the first. New entries
        of a reviewed feed wait for a moderator, with a card in ``review_channel`` if there is one.
        """
        now = self._clock()
        oldest_first = list(reversed(found))
        present = {entry.key for entry in found}
        tally = _Tally()
        for start in range(0, max(len(oldest_first), 1), _BATCH_SIZE):
            batch = oldest_first[start : start + _BATCH_SIZE]
            async with self._database.transaction() as db:
                is_first_poll = await feed_registry.is_first_poll(db, feed.id)
                if is_first_poll is None:
                    return IngestResult()
                tally.is_silent = is_first_poll
                await self._ingest_batch(db, feed, batch, present, tally, now, review_channel)
                if start + _BATCH_SIZE >= len(oldest_first):
                    await feed_registry.record_successes(db, {feed.id: state}, now)
        return tally.result()

    async def _ingest_batch(
        self,
        db: Connection,
        feed: Feed,
        batch: Sequence[Entry],
        present: Collection[str],
        tally: _Tally,
        now: datetime,
        review_channel: int | None,
    ) -> None:
        submission = Submission(Origin.FEED, Actor(f"feed:{feed.id}", feed.title), now)
        review = feed.is_reviewed and not tally.is_silent
        known = await entries.known_keys(db, feed.id, [entry.key for entry in batch])
        new = [entry for entry in batch if entry.key not in known]
        tally.known += len(batch) - len(new)
        if new:
            await feed_registry.record_new_entries(db, feed.id, now)
        for entry in new:
            result = await self._upsert_entry(db, feed, entry, submission, present, review=review)
            entry_id = await entries.insert(db, feed.id, entry, result, now)
            tally.count(entry.draft, result)
            if result.outcome is Outcome.REVIEW and review_channel:
                await outbox.enqueue_entry(db, review_channel, entry_id, now)
            if result.outcome is Outcome.ADDED and result.paper and not tally.is_silent:
                await outbox.enqueue_paper(db, result.paper, now, feed.id)

    async def _upsert_entry(
        self,
        db: Connection,
        feed: Feed,
        entry: Entry,
        submission: Submission,
        present: Collection[str],
        *,
        review: bool,
    ) -> UpsertResult:
        """Upserts an entry's draft, recognizing a former entry of the same title under a new key.

        The ids of such a feed change from poll to poll, so the paper doesn't get the new one.
        """
        draft = entry.draft
        former = await entries.papers_by_title(db, feed.id, draft.title, present)
        if former is None:  # it waits for a moderator under its former key
            return UpsertResult(Outcome.UNCHANGED, None)
        catalogue = StoredCatalogue(db, submission)
        shown = await catalogue.with_current_names(draft)
        for paper in await paper_queries.load(db, former):
            if matching.may_be_same(paper, shown) and not matching.is_next_issue(paper, shown):
                lasting = [name for name in draft.identifiers if not is_feed_guid(name)]
                same = replace(draft, identifiers=tuple(lasting))
                return await intake.upsert_as(catalogue, paper, same)
        return await intake.upsert(catalogue, draft, review=review)

    async def announce_newest(self, feed_id: int, limit: int) -> int:
        """Announces the newest papers that a feed added; returns how many.

        A channel that has or had one of them doesn't get it again.
        """
        async with self._database.transaction() as db:
            ids = await entries.newest_added_papers(db, feed_id, limit)
            for paper in await paper_queries.load(db, ids):
                await outbox.enqueue_paper(db, paper, self._clock(), feed_id)
        return len(ids)


class _Tally:
    """Counts the outcomes of one poll's entries."""

    def __init__(self) -> None:
        self.is_silent = False
        self.known = 0
        self._removed = 0
        self._reviews = 0
        self._papers: dict[Outcome, list[Paper]] = {Outcome.ADDED: [], Outcome.UPDATED: []}
        self._duplicates: list[tuple[PaperDraft, Paper]] = []

    def count(self, draft: PaperDraft, result: UpsertResult) -> None:
        if result.outcome is Outcome.REMOVED:
            self._removed += 1
        elif result.outcome is Outcome.REVIEW:
            self._reviews += 1
        elif result.outcome is Outcome.UNCHANGED or result.paper is None:
            self.known += 1
        elif result.outcome is Outcome.DUPLICATE:
            self._duplicates.append((draft, result.paper))
        else:
            self._papers[result.outcome].append(result.paper)

    def result(self) -> IngestResult:
        return IngestResult(
            added=tuple(self._papers[Outcome.ADDED]),
            updated=tuple(self._papers[Outcome.UPDATED]),
            duplicates=tuple(self._duplicates),
            known=self.known,
            removed=self._removed,
            reviews=self._reviews,
            is_silent=self.is_silent,
        )
