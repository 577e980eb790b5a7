"""Converts times to text: for the database, in UTC and sortable as text, and for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def utc_now() -> datetime:
    """Returns the current time: the `Clock` of everything but tests."""
    return datetime.now(UTC)


def to_text(time: datetime) -> str:
    """Returns an aware datetime as text."""
    return time.astimezone(UTC).strftime(_FORMAT)


def to_iso(time: datetime | None) -> str | None:
    """Returns a time in ISO 8601 to the second, for JSON that other programs read."""
    return time.isoformat(timespec="seconds") if time else None


def from_text(text: str) -> datetime:
    """Returns the time that `to_text` was given."""
    return datetime.fromisoformat(text)


def from_optional(text: str | None) -> datetime | None:
    """Returns the time in a column that may be NULL."""
    return from_text(text) if text is not None else None
