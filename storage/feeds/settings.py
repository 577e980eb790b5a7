"""SQL of what moderators decide about a feed; every change to it is recorded."""

from __future__ import annotations

from datetime import datetime

from storage import timestamps
from storage.audit import log as audit_log
from storage.audit.models import ChangeAction, ChangeKind, Settings
from storage.connection import Connection
from storage.errors import FeedExists, FeedNotFound, LabError
from storage.models import Actor

_FLAGS = ("has_custom_title", "is_reviewed")
_COLUMNS = ("title", "url", "venue", "paused_because", *_FLAGS)
_NOT_FOLLOWED: Settings = {"is_removed": True}


async def load(db: Connection, feed_id: int) -> Settings:
    """Returns a feed's settings by name; raises `FeedNotFound` if it was never followed."""
    row = await db.one("SELECT * FROM feeds WHERE id = ?", [feed_id])
    if row is None:
        raise FeedNotFound(f"#{feed_id}")
    return {
        **{name: row[name] for name in _COLUMNS},
        **{name: bool(row[name]) for name in _FLAGS},
        "is_removed": row["removed_at"] is not None,
    }


async def record_followed(db: Connection, feed_id: int, actor: Actor, at: datetime) -> int:
    """Records that a feed was just followed; returns the change's id."""
    after = await load(db, feed_id)
    return await _record(db, feed_id, ChangeAction.ADD, _NOT_FOLLOWED, after, actor, at)


async def change(
    db: Connection,
    feed_id: int,
    settings: Settings,
    action: ChangeAction,
    actor: Actor,
    at: datetime,
) -> int | None:
    """Applies some settings and records that; returns the change's id, or None if nothing changes.

    Raises the same errors as `apply`.
    """
    before = await load(db, feed_id)
    after = {**before, **settings}
    if after == before:
        return None
    await apply(db, feed_id, settings, at)
    return await _record(db, feed_id, action, before, after, actor, at)


async def apply(db: Connection, feed_id: int, settings: Settings, at: datetime) -> None:
    """Changes some of a feed's settings.

    A feed with a new URL is read from scratch, and one that is resumed is polled at once. Raises
    `FeedNotFound`, `FeedExists`, and `LabError` if the URL is that of a feed no longer followed.
    """
    before = await load(db, feed_id)
    after = {**before, **settings}
    now = timestamps.to_text(at)
    await _require_free(db, feed_id, str(after["url"]))
    await db.run(
        f"""UPDATE feeds SET {", ".join(f"{name} = ?" for name in _COLUMNS)},
            removed_at = IIF(?, COALESCE(removed_at, ?), NULL) WHERE id = ?""",  # noqa: S608
        [*(after[name] for name in _COLUMNS), after["is_removed"], now, feed_id],
    )
    if after["url"] != before["url"]:
        await db.run(
            """UPDATE feeds SET etag = '', last_modified = '', body_hash = '', pending_url = '',
               failures = 0, last_error = '', failing_since = NULL, next_poll_at = ?
               WHERE id = ?""",
            [now, feed_id],
        )
    if _is_polled(after) and not _is_polled(before):
        await db.run("UPDATE feeds SET next_poll_at = ? WHERE id = ?", [now, feed_id])
    if after["is_removed"] != before["is_removed"]:
        # Review cards show whether their entry still waits.
        await db.run(
            """UPDATE posts SET revision = revision + 1 WHERE entry_id IN (
                   SELECT id FROM entries WHERE feed_id = ? AND draft IS NOT NULL)""",
            [feed_id],
        )


async def _record(
    db: Connection,
    feed_id: int,
    action: ChangeAction,
    before: Settings,
    after: Settings,
    actor: Actor,
    at: datetime,
) -> int:
    return await audit_log.record_settings_change(
        db, at, actor, action, ChangeKind.FEED, before, after, feed_id=feed_id
    )


async def _require_free(db: Connection, feed_id: int, url: str) -> None:
    other = await db.one("SELECT * FROM feeds WHERE url = ? AND id <> ?", [url, feed_id])
    if other is not None and other["removed_at"] is None:
        raise FeedExists(url)
    if other is not None:
        raise LabError(
            f"That URL belongs to “{other['title']}”, which was unfollowed. Use `/feed add` to "
            "follow it again."
        )


def _is_polled(settings: Settings) -> bool:
    return not settings["is_removed"] and not settings["paused_because"]
