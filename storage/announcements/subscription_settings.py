"""SQL of what a server's moderators decide of a channel, each time recorded as a change."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from storage import timestamps
from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.filters import parse_filter
from storage.announcements.models import SubscriptionOptions
from storage.audit import log as audit_log
from storage.audit.models import ChangeTarget
from storage.database import Connection, Row
from storage.models import Actor
from storage.papers.snapshots import State

_FLAGS = ("has_thread", "publishes", "is_paused")
_DIGEST = ("digest", "digest_minute", "digest_weekday", "time_zone")
_NAMES = ("filters", "role_id", *_DIGEST, *_FLAGS)
_NEVER: State = {"is_removed": True}  # how a channel stands that never heard


async def state(db: Connection, channel_id: int) -> State:
    """What a channel hears and how, as plain values."""
    row = await db.one("SELECT * FROM subscriptions WHERE channel_id = ?", [channel_id])
    if row is None:
        return _NEVER
    flags = {name: bool(row[name]) for name in _FLAGS}
    return {name: row[name] for name in _NAMES} | flags | {"is_removed": bool(row["removed_at"])}


def values(options: SubscriptionOptions) -> State:
    """Those of the values that options tell."""
    digest = options.digest
    return {
        "filters": str(options.filters),
        "role_id": options.role_id,
        "has_thread": options.has_thread,
        "publishes": options.publishes,
        "digest": digest.frequency.value,
        "digest_minute": digest.minute,
        "digest_weekday": digest.weekday,
        "time_zone": digest.time_zone,
    }


def options_of(values: Row | Mapping[str, Any]) -> SubscriptionOptions:
    """The options that values tell, or a row of ``subscriptions``."""
    return SubscriptionOptions(
        filters=parse_filter(values["filters"]),
        digest=digest_of(values),
        role_id=values["role_id"],
        has_thread=bool(values["has_thread"]),
        publishes=bool(values["publishes"]),
    )


def digest_of(values: Row | Mapping[str, Any]) -> DigestSchedule:
    """The digest schedule that values tell, or a row of ``subscriptions``."""
    return DigestSchedule(
        frequency=Frequency(values["digest"]),
        minute=values["digest_minute"],
        weekday=values["digest_weekday"],
        time_zone=values["time_zone"],
    )


async def change(
    db: Connection,
    about: ChangeTarget,
    wanted: State,
    action: str,
    actor: Actor,
    at: datetime,
    *,
    undoes: int | None = None,
) -> int | None:
    """Let some of what `state` tells be otherwise; gives the change's number, or none for none.

    For a channel that hears no more what waits is kept, should that be undone; where it is chosen
    again it begins without.
    """
    channel_id = about.channel_id or 0
    before = await state(db, channel_id)
    after = values(SubscriptionOptions()) | {"is_paused": False} | before | wanted
    if after == before:
        return None
    if before["is_removed"] and undoes is None:
        await _begin(db, about, actor, at)
    await db.run(
        f"""UPDATE subscriptions SET {", ".join(f"{name} = ?" for name in _NAMES)},
            removed_at = IIF(?, COALESCE(removed_at, ?), NULL) WHERE channel_id = ?""",  # noqa: S608
        [
            *(after[name] for name in _NAMES),
            *(after["is_removed"], timestamps.to_text(at), channel_id),
        ],
    )
    if before | {"is_paused": after["is_paused"]} != after:
        due = None if after["is_removed"] else digest_of(after).next_digest(at)
        await db.run(
            "UPDATE subscriptions SET next_digest_at = ? WHERE channel_id = ?",
            [timestamps.to_text(due) if due else None, channel_id],
        )
    return await audit_log.record_arrangement(
        db, at, actor, action, about, before, after, undoes=undoes
    )


async def _begin(db: Connection, about: ChangeTarget, actor: Actor, at: datetime) -> None:
    """Let a channel that does not hear begin, without what waited for it before."""
    await db.run(
        """DELETE FROM announcements WHERE channel_id = ? AND NOT EXISTS (
               SELECT 1 FROM posts WHERE posts.id = post_id AND state = 'sent')""",
        [about.channel_id],
    )
    await db.run(
        """DELETE FROM posts WHERE destination_id = ? AND kind IN ('paper', 'digest')
           AND state <> 'sent'""",
        [about.channel_id],
    )
    await db.run(
        """INSERT INTO subscriptions (guild_id, channel_id, created_by, created_by_name, created_at)
           VALUES (?, ?, ?, ?, ?) ON CONFLICT (channel_id) DO UPDATE SET
           created_by = excluded.created_by, created_by_name = excluded.created_by_name,
           created_at = excluded.created_at""",
        [about.guild_id, about.channel_id, actor.key, actor.name, timestamps.to_text(at)],
    )
