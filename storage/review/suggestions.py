"""SQL of the papers that members suggest: accepting, recording and answering suggestions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from storage import timestamps
from storage.announcements.enqueue import enqueue_outcome, enqueue_suggestion
from storage.connection import Connection, Row
from storage.curation.catalogue import CatalogueReader
from storage.curation.classify import Classification, Verdict, classify
from storage.database import Database
from storage.models import Actor, Outcome, PaperDraft, UpsertResult
from storage.papers import former_names
from storage.papers import queries as paper_queries
from storage.papers.combine import normalize
from storage.papers.snapshots import draft_from_text, draft_to_text
from storage.privacy import deletion_list
from storage.review.models import Suggestion, SuggestionResult, SuggestionStatus
from storage.text import fold

MAX_PENDING = 100  # suggestions of all members together, which is what moderators can look through

_DAY = timedelta(days=1)


class Suggestions:
    """The papers that members suggest."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def suggest(
        self,
        draft: PaperDraft,
        note: str,
        member: tuple[int, str],
        *,
        daily_limit: int,
        channel_id: int | None,
    ) -> SuggestionResult:
        """Accepts a paper for review, unless `check_suggestion` finds a reason not to.

        ``member`` is a Discord user's id and name. The moderators get a card in ``channel_id``, if
        there is one. Raises what that raises.
        """
        now = self._clock()
        draft = normalize(draft)
        async with self._database.transaction() as db:
            known = await _classify(db, draft)
            rejection = await _find_rejection(db, draft, known, member[0], daily_limit, now)
            if rejection is not None:
                return rejection
            suggestion_id = await db.insert(
                """INSERT INTO suggestions (title_key, draft, note, member_id, member_name,
                                            suggested_at, outcome, paper_id)
                   VALUES (?, ?, ?, ?, ?, ?, 'review', ?)""",
                [
                    fold(draft.title),
                    draft_to_text(draft),
                    note,
                    *member,
                    timestamps.to_text(now),
                    known.paper.id if known.paper else None,
                ],
            )
            if channel_id is not None:
                await enqueue_suggestion(db, channel_id, suggestion_id, now)
            suggestion = await find(db, suggestion_id)
        return SuggestionResult(SuggestionStatus.ACCEPTED, suggestion, known.paper)

    async def check_suggestion(
        self, draft: PaperDraft, member_id: int, *, daily_limit: int
    ) -> SuggestionResult | None:
        """Returns why a suggestion would be rejected, or None if it would be accepted.

        It is rejected if the list has or had the paper, if it is pending already, if the member has
        suggested ``daily_limit`` papers within a day, or if `MAX_PENDING` suggestions are pending.
        Raises `RecentlyDeleted` within a day after the member deleted their data.
        """
        draft = normalize(draft)
        async with self._database.reading() as db:
            known = await _classify(db, draft)
            return await _find_rejection(db, draft, known, member_id, daily_limit, self._clock())

    async def suggestions(self, suggestion_ids: Sequence[int]) -> dict[int, Suggestion]:
        """Returns the suggestions with these ids, by id."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT * FROM suggestions WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps([*suggestion_ids])],
            )
            return {row["id"]: await _read(db, row) for row in rows}

    async def suggestions_by(self, member_id: int, limit: int) -> tuple[Suggestion, ...]:
        """Returns a member's latest suggestions, newest first."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT * FROM suggestions WHERE member_id = ? ORDER BY id DESC LIMIT ?",
                [member_id, limit],
            )
            return tuple([await _read(db, row) for row in rows])


async def find(db: Connection, suggestion_id: int) -> Suggestion | None:
    """Returns the suggestion with this id, or None."""
    row = await db.one("SELECT * FROM suggestions WHERE id = ?", [suggestion_id])
    return await _read(db, row) if row else None


async def _classify(db: Connection, draft: PaperDraft) -> Classification:
    reader = CatalogueReader(db)
    return await classify(reader, await reader.with_current_names(draft))


