"""One pace and one budget for each service, whichever part of the bot or process asks it."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise

import pytest
from aiohttp.test_utils import TestServer

from bot.completing.completer import open_completer
from bot.net.pace import Paces, TooManyRequests
from bot.net.services import CROSSREF, OPENALEX, SEMANTIC_SCHOLAR, WebService
from bot.settings import Settings
from bot.sources.radar import open_radar
from storage.library import Library
from storage.models import PaperDraft
from storage.people.models import IdScheme, PersonDraft, PersonId
from tests.support.completion_server import CompletionServer
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR, added

HERE = "http://127.0.0.1:9"
SPEEDUP = 20.0


@dataclass
class TimedServer(CompletionServer):
    """Knows when each service was asked."""

    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def answer(self, target: str) -> tuple[int, bytes, dict[str, str]]:
        self.times[target.split("/")[1]].append(time.monotonic())
        return super().answer(target)


async def ask(paces: Paces, service: WebService, *, is_reserved: bool = False) -> float:
    async with paces.of(service).turn(HERE, is_reserved=is_reserved):
        return time.monotonic()


async def test_processes_keep_one_pause_between_their_requests(
    library: Library, settings: Settings
) -> None:
    settings = replace(settings, lab_herald_speedup=SPEEDUP)
    processes = [Paces(library.service_requests, settings) for _ in range(3)]
    times = await asyncio.gather(*(ask(one, CROSSREF) for one in processes for _ in range(2)))
    pauses = [later - one for one, later in pairwise(sorted(times))]
    assert min(pauses) >= 1 / SPEEDUP
    assert await library.service_requests.count("crossref") == 6


async def test_a_process_that_died_in_a_request_blocks_a_service_only_for_a_while(
    library: Library, settings: Settings
) -> None:
    settings = replace(settings, lab_herald_speedup=SPEEDUP)
    dead = Paces(library.service_requests, settings).of(CROSSREF).turn(HERE)
    await dead.__aenter__()
    begun = time.monotonic()
    assert await ask(Paces(library.service_requests, settings), CROSSREF) >= begun + 1


async def test_a_clock_that_is_put_back_doesn_t_lengthen_the_pause(
    library: Library, settings: Settings, clock: FakeClock
) -> None:
    await ask(Paces(library.service_requests, settings), CROSSREF)
    clock.advance(-timedelta(hours=5))
    async with asyncio.timeout(5):
        await ask(Paces(library.service_requests, settings), CROSSREF)


async def test_the_last_requests_of_a_day_are_for_the_lab_s_people(
    library: Library, settings: Settings, clock: FakeClock
) -> None:
    service = WebService("small", "Small", pause=timedelta(), daily_requests=5, reserved=2)
    paces = Paces(library.service_requests, settings)
    for _ in range(3):
        await ask(paces, service)
    with pytest.raises(TooManyRequests, match="asked Small often enough today"):
        await ask(paces, service)
    for _ in range(2):
        await ask(paces, service, is_reserved=True)
    with pytest.raises(TooManyRequests):
        await ask(paces, service, is_reserved=True)
    assert await library.service_requests.count("small") == 5
    clock.advance(timedelta(days=1))
    await ask(paces, service)


async def test_a_completion_and_a_poll_together_keep_each_pause(
    library: Library, settings: Settings
) -> None:
    server = TimedServer()
    ids = [
        PersonId(IdScheme.ORCID, "0000-0002-1825-0097"),
        PersonId(IdScheme.OPENALEX, "A1"),
        PersonId(IdScheme.SEMANTIC_SCHOLAR, "17"),
    ]
    await library.people.add(PersonDraft("Ann Lee", ids=tuple(ids)), MODERATOR)
    titles = ("Owls at night are counted", "Bats at noon are not")
    papers = [await added(library, PaperDraft(title)) for title in titles]
    async with TestServer(server.app()) as web:
        server.home = str(web.make_url("")).rstrip("/")
        settings = server.settings(lab_herald_speedup=SPEEDUP)
        async with (
            open_radar(library, settings, settings.clock) as radar,
            open_completer(library, settings) as completer,
        ):
            await asyncio.gather(
                radar.poll(), *(completer.complete(one, MODERATOR) for one in papers)
            )
    for name, service in (
        ("openalex", OPENALEX),
        ("crossref", CROSSREF),
        ("s2", SEMANTIC_SCHOLAR),
    ):
        pauses = [later - one for one, later in pairwise(server.times[name])]
        assert len(pauses) >= 2
        assert min(pauses) >= 0.9 * service.pause.total_seconds() / SPEEDUP
        assert await library.service_requests.count(service.name) == len(pauses) + 1
