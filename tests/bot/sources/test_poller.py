"""Asking sources: batches, pages, budgets, paces and failures, against a server of their shapes."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from bot.net.http import HttpClient, open_http_client
from bot.net.pace import Paces
from bot.net.sandbox import Workers, open_workers
from bot.sources.poller import SourcePoller
from bot.sources.registry import make_sources
from bot.sources.source import Answer, SourcePoll
from storage.errors import LabError
from storage.library import Library
from storage.people.models import IdScheme, Membership, Person, PersonId
from tests.support.lab import FakeClock
from tests.support.library import open_copy
from tests.support.source_server import SourceServer

pytestmark = pytest.mark.asyncio(loop_scope="module")

THURSDAY = datetime(2026, 8, 20, 8, tzinfo=UTC)
DAY = timedelta(days=1)
TITLES = ("Counting Owls", "Bats and Their Maps", "Echoes at Night", "A Chapter on Nests")
SECRET = "CANARY-0123456789"


def person(number: int, *schemes: IdScheme, categories: tuple[str, ...] = ()) -> Person:
    ids = {
        IdScheme.ORCID: f"0000-0002-{number:04}-0000",
        IdScheme.OPENALEX: f"A{number}",
        IdScheme.ARXIV: f"nightjar_a_{number}",
        IdScheme.DBLP: f"17/{number}",
        IdScheme.SEMANTIC_SCHOLAR: f"{number}",
    }
    own = tuple(PersonId(scheme, ids[scheme]) for scheme in schemes)
    return Person(number, "Ada Nightjar", ids=own, categories=categories)


@dataclass
class Radar:
    """A poller with its server, its clock, and the answers that it gave so far."""

    server: SourceServer
    library: Library
    clock: FakeClock
    http: HttpClient
    workers: Workers
    speedup: float = 10_000
    pace_speedup: float = 10_000
    answers: list[Answer] = field(default_factory=list)
    only: tuple[str, ...] = ()

    async def store(self, answer: Answer) -> None:
        self.answers.append(answer)

    def paces(self) -> Paces:
        settings = self.server.settings(lab_herald_speedup=self.pace_speedup)
        return Paces(self.library.service_requests, settings)

    def poller(self) -> SourcePoller:
        """Returns a new poller, as if the bot had just been started."""
        sources = make_sources(self.server.settings(openalex_api_key=SECRET, contact="a@b.org"))
        return SourcePoller(
            [one for one in sources if one.name in self.only or not self.only],
            self.library.sources,
            self.http,
            self.workers,
            self.clock,
            self.paces(),
            speedup=self.speedup,
        )

    async def poll(self, *people: Person) -> dict[str, SourcePoll]:
        polls = await self.poller().poll_due(people, self.store)
        return {one.source: one for one in polls}

    def titles(self) -> list[str]:
        """Returns the titles of the works in the answers since the last call."""
        found = [one.draft.title for answer in self.answers for one in answer.witnesses]
        self.answers.clear()
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workers() -> AsyncIterator[Workers]:
    async with open_workers(timedelta(seconds=20)) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http() -> AsyncIterator[HttpClient]:
    async with open_http_client(
        contact="", allow_private=True, time_limit=timedelta(seconds=20), max_bytes=100_000
    ) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="module")
async def radar(empty_database: Path, workers: Workers, http: HttpClient) -> AsyncIterator[Radar]:
    server, clock = SourceServer(), FakeClock()
    clock.now = THURSDAY
    async with (
        TestServer(server.app()) as test_server,
        open_copy(empty_database, clock) as library,
    ):
        server.home = str(test_server.make_url("")).rstrip("/")
        yield Radar(server, library, clock, http, workers)


async def test_each_source_is_asked_in_its_way_and_answers_are_given_page_by_page(
    radar: Radar,
) -> None:
    ada = person(1, *IdScheme, categories=("cs.CL", "cs.LG"))
    radar.server.add("Echoes at Night")  # of nobody's list
    for title in TITLES[:3]:
        radar.server.add(title, *(one.value for one in ada.ids))
    radar.server.per_page = 2
    polls = await radar.poll(ada)
    assert {one.source: (one.requests, one.works, one.error) for one in polls.values()} == {
        "arxiv_listing": (1, 1, ""),
        "openalex": (4, 6, ""),  # by both ids, two pages each
        "crossref": (2, 3, ""),
        "arxiv_author": (1, 3, ""),
        "orcid": (1, 3, ""),
        "dblp": (1, 3, ""),
        "semantic_scholar": (2, 3, ""),
    }
    assert {(one.source, one.is_first) for one in radar.answers} == {
        ("arxiv_listing", False),
        *((name, True) for name in polls if name != "arxiv_listing"),
    }
    assert [one.path for one in radar.server.asked_of("listing")] == ["cs.CL+cs.LG"]
    assert radar.server.asked_of("a")[0].path == "nightjar_a_1.atom"
    assert radar.server.asked_of("openalex")[0].query["mailto"] == "a@b.org"
    listed = {w.listed_for for one in radar.answers for w in one.witnesses if one.source == "dblp"}
    assert listed == {1}


async def test_a_hundred_people_share_a_request_and_later_ones_ask_for_the_last_weeks(
    radar: Radar,
) -> None:
    radar.only = ("openalex",)
    people = [person(number, IdScheme.ORCID) for number in range(1, 102)]
    await radar.poll(*people)
    first, second = radar.server.asked_of("openalex")
    assert first.query["filter"].count("|") == 99
    assert second.query["filter"] == f"authorships.author.orcid:{people[100].ids[0].value}"
    assert await radar.poll(*people) == {}  # not due
    radar.server.add("Counting Owls", people[3].ids[0].value, day="2026-06-30")
    radar.server.add("Too Old", people[3].ids[0].value, day="2026-06-01")
    radar.titles()
    radar.clock.advance(DAY)
    await radar.poll(*people)
    assert (
        "from_publication_date:2026-06-21" in radar.server.asked_of("openalex")[2].query["filter"]
    )
    assert not any(one.is_first for one in radar.answers)
    assert radar.titles() == ["Counting Owls"]


async def test_a_new_person_is_asked_about_from_the_start_and_apart_from_the_others(
    radar: Radar,
) -> None:
    radar.only = ("crossref",)
    old, new = person(1, IdScheme.ORCID), person(2, IdScheme.ORCID)
    radar.server.add("An Old Work", new.ids[0].value, day="2001-01-01")
    await radar.poll(old)
    radar.titles()
    await radar.poll(old, new)
    (answer,) = radar.answers
    assert (answer.people, answer.is_first) == ((2,), True)
    assert radar.titles() == ["An Old Work"]
    # An id that moves to another person, as after a merge, is asked about again, too.
    await radar.poll(replace(old, id=7), new)
    assert [one.people for one in radar.answers] == [(7,)]


async def test_nobody_is_asked_about_who_left_long_ago(radar: Radar) -> None:
    radar.only = ("dblp",)
    here, gone, long_gone = (person(number, IdScheme.DBLP) for number in (1, 2, 3))
    gone = replace(gone, membership=Membership(None, date(2025, 8, 20)))
    long_gone = replace(long_gone, membership=Membership(None, date(2025, 7, 1)))
    await radar.poll(here, gone, long_gone)
    assert {one.people for one in radar.answers} == {(1,), (2,)}


async def test_a_budget_ends_a_question_which_goes_on_the_next_day(radar: Radar) -> None:
    radar.only = ("openalex",)
    radar.server.per_page = 1
    ada = person(1, IdScheme.ORCID)
    for number in range(15):
        radar.server.add(f"Owl {number}", ada.ids[0].value)
    polls = await radar.poll(ada)
    assert (polls["openalex"].requests, len(radar.titles())) == (12, 12)
    assert await radar.poll(ada) == {}
    (status,) = await radar.poller().status([ada])
    assert (status.requests_left, status.state.unfinished is None) == (0, False)
    radar.clock.advance(DAY)
    await radar.poll(ada)
    assert radar.titles() == ["Owl 12", "Owl 13", "Owl 14"]
    (status,) = await radar.poller().status([ada])
    assert (status.requests_left, status.state.unfinished) == (9, None)
    assert status.next_due_at == datetime(2026, 8, 22, tzinfo=UTC)


async def test_a_question_goes_on_after_a_short_failure_and_starts_over_if_its_page_is_gone(
    radar: Radar,
) -> None:
    radar.only = ("openalex",)
    radar.server.per_page = 1
    ada = person(1, IdScheme.ORCID)
    for title in TITLES:
        radar.server.add(title, ada.ids[0].value)
    for status, following in ((503, TITLES[1:]), (400, TITLES)):
        radar.server.fail("openalex", None, *[(status, b"", {})] * 3)
        assert f"HTTP {status}" in (await radar.poll(ada))["openalex"].error
        assert radar.titles() == [TITLES[0]]
        radar.server.answers.clear()
        radar.clock.advance(DAY)
        await radar.poll(ada)
        assert radar.titles() == list(following)
        radar.clock.advance(DAY)


async def test_all_sources_together_make_at_most_forty_requests_a_day_for_a_hundred_people(
    radar: Radar,
) -> None:
    people = [person(number, *IdScheme, categories=("cs.CL",)) for number in range(1, 101)]
    totals = []
    for _ in range(28):
        polls = await radar.poll(*people)
        totals.append(sum(one.requests for one in polls.values()))
        radar.clock.advance(DAY)
    assert max(totals) <= 40
    for service in ("orcid", "dblp", "s2", "a"):
        paths = [one.path for one in radar.server.asked_of(service)]
        assert len(set(paths)) == 100, service
    assert len(radar.server.asked_of("listing")) == 20  # on working days
    assert len(radar.server.asked_of("openalex")) == 2 * 28


async def test_weekly_questions_are_spread_over_the_days_of_a_week(radar: Radar) -> None:
    radar.only = ("dblp",)
    people = [person(number, IdScheme.DBLP) for number in range(1, 15)]
    counts = []
    for _ in range(22):
        counts.append(sum(one.requests for one in (await radar.poll(*people)).values()))
        radar.clock.advance(DAY)
    assert counts[0] == 14
    assert max(counts[1:]) < 7
    assert sum(counts[8:15]) == sum(counts[15:22]) == 14


async def test_the_pause_between_requests_is_kept_even_by_another_process(radar: Radar) -> None:
    radar.only = ("arxiv_listing", "arxiv_author")
    radar.pace_speedup = 20  # 0.15 seconds instead of 3
    ada, bo = (person(n, IdScheme.ARXIV, categories=("cs.CL",)) for n in (1, 2))
    await radar.poll(ada)
    await radar.poll(ada, bo)
    times = [one.at for one in radar.server.asked]
    assert len(times) == 3
    assert min(later - one for one, later in pairwise(times)) >= 0.14


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_request_is_tried_again_at_once_if_that_may_help(radar: Radar, status: int) -> None:
    radar.only = ("crossref",)
    ada = person(1, IdScheme.ORCID)
    radar.server.add("Counting Owls", ada.ids[0].value)
    radar.server.fail("crossref", (status, b"", {"Retry-After": "30"}), (status, b"", {}))
    polls = await radar.poll(ada)
    assert (polls["crossref"].requests, polls["crossref"].error) == (3, "")
    assert radar.titles() == ["Counting Owls"]


async def test_a_failing_source_is_left_alone_longer_and_longer_and_the_others_are_asked(
    radar: Radar, caplog: pytest.LogCaptureFixture
) -> None:
    radar.only = ("openalex", "crossref")
    radar.speedup = 1
    ada = person(1, IdScheme.ORCID)
    radar.server.fail("openalex", *[(403, b"", {})] * 2)
    radar.server.add("Counting Owls", ada.ids[0].value)
    waits = []
    for failures in (1, 2):
        polls = await radar.poll(ada)
        assert "denied me access (HTTP 403)" in polls["openalex"].error
        status, _ = await radar.poller().status([ada])
        assert (status.state.failures, status.state.last_error) == (
            failures,
            polls["openalex"].error,
        )
        assert status.next_due_at == status.state.blocked_until
        waits.append((status.next_due_at or THURSDAY) - radar.clock())
        assert await radar.poll(ada) == {}
        radar.clock.advance(waits[-1])
    assert timedelta(minutes=15) <= waits[0] < timedelta(minutes=17)
    assert timedelta(minutes=30) <= waits[1] < timedelta(minutes=34)
    assert (await radar.poll(ada))["openalex"].error == ""
    status, _ = await radar.poller().status([ada])
    assert (status.state.failures, status.state.last_error) == (0, "")
    assert radar.titles() == ["Counting Owls"] * 2
    assert SECRET not in caplog.text
    assert SECRET not in repr(status)
    assert all(one.query["api_key"] == SECRET for one in radar.server.asked_of("openalex"))


async def test_a_long_retry_after_is_respected(radar: Radar) -> None:
    radar.only = ("semantic_scholar",)
    radar.speedup = 1
    ada = person(1, IdScheme.SEMANTIC_SCHOLAR)
    radar.server.fail("s2", (429, b"", {"Retry-After": "172800"}))
    await radar.poll(ada)
    radar.clock.advance(2 * DAY - timedelta(minutes=1))
    assert await radar.poll(ada) == {}
    radar.clock.advance(timedelta(minutes=1))
    assert (await radar.poll(ada))["semantic_scholar"].error == ""


@pytest.mark.parametrize(
    ("source", "service"),
    [
        ("arxiv_listing", "listing"),
        ("arxiv_author", "a"),
        ("openalex", "openalex"),
        ("crossref", "crossref"),
        ("orcid", "orcid"),
        ("dblp", "dblp"),
        ("semantic_scholar", "s2"),
    ],
)
async def test_what_isn_t_an_answer_is_a_failure_and_is_asked_again(
    radar: Radar, source: str, service: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "bot")
    radar.only = (source,)
    ada = person(1, *IdScheme, categories=("cs.CL",))
    radar.server.add("Counting Owls", *(one.value for one in ada.ids))
    radar.server.add("Echoes at Night")
    bodies = [b"", b"<html>Sorry!</html>", b"{", b"[]", b"null", b'{"results": 1}', b"\xff\xfe\0"]
    bodies += [b'<?xml version="1.0"?><dblpperson><r>', b"<feed><entry><title>x</title>"]
    bodies += [b"[" * 50_000, b"x" * 200_000]  # nested too deeply, and too large
    for body in bodies:
        radar.server.fail(service, *[(200, body, {})] * 3)
        (poll,) = (await radar.poll(ada)).values()
        assert poll.error.startswith(("I couldn't read what ", "127.0.0.1 sent more than")), body
        assert radar.titles() == []
        radar.server.answers.clear()
        radar.clock.advance(DAY)
        if radar.clock().weekday() == 5:
            radar.clock.advance(2 * DAY)
    await radar.poll(ada)
    assert radar.titles()


async def test_works_without_sense_are_left_out_and_the_others_are_read(radar: Radar) -> None:
    radar.only = ("openalex",)
    ada = person(1, IdScheme.OPENALEX)
    hostile = (
        b'{"results": [null, 7, {}, {"id": "https://openalex.org/W1", "title": "\\u202e<b>Owls</b>"'
        b', "authorships": [{"author": 3, "institutions": {}, "raw_affiliation_strings": "x"}],'
        b' "ids": [], "publication_date": {"a": 1}, "abstract_inverted_index": {"x": ["y", -1]}}]}'
    )
    radar.server.fail("openalex", (200, hostile, {}))
    assert (await radar.poll(ada))["openalex"].error == ""
    ((witness,),) = [one.witnesses for one in radar.answers]
    assert (witness.draft.title, witness.credits, witness.first_public) == ("Owls", (), None)


async def test_what_wasn_t_stored_is_asked_again(radar: Radar) -> None:
    radar.only = ("dblp",)
    ada = person(1, IdScheme.DBLP)
    radar.server.add("Counting Owls", "17/1")

    async def fail(_answer: Answer) -> None:
        raise LabError("The process dies here.")

    with pytest.raises(LabError, match="dies here"):
        await radar.poller().poll_due([ada], fail)
    await radar.poll(ada)
    assert [one.is_first for one in radar.answers] == [True]
    assert radar.titles() == ["Counting Owls"]


async def test_a_list_that_hasn_t_changed_isn_t_sent_again(radar: Radar) -> None:
    radar.only = ("orcid",)
    ada = person(1, IdScheme.ORCID)
    radar.server.add("Counting Owls", ada.ids[0].value)
    await radar.poll(ada)
    for _ in range(2):
        radar.titles()
        radar.clock.advance(8 * DAY)
        await radar.poll(ada)
        assert radar.titles() == []
        assert "If-None-Match" in radar.server.asked[-1].headers
    radar.server.add("Bats and Their Maps", ada.ids[0].value)
    radar.clock.advance(8 * DAY)
    await radar.poll(ada)
    assert radar.titles() == ["Counting Owls", "Bats and Their Maps"]


async def test_an_id_that_a_source_doesn_t_know_is_asked_about_less_and_less(radar: Radar) -> None:
    radar.only = ("arxiv_author",)
    ada = person(1, IdScheme.ORCID)
    radar.server.unknown.add(ada.ids[0].value)
    days = []
    for day in range(70):
        polls = await radar.poll(ada)
        days += [day] if polls else []
        assert not any(one.error for one in polls.values())
        radar.clock.advance(DAY)
    assert days == [0, 14, 42]
    (status,) = await radar.poller().status([ada])
    assert status.unknown == (str(ada.ids[0]),)
    radar.server.unknown.clear()
    radar.clock.advance(60 * DAY)
    await radar.poll(ada)
    assert [one.is_first for one in radar.answers] == [True]


async def test_a_category_that_arxiv_doesn_t_know_doesn_t_cost_the_others(radar: Radar) -> None:
    radar.only = ("arxiv_listing",)
    ada = person(1, categories=("cs.CL", "cs.LG", "cs.XX", "stat.ML"))
    radar.server.add("Echoes at Night")
    radar.server.unknown.add("cs.XX")
    await radar.poll(ada)
    assert set(radar.titles()) == {"Echoes at Night"}
    (status,) = await radar.poller().status([ada])
    assert status.state.failures == 0
    radar.clock.advance(DAY)
    await radar.poll(ada)
    assert "cs.XX" not in radar.server.asked[-1].path


async def test_a_listing_of_yesterday_is_asked_for_again_and_none_on_weekends(
    radar: Radar,
) -> None:
    radar.only = ("arxiv_listing",)
    ada = person(1, categories=("cs.CL",))
    radar.server.add("Echoes at Night")
    radar.server.day = "2026-08-19"
    hours = []
    for hour in range(8, 8 + 80):
        hours += [hour] if await radar.poll(ada) else []
        radar.clock.advance(timedelta(hours=1))
        if hour == 13:
            radar.server.day = "2026-08-20"
    # Thursday until it's there, and Friday from 05:30 on, where it isn't there at all.
    assert hours == [8, 12, 16, 30, 34, 38, 42]
    assert (await radar.poller().status([ada]))[0].next_due_at == datetime(
        2026, 8, 24, 5, 30, tzinfo=UTC
    )
