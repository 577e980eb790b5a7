"""The library: one object for the whole catalogue, and every change that crosses tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from storage import admission, feeds, history, outbox, paper_rows, papers, people, undoing
from storage.admission import Source
from storage.authors import Authors
from storage.completion import as_draft, normal
from storage.database import Connection, Database, open_database
from storage.errors import PaperChanged, PaperExists, PaperNotFound
from storage.feed_records import Entry, Feed, FeedState, Intake
from storage.feeds import Feeds
from storage.history import History
from storage.identifiers import is_feed_guid
from storage.moments import Clock
from storage.notes import Notes
from storage.outbox import Outbox
from storage.papers import Papers
from storage.records import Actor, Admission, Change, Origin, Outcome, Paper, PaperDraft
from storage.routes import Routes
from storage.search import Search
from storage.traces import Traces

_BATCH = 2_000  # drafts that are decided together
_ENTRIES = 50  # of a feed that are taken in together


class Library:
    """The catalogue of one running bot."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.papers = Papers(database)
        self.search = Search(database)
        self.authors = Authors(database)
        self.feeds = Feeds(database, clock)
        self.outbox = Outbox(database, clock)
        self.routes = Routes(database, clock)
        self.traces = Traces(database, self.routes, self.outbox)
        self.history = History(database)
        self.notes = Notes(database, clock)

    @property
    def path(self) -> Path:
        """The file that holds it all."""
        return self._database.path

    async def admit(
        self,
        draft: PaperDraft,
        origin: Origin,
        actor: Actor,
        *,
        despite_likeness: bool = False,
        announce: bool = False,
    ) -> Admission:
        """Take in one draft; ``announce`` tells every announcement channel of an added paper."""
        now = self._clock()
        source = Source(origin, actor, now)
        async with self._database.transaction() as db:
            result = await admission.admit(db, draft, source, despite_likeness=despite_likeness)
            if announce and result.outcome is Outcome.ADDED and result.paper:
                await outbox.queue(db, result.paper, now)
        return result

    async def admit_all(
        self,
        drafts: Iterable[PaperDraft],
        origin: Origin,
        actor: Actor,
        *,
        rehearse: bool = False,
        each: Callable[[PaperDraft, Admission], None] | None = None,
    ) -> Counter[Outcome]:
        """Take in many drafts in their order, all or (on any exception) none; announces nothing.

        ``drafts`` may be a generator that reads as it goes. ``each`` is told of every one as it is
        decided. With ``rehearse`` nothing is kept: the answer is what would happen.
        """
        source = Source(origin, actor, self._clock())
        outcomes: Counter[Outcome] = Counter()

        def count(draft: PaperDraft, result: Admission) -> None:
            outcomes[result.outcome] += 1
            if each:
                each(draft, result)

        rest = iter(drafts)
        async with self._database.transaction(keep=not rehearse) as db:
            while batch := list(islice(rest, _BATCH)):
                await admission.admit_batch(db, batch, source, count)
        return outcomes

    async def edit(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, seen: PaperDraft | None = None
    ) -> Paper:
        """Make a paper what a moderator says; the changed fields are theirs from now on.

        Raises `PaperNotFound`, `PaperExists` where an identifier is another paper's, and
        `PaperChanged` where the paper is no longer what the moderator has ``seen``.
        """
        async with self._database.transaction() as db:
            before = await _present(db, paper_id)
            paper_id = before.id
            owners = await papers.owners(db, draft.identifiers)
            if others := [owner for owner in owners.values() if owner != paper_id]:
                (other,) = await papers.load(db, others[:1])
                raise PaperExists(other)
            if seen is not None and as_draft(before) != seen:
                raise PaperChanged
            draft = normal(draft)
            old = history.snapshot(as_draft(before))
            new = history.snapshot(draft)
            await paper_rows.replace(db, before, draft)
            await paper_rows.lock(db, paper_id, [name for name in new if new[name] != old[name]])
            (after,) = await papers.load(db, [paper_id])
            await history.record(db, self._clock(), actor, "edit", before, after)
        return after

    async def remove(self, paper_id: int, actor: Actor) -> Paper:
        """Take a paper out of the list; its identifiers keep it out. Raises `PaperNotFound`."""
        now = self._clock()
        async with self._database.transaction() as db:
            before = await _present(db, paper_id)
            await paper_rows.set_removed(db, before, now)
            (after,) = await papers.load(db, [before.id])
            await history.record(db, now, actor, "remove", before, after)
        return before

    async def merge_people(self, name: str, into: str, actor: Actor) -> tuple[str, int]:
        """Make two names one person's, shown by the second; gives that name and the change."""
        async with self._database.transaction() as db:
            return await self._decide(db, "merge", await people.merge(db, name, into), actor)

    async def split_name(self, name: str, actor: Actor) -> tuple[str, int]:
        """Part a credited name from whom it counts for; gives who that is, and the change."""
        async with self._database.transaction() as db:
            return await self._decide(db, "split", await people.split(db, name), actor)

    async def rename_person(self, name: str, to: str, actor: Actor) -> tuple[str, int]:
        """Show a person by a new name, and never by the former; gives it and the change."""
        async with self._database.transaction() as db:
            return await self._decide(db, "rename", await people.rename(db, name, to), actor)

    async def undo(self, change_id: int, actor: Actor) -> Change:
        """Take a change back; raises `LabError` where that is done, or no longer possible."""
        async with self._database.transaction() as db:
            return await undoing.undo(db, change_id, actor, self._clock())

    async def _decide(
        self, db: Connection, action: str, decided: tuple[str, people.Decisions], actor: Actor
    ) -> tuple[str, int]:
        name, after = decided
        before = await people.decisions(db, after)
        await people.decide(db, after)
        change_id = await history.record_decision(
            db, self._clock(), actor, action, name, before, after
        )
        return name, change_id

    async def take_in(
        self,
        feed: Feed,
        entries: Sequence[Entry],
        state: FeedState,
        review_channel: int | None = None,
    ) -> Intake:
        """What one good poll brought: papers with their announcements, then the feed's state.

        ``entries`` come newest first, as feeds list them, and are taken in oldest first, some at a
        time, so that nobody waits long for the list. The first poll of a feed announces nothing;
        one that is interrupted is taken up again by the next. New entries of a reviewed feed wait
        for a moderator, who is asked in ``review_channel``.
        """
        now = self._clock()
        oldest_first = list(reversed(entries))
        present = {entry.key for entry in entries}
        intake = _Tally()
        for start in range(0, max(len(oldest_first), 1), _ENTRIES):
            some = oldest_first[start : start + _ENTRIES]
            async with self._database.transaction() as db:
                polled = await feeds.is_polled(db, feed.id)
                if polled is None:
                    return Intake()
                intake.silent = not polled
                await self._take_in_some(db, feed, some, present, intake, now, review_channel)
                if start + _ENTRIES >= len(oldest_first):
                    await feeds.record_successes(db, {feed.id: state}, now)
        return intake.result()

    async def _take_in_some(
        self,
        db: Connection,
        feed: Feed,
        entries: Sequence[Entry],
        present: Collection[str],
        intake: _Tally,
        now: datetime,
        review_channel: int | None,
    ) -> None:
        source = Source(Origin.FEED, Actor(f"feed:{feed.id}", feed.title), now)
        review = feed.is_reviewed and not intake.silent
        known = await feeds.known_keys(db, feed.id, [entry.key for entry in entries])
        new = [entry for entry in entries if entry.key not in known]
        intake.known += len(entries) - len(new)
        if new:
            await feeds.note_news(db, feed.id, now)
        for entry in new:
            result = await self._admit_entry(db, feed, entry, source, present, review=review)
            entry_id = await feeds.record_entry(db, feed.id, entry, result, now)
            intake.count(entry.draft, result)
            if result.outcome is Outcome.REVIEW and review_channel:
                await outbox.ask_for_review(db, review_channel, entry_id, now)
            if result.outcome is Outcome.ADDED and result.paper and not intake.silent:
                await outbox.queue(db, result.paper, now, feed.id)

    async def announce_newest(self, feed_id: int, most: int) -> int:
        """Announce the newest papers that a feed brought, wherever they are wanted; says how many.

        What a channel has or had already stays as it is.
        """
        async with self._database.transaction() as db:
            ids = await feeds.newest_added(db, feed_id, most)
            for paper in await papers.load(db, ids):
                await outbox.queue(db, paper, self._clock(), feed_id)
        return len(ids)

    async def rehearse(self, drafts: Sequence[PaperDraft]) -> tuple[Admission, ...]:
        """What would become of a few drafts of a feed, taken in in this order; changes nothing."""
        source = Source(Origin.FEED, Actor("rehearsal", "a rehearsal"), self._clock())
        async with self._database.transaction(keep=False) as db:
            return tuple([await admission.admit(db, draft, source) for draft in drafts])

    async def note_unchanged(self, states: Mapping[int, FeedState]) -> None:
        """Write down polls that brought what was read before, by the feeds' numbers."""
        async with self._database.transaction() as db:
            await feeds.record_successes(db, states, self._clock())

    async def tell_of_feed(
        self, feed_id: int, told: str, channel_id: int | None = None, text: str = ""
    ) -> None:
        """Write down what moderators are told of a feed, and put the notice into their channel.

        Both or neither happen, so that nothing is told twice; no channel or text, no notice.
        """
        async with self._database.transaction() as db:
            if await feeds.note_told(db, feed_id, told) and channel_id and text:
                await outbox.notify(db, channel_id, text, self._clock())

    async def pause_feed(
        self, feed_id: int, reason: str, channel_id: int | None = None, text: str = ""
    ) -> None:
        """Read a feed no more, for a reason, and tell of it in the moderators' channel."""
        async with self._database.transaction() as db:
            if await feeds.pause(db, feed_id, reason, self._clock()) and channel_id:
                await outbox.notify(db, channel_id, text, self._clock())

    async def settle(self, entry_id: int, actor: Actor, *, add: bool) -> Admission:
        """Decide an entry that waits: a paper of its own, or the one it resembles, or not ours.

        A new paper is announced where the entry was news. Raises `LabError` where somebody has
        decided it already.
        """
        source = Source(Origin.FEED, actor, self._clock())
        async with self._database.transaction() as db:
            pending = await feeds.undecided(db, entry_id)
            if pending is None:
                raise await feeds.decided_already(db, entry_id)
            if add:
                result = await admission.admit(db, pending.draft, source, despite_likeness=True)
            elif pending.paper_id is None:
                result = Admission(Outcome.DECLINED, None)
            else:
                known = await papers.load(db, [await papers.current(db, pending.paper_id)])
                result = await admission.admit_as(db, known[0], pending.draft, source)
            await feeds.decide(db, entry_id, result, actor, source.at)
            if result.outcome is Outcome.ADDED and result.paper and pending.is_news:
                await outbox.queue(db, result.paper, source.at, pending.feed_id)
        return result

    async def _admit_entry(
        self,
        db: Connection,
        feed: Feed,
        entry: Entry,
        source: Source,
        present: Collection[str],
        *,
        review: bool,
    ) -> Admission:
        """Admit an entry, knowing it again under a new id where its title and feed are the same.

        Such a feed's ids change from poll to poll, so the new one is no identifier to keep.
        """
        draft = entry.draft
        earlier = await feeds.papers_titled(db, feed.id, draft.title, present)
        if earlier is None:  # it waits for a moderator under its former id
            return Admission(Outcome.UNCHANGED, None)
        for paper in await papers.load(db, earlier):
            if admission.may_be_same(paper, draft):
                lasting = [name for name in draft.identifiers if not is_feed_guid(name)]
                same = replace(draft, identifiers=tuple(lasting))
                return await admission.admit_as(db, paper, same, source)
        return await admission.admit(db, draft, source, review=review)


