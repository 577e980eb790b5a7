"""The services that know papers and people, on 127.0.0.1; they fail at random, too."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from datetime import date

from aiohttp import web
from aiohttp.typedefs import Handler

from bot.demo.fake_services import PATHS, FakeServices
from bot.demo.research import Publication, Research
from tests.soak.feed_site import make_title

_SOURCES = frozenset({"arxiv_listing", "openalex", "crossref", "orcid", "dblp", "semantic_scholar"})
_HANG = 6.0  # seconds, longer than the bot waits
_KEPT = 60  # publications that the services know


class GrowingResearch(Research):
    """Research whose publications a test adds; the oldest ones are forgotten."""

    def __init__(self, rng: random.Random, clock: Callable[[], date]) -> None:
        super().__init__(clock())
        self._rng = rng
        self._clock = clock
        self._found: list[Publication] = []

    @property
    def today(self) -> date:
        return self._clock()

    def publish(self, number: int) -> Publication:
        """Adds a publication by somebody of the lab and by others."""
        authors = self._rng.sample(self.people, min(3, len(self.people)))
        publication = Publication(
            number=number,
            title=make_title(self._rng, number),
            authors=tuple(authors),
            date=self._clock(),
            arxiv=f"2612.{number:05}" if number % 2 else "",
            doi="" if number % 2 else f"10.5555/soak.{number}",
            venue="" if number % 2 else "Journal of Soaking",
            categories=("cs.CL",),
            sources=_SOURCES,
        )
        self._found = [*self._found[-_KEPT:], publication]
        return publication

    def published(self) -> tuple[Publication, ...]:
        return tuple(self._found)


class Services:
    """Serves research as all services do, each below its own path."""

    def __init__(
        self, rng: random.Random, research: Research, note: Callable[[str, str], None]
    ) -> None:
        self.fault_rate = 0.0
        self.asked = 0
        self._rng = rng
        self._fakes = FakeServices(research)
        self._note = note

    @staticmethod
    def environment(home: str) -> dict[str, str]:
        """Returns the settings that lead to services at an address."""
        return {name.upper(): f"{home}/{path}" for name, path in PATHS.items()}

    def routes(self) -> list[web.RouteDef]:
        return self._fakes.routes()

    @web.middleware
    async def fail(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Lets a request to a service fail at random."""
        service = request.path.split("/")[1]
        if service not in PATHS.values():
            return await handler(request)
        self.asked += 1
        if self._rng.random() >= self.fault_rate:
            return await handler(request)
        what = self._rng.choice(("busy", "broken", "hanging", "garbled", "gone"))
        self._note(f"service {what}", service)
        if what == "busy":
            return web.Response(status=429, headers={"Retry-After": "2"})
        if what == "broken":
            return web.Response(status=500, text="{}")
        if what == "hanging":
            await asyncio.sleep(_HANG)
        if what == "garbled":
            return web.Response(text="{<not] anything", content_type="application/json")
        if what == "gone" and request.transport is not None:
            request.transport.close()
        return await handler(request)
