"""The library: one façade per feature over one database file, and undo, which spans them all."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from storage.connection import BUSY_TIMEOUT
from storage.database import Database, open_database, open_for_reading, open_unchanged
from storage.generation import FIRST, Generation, open_generation
from storage.models import Actor
from storage.timestamps import Clock

if TYPE_CHECKING:
    from storage.announcements.outbox import Outbox
    from storage.announcements.subscriptions import Subscriptions
    from storage.audit.models import Change, Recorded
    from storage.audit.queries import AuditLog
    from storage.authors.decisions import Authors
    from storage.bot_state import BotState
    from storage.command_uses import CommandUses
    from storage.completions import Completions
    from storage.curation.papers import Papers
    from storage.feeds.ingest import Feeds
    from storage.feeds.trace import Traces
    from storage.moderator_settings import ModeratorSettings
    from storage.people.registry import People
    from storage.people.source_state import Sources
    from storage.privacy.members import Privacy
    from storage.restore_report import RestoreReports
    from storage.review.found_papers import FoundPapers
    from storage.review.found_posts import FoundPosts
    from storage.review.proposals import Proposals
    from storage.review.queue import Review
    from storage.search.abbreviation_decisions import Abbreviations
    from storage.search.engine import Search
    from storage.service_requests import ServiceRequests
    from storage.statistics import Statistics


class Library:
    """The paper list of one running bot; each attribute reads and writes one feature.

    A feature is imported when it is first used, because commands of the shell need few of them.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        generation: Generation = FIRST,
        backup_dir: Path | None = None,
    ) -> None:
        self.generation = generation
        self._backup_dir = backup_dir
        self._database = database
        self._clock = clock

    @cached_property
    def papers(self) -> Papers:
        """The papers in the list."""
        from storage.curation.papers import Papers

        return Papers(self._database, self._clock)

    @cached_property
    def search(self) -> Search:
        """Finding papers."""
        from storage.search.engine import Search

        return Search(self._database, self._clock)

    @cached_property
    def abbreviations(self) -> Abbreviations:
        """Which abbreviations search knows."""
        from storage.search.abbreviation_decisions import Abbreviations

        return Abbreviations(self._database, self._clock)

    @cached_property
    def authors(self) -> Authors:
        """Who wrote the papers."""
        from storage.authors.decisions import Authors

        return Authors(self._database, self._clock)

    @cached_property
    def people(self) -> People:
        """The lab's people."""
        from storage.people.registry import People

        return People(self._database, self._clock)

    @cached_property
    def feeds(self) -> Feeds:
        """The followed feeds."""
        from storage.feeds.ingest import Feeds

        return Feeds(self._database, self._clock, self.generation.started_at)

    @cached_property
    def outbox(self) -> Outbox:
        """Announcements that wait to be sent."""
        from storage.announcements.outbox import Outbox

        return Outbox(self._database, self._clock)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Which channels get which papers."""
        from storage.announcements.subscriptions import Subscriptions

        return Subscriptions(self._database, self._clock)

    @cached_property
    def traces(self) -> Traces:
        """What happened to a paper."""
        from storage.feeds.trace import Traces

        return Traces(self._database, self.subscriptions, self.outbox)

    @cached_property
    def review(self) -> Review:
        """What waits for a moderator."""
        from storage.review.queue import Review

        return Review(self._database, self._clock)

    @cached_property
    def found_papers(self) -> FoundPapers:
        """Papers that were found for the lab's people."""
        from storage.review.found_papers import FoundPapers

        return FoundPapers(self._database, self._clock)

    @cached_property
    def found_posts(self) -> FoundPosts:
        """What the moderators' channel shows about found papers."""
        from storage.review.found_posts import FoundPosts

        return FoundPosts(self._database, self._clock)

    @cached_property
    def proposals(self) -> Proposals:
        """Uncertain completions of papers."""
        from storage.review.proposals import Proposals

        return Proposals(self._database, self._clock)

    @cached_property
    def audit(self) -> AuditLog:
        """The history of changes."""
        from storage.audit.queries import AuditLog

        return AuditLog(self._database)

    @cached_property
    def moderator_settings(self) -> ModeratorSettings:
        """What moderators chose."""
        from storage.moderator_settings import ModeratorSettings

        return ModeratorSettings(self._database, self._clock)

    @cached_property
    def bot_state(self) -> BotState:
        """The bot's own state."""
        from storage.bot_state import BotState

        return BotState(self._database, self._clock)

    @cached_property
    def command_uses(self) -> CommandUses:
        """How often commands are used."""
        from storage.command_uses import CommandUses

        return CommandUses(self._database, self._clock)

    @cached_property
    def statistics(self) -> Statistics:
        """How many papers there are of each kind."""
        from storage.statistics import Statistics

        return Statistics(self._database)

    @cached_property
    def sources(self) -> Sources:
        """How sources of papers are."""
        from storage.people.source_state import Sources

        return Sources(self._database, self._clock)

    @cached_property
    def service_requests(self) -> ServiceRequests:
        """How often services were asked, and when they may be asked again."""
        from storage.service_requests import ServiceRequests

        return ServiceRequests(self._database, self._clock)

    @cached_property
    def completions(self) -> Completions:
        """When papers are looked up again."""
        from storage.completions import Completions

        return Completions(self._database, self._clock)

    @cached_property
    def privacy(self) -> Privacy:
        """What is stored about members."""
        from storage.privacy.deletion_list import DeletionFile
        from storage.privacy.members import Privacy

        return Privacy(self._database, self._clock, DeletionFile.of(self.path, self._backup_dir))

    @cached_property
    def restore_reports(self) -> RestoreReports:
        """What a restore came to."""
        from storage.restore_report import RestoreReports

        return RestoreReports(self._database, self._clock)

    @property
    def path(self) -> Path:
        """The database file."""
        return self._database.path

    @property
    def is_file_lost(self) -> bool:
        """Whether somebody deleted or replaced the database's file while it's open."""
        return self._database.is_file_lost

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
        from storage import undo
        from storage.privacy import deletion_list

        async with self._database.reading() as db:
            history = await undo.get_history(db, change_id)
            last_deletion = await deletion_list.find_last(db)
        if authorize is not None:
            await authorize(history.change)
        is_long = undo.takes_long(history)
        async with self._database.transaction(in_reply=True, importing=is_long) as db:
            if await deletion_list.find_last(db) != last_deletion:  # of somebody it may name
                history = await undo.get_history(db, change_id)
            return await undo.undo(db, history, actor, self._clock())

    async def close(self) -> None:
        """Waits until what is written in the background is saved."""
        if "bot_state" in vars(self):
            await self.bot_state.close()
        if "command_uses" in vars(self):
            await self.command_uses.save()


