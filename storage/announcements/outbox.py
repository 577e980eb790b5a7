"""SQL of the outbox: which paper goes where, and every message that the bot sends by itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from storage import timestamps
from storage.announcements.models import Announcement, DeliveryStatus, Post, PostKind, PostState
from storage.announcements.subscription_settings import digest_of
from storage.announcements.subscriptions import match_subscriptions
from storage.database import Connection, Database, Row, Value
from storage.models import Paper

_FLOOD = 5  # papers that wait in a channel at once, beyond which they are told of together
_POST = """SELECT posts.*, (SELECT json_group_array(paper_id) FROM (
               SELECT paper_id FROM announcements WHERE post_id = posts.id ORDER BY id)) AS papers
           FROM posts"""
# Whether a time, or none, has come by the first value of a query. One that is further ahead than
# such a time is ever set was written when the clock was ahead.
_COME = """({0} IS NULL OR {0} <= ?1 OR {0} > strftime('%Y-%m-%dT%H:%M:%fZ', ?1, '+{1}'))"""
_RETRY_COME = _COME.format("retry_at", "2 hours")
_FOLLOW_UP_COME = _COME.format("follow_up_at", "2 hours")
_DIGEST_COME = _COME.format("next_digest_at", "8 days")
# Whether the destination with this id may be sent to now.
_READY = f"""NOT EXISTS (SELECT 1 FROM destinations AS closed WHERE closed.destination_id = {{}}
                        AND (stopped_because <> '' OR NOT {_RETRY_COME}))"""  # noqa: S608 - constants

# Posts that nobody waits for, unless it is undone that their channel hears no more, or that their
# entry's feed is watched no more.
_GIVEN_UP = """((kind IN ('paper', 'digest') AND EXISTS (
        SELECT 1 FROM subscriptions WHERE subscriptions.channel_id = {0}.destination_id
        AND removed_at IS NOT NULL))
    OR (kind = 'review' AND EXISTS (
        SELECT 1 FROM entries JOIN feeds ON feeds.id = feed_id
        WHERE entries.id = {0}.entry_id AND removed_at IS NOT NULL)))"""


class Outbox:
    """What is to be sent where, and what was."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def enqueue_and_fetch_due(self) -> tuple[Post, ...]:
        """For each channel that may be sent to now, the oldest post that is not sent.

        Posts are made here of papers that wait: of one paper, or of all where a digest is due or
        where they are very many. A removed paper waits until it comes back.
        """
        now = timestamps.to_text(self._clock())
        async with self._database.reading() as db:
            idle = not await db.value(_ANYTHING, [now])
        if idle:
            return ()
        async with self._database.transaction() as db:
            await self._make_posts(db, now)
            rows = await db.all(
                f"""{_POST} WHERE posts.id IN (SELECT MIN(id) FROM posts AS one
                        WHERE state <> 'sent' AND NOT {_GIVEN_UP.format("one")}
                        AND {_READY.format("one.destination_id")} GROUP BY destination_id)
                    ORDER BY posts.id""",  # noqa: S608 - constants
                [now],
            )
        return tuple(_read_post(row) for row in rows)

    async def _make_posts(self, db: Connection, now: str) -> None:
        rows = await db.all(
            f"""SELECT subscriptions.*, COUNT(papers.id) AS waiting, MIN(announcements.id) AS first
                FROM subscriptions LEFT JOIN announcements
                    ON announcements.channel_id = subscriptions.channel_id
                    AND post_id IS NULL AND NOT is_filtered_out
                LEFT JOIN papers ON papers.id = paper_id AND papers.removed_at IS NULL
                WHERE NOT is_paused AND subscriptions.removed_at IS NULL AND {_DIGEST_COME}
                AND (papers.id IS NOT NULL OR next_digest_at IS NOT NULL)
                AND {_READY.format("subscriptions.channel_id")}
                AND NOT EXISTS (SELECT 1 FROM posts
                                WHERE posts.destination_id = subscriptions.channel_id
                                AND state <> 'sent' AND NOT {_GIVEN_UP.format("posts")})
                GROUP BY subscriptions.id ORDER BY first""",  # noqa: S608 - constants
            [now],
        )
        digests: list[tuple[Value, ...]] = []
        made: list[tuple[Value, ...]] = []
        filled: list[tuple[Value, ...]] = []
        post_id = int(await db.value("SELECT seq FROM sqlite_sequence WHERE name = 'posts'") or 0)
        for row in rows:
            due = digest_of(row).next_digest(self._clock())
            if due:
                digests.append((timestamps.to_text(due), row["id"]))
            if not row["waiting"]:
                continue
            post_id += 1
            alone = row["waiting"] == 1 or (due is None and row["waiting"] <= _FLOOD)
            kind = PostKind.PAPER if alone else PostKind.DIGEST
            channel_id = row["channel_id"]
            made.append((post_id, channel_id, kind, now, row["has_thread"], row["publishes"]))
            filled.append((post_id, channel_id, 1 if alone else row["waiting"]))
        await db.run_many("UPDATE subscriptions SET next_digest_at = ? WHERE id = ?", digests)
        await db.run_many(
            """INSERT INTO posts (id, destination_id, kind, state, created_at, thread_due,
                                  publish_due)
               VALUES (?, ?, ?, 'waiting', ?, ?, ?)""",
            made,
        )
        await db.run_many(
            """UPDATE announcements SET post_id = ? WHERE id IN (
                   SELECT announcements.id FROM announcements
                   JOIN papers ON papers.id = paper_id AND removed_at IS NULL
                   WHERE channel_id = ? AND post_id IS NULL AND NOT is_filtered_out
                   ORDER BY announcements.id LIMIT ?)""",
            filled,
        )

    async def claim(self, posts: Sequence[Post]) -> set[int]:
        """Mark posts as about to be sent as they are; gives those that were, not the sent or gone.

        What a message shows is written down with the claim, since nobody may be there to do so
        when it has arrived; and the papers that it names, which may become others meanwhile.
        """
        async with self._database.transaction() as db:
            rows = await db.all(
                f"""UPDATE posts SET state = 'claimed', attempts = attempts + 1, claimed_at = ?,
                   rendered_revision = claimed.revision, claimed_papers = claimed.papers
                   FROM (SELECT json_extract(value, '$[0]') AS id,
                                json_extract(value, '$[1]') AS revision,
                                json_extract(value, '$[2]') AS papers FROM json_each(?)) AS claimed
                   WHERE posts.id = claimed.id AND state <> 'sent'
                   AND NOT {_GIVEN_UP.format("posts")} RETURNING posts.id""",  # noqa: S608
                [
                    timestamps.to_text(self._clock()),
                    json.dumps([(post.id, post.revision, _named(post)) for post in posts]),
                ],
            )
        return {row["id"] for row in rows}

    async def stands(self, message_id: int) -> bool:
        """Whether a message is known as that of a post."""
        async with self._database.reading() as db:
            known = await db.value("SELECT 1 FROM posts WHERE message_id = ?", [message_id])
        return known is not None

    async def record_sent(self, sent: Sequence[tuple[Post, int]]) -> None:
        """Write down that claimed posts stand in their channels as these messages."""
        if not sent:
            return
        now = timestamps.to_text(self._clock())
        async with self._database.transaction() as db:
            await db.run_many(
                "UPDATE posts SET state = 'sent', message_id = ?, sent_at = ? WHERE id = ?",
                [(message_id, now, post.id) for post, message_id in sent],
            )
            await db.run(
                """DELETE FROM destinations WHERE stopped_because = ''
                   AND destination_id IN (SELECT value FROM json_each(?))""",
                [json.dumps([post.destination_id for post, _ in sent])],
            )

    async def release(self, post: Post) -> None:
        """Write down that a claimed post was certainly not delivered; its papers wait again."""
        async with self._database.transaction() as db:
            if post.kind in {PostKind.PAPER, PostKind.DIGEST}:
                await db.run("UPDATE announcements SET post_id = NULL WHERE post_id = ?", [post.id])
                await db.run("DELETE FROM posts WHERE id = ? AND state <> 'sent'", [post.id])
            else:
                await db.run(
                    "UPDATE posts SET state = 'waiting' WHERE id = ? AND state <> 'sent'", [post.id]
                )

    async def give_up(self, post: Post) -> None:
        """Forget a post that was not sent and never will be."""
        async with self._database.transaction() as db:
            await db.run("DELETE FROM posts WHERE id = ? AND state <> 'sent'", [post.id])

    async def unfinished(self) -> tuple[Post, ...]:
        """Sent posts that lack something: a thread, being published, what changed since."""
        now = timestamps.to_text(self._clock())
        async with self._database.reading() as db:
            rows = await db.all(
                f"""{_POST} WHERE state = 'sent'
                    AND (thread_due OR publish_due OR revision <> rendered_revision)
                    AND {_FOLLOW_UP_COME} AND {_READY.format("posts.destination_id")}
                    ORDER BY posts.id LIMIT 200""",
                [now],
            )
        return tuple(_read_post(row) for row in rows)

    async def finish(self, post: Post) -> None:
        """Write down that a sent post has all that it lacked when it was read."""
        async with self._database.transaction() as db:
            await db.run(
                """UPDATE posts SET thread_due = 0, publish_due = 0, rendered_revision = ?,
                   follow_up_at = NULL WHERE id = ?""",
                [post.revision, post.id],
            )

    async def follow_up_later(self, post: Post, at: datetime) -> None:
        """Try what a sent post lacks not before this time."""
        async with self._database.transaction() as db:
            await db.run(
                "UPDATE posts SET follow_up_at = ? WHERE id = ?", [timestamps.to_text(at), post.id]
            )

    async def notify(self, channel_id: int, text: str) -> int:
        """Send a notice into a channel, once, when it can be; gives the post's number."""
        async with self._database.transaction() as db:
            return await notify(db, channel_id, text, self._clock())

    async def post(self, post_id: int) -> Post | None:
        """The post with this number."""
        async with self._database.reading() as db:
            row = await db.one(f"{_POST} WHERE posts.id = ?", [post_id])
        return _read_post(row) if row else None

    async def of_paper(self, paper_id: int) -> tuple[Announcement, ...]:
        """What became of a paper in every channel; of those that hear no more, what was sent."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT announcements.*, state, message_id, sent_at FROM announcements
                   LEFT JOIN posts ON posts.id = post_id WHERE paper_id = ?
                   AND (state IS 'sent' OR NOT EXISTS (
                       SELECT 1 FROM subscriptions
                       WHERE subscriptions.channel_id = announcements.channel_id
                       AND removed_at IS NOT NULL))
                   ORDER BY announcements.id""",
                [paper_id],
            )
        return tuple(_read_announcement(row) for row in rows)

    async def venues(self, post_ids: Sequence[int]) -> dict[tuple[int, int], str]:
        """The venues that papers had when they were announced, by post and paper."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT post_id, paper_id, venue FROM announcements
                   WHERE post_id IN (SELECT value FROM json_each(?))""",
                [json.dumps([*post_ids])],
            )
        return {(row["post_id"], row["paper_id"]): row["venue"] for row in rows}


