"""SQL of what `/setup` set in the lab's own servers; the caller decides which setting applies."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from datetime import datetime

from storage import timestamps
from storage.announcements import outbox, subscriptions
from storage.database import Database, Row
from storage.models import Actor


class SettingKey(enum.StrEnum):
    """What is set up in a home server."""

    ROLES = "roles"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class ModeratorSetting:
    """One word of `/setup`: Discord's ids of the moderators' roles, or of their channel if any."""

    guild_id: int
    key: SettingKey
    ids: tuple[int, ...]
    set_by: Actor
    set_at: datetime


class Setups:
    """Who moderates, and where they hear of it."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def words(self) -> tuple[ModeratorSetting, ...]:
        """The last word on each matter in each server, oldest first."""
        async with self._database.reading() as db:
            rows = await db.all(
                """SELECT * FROM moderator_settings WHERE id IN (
                       SELECT MAX(id) FROM moderator_settings GROUP BY guild_id, key) ORDER BY id"""
            )
        return tuple(_word(row) for row in rows)

    async def choose_roles(self, guild_id: int, role_ids: tuple[int, ...], actor: Actor) -> None:
        """Let these roles, and no others, keep the list in a server."""
        async with self._database.transaction(in_reply=True) as db:
            await db.insert(_SAY, self._values(guild_id, SettingKey.ROLES, role_ids, actor))

    async def choose_channel(
        self,
        guild_id: int,
        channel_id: int | None,
        actor: Actor,
        *,
        former: int | None,
        default: int | None = None,
    ) -> None:
        """Let moderators hear in a channel, where what waits for the ``former`` one goes, too.

        It is sent into again where it was stopped. Without a channel that is the ``default`` one,
        and nothing is moved where there is none.
        """
        ids = (channel_id,) if channel_id else ()
        now = channel_id or default
        async with self._database.transaction(in_reply=True) as db:
            await db.insert(_SAY, self._values(guild_id, SettingKey.CHANNEL, ids, actor))
            for chosen in (now,) if now else ():
                await subscriptions.reopen(db, chosen)
                await outbox.move(db, former, chosen)

    def _values(
        self, guild_id: int, key: SettingKey, ids: tuple[int, ...], actor: Actor
    ) -> list[str | int]:
        now = timestamps.to_text(self._clock())
        return [guild_id, key, json.dumps(ids), actor.key, actor.name, now]


_SAY = """INSERT INTO moderator_settings (guild_id, key, ids, set_by, set_by_name, set_at)
          VALUES (?, ?, ?, ?, ?, ?)"""


def _word(row: Row) -> ModeratorSetting:
    return ModeratorSetting(
        guild_id=row["guild_id"],
        key=SettingKey(row["key"]),
        ids=tuple(json.loads(row["ids"])),
        set_by=Actor(row["set_by"], row["set_by_name"]),
        set_at=timestamps.from_text(row["set_at"]),
    )
