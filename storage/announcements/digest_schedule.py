"""When a channel's digest of new papers is due; pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

_NINE_O_CLOCK = 9 * 60


class Frequency(enum.StrEnum):
    """How often a channel gets a digest; ``OFF`` announces each paper in a message of its own."""

    OFF = "off"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class DigestSchedule:
    """How often a digest is due, and at which minute of the day in a time zone.

    ``weekday`` counts from Monday as 0 and matters only for a weekly digest.
    """

    frequency: Frequency = Frequency.OFF
    minute: int = _NINE_O_CLOCK
    weekday: int = 0
    time_zone: str = "UTC"

    def next_digest(self, after: datetime) -> datetime | None:
        """Returns when the first digest after a moment is due, or None if digests are off.

        If clocks going forward skip that time, the digest is due as long after midnight as on any
        other day.
        """
        if self.frequency is Frequency.OFF:
            return None
        zone = ZoneInfo(self.time_zone)
        day = after.astimezone(zone).date()
        while True:
            due = datetime.combine(day, time(self.minute // 60, self.minute % 60), zone)
            is_digest_day = self.frequency is Frequency.DAILY or day.weekday() == self.weekday
            if is_digest_day and due.astimezone(UTC) > after:
                return due.astimezone(UTC)
            day += timedelta(days=1)