_ANYTHING = f"""SELECT
    EXISTS (SELECT 1 FROM posts WHERE state <> 'sent' AND NOT {_GIVEN_UP.format("posts")})
    OR EXISTS (SELECT 1 FROM subscriptions JOIN announcements INDEXED BY announcements_waiting
                   ON announcements.channel_id = subscriptions.channel_id
                   AND post_id IS NULL AND NOT is_filtered_out
               WHERE removed_at IS NULL)
    OR EXISTS (SELECT 1 FROM subscriptions WHERE next_digest_at IS NOT NULL AND {_DIGEST_COME})"""  # noqa: S608 - constants


async def queue(db: Connection, paper: Paper, now: datetime, feed_id: int | None = None) -> None:
    """Put a paper into the outbox of every channel that wants it, and note which ones don't.

    A channel that has or had the paper keeps its row.
    """
    await db.run_many(
        """INSERT OR IGNORE INTO announcements
               (paper_id, channel_id, created_at, is_filtered_out, venue) VALUES (?, ?, ?, ?, ?)""",
        [
            (paper.id, channel_id, timestamps.to_text(now), int(not is_wanted), paper.venue)
            for channel_id, is_wanted in await match_subscriptions(db, paper, feed_id)
        ],
    )


async def notify(db: Connection, channel_id: int, text: str, now: datetime) -> int:
    """Put a notice into the outbox of a channel; gives the post's number."""
    return await db.insert(
        """INSERT INTO posts (destination_id, kind, notice, state, created_at)
           VALUES (?, 'notice', ?, 'waiting', ?)""",
        [channel_id, text, timestamps.to_text(now)],
    )


