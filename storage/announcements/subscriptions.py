"""SQL of the channels that papers are announced in."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from storage import timestamps
from storage.announcements import subscription_settings
from storage.announcements.destinations import reopen
from storage.announcements.filters import ChannelFilter, parse_filter
from storage.announcements.models import CountedSubscription, Subscription, SubscriptionOptions
from storage.announcements.refused_posts import IS_SET_ASIDE
from storage.announcements.subscription_settings import options_of, values
from storage.audit.models import ChangeAction, Recorded, Settings
from storage.connection import Connection, Row
from storage.database import Database
from storage.errors import SubscriptionNotFound
from storage.models import Actor, Paper
from storage.papers import former_names
from storage.papers import queries as paper_queries
from storage.search import abbreviations

MAX_SEARCHED = 2_000  # papers in which `newest_matches` looks
_BATCH_SIZE = 100

# Few papers wait to be sent. All that were ever announced are many, and counted only for display.
_POSTED = """(SELECT COUNT(*) FROM announcements
              WHERE channel_id = subscriptions.channel_id AND is_filtered_out = 0
              AND post_id IS NOT NULL)"""
_REFUSED = """FROM posts JOIN refused_posts ON refused_posts.post_id = posts.id
               WHERE posts.destination_id = subscriptions.channel_id AND state <> 'sent'
               AND is_set_aside"""
_REFUSED_PAPERS = f"""(SELECT COUNT(*) FROM announcements WHERE post_id IN (
                       SELECT posts.id {_REFUSED}))"""  # noqa: S608 - constants
_UNSENT = """(SELECT COUNT(*) FROM posts JOIN announcements ON post_id = posts.id
              WHERE posts.destination_id = subscriptions.channel_id AND state <> 'sent')"""
_QUEUED = f"""{_UNSENT.removesuffix(")")} AND NOT {IS_SET_ASIDE.format("posts")})"""
_SELECT = f"""SELECT subscriptions.*, COALESCE(stopped_because, '') AS stopped_because,
    {_QUEUED} + (
        SELECT COUNT(*) FROM announcements WHERE channel_id = subscriptions.channel_id
        AND is_filtered_out = 0 AND post_id IS NULL) AS waiting{{columns}}
    FROM subscriptions LEFT JOIN destinations ON destination_id = channel_id
    WHERE removed_at IS NULL"""  # noqa: S608 - constants
_SUBSCRIPTION = _SELECT.format(columns="")
_COUNTED_SUBSCRIPTION = _SELECT.format(
    columns=f""", {_POSTED} - {_UNSENT} AS sent, {_REFUSED_PAPERS} AS refused,
        COALESCE((SELECT reason {_REFUSED} ORDER BY posts.id DESC LIMIT 1), '') AS refusal"""
)
_IN_GUILD = "AND (?1 IS NULL OR guild_id = ?1) ORDER BY subscriptions.id"


class Subscriptions:
    """The channels that papers are announced in, with their filters and digests."""

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
        """Subscribes a channel or changes its options; returns None if nothing changes.

        Without ``options`` a subscribed channel keeps its own. Sending to a stopped channel
        resumes.
        """
        async with self._database.transaction(in_reply=True) as db:
            before = await _find(db, channel_id)
            new_settings = (
                {} if options is None and before else values(options or SubscriptionOptions())
            )
            return await self._change(
                db,
                guild_id,
                channel_id,
                {**new_settings, "is_paused": False, "is_removed": False},
                ChangeAction.EDIT if before else ChangeAction.ADD,
                actor,
            )

    async def pause(
        self, guild_id: int, channel_id: int, actor: Actor
    ) -> Recorded[Subscription] | None:
        """Pauses a channel, whose announcements queue; returns None if it is paused already.

        Raises `SubscriptionNotFound`.
        """
        return await self._set_paused(guild_id, channel_id, actor, is_paused=True)

    async def resume(
        self, guild_id: int, channel_id: int, actor: Actor
    ) -> Recorded[Subscription] | None:
        """Resumes a paused or stopped channel; returns None if it is neither.

        Raises `SubscriptionNotFound`.
        """
        return await self._set_paused(guild_id, channel_id, actor, is_paused=False)

    async def unsubscribe(
        self, guild_id: int, channel_id: int, actor: Actor
    ) -> Recorded[Subscription] | None:
        """Unsubscribes a channel and holds back its queue; returns None if it isn't subscribed.

        Returns the subscription as it was before.
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
        """Changes a subscription; unless the channel is paused, sending to it resumes."""
        change_id = await subscription_settings.change(
            db, guild_id, channel_id, settings, action, actor, self._clock()
        )
        was_stopped = not settings["is_paused"] and await reopen(db, channel_id)
        subscription = await _find(db, channel_id)
        if subscription is None or (change_id is None and not was_stopped):
            return None
        return Recorded(subscription, change_id)

    async def all(self, guild_id: int | None = None) -> tuple[Subscription, ...]:
        """Returns the subscriptions of one server or of all."""
        async with self._database.reading() as db:
            return await _read_all(db, await db.all(f"{_SUBSCRIPTION} {_IN_GUILD}", [guild_id]))

    async def with_counts(self, guild_id: int) -> tuple[CountedSubscription, ...]:
        """Returns the subscriptions of a server with the number of papers announced in each."""
        async with self._database.reading() as db:
            rows = await db.all(f"{_COUNTED_SUBSCRIPTION} {_IN_GUILD}", [guild_id])
            filters = await _read_filters(db, rows)
            return tuple(
                CountedSubscription(
                    **_fields(row, one),
                    sent=row["sent"],
                    refused=row["refused"],
                    refusal=row["refusal"],
                )
                for row, one in zip(rows, filters, strict=True)
            )

    async def find(self, channel_id: int) -> Subscription | None:
        """Returns the subscription of a channel, or None."""
        async with self._database.reading() as db:
            return await _find(db, channel_id)

    async def newest_matches(self, filters: ChannelFilter, limit: int) -> tuple[Paper, ...]:
        """Returns the newest papers that pass a filter, of the `MAX_SEARCHED` newest in the list.

        A paper counts as coming from the feed that brought it first, if any.
        """
        found: list[Paper] = []
        for offset in range(0, MAX_SEARCHED, _BATCH_SIZE):
            async with self._database.reading() as db:
                rows = await db.all(
                    """SELECT id, (SELECT feed_id FROM entries WHERE paper_id = papers.id
                                   ORDER BY entries.id LIMIT 1) AS feed_id
                       FROM papers WHERE removed_at IS NULL
                       ORDER BY sort_key DESC LIMIT ? OFFSET ?""",
                    [_BATCH_SIZE, offset],
                )
                papers = await paper_queries.load(db, [row["id"] for row in rows])
                former = await former_names.searchable_names(db, [paper.id for paper in papers])
            for paper, row in zip(papers, rows, strict=True):
                if _matches(filters, paper, former.get(paper.id, ()), row["feed_id"]):
                    found.append(paper)
                if len(found) == limit:
                    return tuple(found)
            if len(rows) < _BATCH_SIZE:
                break
        return tuple(found)

    async def tags(self, channel_ids: Collection[int]) -> dict[int, int]:
        """Returns the tag of the posts in each of these forums that has one."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT channel_id, tag_id FROM subscriptions WHERE tag_id IS NOT NULL
                   AND channel_id IN (SELECT value FROM json_each(?))""",
                [json.dumps([*channel_ids])],
            )
        return {row["channel_id"]: row["tag_id"] for row in rows}

    async def roles(self, channel_ids: Collection[int]) -> dict[int, int]:
        """Returns the role to mention in each of these channels that has one."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT channel_id, role_id FROM subscriptions WHERE role_id IS NOT NULL
                   AND channel_id IN (SELECT value FROM json_each(?))""",
                [json.dumps([*channel_ids])],
            )
        return {row["channel_id"]: row["role_id"] for row in rows}


