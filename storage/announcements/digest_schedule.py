"""When a channel hears of new papers: at once, or in a digest of a day or a week; pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NINE = 9 * 60


class Frequency(enum.StrEnum):
    """How often a channel gets a digest; without one, each paper has its own message."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """How often, and for digests at which minute of which day (0 is Monday), in a time zone."""

    frequency: Frequency = Frequency.OFF
    minute: int = _NINE
    weekday: int = 0
    time_zone: str = "UTC"

    def next_digest(self, after: datetime) -> datetime | None:
        """When the first digest is due after a moment; none for a channel that hears at once.

        A time that the zone leaves out, when clocks go forward, is as late after midnight as it
        would be without.
        """
        if self.frequency is Frequency.OFF:
            return None
        zone = ZoneInfo(self.time_zone)
        day = after.astimezone(zone).date()
        while True:
            due = datetime.combine(day, time(self.minute // 60, self.minute % 60), zone)
            is_its_day = self.frequency is Frequency.DAILY or day.weekday() == self.weekday
            if is_its_day and due.astimezone(UTC) > after:
                return due.astimezone(UTC)
            day += timedelta(days=1)
