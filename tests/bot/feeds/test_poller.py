from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.feeds.fetch import FetchedFeed, NoFeedFound, feed_candidates
from bot.feeds.parser import MAX_ENTRIES, open_parser
from bot.feeds.poller import Poller
from bot.moderators import Moderators
from bot.net.http import HttpError, open_http_client
from bot.settings import Settings
from storage.errors import FeedExists
from storage.feeds.models import FeedSettings
from storage.library import Library, open_library
from tests.support.library import MODERATOR
from tests.support.paths import SHARED

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HALF_HOUR = timedelta(minutes=30)
MODERATORS = 77


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
class PollerSetup:
    origin: Origin
    home: str
    library: Library
    poller: Poller
    now: list[datetime]

    def url(self, path: str) -> str:
        return f"{self.home}/{path}"

    async def waiting(self) -> int:
        (subscription,) = await self.library.subscriptions.all()
        return subscription.waiting

    async def notices(self) -> list[str]:
        """What moderators were told, oldest first."""
        with contextlib.closing(sqlite3.connect(self.library.path)) as connection:
            rows = connection.execute(
                "SELECT notice FROM posts WHERE kind = 'notice' AND destination_id = ? ORDER BY id",
                [MODERATORS],
            )
            return [text for (text,) in rows]

    def later(self, time: timedelta) -> None:
        self.now[0] += time


@pytest.fixture
def moderators_channel() -> int | None:
    return MODERATORS


@pytest.fixture
def max_entries() -> int:
    return MAX_ENTRIES


@pytest.fixture
async def setup(
    tmp_path: Path, empty_database: Path, moderators_channel: int | None, max_entries: int
) -> AsyncIterator[PollerSetup]:
    database = Path(shutil.copyfile(empty_database, tmp_path / "lab.db"))
    origin = Origin()
    now = [NOW]
    site = web.Application()
    site.router.add_get("/{path:.*}", origin.answer)
    async with (
        TestServer(site) as server,
        open_library(database, lambda: now[0]) as library,
        open_http_client(
            contact="", allow_private=True, time_limit=timedelta(seconds=5), max_bytes=10**7
        ) as client,
        open_parser(max_entries=max_entries) as parser,
    ):
        await library.subscriptions.subscribe(1, 2, MODERATOR)
        moderators = Moderators(library, Settings(moderators_channel_id=moderators_channel))
        poller = Poller(library, client, parser, lambda: now[0], HALF_HOUR, moderators)
        yield PollerSetup(origin, str(server.make_url("")).rstrip("/"), library, poller, now)


def feed(*titles: str, name: str = "News") -> bytes:
    items = "".join(f"<item><title>{title}</title><guid>{title}</guid></item>" for title in titles)
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


