"""Parses and stores a feed's own hints about polling: RSS elements and the syndication module."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta

from bot.feeds.schedule import DAY, NO_HINTS, PublisherHints

_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": DAY,
    "weekly": 7 * DAY,
    "monthly": 30 * DAY,
    "yearly": 365 * DAY,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SKIP = re.compile(rb"<skip(?P<kind>hours|days)\s*>(?P<list>[^\0]{0,2000}?)</skip", re.IGNORECASE)
_SKIP_ITEM = re.compile(rb"<(?:hour|day)\s*>\s*(\w{1,9})\s*</", re.IGNORECASE)
_HOURS = frozenset(pattern.format(hour) for hour in range(25) for pattern in ("{}", "{:02}"))
_MAX_HEAD = 50_000  # bytes of a feed that are searched


def parse_hints(channel: Mapping[str, object], body: bytes) -> PublisherHints:
    """Parses a feed's ttl, skipHours, skipDays and updatePeriod.

    ``channel`` is feedparser's, which keeps only one of several skipped hours; hence the ``body``.
    """
    hours: set[int] = set()
    days: set[int] = set()
    for skip in _SKIP.finditer(body[:_MAX_HEAD]):
        items = [
            item.decode("ascii", "replace").lower() for item in _SKIP_ITEM.findall(skip["list"])
        ]
        if skip["kind"].lower() == b"hours":
            hours.update(int(item) % 24 for item in items if item in _HOURS)
        else:
            days.update(_DAYS.index(item) for item in items if item in _DAYS)
    return PublisherHints(_min_interval(channel), frozenset(hours), frozenset(days))


def dump_hints(hints: PublisherHints) -> str:
    """Returns hints as text that `load_hints` reads; empty if there are none."""
    if hints == NO_HINTS:
        return ""
    return json.dumps(
        {
            "pause": hints.min_interval.total_seconds(),
            "hours": sorted(hints.skipped_hours),
            "days": sorted(hints.skipped_days),
        }
    )


def load_hints(text: str) -> PublisherHints:
    """Returns the hints that `dump_hints` wrote."""
    if not text:
        return NO_HINTS
    values = json.loads(text)
    return PublisherHints(
        timedelta(seconds=values["pause"]), frozenset(values["hours"]), frozenset(values["days"])
    )


def _min_interval(channel: Mapping[str, object]) -> timedelta:
    """Returns the interval by ttl or updatePeriod, at most a day."""
    minutes = str(channel.get("ttl", "")).strip()
    if re.fullmatch(r"[0-9]{1,9}", minutes):
        return min(timedelta(minutes=int(minutes)), DAY)
    period = _PERIODS.get(str(channel.get("sy_updateperiod", "")).strip().lower(), timedelta())
    frequency = str(channel.get("sy_updatefrequency", "")).strip()
    times = int(frequency) if re.fullmatch(r"[1-9][0-9]{0,5}", frequency) else 1
    return min(period / times, DAY)
