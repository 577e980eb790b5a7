from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.feeds.parser import parse_feed
from bot.feeds.publisher_hints import dump_hints, load_hints
from bot.feeds.schedule import DAY, NO_HINTS, PublisherHints, fresh_for, next_poll_at, retry_at

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
HOUR = timedelta(hours=1)
HALF_HOUR = HOUR / 2
LATELY = NOW - HOUR
ALL_DAYS = PublisherHints(skipped_days=frozenset(range(7)))


@pytest.mark.parametrize(
    ("fresh", "hints", "last_new_entry_at", "least"),
    [
        (timedelta(), NO_HINTS, None, HALF_HOUR),
        (timedelta(minutes=1), NO_HINTS, LATELY, HALF_HOUR),
        (5 * HOUR, NO_HINTS, LATELY, 5 * HOUR),
        (5 * HOUR, NO_HINTS, None, 4 * HOUR),
        (20 * HOUR, NO_HINTS, NOW - DAY, 4 * HOUR),
        (9 * DAY, NO_HINTS, LATELY, DAY),
        (timedelta(), PublisherHints(HOUR), None, HOUR),
        (timedelta(), PublisherHints(9 * DAY), None, DAY),
        (
            timedelta(),
            PublisherHints(skipped_hours=frozenset({12, 13})),
            None,
            2 * HOUR,
        ),
        (timedelta(), PublisherHints(skipped_days=frozenset({0})), None, 12 * HOUR),
        (timedelta(), ALL_DAYS, None, DAY),
    ],
)
def test_hints_are_respected_up_to_a_day(
    fresh: timedelta,
    hints: PublisherHints,
    last_new_entry_at: datetime | None,
    least: timedelta,
) -> None:
    wait = (
        next_poll_at(
            NOW,
            HALF_HOUR,
            1,
            fresh_for=fresh,
            hints=hints,
            last_new_entry_at=last_new_entry_at,
        )
        - NOW
    )
    assert HALF_HOUR <= wait <= DAY
    assert least <= wait <= least + HOUR


def test_polls_are_spread_and_never_earlier_than_the_interval() -> None:
    waits = {next_poll_at(NOW, HALF_HOUR, number) - NOW for number in range(50)}
    assert len(waits) > 40
    assert all(HALF_HOUR <= wait <= HALF_HOUR * 1.1 for wait in waits)
    midnight = {next_poll_at(NOW, HALF_HOUR, number, fresh_for=2 * HOUR) for number in range(50)}
    assert len(midnight) > 40
    weekly = timedelta(days=7)
    assert weekly <= next_poll_at(NOW, weekly, 1) - NOW <= weekly * 1.1


def test_failures_double_the_wait_up_to_a_day() -> None:
    waits = [retry_at(NOW, HALF_HOUR, 1, failures) - NOW for failures in range(1, 500)]
    assert HOUR <= waits[0] <= HOUR * 1.1
    assert all(wait >= 2 * HOUR for wait in waits[1:])
    assert all(DAY <= wait <= DAY * 1.1 for wait in waits[6:])
    assert retry_at(NOW, HALF_HOUR, 1, 1, 3 * DAY) == NOW + 3 * DAY
    assert retry_at(NOW, 7 * DAY, 1, 3) - NOW >= 7 * DAY


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, timedelta()),
        ({"Cache-Control": "public, max-age=3600"}, HOUR),
        ({"Cache-Control": 'MAX-AGE="3600"', "Age": "600"}, timedelta(minutes=50)),
        ({"Cache-Control": "max-age=60", "Age": "600"}, timedelta()),
        ({"Cache-Control": "max-age=60", "Age": "old"}, timedelta(minutes=1)),
        ({"Cache-Control": "max-age=9999999999"}, DAY),
        ({"Cache-Control": "no-cache, max-age=3600"}, timedelta()),
        ({"Cache-Control": "x-max-age=3600"}, timedelta()),
        ({"Expires": "Mon, 23 Nov 2026 13:00:00 GMT"}, HOUR),
        (
            {"Expires": "Mon, 23 Nov 2026 13:00:00", "Date": "Mon, 23 Nov 2026 12:30:00 GMT"},
            HALF_HOUR,
        ),
        ({"Expires": "Mon, 23 Nov 2020 13:00:00 GMT"}, timedelta()),
        ({"Expires": "Fri, 01 Jan 2100 00:00:00 GMT"}, DAY),
        ({"Expires": "0"}, timedelta()),
        (
            {"Expires": "Mon, 23 Nov 2026 13:00:00 GMT", "Cache-Control": "max-age=60"},
            timedelta(minutes=1),
        ),
    ],
)
def test_a_responses_freshness_is_parsed(headers: dict[str, str], expected: timedelta) -> None:
    assert fresh_for(headers, NOW) == expected


SKIPPED = (
    "<skipHours><hour>0</hour>\n<hour> 07 </hour><hour>24</hour><hour>25</hour></skipHours>"
    "<skipDays><day>Saturday</day><day>Sunday</day><day>Someday</day></skipDays>"
)
SY = "xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", NO_HINTS),
        ("<ttl>90</ttl>", PublisherHints(timedelta(minutes=90))),
        ("<ttl>soon</ttl>", NO_HINTS),
        ("<ttl>99999999</ttl>", PublisherHints(DAY)),
        ("<sy:updatePeriod>hourly</sy:updatePeriod>", PublisherHints(HOUR)),
        (
            "<sy:updatePeriod> daily </sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>",
            PublisherHints(6 * HOUR),
        ),
        ("<sy:updatePeriod>weekly</sy:updatePeriod>", PublisherHints(DAY)),
        (
            "<sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>0</sy:updateFrequency>",
            PublisherHints(DAY),
        ),
        ("<sy:updatePeriod>often</sy:updatePeriod>", NO_HINTS),
        (
            SKIPPED,
            PublisherHints(skipped_hours=frozenset({0, 7}), skipped_days=frozenset({5, 6})),
        ),
    ],
)
def test_a_feeds_hints_are_parsed(words: str, expected: PublisherHints) -> None:
    body = f"<rss version='2.0' {SY}><channel><title>T</title>{words}</channel></rss>"
    found = parse_feed(body.encode(), "https://lab.org/", NOW).hints
    assert found == expected
    assert load_hints(dump_hints(found)) == expected


def test_a_flood_of_hints_parses_quickly() -> None:
    body = b"<rss version='2.0'><channel><title>T</title>" + b"<skipHours>" * 20_000
    assert parse_feed(body, "https://lab.org/", NOW).hints == NO_HINTS
