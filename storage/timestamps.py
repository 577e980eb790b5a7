"""Converts times to text: for the database, in UTC and sortable as text, and for programs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"
_MORNING = time(8, tzinfo=UTC)


def utc_now() -> datetime:
    """Returns the current time: the `Clock` of everything but tests."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class ReplayClock:
    """A `Clock` that shows 08:00 UTC of a day at a real time, and runs on from there."""

    day: date
    started_at: datetime

    def __call__(self) -> datetime:
        """Returns the time that the clock shows now."""
        return datetime.combine(self.day, _MORNING) + (utc_now() - self.started_at)


def to_text(at: datetime) -> str:
    """Returns an aware datetime as text."""
    return at.astimezone(UTC).strftime(_FORMAT)


def to_iso(at: datetime | None) -> str | None:
    """Returns a time in ISO 8601 to the second, for JSON that other programs read."""
    return at.isoformat(timespec="seconds") if at else None


def from_text(text: str) -> datetime:
    """Returns the time that `to_text` was given."""
    return datetime.fromisoformat(text)


def from_optional(text: str | None) -> datetime | None:
    """Returns the time in a column that may be NULL."""
    return from_text(text) if text is not None else None
