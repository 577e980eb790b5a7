"""What moderators are told of a feed after a poll, each thing once; pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.markdown import escape
from storage.feeds.models import Feed

_PATIENCE = timedelta(days=1)  # with a failing feed
_SILENT_DAYS = 2  # working days without news, after which an arXiv feed is stale
_ARXIV_HOSTS = frozenset({"rss.arxiv.org", "export.arxiv.org", "arxiv.org"})
_ARXIV_TIME = ZoneInfo("America/New_York")

_HOLIDAYS = frozenset({(1, 1), (6, 19), (7, 4)})  # month, day
_MOVING_HOLIDAYS = frozenset(  # month, weekday, which of the month
    {(1, 0, 3), (2, 0, 3), (5, 0, 4), (5, 0, 5), (9, 0, 1), (11, 3, 4), (11, 4, 4), (11, 4, 5)}
)


@dataclass(frozen=True, slots=True)
class Notice:
    """What to tell moderators, and the `Feed.last_notice` to record; empty text sends nothing."""

    last_notice: str
    text: str


def notice_of(
    feed: Feed, now: datetime, *, error: str = "", has_news: bool = False
) -> Notice | None:
    """What to tell of a feed that was as ``feed`` says before it was read just now.

    ``error`` says why that failed. None where moderators know already how it does.
    """
    if error:
        since = feed.failing_since or now
        if feed.last_notice == "failing" or now - since < _PATIENCE:
            return None
        return Notice(
            "failing",
            f"⚠️ {_name(feed)} could not be read since <t:{since.timestamp():.0f}:f>. The last "
            f"reason: {escape(error, 500)} I go on trying.",
        )
    if feed.last_notice == "failing":
        return Notice("", f"✅ {_name(feed)} can be read again.")
    silent_since = None if has_news else feed.last_new_entry_at
    is_stale = silent_since is not None and _is_overdue(feed, silent_since, now)
    if is_stale == (feed.last_notice == "stale"):
        return None
    if silent_since is None or not is_stale:
        return Notice("", "")  # its news say so themselves
    return Notice(
        "stale",
        f"🕸️ {_name(feed)} has had nothing new since <t:{silent_since.timestamp():.0f}:D>, though "
        "arXiv announces papers on every working day. Does its address name the right category?",
    )


def gone_notice(feed: Feed) -> str:
    """What to tell of a feed whose server says that it is gone for good."""
    return (
        f"⏸️ I read {_name(feed)} no more, since its server says that it is gone for good. "
        "`/feed resume` tries it again, `/feed remove` forgets it; its papers stay."
    )


def _name(feed: Feed) -> str:
    return f"The feed **{escape(feed.title, 200)}** (#{feed.id})"


def _is_overdue(feed: Feed, silent_since: datetime, now: datetime) -> bool:
    """Whether arXiv, which is silent at weekends and on holidays, let whole working days pass."""
    if urlsplit(feed.url).hostname not in _ARXIV_HOSTS:
        return False
    last, today = (moment.astimezone(_ARXIV_TIME).date() for moment in (silent_since, now))
    days = (last + timedelta(days=number) for number in range(1, min((today - last).days, 30)))
    return sum(map(_is_working_day, days)) >= _SILENT_DAYS


def _is_working_day(day: date) -> bool:
    """Whether arXiv announces on a day; its holidays are the United States', and late December."""
    if day.weekday() >= 5 or (day.month == 12 and day.day >= 24):
        return False
    # A holiday on a Saturday is kept on the Friday before, one on a Sunday on the Monday after.
    nearby = {0: [day, day - timedelta(days=1)], 4: [day, day + timedelta(days=1)]}
    if any((one.month, one.day) in _HOLIDAYS for one in nearby.get(day.weekday(), [day])):
        return False
    return (day.month, day.weekday(), (day.day - 1) // 7 + 1) not in _MOVING_HOLIDAYS
