"""SQL of what moderators decide of a feed, each time recorded as a change."""

from __future__ import annotations

from datetime import datetime

from storage import timestamps
from storage.audit import log as audit_log
from storage.audit.models import ChangeTarget
from storage.database import Connection
from storage.errors import FeedExists, FeedNotFound, LabError
from storage.models import Actor
from storage.papers.snapshots import State

_FLAGS = ("has_custom_title", "is_reviewed")
_NAMES = ("title", "url", "venue", "paused_because", *_FLAGS)
_NEVER: State = {"is_removed": True}  # how a feed stood that was not watched before


async def state(db: Connection, feed_id: int) -> State:
    """How a feed stands, as plain values; raises `FeedNotFound` where it never was."""
    row = await db.one("SELECT * FROM feeds WHERE id = ?", [feed_id])
    if row is None:
        raise FeedNotFound(f"#{feed_id}")
    flags = {name: bool(row[name]) for name in _FLAGS}
    return {name: row[name] for name in _NAMES} | flags | {"is_removed": bool(row["removed_at"])}


async def record_added(db: Connection, feed_id: int, actor: Actor, at: datetime) -> int:
    """Write down that a feed is watched since just now; gives the change's number."""
    after = await state(db, feed_id)
    return await audit_log.record_arrangement(
        db, at, actor, "add", ChangeTarget(feed_id), _NEVER, after
    )


async def change(
    db: Connection,
    feed_id: int,
    wanted: State,
    action: str,
    actor: Actor,
    at: datetime,
    *,
    undoes: int | None = None,
) -> int | None:
    """Let some of what `state` tells be otherwise; gives the change's number, or none for none.

    A new address begins anew, and a feed that is read again is so at once. Raises
    `FeedNotFound`, `FeedExists`, and `LabError` where the address is that of a removed feed.
    """
    before = await state(db, feed_id)
    after = before | wanted
    if after == before:
        return None
    now = timestamps.to_text(at)
    await _require_free(db, feed_id, after["url"])
    await db.run(
        f"""UPDATE feeds SET {", ".join(f"{name} = ?" for name in _NAMES)},
            removed_at = IIF(?, COALESCE(removed_at, ?), NULL) WHERE id = ?""",  # noqa: S608
        [*(after[name] for name in _NAMES), after["is_removed"], now, feed_id],
    )
    if after["url"] != before["url"]:
        await db.run(
            """UPDATE feeds SET etag = '', last_modified = '', body_hash = '', pending_url = '',
               failures = 0, last_error = '', failing_since = NULL, next_poll_at = ?
               WHERE id = ?""",
            [now, feed_id],
        )
    if _is_read(after) and not _is_read(before):
        await db.run("UPDATE feeds SET next_poll_at = ? WHERE id = ?", [now, feed_id])
    if after["is_removed"] != before["is_removed"]:
        # The cards of what waits show whether it still does.
        await db.run(
            """UPDATE posts SET revision = revision + 1 WHERE entry_id IN (
                   SELECT id FROM entries WHERE feed_id = ? AND draft IS NOT NULL)""",
            [feed_id],
        )
    return await audit_log.record_arrangement(
        db, at, actor, action, ChangeTarget(feed_id), before, after, undoes=undoes
    )


async def _require_free(db: Connection, feed_id: int, url: str) -> None:
    other = await db.one("SELECT * FROM feeds WHERE url = ? AND id <> ?", [url, feed_id])
    if other is not None and other["removed_at"] is None:
        raise FeedExists(url)
    if other is not None:
        raise LabError(
            f"That is the address of “{other['title']}”, which was removed; `/feed add` watches it "
            "again, with what it knew."
        )


def _is_read(terms: State) -> bool:
    return not terms["is_removed"] and not terms["paused_because"]
