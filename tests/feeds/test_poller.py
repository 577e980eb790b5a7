from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.feeds.fetch import Fetched, NoFeedThere, feed_candidates
from bot.feeds.poller import Poller, next_poll_at
from bot.web import WebError, open_web
from storage.errors import FeedExists
from storage.library import Library, open_library
from storage.records import Actor

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ACTOR = Actor("test", "a test")
HALF_HOUR = timedelta(minutes=30)
SHARED = Path(__file__).resolve().parents[3] / "shared"


@dataclass
class Origin:
    """A server whose answers a test sets by path, and which keeps what it was asked."""

    bodies: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[web.Request] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        self.asked.append(request)
        path = request.path
        headers = self.headers.get(path, {})
        if "ETag" in headers and request.headers.get("If-None-Match") == headers["ETag"]:
            return web.Response(status=304, headers=headers)
        status = self.statuses.get(path, 200 if path in self.bodies else 404)
        return web.Response(body=self.bodies.get(path, b""), status=status, headers=headers)


@dataclass
class Watch:
    origin: Origin
    home: str
    library: Library
    poller: Poller
    now: list[datetime]

    def url(self, path: str) -> str:
        return f"{self.home}/{path}"

    async def waiting(self) -> int:
        (route,) = await self.library.routes.all()
        return route.waiting

    def later(self, time: timedelta) -> None:
        self.now[0] += time


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    origin = Origin()
    now = [NOW]
    site = web.Application()
    site.router.add_get("/{path:.*}", origin.answer)
    async with (
        TestServer(site) as server,
        open_library(tmp_path / "lab.db", lambda: now[0]) as library,
        open_web(
            contact="", allow_private=True, patience=timedelta(seconds=5), max_bytes=10**7
        ) as client,
    ):
        await library.routes.open(1, 2, ACTOR)
        poller = Poller(library, client, lambda: now[0], HALF_HOUR)
        yield Watch(origin, str(server.make_url("")).rstrip("/"), library, poller, now)


def feed(*titles: str, name: str = "News") -> bytes:
    items = "".join(f"<item><title>{title}</title><guid>{title}</guid></item>" for title in titles)
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


