"""SQL of the feeds that are followed; when to poll them is decided by the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from storage import timestamps
from storage.announcements.enqueue import enqueue_notice
from storage.audit.models import ChangeAction, Recorded, Settings
from storage.connection import Connection, Row
from storage.database import Database
from storage.errors import FeedExists, FeedNotFound
from storage.feeds import settings as feed_settings
from storage.feeds.models import CountedFeed, Feed, FeedCounts, FeedSettings, FeedState
from storage.models import Actor

_FEED = "SELECT * FROM feeds WHERE removed_at IS NULL"
_COUNTED_FEED = """SELECT feeds.*,
    (SELECT COUNT(DISTINCT paper_id) FROM entries
     WHERE feed_id = feeds.id AND outcome NOT IN ('duplicate', 'review')) AS papers,
    (SELECT COUNT(*) FROM entries
     WHERE feed_id = feeds.id AND outcome = 'duplicate') AS duplicates,
    (SELECT COUNT(*) FROM entries WHERE feed_id = feeds.id AND outcome = 'review') AS reviews,
    (SELECT COUNT(*) FROM entries
     WHERE feed_id = feeds.id AND is_held AND outcome = 'review') AS held
    FROM feeds WHERE removed_at IS NULL"""
_BY_TITLE = "ORDER BY title COLLATE NOCASE, feeds.id"
_MAX_INTERVAL = timedelta(days=8)  # no poll is scheduled further ahead; intervals end at a week


class FeedRegistry:
    """The feeds that are followed, and what moderators set for them."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def follow(
        self, url: str, title: str, venue: str, actor: Actor, *, is_reviewed: bool = False
    ) -> Recorded[CountedFeed]:
        """Follows a feed; raises `FeedExists` if it is followed already.

        A feed that was followed before starts over, except that its former entries are known.
        """
        now = self._clock()
        at = timestamps.to_text(now)
        async with self._database.transaction(in_reply=True) as db:
            feed_id = await db.value(
                """INSERT INTO feeds (url, title, venue, is_reviewed, next_poll_at,
                                      added_by, added_by_name, added_at)
                   VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (url) DO UPDATE SET
                   title = excluded.title, venue = excluded.venue,
                   is_reviewed = excluded.is_reviewed, next_poll_at = excluded.next_poll_at,
                   added_by = excluded.added_by, added_by_name = excluded.added_by_name,
                   added_at = excluded.added_at, etag = '', last_modified = '', body_hash = '',
                   pending_url = '', publisher_hints = '', last_notice = '', paused_because = '',
                   failures = 0, last_error = '', failing_since = NULL, first_polled_at = NULL,
                   last_success_at = NULL, last_new_entry_at = NULL,
                   has_custom_title = 0, removed_at = NULL
                   WHERE removed_at IS NOT NULL RETURNING id""",
                [url, title, venue, is_reviewed, at, actor.key, actor.name, at],
            )
            if feed_id is None:
                raise FeedExists(url)
            change_id = await feed_settings.record_followed(db, feed_id, actor, now)
            return Recorded(await _get(db, feed_id), change_id)

    async def get(self, feed_id: int) -> CountedFeed:
        """Returns the feed with this id; raises `FeedNotFound`."""
        async with self._database.reading() as db:
            return await _get(db, feed_id)

    async def all(self) -> tuple[Feed, ...]:
        """Returns every feed, by title."""
        async with self._database.reading() as db:
            rows = await db.all(f"{_FEED} {_BY_TITLE}")
        return tuple(_read_feed(row) for row in rows)

    async def count(self) -> FeedCounts:
        """Counts feeds without reading them, however many there are."""
        async with self._database.reading() as db:
            row = await db.one(
                """SELECT COUNT(*) AS feeds, COUNT(*) FILTER (WHERE failures > 0) AS failing,
                          COUNT(*) FILTER (WHERE paused_because <> '') AS paused
                   FROM feeds WHERE removed_at IS NULL"""
            )
        return FeedCounts(**row) if row else FeedCounts()

    async def with_counts(self) -> tuple[CountedFeed, ...]:
        """Returns every feed with its counts, by title."""
        async with self._database.reading() as db:
            rows = await db.all(f"{_COUNTED_FEED} {_BY_TITLE}")
        return tuple(_read_counted_feed(row) for row in rows)

    async def due(self) -> tuple[Feed, ...]:
        """Returns the feeds to poll now, those that have waited longest first.

        A time further ahead than any is ever scheduled was written while the clock was wrong, and
        counts as due.
        """
        now = self._clock()
        async with self._database.reading() as db:
            rows = await db.all(
                f"""{_FEED} AND (next_poll_at <= ? OR next_poll_at > ?)
                    AND paused_because = '' ORDER BY next_poll_at""",
                [timestamps.to_text(now), timestamps.to_text(now + _MAX_INTERVAL)],
            )
        return tuple(_read_feed(row) for row in rows)

    async def edit(
        self, feed_id: int, settings: FeedSettings, actor: Actor
    ) -> Recorded[CountedFeed]:
        """Changes what moderators set for a feed.

        A new title stays, whatever the feed calls itself; a new URL is read from scratch. Raises
        `FeedExists`, `FeedNotFound`.
        """
        async with self._database.transaction(in_reply=True) as db:
            feed = await _get(db, feed_id)
            new_settings = asdict(settings)
            if settings.title != feed.title:
                new_settings["has_custom_title"] = True
            return await self._change(db, feed_id, new_settings, actor)

    async def pause(self, feed_id: int, reason: str, actor: Actor) -> Recorded[CountedFeed]:
        """Stops checking a feed, for a reason that moderators see; raises `FeedNotFound`."""
        async with self._database.transaction(in_reply=True) as db:
            return await self._change(db, feed_id, {"paused_because": reason}, actor)

    async def resume(self, feed_id: int, actor: Actor) -> Recorded[CountedFeed]:
        """Checks a paused feed again; raises `FeedNotFound`."""
        async with self._database.transaction(in_reply=True) as db:
            return await self._change(db, feed_id, {"paused_because": ""}, actor)

    async def unfollow(self, feed_id: int, actor: Actor) -> Recorded[CountedFeed]:
        """Stops following a feed; its papers stay. Raises `FeedNotFound`.

        Returns the feed as it was.
        """
        async with self._database.transaction(in_reply=True) as db:
            feed = await _get(db, feed_id)
            change_id = await feed_settings.change(
                db, feed_id, {"is_removed": True}, ChangeAction.REMOVE, actor, self._clock()
            )
            return Recorded(feed, change_id)

    async def _change(
        self, db: Connection, feed_id: int, settings: Settings, actor: Actor
    ) -> Recorded[CountedFeed]:
        change_id = await feed_settings.change(
            db, feed_id, settings, ChangeAction.EDIT, actor, self._clock()
        )
        return Recorded(await _get(db, feed_id), change_id)

    async def record_failure(self, feed_id: int, reason: str, next_poll_at: datetime) -> None:
        """Records that a poll failed, and when to try again."""
        async with self._database.transaction() as db:
            await db.run(
                """UPDATE feeds SET failures = failures + 1, last_error = ?, next_poll_at = ?,
                   failing_since = COALESCE(failing_since, ?), pending_url = '' WHERE id = ?""",
                [
                    reason,
                    timestamps.to_text(next_poll_at),
                    timestamps.to_text(self._clock()),
                    feed_id,
                ],
            )

    async def record_unchanged(self, states: Mapping[int, FeedState]) -> None:
        """Records polls of feeds that were as they were before, by feed id."""
        async with self._database.transaction() as db:
            await record_successes(db, states, self._clock())

    async def record_notice(
        self, feed_id: int, last_notice: str, channel_id: int | None = None, text: str = ""
    ) -> None:
        """Records the last notice about a feed and queues its text for the moderators' channel.

        Both happen or neither, so that no notice is sent twice. Without a channel or text, nothing
        is queued.
        """
        async with self._database.transaction() as db:
            is_new = await db.run(
                """UPDATE feeds SET last_notice = ?
                   WHERE id = ? AND last_notice <> ? AND removed_at IS NULL""",
                [last_notice, feed_id, last_notice],
            )
            if is_new and channel_id and text:
                await enqueue_notice(db, channel_id, text, self._clock())

    async def pause_automatically(
        self, feed_id: int, reason: str, channel_id: int | None = None, text: str = ""
    ) -> None:
        """Stops checking a feed until moderators resume it, and queues a notice for their channel.

        A feed that is paused already is left alone.
        """
        async with self._database.transaction() as db:
            is_new = await db.run(
                """UPDATE feeds SET paused_because = ?
                   WHERE id = ? AND paused_because = '' AND removed_at IS NULL""",
                [reason, feed_id],
            )
            if is_new and channel_id:
                await enqueue_notice(db, channel_id, text, self._clock())