class _Tally:
    """An intake while it is being counted."""

    def __init__(self) -> None:
        self.silent = False
        self.known = 0
        self._removed = 0
        self._reviews = 0
        self._papers: dict[Outcome, list[Paper]] = {Outcome.ADDED: [], Outcome.UPDATED: []}
        self._duplicates: list[tuple[PaperDraft, Paper]] = []

    def count(self, draft: PaperDraft, result: Admission) -> None:
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

    def result(self) -> Intake:
        return Intake(
            added=tuple(self._papers[Outcome.ADDED]),
            completed=tuple(self._papers[Outcome.UPDATED]),
            duplicates=tuple(self._duplicates),
            known=self.known,
            removed=self._removed,
            reviews=self._reviews,
            silent=self.silent,
        )


async def _present(db: Connection, paper_id: int) -> Paper:
    found = await papers.load(db, [await papers.current(db, paper_id)])
    if not found or found[0].removed_at is not None:
        raise PaperNotFound(f"#{paper_id}")
    return found[0]


@asynccontextmanager
async def open_library(path: Path, clock: Clock) -> AsyncGenerator[Library]:
    """Open the catalogue in a file, making it where there is none; see `open_database`."""
    async with open_database(path) as database:
        library = Library(database, clock)
        try:
            yield library
        finally:
            await library.notes.close()
