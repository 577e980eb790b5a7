"""SQL of the outbox: which papers go where, and every message that the bot sends on its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from storage import timestamps
from storage.announcements.enqueue import enqueue_notice
from storage.announcements.found_messages import (
    FoundMessages,
    UncheckedDestination,
    adopt_found_messages,
)
from storage.announcements.models import Announcement, DeliveryStatus, Post, PostKind, PostState
from storage.announcements.refused_posts import IS_SET_ASIDE, RefusedPosts
from storage.announcements.subscription_settings import digest_of
from storage.connection import Connection, Row, Value

_MAX_SEPARATE = 5  # papers that are announced one by one; if more are waiting, as a digest
MAX_DIGEST = 40  # papers of a digest, whose message has room for the keys of so many

_POST = """SELECT posts.*, (SELECT json_group_array(paper_id) FROM (
               SELECT paper_id FROM announcements WHERE post_id = posts.id ORDER BY id)) AS papers
           FROM posts"""

# Whether the time in a column is NULL or past; the query's first value is the current time. A time
# further ahead than the code ever sets was written while the clock was wrong, and counts as past.
_IS_DUE = """({0} IS NULL OR {0} <= ?1 OR {0} > strftime('%Y-%m-%dT%H:%M:%fZ', ?1, '+{1}'))"""
_RETRY_IS_DUE = f"""IIF(stopped_because = '', {_IS_DUE.format("retry_at", "2 hours")},
                        {_IS_DUE.format("retry_at", "2 days")})"""
_FOLLOW_UP_IS_DUE = _IS_DUE.format("follow_up_at", "2 hours")
_DIGEST_IS_DUE = _IS_DUE.format("next_digest_at", "8 days")

# Whether the destination in this column may be sent to now.
_IS_OPEN = f"""NOT EXISTS (SELECT 1 FROM destinations AS closed WHERE closed.destination_id = {{}}
                          AND NOT {_RETRY_IS_DUE})"""  # noqa: S608 - constants

# Whether what was sent to the destination in this column since the backup is known, if one was
# restored.
_IS_CHECKED = """(NOT EXISTS (SELECT 1 FROM generations) OR EXISTS (
    SELECT 1 FROM checked_destinations AS checked WHERE checked.destination_id = {}
    AND generation_id = (SELECT MAX(id) FROM generations)))"""

# Whether a post is set aside, or of a subscription that is paused or removed, or of a removed feed.
# It is kept until the channel is resumed, and in case the removal is undone.
_IS_ON_HOLD = f"""({IS_SET_ASIDE} OR (kind IN ('paper', 'digest') AND EXISTS (
        SELECT 1 FROM subscriptions WHERE subscriptions.channel_id = {{0}}.destination_id
        AND (is_paused OR removed_at IS NOT NULL)))
    OR (kind = 'review' AND EXISTS (
        SELECT 1 FROM entries JOIN feeds ON feeds.id = feed_id
        WHERE entries.id = {{0}}.entry_id AND removed_at IS NOT NULL)))"""  # noqa: S608 - constants

_HAS_WORK = f"""SELECT
    EXISTS (SELECT 1 FROM posts WHERE state <> 'sent' AND NOT {_IS_ON_HOLD.format("posts")})
    OR EXISTS (SELECT 1 FROM subscriptions JOIN announcements INDEXED BY announcements_waiting
                   ON announcements.channel_id = subscriptions.channel_id
                   AND post_id IS NULL AND NOT is_filtered_out
               WHERE removed_at IS NULL)
    OR EXISTS (SELECT 1 FROM subscriptions
               WHERE next_digest_at IS NOT NULL AND {_DIGEST_IS_DUE})"""  # noqa: S608 - constants


# The channels and users that something is to be sent to, unless all of it is on hold.
_DESTINATIONS_WITH_WORK = f"""SELECT destination_id, kind = 'outcome' AS is_user FROM posts
        WHERE state <> 'sent' AND NOT {_IS_ON_HOLD.format("posts")}
    UNION SELECT channel_id, 0 FROM subscriptions
        WHERE NOT is_paused AND removed_at IS NULL AND EXISTS (
            SELECT 1 FROM announcements INDEXED BY announcements_waiting
            WHERE announcements.channel_id = subscriptions.channel_id
            AND post_id IS NULL AND NOT is_filtered_out)"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many messages wait to be sent, and since when the oldest one does; None if none waits."""

    posts: int
    oldest_at: datetime | None


