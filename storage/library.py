"""The library: one object for the whole catalogue, and every change that crosses tables."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

from storage import admission, history, outbox, paper_rows, papers, undoing
from storage.admission import Source
from storage.arrivals import Arrivals
from storage.authors import Authors
from storage.completion import as_draft, normal
from storage.database import Connection, Database, open_database
from storage.entries import Entries
from storage.errors import PaperChanged, PaperExists, PaperNotFound
from storage.feeds import Feeds
from storage.history import History
from storage.moments import Clock
from storage.notes import Notes
from storage.outbox import Outbox
from storage.papers import Papers
from storage.people import People
from storage.records import Actor, Admission, Change, Origin, Outcome, Paper, PaperDraft
from storage.routes import Routes
from storage.search import Search
from storage.setups import Setups
from storage.suggestions import Suggestions
from storage.traces import Traces
from storage.waiting import Waiting

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
            result = await admission.admit(db, draft, source, despite_likeness=despite_likeness)
            if announce and result.outcome is Outcome.ADDED and result.paper:
                await outbox.queue(db, result.paper, now)
        return result

    async def admit_as(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, own_words: bool = True
    ) -> Admission:
        """Take in a draft that a moderator says is this paper; raises `PaperNotFound`."""
        source = Source(Origin.MODERATOR, actor, self._clock(), own_words)
        async with self._database.transaction(in_reply=True) as db:
            return await admission.admit_as_numbered(db, paper_id, draft, source)

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

        ``drafts`` may be a generator that reads as it goes, in a thread. ``each`` is told of every
        one as it is decided. With ``rehearse`` nothing is kept: the answer is what would happen.
        Raises `ImportUnderWay` where another one is.
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
            while batch := await asyncio.to_thread(list, islice(rest, _BATCH)):
                await admission.admit_batch(db, batch, source, count)
        return outcomes

    async def edit(
        self, paper_id: int, draft: PaperDraft, actor: Actor, *, seen: PaperDraft | None = None
    ) -> Paper:
        """Make a paper what a moderator says; the changed fields are theirs from now on.

        Raises `PaperNotFound`, `PaperExists` where an identifier is another paper's, and
        `PaperChanged` where the paper is no longer what the moderator has ``seen``.
        """
        async with self._database.transaction(in_reply=True) as db:
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
        async with self._database.transaction(in_reply=True) as db:
            before = await _present(db, paper_id)
            await paper_rows.set_removed(db, before, now)
            (after,) = await papers.load(db, [before.id])
            await history.record(db, now, actor, "remove", before, after)
        return before

    async def undo(self, change_id: int, actor: Actor) -> Change:
        """Take a change back; raises `LabError` where that is done, or no longer possible."""
        async with self._database.transaction(in_reply=True) as db:
            return await undoing.undo(db, change_id, actor, self._clock())


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
