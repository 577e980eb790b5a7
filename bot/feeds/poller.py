"""Reading feeds when they are due: fetch, parse, take in, and write down when to come again."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.feeds import health, publisher_hints
from bot.feeds.discovery import read_address
from bot.feeds.fetch import Fetched, fetch_feed
from bot.feeds.parser import ParsedFeed, Parser
from bot.feeds.schedule import Timetable, next_poll_at, retry_at
from bot.moderators import Moderators
from bot.net.http import Web, WebError
from storage.errors import DatabaseUnavailable, FeedExists, LabError
from storage.feeds.models import CountedFeed, Entry, Feed, FeedState, IngestResult
from storage.library import Library
from storage.models import Actor
from storage.papers.identifiers import canonical_url
from storage.timestamps import Clock

_log = logging.getLogger(__name__)

_GONE = 410
_UNCHANGED_AT_ONCE = 100  # polls that brought nothing new and are written down together
_FAULT = "Something in this feed made me stumble; the log says what."


@dataclass(frozen=True, slots=True)
class Poll:
    """What came of reading a feed: an intake, or none where it did not change or failed."""

    feed: Feed
    intake: IngestResult | None = None
    problems: tuple[str, ...] = ()
    error: str = ""

    @property
    def has_news(self) -> bool:
        """Whether there was an entry that had not been seen before."""
        one = self.intake or IngestResult()
        return any((one.added, one.updated, one.duplicates, one.reviews, one.removed))


class Poller:
    """Keeps the watched feeds read."""

    def __init__(
        self,
        library: Library,
        web: Web,
        parser: Parser,
        clock: Clock,
        interval: timedelta,
        moderators: Moderators,
    ) -> None:
        self._library = library
        self._web = web
        self._parser = parser
        self._clock = clock
        self._interval = interval
        self._moderation = moderators
        self._polling: dict[int, asyncio.Lock] = {}
        self._unchanged: dict[int, FeedState] = {}

    async def poll_due(self) -> tuple[Poll, ...]:
        """Read every feed whose time has come; one that fails keeps none of the others back.

        Raises `DatabaseUnavailable` where nothing can be taken in nor written down.
        """
        due = await self._library.feeds.due()
        polls = await asyncio.gather(*(self._poll(feed) for feed in due))
        await self._write_unchanged()
        return tuple(polls)

    async def poll(self, feed: Feed) -> Poll:
        """Read one feed now. A failure is written down in its row, and told in the answer.

        Raises `DatabaseUnavailable`.
        """
        poll = await self._poll(feed)
        await self._write_unchanged()
        return poll

    async def _poll(self, feed: Feed) -> Poll:
        async with self._polling.setdefault(feed.id, asyncio.Lock()):
            self._unchanged.pop(feed.id, None)
            try:
                poll = await self._read(feed)
            except DatabaseUnavailable:
                raise
            except LabError as error:
                cause = getattr(error, "cause", error)
                _log.info("Feed %s (%s) failed: %s", feed.id, feed.url, cause)
                poll = await self._record_failure(feed, error)
            except Exception:  # noqa: BLE001 - no feed may end the reading of the others
                _log.exception("Feed %s (%s) failed", feed.id, feed.url)
                poll = await self._record_failure(feed, LabError(_FAULT))
            await self._tell_moderators(poll)
        if len(self._unchanged) >= _UNCHANGED_AT_ONCE:
            await self._write_unchanged()
        return poll

    async def watch(
        self, url: str, actor: Actor, venue: str = "", *, is_reviewed: bool = False
    ) -> CountedFeed:
        """Watch the feed at an address, or the one that the page there names, from now on.

        What it has today is taken in silently. Raises `FeedExists`, `NoFeedThere`, `WebError`.
        """
        fetched, parsed = await self.read_address(url)
        wanted = {canonical_url(fetched.url), canonical_url(fetched.lasting_url)}
        if any(canonical_url(feed.url) in wanted for feed in await self._library.feeds.all()):
            raise FeedExists(fetched.lasting_url)
        title = parsed.title or fetched.lasting_url
        followed = await self._library.feeds.follow(
            fetched.lasting_url, title, venue, actor, is_reviewed=is_reviewed
        )
        feed = followed.value
        async with self._polling.setdefault(feed.id, asyncio.Lock()):
            await self._take_in(feed, fetched, parsed)
        return await self._library.feeds.get(feed.id)

    async def read_address(self, url: str) -> tuple[Fetched, ParsedFeed]:
        """The feed at an address or the first readable one that the page there names."""
        return await read_address(self._web, url, self._parse)

    async def _read(self, feed: Feed) -> Poll:
        """Fetch a feed and take in what is new.

        Once a day it is asked for without a condition, lest a server that wrongly says “not
        modified” is believed for ever; the same body is not read again in any case.
        """
        now = self._clock()
        last = feed.last_success_at
        is_conditional = last is not None and last.date() == now.date()
        tags = (feed.etag, feed.last_modified) if is_conditional else ("", "")
        async with fetch_feed(self._web, feed.url, *tags) as fetched:
            is_same = fetched.not_modified or _hash(fetched) == feed.body_hash
            if not is_same:
                return await self._take_in(feed, fetched, await self._parse(fetched))
        known = publisher_hints.parse_stored(feed.publisher_hints)
        self._unchanged[feed.id] = self._state(feed, fetched, known)
        return Poll(feed)

    async def _take_in(self, feed: Feed, fetched: Fetched, parsed: ParsedFeed) -> Poll:
        for cause in parsed.causes:
            _log.info("Feed %s: %s", feed.id, cause)
        for problem in parsed.problems:
            _log.info("Feed %s: %s", feed.id, problem)
        known = self._state(feed, fetched, parsed.timetable)
        state = replace(known, title=parsed.title or feed.title, body_hash=_hash(fetched))
        entries = [_with_venue(entry, feed.venue) for entry in parsed.entries]
        intake = await self._library.feeds.ingest(feed, entries, state, self._moderation.channel_id)
        return Poll(feed, intake, parsed.problems)

    def _state(self, feed: Feed, fetched: Fetched, wished: Timetable) -> FeedState:
        """What a good poll leaves; an address that moved for good is taken at the second word."""
        moved_to = fetched.lasting_url if fetched.lasting_url != feed.url else ""
        is_agreed = bool(moved_to) and moved_to == feed.pending_url
        return FeedState(
            url=moved_to if is_agreed else "",
            title=feed.title,
            etag=fetched.etag or (feed.etag if fetched.not_modified else ""),
            last_modified=fetched.last_modified
            or (feed.last_modified if fetched.not_modified else ""),
            next_poll_at=next_poll_at(
                self._clock(),
                self._interval,
                feed.id,
                fresh_for=fetched.fresh_for,
                timetable=wished,
                last_new_entry_at=feed.last_new_entry_at,
            ),
            pending_url="" if is_agreed else moved_to,
            publisher_hints=publisher_hints.write(wished),
        )

    async def _record_failure(self, feed: Feed, error: LabError) -> Poll:
        wait = error.retry_after if isinstance(error, WebError) else None
        at = retry_at(self._clock(), self._interval, feed.id, feed.failures + 1, wait)
        await self._library.feeds.record_failure(feed.id, str(error), at)
        if isinstance(error, WebError) and error.status == _GONE:
            told = health.gone_notice(feed)
            await self._library.feeds.pause_automatically(
                feed.id, str(error), self._moderation.channel_id, told
            )
        return Poll(feed, error=str(error))

    async def _tell_moderators(self, poll: Poll) -> None:
        channel = self._moderation.channel_id
        if channel is None:
            return
        notice = health.notice_of(
            poll.feed, self._clock(), error=poll.error, has_news=poll.has_news
        )
        if notice is not None:
            await self._library.feeds.record_notice(
                poll.feed.id, notice.last_notice, channel, notice.text
            )

    async def _write_unchanged(self) -> None:
        states, self._unchanged = self._unchanged, {}
        if states:
            await self._library.feeds.record_unchanged(states)

    async def _parse(self, fetched: Fetched) -> ParsedFeed:
        return await self._parser.parse(
            fetched.body, fetched.url, self._clock(), fetched.content_type
        )


def _hash(fetched: Fetched) -> str:
    """What tells one answer's body from another's; the declared type decides how it is read."""
    body = hashlib.blake2b(fetched.body, digest_size=16)
    body.update(fetched.content_type.encode())
    return body.hexdigest()


def _with_venue(entry: Entry, venue: str) -> Entry:
    """An entry that names no venue has its feed's."""
    if entry.draft.venue or not venue:
        return entry
    return replace(entry, draft=replace(entry.draft, venue=venue))
