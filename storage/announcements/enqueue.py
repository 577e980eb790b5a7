"""Puts messages into the outbox, inside the transaction that causes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from storage import timestamps
from storage.announcements.models import PostKind
from storage.announcements.subscriptions import match_subscriptions
from storage.connection import Connection
from storage.models import NO_MEMBER, Paper

_ItemColumn: TypeAlias = Literal["suggestion_id", "report_id"]  # of posts


async def enqueue_paper(
    db: Connection, paper: Paper, now: datetime, feed_id: int | None = None
) -> None:
    """Queues a paper for every channel whose filters it passes, and records those it doesn't pass.

    A channel that has the paper already, sent or not, is left alone.
    """
    await db.run_many(
        """INSERT OR IGNORE INTO announcements
               (paper_id, channel_id, created_at, is_filtered_out, venue) VALUES (?, ?, ?, ?, ?)""",
        [
            (paper.id, channel_id, timestamps.to_text(now), int(not passes), paper.venue)
            for channel_id, passes in await match_subscriptions(db, paper, feed_id)
        ],
    )


async def enqueue_notice(
    db: Connection, channel_id: int, text: str, now: datetime, held_feed_id: int | None = None
) -> int:
    """Queues a notice for a channel; returns the post's id.

    One about a feed's held entries has buttons that decide them.
    """
    return await db.insert(
        """INSERT INTO posts (destination_id, kind, notice, state, created_at, held_feed_id)
           VALUES (?, 'notice', ?, 'waiting', ?, ?)""",
        [channel_id, text, timestamps.to_text(now), held_feed_id],
    )


async def enqueue_entry(db: Connection, channel_id: int, entry_id: int, now: datetime) -> None:
    """Queues the review card of a feed entry for the moderators' channel."""
    await db.run(
        """INSERT INTO posts (destination_id, kind, entry_id, state, created_at)
           VALUES (?, 'review', ?, 'waiting', ?)""",
        [channel_id, entry_id, timestamps.to_text(now)],
    )


async def enqueue_found_papers(
    db: Connection, channel_id: int, found_ids: Sequence[int], now: datetime
) -> None:
    """Queues the review cards of found papers for the moderators' channel."""
    await db.run_many(
        """INSERT INTO posts (destination_id, kind, found_paper_id, state, created_at)
           VALUES (?, 'found', ?, 'waiting', ?)""",
        [(channel_id, found_id, timestamps.to_text(now)) for found_id in found_ids],
    )


async def enqueue_found_notice(db: Connection, channel_id: int, text: str, now: datetime) -> None:
    """Queues a notice about found papers, with a button that opens them, for a channel."""
    post_id = await enqueue_notice(db, channel_id, text, now)
    await db.run("UPDATE posts SET is_about_found = 1 WHERE id = ?", [post_id])


async def enqueue_claim(db: Connection, channel_id: int, claim_id: int, now: datetime) -> None:
    """Queues the card of a member's claim for the moderators' channel."""
    await db.run(
        """INSERT INTO posts (destination_id, kind, claim_id, state, created_at)
           VALUES (?, 'claim', ?, 'waiting', ?)""",
        [channel_id, claim_id, timestamps.to_text(now)],
    )


async def enqueue_suggestion(
    db: Connection, channel_id: int, suggestion_id: int, now: datetime
) -> None:
    """Queues the review card of a suggestion for the moderators' channel."""
    await _enqueue_about(db, "suggestion_id", suggestion_id, PostKind.SUGGESTION, channel_id, now)


async def enqueue_report(db: Connection, channel_id: int, report_id: int, now: datetime) -> None:
    """Queues the card of a member's report for the moderators' channel."""
    await _enqueue_about(db, "report_id", report_id, PostKind.REPORT, channel_id, now)


async def enqueue_outcome(
    db: Connection, column: _ItemColumn, item_id: int, member_id: int, now: datetime
) -> None:
    """Queues a direct message that tells a member what became of their suggestion or report.

    ``column`` says which of the two it is. If a message was sent before, because the decision was
    undone, it is updated instead. A former member isn't told.
    """
    if member_id != NO_MEMBER:
        await _enqueue_about(db, column, item_id, PostKind.OUTCOME, member_id, now)


async def _enqueue_about(
    db: Connection,
    column: _ItemColumn,
    item_id: int,
    kind: PostKind,
    destination_id: int,
    now: datetime,
) -> None:
    """Queues a post about an item, which has one of each kind; an existing one is updated."""
    await db.run(
        f"""INSERT INTO posts (destination_id, kind, {column}, state, created_at)
            VALUES (?, ?, ?, 'waiting', ?)
            ON CONFLICT ({column}, kind) WHERE {column} IS NOT NULL
            DO UPDATE SET revision = revision + 1""",  # noqa: S608 - names of columns
        [destination_id, kind, item_id, timestamps.to_text(now)],
    )


async def move_to_channel(db: Connection, former_id: int | None, channel_id: int) -> None:
    """Moves what is queued for the former moderators' channel to another one."""
    await db.run(
        """UPDATE posts SET destination_id = ? WHERE destination_id = ?
           AND state <> 'sent' AND state = 'waiting' -- the first lets SQLite use the index
           AND kind IN ('review', 'suggestion', 'report', 'found', 'claim', 'notice')""",
        [channel_id, former_id],
    )
