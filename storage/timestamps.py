"""Points in time as the database keeps them: UTC text that sorts as time does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]

_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def utc_now() -> datetime:
    """Returns the current time: the `Clock` of everything but tests."""
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    """Writes an aware datetime."""
    return moment.astimezone(UTC).strftime(_FORMAT)


def from_text(text: str) -> datetime:
    """Reads what `to_text` wrote."""
    return datetime.fromisoformat(text)


def from_optional(text: str | None) -> datetime | None:
    """Reads a column that may be empty."""
    return from_text(text) if text is not None else None