async def ask_for_review(db: Connection, channel_id: int, entry_id: int, now: datetime) -> None:
    """Put an entry before the moderators, as a post in their channel."""
    await db.run(
        """INSERT INTO posts (destination_id, kind, entry_id, state, created_at)
           VALUES (?, 'review', ?, 'waiting', ?)""",
        [channel_id, entry_id, timestamps.to_text(now)],
    )


async def move(db: Connection, former: int | None, channel_id: int) -> None:
    """Send what waits for the moderators' former channel into another one."""
    await db.run(
        """UPDATE posts SET destination_id = ? WHERE destination_id = ?
           AND state <> 'sent' AND state = 'waiting' -- the first for the index's sake
           AND kind IN ('review', 'suggestion', 'notice')""",
        [channel_id, former],
    )


def _named(post: Post) -> list[int]:
    """The papers that a post's message names, whichever attempt it is of."""
    return sorted({*post.claimed_papers, *post.paper_ids})


_FATES = {None: DeliveryStatus.WAITING, PostState.SENT: DeliveryStatus.SENT}


def _read_post(row: Row) -> Post:
    """A post, of a row of ``posts`` with its ``papers``."""
    return Post(
        id=row["id"],
        destination_id=row["destination_id"],
        kind=PostKind(row["kind"]),
        state=PostState(row["state"]),
        attempts=row["attempts"],
        created_at=timestamps.from_text(row["created_at"]),
        claimed_at=timestamps.from_optional(row["claimed_at"]),
        message_id=row["message_id"],
        paper_ids=tuple(json.loads(row["papers"])),
        claimed_papers=tuple(json.loads(row["claimed_papers"])),
        entry_id=row["entry_id"],
        suggestion_id=row["suggestion_id"],
        notice=row["notice"],
        revision=row["revision"],
        thread_due=bool(row["thread_due"]),
        publish_due=bool(row["publish_due"]),
        rendered_revision=row["rendered_revision"],
    )


def _read_announcement(row: Row) -> Announcement:
    """A paper in a channel, of a row of ``announcements`` with its post's."""
    status = (
        DeliveryStatus.FILTERED_OUT
        if row["is_filtered_out"]
        else _FATES.get(row["state"], DeliveryStatus.SENDING)
    )
    return Announcement(
        id=row["id"],
        paper_id=row["paper_id"],
        channel_id=row["channel_id"],
        status=status,
        created_at=timestamps.from_text(row["created_at"]),
        venue=row["venue"],
        post_id=row["post_id"],
        message_id=row["message_id"],
        sent_at=timestamps.from_optional(row["sent_at"]),
    )
