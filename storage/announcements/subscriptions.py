"""SQL of the channels that want announcements, and of how sending into channels goes."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from storage import timestamps
from storage.announcements import subscription_settings
from storage.announcements.filters import ChannelFilter, parse_filter
from storage.announcements.models import Subscription, SubscriptionOptions
from storage.announcements.subscription_settings import options_of, values
from storage.audit.models import ChangeAction, Recorded, Settings
from storage.database import Connection, Database, Row
from storage.errors import SubscriptionNotFound
from storage.models import Actor, Paper
from storage.papers import credits

# What waits is little. What has a post is all that was ever announced: counted only to be shown.
_POSTED = """(SELECT COUNT(*) FROM announcements
              WHERE channel_id = subscriptions.channel_id AND is_filtered_out = 0
              AND post_id IS NOT NULL)"""
_UNSENT = """(SELECT COUNT(*) FROM posts JOIN announcements ON post_id = posts.id
              WHERE posts.destination_id = subscriptions.channel_id AND state <> 'sent')"""
_SUBSCRIPTION = f"""SELECT subscriptions.*, COALESCE(stopped_because, '') AS stopped_because,
    {_UNSENT} + (SELECT COUNT(*) FROM announcements WHERE channel_id = subscriptions.channel_id
     AND is_filtered_out = 0 AND post_id IS NULL) AS waiting, {{sent}} AS sent
    FROM subscriptions LEFT JOIN destinations ON destination_id = channel_id
    WHERE removed_at IS NULL"""  # noqa: S608 - constants
_UNCOUNTED = _SUBSCRIPTION.format(sent="0")
_COUNTED = _SUBSCRIPTION.format(sent=f"{_POSTED} - {_UNSENT}")
_OF_SERVER = "AND (?1 IS NULL OR guild_id = ?1) ORDER BY subscriptions.id"


class Subscriptions:
    """The channels that hear of new papers."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def subscribe(
        self,
        guild_id: int,
        channel_id: int,
        actor: Actor,
        options: SubscriptionOptions | None = None,
    ) -> Recorded[Subscription] | None:
        """Announces papers in a channel, or changes how; returns None if nothing changes.

        Without ``options`` a subscribed channel keeps its own. A channel that failed is sent to
        again.
        """
        async with self._database.transaction(in_reply=True) as db:
            before = await _find(db, channel_id)
            wanted = {} if options is None and before else values(options or SubscriptionOptions())
            return await self._change(
                db,
                guild_id,
                channel_id,
                {**wanted, "is_paused": False, "is_removed": False},
                ChangeAction.EDIT if before else ChangeAction.ADD,
                actor,
            )

    async def pause(
        self, guild_id: int, channel_id: int, actor: Actor
    ) -> Recorded[Subscription] | None:
        """Queues what is for a channel; returns None if it is paused already.

        Raises `SubscriptionNotFound`.
        """
        return await self._set_paused(guild_id, channel_id, actor, is_paused=True)

    async def resume(
        self, guild_id: int, channel_id: int, actor: Actor
    ) -> Recorded[Subscription] | None:
        """Announces in a paused or failed channel again; returns None if it is neither.

        Raises `SubscriptionNotFound`.
        """
        return await self._set_paused(guild_id, channel_id, actor, is_paused=False)

    async def unsubscribe(
        self, guild_id: int, channel_id: int, actor: Actor
    ) -> Recorded[Subscription] | None:
        """Stops announcing in a channel, also what is queued; returns None if it isn't subscribed.

        The subscription that is returned is as it was.
        """
        async with self._database.transaction(in_reply=True) as db:
            subscription = await _find(db, channel_id)
            if subscription is None or subscription.guild_id != guild_id:
                return None
            change_id = await subscription_settings.change(
                db,
                guild_id,
                channel_id,
                {"is_removed": True},
                ChangeAction.REMOVE,
                actor,
                self._clock(),
            )
            return Recorded(subscription, change_id)

    async def _set_paused(
        self, guild_id: int, channel_id: int, actor: Actor, *, is_paused: bool
    ) -> Recorded[Subscription] | None:
        async with self._database.transaction(in_reply=True) as db:
            subscription = await _find(db, channel_id)
            if subscription is None or subscription.guild_id != guild_id:
                raise SubscriptionNotFound(channel_id)
            return await self._change(
                db, guild_id, channel_id, {"is_paused": is_paused}, ChangeAction.EDIT, actor
            )

    async def _change(
        self,
        db: Connection,
        guild_id: int,
        channel_id: int,
        settings: Settings,
        action: ChangeAction,
        actor: Actor,
    ) -> Recorded[Subscription] | None:
        """Changes a subscription; a channel that is not paused is sent to again."""
        change_id = await subscription_settings.change(
            db, guild_id, channel_id, settings, action, actor, self._clock()
        )
        was_stopped = not settings["is_paused"] and await reopen(db, channel_id)
        subscription = await _find(db, channel_id)
        if subscription is None or (change_id is None and not was_stopped):
            return None
        return Recorded(subscription, change_id)

    async def all(self, guild_id: int | None = None) -> tuple[Subscription, ...]:
        """The channels that want announcements, of one server or of all.

        What was ever sent there is not counted; see `counted`.
        """
        async with self._database.reading() as db:
            return await _subscriptions(db, await db.all(f"{_UNCOUNTED} {_OF_SERVER}", [guild_id]))

    async def counted(self, guild_id: int) -> tuple[Subscription, ...]:
        """The channels of a server, each with how many papers were announced there."""
        async with self._database.reading() as db:
            return await _subscriptions(db, await db.all(f"{_COUNTED} {_OF_SERVER}", [guild_id]))

    async def find(self, channel_id: int) -> Subscription | None:
        """The route of a channel; none where nothing is announced there."""
        async with self._database.reading() as db:
            return await _find(db, channel_id)

    async def roles(self, channel_ids: Collection[int]) -> dict[int, int]:
        """The roles that are called in some channels; channels that call none are left out."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT channel_id, role_id FROM subscriptions WHERE role_id IS NOT NULL
                   AND channel_id IN (SELECT value FROM json_each(?))""",
                [json.dumps([*channel_ids])],
            )
        return {row["channel_id"]: row["role_id"] for row in rows}

    async def stop(self, channel_id: int, reason: str) -> bool:
        """Send nothing more to a channel until somebody opens it again; says whether it did before.

        What waits, waits.
        """
        async with self._database.transaction() as db:
            changed = await db.run(
                """INSERT INTO destinations (destination_id, stopped_because) VALUES (?, ?)
                   ON CONFLICT (destination_id) DO UPDATE
                   SET stopped_because = excluded.stopped_because
                   WHERE stopped_because = ''""",
                [channel_id, reason],
            )
        return changed > 0

    async def stopped_because(self, channel_id: int) -> str:
        """Why nothing is sent to a channel any more; empty where that is not so."""
        async with self._database.reading() as db:
            reason = await db.value(
                "SELECT stopped_because FROM destinations WHERE destination_id = ?", [channel_id]
            )
        return str(reason or "")

    async def postpone(self, channel_id: int, until: datetime) -> None:
        """Send nothing more to a channel before this time."""
        async with self._database.transaction() as db:
            await db.run(
                """INSERT INTO destinations (destination_id, failures, retry_at) VALUES (?, 1, ?)
                   ON CONFLICT (destination_id) DO UPDATE
                   SET failures = failures + 1, retry_at = excluded.retry_at""",
                [channel_id, timestamps.to_text(until)],
            )

    async def failures(self, channel_id: int) -> int:
        """How many sends to a channel have failed since the last good one."""
        async with self._database.reading() as db:
            count = await db.value(
                "SELECT failures FROM destinations WHERE destination_id = ?", [channel_id]
            )
        return int(count or 0)


