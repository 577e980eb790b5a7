"""How tables that only grow are read: by an index, and at a keystroke nothing is counted."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storage.library import Library
from storage.models import Origin, PaperDraft
from tests.support.library import MODERATOR


@asynccontextmanager
async def asked(library: Library) -> AsyncIterator[list[str]]:
    """The statements that SQLite runs inside the block, and after it how it reads the tables."""
    statements: list[str] = []
    for connection in library._database._all:
        await connection._raw.set_trace_callback(statements.append)
    found: list[str] = []
    yield found
    database = sqlite3.connect(library._database.path)
    for sql in statements:
        if sql.startswith(("SELECT", "UPDATE", "DELETE")):
            found += [row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}")]
    database.close()


async def test_feeds_are_offered_without_a_look_at_their_entries(library: Library) -> None:
    async with asked(library) as plan:
        await library.feeds.all()
    assert plan
    assert not [step for step in plan if "entries" in step]


async def test_feeds_are_counted_within_indexes(library: Library) -> None:
    async with asked(library) as plan:
        await library.feeds.with_counts()
    steps = [step for step in plan if "entries" in step]
    assert len(steps) == 3
    assert all(step.startswith("SEARCH entries USING COVERING INDEX") for step in steps)


async def test_channels_are_offered_without_a_look_at_what_was_announced(library: Library) -> None:
    async with asked(library) as plan:
        await library.subscriptions.all(1)
        await library.subscriptions.find(2)
    waiting = ("posts_unsent", "announcements_by_post", "is_filtered_out=? AND post_id=?")
    steps = [step for step in plan if "announcements" in step or "posts" in step]
    assert len(steps) == 6
    assert all(any(index in step for index in waiting) for step in steps)


async def test_channels_are_counted_and_closed_by_an_index(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    async with asked(library) as plan:
        await library.subscriptions.with_counts(1)
        await library.subscriptions.unsubscribe(1, 2, MODERATOR)
    counted = "SEARCH announcements USING COVERING INDEX announcements_by_channel"
    assert [step for step in plan if step.startswith(counted)]
    assert not [step for step in plan if step.startswith("SCAN announcements")]


async def test_what_is_due_is_found_among_what_waits(library: Library) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    async with asked(library) as plan:
        await library.outbox.enqueue_and_fetch_due()
        await library.papers.upsert(
            PaperDraft(title="Due"), Origin.MODERATOR, MODERATOR, announce=True
        )
        assert await library.outbox.enqueue_and_fetch_due()
    steps = [step for step in plan if step.startswith(("SCAN announcements", "SCAN posts"))]
    indexes = {step.rpartition(" ")[2] for step in steps}
    assert indexes == {"posts_unsent", "announcements_waiting"}


async def test_what_waits_for_moderators_is_found_among_what_waits(library: Library) -> None:
    async with asked(library) as plan:
        await library.review.check_suggestion(PaperDraft(title="Offered"), 7, daily_limit=3)
        await library.moderator_settings.set_channel(1, 3, MODERATOR, former=2)
    assert [step for step in plan if step.endswith("suggestions USING INDEX suggestions_waiting")]
    assert [step for step in plan if "posts USING INDEX posts_unsent" in step]
    assert not [step for step in plan if step in {"SCAN posts", "SCAN suggestions"}]