async def test_the_first_reading_is_silent_and_later_ones_announce(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One", "Two")
    watched = await watch.poller.watch(watch.url("feed"), ACTOR)
    assert (watched.title, watched.papers) == ("News", 2)
    assert await watch.waiting() == 0

    watch.origin.bodies["/feed"] = feed("Three", "One", "Two")
    assert await watch.poller.poll_due() == ()
    watch.later(HALF_HOUR * 1.2)
    (poll,) = await watch.poller.poll_due()
    assert poll.intake is not None
    assert [paper.title for paper in poll.intake.added] == ["Three"]
    assert await watch.waiting() == 1


async def test_an_unchanged_feed_is_not_sent_again(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watch.origin.headers["/feed"] = {"ETag": '"a"', "Last-Modified": "yesterday"}
    watched = await watch.poller.watch(watch.url("feed"), ACTOR)
    watch.later(timedelta(hours=1))
    (poll,) = await watch.poller.poll_due()
    assert poll.intake is None
    assert poll.error == ""
    last = watch.origin.asked[-1].headers
    assert (last["If-None-Match"], last["If-Modified-Since"]) == ('"a"', "yesterday")
    again = await watch.library.feeds.get(watched.id)
    assert again.last_success_at == watch.now[0]
    assert again.next_poll_at > watch.now[0]


async def test_a_failing_feed_waits_longer_each_time_and_keeps_no_other_back(watch: Watch) -> None:
    watch.origin.bodies["/good"] = feed("Good", name="Good")
    watch.origin.bodies["/bad"] = feed("Bad", name="Bad")
    await watch.poller.watch(watch.url("good"), ACTOR)
    bad = await watch.poller.watch(watch.url("bad"), ACTOR)
    watch.origin.statuses["/bad"] = 500
    watch.origin.bodies["/good"] = feed("Better", "Good", name="Good")
    waits = []
    for _ in range(9):
        watch.later(timedelta(days=2))
        polls = {poll.feed.title: poll for poll in await watch.poller.poll_due()}
        assert "HTTP 500" in polls["Bad"].error
        assert not polls["Good"].error
        failed = await watch.library.feeds.get(bad.id)
        waits.append(failed.next_poll_at - watch.now[0])
    assert failed.failures == 9
    assert "HTTP 500" in failed.last_error
    assert waits[0] < waits[1] < waits[2] < waits[3]
    assert max(waits) <= timedelta(days=1.1)
    assert await watch.waiting() == 1

    watch.origin.statuses.clear()
    watch.later(timedelta(days=2))
    await watch.poller.poll_due()
    assert (await watch.library.feeds.get(bad.id)).failures == 0


async def test_a_servers_wish_to_be_left_alone_is_respected(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.watch(watch.url("feed"), ACTOR)
    watch.origin.statuses["/feed"] = 429
    watch.origin.headers["/feed"] = {"Retry-After": "172800"}
    await watch.poller.poll(watched)
    again = await watch.library.feeds.get(watched.id)
    assert again.next_poll_at == watch.now[0] + timedelta(days=2)


async def test_a_feed_that_becomes_a_web_page_is_a_failure(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.watch(watch.url("feed"), ACTOR)
    watch.origin.bodies["/feed"] = b"<html>Moved</html>"
    poll = await watch.poller.poll(watched)
    assert "is no feed" in poll.error


async def test_a_feed_that_is_removed_while_it_is_read_adds_nothing(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.watch(watch.url("feed"), ACTOR)
    await watch.library.feeds.remove(watched.id)
    watch.origin.bodies["/feed"] = feed("Two", "One")
    poll = await watch.poller.poll(watched)
    assert poll.intake is not None
    assert poll.intake.added == ()
    assert await watch.library.papers.count() == 1


async def test_a_page_leads_to_its_feed(watch: Watch) -> None:
    watch.origin.bodies["/page"] = (
        b"<link rel='alternate' type='text/plain' href='/no'><link rel='stylesheet' href='/no'>"
        b"<link rel='alternate' type='application/rss+xml' href='/broken'>"
        b"<link rel='alternate' type='application/atom+xml; charset=utf-8' href='feed'>"
    )
    watch.origin.bodies["/feed"] = feed("One")
    assert (await watch.poller.watch(watch.url("page"), ACTOR)).url.endswith("/feed")
    with pytest.raises(FeedExists):
        await watch.poller.watch(watch.url("feed?utm_source=x"), ACTOR)
    watch.origin.bodies["/bare"] = b"<html></html>"
    with pytest.raises(NoFeedThere):
        await watch.poller.watch(watch.url("bare"), ACTOR)


def test_an_arxiv_list_leads_to_its_feed_and_five_links_of_a_page_are_tried() -> None:
    links = "".join(
        f"<link rel=alternate type=application/rss+xml href='/{number % 20}'>"
        for number in range(40)
    )
    url = "https://arxiv.org/list/cs.CL/recent"
    page = Fetched(url, url, False, links.encode(), "", "", "")  # noqa: FBT003 - positions are plain
    found = list(feed_candidates(page))
    assert found[0] == "https://rss.arxiv.org/rss/cs.CL"
    assert found[1:] == [f"https://arxiv.org/{number}" for number in range(5)]


async def test_an_answer_that_is_neither_a_feed_nor_a_refusal_is_a_sentence(watch: Watch) -> None:
    watch.origin.statuses["/feed"] = 202
    with pytest.raises(WebError, match="sent no feed"):
        await watch.poller.watch(watch.url("feed"), ACTOR)


async def test_a_fault_of_ours_in_one_feed_is_written_down_and_tried_again(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.watch(watch.url("feed"), ACTOR)
    watch.origin.bodies["/feed"] = feed("Two", "One")
    connection = sqlite3.connect(watch.library.path)
    connection.execute("ALTER TABLE links RENAME TO stolen")
    poll = await watch.poller.poll(watched)
    assert "the log says what" in poll.error
    assert (await watch.library.feeds.get(watched.id)).failures == 1
    connection.execute("ALTER TABLE stolen RENAME TO links")
    connection.close()
    await watch.poller.poll(watched)
    assert await watch.waiting() == 1


async def test_a_feeds_venue_is_given_where_an_entry_has_none(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = (
        b"<rss version='2.0' xmlns:prism='http://prismstandard.org/namespaces/basic/2.0/'><channel>"
        b"<title>T</title><item><title>One</title></item><item><title>Two</title>"
        b"<prism:publicationName>Nature</prism:publicationName></item></channel></rss>"
    )
    await watch.poller.watch(watch.url("feed"), ACTOR, "Newsletter")
    papers = await watch.library.papers.all()
    assert {paper.title: paper.venue for paper in papers} == {"One": "Newsletter", "Two": "Nature"}


def test_the_next_reading_is_spread_and_bounded() -> None:
    waits = {next_poll_at(NOW, HALF_HOUR, number) - NOW for number in range(50)}
    assert len(waits) > 40
    assert all(HALF_HOUR * 0.9 <= wait <= HALF_HOUR * 1.1 for wait in waits)
    assert next_poll_at(NOW, HALF_HOUR, 1, failures=500) - NOW <= timedelta(days=1.1)
    weekly = timedelta(days=7)
    assert next_poll_at(NOW, weekly, 1, failures=3) - NOW >= weekly * 0.9


@pytest.mark.parametrize(
    "folder",
    sorted(path.name for path in (SHARED / "polls").iterdir() if path.is_dir())
    if (SHARED / "polls").is_dir()
    else [
        pytest.param("", marks=pytest.mark.skip(reason="../shared/polls is not on this machine"))
    ],
)
async def test_a_real_feed_over_time_brings_every_paper_once(watch: Watch, folder: str) -> None:
    snapshots = sorted(file for file in (SHARED / "polls" / folder).rglob("*") if file.is_file())
    titles: set[str] = set()
    announced = 0
    for number, snapshot in enumerate(snapshots):
        watch.origin.bodies["/feed"] = snapshot.read_bytes()
        if number == 0:
            watched = await watch.poller.watch(watch.url("feed"), ACTOR)
            continue
        poll = await watch.poller.poll(watched)
        if poll.intake is not None:
            new = [paper.title.casefold() for paper in poll.intake.added]
            assert not titles.intersection(new), snapshot.name
            titles.update(new)
            announced += len(new)
    assert await watch.waiting() == announced
