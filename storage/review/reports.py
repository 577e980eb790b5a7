"""SQL of the problems with papers that members report: accepting and resolving reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from storage import timestamps
from storage.announcements.enqueue import enqueue_outcome, enqueue_report
from storage.audit.log import ChangeSet
from storage.audit.models import Recorded, ReviewKind
from storage.connection import Connection, Row
from storage.curation import edit
from storage.database import Database
from storage.models import Actor, Outcome, Paper, PaperDraft, UpsertResult
from storage.papers import queries as paper_queries
from storage.papers.errors import PaperGone
from storage.privacy import deletion_list
from storage.review import resolutions
from storage.review.errors import AlreadyResolved, NotWaiting
from storage.review.models import Problem, Report, ReportResult, ReportStatus

MAX_PENDING_REPORTS = 100  # of all members together
_COOLDOWN = timedelta(minutes=1)
_DAY = timedelta(days=1)
_MAX_PER_DAY = 20  # of a member


class Reports:
    """The problems that members report."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def report(
        self,
        paper_id: int,
        problem: Problem,
        note: str,
        member: tuple[int, str],
        *,
        channel_id: int | None,
    ) -> ReportResult:
        """Accepts a report for review, unless `check_report` finds a reason not to.

        ``member`` is a Discord user's id and name. The moderators get a card in ``channel_id``, if
        there is one. Raises what that raises.
        """
        now = self._clock()
        async with self._database.transaction() as db:
            paper_id = await _get_listed_id(db, paper_id)
            rejection = await _find_rejection(db, paper_id, member[0], now)
            if rejection is not None:
                return rejection
            report_id = await db.insert(
                """INSERT INTO reports (paper_id, problem, note, member_id, member_name,
                                        reported_at) VALUES (?, ?, ?, ?, ?, ?)""",
                [paper_id, problem, note, *member, timestamps.to_text(now)],
            )
            if channel_id is not None:
                await enqueue_report(db, channel_id, report_id, now)
            report = await find(db, report_id)
        return ReportResult(ReportStatus.ACCEPTED, report)

    async def check_report(self, paper_id: int, member_id: int) -> ReportResult | None:
        """Returns why a report would be rejected, or None if it would be accepted.

        It is rejected if the member's report about the paper is pending, if they have reported
        something within a minute or too much within a day, or if `MAX_PENDING_REPORTS` are pending.
        Raises `PaperGone`, and `RecentlyDeleted` within a day after a deletion.
        """
        async with self._database.reading() as db:
            paper_id = await _get_listed_id(db, paper_id)
            return await _find_rejection(db, paper_id, member_id, self._clock())

    async def resolve_report(
        self, report_id: int, actor: Actor, *, is_fixed: bool
    ) -> Recorded[UpsertResult]:
        """Marks a pending report as fixed or dismisses it, and notifies the member.

        Raises `NotWaiting` if it is resolved or doesn't exist.
        """
        async with self._database.transaction(in_reply=True) as db:
            report = await _get_pending(db, report_id, actor)
            outcome = Outcome.UPDATED if is_fixed else Outcome.DECLINED
            changes = ChangeSet(db, actor, self._clock())
            return await _resolve(changes, report, UpsertResult(outcome, report.paper))

    async def fix_report(
        self, report_id: int, draft: PaperDraft, actor: Actor, *, seen: PaperDraft
    ) -> Recorded[Paper]:
        """Edits the paper of a report and, if the report is pending, marks it as fixed.

        Both are one change. Raises the errors of `Papers.edit`, and `NotWaiting` if there is no
        such report.
        """
        async with self._database.transaction(in_reply=True) as db:
            report = await _get(db, report_id)
            changes = ChangeSet(db, actor, self._clock())
            paper = await edit.edit(changes, report.paper.id, draft, seen)
            if report.is_pending:
                await _resolve(changes, report, UpsertResult(Outcome.UPDATED, paper))
            return Recorded(paper, changes.change_id)

    async def get_pending_report(self, report_id: int, actor: Actor) -> Report:
        """Returns a report that waits for a moderator, who is the actor.

        Raises `NotWaiting` if it is resolved or doesn't exist.
        """
        async with self._database.reading() as db:
            return await _get_pending(db, report_id, actor)

    async def reports(self, report_ids: Sequence[int]) -> dict[int, Report]:
        """Returns the reports with these ids, by id."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT * FROM reports WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps([*report_ids])],
            )
            return {row["id"]: await _read(db, row) for row in rows}


async def find(db: Connection, report_id: int) -> Report | None:
    """Returns the report with this id, or None."""
    row = await db.one("SELECT * FROM reports WHERE id = ?", [report_id])
    return await _read(db, row) if row else None


async def _get(db: Connection, report_id: int) -> Report:
    report = await find(db, report_id)
    if report is None:
        raise NotWaiting("I couldn't find that report.")
    return report


async def _get_pending(db: Connection, report_id: int, actor: Actor) -> Report:
    report = await _get(db, report_id)
    if report.decided_by is not None:
        raise AlreadyResolved(report.decided_by, actor)
    return report


async def _get_listed_id(db: Connection, paper_id: int) -> int:
    """Returns the id of a paper that is in the list, or of the one that it was merged into."""
    papers = await paper_queries.load(db, [await paper_queries.current_id(db, paper_id)])
    if not papers or papers[0].removed_at is not None:
        raise PaperGone(paper_id)
    return papers[0].id


async def _find_rejection(
    db: Connection, paper_id: int, member_id: int, now: datetime
) -> ReportResult | None:
    if own := await _find_pending(db, paper_id, member_id):
        return ReportResult(ReportStatus.PENDING, own)
    await deletion_list.require_pause(db, member_id, now)
    if retry_at := await _retry_at(db, member_id, now):
        return ReportResult(ReportStatus.TOO_MANY, retry_at=retry_at)
    pending: int = await db.value("SELECT COUNT(*) FROM reports WHERE decided_at IS NULL")
    return ReportResult(ReportStatus.QUEUE_FULL) if pending >= MAX_PENDING_REPORTS else None


async def _find_pending(db: Connection, paper_id: int, member_id: int) -> Report | None:
    """Finds a member's pending report about a paper, or about one that was merged into it."""
    row = await db.one(
        """SELECT reports.* FROM reports JOIN papers ON papers.id = paper_id
           WHERE decided_at IS NULL AND member_id = ? AND ? IN (papers.id, merged_into_id)""",
        [member_id, paper_id],
    )
    return await _read(db, row) if row else None


