"""SQL of what members propose: taken once, decided once, and told to whom proposed it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from storage import timestamps
from storage.announcements import outbox
from storage.announcements.models import PostKind
from storage.audit.log import ChangeSet
from storage.audit.models import Recorded, ReviewKind
from storage.curation import intake
from storage.curation.intake import Submission
from storage.database import Connection, Database, Row
from storage.errors import LabError
from storage.models import Actor, Origin, Outcome, PaperDraft, UpsertResult
from storage.papers import credits
from storage.papers import queries as paper_queries
from storage.papers.combine import normal
from storage.papers.snapshots import draft_from_text, draft_to_text
from storage.review import resolutions
from storage.review.models import Offer, Reply, Suggestion
from storage.text import fold

MOST_WAITING = 100  # suggestions of all members; moderators can't look at more

_DAY = timedelta(days=1)


class Suggestions:
    """The papers that members propose."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def suggest(
        self,
        draft: PaperDraft,
        note: str,
        member: tuple[int, str],
        *,
        most: int,
        channel_id: int | None,
    ) -> Offer:
        """Propose a paper for a member, given by Discord's id and name.

        It waits for the moderators, who are asked in ``channel_id`` where there is one, unless the
        list has it, had it, or it waits already; a member has ``most`` of them taken in a day, and
        `MOST_WAITING` wait in all.
        """
        now = self._clock()
        draft = normal(draft)
        async with self._database.transaction() as db:
            known = await intake.classify(db, draft)
            rejection_reason = await _refusal(db, draft, known, member[0], most, now)
            if rejection_reason is not None:
                return rejection_reason
            suggestion_id = await db.insert(
                """INSERT INTO suggestions (title_key, draft, note, member_id, member_name,
                                            suggested_at, outcome, paper_id)
                   VALUES (?, ?, ?, ?, ?, ?, 'review', ?)""",
                [
                    fold(draft.title),
                    draft_to_text(draft),
                    *(note, *member, timestamps.to_text(now)),
                    known.paper.id if known.paper else None,
                ],
            )
            if channel_id is not None:
                await _post(db, PostKind.SUGGESTION, channel_id, suggestion_id, now)
            taken = await find(db, suggestion_id)
        return Offer(Reply.TAKEN, taken, known.paper)

    async def rejection_reason(
        self, draft: PaperDraft, member_id: int, *, most: int
    ) -> Offer | None:
        """Why a suggestion would not be taken as it stands; none where it would be."""
        draft = normal(draft)
        async with self._database.reading() as db:
            known = await intake.classify(db, draft)
            return await _refusal(db, draft, known, member_id, most, self._clock())

    async def resolve_suggestion(
        self, suggestion_id: int, actor: Actor, *, add: bool
    ) -> Recorded[UpsertResult]:
        """Decide a suggestion that waits: a paper of its own, or the one it resembles, or not ours.

        A new paper is announced as a feed's is, and the member hears of it. Raises `LabError`
        where there is none, or somebody has decided it already.
        """
        source = Submission(Origin.MODERATOR, actor, self._clock(), lock_fields=False)
        async with self._database.transaction(in_reply=True) as db:
            waiting = await _undecided(db, suggestion_id)
            change_set = source.change_set(db)
            before = await resolutions.load(db, ReviewKind.SUGGESTION, suggestion_id)
            draft = resolutions.waiting_draft(before)
            if add:
                result = await intake.upsert(
                    db, draft, source, allow_duplicate=True, change_set=change_set
                )
            else:
                result = await _leave(db, waiting.paper_id, draft, source, change_set)
            await _decide(db, waiting, result, actor, source.at)
            if result.outcome is Outcome.ADDED and result.paper:
                await outbox.queue(db, result.paper, source.at)
            await _post(db, PostKind.OUTCOME, waiting.member_id, suggestion_id, source.at)
            title = draft.title
            return await resolutions.record(
                change_set, ReviewKind.SUGGESTION, suggestion_id, title, before, result
            )

    async def suggestions(self, suggestion_ids: Sequence[int]) -> dict[int, Suggestion]:
        """The suggestions with these numbers, by number."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT * FROM suggestions WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps([*suggestion_ids])],
            )
            return {row["id"]: await _suggestion(db, row) for row in rows}

    async def suggestions_by(self, member_id: int, most: int) -> tuple[Suggestion, ...]:
        """The newest suggestions of a member, newest first."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT * FROM suggestions WHERE member_id = ? ORDER BY id DESC LIMIT ?",
                [member_id, most],
            )
            return tuple([await _suggestion(db, row) for row in rows])


async def find(db: Connection, suggestion_id: int) -> Suggestion | None:
    """The suggestion with this number."""
    row = await db.one("SELECT * FROM suggestions WHERE id = ?", [suggestion_id])
    return await _suggestion(db, row) if row else None


