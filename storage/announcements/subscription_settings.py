"""SQL of what a server's managers set for a channel; every change to it is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from storage import timestamps
from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.filters import parse_filter
from storage.announcements.models import SubscriptionOptions
from storage.audit import log as audit_log
from storage.audit.models import ChangeAction, ChangeKind, Settings
from storage.connection import Connection, Row
from storage.models import Actor

_FLAGS = ("has_thread", "publishes", "is_paused")
_DIGEST = ("digest", "digest_minute", "digest_weekday", "time_zone")
_COLUMNS = ("filters", "role_id", "tag_id", *_DIGEST, *_FLAGS)
_NOT_SUBSCRIBED: Settings = {"is_removed": True}


async def load(db: Connection, channel_id: int) -> Settings:
    """Returns a channel's settings by name; without a subscription, only that there is none."""
    row = await db.one("SELECT * FROM subscriptions WHERE channel_id = ?", [channel_id])
    if row is None:
        return _NOT_SUBSCRIBED
    return {
        **{name: row[name] for name in _COLUMNS},
        **{name: bool(row[name]) for name in _FLAGS},
        "is_removed": row["removed_at"] is not None,
    }


def values(options: SubscriptionOptions) -> Settings:
    """Returns options as settings."""
    digest = options.digest
    return {
        "filters": str(options.filters),
        "role_id": options.role_id,
        "has_thread": options.has_thread,
        "publishes": options.publishes,
        "tag_id": options.tag_id,
        "digest": digest.frequency.value,
        "digest_minute": digest.minute,
        "digest_weekday": digest.weekday,
        "time_zone": digest.time_zone,
    }


def options_of(values: Row | Mapping[str, Any]) -> SubscriptionOptions:
    """Returns the options in a channel's settings or in a row of ``subscriptions``."""
    return SubscriptionOptions(
        filters=parse_filter(values["filters"]),
        digest=digest_of(values),
        role_id=values["role_id"],
        has_thread=bool(values["has_thread"]),
        publishes=bool(values["publishes"]),
        # Changes that were recorded by earlier versions have none.
        tag_id=values["tag_id"] if "tag_id" in values.keys() else None,  # noqa: SIM118 - a Row
    )


def digest_of(values: Row | Mapping[str, Any]) -> DigestSchedule:
    """Returns the digest schedule in a channel's settings or in a row of ``subscriptions``."""
    return DigestSchedule(
        frequency=Frequency(values["digest"]),
        minute=values["digest_minute"],
        weekday=values["digest_weekday"],
        time_zone=values["time_zone"],
    )


async def change(
    db: Connection,
    guild_id: int,
    channel_id: int,
    settings: Settings,
    action: ChangeAction,
    actor: Actor,
    at: datetime,
) -> int | None:
    """Applies some settings and records that; returns the change's id, or None if nothing changes.

    A channel that wasn't subscribed starts with an empty queue.
    """
    before = await load(db, channel_id)
    after = _merged(before, settings)
    if after == before:
        return None
    if before["is_removed"]:
        await _begin(db, guild_id, channel_id, actor, at)
    await apply(db, channel_id, settings, at)
    return await audit_log.record_settings_change(
        db,
        at,
        actor,
        action,
        ChangeKind.SUBSCRIPTION,
        before,
        after,
        guild_id=guild_id,
        channel_id=channel_id,
    )


async def apply(db: Connection, channel_id: int, settings: Settings, at: datetime) -> None:
    """Changes some of a channel's settings; the queue of an unsubscribed channel is kept."""
    before = await load(db, channel_id)
    after = _merged(before, settings)
    await db.run(
        f"""UPDATE subscriptions SET {", ".join(f"{name} = ?" for name in _COLUMNS)},
            removed_at = IIF(?, COALESCE(removed_at, ?), NULL) WHERE channel_id = ?""",  # noqa: S608
        [
            *(after[name] for name in _COLUMNS),
            after["is_removed"],
            timestamps.to_text(at),
            channel_id,
        ],
    )
    if {**before, "is_paused": after["is_paused"]} != after:
        due = None if after["is_removed"] else digest_of(after).next_digest(at)
        await db.run(
            "UPDATE subscriptions SET next_digest_at = ? WHERE channel_id = ?",
            [timestamps.to_text(due) if due else None, channel_id],
        )


def _merged(before: Settings, settings: Settings) -> Settings:
    return {**values(SubscriptionOptions()), "is_paused": False, **before, **settings}


async def _begin(
    db: Connection, guild_id: int, channel_id: int, actor: Actor, at: datetime
) -> None:
    """Adds a subscription, or starts a former one again without what was queued for it."""
    await db.run(
        """DELETE FROM announcements WHERE channel_id = ? AND NOT EXISTS (
               SELECT 1 FROM posts WHERE posts.id = post_id AND state = 'sent')""",
        [channel_id],
    )
    await db.run(
        """DELETE FROM posts WHERE destination_id = ? AND kind IN ('paper', 'digest')
           AND state <> 'sent'""",
        [channel_id],
    )
    await db.run(
        """INSERT INTO subscriptions (guild_id, channel_id, created_by, created_by_name, created_at)
           VALUES (?, ?, ?, ?, ?) ON CONFLICT (channel_id) DO UPDATE SET
           created_by = excluded.created_by, created_by_name = excluded.created_by_name,
           created_at = excluded.created_at""",
        [guild_id, channel_id, actor.key, actor.name, timestamps.to_text(at)],
    )
