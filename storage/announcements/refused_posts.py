"""SQL of the posts whose messages Discord refuses, which must not hold up their channels."""

from __future__ import annotations

from storage.announcements.destinations import Destinations
from storage.announcements.models import Post

MAX_REFUSALS = 3

# Whether a post is set aside, by the name of its table.
IS_SET_ASIDE = """EXISTS (SELECT 1 FROM refused_posts
    WHERE refused_posts.post_id = {0}.id AND is_set_aside)"""


class RefusedPosts(Destinations):
    """Refusals of single messages; a channel that refuses all of them is stopped instead."""

    async def refuse(self, post: Post, reason: str, *, is_undelivered: bool) -> bool:
        """Records that a message was refused; returns whether its post is set aside from now on.

        If it is certainly undelivered, its claim is undone. A post that is set aside holds up its
        channel no longer.
        """
        async with self._database.transaction() as db:
            if is_undelivered:
                await db.run(
                    "UPDATE posts SET state = 'waiting' WHERE id = ? AND state = 'claimed'",
                    [post.id],
                )
            await db.run(
                """INSERT INTO refused_posts (post_id, refusals, reason) VALUES (?, 1, ?)
                   ON CONFLICT (post_id) DO UPDATE
                   SET refusals = refusals + 1, reason = excluded.reason""",
                [post.id, reason],
            )
            is_set_aside = await db.run(
                """UPDATE refused_posts SET is_set_aside = 1
                   WHERE post_id = ? AND refusals >= ? AND NOT is_set_aside""",
                [post.id, MAX_REFUSALS],
            )
            if is_set_aside:
                await db.run(
                    "DELETE FROM destinations WHERE destination_id = ? AND stopped_because = ''",
                    [post.destination_id],
                )
        return is_set_aside > 0

    async def refuse_update(self, post: Post, reason: str) -> bool | None:
        """Records that updating a sent message was refused.

        Returns None while it's to be tried again, and after some refusals, when this revision is
        given up, whether that is news: the update is set aside from now on.
        """
        async with self._database.transaction() as db:
            await db.run(
                """INSERT INTO refused_posts (post_id, refusals, reason) VALUES (?, 1, ?)
                   ON CONFLICT (post_id) DO UPDATE
                   SET refusals = refusals + 1, reason = excluded.reason""",
                [post.id, reason],
            )
            is_news = await db.run(
                """UPDATE refused_posts SET is_set_aside = 1
                   WHERE post_id = ? AND refusals >= ? AND NOT is_set_aside""",
                [post.id, MAX_REFUSALS],
            )
            is_given_up = await db.run(
                """UPDATE posts SET rendered_revision = ?, thread_due = 0, publish_due = 0,
                   follow_up_at = NULL WHERE id = ?
                   AND id IN (SELECT post_id FROM refused_posts WHERE is_set_aside)""",
                [post.revision, post.id],
            )
        return is_news > 0 if is_given_up else None

    async def retry_post(self, post_id: int) -> bool:
        """Sends or updates again a message that was set aside; returns whether it still was."""
        async with self._database.transaction(in_reply=True) as db:
            is_set_aside = await db.run(
                "DELETE FROM refused_posts WHERE post_id = ? AND is_set_aside", [post_id]
            )
            if is_set_aside:
                await db.run(
                    "UPDATE posts SET revision = revision + 1 WHERE id = ? AND state = 'sent'",
                    [post_id],
                )
        return is_set_aside > 0

    async def retry_refused(self, destination_id: int) -> int:
        """Queues again what is set aside for a channel; returns how many posts that are."""
        async with self._database.transaction(in_reply=True) as db:
            return await db.run(
                """DELETE FROM refused_posts WHERE is_set_aside AND post_id IN (
                       SELECT id FROM posts WHERE destination_id = ? AND state <> 'sent')""",
                [destination_id],
            )