async def _refusal(
    db: Connection, draft: PaperDraft, known: UpsertResult, member_id: int, most: int, now: datetime
) -> Offer | None:
    """Why a suggestion is not taken; none where it is."""
    if known.outcome is Outcome.REMOVED:
        return Offer(Reply.REMOVED)
    # A title alone, which the list has, can mean no other paper.
    is_title = not (draft.identifiers or draft.authors)
    if known.outcome is Outcome.UNCHANGED or (known.paper and is_title):
        return Offer(Reply.KNOWN, paper=known.paper)
    if waiting := await _waiting(db, draft):
        return Offer(Reply.WAITING, waiting)
    if again_at := await _again_at(db, member_id, most, now):
        return Offer(Reply.TOO_MANY, again_at=again_at)
    return Offer(Reply.FULL) if await _is_full(db) else None


async def _waiting(db: Connection, draft: PaperDraft) -> Suggestion | None:
    """A suggestion of the same paper that waits: by an identifier, or by its title."""
    row = await db.one(
        """SELECT * FROM suggestions WHERE decided_at IS NULL
           AND ((title_key = ? AND title_key <> '') OR EXISTS (
               SELECT 1 FROM json_each(draft, '$.identifiers') AS named
               WHERE named.value IN (SELECT value FROM json_each(?))))
           ORDER BY suggested_at""",
        [fold(draft.title), json.dumps(draft.identifiers)],
    )
    return await _suggestion(db, row) if row else None


async def _is_full(db: Connection) -> bool:
    """Whether as many suggestions wait as may."""
    waiting: int = await db.value("SELECT count(*) FROM suggestions WHERE decided_at IS NULL")
    return waiting >= MOST_WAITING


async def _again_at(db: Connection, member_id: int, most: int, now: datetime) -> datetime | None:
    """When a member may go on who made ``most`` suggestions within a day; none: at once.

    What was written down while the clock was ahead does not count.
    """
    text = await db.value(
        """SELECT suggested_at FROM suggestions
           WHERE member_id = ? AND suggested_at > ? AND suggested_at <= ?
           ORDER BY suggested_at DESC LIMIT 1 OFFSET ?""",
        [member_id, timestamps.to_text(now - _DAY), timestamps.to_text(now), most - 1],
    )
    oldest = timestamps.from_optional(text)
    return oldest + _DAY if oldest else None


async def _undecided(db: Connection, suggestion_id: int) -> Suggestion:
    found = await find(db, suggestion_id)
    if found is None:
        raise LabError("There is no such suggestion.")
    if found.decided_by is not None:
        raise LabError(f"“{found.decided_by.name}” has decided that one already.")
    return found


async def _leave(
    db: Connection,
    paper_id: int | None,
    draft: PaperDraft,
    source: Submission,
    change_set: ChangeSet,
) -> UpsertResult:
    """Leave a suggestion with the paper that it resembles, if that is still there, or out."""
    if paper_id is not None:
        alike = await paper_queries.load(db, [await paper_queries.current(db, paper_id)])
        if alike[0].removed_at is None:
            return await intake.upsert_as(db, alike[0], draft, source, change_set=change_set)
    return UpsertResult(Outcome.DECLINED, None)


async def _decide(
    db: Connection, waiting: Suggestion, result: UpsertResult, actor: Actor, at: datetime
) -> None:
    """End the waiting; the card in the moderators' channel is to show how."""
    await db.run(
        """UPDATE suggestions SET outcome = ?, paper_id = ?, decided_by = ?, decided_by_name = ?,
           decided_at = ? WHERE id = ?""",
        [
            *(result.outcome, result.paper.id if result.paper else None),
            *(actor.key, actor.name, timestamps.to_text(at), waiting.id),
        ],
    )
    await db.run(
        "UPDATE posts SET revision = revision + 1 WHERE suggestion_id = ? AND kind = 'suggestion'",
        [waiting.id],
    )


async def _post(
    db: Connection, kind: PostKind, channel_id: int, suggestion_id: int, now: datetime
) -> None:
    """Put a suggestion before the moderators in their channel, or its outcome before its member.

    Where it was decided before, the message that told of that is to show the new outcome.
    """
    await db.run(
        """INSERT INTO posts (destination_id, kind, suggestion_id, state, created_at)
           VALUES (?, ?, ?, 'waiting', ?)
           ON CONFLICT (suggestion_id, kind) WHERE suggestion_id IS NOT NULL
           DO UPDATE SET revision = revision + 1""",
        [channel_id, kind, suggestion_id, timestamps.to_text(now)],
    )


async def _suggestion(db: Connection, row: Row) -> Suggestion:
    (draft,) = await credits.with_current_names(db, [draft_from_text(row["draft"])])
    by = Actor(row["decided_by"], row["decided_by_name"]) if row["decided_at"] else None
    return Suggestion(
        id=row["id"],
        draft=draft,
        note=row["note"],
        member_id=row["member_id"],
        member_name=row["member_name"],
        suggested_at=timestamps.from_text(row["suggested_at"]),
        outcome=Outcome(row["outcome"]),
        paper_id=row["paper_id"],
        decided_by=by,
        decided_at=timestamps.from_optional(row["decided_at"]),
    )
