"""Decides what to tell moderators about a feed's health after a poll, never twice; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.markdown import escape
from storage.feeds.models import Feed

_MIN_FAILING = timedelta(days=1)  # before moderators hear about it
_STALE_AFTER = 2  # working days without a new entry, for an arXiv feed
_ARXIV_HOSTS = frozenset({"rss.arxiv.org", "export.arxiv.org", "arxiv.org"})
_ARXIV_TIME = ZoneInfo("America/New_York")

_HOLIDAYS = frozenset({(1, 1), (6, 19), (7, 4)})  # month, day
_FLOATING_HOLIDAYS = frozenset(  # month, weekday, which of the month
    {(1, 0, 3), (2, 0, 3), (5, 0, 4), (5, 0, 5), (9, 0, 1), (11, 3, 4), (11, 4, 4), (11, 4, 5)}
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What to tell moderators, and the `Feed.last_notice` to record; empty text sends nothing."""

    last_notice: str
    text: str


def status_notice(
    feed: Feed, now: datetime, *, error: str = "", has_new_entries: bool = False
) -> Notice | None:
    """Returns what to tell moderators after a poll, or None if they already know.

    ``feed`` is the feed before the poll, ``error`` why the poll failed.
    """
    if error:
        since = feed.failing_since or now
        if feed.last_notice == "failing" or now - since < _MIN_FAILING:
            return None
        return Notice(
            "failing",
            f"⚠️ I haven't been able to read {_name(feed)} since <t:{since.timestamp():.0f}:f>. "
            f"Last error: {escape(error, 500)} I'll keep trying.",
        )
    if feed.last_notice == "failing":
        return Notice("", f"✅ I can read {_name(feed)} again.")
    silent_since = None if has_new_entries else feed.last_new_entry_at
    is_stale = silent_since is not None and _is_overdue(feed, silent_since, now)
    if is_stale == (feed.last_notice == "stale"):
        return None
    if silent_since is None or not is_stale:
        return Notice("", "")  # the new papers show that it works again
    return Notice(
        "stale",
        f"🕸️ There's been nothing new in {_name(feed)} since "
        f"<t:{silent_since.timestamp():.0f}:D>, although arXiv announces papers every working day. "
        "Is the category in its URL right?",
    )


def gone_notice(feed: Feed) -> str:
    """Returns what to tell moderators about a feed that its server says is permanently gone."""
    return (
        f"⏸️ I paused {_name(feed)}, because its server says that it's permanently gone. "
        "Use `/feed resume` to try it again or `/feed remove` to unfollow it; its papers stay."
    )


def held_notice(feed: Feed, added: int, usual: int) -> str:
    """Returns what to tell moderators about a feed that brought far more papers than usual."""
    return (
        f"🌊 {_name(feed)} has {added:,} new papers at once, but usually has "
        f"{usual:,} at most. Nothing is added or announced until you decide, and anything else "
        "that's new in it waits, too."
    ).replace("the feed", "The feed", 1)


def _name(feed: Feed) -> str:
    return f"the feed **{escape(feed.title, 200)}** (#{feed.id})"


def _is_overdue(feed: Feed, silent_since: datetime, now: datetime) -> bool:
    """Returns whether an arXiv feed had nothing new for working days, leaving out holidays."""
    if urlsplit(feed.url).hostname not in _ARXIV_HOSTS:
        return False
    last, today = (moment.astimezone(_ARXIV_TIME).date() for moment in (silent_since, now))
    days = (last + timedelta(days=number) for number in range(1, min((today - last).days, 30)))
    return sum(map(_is_working_day, days)) >= _STALE_AFTER


def _is_working_day(day: date) -> bool:
    """Returns whether arXiv announces papers on a day: not on US holidays or in late December."""
    if day.weekday() >= 5 or (day.month == 12 and day.day >= 24):
        return False
    # Holidays on a Saturday are observed on Friday, those on a Sunday on Monday.
    nearby = {0: [day, day - timedelta(days=1)], 4: [day, day + timedelta(days=1)]}
    observed = nearby.get(day.weekday(), [day])
    if any((holiday.month, holiday.day) in _HOLIDAYS for holiday in observed):
        return False
    return (day.month, day.weekday(), (day.day - 1) // 7 + 1) not in _FLOATING_HOLIDAYS
