"""What `/setup` sets in the lab's own servers; the caller decides which setting applies."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from datetime import datetime

from storage import timestamps
from storage.announcements import destinations, outbox
from storage.database import Connection, Database, Row
from storage.models import Actor


class SettingKey(enum.StrEnum):
    """What can be set in a home server."""

    ROLES = "roles"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class ModeratorSetting:
    """The ids of the moderators' roles, or of their channel if there is one, in a server."""

    guild_id: int
    key: SettingKey
    ids: tuple[int, ...]
    set_by: Actor
    set_at: datetime


class ModeratorSettings:
    """Who the moderators are, and the channel where they get alerts and reviews."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> tuple[ModeratorSetting, ...]:
        """Returns the latest setting for each key and server, oldest first."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT * FROM moderator_settings WHERE id IN (
                       SELECT MAX(id) FROM moderator_settings GROUP BY guild_id, key) ORDER BY id"""
            )
        return tuple(_setting(row) for row in rows)

    async def set_roles(self, guild_id: int, role_ids: tuple[int, ...], actor: Actor) -> None:
        """Gives these roles, and no others, moderator rights in a server."""
        async with self._database.transaction(in_reply=True) as db:
            await self._insert(db, guild_id, SettingKey.ROLES, role_ids, actor)

    async def set_channel(
        self,
        guild_id: int,
        channel_id: int | None,
        actor: Actor,
        *,
        former: int | None,
        default: int | None = None,
    ) -> None:
        """Sets the moderators' channel, or goes back to the ``default`` one if there is any.

        What is queued for the ``former`` channel moves there, and a channel that failed is sent
        to again.
        """
        ids = (channel_id,) if channel_id else ()
        chosen = channel_id or default
        async with self._database.transaction(in_reply=True) as db:
            await self._insert(db, guild_id, SettingKey.CHANNEL, ids, actor)
            if chosen:
                await destinations.reopen(db, chosen)
                await outbox.move_to_channel(db, former, chosen)

    async def _insert(
        self, db: Connection, guild_id: int, key: SettingKey, ids: tuple[int, ...], actor: Actor
    ) -> None:
        await db.run(
            """INSERT INTO moderator_settings (guild_id, key, ids, set_by, set_by_name, set_at)
               VALUES (?, ?, ?, ?, ?, ?)""",
            [
                guild_id,
                key,
                json.dumps(ids),
                actor.key,
                actor.name,
                timestamps.to_text(self._clock()),
            ],
        )


def _setting(row: Row) -> ModeratorSetting:
    return ModeratorSetting(
        guild_id=row["guild_id"],
        key=SettingKey(row["key"]),
        ids=tuple(json.loads(row["ids"])),
        set_by=Actor(row["set_by"], row["set_by_name"]),
        set_at=timestamps.from_text(row["set_at"]),
    )