async def match_subscriptions(
    db: Connection, paper: Paper, feed_id: int | None
) -> list[tuple[int, bool]]:
    """Every channel with whether it wants a paper, which this feed brought.

    Who asked for somebody by a former name hears of them still.
    """
    former = (await credits.former(db, [paper.id])).get(paper.id, ())
    paper = replace(paper, authors=(*paper.authors, *former))
    rows = await db.all(
        "SELECT channel_id, filters FROM subscriptions WHERE removed_at IS NULL ORDER BY id"
    )
    wanted = await _wanted(db, rows)
    return [
        (row["channel_id"], one.allows(paper, feed_id))
        for row, one in zip(rows, wanted, strict=True)
    ]


async def _find(db: Connection, channel_id: int) -> Subscription | None:
    found = await _subscriptions(
        db, await db.all(f"{_UNCOUNTED} AND subscriptions.channel_id = ?", [channel_id])
    )
    return found[0] if found else None


async def reopen(db: Connection, channel_id: int) -> bool:
    """Send into a channel again after failures; says whether it was stopped for them."""
    rows = await db.all(
        "DELETE FROM destinations WHERE destination_id = ? RETURNING stopped_because", [channel_id]
    )
    return any(row["stopped_because"] for row in rows)


async def _subscriptions(db: Connection, rows: Sequence[Row]) -> tuple[Subscription, ...]:
    wanted = await _wanted(db, rows)
    return tuple(_subscription(row, one) for row, one in zip(rows, wanted, strict=True))


async def _wanted(db: Connection, rows: Sequence[Row]) -> list[ChannelFilter]:
    """What the channels of these rows want, with the names to show for authors' former ones."""
    found = [parse_filter(row["filters"]) for row in rows]
    shown = await credits.shown(db, [name for one in found for name in one.authors])
    return [one.known_as(shown) for one in found]


def _subscription(row: Row, filters: ChannelFilter) -> Subscription:
    return Subscription(
        id=row["id"],
        guild_id=row["guild_id"],
        channel_id=row["channel_id"],
        options=replace(options_of(row), filters=filters),
        created_by=Actor(row["created_by"], row["created_by_name"]),
        created_at=timestamps.from_text(row["created_at"]),
        is_paused=bool(row["is_paused"]),
        next_digest_at=timestamps.from_optional(row["next_digest_at"]),
        stopped_because=row["stopped_because"],
        waiting=row["waiting"],
        sent=row["sent"],
    )
