"""SQL of watched feeds and of every entry seen in them; when to poll is decided by the caller."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from storage import history, moments
from storage.database import Connection, Database, IntegrityError, Row, Value
from storage.errors import FeedExists, FeedNotFound, LabError
from storage.feed_records import Entry, Feed, FeedState, PendingEntry, SeenEntry
from storage.fulltext import fold
from storage.records import Actor, Admission, Outcome

_FEED = """SELECT feeds.*, (SELECT COUNT(DISTINCT paper_id) FROM entries
                            WHERE feed_id = feeds.id AND draft IS NULL) AS papers,
                  (SELECT COUNT(*) FROM entries WHERE feed_id = feeds.id
                   AND draft IS NOT NULL AND outcome = 'duplicate') AS duplicates,
                  (SELECT COUNT(*) FROM entries WHERE feed_id = feeds.id
                   AND draft IS NOT NULL AND outcome = 'review') AS reviews FROM feeds"""


_NEVER_LATER = timedelta(days=8)  # is a feed polled again; intervals end at a week

_SEEN = """SELECT entries.*, feeds.title AS feed_title, seen_at <= first_polled_at AS was_first_poll
           FROM entries JOIN feeds ON feeds.id = feed_id"""


class Feeds:
    """The watched feeds."""

    def __init__(self, database: Database, clock: moments.Clock) -> None:
        self._database = database
        self._clock = clock

    async def add(self, url: str, title: str, venue: str, actor: Actor) -> Feed:
        """Watch a feed from now on; raises `FeedExists` where it is watched already."""
        now = moments.to_text(self._clock())
        try:
            async with self._database.transaction() as db:
                feed_id = await db.insert(
                    """INSERT INTO feeds (url, title, venue, next_poll_at,
                                          added_by, added_by_name, added_at)
                       VALUES (?, ?, ?, ?, ?, ?, ?)""",
                    [url, title, venue, now, actor.key, actor.name, now],
                )
        except IntegrityError:
            raise FeedExists(url) from None
        return await self.get(feed_id)

    async def get(self, feed_id: int) -> Feed:
        """The feed with this number; raises `FeedNotFound`."""
        async with self._database.reading() as db:
            row = await db.one(f"{_FEED} WHERE feeds.id = ?", [feed_id])
        if row is None:
            raise FeedNotFound(f"#{feed_id}")
        return _feed(row)

    async def all(self) -> tuple[Feed, ...]:
        """Every watched feed, by title."""
        async with self._database.reading() as db:
            rows = await db.all(f"{_FEED} ORDER BY title COLLATE NOCASE, feeds.id")
        return tuple(_feed(row) for row in rows)

    async def due(self) -> tuple[Feed, ...]:
        """The feeds whose time to be polled has come, longest waiting first; nothing is counted.

        A time that is further ahead than one is ever set was written when the clock was ahead.
        """
        now = self._clock()
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT *, 0 AS papers, 0 AS duplicates, 0 AS reviews FROM feeds
                   WHERE (next_poll_at <= ? OR next_poll_at > ?) AND paused_because = ''
                   ORDER BY next_poll_at""",
                [moments.to_text(now), moments.to_text(now + _NEVER_LATER)],
            )
        return tuple(_feed(row) for row in rows)

    async def remove(self, feed_id: int) -> Feed:
        """Watch a feed no longer; its papers stay. Raises `FeedNotFound`."""
        feed = await self.get(feed_id)
        async with self._database.transaction() as db:
            await db.run("DELETE FROM feeds WHERE id = ?", [feed_id])
        return feed

    async def record_failure(self, feed_id: int, reason: str, next_poll_at: datetime) -> None:
        """Write down that a poll failed, and when to try again."""
        async with self._database.transaction() as db:
            await db.run(
                """UPDATE feeds SET failures = failures + 1, last_error = ?, next_poll_at = ?,
                   failing_since = COALESCE(failing_since, ?), moving_to = '' WHERE id = ?""",
                [
                    *(reason, moments.to_text(next_poll_at)),
                    *(moments.to_text(self._clock()), feed_id),
                ],
            )

    async def pending(self, feed_id: int) -> tuple[PendingEntry, ...]:
        """The feed's entries that wait for a moderator, oldest first."""
        async with self._database.reading() as db:
            rows = await db.all(f"{_PENDING} AND feed_id = ? ORDER BY entries.id", [feed_id])
        return tuple(_pending(row) for row in rows)

    async def entry(self, entry_id: int) -> PendingEntry | SeenEntry | None:
        """An entry that waits, or what became of it; none where its feed is gone."""
        async with self._database.reading() as db:
            pending = await undecided(db, entry_id)
            if pending is not None:
                return pending
            row = await db.one(f"{_SEEN} WHERE entries.id = ?", [entry_id])
        return seen_entry(row) if row else None

    async def change(
        self, feed_id: int, *, title: str, url: str, venue: str, is_reviewed: bool
    ) -> Feed:
        """Give a feed another name, address, venue or way; raises `FeedExists`, `FeedNotFound`.

        A title that is given stays, whatever the feed calls itself; a new address begins anew.
        """
        try:
            async with self._database.transaction() as db:
                await db.run(
                    """UPDATE feeds SET is_title_given = is_title_given OR title <> ?, title = ?,
                       venue = ?, is_reviewed = ? WHERE id = ?""",
                    [title, title, venue, int(is_reviewed), feed_id],
                )
                await db.run(
                    """UPDATE feeds SET url = ?, etag = '', last_modified = '', body_hash = '',
                       moving_to = '', failures = 0, last_error = '', failing_since = NULL,
                       next_poll_at = ? WHERE id = ? AND url <> ?""",
                    [url, moments.to_text(self._clock()), feed_id, url],
                )
        except IntegrityError:
            raise FeedExists(url) from None
        return await self.get(feed_id)

    async def pause(self, feed_id: int, reason: str) -> None:
        """Read a feed no more, for a reason that moderators see; or again, where there is none."""
        async with self._database.transaction() as db:
            await pause(db, feed_id, reason, self._clock())


