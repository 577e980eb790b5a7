"""SQL of the channels and users that messages can't be sent to, for now or until further notice."""

from __future__ import annotations

from datetime import datetime

from storage import timestamps
from storage.database import Connection, Database


class Destinations:
    """Failures to send; a destination is a channel or a user, by Discord's id."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def stop(self, destination_id: int, reason: str) -> bool:
        """Stops sending to a destination until it is reopened; returns False if it was stopped.

        Its posts stay queued.
        """
        async with self._database.transaction() as db:
            changed = await db.run(
                """INSERT INTO destinations (destination_id, stopped_because) VALUES (?, ?)
                   ON CONFLICT (destination_id) DO UPDATE
                   SET stopped_because = excluded.stopped_because
                   WHERE stopped_because = ''""",
                [destination_id, reason],
            )
        return changed > 0

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
