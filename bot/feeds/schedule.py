"""Computes when to poll a feed again, from our interval, its failures and its publisher's hints."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

DAY = timedelta(days=1)
_MAX_FRESHNESS_BEFORE_NEW_ENTRY = timedelta(hours=4)
_NEW_ENTRY_AGE = timedelta(hours=20)  # age of the last new entry that counts as today's
_MAX_JITTER = 0.1
_MAX_AGE = re.compile(r'(?:^|,)\s*max-age\s*=\s*"?(\d{1,10})', re.IGNORECASE)
_NO_CACHE = re.compile(r"(?:^|,)\s*no-(?:cache|store)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PublisherHints:
    """What a feed says about polling: a minimum interval, and hours and days to skip (UTC).

    Days count from Monday, 0.
    """

    min_interval: timedelta = timedelta()
    skipped_hours: frozenset[int] = frozenset()
    skipped_days: frozenset[int] = frozenset()


NO_HINTS = PublisherHints()


def next_poll_at(
    now: datetime,
    interval: timedelta,
    feed_id: int,
    *,
    fresh_for: timedelta = timedelta(),
    hints: PublisherHints = NO_HINTS,
    last_new_entry_at: datetime | None = None,
) -> datetime:
    """Returns when to poll a feed again after a success: after ``interval``, or as hinted later.

    Hints are respected up to a day. ``fresh_for``, from the HTTP headers, is respected up to four
    hours until there was a new entry that day, since arXiv marks day-old feeds as fresh. A jitter
    of up to a tenth of the interval keeps feeds from being polled all at once.
    """
    had_new_entry = last_new_entry_at is not None and now - last_new_entry_at < _NEW_ENTRY_AGE
    max_freshness = DAY if had_new_entry else _MAX_FRESHNESS_BEFORE_NEW_ENTRY
    wait = max(interval, min(fresh_for, max_freshness), min(hints.min_interval, DAY))
    return _skip(now + wait + interval * _jitter(feed_id, now, 0), now + max(DAY, wait), hints)


def retry_at(
    now: datetime,
    interval: timedelta,
    feed_id: int,
    failures: int,
    retry_after: timedelta | None = None,
) -> datetime:
    """Returns when to poll a feed again that failed this many times in a row.

    The interval doubles with each failure up to a day; polling never gives up. The server's
    Retry-After is respected.
    """
    wait: timedelta = min(interval * 2 ** min(failures, 12), max(DAY, interval))
    wait *= 1 + _jitter(feed_id, now, failures)
    return now + max(wait, retry_after or timedelta())


def fresh_for(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Returns how long a response stays fresh (RFC 9111, 4.2), by Cache-Control or Expires."""
    control = headers.get("Cache-Control", "")
    if _NO_CACHE.search(control):
        return timedelta()
    if max_age := _MAX_AGE.search(control):
        age = headers.get("Age", "").strip()
        seconds = int(max_age[1]) - (int(age) if re.fullmatch(r"[0-9]{1,10}", age) else 0)
        return min(timedelta(seconds=max(seconds, 0)), DAY)
    expires = _parse_date(headers.get("Expires", ""))
    date = _parse_date(headers.get("Date", "")) or now
    return min(max(expires - date, timedelta()), DAY) if expires else timedelta()


def _skip(at: datetime, latest: datetime, hints: PublisherHints) -> datetime:
    """Returns the first hour from ``at`` on that isn't skipped, but no later than ``latest``."""
    while at < latest and (at.hour in hints.skipped_hours or at.weekday() in hints.skipped_days):
        at += timedelta(hours=1)
    return min(at, latest)


def _jitter(feed_id: int, now: datetime, failures: int) -> float:
    seed = f"{feed_id}/{now.date()}/{failures}"
    return random.Random(seed).uniform(0, _MAX_JITTER)  # noqa: S311 - not for secrets


def _parse_date(header: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(header)
    except (ValueError, OverflowError, TypeError):
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)
