"""Rows of the outbox → records."""

from __future__ import annotations

import json

from storage import moments
from storage.database import Row
from storage.post_records import Announcement, Fate, Post, PostKind, PostState

_FATES = {None: Fate.WAITING, PostState.SENT: Fate.SENT}


def post(row: Row) -> Post:
    """A post, of a row of ``posts`` with its ``papers``."""
    return Post(
        id=row["id"],
        channel_id=row["channel_id"],
        kind=PostKind(row["kind"]),
        state=PostState(row["state"]),
        attempts=row["attempts"],
        created_at=moments.from_text(row["created_at"]),
        claimed_at=moments.from_optional(row["claimed_at"]),
        message_id=row["message_id"],
        paper_ids=tuple(json.loads(row["papers"])),
        claimed_papers=tuple(json.loads(row["claimed_papers"])),
        entry_id=row["entry_id"],
        suggestion_id=row["suggestion_id"],
        notice=row["notice"],
        changes=row["changes"],
        thread_due=bool(row["thread_due"]),
        publish_due=bool(row["publish_due"]),
        shown=row["shown"],
    )


def announcement(row: Row) -> Announcement:
    """A paper in a channel, of a row of ``announcements`` with its post's."""
    fate = Fate.LEFT_OUT if row["is_left_out"] else _FATES.get(row["state"], Fate.SENDING)
    return Announcement(
        id=row["id"],
        paper_id=row["paper_id"],
        channel_id=row["channel_id"],
        fate=fate,
        created_at=moments.from_text(row["created_at"]),
        venue=row["venue"],
        post_id=row["post_id"],
        message_id=row["message_id"],
        sent_at=moments.from_optional(row["sent_at"]),
    )
