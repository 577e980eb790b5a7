from __future__ import annotations

from datetime import timedelta

import pytest

from storage.errors import LabError
from storage.library import Library
from storage.models import Outcome
from storage.papers.errors import PaperNotFound
from storage.review.errors import AlreadyResolved
from storage.review.models import Problem, ReportResult, ReportStatus
from tests.support.lab import FakeClock
from tests.support.library import ARXIV, MODERATOR, OTHER_MODERATOR, added

MEMBER = (7, "mika")


async def report(library: Library, paper_id: int) -> ReportResult:
    return await library.review.report(paper_id, Problem.LINK, "dead", MEMBER, channel_id=None)


async def test_a_member_reports_at_most_twenty_problems_a_day(
    library: Library, clock: FakeClock
) -> None:
    paper = await added(library, ARXIV)
    first = clock()
    for number in range(1, 21):
        assert (await report(library, paper.id)).status is ReportStatus.ACCEPTED
        await library.review.resolve_report(number, MODERATOR, is_fixed=True)
        clock.advance(timedelta(minutes=5))
    refused = await report(library, paper.id)
    assert (refused.status, refused.retry_at) == (
        ReportStatus.TOO_MANY,
        first + timedelta(days=1),
    )
    clock.advance(timedelta(days=1))
    assert await library.review.check_report(paper.id, MEMBER[0]) is None


async def test_a_report_made_while_the_clock_was_wrong_does_not_count(
    library: Library, clock: FakeClock
) -> None:
    paper = await added(library, ARXIV)
    clock.advance(timedelta(days=400))
    await report(library, paper.id)
    await library.review.resolve_report(1, MODERATOR, is_fixed=True)
    clock.advance(timedelta(days=-400))
    assert (await report(library, paper.id)).status is ReportStatus.ACCEPTED


async def test_what_does_not_exist_is_refused(library: Library) -> None:
    with pytest.raises(PaperNotFound):
        await report(library, 404)
    with pytest.raises(LabError, match="couldn't find that report"):
        await library.review.get_pending_report(404, MODERATOR)
    with pytest.raises(LabError, match="couldn't find that report"):
        await library.review.resolve_report(404, MODERATOR, is_fixed=True)


async def test_a_resolution_is_undone_and_redone(library: Library, clock: FakeClock) -> None:
    paper = await added(library, ARXIV)
    await report(library, paper.id)
    resolved = await library.review.resolve_report(1, MODERATOR, is_fixed=False)
    with pytest.raises(AlreadyResolved, match="You've already decided"):
        await library.review.resolve_report(1, MODERATOR, is_fixed=True)
    with pytest.raises(AlreadyResolved, match="noor has already decided"):
        await library.review.resolve_report(1, OTHER_MODERATOR, is_fixed=True)
    assert resolved.change_id is not None
    undone = await library.undo(resolved.change_id, MODERATOR)
    assert (await library.review.reports([1]))[1].is_pending
    assert await library.review.count() == 1
    assert await library.outbox.enqueue_and_fetch_due() == ()  # the member isn't told any more
    assert undone.change_id is not None
    await library.undo(undone.change_id, MODERATOR)
    assert (await library.review.reports([1]))[1].outcome is Outcome.DECLINED
    clock.advance(timedelta(seconds=1))
    with pytest.raises(LabError, match="already been undone"):
        await library.undo(undone.change_id, MODERATOR)
