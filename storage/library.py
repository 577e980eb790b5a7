"""The library: one façade per feature over one database file, and undo, which spans them all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from storage import undo
from storage.announcements.outbox import Outbox
from storage.announcements.subscriptions import Subscriptions
from storage.audit.models import Change, Recorded
from storage.audit.queries import AuditLog
from storage.authors.decisions import Authors
from storage.bot_state import BotState
from storage.completions import Completions
from storage.curation.papers import Papers
from storage.database import BUSY_TIMEOUT, Database, open_database, open_for_reading
from storage.feeds.ingest import Feeds
from storage.feeds.trace import Traces
from storage.generation import FIRST, Generation, open_generation
from storage.models import Actor
from storage.moderator_settings import ModeratorSettings
from storage.people.registry import People
from storage.people.source_state import Sources
from storage.restore_report import RestoreReports
from storage.review.found_papers import FoundPapers
from storage.review.queue import Review
from storage.search.abbreviation_decisions import Abbreviations
from storage.search.engine import Search
from storage.timestamps import Clock


class Library:
    """The paper list of one running bot; each attribute reads and writes one feature."""

    def __init__(self, database: Database, clock: Clock, generation: Generation = FIRST) -> None:
        self.generation = generation
        self._database = database
        self._clock = clock
        self.papers = Papers(database, clock)
        self.search = Search(database)
        self.abbreviations = Abbreviations(database, clock)
        self.authors = Authors(database, clock)
        self.people = People(database, clock)
        self.feeds = Feeds(database, clock, generation.started_at)
        self.outbox = Outbox(database, clock)
        self.subscriptions = Subscriptions(database, clock)
        self.traces = Traces(database, self.subscriptions, self.outbox)
        self.review = Review(database, clock)
        self.found_papers = FoundPapers(database, clock)
        self.audit = AuditLog(database)
        self.moderator_settings = ModeratorSettings(database, clock)
        self.bot_state = BotState(database, clock)
        self.sources = Sources(database, clock)
        self.completions = Completions(database, clock)
        self.restore_reports = RestoreReports(database, clock)

    @property
    def path(self) -> Path:
        """The database file."""
        return self._database.path

    @property
    def damage(self) -> str:
        """The first problem of the database's content that was found, or an empty string."""
        return self._database.damage

    @damage.setter
    def damage(self, problem: str) -> None:
        self._database.damage = problem

    @property
    def search_damage(self) -> str:
        """The first problem of the search index that was found, or an empty string."""
        return self._database.search_damage

    @search_damage.setter
    def search_damage(self, problem: str) -> None:
        self._database.search_damage = problem

    async def undo(
        self,
        change_id: int,
        actor: Actor,
        *,
        authorize: Callable[[Change], Awaitable[None]] | None = None,
    ) -> Recorded[Change]:
        """Undoes a change, or redoes one by undoing its undo; returns the change that was undone.

        ``authorize`` is called with the change first, and may raise. Raises `LabError` if the
        change is undone already or can't be undone any more.
        """
        async with self._database.reading() as db:
            history = await undo.get_history(db, change_id)
        if authorize is not None:
            await authorize(history.change)
        is_long = undo.takes_long(history)
        async with self._database.transaction(in_reply=True, importing=is_long) as db:
            return await undo.undo(db, history, actor, self._clock())


@asynccontextmanager
async def open_library(
    path: Path,
    clock: Clock,
    busy_timeout: timedelta = BUSY_TIMEOUT,
    backup_dir: Path | None = None,
) -> AsyncGenerator[Library]:
    """Opens the library in a file, creating it if needed; raises the errors of `open_database`.

    If the file is a restored backup, this starts a generation.
    """
    async with open_database(path, busy_timeout, backup_dir) as database:
        library = Library(database, clock, await open_generation(database, clock()))
        try:
            yield library
        finally:
            await library.bot_state.close()


@asynccontextmanager
async def open_search(path: Path) -> AsyncGenerator[Search]:
    """Opens the search of a library that is in use, on a connection of its own."""
    async with open_for_reading(path) as database:
        yield Search(database)