async def pause(db: Connection, feed_id: int, reason: str, now: datetime) -> bool:
    """The same inside a transaction; tells whether that feed was read until now."""
    return bool(
        await db.run(
            """UPDATE feeds SET paused_because = ?, next_poll_at = IIF(? = '', ?, next_poll_at)
               WHERE id = ? AND paused_because <> ?""",
            [reason, reason, moments.to_text(now), feed_id, reason],
        )
    )


async def note_told(db: Connection, feed_id: int, told: str) -> bool:
    """The same inside a transaction; says whether that is news, of a feed still watched."""
    return bool(
        await db.run("UPDATE feeds SET told = ? WHERE id = ? AND told <> ?", [told, feed_id, told])
    )


async def note_news(db: Connection, feed_id: int, now: datetime) -> None:
    """Write down that a feed had an entry which was not seen before."""
    await db.run("UPDATE feeds SET last_news_at = ? WHERE id = ?", [moments.to_text(now), feed_id])


async def record_successes(db: Connection, states: Mapping[int, FeedState], now: datetime) -> None:
    """Write down what good polls leave, by the feeds' numbers.

    An address that another feed has is not taken.
    """
    moved = [(state.url, feed_id) for feed_id, state in states.items() if state.url]
    await db.run_many("UPDATE OR IGNORE feeds SET url = ? WHERE id = ?", moved)
    at = moments.to_text(now)
    await db.run_many(
        """UPDATE feeds SET title = IIF(is_title_given, title, ?), etag = ?, last_modified = ?,
           next_poll_at = ?, body_hash = IIF(? = '', body_hash, ?), moving_to = ?,
           first_polled_at = COALESCE(first_polled_at, ?), last_success_at = ?,
           failures = 0, last_error = '', failing_since = NULL WHERE id = ?""",
        [
            (
                *(state.title, state.etag, state.last_modified),
                *(moments.to_text(state.next_poll_at), state.body_hash, state.body_hash),
                *(state.moving_to, at, at, feed_id),
            )
            for feed_id, state in states.items()
        ],
    )


async def is_polled(db: Connection, feed_id: int) -> bool | None:
    """Whether the feed was ever polled with success; none where it is watched no longer."""
    row = await db.one("SELECT first_polled_at FROM feeds WHERE id = ?", [feed_id])
    return None if row is None else row["first_polled_at"] is not None


async def known_keys(db: Connection, feed_id: int, keys: Sequence[str]) -> set[str]:
    """Those of some keys under which entries were seen in this feed."""
    rows = await db.all(
        """SELECT key FROM entries
           WHERE feed_id = ? AND key IN (SELECT value FROM json_each(?))""",
        [feed_id, json.dumps(keys)],
    )
    return {row["key"] for row in rows}


async def papers_titled(
    db: Connection, feed_id: int, title: str, present: Collection[str]
) -> list[int] | None:
    """The papers that this feed's entries with that title stood for; none while one is undecided.

    Entries whose keys are ``present`` stand in the feed still, and are others of the same title.
    """
    rows = await db.all(
        """SELECT key, paper_id, draft IS NOT NULL AS undecided FROM entries
           WHERE feed_id = ? AND title_key = ? AND paper_id IS NOT NULL""",
        [feed_id, fold(title)],
    )
    gone = [row for row in rows if row["key"] not in present]
    if any(row["undecided"] for row in gone):
        return None
    return list(dict.fromkeys(row["paper_id"] for row in gone))


