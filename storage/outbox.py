"""SQL of announcements: which channels want them, and one row for each paper in each, ever."""

from __future__ import annotations

from datetime import datetime

from storage import moments
from storage.database import Connection, Database, Row
from storage.records import Actor, Announcement, AnnouncementState, Route

_ROUTE = """SELECT routes.*,
    (SELECT COUNT(*) FROM announcements
     WHERE channel_id = routes.channel_id AND state <> 'sent') AS waiting,
    (SELECT COUNT(*) FROM announcements
     WHERE channel_id = routes.channel_id AND state = 'sent') AS sent FROM routes"""


class Outbox:
    """What is to be announced where, and what was."""

    def __init__(self, database: Database, clock: moments.Clock) -> None:
        self._database = database
        self._clock = clock

    async def open_route(self, guild_id: int, channel_id: int, actor: Actor) -> bool:
        """Announce into a channel from now on, or again; says whether that is a change."""
        async with self._database.transaction() as db:
            changed = await db.run(
                """INSERT INTO routes
                       (guild_id, channel_id, created_by, created_by_name, created_at)
                   VALUES (?, ?, ?, ?, ?)
                   ON CONFLICT (channel_id) DO UPDATE
                   SET stopped_because = '', retry_at = NULL, failures = 0
                   WHERE stopped_because <> ''""",
                [guild_id, channel_id, actor.key, actor.name, moments.to_text(self._clock())],
            )
        return changed > 0

    async def close_route(self, guild_id: int, channel_id: int) -> bool:
        """Announce into a channel no longer, nor what waits for it; says whether that is new."""
        async with self._database.transaction() as db:
            changed = await db.run(
                "DELETE FROM routes WHERE guild_id = ? AND channel_id = ?", [guild_id, channel_id]
            )
            if changed:
                await db.run(
                    "DELETE FROM announcements WHERE channel_id = ? AND state <> 'sent'",
                    [channel_id],
                )
        return changed > 0

    async def routes(self, guild_id: int | None = None) -> tuple[Route, ...]:
        """The channels that want announcements, of one server or of all."""
        async with self._database.reading() as db:
            rows = await db.all(
                f"{_ROUTE} WHERE ? IS NULL OR guild_id = ? ORDER BY routes.id", [guild_id, guild_id]
            )
        return tuple(_route(row) for row in rows)

    async def next_due(self) -> tuple[Announcement, ...]:
        """For each channel that may be sent to now, its oldest announcement that is not sent.

        Announcements of removed papers wait until the paper comes back.
        """
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT announcements.*, MIN(announcements.id) FROM announcements
                   JOIN routes USING (channel_id) JOIN papers ON papers.id = paper_id
                   WHERE state <> 'sent' AND stopped_because = '' AND removed_at IS NULL
                   AND (retry_at IS NULL OR retry_at <= ?)
                   GROUP BY channel_id ORDER BY announcements.id""",
                [moments.to_text(self._clock())],
            )
        return tuple(_announcement(row) for row in rows)

    async def claim(self, announcement_id: int) -> bool:
        """Mark an announcement as about to be sent; false where it is sent or gone."""
        async with self._database.transaction() as db:
            return bool(
                await db.run(
                    """UPDATE announcements
                       SET state = 'claimed', attempts = attempts + 1, claimed_at = ?
                       WHERE id = ? AND state <> 'sent'""",
                    [moments.to_text(self._clock()), announcement_id],
                )
            )

    async def record_sent(self, announcement: Announcement, message_id: int) -> None:
        """Write down that an announcement stands in its channel as this message."""
        async with self._database.transaction() as db:
            await db.run(
                """UPDATE announcements SET state = 'sent', message_id = ?, sent_at = ?
                   WHERE id = ?""",
                [message_id, moments.to_text(self._clock()), announcement.id],
            )
            await db.run(
                "UPDATE routes SET failures = 0, retry_at = NULL WHERE channel_id = ?",
                [announcement.channel_id],
            )

    async def record_refused(self, announcement: Announcement) -> None:
        """Write down that an announcement was certainly not delivered."""
        async with self._database.transaction() as db:
            await db.run(
                "UPDATE announcements SET state = 'waiting' WHERE id = ? AND state = 'claimed'",
                [announcement.id],
            )

    async def postpone(self, channel_id: int, until: datetime) -> None:
        """Send nothing more to a channel before this time."""
        async with self._database.transaction() as db:
            await db.run(
                "UPDATE routes SET failures = failures + 1, retry_at = ? WHERE channel_id = ?",
                [moments.to_text(until), channel_id],
            )

    async def stop_route(self, channel_id: int, reason: str) -> None:
        """Send nothing more to a channel until somebody opens it again; what waits, waits."""
        async with self._database.transaction() as db:
            await db.run(
                "UPDATE routes SET stopped_because = ? WHERE channel_id = ?", [reason, channel_id]
            )

    async def failures(self, channel_id: int) -> int:
        """How many sends to a channel have failed since the last good one."""
        async with self._database.reading() as db:
            count = await db.value("SELECT failures FROM routes WHERE channel_id = ?", [channel_id])
        return int(count or 0)

    async def of_paper(self, paper_id: int) -> tuple[Announcement, ...]:
        """Every announcement of a paper."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT * FROM announcements WHERE paper_id = ? ORDER BY id", [paper_id]
            )
        return tuple(_announcement(row) for row in rows)


async def queue(db: Connection, paper_id: int, now: datetime) -> None:
    """Put a paper into the outbox of every channel; a channel that has or had it keeps its row."""
    await db.run(
        """INSERT OR IGNORE INTO announcements (paper_id, channel_id, state, created_at)
           SELECT ?, channel_id, 'waiting', ? FROM routes ORDER BY routes.id""",
        [paper_id, moments.to_text(now)],
    )


def _announcement(row: Row) -> Announcement:
    return Announcement(
        id=row["id"],
        paper_id=row["paper_id"],
        channel_id=row["channel_id"],
        state=AnnouncementState(row["state"]),
        attempts=row["attempts"],
        created_at=moments.from_text(row["created_at"]),
        claimed_at=moments.from_optional(row["claimed_at"]),
        message_id=row["message_id"],
    )


def _route(row: Row) -> Route:
    return Route(
        id=row["id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        created_by=Actor(row["created_by"], row["created_by_name"]),
        created_at=moments.from_text(row["created_at"]),
        stopped_because=row["stopped_because"],
        waiting=row["waiting"],
        sent=row["sent"],
    )
