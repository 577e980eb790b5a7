"""A database of version 6, whose tables and columns had other names, keeps all that it holds."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from storage.announcements.digest_schedule import DigestSchedule, Frequency
from storage.announcements.filters import parse_filter
from storage.announcements.models import PostKind, PostState, SubscriptionOptions
from storage.audit.models import ReviewKind
from storage.library import Library, open_library
from storage.models import Outcome
from storage.moderator_settings import SettingKey
from storage.review.models import Decision
from storage.search.query import parse
from storage.urls import canonical_url
from tests.support.lab import HOME, FakeClock
from tests.support.library import MODERATOR
from tests.support.old_database import Rows, read_rows, write_version_6

TABLES = {
    "facts": "bot_state",
    "lookups": "saved_queries",
    "setup_words": "moderator_settings",
    "routes": "subscriptions",
    "channels": "destinations",
}
COLUMNS = {
    "papers": {"place": "sort_key", "became_id": "merged_into_id"},
    "lookups": {"question": "query", "asked_at": "used_at"},
    "setup_words": {
        "matter": "key",
        "said_by": "set_by",
        "said_by_name": "set_by_name",
        "said_at": "set_at",
    },
    "feeds": {
        "told": "last_notice",
        "timetable": "publisher_hints",
        "moving_to": "pending_url",
        "is_title_given": "has_custom_title",
        "last_news_at": "last_new_entry_at",
    },
    "entries": {"link": "link_key"},
    "routes": {"wanted": "filters", "zone": "time_zone", "rhythm": "digest"},
    "posts": {"channel_id": "destination_id", "changes": "revision", "shown": "rendered_revision"},
    "channels": {"channel_id": "destination_id"},
    "announcements": {"is_left_out": "is_filtered_out"},
    "changes": {"stands": "is_active", "settled": "resolution"},
}
# Posts that version 6 didn't know, apart from digests, which it made only when they were sent.
LATER = {PostKind.REPORT, PostKind.FOUND, PostKind.CLAIM}
NEW_REFERENCES = ("report_id", "held_feed_id", "refused_post_id", "found_paper_id", "claim_id")
ACTIONS = {"complete": "update", "settle": "review"}


@pytest.fixture
def before(tmp_path: Path) -> Rows:
    return write_version_6(tmp_path / "lab.db")


@pytest.fixture
async def migrated(before: Rows, tmp_path: Path, clock: FakeClock) -> AsyncIterator[Library]:
    assert before
    async with open_library(tmp_path / "lab.db", clock) as library:
        yield library


def without_rhythm(values: dict[str, Any]) -> dict[str, Any]:
    """The same with "off" for a digest that never comes."""
    return {**values, "digest": "off"} if values.get("digest") == "at once" else values


def renamed(names: dict[str, str], values: dict[str, Any]) -> dict[str, Any]:
    return without_rhythm({names.get(name, name): value for name, value in values.items()})


def as_read(change: dict[str, Any]) -> dict[str, Any]:
    """A change with the JSON in its row read."""
    names = ("before", "after", "moved", "resolution")
    change = {name: value for name, value in change.items() if name != "abbreviation_id"}
    return {**change, **{name: change[name] and json.loads(change[name]) for name in names}}


def kind(change: dict[str, Any]) -> str:
    targets = {"name_id": "name", "feed_id": "feed", "channel_id": "subscription"}
    for column, name in targets.items():
        if change[column] is not None:
            return name
    return change["action"] if change["action"] in {"import", "review"} else "paper"


def renamed_change(change: dict[str, Any]) -> dict[str, Any]:
    new = as_read(renamed(COLUMNS["changes"], change))
    new["action"] = ACTIONS.get(new["action"], new["action"])
    names = COLUMNS["routes"] if new["channel_id"] else COLUMNS["feeds"] if new["feed_id"] else {}
    new["before"], new["after"] = renamed(names, new["before"]), renamed(names, new["after"])
    new["kind"] = kind(new)
    if new["resolution"]:
        new["resolution"] = renamed({"of": "kind"}, new["resolution"])
    return new


async def test_every_table_of_version_6_has_rows(before: Rows) -> None:
    assert [table for table, rows in before.items() if not rows] == []
    kinds = {(row["kind"], row["state"]) for row in before["posts"]}
    assert {kind for kind, _ in kinds} == set(PostKind) - LATER - {PostKind.DIGEST}
    assert {state for _, state in kinds} == {state.value for state in PostState}


async def test_migrating_loses_no_row_and_no_value(
    before: Rows, tmp_path: Path, clock: FakeClock
) -> None:
    async with open_library(tmp_path / "lab.db", clock):
        pass
    after = read_rows(tmp_path / "lab.db")
    changes = before.pop("changes")
    assert [as_read(change) for change in after.pop("changes")] == list(
        map(renamed_change, changes)
    )
    assert {row["word"]: row.pop("stem") for row in after["words"]}["ferns"] == "fern"
    for column in NEW_REFERENCES:
        assert {row.pop(column) for row in after["posts"]} == {None}
    assert {row.pop("is_about_found") for row in after["posts"]} == {0}
    assert [row.pop("tag_id") for row in after["subscriptions"]] == [None] * 4
    assert {row.pop("publication") for row in after["papers"]} == {"{}"}
    assert {row.pop("collectives") for row in after["papers"]} == {"[]"}
    assert {row.pop("venue_undated") for row in after["papers"]} == {0}
    for row in before["entries"]:
        row |= {"link": canonical_url(row["link"]) or "", "is_held": 0, "notice": ""}
    kept = {TABLES.get(table, table): table for table in before}
    assert {new: after[new] for new in kept} == {
        new: [renamed(COLUMNS.get(old, {}), row) for row in before[old]]
        for new, old in kept.items()
    }


async def test_settings_read_as_they_were(migrated: Library) -> None:
    channels = {one.channel_id: one for one in await migrated.subscriptions.all(HOME)}
    assert set(channels) == {61, 62, 63}
    assert channels[62].options == SubscriptionOptions(
        parse_filter("venue:icml"),
        DigestSchedule(Frequency.DAILY, time_zone="Europe/Berlin"),
        role_id=41,
        has_thread=True,
    )
    assert channels[63].is_paused
    assert await migrated.outbox.count_failures(61) == 1
    assert await migrated.outbox.stop_reason(65) == "the channel is gone"
    feed, failing = await migrated.feeds.get(1), await migrated.feeds.get(2)
    assert (feed.title, feed.pending_url) == ("Our News", "https://lab.org/new.xml")
    assert failing.last_notice == "failing"
    roles = [
        word for word in await migrated.moderator_settings.all() if word.key is SettingKey.ROLES
    ]
    assert [(word.guild_id, word.ids, word.set_by.name) for word in roles] == [
        (HOME, (41, 42), "noor")
    ]
    assert await migrated.bot_state.find_value("commands") == "a hash"


async def test_papers_are_found_and_sorted(migrated: Library) -> None:
    found = await migrated.search.find(parse("ferns"))
    assert [paper.title for paper in found.results.papers] == [
        "Attention for Ferns",
        "Fern Field Notes",  # by the stem
    ]
    assert (await migrated.papers.get(10)).title == "Kept of Two"


async def test_pending_items_of_version_6_are_reviewed_and_delivered(
    migrated: Library, clock: FakeClock
) -> None:
    clock.now = datetime(2026, 11, 3, 12, tzinfo=UTC)
    (entry,) = await migrated.review.pending_entries(1)
    resolved = await migrated.review.resolve(ReviewKind.ENTRY, entry.id, MODERATOR, Decision.ADD)
    assert resolved.value.outcome is Outcome.ADDED
    sent = []
    while due := await migrated.outbox.enqueue_and_fetch_due():
        sent += [post for post in due if post.id in await migrated.outbox.claim(due)]
        await migrated.outbox.record_sent([(post, 9100 + post.id) for post in due])
    assert [post.paper_ids for post in sent if post.destination_id == 61][:2] == [(5,), (6,)]
    assert {post.kind for post in sent} == set(PostKind) - LATER
    assert {post.destination_id for post in sent if post.is_direct_message} == {8}
    (outdated, *_) = await migrated.outbox.needing_follow_up()
    assert (outdated.message_id, outdated.paper_ids) == (9001, (4,))


async def test_every_change_is_undone_newest_first(migrated: Library, before: Rows) -> None:
    wholes = [row["id"] for row in before["changes"] if row["part_of"] is None]
    for number in reversed(wholes):
        change = await migrated.audit.find(number)
        assert change is not None
        if not change.is_undone:
            await migrated.undo(number, MODERATOR)
    assert (await migrated.search.find(parse(""))).results.total == 0
    assert await migrated.feeds.all() == ()
    assert await migrated.subscriptions.all() == ()
    assert len(await migrated.review.pending_entries(1)) == 0


async def test_undo_restores_the_settings_of_version_6(migrated: Library) -> None:
    await migrated.undo(37, MODERATOR)
    feed = await migrated.feeds.get(1)
    assert (feed.title, feed.venue, feed.is_reviewed) == ("Lab News", "", False)
    await migrated.undo(7, MODERATOR)
    subscription = await migrated.subscriptions.find(62)
    assert subscription is not None
    assert subscription.options == SubscriptionOptions(
        parse_filter('venue:icml author:"Ann Lee" -word'),
        DigestSchedule(Frequency.WEEKLY, 18 * 60, 4, "Europe/Berlin"),
        role_id=41,
        has_thread=True,
        publishes=True,
    )
