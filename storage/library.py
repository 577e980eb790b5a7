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
from storage.announcements.subscriptions import Routes
from storage.audit.log import Act
from storage.audit.models import Imported, Undone
from storage.audit.queries import History
from storage.authors.decisions import People
from storage.authors.lookup import Authors
from storage.bot_state import Notes
from storage.curation import edit as curation_edit
from storage.curation import intake
from storage.curation.intake import Source
from storage.database import Database, open_database
from storage.feeds.entries import Entries
from storage.feeds.ingest import Arrivals
from storage.feeds.registry import Feeds
from storage.feeds.trace import Traces
from storage.models import Actor, Admission, Likely, Origin, Outcome, Paper, PaperDraft
from storage.moderator_settings import Setups
from storage.papers.queries import Papers
from storage.review.queue import Waiting
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
        self.routes = Routes(database, clock)
        self.traces = Traces(database, self.routes, self.outbox)
        self.history = History(database)
        self.notes = Notes(database, clock)
        self.setups = Setups(database, clock)
        self.suggestions = Suggestions(database, clock)
        self.waiting = Waiting(database)

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
        own_words: bool = True,
    ) -> Admission:
        """Take in one draft; ``announce`` tells every announcement channel of an added paper.

        What a moderator did not say in their ``own_words``, other sources may still better.
        """
        now = self._clock()
        source = Source(origin, actor, now, own_words)
        async with self._database.transaction(in_reply=True) as db:
            result = await intake.admit(db, draft, source, despite_likeness=despite_likeness)
            if announce and result.outcome is Outcome.ADDED and result.paper:
                await outbox.queue(db, result.paper, now)
        return result

    async def admit_as(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, own_words: bool = True
    ) -> Admission:
        """Take in a draft that a moderator says is this paper; raises `PaperNotFound`."""
        source = Source(Origin.MODERATOR, actor, self._clock(), own_words)
        async with self._database.transaction(in_reply=True) as db:
            return await intake.admit_as_numbered(db, paper_id, draft, source)

    async def admit_all(
        self,
        drafts: Iterable[PaperDraft],
        origin: Origin,
        actor: Actor,
        *,
        likely: Likely = Likely.LEAVE,
        rehearse: bool = False,
        each: Callable[[PaperDraft, Admission], None] | None = None,
    ) -> Imported:
        """Take in many drafts in their order, all or (on any exception) none; announces nothing.

        It is one change, and one undo. ``drafts`` may be a generator that reads as it goes, in a
        thread. What may be a duplicate is treated as ``likely`` says. ``each`` is told of every one
        as it is decided. With ``rehearse`` nothing is kept:
        the answer is what would happen. Raises `ImportUnderWay` where another one is.
        """
        source = Source(origin, actor, self._clock())
        outcomes: Counter[Outcome] = Counter()

        def count(draft: PaperDraft, result: Admission) -> None:
            outcomes[result.outcome] += 1
            if each:
                each(draft, result)

        rest = iter(drafts)
        async with self._database.transaction(
            keep=not rehearse, in_reply=True, importing=True
        ) as db:
            act = source.act(db, is_bulk=True)
            while batch := await asyncio.to_thread(list, islice(rest, _BATCH)):
                await intake.admit_batch(db, batch, source, act, count, likely)
            await act.close({outcome.value: number for outcome, number in outcomes.items()})
        return Imported(outcomes, None if rehearse else act.change_id)

    async def edit(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, seen: PaperDraft | None = None
    ) -> Paper:
        """Make a paper what a moderator says; the changed fields are theirs from now on.

        Raises `PaperNotFound`, `PaperExists` where an identifier is another paper's, and
        `PaperChanged` where the paper is no longer what the moderator has ``seen``, and `LabError`
        where nothing would change.
        """
        async with self._acting(actor) as act:
            return await curation_edit.edit(act, paper_id, draft, seen)

    async def tag(
        self, paper_id: int, add: Iterable[str], remove: Iterable[str], actor: Actor
    ) -> Paper:
        """Give a paper tags and take some from it, in whatever way others change it meanwhile.

        Raises `PaperNotFound`, and `LabError` where nothing would change.
        """
        async with self._acting(actor) as act:
            return await curation_edit.tag(act, paper_id, add, remove)

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
        async with self._acting(actor) as act:
            return await curation_edit.merge(act, kept_id, other_id, chosen, seen)

    async def remove(self, paper_id: int, actor: Actor) -> Paper:
        """Take a paper out of the list; its identifiers keep it out.

        Raises `PaperNotFound`, and `LabError` where it became a part of another paper, which
        nobody asked to remove.
        """
        async with self._acting(actor) as act:
            return await curation_edit.remove(act, paper_id)

    async def restore(self, paper_id: int, actor: Actor) -> Paper:
        """Put a removed paper into the list again; raises `LabError` where it was not removed."""
        async with self._acting(actor) as act:
            return await curation_edit.restore(act, paper_id)

    async def undo(self, change_id: int, actor: Actor) -> Undone:
        """Take a change back; raises `LabError` where that is done, or no longer possible."""
        async with self._database.reading() as db:
            is_long = await undo.is_bulk(db, change_id)
        async with self._database.transaction(in_reply=True, importing=is_long) as db:
            return await undo.undo(db, change_id, actor, self._clock())

    @asynccontextmanager
    async def _acting(self, actor: Actor) -> AsyncGenerator[Act]:
        async with self._database.transaction(in_reply=True) as db:
            yield Act(db, actor, self._clock())


@asynccontextmanager
async def open_library(path: Path, clock: Clock) -> AsyncGenerator[Library]:
    """Open the catalogue in a file, making it where there is none; see `open_database`."""
    async with open_database(path) as database:
        library = Library(database, clock)
        try:
            yield library
        finally:
            await library.notes.close()
