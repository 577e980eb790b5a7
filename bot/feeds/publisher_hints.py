"""A feed's own timetable, as RSS and its syndication module write it; pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import timedelta

from bot.feeds.schedule import DAY, NO_TIMETABLE, Timetable

_PERIODS = {
    "hourly": timedelta(hours=1),
    "daily": DAY,
    "weekly": 7 * DAY,
    "monthly": 30 * DAY,
    "yearly": 365 * DAY,
}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SKIPPED = re.compile(
    rb"<skip(?P<kind>hours|days)\s*>(?P<list>[^\0]{0,2000}?)</skip", re.IGNORECASE
)
_LISTED = re.compile(rb"<(?:hour|day)\s*>\s*(\w{1,9})\s*</", re.IGNORECASE)
_HOURS = frozenset(form.format(hour) for hour in range(25) for form in ("{}", "{:02}"))
_HEAD = 50_000  # bytes of a feed in which its own words are looked for


def read(about: Mapping[str, object], body: bytes) -> Timetable:
    """What a feed says of when to ask for it: ttl, skipHours, skipDays, updatePeriod.

    ``about`` is feedparser's, which keeps one of several skipped hours only; hence the ``body``.
    """
    hours: set[int] = set()
    days: set[int] = set()
    for found in _SKIPPED.finditer(body[:_HEAD]):
        words = [word.decode("ascii", "replace").lower() for word in _LISTED.findall(found["list"])]
        if found["kind"].lower() == b"hours":
            hours.update(int(word) % 24 for word in words if word in _HOURS)
        else:
            days.update(_DAYS.index(word) for word in words if word in _DAYS)
    return Timetable(_pause(about), frozenset(hours), frozenset(days))


def write(timetable: Timetable) -> str:
    """A timetable as a text that `parse_stored` reads; none is empty."""
    if timetable == NO_TIMETABLE:
        return ""
    return json.dumps(
        {
            "pause": timetable.pause.total_seconds(),
            "hours": sorted(timetable.skipped_hours),
            "days": sorted(timetable.skipped_days),
        }
    )


def parse_stored(text: str) -> Timetable:
    """The timetable that `write` gave this text for."""
    if not text:
        return NO_TIMETABLE
    kept = json.loads(text)
    return Timetable(
        timedelta(seconds=kept["pause"]), frozenset(kept["hours"]), frozenset(kept["days"])
    )


def _pause(about: Mapping[str, object]) -> timedelta:
    """At most a day."""
    minutes = str(about.get("ttl", "")).strip()
    if re.fullmatch(r"[0-9]{1,9}", minutes):
        return min(timedelta(minutes=int(minutes)), DAY)
    period = _PERIODS.get(str(about.get("sy_updateperiod", "")).strip().lower(), timedelta())
    often = str(about.get("sy_updatefrequency", "")).strip()
    times = int(often) if re.fullmatch(r"[1-9][0-9]{0,5}", often) else 1
    return min(period / times, DAY)
