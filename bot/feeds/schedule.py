"""When a feed is read again: our interval, failures, and what its server and itself wish; pure."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DAY = timedelta(days=1)
_LONGEST_WITHOUT_NEWS = timedelta(hours=4)  # of trusting a cache's word that nothing comes
_DAYS_NEWS = timedelta(hours=20)  # how old the news of a day may be
_MOST_JITTER = 0.1
_MAX_AGE = re.compile(r'(?:^|,)\s*max-age\s*=\s*"?(\d{1,10})', re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|,)\s*no-(?:cache|store)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Timetable:
    """What a feed itself says: how long it stays as it is, and when nobody need ask (in UTC).

    Days count from Monday, 0.
    """

    pause: timedelta = timedelta()
    skipped_hours: frozenset[int] = frozenset()
    skipped_days: frozenset[int] = frozenset()


NO_TIMETABLE = Timetable()


def next_poll_at(
    now: datetime,
    interval: timedelta,
    feed_id: int,
    *,
    fresh_for: timedelta = timedelta(),
    timetable: Timetable = NO_TIMETABLE,
    last_new_entry_at: datetime | None = None,
) -> datetime:
    """When to read a feed again that could be read: after ``interval``, or later where it wishes.

    Wishes are heard up to a day. ``fresh_for`` is the caches' word; until there was news that day
    it is heard up to four hours, since arXiv's feeds may be a day old with a word that is new. A
    tenth of the interval more, the feed's own, keeps feeds from being read all at once.
    """
    had_news = last_new_entry_at is not None and now - last_new_entry_at < _DAYS_NEWS
    trusted = DAY if had_news else _LONGEST_WITHOUT_NEWS
    wait = max(interval, min(fresh_for, trusted), min(timetable.pause, DAY))
    return _outside(
        now + wait + interval * _jitter(feed_id, now, 0), now + max(DAY, wait), timetable
    )


def retry_at(
    now: datetime,
    interval: timedelta,
    feed_id: int,
    failures: int,
    retry_after: timedelta | None = None,
) -> datetime:
    """When to read a feed again that failed so often: the interval doubled each time, to a day.

    There is no end to it. A server's own wish is respected.
    """
    wait: timedelta = min(interval * 2 ** min(failures, 12), max(DAY, interval))
    wait *= 1 + _jitter(feed_id, now, failures)
    return now + max(wait, retry_after or timedelta())


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta:
    """For how long an answer stays fresh (RFC 9111, 4.2): by Cache-Control, else by Expires."""
    control = headers.get("Cache-Control", "")
    if _NO_CACHE.search(control):
        return timedelta()
    if stated := _MAX_AGE.search(control):
        age = headers.get("Age", "").strip()
        seconds = int(stated[1]) - (int(age) if re.fullmatch(r"[0-9]{1,10}", age) else 0)
        return min(timedelta(seconds=max(seconds, 0)), DAY)
    until = _moment(headers.get("Expires", ""))
    since = _moment(headers.get("Date", "")) or now
    return min(max(until - since, timedelta()), DAY) if until else timedelta()


def _outside(at: datetime, latest: datetime, timetable: Timetable) -> datetime:
    """The first hour from ``at`` on that is not skipped, at the latest ``latest``."""
    while at < latest and (
        at.hour in timetable.skipped_hours or at.weekday() in timetable.skipped_days
    ):
        at += timedelta(hours=1)
    return min(at, latest)


def _jitter(feed_id: int, now: datetime, failures: int) -> float:
    seed = f"{feed_id}/{now.date()}/{failures}"
    return random.Random(seed).uniform(0, _MOST_JITTER)  # noqa: S311 - nothing secret


def _moment(header: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, OverflowError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