async def record_new_entries(db: Connection, feed_id: int, now: datetime) -> None:
    """Records that a feed had entries that were not seen before."""
    await db.run(
        "UPDATE feeds SET last_new_entry_at = ? WHERE id = ?", [timestamps.to_text(now), feed_id]
    )


async def record_successes(db: Connection, states: Mapping[int, FeedState], now: datetime) -> None:
    """Records the states of feeds after successful polls, by feed id.

    A new URL that another feed has is not recorded.
    """
    moved = [(state.url, feed_id) for feed_id, state in states.items() if state.url]
    await db.run_many("UPDATE OR IGNORE feeds SET url = ? WHERE id = ?", moved)
    at = timestamps.to_text(now)
    await db.run_many(
        """UPDATE feeds SET title = IIF(has_custom_title, title, ?), etag = ?, last_modified = ?,
           next_poll_at = ?, body_hash = IIF(? = '', body_hash, ?), pending_url = ?,
           publisher_hints = ?, first_polled_at = COALESCE(first_polled_at, ?), last_success_at = ?,
           failures = 0, last_error = '', failing_since = NULL WHERE id = ?""",
        [
            (
                state.title,
                state.etag,
                state.last_modified,
                timestamps.to_text(state.next_poll_at),
                state.body_hash,
                state.body_hash,
                state.pending_url,
                state.publisher_hints,
                at,
                at,
                feed_id,
            )
            for feed_id, state in states.items()
        ],
    )


