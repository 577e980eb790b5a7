from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.feeds.health import gone_notice, status_notice
from storage.feeds.models import Feed
from tests.support.feeds import make_feed

NOW = datetime(2026, 11, 19, 12, tzinfo=UTC)  # a Thursday
DAY = timedelta(days=1)
FEED = make_feed(
    Feed,
    id=3,
    url="https://rss.arxiv.org/rss/cs.CL",
    title="cs.CL *updates* @everyone",
    next_poll_at=NOW,
    first_polled_at=NOW - 30 * DAY,
    last_success_at=NOW,
    last_new_entry_at=NOW - timedelta(hours=8),
    added_at=NOW - 30 * DAY,
)


def last_notice(
    feed: Feed, now: datetime = NOW, *, error: str = "", has_new_entries: bool = False
) -> str | None:
    notice = status_notice(feed, now, error=error, has_new_entries=has_new_entries)
    return None if notice is None else notice.last_notice


def test_a_feed_failing_for_a_day_is_reported_once_and_so_is_its_recovery() -> None:
    assert last_notice(FEED, error="No.") is None
    failing = replace(FEED, failing_since=NOW - DAY + timedelta(minutes=1))
    assert last_notice(failing, error="No.") is None
    failing = replace(failing, failing_since=NOW - DAY)
    notice = status_notice(failing, NOW, error="It is **gone**.")
    assert notice is not None
    assert notice.last_notice == "failing"
    assert r"\*updates\* \@everyone" in notice.text
    assert r"It is \*\*gone\*\*." in notice.text
    failing = replace(failing, last_notice="failing")
    assert last_notice(failing, error="No.") is None
    recovered = status_notice(failing, NOW)
    assert recovered is not None
    assert recovered.last_notice == ""
    assert "I can read the feed" in recovered.text


@pytest.mark.parametrize(
    ("last_news", "now", "is_stale"),
    [
        ((11, 18), (11, 19), False),
        ((11, 17), (11, 19), False),  # Wednesday alone was silent
        ((11, 16), (11, 19), True),  # Tuesday and Wednesday were
        ((11, 13), (11, 16), False),  # a weekend
        ((11, 13), (11, 18), True),
        ((11, 25), (11, 30), False),  # Thanksgiving and the day after it
        ((11, 25), (12, 2), True),
        ((12, 23), (12, 31), False),
        ((9, 4), (9, 8), False),  # Labor Day
        ((5, 22), (5, 26), False),  # Memorial Day
        ((7, 1), (7, 5), False),  # the Fourth, kept on Friday the third, and one silent day
    ],
)
def test_an_arxiv_feed_is_stale_after_two_working_days_without_entries(
    last_news: tuple[int, int],
    now: tuple[int, int],
    is_stale: bool,  # noqa: FBT001
) -> None:
    feed = replace(FEED, last_new_entry_at=datetime(2026, *last_news, 12, tzinfo=UTC))
    moment = datetime(2026, *now, 12, tzinfo=UTC)
    assert last_notice(feed, moment) == ("stale" if is_stale else None)
    assert last_notice(feed, moment, has_new_entries=True) is None
    assert last_notice(replace(feed, url="https://lab.org/feed"), moment) is None


def test_a_stale_feed_is_reported_once_and_recovers_silently() -> None:
    stale = replace(FEED, last_new_entry_at=NOW - 10 * DAY)
    notice = status_notice(stale, NOW)
    assert notice is not None
    assert "nothing new in" in notice.text
    stale = replace(stale, last_notice="stale")
    assert status_notice(stale, NOW) is None
    again = status_notice(stale, NOW, has_new_entries=True)
    assert again is not None
    assert (again.last_notice, again.text) == ("", "")


def test_a_feed_that_never_had_a_new_entry_is_not_stale() -> None:
    assert last_notice(replace(FEED, last_new_entry_at=None)) is None


def test_the_notice_of_a_gone_feed_mentions_resume() -> None:
    assert "`/feed resume`" in gone_notice(FEED)
