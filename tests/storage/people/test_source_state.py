"""What is remembered about sources, so that a restart neither asks again nor breaks a budget."""

from __future__ import annotations

from datetime import date, timedelta

from storage.library import Library
from storage.people.source_state import SubjectState, Unfinished
from tests.support.lab import FakeClock


async def test_requests_are_counted_by_day(library: Library, clock: FakeClock) -> None:
    today = clock().date()
    for _ in range(3):
        await library.sources.count_request("dblp")
    assert (await library.sources.states())["dblp"].requests_of(today) == 3
    clock.advance(timedelta(days=1))
    state = (await library.sources.states())["dblp"]
    assert state.requests_of(today + timedelta(days=1)) == 0
    await library.sources.count_request("dblp")
    state = (await library.sources.states())["dblp"]
    assert (state.requests, state.requests_on) == (1, today + timedelta(days=1))


async def test_an_answer_ends_failures_and_what_is_unfinished_stays_until_it_is_answered(
    library: Library, clock: FakeClock
) -> None:
    sources, until = library.sources, clock() + timedelta(hours=1)
    left = Unfinished(("a", "b"), date(2026, 6, 1), "page-2", clock())
    await sources.count_request("openalex")
    await sources.record_answer("openalex", unfinished=left)
    failing_since = clock()
    for _ in range(2):
        await sources.record_failure("openalex", "It is down.", until)
        clock.advance(timedelta(minutes=1))
    state = (await sources.states())["openalex"]
    assert (state.failures, state.failing_since, state.blocked_until, state.last_error) == (
        2,
        failing_since,
        until,
        "It is down.",
    )
    assert state.unfinished == left
    subject = SubjectState("a", (1, 2), clock(), until, 0, '"1"', "")
    miss = SubjectState("b", (), None, until, misses=2)
    await sources.record_answer("openalex", [subject, miss])
    state = (await sources.states())["openalex"]
    assert (state.failures, state.failing_since, state.blocked_until, state.last_error) == (
        0,
        None,
        None,
        "",
    )
    assert (state.unfinished, state.last_success_at) == (None, clock())
    assert await sources.subjects("openalex") == {"a": subject, "b": miss}
    assert await sources.subjects("dblp") == {}


async def test_subjects_that_are_none_any_more_are_forgotten(
    library: Library, clock: FakeClock
) -> None:
    sources = library.sources
    await sources.count_request("dblp")
    states = [SubjectState(key, (1,), clock(), clock()) for key in ("a", "b", "c")]
    await sources.record_answer("dblp", states, Unfinished(("a",), None, "x", clock()))
    await sources.keep_subjects("dblp", ["b", "d"])
    assert await sources.subjects("dblp") == {"b": states[1]}
    await sources.drop_unfinished("dblp")
    assert (await sources.states())["dblp"].unfinished is None


async def test_a_pause_that_was_asked_for_is_no_failure_and_never_shortened(
    library: Library, clock: FakeClock
) -> None:
    sources, until = library.sources, clock() + timedelta(hours=2)
    await sources.block("dblp", until)
    await sources.block("dblp", until - timedelta(hours=1))
    state = (await sources.states())["dblp"]
    assert (state.blocked_until, state.failures) == (until, 0)
    assert state.is_blocked(until - timedelta(seconds=1))
    assert not state.is_blocked(until)
    assert not state.is_blocked(until - timedelta(days=9))  # the clock was wrong
