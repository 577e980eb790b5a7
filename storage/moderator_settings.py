"""What `/setup` sets in the lab's own servers; the caller decides which setting applies."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from datetime import datetime

from storage import timestamps
from storage.announcements import destinations
from storage.announcements.enqueue import move_to_channel
from storage.audit import log as audit_log
from storage.audit.models import ChangeAction, ChangeKind, Settings
from storage.connection import Connection, Row
from storage.database import Database
from storage.models import Actor

_COLUMNS = ("id", "ids", "set_by", "set_by_name", "set_at")
# The latest of each key in each server; SQLite takes all columns from the row with the maximum.
_LATEST = f"""SELECT guild_id, key, MAX(id) AS id, {", ".join(_COLUMNS[1:])}
              FROM moderator_settings GROUP BY guild_id, key"""  # noqa: S608 - constants


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
            rows = await db.all(f"{_LATEST} ORDER BY id")
        return tuple(_setting(row) for row in rows)

    async def set_roles(self, guild_id: int, role_ids: tuple[int, ...], actor: Actor) -> int:
        """Gives these roles, and no others, moderator rights in a server.

        Returns the id of the change.
        """
        async with self._database.transaction(in_reply=True) as db:
            return await self._set(db, guild_id, SettingKey.ROLES, role_ids, actor)

    async def set_channel(
        self,
        guild_id: int,
        channel_id: int | None,
        actor: Actor,
        *,
        former: int | None,
        default: int | None = None,
    ) -> int:
        """Sets the moderators' channel, or goes back to the ``default`` one if there is any.

        What is queued for the ``former`` channel moves there, and a channel that failed is sent
        to again. Returns the id of the change.
        """
        ids = (channel_id,) if channel_id else ()
        async with self._database.transaction(in_reply=True) as db:
            change_id = await self._set(db, guild_id, SettingKey.CHANNEL, ids, actor)
            await _move_queue(db, former, channel_id or default)
        return change_id

    async def move_queue(self, former: int | None, channel_id: int | None) -> None:
        """Moves what is queued for the ``former`` moderators' channel to another one, if any."""
        async with self._database.transaction(in_reply=True) as db:
            await _move_queue(db, former, channel_id)

    async def _set(
        self, db: Connection, guild_id: int, key: SettingKey, ids: tuple[int, ...], actor: Actor
    ) -> int:
        at = self._clock()
        before = await load(db, guild_id)
        await db.run(
            """INSERT INTO moderator_settings (guild_id, key, ids, set_by, set_by_name, set_at)
               VALUES (?, ?, ?, ?, ?, ?)""",
            [guild_id, key, json.dumps(ids), actor.key, actor.name, timestamps.to_text(at)],
        )
        return await audit_log.record_settings_change(
            db,
            at,
            actor,
            ChangeAction.EDIT,
            ChangeKind.MODERATORS,
            before,
            await load(db, guild_id),
            guild_id=guild_id,
        )


async def load(db: Connection, guild_id: int) -> Settings:
    """Returns for each key what is set in a server, with its id, or None if nothing is."""
    rows = await db.all(f"{_LATEST} HAVING guild_id = ?", [guild_id])
    found = {row["key"]: {name: row[name] for name in _COLUMNS} for row in rows}
    return {key.value: found.get(key) for key in SettingKey}


async def apply(db: Connection, guild_id: int, settings: Settings, _at: datetime) -> None:
    """Goes back, or forth, to what was set in a server when `load` returned these settings."""
    for key, values in settings.items():
        await db.run(
            "DELETE FROM moderator_settings WHERE guild_id = ? AND key = ? AND id > ?",
            [guild_id, key, values["id"] if values else 0],
        )
        if values:
            await db.run(
                f"""INSERT OR IGNORE INTO moderator_settings (guild_id, key, {", ".join(_COLUMNS)})
                    VALUES (?, ?, {", ".join("?" * len(_COLUMNS))})""",  # noqa: S608 - constants
                [guild_id, key, *(values[name] for name in _COLUMNS)],
            )


async def _move_queue(db: Connection, former: int | None, channel_id: int | None) -> None:
    if channel_id:
        await destinations.reopen(db, channel_id)
        await move_to_channel(db, former, channel_id)


def _setting(row: Row) -> ModeratorSetting:
    return ModeratorSetting(
        guild_id=row["guild_id"],
        key=SettingKey(row["key"]),
        ids=tuple(json.loads(row["ids"])),
        set_by=Actor(row["set_by"], row["set_by_name"]),
        set_at=timestamps.from_text(row["set_at"]),
    )
