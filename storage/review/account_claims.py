"""SQL of members' claims to be one of the lab's people: accepting and deciding them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from storage import timestamps
from storage.announcements.enqueue import enqueue_claim
from storage.audit.log import ChangeSet
from storage.audit.models import Recorded, ReviewKind
from storage.connection import Connection, Row
from storage.database import Database
from storage.errors import LabError
from storage.models import Actor, Outcome, UpsertResult
from storage.people import account_claims, records
from storage.people.errors import PersonNotFound
from storage.privacy import deletion_list
from storage.review import resolutions
from storage.review.errors import AlreadyResolved, NotWaiting
from storage.review.models import AccountClaim

MAX_PENDING_CLAIMS = 100  # of all members together
_PAUSE = timedelta(days=1)  # before the moderators are asked about a member again


class AccountClaims:
    """The claims of members to be one of the lab's people."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def claim(
        self, person_id: int, member: tuple[int, str], *, channel_id: int | None
    ) -> AccountClaim:
        """Accepts a claim for review; the moderators get a card in ``channel_id``, if any.

        ``member`` is a Discord user's id and name. Raises `LabError` if the member has a claim that
        waits, or one of the last day that was declined, if they have deleted their data within a
        day, and if `MAX_PENDING_CLAIMS` wait.
        """
        now = self._clock()
        async with self._database.transaction() as db:
            await deletion_list.require_pause(db, member[0], now)
            await _require_pause(db, member[0], timestamps.to_text(now - _PAUSE))
            claim_id = await db.insert(
                """INSERT INTO account_claims (person_id, member_id, member_name, claimed_at)
                   VALUES (?, ?, ?, ?)""",
                [person_id, *member, timestamps.to_text(now)],
            )
            if channel_id is not None:
                await enqueue_claim(db, channel_id, claim_id, now)
            return await _get(db, claim_id)

    async def resolve_claim(
        self, claim_id: int, actor: Actor, *, is_accepted: bool
    ) -> Recorded[AccountClaim]:
        """Links a member's account to the person they say they are, or declines that.

        Raises `NotWaiting` if it is decided or doesn't exist, `PersonNotFound`, and `LabError` if
        the person or the account has been linked to somebody else in the meantime.
        """
        async with self._database.transaction(in_reply=True) as db:
            claim = await _get(db, claim_id)
            if claim.decided_by is not None:
                raise AlreadyResolved(claim.decided_by, actor)
            before = await resolutions.load(db, ReviewKind.ACCOUNT, claim_id)
            if is_accepted:
                await _link(db, claim)
            outcome = Outcome.UPDATED if is_accepted else Outcome.DECLINED
            changes = ChangeSet(db, actor, self._clock())
            await db.run(
                """UPDATE account_claims SET outcome = ?, decided_by = ?, decided_by_name = ?,
                   decided_at = ? WHERE id = ?""",
                [outcome, actor.key, actor.name, timestamps.to_text(changes.at), claim_id],
            )
            await db.run("UPDATE posts SET revision = revision + 1 WHERE claim_id = ?", [claim_id])
            recorded = await resolutions.record(
                changes,
                ReviewKind.ACCOUNT,
                claim_id,
                f"{claim.member_name} is {claim.name}",
                before,
                UpsertResult(outcome, None),
            )
            return Recorded(await _get(db, claim_id), recorded.change_id)

    async def count_claims(self) -> int:
        """Counts the claims that wait for a moderator."""
        async with self._database.reading() as db:
            return await _count_pending(db)

    async def claims(self, claim_ids: Sequence[int]) -> dict[int, AccountClaim]:
        """Returns the claims with these ids, by id."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT * FROM account_claims WHERE id IN (SELECT value FROM json_each(?))",
                [json.dumps([*claim_ids])],
            )
            return {row["id"]: await _read(db, row) for row in rows}


async def find(db: Connection, claim_id: int) -> AccountClaim | None:
    """Returns the claim with this id, or None."""
    row = await db.one("SELECT * FROM account_claims WHERE id = ?", [claim_id])
    return await _read(db, row) if row else None


async def _get(db: Connection, claim_id: int) -> AccountClaim:
    claim = await find(db, claim_id)
    if claim is None:
        raise NotWaiting("I couldn't find that claim.")
    return claim


async def _count_pending(db: Connection) -> int:
    """Counts the claims that wait; those to be somebody who was removed don't."""
    return int(
        await db.value(
            """SELECT COUNT(*) FROM account_claims
               JOIN people ON people.id = person_id AND NOT is_removed
               WHERE decided_at IS NULL"""
        )
    )


async def _require_pause(db: Connection, member_id: int, since: str) -> None:
    """Raises `LabError` if a member has to wait before they may claim to be somebody."""
    outcome = await db.value(
        """SELECT outcome FROM account_claims
           JOIN people ON people.id = person_id AND NOT is_removed WHERE member_id = ?1
           AND (outcome = 'review' OR (outcome = 'declined' AND decided_at > ?2))
           ORDER BY outcome DESC""",
        [member_id, since],
    )
    if outcome == Outcome.REVIEW:
        raise LabError("You've already asked. A moderator will answer.")
    if outcome is not None:
        raise LabError("A moderator has just said no. You can ask again tomorrow.")
    if await _count_pending(db) >= MAX_PENDING_CLAIMS:
        raise LabError("Too many members are waiting for an answer. Please try again later.")


async def _link(db: Connection, claim: AccountClaim) -> None:
    if claim.person is None:
        raise PersonNotFound(f"#{claim.person_id}")
    if claim.person.discord_id not in {None, claim.member_id}:
        raise LabError(f"{claim.person.name} has been linked to somebody else in the meantime.")
    await account_claims.set_account(db, claim.person_id, claim.member_id)


async def _read(db: Connection, row: Row) -> AccountClaim:
    people = await records.load(db, [row["person_id"]])
    return AccountClaim(
        id=row["id"],
        person_id=row["person_id"],
        person=people[0] if people else None,
        member_id=row["member_id"],
        member_name=row["member_name"],
        claimed_at=timestamps.from_text(row["claimed_at"]),
        outcome=Outcome(row["outcome"]),
        decided_by=Actor(row["decided_by"], row["decided_by_name"]) if row["decided_at"] else None,
    )
