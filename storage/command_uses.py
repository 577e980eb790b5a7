"""SQL that counts how often commands are used: by day and command, and never by person."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import date, timedelta

from storage import timestamps
from storage.connection import Connection, DatabaseError
from storage.database import Database
from storage.errors import LabError

_log = logging.getLogger(__name__)

_KEPT = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class UsageStatistics:
    """How often commands were used over several days in a row.

    ``days`` has the uses of all commands on each day, oldest first, and ``commands`` those of each
    command that was used, most used first.
    """

    days: tuple[tuple[date, int], ...]
    commands: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        """How often any command was used."""
        return sum(uses for _, uses in self.days)


class CommandUses:
    """Counts uses of commands in memory, and saves them when asked to.

    So commands don't wait for the database. Unsaved uses are lost if the process is killed.
    """

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock
        self._unsaved: Counter[tuple[str, str]] = Counter()

    def record(self, command: str) -> None:
        """Counts one more use of a command today."""
        self._unsaved[self._clock().date().isoformat(), command] += 1

    async def save(self) -> None:
        """Saves what was counted since the last time, and forgets what is older than a year.

        If the database can't be used, it's saved the next time. If saving is cancelled, some uses
        may be lost, but none is counted twice.
        """
        if not self._unsaved:
            return
        counted, self._unsaved = self._unsaved, Counter()
        try:
            await self._database.write(lambda db: _save(db, counted, self._clock().date()))
        except (LabError, DatabaseError) as error:
            _log.warning("Could not save how often commands were used: %s", error)
            self._unsaved += counted

    async def load(self, days: int = 30) -> UsageStatistics:
        """Returns how often commands were used on the last ``days``, including today."""
        today = self._clock().date()
        shown = [today - timedelta(days=ago) for ago in reversed(range(days))]
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT day, command, uses FROM command_uses WHERE day BETWEEN ? AND ?",
                [shown[0].isoformat(), today.isoformat()],
            )
        by_day: Counter[str] = Counter()
        by_command: Counter[str] = Counter()
        saved = [(row["day"], row["command"], row["uses"]) for row in rows]
        unsaved = [(day, command, uses) for (day, command), uses in self._unsaved.items()]
        for day, command, uses in [*saved, *unsaved]:
            if shown[0].isoformat() <= day <= today.isoformat():
                by_day[day] += uses
                by_command[command] += uses
        return UsageStatistics(
            days=tuple((day, by_day[day.isoformat()]) for day in shown),
            commands=tuple(sorted(by_command.items(), key=lambda item: (-item[1], item[0]))),
        )


async def _save(db: Connection, counted: Counter[tuple[str, str]], today: date) -> None:
    await db.run("DELETE FROM command_uses WHERE day < ?", [(today - _KEPT).isoformat()])
    await db.run_many(
        """INSERT INTO command_uses (day, command, uses) VALUES (?, ?, ?)
           ON CONFLICT (day, command) DO UPDATE SET uses = uses + excluded.uses""",
        [(day, command, uses) for (day, command), uses in counted.items()],
    )
