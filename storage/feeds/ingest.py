"""What feeds bring: taken into the list with its announcements, or left to moderators to decide."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from storage.announcements import outbox
from storage.curation import intake
from storage.curation.intake import Submission
from storage.database import Connection
from storage.feeds import entries
from storage.feeds import registry as feed_registry
from storage.feeds.models import Entry, Feed, FeedState, IngestResult
from storage.feeds.registry import FeedRegistry
from storage.models import Actor, Origin, Outcome, Paper, PaperDraft, UpsertResult
from storage.papers import credits, matching
from storage.papers import queries as paper_queries
from storage.papers.identifiers import is_feed_guid

_TOGETHER = 50  # entries of a feed that are taken in in one transaction


class Feeds(FeedRegistry):
    """The feeds façade: the registry of feeds, and how their entries get into the paper list."""

    async def ingest(
        self,
        feed: Feed,
        found: Sequence[Entry],
        state: FeedState,
        review_channel: int | None = None,
    ) -> IngestResult:
        """What one good poll brought: papers with their announcements, then the feed's state.

        ``found`` come newest first, as feeds list them, and are taken in oldest first, some at a
        time, so that nobody waits long for the list. The first poll of a feed announces nothing;
        one that is interrupted is taken up again by the next. New entries of a reviewed feed wait
        for a moderator, who is asked in ``review_channel``.
        """
        now = self._clock()
        oldest_first = list(reversed(found))
        present = {entry.key for entry in found}
        tally = _Tally()
        for start in range(0, max(len(oldest_first), 1), _TOGETHER):
            some = oldest_first[start : start + _TOGETHER]
            async with self._database.transaction() as db:
                polled = await feed_registry.is_polled(db, feed.id)
                if polled is None:
                    return IngestResult()
                tally.silent = not polled
                await self._ingest_some(db, feed, some, present, tally, now, review_channel)
                if start + _TOGETHER >= len(oldest_first):
                    await feed_registry.record_successes(db, {feed.id: state}, now)
        return tally.result()

    async def _ingest_some(
        self,
        db: Connection,
        feed: Feed,
        some: Sequence[Entry],
        present: Collection[str],
        tally: _Tally,
        now: datetime,
        review_channel: int | None,
    ) -> None:
        source = Submission(Origin.FEED, Actor(f"feed:{feed.id}", feed.title), now)
        review = feed.is_reviewed and not tally.silent
        known = await entries.known_keys(db, feed.id, [entry.key for entry in some])
        new = [entry for entry in some if entry.key not in known]
        tally.known += len(some) - len(new)
        if new:
            await feed_registry.note_news(db, feed.id, now)
        for entry in new:
            result = await self._upsert_entry(db, feed, entry, source, present, review=review)
            entry_id = await entries.record_entry(db, feed.id, entry, result, now)
            tally.count(entry.draft, result)
            if result.outcome is Outcome.REVIEW and review_channel:
                await outbox.ask_for_review(db, review_channel, entry_id, now)
            if result.outcome is Outcome.ADDED and result.paper and not tally.silent:
                await outbox.queue(db, result.paper, now, feed.id)

    async def announce_newest(self, feed_id: int, most: int) -> int:
        """Announce the newest papers that a feed brought, wherever they are wanted; says how many.

        What a channel has or had already stays as it is.
        """
        async with self._database.transaction() as db:
            ids = await entries.newest_added(db, feed_id, most)
            for paper in await paper_queries.load(db, ids):
                await outbox.queue(db, paper, self._clock(), feed_id)
        return len(ids)

    async def _upsert_entry(
        self,
        db: Connection,
        feed: Feed,
        entry: Entry,
        source: Submission,
        present: Collection[str],
        *,
        review: bool,
    ) -> UpsertResult:
        """Admit an entry, knowing it again under a new id where its title and feed are the same.

        Such a feed's ids change from poll to poll, so the new one is no identifier to keep.
        """
        draft = entry.draft
        earlier = await entries.papers_titled(db, feed.id, draft.title, present)
        if earlier is None:  # it waits for a moderator under its former id
            return UpsertResult(Outcome.UNCHANGED, None)
        (shown,) = await credits.with_current_names(db, [draft])
        for paper in await paper_queries.load(db, earlier):
            if matching.may_be_same(paper, shown) and not matching.is_next_issue(paper, shown):
                lasting = [name for name in draft.identifiers if not is_feed_guid(name)]
                same = replace(draft, identifiers=tuple(lasting))
                return await intake.upsert_as(db, paper, same, source)
        return await intake.upsert(db, draft, source, review=review)


class _Tally:
    """An intake while it is being counted."""

    def __init__(self) -> None:
        self.silent = False
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
            completed=tuple(self._papers[Outcome.UPDATED]),
            duplicates=tuple(self._duplicates),
            known=self.known,
            removed=self._removed,
            reviews=self._reviews,
            silent=self.silent,
        )