async def is_first_poll(db: Connection, feed_id: int) -> bool | None:
    """Returns whether the feed's first successful poll is still due, or None if it was removed."""
    row = await db.one(
        "SELECT first_polled_at FROM feeds WHERE id = ? AND removed_at IS NULL", [feed_id]
    )
    return None if row is None else row["first_polled_at"] is None


async def _get(db: Connection, feed_id: int) -> CountedFeed:
    row = await db.one(f"{_COUNTED_FEED} AND feeds.id = ?", [feed_id])
    if row is None:
        raise FeedNotFound(f"#{feed_id}")
    return _read_counted_feed(row)


def _read_feed(row: Row) -> Feed:
    return Feed(**_fields(row))


def _read_counted_feed(row: Row) -> CountedFeed:
    return CountedFeed(
        **_fields(row),
        papers=row["papers"],
        duplicates=row["duplicates"],
        reviews=row["reviews"],
        held=row["held"],
    )


def _fields(row: Row) -> dict[str, Any]:
    """Returns the fields of a `Feed`."""
    return {
        "id": row["id"],
        "url": row["url"],
        "title": row["title"],
        "venue": row["venue"],
        "etag": row["etag"],
        "last_modified": row["last_modified"],
        "next_poll_at": timestamps.from_text(row["next_poll_at"]),
        "first_polled_at": timestamps.from_optional(row["first_polled_at"]),
        "last_success_at": timestamps.from_optional(row["last_success_at"]),
        "failures": row["failures"],
        "last_error": row["last_error"],
        "failing_since": timestamps.from_optional(row["failing_since"]),
        "last_new_entry_at": timestamps.from_optional(row["last_new_entry_at"]),
        "last_notice": row["last_notice"],
        "body_hash": row["body_hash"],
        "pending_url": row["pending_url"],
        "publisher_hints": row["publisher_hints"],
        "paused_because": row["paused_because"],
        "is_reviewed": bool(row["is_reviewed"]),
        "added_by": Actor(row["added_by"], row["added_by_name"]),
        "added_at": timestamps.from_text(row["added_at"]),
    }
