"""The library: one object for the whole catalogue, and every change that crosses tables."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

from storage import undo
from storage.announcements import outbox
from storage.announcements.outbox import Outbox
from storage.announcements.subscriptions import Subscriptions
from storage.audit.log import ChangeSet
from storage.audit.models import Imported, Undone
from storage.audit.queries import History
from storage.authors.decisions import People
from storage.authors.lookup import Authors
from storage.bot_state import BotState
from storage.curation import edit as curation_edit
from storage.curation import intake
from storage.curation.intake import Submission
from storage.database import Database, open_database
from storage.feeds.entries import Entries
from storage.feeds.ingest import Arrivals
from storage.feeds.registry import Feeds
from storage.feeds.trace import Traces
from storage.models import Actor, DuplicatePolicy, Origin, Outcome, Paper, PaperDraft, UpsertResult
from storage.moderator_settings import Setups
from storage.papers.queries import Papers
from storage.review.queue import ReviewQueue
from storage.review.suggestions import Suggestions
from storage.search.engine import Search
from storage.timestamps import Clock

_BATCH = 2_000  # drafts that are decided together


class Library:
    """The catalogue of one running bot."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self.papers = Papers(database)
        self.search = Search(database)
        self.authors = Authors(database)
        self.people = People(database, clock)
        self.feeds = Feeds(database, clock)
        self.entries = Entries(database)
        self.arrivals = Arrivals(database, clock)
        self.outbox = Outbox(database, clock)
        self.subscriptions = Subscriptions(database, clock)
        self.traces = Traces(database, self.subscriptions, self.outbox)
        self.history = History(database)
        self.bot_state = BotState(database, clock)
        self.setups = Setups(database, clock)
        self.suggestions = Suggestions(database, clock)
        self.review_queue = ReviewQueue(database)

    @property
    def path(self) -> Path:
        """The file that holds it all."""
        return self._database.path

    async def upsert(
        self,
        draft: PaperDraft,
        origin: Origin,
        actor: Actor,
        *,
        allow_duplicate: bool = False,
        announce: bool = False,
        lock_fields: bool = True,
    ) -> UpsertResult:
        """Take in one draft; ``announce`` tells every announcement channel of an added paper.

        What a moderator did not say in their ``lock_fields``, other sources may still better.
        """
        now = self._clock()
        source = Submission(origin, actor, now, lock_fields)
        async with self._database.transaction(in_reply=True) as db:
            result = await intake.upsert(db, draft, source, allow_duplicate=allow_duplicate)
            if announce and result.outcome is Outcome.ADDED and result.paper:
                await outbox.queue(db, result.paper, now)
        return result

    async def upsert_as(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, lock_fields: bool = True
    ) -> UpsertResult:
        """Take in a draft that a moderator says is this paper; raises `PaperNotFound`."""
        source = Submission(Origin.MODERATOR, actor, self._clock(), lock_fields)
        async with self._database.transaction(in_reply=True) as db:
            return await intake.upsert_as_id(db, paper_id, draft, source)

    async def upsert_many(
        self,
        drafts: Iterable[PaperDraft],
        origin: Origin,
        actor: Actor,
        *,
        likely: DuplicatePolicy = DuplicatePolicy.SKIP,
        dry_run: bool = False,
        each: Callable[[PaperDraft, UpsertResult], None] | None = None,
    ) -> Imported:
        """Take in many drafts in their order, all or (on any exception) none; announces nothing.

        It is one change, and one undo. ``drafts`` may be a generator that reads as it goes, in a
        thread. What may be a duplicate is treated as ``likely`` says. ``each`` is told of every one
        as it is decided. With ``dry_run`` nothing is kept:
        the answer is what would happen. Raises `ImportUnderWay` where another one is.
        """
        source = Submission(origin, actor, self._clock())
        outcomes: Counter[Outcome] = Counter()

        def count(draft: PaperDraft, result: UpsertResult) -> None:
            outcomes[result.outcome] += 1
            if each:
                each(draft, result)

        rest = iter(drafts)
        async with self._database.transaction(
            keep=not dry_run, in_reply=True, importing=True
        ) as db:
            change_set = source.change_set(db, is_bulk=True)
            while batch := await asyncio.to_thread(list, islice(rest, _BATCH)):
                await intake.upsert_batch(db, batch, source, change_set, count, likely)
            await change_set.close({outcome.value: number for outcome, number in outcomes.items()})
        return Imported(outcomes, None if dry_run else change_set.change_id)

    async def edit(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, seen: PaperDraft | None = None
    ) -> Paper:
        """Make a paper what a moderator says; the changed fields are theirs from now on.

        Raises `PaperNotFound`, `PaperExists` where an identifier is another paper's, and
        `PaperChanged` where the paper is no longer what the moderator has ``seen``, and `LabError`
        where nothing would change.
        """
        async with self._acting(actor) as change_set:
            return await curation_edit.edit(change_set, paper_id, draft, seen)

    async def tag(
        self, paper_id: int, add: Iterable[str], remove: Iterable[str], actor: Actor
    ) -> Paper:
        """Give a paper tags and take some from it, in whatever way others change it meanwhile.

        Raises `PaperNotFound`, and `LabError` where nothing would change.
        """
        async with self._acting(actor) as change_set:
            return await curation_edit.tag(change_set, paper_id, add, remove)

    async def merge(
        self,
        kept_id: int,
        other_id: int,
        chosen: PaperDraft,
        actor: Actor,
        *,
        seen: tuple[PaperDraft, PaperDraft] | None = None,
    ) -> Paper:
        """Make two papers one that says what a moderator chose; the other's number leads to it.

        It has the identifiers of both in any case. Raises as `edit` does, and `LabError` where
        both are one paper already.
        """
        async with self._acting(actor) as change_set:
            return await curation_edit.merge(change_set, kept_id, other_id, chosen, seen)

    async def remove(self, paper_id: int, actor: Actor) -> Paper:
        """Take a paper out of the list; its identifiers keep it out.

        Raises `PaperNotFound`, and `LabError` where it became a part of another paper, which
        nobody asked to remove.
        """
        async with self._acting(actor) as change_set:
            return await curation_edit.remove(change_set, paper_id)

    async def restore(self, paper_id: int, actor: Actor) -> Paper:
        """Put a removed paper into the list again; raises `LabError` where it was not removed."""
        async with self._acting(actor) as change_set:
            return await curation_edit.restore(change_set, paper_id)

    async def undo(self, change_id: int, actor: Actor) -> Undone:
        """Take a change back; raises `LabError` where that is done, or no longer possible."""
        async with self._database.reading() as db:
            is_long = await undo.is_bulk(db, change_id)
        async with self._database.transaction(in_reply=True, importing=is_long) as db:
            return await undo.undo(db, change_id, actor, self._clock())

    @asynccontextmanager
    async def _acting(self, actor: Actor) -> AsyncGenerator[ChangeSet]:
        async with self._database.transaction(in_reply=True) as db:
            yield ChangeSet(db, actor, self._clock())


@asynccontextmanager
async def open_library(path: Path, clock: Clock) -> AsyncGenerator[Library]:
    """Open the catalogue in a file, making it where there is none; see `open_database`."""
    async with open_database(path) as database:
        library = Library(database, clock)
        try:
            yield library
        finally:
            await library.bot_state.close()