async def test_the_first_poll_is_silent_and_later_polls_announce(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One", "Two")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    assert (followed.title, followed.papers) == ("News", 2)
    assert await setup.waiting() == 0

    setup.origin.bodies["/feed"] = feed("Three", "One", "Two")
    assert await setup.poller.poll_due() == ()
    setup.later(HALF_HOUR * 1.2)
    (poll,) = await setup.poller.poll_due()
    assert poll.result is not None
    assert [paper.title for paper in poll.result.added] == ["Three"]
    assert await setup.waiting() == 1


async def test_an_unchanged_feed_is_not_transferred_again(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    setup.origin.headers["/feed"] = {"ETag": '"a"', "Last-Modified": "yesterday"}
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    setup.later(timedelta(hours=1))
    (poll,) = await setup.poller.poll_due()
    assert poll.result is None
    assert poll.error == ""
    last = setup.origin.asked[-1].headers
    assert (last["If-None-Match"], last["If-Modified-Since"]) == ('"a"', "yesterday")
    again = await setup.library.feeds.get(followed.id)
    assert again.last_success_at == setup.now[0]
    assert again.next_poll_at > setup.now[0]


async def test_a_failing_feed_backs_off_without_delaying_others(setup: PollerSetup) -> None:
    setup.origin.bodies["/good"] = feed("Good", name="Good")
    setup.origin.bodies["/bad"] = feed("Bad", name="Bad")
    await setup.poller.follow(setup.url("good"), MODERATOR)
    bad = await setup.poller.follow(setup.url("bad"), MODERATOR)
    setup.origin.statuses["/bad"] = 500
    setup.origin.bodies["/good"] = feed("Better", "Good", name="Good")
    waits = []
    for _ in range(9):
        setup.later(timedelta(days=2))
        polls = {poll.feed.title: poll for poll in await setup.poller.poll_due()}
        assert "HTTP 500" in polls["Bad"].error
        assert not polls["Good"].error
        failed = await setup.library.feeds.get(bad.id)
        waits.append(failed.next_poll_at - setup.now[0])
    assert failed.failures == 9
    assert "HTTP 500" in failed.last_error
    assert waits[0] < waits[1] < waits[2] < waits[3]
    assert max(waits) <= timedelta(days=1.1)
    assert await setup.waiting() == 1

    setup.origin.statuses.clear()
    setup.later(timedelta(days=2))
    await setup.poller.poll_due()
    assert (await setup.library.feeds.get(bad.id)).failures == 0


async def test_retry_after_is_respected(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    setup.origin.statuses["/feed"] = 429
    setup.origin.headers["/feed"] = {"Retry-After": "172800"}
    await setup.poller.poll(followed)
    again = await setup.library.feeds.get(followed.id)
    assert again.next_poll_at == setup.now[0] + timedelta(days=2)


async def test_a_feed_that_becomes_a_web_page_is_a_failure(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    setup.origin.bodies["/feed"] = b"<html>Moved</html>"
    poll = await setup.poller.poll(followed)
    assert "isn't a feed" in poll.error


async def test_a_feed_removed_during_its_poll_adds_nothing(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    await setup.library.feeds.unfollow(followed.id, MODERATOR)
    setup.origin.bodies["/feed"] = feed("Two", "One")
    poll = await setup.poller.poll(followed)
    assert poll.result is not None
    assert poll.result.added == ()
    assert await setup.library.papers.count() == 1


async def test_the_feed_of_a_page_is_followed(setup: PollerSetup) -> None:
    setup.origin.bodies["/page"] = (
        b"<link rel='alternate' type='text/plain' href='/no'><link rel='stylesheet' href='/no'>"
        b"<link rel='alternate' type='application/rss+xml' href='/broken'>"
        b"<link rel='alternate' type='application/atom+xml; charset=utf-8' href='feed'>"
    )
    setup.origin.bodies["/feed"] = feed("One")
    assert (await setup.poller.follow(setup.url("page"), MODERATOR)).url.endswith("/feed")
    with pytest.raises(FeedExists):
        await setup.poller.follow(setup.url("feed?utm_source=x"), MODERATOR)
    setup.origin.bodies["/bare"] = b"<html></html>"
    with pytest.raises(NoFeedFound):
        await setup.poller.follow(setup.url("bare"), MODERATOR)


def test_candidates_are_arxivs_feed_and_five_links_of_a_page() -> None:
    links = "".join(
        f"<link rel=alternate type=application/rss+xml href='/{number % 20}'>"
        for number in range(40)
    )
    url = "https://arxiv.org/list/cs.CL/recent"
    page = FetchedFeed(url, url, False, links.encode(), "", "", "")  # noqa: FBT003 - positions are plain
    found = list(feed_candidates(page))
    assert found[0] == "https://rss.arxiv.org/rss/cs.CL"
    assert found[1:] == [f"https://arxiv.org/{number}" for number in range(5)]


async def test_an_unexpected_status_is_an_error(setup: PollerSetup) -> None:
    setup.origin.statuses["/feed"] = 202
    with pytest.raises(HttpError, match="didn't send a feed"):
        await setup.poller.follow(setup.url("feed"), MODERATOR)


async def test_an_unexpected_error_is_recorded_and_retried(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    setup.origin.bodies["/feed"] = feed("Two", "One")
    connection = sqlite3.connect(setup.library.path)
    connection.execute("ALTER TABLE links RENAME TO stolen")
    poll = await setup.poller.poll(followed)
    assert "the log has the details" in poll.error
    assert (await setup.library.feeds.get(followed.id)).failures == 1
    connection.execute("ALTER TABLE stolen RENAME TO links")
    connection.close()
    await setup.poller.poll(followed)
    assert await setup.waiting() == 1


async def test_an_entry_without_a_venue_gets_its_feeds(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = (
        b"<rss version='2.0' xmlns:prism='http://prismstandard.org/namespaces/basic/2.0/'><channel>"
        b"<title>T</title><item><title>One</title></item><item><title>Two</title>"
        b"<prism:publicationName>Nature</prism:publicationName></item></channel></rss>"
    )
    await setup.poller.follow(setup.url("feed"), MODERATOR, "Newsletter")
    papers = await setup.library.papers.batch()
    assert {paper.title: paper.venue for paper in papers} == {"One": "Newsletter", "Two": "Nature"}


async def test_an_unusable_entry_is_reported_and_logged(
    setup: PollerSetup, caplog: pytest.LogCaptureFixture
) -> None:
    setup.origin.bodies["/feed"] = feed("One", "")
    bare = (await setup.library.feeds.follow(setup.url("feed"), "F", "", MODERATOR)).value
    with caplog.at_level("INFO", "bot.feeds.poller"):
        poll = await setup.poller.poll(bare)
    assert poll.problems == ("Entry 2 has neither a title nor any text, so I skipped it.",)
    assert "Entry 2 has neither" in caplog.text


async def test_an_identical_body_is_not_parsed_again(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    first = await setup.library.feeds.get(followed.id)
    setup.later(HALF_HOUR * 2)
    setup.origin.headers["/feed"] = {"ETag": '"new"'}
    (poll,) = await setup.poller.poll_due()
    assert (poll.result, poll.error, poll.has_new_entries) == (None, "", False)
    again = await setup.library.feeds.get(followed.id)
    assert (again.body_hash, again.etag) == (first.body_hash, '"new"')
    assert again.last_success_at == setup.now[0]

    setup.origin.bodies["/feed"] = feed("One", "Two")
    del setup.origin.headers["/feed"]
    poll = await setup.poller.poll(again)
    assert poll.has_new_entries
    assert (await setup.library.feeds.get(followed.id)).body_hash != first.body_hash


async def test_the_first_request_of_a_day_is_unconditional(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    setup.origin.headers["/feed"] = {"ETag": '"stuck"'}
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    setup.origin.bodies["/feed"] = feed("Two", "One")
    setup.later(timedelta(hours=2))
    (poll,) = await setup.poller.poll_due()
    assert poll.result is None  # the server says that nothing changed, which is not so
    setup.later(timedelta(days=1))
    (poll,) = await setup.poller.poll_due()
    assert poll.has_new_entries
    assert "If-None-Match" not in setup.origin.asked[-1].headers
    assert (await setup.library.feeds.get(followed.id)).papers == 2


async def test_not_modified_without_a_condition_is_an_error(setup: PollerSetup) -> None:
    setup.origin.statuses["/feed"] = 304
    with pytest.raises(HttpError, match="never sent me anything"):
        await setup.poller.follow(setup.url("feed"), MODERATOR)


async def test_a_feed_moves_when_two_polls_in_a_row_agree(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = setup.origin.bodies["/new"] = feed("One")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)

    async def read() -> str:
        await setup.poller.poll(await setup.library.feeds.get(followed.id))
        return (await setup.library.feeds.get(followed.id)).url.rpartition("/")[2]

    def move(status: int, to: str = "new") -> None:
        setup.origin.statuses["/feed"] = status
        setup.origin.headers["/feed"] = {"Location": setup.url(to)}

    move(301)
    assert await read() == "feed"
    move(200)
    assert await read() == "feed"
    move(308)
    assert await read() == "feed"
    move(500)
    assert await read() == "feed"
    move(301, "newer")
    setup.origin.bodies["/newer"] = feed("One")
    assert await read() == "feed"
    move(301)
    assert await read() == "feed"
    assert await read() == "new"
    assert (await setup.library.feeds.get(followed.id)).pending_url == ""
    move(200)
    assert await read() == "new"


async def test_a_feed_does_not_move_to_the_url_of_another(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    setup.origin.bodies["/other"] = feed("Two")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    await setup.poller.follow(setup.url("other"), MODERATOR)
    setup.origin.statuses["/feed"] = 301
    setup.origin.headers["/feed"] = {"Location": setup.url("other")}
    for _ in range(3):
        poll = await setup.poller.poll(await setup.library.feeds.get(followed.id))
        assert not poll.error
    assert (await setup.library.feeds.get(followed.id)).url == setup.url("feed")


async def test_a_gone_feed_is_paused_and_reported_once(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    setup.origin.statuses["/feed"] = 410
    for _ in range(3):
        await setup.poller.poll(await setup.library.feeds.get(followed.id))
    gone = await setup.library.feeds.get(followed.id)
    assert "permanently gone" in gone.paused_because
    (notice,) = await setup.notices()
    assert "permanently gone" in notice
    setup.later(timedelta(days=3))
    assert await setup.poller.poll_due() == ()


async def test_hints_of_a_feed_and_its_server_are_respected(setup: PollerSetup) -> None:
    body = feed("One").replace(b"<title>News", b"<ttl>120</ttl><title>News")
    setup.origin.bodies["/feed"] = body
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    assert timedelta(hours=2) <= followed.next_poll_at - setup.now[0] < timedelta(hours=2.1)
    setup.origin.headers["/feed"] = {"Cache-Control": "max-age=10800"}
    setup.later(timedelta(hours=2.1))
    await setup.poller.poll_due()
    again = await setup.library.feeds.get(followed.id)
    assert timedelta(hours=3) <= again.next_poll_at - setup.now[0] < timedelta(hours=3.1)
    assert "7200" in again.publisher_hints  # which a restart does not lose
    del setup.origin.headers["/feed"]
    setup.later(timedelta(hours=4))
    await setup.poller.poll_due()
    unchanged = await setup.library.feeds.get(followed.id)
    assert timedelta(hours=2) <= unchanged.next_poll_at - setup.now[0] < timedelta(hours=2.1)


async def test_moderators_get_one_notice_of_a_failing_feed_and_one_of_its_recovery(
    setup: PollerSetup,
) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    await setup.poller.follow(setup.url("feed"), MODERATOR)
    setup.origin.statuses["/feed"] = 500
    for hours in (2, 20, 5, 30, 30):
        setup.later(timedelta(hours=hours))
        await setup.poller.poll_due()
        assert len(await setup.notices()) == (0 if hours in {2, 20} else 1)
    setup.origin.statuses.clear()
    for _ in range(3):
        setup.later(timedelta(days=2))
        await setup.poller.poll_due()
    assert [
        ("failed" if "haven't been able" in text else text[:1]) for text in await setup.notices()
    ] == [
        "failed",
        "✅",
    ]


async def test_concurrent_polls_notify_moderators_once(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    setup.origin.statuses["/feed"] = 500
    await setup.poller.poll(followed)
    setup.later(timedelta(days=2))
    failing = await setup.library.feeds.get(followed.id)
    await asyncio.gather(*(setup.poller.poll(failing) for _ in range(3)))
    assert len(await setup.notices()) == 1


@pytest.mark.parametrize("moderators_channel", [None])
async def test_without_a_moderators_channel_there_are_no_notices(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    setup.origin.statuses["/feed"] = 410
    await setup.poller.poll(followed)
    setup.later(timedelta(days=2))
    failing = await setup.library.feeds.get(followed.id)
    await setup.poller.poll(failing)
    assert failing.paused_because
    assert (await setup.library.feeds.get(followed.id)).last_notice == ""
    assert await setup.notices() == []


async def test_a_title_set_by_a_moderator_stays(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One", name="Dull")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    terms = FeedSettings("Ours", followed.url, "", is_reviewed=False)
    await setup.library.feeds.edit(followed.id, terms, MODERATOR)
    bare = (await setup.library.feeds.follow(setup.url("b"), setup.url("b"), "", MODERATOR)).value
    setup.origin.bodies["/feed"] = feed("Two", name="Dull")
    setup.origin.bodies["/b"] = feed("Three", name="Bare")
    setup.later(timedelta(hours=1))
    await setup.poller.poll_due()
    assert (await setup.library.feeds.get(followed.id)).title == "Ours"
    assert (await setup.library.feeds.get(bare.id)).title == "Bare"


async def test_many_unchanged_feeds_are_recorded_together(setup: PollerSetup) -> None:
    for number in range(120):
        setup.origin.bodies[f"/{number}"] = feed()
        await setup.library.feeds.follow(setup.url(str(number)), f"F{number}", "", MODERATOR)
    await setup.poller.poll_due()
    setup.later(timedelta(hours=1))
    polls = await setup.poller.poll_due()
    assert [poll.result for poll in polls] == [None] * 120
    assert await setup.library.feeds.due() == ()


async def test_entries_that_come_back_to_a_feed_are_not_announced_again(setup: PollerSetup) -> None:
    setup.origin.bodies["/feed"] = feed("One", "Two")
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    for body in (feed(), feed("Two", "One"), feed("One")):
        setup.origin.bodies["/feed"] = body
        poll = await setup.poller.poll(followed)
        assert not poll.has_new_entries
    assert await setup.waiting() == 0


@pytest.mark.parametrize("max_entries", [50])
async def test_the_end_of_a_very_long_feed_is_announced(setup: PollerSetup) -> None:
    titles = [f"Paper {number}" for number in range(60)]
    setup.origin.bodies["/feed"] = feed(*titles)
    followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
    assert followed.papers == 50
    setup.origin.bodies["/feed"] = feed(*titles, "The newest one")
    setup.later(HALF_HOUR * 2)
    (poll,) = await setup.poller.poll_due()
    assert poll.result is not None
    assert [paper.title for paper in poll.result.added] == ["The newest one"]
    assert await setup.waiting() == 1


@pytest.mark.parametrize(
    "folder",
    sorted(path.name for path in (SHARED / "polls").iterdir() if path.is_dir())
    if (SHARED / "polls").is_dir()
    else [
        pytest.param("", marks=pytest.mark.skip(reason="../shared/polls is not on this machine"))
    ],
)
async def test_a_real_feed_over_time_adds_every_paper_once(setup: PollerSetup, folder: str) -> None:
    snapshots = sorted(file for file in (SHARED / "polls" / folder).rglob("*") if file.is_file())
    titles: set[str] = set()
    announced = 0
    for number, snapshot in enumerate(snapshots):
        setup.origin.bodies["/feed"] = snapshot.read_bytes()
        if number == 0:
            followed = await setup.poller.follow(setup.url("feed"), MODERATOR)
            continue
        poll = await setup.poller.poll(followed)
        if poll.result is not None:
            new = [paper.title.casefold() for paper in poll.result.added]
            assert not titles.intersection(new), snapshot.name
            titles.update(new)
            announced += len(new)
    assert await setup.waiting() == announced
