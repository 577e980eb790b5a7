"""SQL of watched feeds; when to poll is decided by the caller."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from storage import timestamps
from storage.announcements import outbox
from storage.audit.models import ChangeAction, Recorded, Settings
from storage.database import Connection, Database, Row
from storage.errors import FeedExists, FeedNotFound
from storage.feeds import settings as feed_settings
from storage.feeds.models import Feed, FeedState, FeedTerms
from storage.models import Actor

_COUNTED = """SELECT feeds.*,
    (SELECT COUNT(DISTINCT paper_id) FROM entries
     WHERE feed_id = feeds.id AND outcome NOT IN ('duplicate', 'review')) AS papers,
    (SELECT COUNT(*) FROM entries
     WHERE feed_id = feeds.id AND outcome = 'duplicate') AS duplicates,
    (SELECT COUNT(*) FROM entries WHERE feed_id = feeds.id AND outcome = 'review') AS reviews
    FROM feeds WHERE removed_at IS NULL"""
_UNCOUNTED = """SELECT *, 0 AS papers, 0 AS duplicates, 0 AS reviews
    FROM feeds WHERE removed_at IS NULL"""
_BY_TITLE = "ORDER BY title COLLATE NOCASE, feeds.id"
_NEVER_LATER = timedelta(days=8)  # is a feed polled again; intervals end at a week


class FeedRegistry:
    """The feeds that are followed, and what moderators set for them."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def follow(
        self, url: str, title: str, venue: str, actor: Actor, *, is_reviewed: bool = False
    ) -> Recorded[Feed]:
        """Follows a feed; raises `FeedExists` if it is followed already.

        One that was removed is as new, but that its entries of then are known.
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

    async def get(self, feed_id: int) -> Feed:
        """The feed with this number, counted as in `counted`; raises `FeedNotFound`."""
        async with self._database.reading() as db:
            return await _get(db, feed_id)

    async def all(self) -> tuple[Feed, ...]:
        """Every watched feed, by title; what they brought is not counted, see `counted`."""
        async with self._database.reading() as db:
            rows = await db.all(f"{_UNCOUNTED} {_BY_TITLE}")
        return tuple(_feed(row) for row in rows)

    async def counted(self) -> tuple[Feed, ...]:
        """Every watched feed, by title, with its papers and what waits of it counted."""
        async with self._database.reading() as db:
            rows = await db.all(f"{_COUNTED} {_BY_TITLE}")
        return tuple(_feed(row) for row in rows)

    async def due(self) -> tuple[Feed, ...]:
        """The feeds whose time to be polled has come, longest waiting first; nothing is counted.

        A time that is further ahead than one is ever set was written when the clock was ahead.
        """
        now = self._clock()
        async with self._database.reading() as db:
            rows = await db.all(
                f"""{_UNCOUNTED} AND (next_poll_at <= ? OR next_poll_at > ?)
                    AND paused_because = '' ORDER BY next_poll_at""",
                [timestamps.to_text(now), timestamps.to_text(now + _NEVER_LATER)],
            )
        return tuple(_feed(row) for row in rows)

    async def edit(self, feed_id: int, terms: FeedTerms, actor: Actor) -> Recorded[Feed]:
        """Changes what moderators decide about a feed.

        A new title stays, whatever the feed calls itself; a new address is read from scratch.
        Raises `FeedExists`, `FeedNotFound`.
        """
        async with self._database.transaction(in_reply=True) as db:
            feed = await _get(db, feed_id)
            wanted = asdict(terms) | (
                {"has_custom_title": True} if terms.title != feed.title else {}
            )
            return await self._change(db, feed_id, wanted, actor)

    async def pause(self, feed_id: int, reason: str, actor: Actor) -> Recorded[Feed]:
        """Stops checking a feed, for a reason that moderators see; raises `FeedNotFound`."""
        async with self._database.transaction(in_reply=True) as db:
            return await self._change(db, feed_id, {"paused_because": reason}, actor)

    async def resume(self, feed_id: int, actor: Actor) -> Recorded[Feed]:
        """Checks a paused feed again; raises `FeedNotFound`."""
        async with self._database.transaction(in_reply=True) as db:
            return await self._change(db, feed_id, {"paused_because": ""}, actor)

    async def unfollow(self, feed_id: int, actor: Actor) -> Recorded[Feed]:
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
    ) -> Recorded[Feed]:
        change_id = await feed_settings.change(
            db, feed_id, settings, ChangeAction.EDIT, actor, self._clock()
        )
        return Recorded(await _get(db, feed_id), change_id)

    async def record_failure(self, feed_id: int, reason: str, next_poll_at: datetime) -> None:
        """Write down that a poll failed, and when to try again."""
        async with self._database.transaction() as db:
            await db.run(
                """UPDATE feeds SET failures = failures + 1, last_error = ?, next_poll_at = ?,
                   failing_since = COALESCE(failing_since, ?), pending_url = '' WHERE id = ?""",
                [
                    *(reason, timestamps.to_text(next_poll_at)),
                    *(timestamps.to_text(self._clock()), feed_id),
                ],
            )

    async def note_unchanged(self, states: Mapping[int, FeedState]) -> None:
        """Write down polls that brought what was read before, by the feeds' numbers."""
        async with self._database.transaction() as db:
            await record_successes(db, states, self._clock())

    async def tell(
        self, feed_id: int, last_notice: str, channel_id: int | None = None, text: str = ""
    ) -> None:
        """Records the last notice about a feed and queue its text for the moderators' channel.

        Both happen or neither, so that no notice is sent twice. Without a channel or text, nothing
        is queued.
        """
        async with self._database.transaction() as db:
            if await _note_told(db, feed_id, last_notice) and channel_id and text:
                await outbox.notify(db, channel_id, text, self._clock())

    async def give_up(
        self, feed_id: int, reason: str, channel_id: int | None = None, text: str = ""
    ) -> None:
        """Read a feed no more of my own accord, until moderators resume it.

        A notice goes into their channel where one is given, once.
        """
        async with self._database.transaction() as db:
            is_news = await db.run(
                """UPDATE feeds SET paused_because = ?
                   WHERE id = ? AND paused_because = '' AND removed_at IS NULL""",
                [reason, feed_id],
            )
            if is_news and channel_id:
                await outbox.notify(db, channel_id, text, self._clock())


