"""How the entries of a feed become papers, with their announcements, or wait for moderators."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from storage.announcements.enqueue import enqueue_entry, enqueue_notice, enqueue_paper
from storage.connection import Connection
from storage.curation import intake
from storage.curation.catalogue import Catalogue, StoredCatalogue, Submission
from storage.curation.preview import PreviewCatalogue, simulated_changes
from storage.database import Database
from storage.feeds import entries
from storage.feeds import registry as feed_registry
from storage.feeds.models import Entry, Feed, FeedState, IngestResult, Notice
from storage.feeds.registry import FeedRegistry
from storage.models import Actor, Origin, Outcome, Paper, PaperDraft, UpsertResult
from storage.papers import matching
from storage.papers import queries as paper_queries
from storage.papers.identifiers import is_feed_guid
from storage.papers.titles import is_bare_reference
from storage.timestamps import Clock

_MANY = 10  # times the usual number of new papers, which has a moderator look at them
_FORGET_AFTER = timedelta(days=1)  # see `entries.forget_former_keys`
_BATCH_SIZE = 50  # entries per transaction, so that nothing else waits long for the database


def _no_notice(_added: int, _usual: int) -> str:
    return ""


class Feeds(FeedRegistry):
    """The feeds façade: the registry of feeds, and how their entries get into the paper list."""

    def __init__(
        self, database: Database, clock: Clock, restored_at: datetime | None = None
    ) -> None:
        super().__init__(database, clock)
        self._restored_at = restored_at

    async def ingest(
        self,
        feed: Feed,
        found: Sequence[Entry],
        state: FeedState,
        review_channel: int | None = None,
        held_notice: Callable[[int, int], str] = _no_notice,
    ) -> IngestResult:
        """Adds what a successful poll found to the list, with announcements, and records the state.

        Feeds list entries newest first; they are ingested oldest first. The first poll of a feed
        announces nothing, and if it is interrupted, the next one is still the first. New entries
        of a reviewed feed wait for a moderator, with a card in ``review_channel`` if there is one.
        If a feed brings ten times its usual number of new papers, these are held: they wait for one
        decision, with one notice in ``review_channel``. While some are held, so are the feed's
        other new entries. ``held_notice`` gets the numbers of new papers and of usual ones.
        """
        now = self._clock()
        oldest_first = list(reversed(found))
        present = {entry.key for entry in found}
        tally = _Tally()
        tally.hold = await self._hold_notice(feed, oldest_first, present, now, held_notice)
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
        catalogue = StoredCatalogue(db, _submission(feed, now))
        is_held = tally.hold is not None and not tally.is_silent
        review = (feed.is_reviewed or is_held) and not tally.is_silent
        known = await entries.known_keys(db, feed.id, [entry.key for entry in batch])
        new = [entry for entry in batch if entry.key not in known]
        tally.known += len(batch) - len(new)
        if new:
            await feed_registry.record_new_entries(db, feed.id, now)
        known_papers = []
        for entry in new:
            if entry.notice is not None:
                result = await _leave_out(catalogue, entry.notice)
                tally.left_out += 1
            else:
                result = await _upsert_entry(db, feed, entry, catalogue, present, review=review)
                tally.count(entry.draft, result, is_held=is_held)
            entry_id = await entries.insert(db, feed.id, entry, result, now, is_held=is_held)
            has_card = result.outcome is Outcome.REVIEW and not (is_held or tally.is_silent)
            if has_card and review_channel:
                await enqueue_entry(db, review_channel, entry_id, now)
            if result.outcome is Outcome.REVIEW and review_channel and tally.hold:
                await enqueue_notice(db, review_channel, tally.hold, now, feed.id)
                tally.hold = ""
            if result.outcome is Outcome.ADDED and result.paper and not tally.is_silent:
                await enqueue_paper(db, result.paper, now, feed.id)
            if result.outcome is not Outcome.ADDED:
                known_papers.append(entry_id)
        if known_papers:
            await entries.forget_former_keys(
                db, feed.id, known_papers, present, now - _FORGET_AFTER
            )

    async def _hold_notice(
        self,
        feed: Feed,
        found: Sequence[Entry],
        present: Collection[str],
        now: datetime,
        held_notice: Callable[[int, int], str],
    ) -> str | None:
        """Returns the notice that new entries are held, or None if they aren't.

        It is empty if moderators have had one about entries that are still held. The first check
        after a restore holds nothing: it brings all that is new since the backup.
        """
        if feed.is_reviewed or feed.first_polled_at is None or self._is_catching_up(feed):
            return None
        async with self._database.reading() as db:
            if await entries.held_ids(db, feed.id):
                return ""
            known = await entries.known_keys(db, feed.id, [entry.key for entry in found])
            new = [entry for entry in found if entry.key not in known]
            if len(new) < _MANY:
                return None
            usual = await entries.usual_number(db, feed.id)
        if usual is None or len(new) < _MANY * usual:
            return None
        added = await self._count_additions(feed, new, present, now)
        if added < _MANY * usual:
            return None
        return held_notice(added, usual)

    def _is_catching_up(self, feed: Feed) -> bool:
        if self._restored_at is None:
            return False
        return feed.last_success_at is None or feed.last_success_at < self._restored_at

    async def _count_additions(
        self, feed: Feed, new: Sequence[Entry], present: Collection[str], now: datetime
    ) -> int:
        """Counts the papers that new entries would add; entries may also be renamed ones."""
        added = 0
        async with simulated_changes(self._database) as changes:
            for start in range(0, len(new), _BATCH_SIZE):
                async with self._database.reading() as db:
                    catalogue = PreviewCatalogue(db, _submission(feed, now), changes)
                    for entry in new[start : start + _BATCH_SIZE]:
                        if entry.notice is not None:
                            continue
                        result = await _upsert_entry(
                            db, feed, entry, catalogue, present, review=False
                        )
                        added += result.outcome is Outcome.ADDED
        return added

    async def announce_newest(self, feed_id: int, limit: int) -> int:
        """Announces the newest papers that a feed added; returns how many.

        A channel that has or had one of them doesn't get it again.
        """
        async with self._database.transaction() as db:
            ids = await entries.newest_added_papers(db, feed_id, limit)
            for paper in await paper_queries.load(db, ids):
                await enqueue_paper(db, paper, self._clock(), feed_id)
        return len(ids)


class _Tally:
    """Counts the outcomes of one poll's entries."""

    def __init__(self) -> None:
        self.is_silent = False
        self.hold: str | None = None  # the notice to send, if new entries are held
        self.known = 0
        self.left_out = 0
        self._removed = 0
        self._reviews = 0
        self._held = 0
        self._papers: dict[Outcome, list[Paper]] = {Outcome.ADDED: [], Outcome.UPDATED: []}
        self._duplicates: list[tuple[PaperDraft, Paper]] = []

    def count(self, draft: PaperDraft, result: UpsertResult, *, is_held: bool) -> None:
        if result.outcome is Outcome.REMOVED:
            self._removed += 1
        elif result.outcome is Outcome.REVIEW:
            self._reviews += 1
            self._held += is_held
        elif result.outcome in {Outcome.UNCHANGED, Outcome.DECLINED} or result.paper is None:
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
            held=self._held,
            left_out=self.left_out,
            is_silent=self.is_silent,
        )