class Outbox(RefusedPosts, FoundMessages):
    """The messages to send, and those that were sent."""

    async def enqueue_and_fetch_due(self) -> tuple[Post, ...]:
        """Returns the oldest unsent post of each destination that may be sent to now.

        Waiting papers are put into posts first: one post each or, if a digest is due or very many
        papers are waiting, one for up to `MAX_DIGEST`. A removed paper waits until it is restored.
        What a message of the time before a restore shows already isn't due any more.
        """
        now = timestamps.to_text(self._clock())
        async with self._database.reading() as db:
            if not await db.value(_HAS_WORK, [now]):
                return ()
        async with self._database.transaction() as db:
            await adopt_found_messages(db, self._clock())
            await self._insert_posts(db, now)
            rows = await db.all(
                f"""{_POST} WHERE posts.id IN (SELECT MIN(id) FROM posts AS one
                        WHERE state <> 'sent' AND NOT {_IS_ON_HOLD.format("one")}
                        AND {_IS_OPEN.format("one.destination_id")}
                        AND {_IS_CHECKED.format("one.destination_id")} GROUP BY destination_id)
                    ORDER BY posts.id""",  # noqa: S608 - constants
                [now],
            )
        return tuple(_read_post(row) for row in rows)

    async def _insert_posts(self, db: Connection, now: str) -> None:
        """Puts waiting papers into posts, for each channel that has no unsent post."""
        rows = await db.all(
            f"""SELECT subscriptions.*, COUNT(papers.id) AS waiting, MIN(announcements.id) AS first
                FROM subscriptions LEFT JOIN announcements
                    ON announcements.channel_id = subscriptions.channel_id
                    AND post_id IS NULL AND NOT is_filtered_out
                LEFT JOIN papers ON papers.id = paper_id AND papers.removed_at IS NULL
                WHERE NOT is_paused AND subscriptions.removed_at IS NULL AND {_DIGEST_IS_DUE}
                AND (papers.id IS NOT NULL OR next_digest_at IS NOT NULL)
                AND {_IS_OPEN.format("subscriptions.channel_id")}
                AND {_IS_CHECKED.format("subscriptions.channel_id")}
                AND NOT EXISTS (SELECT 1 FROM posts
                                WHERE posts.destination_id = subscriptions.channel_id
                                AND state <> 'sent' AND NOT {_IS_ON_HOLD.format("posts")})
                GROUP BY subscriptions.id ORDER BY first""",  # noqa: S608 - constants
            [now],
        )
        digest_times: list[tuple[Value, ...]] = []
        posts: list[tuple[Value, ...]] = []
        contents: list[tuple[Value, ...]] = []
        post_id = int(await db.value("SELECT seq FROM sqlite_sequence WHERE name = 'posts'") or 0)
        for row in rows:
            waiting, channel_id = row["waiting"], row["channel_id"]
            next_digest_at = digest_of(row).next_digest(self._clock())
            if next_digest_at and waiting <= MAX_DIGEST:  # else there is another one right after it
                digest_times.append((timestamps.to_text(next_digest_at), row["id"]))
            if not waiting:
                continue
            post_id += 1
            is_single = waiting == 1 or (next_digest_at is None and waiting <= _MAX_SEPARATE)
            kind = PostKind.PAPER if is_single else PostKind.DIGEST
            posts.append((post_id, channel_id, kind, now, row["has_thread"], row["publishes"]))
            contents.append((post_id, channel_id, 1 if is_single else min(waiting, MAX_DIGEST)))
        await db.run_many("UPDATE subscriptions SET next_digest_at = ? WHERE id = ?", digest_times)
        await db.run_many(
            """INSERT INTO posts (id, destination_id, kind, state, created_at, thread_due,
                                  publish_due)
               VALUES (?, ?, ?, 'waiting', ?, ?, ?)""",
            posts,
        )
        await db.run_many(
            """UPDATE announcements SET post_id = ? WHERE id IN (
                   SELECT announcements.id FROM announcements
                   JOIN papers ON papers.id = paper_id AND removed_at IS NULL
                   WHERE channel_id = ? AND post_id IS NULL AND NOT is_filtered_out
                   ORDER BY announcements.id LIMIT ?)""",
            contents,
        )

    async def unchecked_destinations(self) -> tuple[UncheckedDestination, ...]:
        """Returns where something is due, but what was sent since a backup isn't known.

        That is so for every channel and user after a restore; see `record_history`.
        """
        now = timestamps.to_text(self._clock())
        async with self._database.reading() as db:
            rows = await db.all(
                f"""SELECT destination_id, is_user, (
                        SELECT generation_id FROM checked_destinations AS checked
                        WHERE checked.destination_id = work.destination_id) AS generation_id
                    FROM ({_DESTINATIONS_WITH_WORK}) AS work
                    WHERE NOT {_IS_CHECKED.format("work.destination_id")}
                    AND {_IS_OPEN.format("work.destination_id")}""",  # noqa: S608 - constants
                [now],
            )
        return tuple(
            UncheckedDestination(
                row["destination_id"],
                is_user=bool(row["is_user"]),
                generation_number=row["generation_id"] or 0,
            )
            for row in rows
        )

    async def claim(self, posts: Sequence[Post]) -> set[int]:
        """Marks posts as about to be sent; returns the ids of those that still can be.

        The claim records the revision and the papers that the message shows, because a crash may
        keep the program from recording them once the message was delivered. It survives a power
        failure, so that the message is looked for before it is sent again.
        """
        async with self._database.transaction(durable=True) as db:
            rows = await db.all(
                f"""UPDATE posts SET state = 'claimed', attempts = attempts + 1, claimed_at = ?,
                   rendered_revision = claimed.revision, claimed_papers = claimed.papers
                   FROM (SELECT json_extract(value, '$[0]') AS id,
                                json_extract(value, '$[1]') AS revision,
                                json_extract(value, '$[2]') AS papers FROM json_each(?)) AS claimed
                   WHERE posts.id = claimed.id AND state <> 'sent'
                   AND NOT {_IS_ON_HOLD.format("posts")} RETURNING posts.id""",  # noqa: S608
                [
                    timestamps.to_text(self._clock()),
                    json.dumps([(post.id, post.revision, _all_papers(post)) for post in posts]),
                ],
            )
        return {row["id"] for row in rows}

    async def is_known_message(self, message_id: int) -> bool:
        """Returns whether a message is recorded as that of a post."""
        async with self._database.reading() as db:
            found = await db.value("SELECT 1 FROM posts WHERE message_id = ?", [message_id])
        return found is not None

    async def record_sent(self, sent: Sequence[tuple[Post, int]]) -> None:
        """Records the message of each sent post."""
        if not sent:
            return
        now = timestamps.to_text(self._clock())
        async with self._database.transaction() as db:
            await db.run_many(
                "UPDATE posts SET state = 'sent', message_id = ?, sent_at = ? WHERE id = ?",
                [(message_id, now, post.id) for post, message_id in sent],
            )
            await db.run_many(
                "DELETE FROM refused_posts WHERE post_id = ?", [(post.id,) for post, _ in sent]
            )
            await db.run(
                """DELETE FROM destinations
                   WHERE destination_id IN (SELECT value FROM json_each(?))""",
                [json.dumps([post.destination_id for post, _ in sent])],
            )

    async def release(self, post: Post) -> None:
        """Undoes the claim of a post that was certainly not delivered; its papers wait again."""
        async with self._database.transaction() as db:
            if post.kind in {PostKind.PAPER, PostKind.DIGEST}:
                await db.run("UPDATE announcements SET post_id = NULL WHERE post_id = ?", [post.id])
                await db.run("DELETE FROM posts WHERE id = ? AND state <> 'sent'", [post.id])
            else:
                await db.run(
                    "UPDATE posts SET state = 'waiting' WHERE id = ? AND state <> 'sent'", [post.id]
                )

    async def discard(self, post: Post) -> None:
        """Deletes a post that was not sent and never will be."""
        async with self._database.transaction() as db:
            await db.run("DELETE FROM posts WHERE id = ? AND state <> 'sent'", [post.id])

    async def needing_follow_up(self) -> tuple[Post, ...]:
        """Returns sent posts that lack their thread, their publishing or their latest revision.

        While a channel is paused, its messages are only updated.
        """
        now = timestamps.to_text(self._clock())
        async with self._database.reading() as db:
            rows = await db.all(
                f"""SELECT sent.*, {_IS_ON_HOLD.format("sent")} AS is_on_hold FROM (
                        {_POST} WHERE state = 'sent'
                        AND (thread_due OR publish_due OR revision <> rendered_revision)
                        AND {_FOLLOW_UP_IS_DUE} AND {_IS_OPEN.format("posts.destination_id")}
                    ) AS sent WHERE revision <> rendered_revision OR NOT is_on_hold
                    ORDER BY id LIMIT 200""",  # noqa: S608 - constants
                [now],
            )
        return tuple(
            replace(_read_post(row), thread_due=False, publish_due=False)
            if row["is_on_hold"]
            else _read_post(row)
            for row in rows
        )

    async def claim_follow_ups(self, posts: Sequence[Post]) -> None:
        """Makes what posts show survive a power failure, before their messages are updated.

        Otherwise a message could show a change that the database doesn't have any more.
        """
        async with self._database.transaction(durable=True) as db:
            await db.run_many(
                "UPDATE posts SET follow_up_at = ? WHERE id = ?",
                [(timestamps.to_text(self._clock()), post.id) for post in posts],
            )

    async def mark_complete(self, post: Post) -> None:
        """Records that a sent post is complete as of the revision that was read."""
        async with self._database.transaction() as db:
            await db.run(
                """UPDATE posts SET thread_due = thread_due AND NOT ?,
                   publish_due = publish_due AND NOT ?, rendered_revision = ?, follow_up_at = NULL
                   WHERE id = ?""",
                [post.thread_due, post.publish_due, post.revision, post.id],
            )
            await db.run("DELETE FROM refused_posts WHERE post_id = ?", [post.id])

    async def postpone_follow_up(self, post: Post, until: datetime) -> None:
        """Leaves a sent post as it is until this time."""
        async with self._database.transaction() as db:
            await db.run(
                "UPDATE posts SET follow_up_at = ? WHERE id = ?",
                [timestamps.to_text(until), post.id],
            )

    async def enqueue_notice(
        self, channel_id: int, text: str, refused_post_id: int | None = None
    ) -> int:
        """Queues a notice for a channel; returns the post's id.

        One about a post that was set aside has a button that retries it.
        """
        async with self._database.transaction() as db:
            notice_id = await enqueue_notice(db, channel_id, text, self._clock())
            await db.run(
                "UPDATE posts SET refused_post_id = ? WHERE id = ?", [refused_post_id, notice_id]
            )
        return notice_id

    async def backlog(self) -> Backlog:
        """Returns what waits to be sent, apart from what is on hold."""
        async with self._database.reading() as db:
            row = await db.one(
                f"""SELECT COUNT(*) AS posts, MIN(created_at) AS oldest_at FROM posts
                    WHERE state <> 'sent' AND NOT {_IS_ON_HOLD.format("posts")}
                    AND NOT EXISTS (SELECT 1 FROM destinations WHERE stopped_because <> ''
                        AND destinations.destination_id = posts.destination_id)"""  # noqa: S608
            )
        assert row is not None  # noqa: S101 - it's an aggregate
        oldest_at = row["oldest_at"]
        return Backlog(row["posts"], timestamps.from_text(oldest_at) if oldest_at else None)

    async def find_post(self, post_id: int) -> Post | None:
        """Returns the post with this id, or None."""
        async with self._database.reading() as db:
            row = await db.one(f"{_POST} WHERE posts.id = ?", [post_id])
        return _read_post(row) if row else None

    async def for_paper(self, paper_id: int) -> tuple[Announcement, ...]:
        """Returns what became of a paper in each channel; if unsubscribed, only what was sent."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT announcements.*, state, message_id, sent_at,
                       IIF(is_set_aside AND state <> 'sent', reason, NULL) AS refusal
                   FROM announcements
                   LEFT JOIN posts ON posts.id = announcements.post_id
                   LEFT JOIN refused_posts ON refused_posts.post_id = posts.id WHERE paper_id = ?
                   AND (state IS 'sent' OR NOT EXISTS (
                       SELECT 1 FROM subscriptions
                       WHERE subscriptions.channel_id = announcements.channel_id
                       AND removed_at IS NOT NULL))
                   ORDER BY announcements.id""",
                [paper_id],
            )
        return tuple(_read_announcement(row) for row in rows)

    async def announced_venues(self, post_ids: Sequence[int]) -> dict[tuple[int, int], str]:
        """Returns the venues that papers had when announced, by post id and paper id."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT post_id, paper_id, venue FROM announcements
                   WHERE post_id IN (SELECT value FROM json_each(?))""",
                [json.dumps([*post_ids])],
            )
        return {(row["post_id"], row["paper_id"]): row["venue"] for row in rows}


