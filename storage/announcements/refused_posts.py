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

    async def retry_refused(self, destination_id: int) -> int:
        """Queues again what is set aside for a channel; returns how many posts that are."""
        async with self._database.transaction(in_reply=True) as db:
            return await db.run(
                """DELETE FROM refused_posts WHERE is_set_aside AND post_id IN (
                       SELECT id FROM posts WHERE destination_id = ? AND state <> 'sent')""",
                [destination_id],
            )