async def _get(db: Connection, feed_id: int) -> Feed:
    row = await db.one(f"{_COUNTED} AND feeds.id = ?", [feed_id])
    if row is None:
        raise FeedNotFound(f"#{feed_id}")
    return _feed(row)


async def _note_told(db: Connection, feed_id: int, last_notice: str) -> bool:
    """Records the last notice about a feed; returns whether it differs and the feed is followed."""
    return bool(
        await db.run(
            """UPDATE feeds SET last_notice = ?
               WHERE id = ? AND last_notice <> ? AND removed_at IS NULL""",
            [last_notice, feed_id, last_notice],
        )
    )


async def note_news(db: Connection, feed_id: int, now: datetime) -> None:
    """Write down that a feed had an entry which was not seen before."""
    await db.run(
        "UPDATE feeds SET last_new_entry_at = ? WHERE id = ?", [timestamps.to_text(now), feed_id]
    )


async def record_successes(db: Connection, states: Mapping[int, FeedState], now: datetime) -> None:
    """Write down what good polls leave, by the feeds' numbers.

    An address that another feed has is not taken.
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
                *(state.title, state.etag, state.last_modified),
                *(timestamps.to_text(state.next_poll_at), state.body_hash, state.body_hash),
                *(state.pending_url, state.publisher_hints, at, at, feed_id),
            )
            for feed_id, state in states.items()
        ],
    )


async def is_polled(db: Connection, feed_id: int) -> bool | None:
    """Whether the feed was ever polled with success; none where it is watched no longer."""
    row = await db.one(
        "SELECT first_polled_at FROM feeds WHERE id = ? AND removed_at IS NULL", [feed_id]
    )
    return None if row is None else row["first_polled_at"] is not None


def _feed(row: Row) -> Feed:
    return Feed(
        id=row["id"],
        url=row["url"],
        title=row["title"],
        venue=row["venue"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        next_poll_at=timestamps.from_text(row["next_poll_at"]),
        first_polled_at=timestamps.from_optional(row["first_polled_at"]),
        last_success_at=timestamps.from_optional(row["last_success_at"]),
        failures=row["failures"],
        last_error=row["last_error"],
        failing_since=timestamps.from_optional(row["failing_since"]),
        last_new_entry_at=timestamps.from_optional(row["last_new_entry_at"]),
        last_notice=row["last_notice"],
        body_hash=row["body_hash"],
        pending_url=row["pending_url"],
        publisher_hints=row["publisher_hints"],
        paused_because=row["paused_because"],
        is_reviewed=bool(row["is_reviewed"]),
        added_by=Actor(row["added_by"], row["added_by_name"]),
        added_at=timestamps.from_text(row["added_at"]),
        papers=row["papers"],
        duplicates=row["duplicates"],
        reviews=row["reviews"],
    )