async def _find_rejection(
    db: Connection,
    draft: PaperDraft,
    known: Classification,
    member_id: int,
    daily_limit: int,
    now: datetime,
) -> SuggestionResult | None:
    if known.verdict in {Verdict.REMOVED, Verdict.POSSIBLY_REMOVED}:
        return SuggestionResult(SuggestionStatus.REMOVED)
    # A bare title that is in the list can't mean another paper.
    is_bare_title = not (draft.identifiers or draft.authors)
    if known.verdict is Verdict.KNOWN or (known.paper and is_bare_title):
        return SuggestionResult(SuggestionStatus.KNOWN, paper=known.paper)
    if pending := await _find_pending(db, draft):
        return SuggestionResult(SuggestionStatus.PENDING, pending)
    await deletion_list.require_pause(db, member_id, now)
    if retry_at := await _retry_at(db, member_id, daily_limit, now):
        return SuggestionResult(SuggestionStatus.TOO_MANY, retry_at=retry_at)
    if await _is_queue_full(db):
        return SuggestionResult(SuggestionStatus.QUEUE_FULL)
    return None


async def _find_pending(db: Connection, draft: PaperDraft) -> Suggestion | None:
    """Finds a pending suggestion of the same paper, by an identifier or the title."""
    row = await db.one(
        """SELECT * FROM suggestions WHERE decided_at IS NULL
           AND ((title_key = ? AND title_key <> '') OR EXISTS (
               SELECT 1 FROM json_each(draft, '$.identifiers') AS identifier
               WHERE identifier.value IN (SELECT value FROM json_each(?))))
           ORDER BY suggested_at""",
        [fold(draft.title), json.dumps(draft.identifiers)],
    )
    return await _read(db, row) if row else None


async def _is_queue_full(db: Connection) -> bool:
    pending: int = await db.value("SELECT count(*) FROM suggestions WHERE decided_at IS NULL")
    return pending >= MAX_PENDING


async def _retry_at(
    db: Connection, member_id: int, daily_limit: int, now: datetime
) -> datetime | None:
    """Returns when a member may suggest again, or None if they may now.

    Suggestions from the future, made while the clock was wrong, don't count.
    """
    text = await db.value(
        """SELECT suggested_at FROM suggestions
           WHERE member_id = ? AND suggested_at > ? AND suggested_at <= ?
           ORDER BY suggested_at DESC LIMIT 1 OFFSET ?""",
        [member_id, timestamps.to_text(now - _DAY), timestamps.to_text(now), daily_limit - 1],
    )
    oldest = timestamps.from_optional(text)
    return oldest + _DAY if oldest else None


async def resolve(
    db: Connection, suggestion: Suggestion, result: UpsertResult, actor: Actor, at: datetime
) -> None:
    """Records what a moderator decided, updates the review card, and notifies the member."""
    await db.run(
        """UPDATE suggestions SET outcome = ?, paper_id = ?, decided_by = ?, decided_by_name = ?,
           decided_at = ? WHERE id = ?""",
        [
            result.outcome,
            result.paper.id if result.paper else None,
            actor.key,
            actor.name,
            timestamps.to_text(at),
            suggestion.id,
        ],
    )
    await db.run(
        "UPDATE posts SET revision = revision + 1 WHERE suggestion_id = ? AND kind = 'suggestion'",
        [suggestion.id],
    )
    await enqueue_outcome(db, "suggestion_id", suggestion.id, suggestion.member_id, at)


async def _read(db: Connection, row: Row) -> Suggestion:
    (draft,) = await former_names.with_current_names(db, [draft_from_text(row["draft"])])
    actor = Actor(row["decided_by"], row["decided_by_name"]) if row["decided_at"] else None
    return Suggestion(
        id=row["id"],
        draft=draft,
        note=row["note"],
        member_id=row["member_id"],
        member_name=row["member_name"],
        suggested_at=timestamps.from_text(row["suggested_at"]),
        outcome=Outcome(row["outcome"]),
        paper_id=await paper_queries.current_id(db, row["paper_id"]) if row["paper_id"] else None,
        decided_by=actor,
        decided_at=timestamps.from_optional(row["decided_at"]),
    )
