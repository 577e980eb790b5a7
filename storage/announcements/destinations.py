"""SQL of the channels and users that messages can't be sent to, for now or until further notice."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from storage import timestamps
from storage.connection import Connection, Value
from storage.database import Database

RETRY_STOPPED = timedelta(days=1)


class Destinations:
    """Failures to send; a destination is a channel or a user, by Discord's id."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def stop(self, destination_id: int, reason: str) -> bool:
        """Stops sending to a destination for a day; returns False if it was stopped already.

        Its posts stay queued. It is open again as soon as one of them can be sent.
        """
        async with self._database.transaction() as db:
            former = await db.value(
                "SELECT stopped_because FROM destinations WHERE destination_id = ?",
                [destination_id],
            )
            await db.run(
                """INSERT INTO destinations (destination_id, stopped_because, retry_at)
                   VALUES (?, ?, ?) ON CONFLICT (destination_id) DO UPDATE
                   SET stopped_because = excluded.stopped_because, retry_at = excluded.retry_at""",
                [destination_id, reason, timestamps.to_text(self._clock() + RETRY_STOPPED)],
            )
        return not former

    async def retry_stopped(self, guild_id: int, channel_ids: Collection[int]) -> bool:
        """Lets stopped channels of a server be tried now; returns whether there are any.

        ``channel_ids`` are those of the server; subscribed ones are known without that.
        """
        stopped = """FROM destinations WHERE stopped_because <> '' AND (
                destination_id IN (SELECT value FROM json_each(?2)) OR destination_id IN (
                    SELECT channel_id FROM subscriptions WHERE guild_id = ?1))"""
        values: list[Value] = [guild_id, json.dumps([*channel_ids])]
        async with self._database.reading() as db:
            if not await db.value(f"SELECT COUNT(*) {stopped}", values):
                return False
        async with self._database.transaction() as db:
            await db.run(
                f"""UPDATE destinations SET retry_at = NULL
                    WHERE destination_id IN (SELECT destination_id {stopped})""",  # noqa: S608
                values,
            )
        return True

    async def stop_reason(self, destination_id: int) -> str:
        """Returns why nothing is sent to a destination, or an empty string if it isn't stopped."""
        async with self._database.reading() as db:
            reason = await db.value(
                "SELECT stopped_because FROM destinations WHERE destination_id = ?",
                [destination_id],
            )
        return str(reason or "")

    async def postpone(self, destination_id: int, until: datetime) -> None:
        """Records a failure to send, and sends nothing more to the destination before this time."""
        async with self._database.transaction() as db:
            await db.run(
                """INSERT INTO destinations (destination_id, failures, retry_at) VALUES (?, 1, ?)
                   ON CONFLICT (destination_id) DO UPDATE
                   SET failures = failures + 1, retry_at = excluded.retry_at""",
                [destination_id, timestamps.to_text(until)],
            )

    async def count_failures(self, destination_id: int) -> int:
        """Counts the failures to send since the last success."""
        async with self._database.reading() as db:
            failures = await db.value(
                "SELECT failures FROM destinations WHERE destination_id = ?", [destination_id]
            )
        return int(failures or 0)


async def reopen(db: Connection, destination_id: int) -> bool:
    """Forgets the failures of a destination; returns whether it was stopped."""
    rows = await db.all(
        "DELETE FROM destinations WHERE destination_id = ? RETURNING stopped_because",
        [destination_id],
    )
    return any(row["stopped_because"] for row in rows)
