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
from bot.feeds.parser import open_parser
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
class Watch:
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
async def watch(
    tmp_path: Path, empty_database: Path, moderators_channel: int | None
) -> AsyncIterator[Watch]:
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
        open_parser() as parser,
    ):
        await library.subscriptions.subscribe(1, 2, MODERATOR)
        moderators = Moderators(library, Settings(moderators_channel_id=moderators_channel))
        poller = Poller(library, client, parser, lambda: now[0], HALF_HOUR, moderators)
        yield Watch(origin, str(server.make_url("")).rstrip("/"), library, poller, now)


def feed(*titles: str, name: str = "News") -> bytes:
    items = "".join(f"<item><title>{title}</title><guid>{title}</guid></item>" for title in titles)
    return f"<rss version='2.0'><channel><title>{name}</title>{items}</channel></rss>".encode()


async def test_the_first_poll_is_silent_and_later_polls_announce(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One", "Two")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    assert (watched.title, watched.papers) == ("News", 2)
    assert await watch.waiting() == 0

    watch.origin.bodies["/feed"] = feed("Three", "One", "Two")
    assert await watch.poller.poll_due() == ()
    watch.later(HALF_HOUR * 1.2)
    (poll,) = await watch.poller.poll_due()
    assert poll.result is not None
    assert [paper.title for paper in poll.result.added] == ["Three"]
    assert await watch.waiting() == 1


async def test_an_unchanged_feed_is_not_transferred_again(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watch.origin.headers["/feed"] = {"ETag": '"a"', "Last-Modified": "yesterday"}
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    watch.later(timedelta(hours=1))
    (poll,) = await watch.poller.poll_due()
    assert poll.result is None
    assert poll.error == ""
    last = watch.origin.asked[-1].headers
    assert (last["If-None-Match"], last["If-Modified-Since"]) == ('"a"', "yesterday")
    again = await watch.library.feeds.get(watched.id)
    assert again.last_success_at == watch.now[0]
    assert again.next_poll_at > watch.now[0]


async def test_a_failing_feed_backs_off_without_delaying_others(watch: Watch) -> None:
    watch.origin.bodies["/good"] = feed("Good", name="Good")
    watch.origin.bodies["/bad"] = feed("Bad", name="Bad")
    await watch.poller.follow(watch.url("good"), MODERATOR)
    bad = await watch.poller.follow(watch.url("bad"), MODERATOR)
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


async def test_retry_after_is_respected(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    watch.origin.statuses["/feed"] = 429
    watch.origin.headers["/feed"] = {"Retry-After": "172800"}
    await watch.poller.poll(watched)
    again = await watch.library.feeds.get(watched.id)
    assert again.next_poll_at == watch.now[0] + timedelta(days=2)


async def test_a_feed_that_becomes_a_web_page_is_a_failure(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    watch.origin.bodies["/feed"] = b"<html>Moved</html>"
    poll = await watch.poller.poll(watched)
    assert "isn't a feed" in poll.error


async def test_a_feed_removed_during_its_poll_adds_nothing(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    await watch.library.feeds.unfollow(watched.id, MODERATOR)
    watch.origin.bodies["/feed"] = feed("Two", "One")
    poll = await watch.poller.poll(watched)
    assert poll.result is not None
    assert poll.result.added == ()
    assert await watch.library.papers.count() == 1


async def test_the_feed_of_a_page_is_followed(watch: Watch) -> None:
    watch.origin.bodies["/page"] = (
        b"<link rel='alternate' type='text/plain' href='/no'><link rel='stylesheet' href='/no'>"
        b"<link rel='alternate' type='application/rss+xml' href='/broken'>"
        b"<link rel='alternate' type='application/atom+xml; charset=utf-8' href='feed'>"
    )
    watch.origin.bodies["/feed"] = feed("One")
    assert (await watch.poller.follow(watch.url("page"), MODERATOR)).url.endswith("/feed")
    with pytest.raises(FeedExists):
        await watch.poller.follow(watch.url("feed?utm_source=x"), MODERATOR)
    watch.origin.bodies["/bare"] = b"<html></html>"
    with pytest.raises(NoFeedFound):
        await watch.poller.follow(watch.url("bare"), MODERATOR)


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


async def test_an_unexpected_status_is_an_error(watch: Watch) -> None:
    watch.origin.statuses["/feed"] = 202
    with pytest.raises(HttpError, match="sent no feed"):
        await watch.poller.follow(watch.url("feed"), MODERATOR)


async def test_an_unexpected_error_is_recorded_and_retried(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    watch.origin.bodies["/feed"] = feed("Two", "One")
    connection = sqlite3.connect(watch.library.path)
    connection.execute("ALTER TABLE links RENAME TO stolen")
    poll = await watch.poller.poll(watched)
    assert "the log has the details" in poll.error
    assert (await watch.library.feeds.get(watched.id)).failures == 1
    connection.execute("ALTER TABLE stolen RENAME TO links")
    connection.close()
    await watch.poller.poll(watched)
    assert await watch.waiting() == 1


async def test_an_entry_without_a_venue_gets_its_feeds(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = (
        b"<rss version='2.0' xmlns:prism='http://prismstandard.org/namespaces/basic/2.0/'><channel>"
        b"<title>T</title><item><title>One</title></item><item><title>Two</title>"
        b"<prism:publicationName>Nature</prism:publicationName></item></channel></rss>"
    )
    await watch.poller.follow(watch.url("feed"), MODERATOR, "Newsletter")
    papers = await watch.library.papers.batch()
    assert {paper.title: paper.venue for paper in papers} == {"One": "Newsletter", "Two": "Nature"}


async def test_an_unusable_entry_is_reported_and_logged(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    watch.origin.bodies["/feed"] = feed("One", "")
    bare = (await watch.library.feeds.follow(watch.url("feed"), "F", "", MODERATOR)).value
    with caplog.at_level("INFO", "bot.feeds.poller"):
        poll = await watch.poller.poll(bare)
    assert poll.problems == ("Entry 2 has neither a title nor any text, so I skipped it.",)
    assert "Entry 2 has neither" in caplog.text


async def test_an_identical_body_is_not_parsed_again(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    first = await watch.library.feeds.get(watched.id)
    watch.later(HALF_HOUR * 2)
    watch.origin.headers["/feed"] = {"ETag": '"new"'}
    (poll,) = await watch.poller.poll_due()
    assert (poll.result, poll.error, poll.has_new_entries) == (None, "", False)
    again = await watch.library.feeds.get(watched.id)
    assert (again.body_hash, again.etag) == (first.body_hash, '"new"')
    assert again.last_success_at == watch.now[0]

    watch.origin.bodies["/feed"] = feed("One", "Two")
    del watch.origin.headers["/feed"]
    poll = await watch.poller.poll(again)
    assert poll.has_new_entries
    assert (await watch.library.feeds.get(watched.id)).body_hash != first.body_hash


async def test_the_first_request_of_a_day_is_unconditional(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watch.origin.headers["/feed"] = {"ETag": '"stuck"'}
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    watch.origin.bodies["/feed"] = feed("Two", "One")
    watch.later(timedelta(hours=2))
    (poll,) = await watch.poller.poll_due()
    assert poll.result is None  # the server says that nothing changed, which is not so
    watch.later(timedelta(days=1))
    (poll,) = await watch.poller.poll_due()
    assert poll.has_new_entries
    assert "If-None-Match" not in watch.origin.asked[-1].headers
    assert (await watch.library.feeds.get(watched.id)).papers == 2


async def test_not_modified_without_a_condition_is_an_error(watch: Watch) -> None:
    watch.origin.statuses["/feed"] = 304
    with pytest.raises(HttpError, match="never sent me anything"):
        await watch.poller.follow(watch.url("feed"), MODERATOR)


async def test_a_feed_moves_when_two_polls_in_a_row_agree(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = watch.origin.bodies["/new"] = feed("One")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)

    async def read() -> str:
        await watch.poller.poll(await watch.library.feeds.get(watched.id))
        return (await watch.library.feeds.get(watched.id)).url.rpartition("/")[2]

    def move(status: int, to: str = "new") -> None:
        watch.origin.statuses["/feed"] = status
        watch.origin.headers["/feed"] = {"Location": watch.url(to)}

    move(301)
    assert await read() == "feed"
    move(200)
    assert await read() == "feed"
    move(308)
    assert await read() == "feed"
    move(500)
    assert await read() == "feed"
    move(301, "newer")
    watch.origin.bodies["/newer"] = feed("One")
    assert await read() == "feed"
    move(301)
    assert await read() == "feed"
    assert await read() == "new"
    assert (await watch.library.feeds.get(watched.id)).pending_url == ""
    move(200)
    assert await read() == "new"


async def test_a_feed_does_not_move_to_the_url_of_another(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watch.origin.bodies["/other"] = feed("Two")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    await watch.poller.follow(watch.url("other"), MODERATOR)
    watch.origin.statuses["/feed"] = 301
    watch.origin.headers["/feed"] = {"Location": watch.url("other")}
    for _ in range(3):
        poll = await watch.poller.poll(await watch.library.feeds.get(watched.id))
        assert not poll.error
    assert (await watch.library.feeds.get(watched.id)).url == watch.url("feed")


async def test_a_gone_feed_is_paused_and_reported_once(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    watch.origin.statuses["/feed"] = 410
    for _ in range(3):
        await watch.poller.poll(await watch.library.feeds.get(watched.id))
    gone = await watch.library.feeds.get(watched.id)
    assert "permanently gone" in gone.paused_because
    (notice,) = await watch.notices()
    assert "permanently gone" in notice
    watch.later(timedelta(days=3))
    assert await watch.poller.poll_due() == ()


async def test_hints_of_a_feed_and_its_server_are_respected(watch: Watch) -> None:
    body = feed("One").replace(b"<title>News", b"<ttl>120</ttl><title>News")
    watch.origin.bodies["/feed"] = body
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    assert timedelta(hours=2) <= watched.next_poll_at - watch.now[0] < timedelta(hours=2.1)
    watch.origin.headers["/feed"] = {"Cache-Control": "max-age=10800"}
    watch.later(timedelta(hours=2.1))
    await watch.poller.poll_due()
    again = await watch.library.feeds.get(watched.id)
    assert timedelta(hours=3) <= again.next_poll_at - watch.now[0] < timedelta(hours=3.1)
    assert "7200" in again.publisher_hints  # which a restart does not lose
    del watch.origin.headers["/feed"]
    watch.later(timedelta(hours=4))
    await watch.poller.poll_due()
    unchanged = await watch.library.feeds.get(watched.id)
    assert timedelta(hours=2) <= unchanged.next_poll_at - watch.now[0] < timedelta(hours=2.1)


async def test_moderators_get_one_notice_of_a_failing_feed_and_one_of_its_recovery(
    watch: Watch,
) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    await watch.poller.follow(watch.url("feed"), MODERATOR)
    watch.origin.statuses["/feed"] = 500
    for hours in (2, 20, 5, 30, 30):
        watch.later(timedelta(hours=hours))
        await watch.poller.poll_due()
        assert len(await watch.notices()) == (0 if hours in {2, 20} else 1)
    watch.origin.statuses.clear()
    for _ in range(3):
        watch.later(timedelta(days=2))
        await watch.poller.poll_due()
    assert [
        ("failed" if "haven't been able" in text else text[:1]) for text in await watch.notices()
    ] == [
        "failed",
        "✅",
    ]


async def test_concurrent_polls_notify_moderators_once(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    watch.origin.statuses["/feed"] = 500
    await watch.poller.poll(watched)
    watch.later(timedelta(days=2))
    failing = await watch.library.feeds.get(watched.id)
    await asyncio.gather(*(watch.poller.poll(failing) for _ in range(3)))
    assert len(await watch.notices()) == 1


@pytest.mark.parametrize("moderators_channel", [None])
async def test_without_a_moderators_channel_there_are_no_notices(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    watch.origin.statuses["/feed"] = 410
    await watch.poller.poll(watched)
    watch.later(timedelta(days=2))
    failing = await watch.library.feeds.get(watched.id)
    await watch.poller.poll(failing)
    assert failing.paused_because
    assert (await watch.library.feeds.get(watched.id)).last_notice == ""
    assert await watch.notices() == []


async def test_a_title_set_by_a_moderator_stays(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One", name="Dull")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    terms = FeedSettings("Ours", watched.url, "", is_reviewed=False)
    await watch.library.feeds.edit(watched.id, terms, MODERATOR)
    bare = (await watch.library.feeds.follow(watch.url("b"), watch.url("b"), "", MODERATOR)).value
    watch.origin.bodies["/feed"] = feed("Two", name="Dull")
    watch.origin.bodies["/b"] = feed("Three", name="Bare")
    watch.later(timedelta(hours=1))
    await watch.poller.poll_due()
    assert (await watch.library.feeds.get(watched.id)).title == "Ours"
    assert (await watch.library.feeds.get(bare.id)).title == "Bare"


async def test_many_unchanged_feeds_are_recorded_together(watch: Watch) -> None:
    for number in range(120):
        watch.origin.bodies[f"/{number}"] = feed()
        await watch.library.feeds.follow(watch.url(str(number)), f"F{number}", "", MODERATOR)
    await watch.poller.poll_due()
    watch.later(timedelta(hours=1))
    polls = await watch.poller.poll_due()
    assert [poll.result for poll in polls] == [None] * 120
    assert await watch.library.feeds.due() == ()


async def test_entries_that_come_back_to_a_feed_are_not_announced_again(watch: Watch) -> None:
    watch.origin.bodies["/feed"] = feed("One", "Two")
    watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
    for body in (feed(), feed("Two", "One"), feed("One")):
        watch.origin.bodies["/feed"] = body
        poll = await watch.poller.poll(watched)
        assert not poll.has_new_entries
    assert await watch.waiting() == 0


@pytest.mark.parametrize(
    "folder",
    sorted(path.name for path in (SHARED / "polls").iterdir() if path.is_dir())
    if (SHARED / "polls").is_dir()
    else [
        pytest.param("", marks=pytest.mark.skip(reason="../shared/polls is not on this machine"))
    ],
)
async def test_a_real_feed_over_time_adds_every_paper_once(watch: Watch, folder: str) -> None:
    snapshots = sorted(file for file in (SHARED / "polls" / folder).rglob("*") if file.is_file())
    titles: set[str] = set()
    announced = 0
    for number, snapshot in enumerate(snapshots):
        watch.origin.bodies["/feed"] = snapshot.read_bytes()
        if number == 0:
            watched = await watch.poller.follow(watch.url("feed"), MODERATOR)
            continue
        poll = await watch.poller.poll(watched)
        if poll.result is not None:
            new = [paper.title.casefold() for paper in poll.result.added]
            assert not titles.intersection(new), snapshot.name
            titles.update(new)
            announced += len(new)
    assert await watch.waiting() == announced