def _all_papers(post: Post) -> list[int]:
    """Returns the papers that the message of any attempt at a post names."""
    return sorted({*post.claimed_papers, *post.paper_ids})


def _read_post(row: Row) -> Post:
    """Reads a row of `_POST`."""
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
        report_id=row["report_id"],
        found_paper_id=row["found_paper_id"],
        claim_id=row["claim_id"],
        notice=row["notice"],
        held_feed_id=row["held_feed_id"],
        refused_post_id=row["refused_post_id"],
        is_about_found=bool(row["is_about_found"]),
        revision=row["revision"],
        rendered_revision=row["rendered_revision"],
        thread_due=bool(row["thread_due"]),
        publish_due=bool(row["publish_due"]),
    )


def _read_announcement(row: Row) -> Announcement:
    """Reads a row of ``announcements`` joined with its post."""
    return Announcement(
        id=row["id"],
        paper_id=row["paper_id"],
        channel_id=row["channel_id"],
        status=_status(row),
        created_at=timestamps.from_text(row["created_at"]),
        venue=row["venue"],
        post_id=row["post_id"],
        message_id=row["message_id"],
        sent_at=timestamps.from_optional(row["sent_at"]),
        refusal=row["refusal"] or "",
    )


def _status(row: Row) -> DeliveryStatus:
    if row["is_filtered_out"]:
        return DeliveryStatus.FILTERED_OUT
    if row["state"] is None:
        return DeliveryStatus.WAITING
    if row["refusal"] is not None:
        return DeliveryStatus.REFUSED
    return DeliveryStatus.SENT if row["state"] == PostState.SENT else DeliveryStatus.SENDING
