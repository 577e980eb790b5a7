"""Queries on tables that only grow use an index, and autocomplete counts nothing."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from typing import TypeAlias

import pytest

from storage.database import Database
from storage.errors import TraceNotFound
from storage.library import Library
from storage.models import Origin, PaperDraft, Sort
from storage.search.query import parse
from tests.support.library import MODERATOR

QueryPlan: TypeAlias = Callable[[], AbstractAsyncContextManager[list[str]]]


@pytest.fixture
def query_plan(database: Database) -> QueryPlan:
    """Collects the steps of SQLite's plans for all statements inside a block, filled at its end."""

    @asynccontextmanager
    async def collect() -> AsyncIterator[list[str]]:
        statements: list[str] = []
        steps: list[str] = []
        await database.trace(statements.append)
        yield steps
        with closing(sqlite3.connect(database.path)) as connection:
            for sql in statements:
                if sql.startswith(("SELECT", "WITH", "UPDATE", "DELETE")):
                    plan = connection.execute(f"EXPLAIN QUERY PLAN {sql}")
                    steps += [detail for *_, detail in plan]

    return collect


async def test_feed_autocomplete_does_not_read_entries(
    library: Library, query_plan: QueryPlan
) -> None:
    async with query_plan() as plan:
        await library.feeds.all()
    assert plan
    assert not [step for step in plan if "entries" in step]


async def test_counting_a_feeds_entries_reads_indexes_only(
    library: Library, query_plan: QueryPlan
) -> None:
    async with query_plan() as plan:
        await library.feeds.with_counts()
    steps = [step for step in plan if "entries" in step]
    assert len(steps) == 4
    assert all(step.startswith("SEARCH entries USING COVERING INDEX") for step in steps)


@pytest.mark.parametrize("query", ["https://lab.org/x?b=1&a=2", "10.1145/1", "A title", "#1"])
async def test_tracing_reads_no_table_whole(
    library: Library, query_plan: QueryPlan, query: str
) -> None:
    result = await library.papers.upsert(PaperDraft(title="A title"), Origin.IMPORT, MODERATOR)
    assert result.value.paper
    async with query_plan() as plan:
        with contextlib.suppress(TraceNotFound):
            await library.traces.get(query)
    steps = [step for step in plan if " entries" in step]
    assert len(steps) >= 5
    scans = [step for step in plan if step.startswith(("SCAN entries", "SCAN papers"))]
    assert [step for step in scans if "entries_pending" not in step] == []


async def test_channel_autocomplete_does_not_read_sent_announcements(
    library: Library, query_plan: QueryPlan
) -> None:
    async with query_plan() as plan:
        await library.subscriptions.all(1)
        await library.subscriptions.find(2)
    waiting = (
        *("posts_unsent", "announcements_by_post", "is_filtered_out=? AND post_id=?"),
        "refused_posts USING INTEGER PRIMARY KEY",
    )
    steps = [step for step in plan if "announcements" in step or "posts" in step]
    assert len(steps) == 8
    assert all(any(index in step for index in waiting) for step in steps)


async def test_counting_and_closing_a_subscription_uses_an_index(
    library: Library, query_plan: QueryPlan
) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    async with query_plan() as plan:
        await library.subscriptions.with_counts(1)
        await library.subscriptions.unsubscribe(1, 2, MODERATOR)
    counted = "SEARCH announcements USING COVERING INDEX announcements_by_channel"
    assert [step for step in plan if step.startswith(counted)]
    assert not [step for step in plan if step.startswith("SCAN announcements")]


async def test_due_posts_are_found_among_unsent_ones_only(
    library: Library, query_plan: QueryPlan
) -> None:
    await library.subscriptions.subscribe(1, 2, MODERATOR)
    async with query_plan() as plan:
        await library.outbox.enqueue_and_fetch_due()
        await library.papers.upsert(
            PaperDraft(title="Due"), Origin.MODERATOR, MODERATOR, announce=True
        )
        assert await library.outbox.enqueue_and_fetch_due()
    steps = [step for step in plan if step.startswith(("SCAN announcements", "SCAN posts"))]
    indexes = {step.rpartition(" ")[2] for step in steps}
    assert indexes == {"posts_unsent", "announcements_waiting"}


async def test_pending_suggestions_are_found_by_an_index(
    library: Library, query_plan: QueryPlan
) -> None:
    async with query_plan() as plan:
        await library.review.check_suggestion(PaperDraft(title="Offered"), 7, daily_limit=3)
        await library.moderator_settings.set_channel(1, 3, MODERATOR, former=2)
    assert [step for step in plan if step.endswith("suggestions USING INDEX suggestions_waiting")]
    assert [step for step in plan if "posts USING INDEX posts_unsent" in step]
    assert not [step for step in plan if step in {"SCAN posts", "SCAN suggestions"}]


@pytest.mark.parametrize(
    "query",
    ["why do llms memorise a random forest", "langage modl", "zqxjzqxj", "known", "known xyzzy"],
)
async def test_questions_and_misspelled_words_read_no_table_whole(
    library: Library, query_plan: QueryPlan, query: str
) -> None:
    for number in (1, 2):
        draft = PaperDraft(title=f"Language models (LM) known {number}")
        await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)
    async with query_plan() as plan:
        await library.search.find(parse(query))
        await library.search.suggest_titles(query)
        await library.abbreviations.suggest("l")
    assert [step for step in plan if step.startswith("SEARCH words USING PRIMARY KEY")]
    assert [step for step in plan if step.startswith("SEARCH words USING INDEX words_by_stem")]
    assert [step for step in plan if "INDEX abbreviations_by_stems" in step]
    assert [step for step in plan if "INDEX abbreviation_decisions_by_stems" in step]
    tables = ("words", "papers", "abbreviations", "abbreviation_decisions", "paper_abbreviations")
    assert not [step for step in plan if step.startswith(tuple(f"SCAN {one}" for one in tables))]


async def test_related_papers_and_papers_by_date_read_no_table_whole(
    library: Library, query_plan: QueryPlan
) -> None:
    for number in range(3):
        draft = PaperDraft(title=f"Tuned lenses {number}", authors=("Ann Lee",), tags=("vision",))
        result = await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)
    assert result.value.paper
    async with query_plan() as plan:
        await library.search.related(result.value.paper)
        await library.search.find(parse("tuned"), sort=Sort.NEWEST)
        await library.search.find(parse(""), sort=Sort.NEWEST)
        await library.authors.list_matches("lee")
    scans = {step for step in plan if step.startswith(("SCAN papers", "SCAN words", "SCAN tag"))}
    assert scans == {
        "SCAN papers USING INDEX removed_by_title",  # of removed papers only
        "SCAN papers USING INDEX papers_by_sort_key",
    }


async def test_what_is_stored_about_a_member_is_counted_by_indexes(
    library: Library, query_plan: QueryPlan
) -> None:
    async with query_plan() as plan:
        await library.privacy.overview(7)
    large = [step for step in plan if step.split()[1] in {"papers", "entries", "changes", "posts"}]
    assert len(large) >= 4
    scans = {step for step in large if not step.startswith("SEARCH")}
    assert scans == {"SCAN changes USING INDEX changes_to_people"}  # of the lab's people only