def _submission(feed: Feed, now: datetime) -> Submission:
    return Submission(Origin.FEED, Actor(f"feed:{feed.id}", feed.title), now)


async def _leave_out(catalogue: Catalogue, notice: Notice) -> UpsertResult:
    """Returns the paper that a notice is about, if it's in the list; nothing is changed."""
    for title in notice.titles:
        if papers := await catalogue.titled(title):
            return UpsertResult(Outcome.UNCHANGED, papers[0])
    return UpsertResult(Outcome.UNCHANGED, None)


async def _upsert_entry(
    db: Connection,
    feed: Feed,
    entry: Entry,
    catalogue: Catalogue,
    present: Collection[str],
    *,
    review: bool,
) -> UpsertResult:
    """Upserts an entry's draft, recognizing a former entry of the same title under a new key.

    The ids of such a feed change from poll to poll, so the paper doesn't get the new one.
    """
    draft = entry.draft
    former = await entries.find_former(db, feed.id, draft, present)
    if isinstance(former, Outcome):
        return UpsertResult(former, None)
    shown = await catalogue.with_current_names(draft)
    for paper in await catalogue.load(former):
        is_same = matching.may_be_same(paper, shown) and not matching.is_next_issue(paper, shown)
        if is_same or (
            matching.has_moved(paper, shown)
            and not await entries.is_series(db, feed.id, draft.title)
        ):
            lasting = [name for name in draft.identifiers if not is_feed_guid(name)]
            same = replace(draft, identifiers=tuple(lasting))
            return await intake.upsert_as(catalogue, paper, same)
    needs_title = is_bare_reference(draft.title)
    return await intake.upsert(catalogue, draft, review=review or needs_title)
