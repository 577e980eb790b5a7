"""Searching sources for people: limits, failures and slowness, against a server of their shapes."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from bot.net.http import HttpClient, open_http_client
from bot.net.pace import Paces
from bot.net.sandbox import Workers, open_workers
from bot.net.services import DBLP
from bot.sources.find_people import FoundPeople, PeopleFinder
from bot.sources.registry import make_sources
from storage.errors import LabError
from storage.library import Library, open_library
from storage.people.evidence import Lab
from tests.support.lab import FakeClock
from tests.support.source_server import KnownPerson, SourceServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADA = KnownPerson(
    "Ada Nightjar",
    openalex="A5000000001",
    orcid="0000-0002-1825-0097",
    dblp="17/1926",
    affiliations=("Institute of Examples",),
    years=(2019, 2026),
    work_count=41,
)
SECRET = "CANARY-0123456789"
BUSY = (429, b"", {"Retry-After": "7200"})
BROKEN = (500, b"", {})


@dataclass
class Finder:
    """A finder with its server and its clock."""

    server: SourceServer
    library: Library
    path: Path
    clock: FakeClock
    http: HttpClient
    workers: Workers
    speedup: float = 10_000
    time_limit: timedelta = timedelta(seconds=20)

    async def find(self, name: str = "Ada Nightjar") -> FoundPeople:
        """Searches as if the bot had just been started."""
        settings = self.server.settings(
            openalex_api_key=SECRET, contact="a@b.org", lab_herald_speedup=self.speedup
        )
        finder = PeopleFinder(
            make_sources(settings),
            self.library.sources,
            self.http,
            self.workers,
            self.clock,
            Paces(self.library.service_requests, settings),
            Lab(),
            time_limit=self.time_limit,
        )
        return await finder.find_people(name)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def connections() -> AsyncIterator[tuple[HttpClient, Workers]]:
    async with (
        open_http_client(
            contact="a@b.org",
            allow_private=True,
            time_limit=timedelta(seconds=20),
            max_bytes=10**7,
            pause=timedelta(),
        ) as http,
        open_workers(timedelta(minutes=1)) as workers,
    ):
        yield http, workers


@pytest_asyncio.fixture(loop_scope="module")
async def finder(tmp_path: Path, connections: tuple[HttpClient, Workers]) -> AsyncIterator[Finder]:
    server, clock = SourceServer(people=[ADA]), FakeClock()
    path = tmp_path / "lab.db"
    async with TestServer(server.app()) as running, open_library(path, clock) as library:
        server.home = str(running.make_url("/")).rstrip("/")
        yield Finder(server, library, path, clock, *connections)


async def test_one_person_of_three_services_is_one_candidate(finder: Finder) -> None:
    finder.server.add("Counting Owls", "A5000000001", day="2024-05-01")
    found = await finder.find()
    (candidate,) = found.candidates
    assert candidate.sources == ("openalex", "orcid", "dblp")
    assert [str(one) for one in candidate.ids] == [
        "orcid:0000-0002-1825-0097",
        "openalex:A5000000001",
        "dblp:17/1926",
    ]
    assert candidate.years == (2019, 2026)
    assert candidate.work_count == 41
    assert candidate.works == ("Counting Owls (2024)",)
    assert (found.asked, found.problems, found.more) == (("OpenAlex", "ORCID", "DBLP"), (), ())


async def test_namesakes_are_shown_apart_and_at_most_three(finder: Finder) -> None:
    finder.server.people = [
        KnownPerson("Ada Nightjar", openalex=f"A500000000{number}", work_count=number)
        for number in range(1, 6)
    ]
    found = await finder.find()
    assert [one.work_count for one in found.candidates] == [5, 4, 3]
    assert found.more == (("OpenAlex", 5),)


async def test_the_works_of_those_who_are_shown_are_asked_for(finder: Finder) -> None:
    finder.server.people = [
        KnownPerson("Ada Nightjar", openalex=f"A500000000{number}") for number in range(1, 9)
    ]
    finder.server.people[7].orcid = "0000-0002-1825-0097"  # known to two sources
    finder.server.add("Counting Owls", "A5000000008")
    found = await finder.find()
    assert found.candidates[0].sources == ("openalex", "orcid")
    assert found.candidates[0].works == ("Counting Owls (2026)",)
    assert len(finder.server.asked_of("openalex")) == 4


async def test_a_page_of_dblp_that_lists_several_people_is_left_out(finder: Finder) -> None:
    finder.server.people = [KnownPerson("Ada Nightjar", dblp="17/1926", is_disambiguation=True)]
    assert (await finder.find()).candidates == ()


async def test_a_failing_service_is_named_and_does_not_affect_others(finder: Finder) -> None:
    finder.server.fail("dblp", BROKEN)
    found = await finder.find()
    assert found.problems == ("DBLP didn't answer.",)
    assert found.candidates[0].sources == ("openalex", "orcid")
    finder.server.fail("orcid", (200, b"<html>", {}))
    found = await finder.find()
    assert found.problems == ("I couldn't read what ORCID sent.",)
    assert found.candidates[0].sources == ("openalex", "dblp")


async def test_a_slow_service_is_not_waited_for(finder: Finder) -> None:
    await finder.find()  # so that the worker has started
    finder.server.slow = {"dblp"}
    finder.time_limit = timedelta(seconds=2)
    found = await finder.find()
    assert found.problems == ("DBLP didn't answer.",)
    assert found.candidates[0].sources == ("openalex", "orcid")
    finder.server.speed_up()


async def test_people_are_shown_even_if_their_papers_are_not_known(finder: Finder) -> None:
    finder.server.fail("orcid", None, BROKEN)
    finder.server.unknown = {"pid/17/1926.xml"}
    found = await finder.find()
    assert found.problems == (
        "ORCID found people, but didn't answer when I asked for their papers.",
    )
    assert [one.sources for one in found.candidates] == [("openalex", "orcid"), ("dblp",)]


async def test_if_nobody_answers_that_is_an_error(finder: Finder) -> None:
    for service in ("openalex", "orcid", "dblp"):
        finder.server.fail(service, BROKEN)
    with pytest.raises(LabError, match=r"OpenAlex didn't answer\. ORCID didn't answer\. DBLP"):
        await finder.find()


async def test_a_service_that_wants_a_pause_gets_it_from_polls_too(finder: Finder) -> None:
    finder.server.fail("openalex", BUSY)
    found = await finder.find()
    assert found.problems == ("OpenAlex asked me to try again later.",)
    state = (await finder.library.sources.states())["openalex"]
    assert state.blocked_until == finder.clock() + timedelta(hours=2)
    assert state.failures == 0
    asked = len(finder.server.asked_of("openalex"))
    found = await finder.find()
    assert found.problems == (
        "I'm leaving OpenAlex alone until 23 Nov, 14:00 UTC: it failed, or asked me to wait.",
    )
    assert len(finder.server.asked_of("openalex")) == asked
    finder.clock.advance(timedelta(hours=3))
    assert (await finder.find()).problems == ()


async def test_searches_leave_the_last_requests_of_a_day_to_the_radar(finder: Finder) -> None:
    await finder.find()
    assert await finder.library.service_requests.count("dblp") == 2
    with closing(sqlite3.connect(finder.path)) as db, db:
        db.execute(
            "UPDATE service_requests SET requests = ? WHERE name = 'dblp'",
            [DBLP.daily_requests - DBLP.reserved],
        )
    found = await finder.find()
    assert found.problems == ("I've asked DBLP often enough today. I can ask again tomorrow.",)
    assert found.candidates[0].sources == ("openalex", "orcid")
    finder.clock.advance(timedelta(days=1))
    assert (await finder.find()).problems == ()


async def test_requests_keep_each_services_pause_also_after_a_restart(finder: Finder) -> None:
    finder.speedup = 20
    await finder.find()
    await finder.find()
    for service, pause in (("openalex", 1), ("orcid", 1), ("dblp", 2)):
        times = [one.at for one in finder.server.asked_of(service)]
        assert len(times) == 4
        assert all(later - earlier >= pause / 20 for earlier, later in pairwise(times))


async def test_keys_are_sent_but_never_shown(
    finder: Finder, caplog: pytest.LogCaptureFixture
) -> None:
    finder.server.fail("openalex", BROKEN)
    found = await finder.find()
    assert finder.server.asked_of("openalex")[0].query["api_key"] == SECRET
    assert SECRET not in f"{found}{caplog.text}"


@pytest.mark.parametrize(
    "name",
    ["", "   ", "x" * 300, "😀", "Ada Nightjar; Bo Wren", "**bold** [a](b)"],
)
async def test_what_is_no_name_is_refused_before_anybody_is_asked(
    finder: Finder, name: str
) -> None:
    with pytest.raises(LabError, match="isn't one person's name"):
        await finder.find(name)
    with pytest.raises(LabError, match="The ORCID 0000-0002-1825-0097 isn't a name"):
        await finder.find("https://orcid.org/0000-0002-1825-0097")
    assert finder.server.asked == []