async def _retry_at(db: Connection, member_id: int, now: datetime) -> datetime | None:
    """Returns when a member may report again, or None if they may now.

    Reports from the future, made while the clock was wrong, don't count.
    """
    for number, period in ((1, _COOLDOWN), (_MAX_PER_DAY, _DAY)):
        text = await db.value(
            """SELECT reported_at FROM reports
               WHERE member_id = ? AND reported_at > ? AND reported_at <= ?
               ORDER BY reported_at DESC LIMIT 1 OFFSET ?""",
            [member_id, timestamps.to_text(now - period), timestamps.to_text(now), number - 1],
        )
        if oldest := timestamps.from_optional(text):
            return oldest + period
    return None


async def _resolve(
    changes: ChangeSet, report: Report, result: UpsertResult
) -> Recorded[UpsertResult]:
    """Records what a moderator decided, has the card updated, and notifies the member."""
    db = changes.db
    before = await resolutions.load(db, ReviewKind.REPORT, report.id)
    await db.run(
        """UPDATE reports SET outcome = ?, decided_by = ?, decided_by_name = ?, decided_at = ?
           WHERE id = ?""",
        [
            result.outcome,
            changes.actor.key,
            changes.actor.name,
            timestamps.to_text(changes.at),
            report.id,
        ],
    )
    await db.run(
        "UPDATE posts SET revision = revision + 1 WHERE report_id = ? AND kind = 'report'",
        [report.id],
    )
    await enqueue_outcome(db, "report_id", report.id, report.member_id, changes.at)
    return await resolutions.record(
        changes, ReviewKind.REPORT, report.id, report.paper.title, before, result
    )


async def _read(db: Connection, row: Row) -> Report:
    (paper,) = await paper_queries.load(db, [await paper_queries.current_id(db, row["paper_id"])])
    return Report(
        id=row["id"],
        paper=paper,
        problem=Problem(row["problem"]),
        note=row["note"],
        member_id=row["member_id"],
        member_name=row["member_name"],
        reported_at=timestamps.from_text(row["reported_at"]),
        outcome=Outcome(row["outcome"]),
        decided_by=Actor(row["decided_by"], row["decided_by_name"]) if row["decided_at"] else None,
    )