async def match_subscriptions(
    db: Connection, paper: Paper, feed_id: int | None
) -> list[tuple[int, bool]]:
    """Returns every subscribed channel, and whether a paper from this feed passes its filters.

    A filter for an author by a former name matches papers that show the new one.
    """
    former = (await former_names.searchable_names(db, [paper.id])).get(paper.id, ())
    rows = await db.all(
        "SELECT channel_id, filters FROM subscriptions WHERE removed_at IS NULL ORDER BY id"
    )
    filters = await _read_filters(db, rows)
    return [
        (row["channel_id"], _matches(one, paper, former, feed_id))
        for row, one in zip(rows, filters, strict=True)
    ]


def _matches(
    filters: ChannelFilter, paper: Paper, former: Sequence[str], feed_id: int | None
) -> bool:
    """Returns whether a paper passes a filter; ``former`` are its authors' former names."""
    return filters.matches(replace(paper, authors=(*paper.authors, *former)), feed_id)


async def _find(db: Connection, channel_id: int) -> Subscription | None:
    rows = await db.all(f"{_SUBSCRIPTION} AND subscriptions.channel_id = ?", [channel_id])
    found = await _read_all(db, rows)
    return found[0] if found else None


async def _read_all(db: Connection, rows: Sequence[Row]) -> tuple[Subscription, ...]:
    filters = await _read_filters(db, rows)
    return tuple(Subscription(**_fields(row, one)) for row, one in zip(rows, filters, strict=True))


async def _read_filters(db: Connection, rows: Sequence[Row]) -> list[ChannelFilter]:
    """Parses the filters in these rows, to be shown with authors' current names."""
    parsed = [parse_filter(row["filters"]) for row in rows]
    current = await former_names.current_names(db, [name for one in parsed for name in one.authors])
    loose = {word for one in parsed for word in one.loose_words}
    names = {word: await abbreviations.other_names(db, word) for word in sorted(loose)}
    return [one.with_current_names(current).with_names(names) for one in parsed]


def _fields(row: Row, filters: ChannelFilter) -> dict[str, Any]:
    """Returns the fields of a `Subscription`."""
    return {
        "id": row["id"],
        "guild_id": row["guild_id"],
        "channel_id": row["channel_id"],
        "options": replace(options_of(row), filters=filters),
        "created_by": Actor(row["created_by"], row["created_by_name"]),
        "created_at": timestamps.from_text(row["created_at"]),
        "is_paused": bool(row["is_paused"]),
        "next_digest_at": timestamps.from_optional(row["next_digest_at"]),
        "stopped_because": row["stopped_because"],
        "waiting": row["waiting"],
    }
