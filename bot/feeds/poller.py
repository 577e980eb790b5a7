"""Reading feeds when they are due: fetch, parse, take in, and write down when to come again."""

from __future__ import annotations

import asyncio
import logging
import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.feeds.fetch import Fetched, NoFeedThere, feed_candidates, fetch_feed
from bot.feeds.parse import NotAFeed, ParsedFeed, parse_feed
from bot.web import Web, WebError
from storage.errors import DatabaseInTrouble, FeedExists, LabError
from storage.feed_records import Entry, Feed, FeedState, Intake
from storage.identifiers import canonical_url
from storage.library import Library
from storage.moments import Clock
from storage.records import Actor

_log = logging.getLogger(__name__)

_AT_ONCE = 8
_LONGEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Poll:
    """What came of reading a feed: an intake, or none where it did not change or failed."""

    feed: Feed
    intake: Intake | None = None
    problems: tuple[str, ...] = ()
    error: str = ""


class Poller:
    """Keeps the watched feeds read."""

    def __init__(
        self,
        library: Library,
        web: Web,
        clock: Clock,
        interval: timedelta,
        moderators_channel: int | None = None,
    ) -> None:
        self._library = library
        self._web = web
        self._clock = clock
        self._interval = interval
        self._moderators_channel = moderators_channel
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self._polling: dict[int, asyncio.Lock] = {}

    async def poll_due(self) -> tuple[Poll, ...]:
        """Read every feed whose time has come; one that fails keeps none of the others back.

        Raises `DatabaseInTrouble` where nothing can be taken in nor written down.
        """
        due = await self._library.feeds.due()
        return tuple(await asyncio.gather(*(self.poll(feed) for feed in due)))

    async def poll(self, feed: Feed) -> Poll:
        """Read one feed now. A failure is written down in its row, and told in the answer.

        Raises `DatabaseInTrouble`.
        """
        async with self._slots, self._polling.setdefault(feed.id, asyncio.Lock()):
            try:
                return await self._read(feed)
            except DatabaseInTrouble:
                raise
            except LabError as error:
                cause = error.cause if isinstance(error, WebError) else str(error)
                _log.info("Feed %s (%s) failed: %s", feed.id, feed.url, cause)
                wait = error.retry_after if isinstance(error, WebError) else None
                return await self._record_failure(feed, str(error), wait)
            except Exception:  # noqa: BLE001 - no feed may end the reading of the others
                _log.exception("Feed %s (%s) failed", feed.id, feed.url)
                return await self._record_failure(
                    feed, "Something in this feed made me stumble; the log says what.", None
                )

    async def watch(self, url: str, actor: Actor, venue: str = "") -> Feed:
        """Watch the feed at an address, or the one that the page there names, from now on.

        What it has today is taken in silently. Raises `FeedExists`, `NoFeedThere`, `WebError`.
        """
        fetched, parsed = await self.read_address(url)
        wanted = {canonical_url(fetched.url), canonical_url(fetched.lasting_url)}
        if any(canonical_url(feed.url) in wanted for feed in await self._library.feeds.all()):
            raise FeedExists(fetched.lasting_url)
        title = parsed.title or fetched.lasting_url
        feed = await self._library.feeds.add(fetched.lasting_url, title, venue, actor)
        async with self._polling.setdefault(feed.id, asyncio.Lock()):
            await self._take_in(feed, fetched, parsed)
        return await self._library.feeds.get(feed.id)

    async def _read(self, feed: Feed) -> Poll:
        fetched = await fetch_feed(self._web, feed.url, feed.etag, feed.last_modified)
        if fetched.not_modified:
            state = FeedState(
                url=feed.url,
                title=feed.title,
                etag=fetched.etag or feed.etag,
                last_modified=fetched.last_modified or feed.last_modified,
                next_poll_at=self._next(feed.id),
            )
            await self._library.note_unchanged(feed, state)
            return Poll(feed)
        parsed = await self._parse(fetched)
        return await self._take_in(feed, fetched, parsed)

    async def _take_in(self, feed: Feed, fetched: Fetched, parsed: ParsedFeed) -> Poll:
        state = FeedState(
            url=feed.url,
            title=parsed.title or feed.title,
            etag=fetched.etag,
            last_modified=fetched.last_modified,
            next_poll_at=self._next(feed.id),
        )
        entries = [_with_venue(entry, feed.venue) for entry in parsed.entries]
        intake = await self._library.take_in(feed, entries, state, self._moderators_channel)
        for problem in parsed.problems:
            _log.info("Feed %s: %s", feed.id, problem)
        return Poll(feed, intake, parsed.problems)

    async def read_address(self, url: str) -> tuple[Fetched, ParsedFeed]:
        """The feed at an address or the first readable one that the page there names."""
        page = await fetch_feed(self._web, url)
        try:
            return page, await self._parse(page)
        except NotAFeed:
            pass
        for candidate in await asyncio.to_thread(lambda: list(feed_candidates(page))):
            try:
                fetched = await fetch_feed(self._web, candidate)
                return fetched, await self._parse(fetched)
            except (NotAFeed, WebError) as error:
                _log.info("No feed at %s: %s", candidate, error)
        raise NoFeedThere(url)

    async def _parse(self, fetched: Fetched) -> ParsedFeed:
        """Parse off the event loop, which the gateway's heartbeat shares."""
        return await asyncio.to_thread(
            parse_feed, fetched.body, fetched.url, self._clock(), fetched.content_type
        )

    def _next(self, feed_id: int) -> datetime:
        return next_poll_at(self._clock(), self._interval, feed_id)

    async def _record_failure(self, feed: Feed, reason: str, wait: timedelta | None) -> Poll:
        at = next_poll_at(self._clock(), self._interval, feed.id, feed.failures + 1, wait)
        await self._library.feeds.record_failure(feed.id, reason, at)
        return Poll(feed, error=reason)


def _with_venue(entry: Entry, venue: str) -> Entry:
    """An entry that names no venue has its feed's."""
    if entry.draft.venue or not venue:
        return entry
    return replace(entry, draft=replace(entry.draft, venue=venue))


def next_poll_at(
    now: datetime,
    interval: timedelta,
    feed_id: int,
    failures: int = 0,
    retry_after: timedelta | None = None,
) -> datetime:
    """When to read a feed again: after its interval, doubled for each failure up to a day.

    A server's own wish is respected. A tenth more or less, the feed's own, keeps feeds from being
    read all at once.
    """
    wait = min(interval * 2 ** min(failures, 12), max(_LONGEST_WAIT, interval))
    wait *= random.Random(f"{feed_id}/{now.date()}/{failures}").uniform(0.9, 1.1)  # noqa: S311
    later: datetime = now + max(wait, retry_after or timedelta())
    return later
