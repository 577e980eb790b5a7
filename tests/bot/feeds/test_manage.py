from __future__ import annotations

from datetime import timedelta

from bot.feeds.manage import FollowOutcome, follow_all
from bot.feeds.parser import open_parser
from bot.feeds.poller import Poller
from bot.formats.opml import Outline
from bot.moderators import Moderators
from bot.net.http import open_http_client
from bot.settings import Settings
from storage.errors import FeedExists
from storage.feeds.models import Feed
from storage.library import Library
from storage.models import Actor
from tests.support.lab import FakeClock
from tests.support.library import MODERATOR


class Stumbling(Poller):
    """A poller that fails as nobody foresaw, or finds that somebody was faster."""

    async def follow(
        self,
        url: str,
        actor: Actor,  # noqa: ARG002
        venue: str = "",  # noqa: ARG002
        *,
        is_reviewed: bool = False,  # noqa: ARG002
    ) -> Feed:
        if url.endswith("faster"):
            raise FeedExists(url)
        raise RuntimeError("nobody foresaw this")


async def test_an_unexpected_error_with_one_feed_does_not_stop_the_others(
    library: Library, clock: FakeClock
) -> None:
    outlines = [Outline("https://lab.org/feed"), Outline("https://lab.org/faster")]
    async with (
        open_http_client(
            contact="", allow_private=True, time_limit=timedelta(seconds=5), max_bytes=65536
        ) as web,
        open_parser() as parser,
    ):
        moderators = Moderators(library, Settings())
        poller = Stumbling(library, web, parser, clock, timedelta(minutes=30), moderators)
        tried = await follow_all(library, poller, outlines, MODERATOR)
    assert [one.outcome for one in tried] == [FollowOutcome.FAILED, FollowOutcome.ALREADY_FOLLOWED]
    assert "the log has the details" in tried[0].sentence