async def record_entry(
    db: Connection, feed_id: int, entry: Entry, admission: Admission, now: datetime
) -> int:
    """Write down that an entry was seen and what became of it; gives its number.

    What a moderator is to decide is kept whole.
    """
    draft = entry.draft
    pending = admission.outcome in {Outcome.DUPLICATE, Outcome.REVIEW}
    return await db.insert(
        """INSERT INTO entries (feed_id, key, title_key, link, outcome, paper_id, draft, seen_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            feed_id,
            entry.key,
            fold(draft.title),
            draft.links[0].url if draft.links else "",
            admission.outcome,
            admission.paper.id if admission.paper else None,
            json.dumps(history.snapshot(draft), ensure_ascii=False) if pending else None,
            moments.to_text(now),
        ],
    )


async def seen(db: Connection, where: str, values: Sequence[Value]) -> list[Row]:
    """The rows of the entries that meet a condition, with their feeds' titles."""
    return await db.all(f"{_SEEN} WHERE {where}", values)


async def newest_added(db: Connection, feed_id: int, most: int) -> list[int]:
    """The papers that are in the list since this feed brought them: the newest, oldest first.

    Entries are written down oldest first.
    """
    rows = await db.all(
        """SELECT paper_id FROM (
               SELECT MIN(entries.id) AS place, paper_id FROM entries
               JOIN papers ON papers.id = paper_id AND removed_at IS NULL
               WHERE feed_id = ? AND outcome = 'added'
               GROUP BY paper_id ORDER BY place DESC LIMIT ?) ORDER BY place""",
        [feed_id, most],
    )
    return [row["paper_id"] for row in rows]


async def undecided(db: Connection, entry_id: int) -> PendingEntry | None:
    """An entry that waits for a moderator; none where it was decided or is gone."""
    row = await db.one(f"{_PENDING} AND entries.id = ?", [entry_id])
    return _pending(row) if row else None


async def decided_already(db: Connection, entry_id: int) -> LabError:
    """What to tell who decides an entry that waits no longer."""
    by = await db.value("SELECT decided_by_name FROM entries WHERE id = ?", [entry_id])
    if by is None:
        return LabError("That entry is no longer there, since its feed was removed.")
    return LabError(f"“{by or 'Somebody'}” has decided that one already.")


async def decide(
    db: Connection, entry_id: int, admission: Admission, actor: Actor, at: datetime
) -> None:
    """End the waiting of an entry by what became of it; its card in a channel is to show that."""
    await db.run(
        """UPDATE entries SET draft = NULL, outcome = ?, paper_id = ?,
           decided_by = ?, decided_by_name = ?, decided_at = ? WHERE id = ?""",
        [
            *(admission.outcome, admission.paper.id if admission.paper else None),
            *(actor.key, actor.name, moments.to_text(at), entry_id),
        ],
    )
    await db.run("UPDATE posts SET changes = changes + 1 WHERE entry_id = ?", [entry_id])


# What stood in a feed at its first poll is never announced.
_PENDING = """SELECT entries.id, feed_id, draft, paper_id, seen_at > first_polled_at AS is_news
              FROM entries JOIN feeds ON feeds.id = feed_id WHERE draft IS NOT NULL"""


def _pending(row: Row) -> PendingEntry:
    draft = history.restored_draft(json.loads(row["draft"]))
    return PendingEntry(
        row["id"], row["feed_id"], draft, row["paper_id"], is_news=bool(row["is_news"])
    )


def seen_entry(row: Row) -> SeenEntry:
    """What a row of `seen` says."""
    by = Actor(row["decided_by"], row["decided_by_name"]) if row["decided_at"] else None
    return SeenEntry(
        id=row["id"],
        feed_id=row["feed_id"],
        feed_title=row["feed_title"],
        outcome=Outcome(row["outcome"]),
        paper_id=row["paper_id"],
        seen_at=moments.from_text(row["seen_at"]),
        was_first_poll=bool(row["was_first_poll"]),
        decided_by=by,
        decided_at=moments.from_optional(row["decided_at"]),
    )


def _feed(row: Row) -> Feed:
    return Feed(
        id=row["id"],
        url=row["url"],
        title=row["title"],
        venue=row["venue"],
        etag=row["etag"],
        last_modified=row["last_modified"],
        next_poll_at=moments.from_text(row["next_poll_at"]),
        first_polled_at=moments.from_optional(row["first_polled_at"]),
        last_success_at=moments.from_optional(row["last_success_at"]),
        failures=row["failures"],
        last_error=row["last_error"],
        failing_since=moments.from_optional(row["failing_since"]),
        last_news_at=moments.from_optional(row["last_news_at"]),
        told=row["told"],
        body_hash=row["body_hash"],
        moving_to=row["moving_to"],
        paused_because=row["paused_because"],
        is_reviewed=bool(row["is_reviewed"]),
        added_by=Actor(row["added_by"], row["added_by_name"]),
        added_at=moments.from_text(row["added_at"]),
        papers=row["papers"],
        duplicates=row["duplicates"],
        reviews=row["reviews"],
    )
