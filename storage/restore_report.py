"""What a restore lost, from the restore until the moderators know it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from storage import timestamps
from storage.announcements.enqueue import enqueue_notice
from storage.connection import Connection
from storage.database import Database

_NAME = "restored"  # of the value in `bot_state`


@dataclass(frozen=True, slots=True)
class Loss:
    """What the former database had and the backup hasn't: how much of a kind, newest first."""

    kind: str
    count: int
    examples: Sequence[str]


@dataclass(frozen=True, slots=True)
class RestoreReport:
    """When the restored backup was made, and what was lost since.

    ``unknown`` says why that isn't known, or not completely.
    """

    copied_at: datetime
    losses: Sequence[Loss] = ()
    unknown: str = ""


class RestoreReports:
    """Keeps the report about the last restore until moderators are told."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def find(self) -> RestoreReport | None:
        """Returns the report that moderators are still to be told, or None."""
        async with self._database.reading() as db:
            text = await db.value("SELECT value FROM bot_state WHERE name = ?", [_NAME])
        if text is None:
            return None
        values = json.loads(text)
        return RestoreReport(
            copied_at=timestamps.from_text(values["copied_at"]),
            losses=tuple(Loss(**loss) for loss in values["losses"]),
            unknown=values["unknown"],
        )

    async def save(self, report: RestoreReport) -> None:
        """Saves a report in the place of the last one."""
        async with self._database.transaction(durable=True) as db:
            await save_report(db, report)

    async def tell(self, channel_id: int | None, text: str) -> None:
        """Queues a notice for the moderators' channel, if there is one; forgets the report."""
        async with self._database.transaction() as db:
            if channel_id is not None:
                await enqueue_notice(db, channel_id, text, self._clock())
            await db.run("DELETE FROM bot_state WHERE name = ?", [_NAME])


async def save_report(db: Connection, report: RestoreReport) -> None:
    """Saves a report in the place of the last one."""
    values = {**asdict(report), "copied_at": timestamps.to_text(report.copied_at)}
    await db.run(
        "INSERT OR REPLACE INTO bot_state (name, value) VALUES (?, ?)", [_NAME, json.dumps(values)]
    )
