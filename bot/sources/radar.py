"""Polls the sources for papers by the lab's people, which wait for review or are announced."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from bot.net.http import open_http_client
from bot.net.pace import Paces
from bot.net.sandbox import Workers, open_workers
from bot.settings import Settings
from bot.sources.find_people import FoundPeople, PeopleFinder
from bot.sources.poller import TIME_LIMIT, SourcePoller, SourceStatus
from bot.sources.registry import make_sources
from bot.sources.source import Answer, SourcePoll
from storage.library import Library
from storage.people.evidence import Lab
from storage.review.found_cards import Card
from storage.timestamps import Clock


@dataclass(frozen=True, slots=True)
class RadarPoll:
    """The results of a poll: cards of papers announced without a review, and each source."""

    announced: tuple[Card, ...]
    sources: tuple[SourcePoll, ...]


class Radar:
    """Asks the sources that are due about everybody, and takes in what they answer."""

    def __init__(
        self, library: Library, poller: SourcePoller, finder: PeopleFinder, lab: Lab
    ) -> None:
        self._library = library
        self._poller = poller
        self._finder = finder
        self._lab = lab

    async def find_people(self, name: str) -> FoundPeople:
        """Searches the sources for people of a name, like `PeopleFinder.find_people`."""
        return await self._finder.find_people(name)

    async def status(self) -> tuple[SourceStatus, ...]:
        """Returns how each source is."""
        return await self._poller.status(await self._library.people.all())

    async def poll(self) -> RadarPoll:
        """Asks the sources that are due; a failing one doesn't affect the others."""
        announced: dict[int, Card] = {}

        async def store(answer: Answer) -> None:
            cards = await self._library.found_papers.ingest(
                answer.witnesses, self._lab, is_first=answer.is_first
            )
            announced.update({card.id: card for card in cards})

        polls = await self._poller.poll_due(await self._library.people.all(), store)
        return RadarPoll(tuple(announced.values()), polls)


@asynccontextmanager
async def open_radar(
    library: Library,
    settings: Settings,
    clock: Clock,
    *,
    paces: Paces | None = None,
    workers: Workers | None = None,
) -> AsyncGenerator[Radar]:
    """Opens a radar with its own connections; ``paces`` are shared with other parts of the bot.

    Its own workers are closed at the end, unlike ``workers`` that it's given.
    """
    async with (
        open_http_client(
            contact=settings.contact,
            allow_private=settings.allows_private_sources,
            time_limit=settings.feed_timeout,
            max_bytes=settings.feed_max_bytes,
            pause=timedelta(),  # the poller keeps each source's own
        ) as http,
        open_workers(TIME_LIMIT) as own_workers,
    ):
        sources, states = make_sources(settings), library.sources
        workers = workers or own_workers
        paces = paces or Paces(library.service_requests, settings)
        poller = SourcePoller(
            sources,
            states,
            http,
            workers,
            clock,
            paces,
            speedup=settings.lab_herald_speedup,
        )
        finder = PeopleFinder(sources, states, http, workers, clock, paces, settings.lab)
        yield Radar(library, poller, finder, settings.lab)
