"""Polls feeds: fetches and parses them, adds what is new, and schedules the next poll."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

from bot.feeds import health
from bot.feeds.discovery import discover_feed
from bot.feeds.fetch import FetchedFeed, fetch_feed
from bot.feeds.parser import ParsedFeed, Parser
from bot.feeds.publisher_hints import dump_hints, load_hints
from bot.feeds.schedule import PublisherHints, next_poll_at, retry_at
from bot.moderators import Moderators
from bot.net.http import HttpClient, HttpError
from storage.errors import DatabaseUnavailable, FeedExists, LabError
from storage.feeds.models import CountedFeed, Entry, Feed, FeedState, IngestResult
from storage.library import Library
from storage.models import Actor
from storage.redaction import redact_url, site_name
from storage.timestamps import Clock
from storage.urls import canonical_url

_log = logging.getLogger(__name__)

_GONE = 410
_BATCH_SIZE = 100  # polls without anything new that are recorded together
_UNEXPECTED = "Something went wrong with this feed; the log has the details."


@dataclass(frozen=True, slots=True)
class Poll:
    """The outcome of a poll; ``result`` is None if the feed is unchanged or the poll failed."""

    feed: Feed
    result: IngestResult | None = None
    problems: tuple[str, ...] = ()
    error: str = ""

    @property
    def has_new_entries(self) -> bool:
        """Whether the feed had an entry that was not seen before."""
        result = self.result or IngestResult()
        return any(
            (result.added, result.updated, result.duplicates, result.reviews, result.removed)
        )


class Poller:
    """Polls the followed feeds."""

    def __init__(
        self,
        library: Library,
        http: HttpClient,
        parser: Parser,
        clock: Clock,
        interval: timedelta,
        moderators: Moderators,
    ) -> None:
        self._library = library
        self._http = http
        self._parser = parser
        self._clock = clock
        self._interval = interval
        self._moderators = moderators
        self._locks: dict[int, asyncio.Lock] = {}
        self._unchanged: dict[int, FeedState] = {}

    async def poll_due(self) -> tuple[Poll, ...]:
        """Polls every feed that is due; a failing feed doesn't affect the others.

        Raises `DatabaseUnavailable` if the results can't be saved.
        """
        due = await self._library.feeds.due()
        polls = await asyncio.gather(*(self._poll(feed) for feed in due))
        await self._save_unchanged()
        return tuple(polls)

    async def poll(self, feed: Feed) -> Poll:
        """Polls one feed now; records and returns a failure instead of raising it.

        Raises `DatabaseUnavailable`.
        """
        poll = await self._poll(feed)
        await self._save_unchanged()
        return poll

    async def follow(
        self, url: str, actor: Actor, venue: str = "", *, is_reviewed: bool = False
    ) -> CountedFeed:
        """Follows the feed at a URL, or the one that the page there links to.

        Adds its current entries without announcing them. Raises `FeedExists`, `NoFeedFound` and
        `HttpError`.
        """
        fetched, parsed = await self.discover(url)
        urls = {canonical_url(fetched.url), canonical_url(fetched.permanent_url)}
        if any(canonical_url(feed.url) in urls for feed in await self._library.feeds.all()):
            raise FeedExists(fetched.permanent_url)
        title = parsed.title or site_name(fetched.permanent_url)
        followed = await self._library.feeds.follow(
            fetched.permanent_url, title, venue, actor, is_reviewed=is_reviewed
        )
        feed = followed.value
        async with self._lock(feed):
            await self._ingest(feed, fetched, parsed)
        return await self._library.feeds.get(feed.id)

    async def discover(self, url: str) -> tuple[FetchedFeed, ParsedFeed]:
        """Returns the feed at a URL or behind the page there, as `discover_feed` does."""
        return await discover_feed(self._http, url, self._parse)

    async def _poll(self, feed: Feed) -> Poll:
        async with self._lock(feed):
            self._unchanged.pop(feed.id, None)
            try:
                poll = await self._fetch_and_ingest(feed)
            except DatabaseUnavailable:
                raise
            except LabError as error:
                cause = getattr(error, "cause", error)
                _log.info("Feed %s (%s) failed: %s", feed.id, redact_url(feed.url), cause)
                poll = await self._record_failure(feed, error)
            except Exception:  # noqa: BLE001 - one feed must not stop the others
                _log.exception("Feed %s (%s) failed", feed.id, redact_url(feed.url))
                poll = await self._record_failure(feed, LabError(_UNEXPECTED))
            await self._notify_moderators(poll)
        if len(self._unchanged) >= _BATCH_SIZE:
            await self._save_unchanged()
        return poll

    def _lock(self, feed: Feed) -> asyncio.Lock:
        """Returns the lock that keeps a feed from being polled twice at the same time."""
        return self._locks.setdefault(feed.id, asyncio.Lock())

    async def _fetch_and_ingest(self, feed: Feed) -> Poll:
        """Fetches a feed and adds what is new, unless its body is the same as last time.

        The first request of a day is unconditional, in case a server wrongly keeps answering “not
        modified”.
        """
        now = self._clock()
        last = feed.last_success_at
        is_conditional = last is not None and last.date() == now.date()
        validators = (feed.etag, feed.last_modified) if is_conditional else ("", "")
        async with fetch_feed(self._http, feed.url, *validators) as fetched:
            is_unchanged = fetched.not_modified or _hash(fetched) == feed.body_hash
            if not is_unchanged:
                return await self._ingest(feed, fetched, await self._parse(fetched))
        hints = load_hints(feed.publisher_hints)
        self._unchanged[feed.id] = self._next_state(feed, fetched, hints)
        return Poll(feed)

    async def _ingest(self, feed: Feed, fetched: FetchedFeed, parsed: ParsedFeed) -> Poll:
        for message in (*parsed.causes, *parsed.problems):
            _log.info("Feed %s: %s", feed.id, message)
        state = replace(
            self._next_state(feed, fetched, parsed.hints),
            title=parsed.title or feed.title,
            body_hash=_hash(fetched),
        )
        entries = [_with_venue(entry, feed.venue) for entry in parsed.entries]
        result = await self._library.feeds.ingest(
            feed,
            entries,
            state,
            self._moderators.channel_id,
            partial(health.held_notice, feed),
        )
        return Poll(feed, result, parsed.problems)

    def _next_state(self, feed: Feed, fetched: FetchedFeed, hints: PublisherHints) -> FeedState:
        """Returns the feed's state after a successful poll.

        The URL changes once two polls in a row were permanently redirected to the same one.
        """
        redirected_to = fetched.permanent_url if fetched.permanent_url != feed.url else ""
        is_confirmed = bool(redirected_to) and redirected_to == feed.pending_url
        return FeedState(
            url=redirected_to if is_confirmed else "",
            title=feed.title,
            etag=fetched.etag or (feed.etag if fetched.not_modified else ""),
            last_modified=fetched.last_modified
            or (feed.last_modified if fetched.not_modified else ""),
            next_poll_at=next_poll_at(
                self._clock(),
                self._interval,
                feed.id,
                fresh_for=fetched.fresh_for,
                hints=hints,
                last_new_entry_at=feed.last_new_entry_at,
            ),
            pending_url="" if is_confirmed else redirected_to,
            publisher_hints=dump_hints(hints),
        )

    async def _record_failure(self, feed: Feed, error: LabError) -> Poll:
        retry_after = error.retry_after if isinstance(error, HttpError) else None
        at = retry_at(self._clock(), self._interval, feed.id, feed.failures + 1, retry_after)
        await self._library.feeds.record_failure(feed.id, str(error), at)
        if isinstance(error, HttpError) and error.status == _GONE:
            notice = health.gone_notice(feed)
            await self._library.feeds.pause_automatically(
                feed.id, str(error), self._moderators.channel_id, notice
            )
        return Poll(feed, error=str(error))

    async def _notify_moderators(self, poll: Poll) -> None:
        channel = self._moderators.channel_id
        if channel is None:
            return
        notice = health.status_notice(
            poll.feed, self._clock(), error=poll.error, has_new_entries=poll.has_new_entries
        )
        if notice is not None:
            await self._library.feeds.record_notice(
                poll.feed.id, notice.last_notice, channel, notice.text
            )

    async def _save_unchanged(self) -> None:
        states, self._unchanged = self._unchanged, {}
        if states:
            await self._library.feeds.record_unchanged(states)

    async def _parse(self, fetched: FetchedFeed) -> ParsedFeed:
        return await self._parser.parse(
            fetched.body, fetched.url, self._clock(), fetched.content_type
        )


def _hash(fetched: FetchedFeed) -> str:
    """Returns a hash of a body and its declared type, which affects how it is parsed."""
    body = hashlib.blake2b(fetched.body, digest_size=16)
    body.update(fetched.content_type.encode())
    return body.hexdigest()


def _with_venue(entry: Entry, venue: str) -> Entry:
    """Returns an entry with its feed's venue if it has none itself."""
    if entry.draft.venue or not venue:
        return entry
    return replace(entry, draft=replace(entry.draft, venue=venue))