@asynccontextmanager
async def open_library(
    path: Path,
    clock: Clock,
    busy_timeout: timedelta = BUSY_TIMEOUT,
    backup_dir: Path | None = None,
) -> AsyncGenerator[Library]:
    """Opens the library in a file, creating it if needed; raises the errors of `open_database`.

    If the file is a restored backup, this starts a generation, and deletes again what members have
    deleted since.
    """
    async with open_database(path, busy_timeout, backup_dir) as database:
        generation = await open_generation(database, clock(), backup_dir)
        library = Library(database, clock, generation, backup_dir)
        try:
            yield library
        finally:
            await library.close()


@asynccontextmanager
async def open_unchanged_library(
    path: Path, clock: Clock, backup_dir: Path | None = None
) -> AsyncGenerator[Library]:
    """Opens the library in an existing file only to read it; raises as `open_unchanged` does."""
    async with open_unchanged(path) as database:
        yield Library(database, clock, backup_dir=backup_dir)


@asynccontextmanager
async def open_search(path: Path, clock: Clock) -> AsyncGenerator[Search]:
    """Opens the search of a library that is in use, on a connection of its own."""
    from storage.search.engine import Search

    async with open_for_reading(path) as database:
        yield Search(database, clock)


@asynccontextmanager
async def open_statistics(path: Path) -> AsyncGenerator[Statistics]:
    """Opens the statistics of a library that is in use, on a connection of their own."""
    from storage.statistics import Statistics

    async with open_for_reading(path) as database:
        yield Statistics(database)
