"""SQL of what a decision about a member's claim to be somebody changes, for the change log."""

from __future__ import annotations

from storage.audit.models import PeopleState, ReviewState
from storage.connection import Connection
from storage.errors import LabError
from storage.models import NO_MEMBER
from storage.people import records

_DECISION = ("outcome", "decided_by", "decided_by_name", "decided_at")


async def load_state(db: Connection, claim_id: int) -> ReviewState:
    """Returns a claim's decision, and the account of the person who it is about."""
    row = await db.one(
        f"""SELECT {", ".join(_DECISION)}, discord_id FROM account_claims
            JOIN people ON people.id = person_id WHERE account_claims.id = ?""",  # noqa: S608
        [claim_id],
    )
    return {name: row[name] for name in (*_DECISION, "discord_id")} if row else {}


async def restore_state(
    db: Connection, claim_id: int, expected: ReviewState, state: ReviewState
) -> None:
    """Gives a claim and the person's account a state that `load_state` returned.

    Raises `LabError` if either isn't as ``expected`` any more, or if the member has deleted their
    data, and `AccountTaken`.
    """
    member_id = await db.value("SELECT member_id FROM account_claims WHERE id = ?", [claim_id])
    if member_id == NO_MEMBER:
        raise LabError("That member has deleted their data, so nobody knows which account it was.")
    if await load_state(db, claim_id) != expected:
        raise LabError("That account or claim has been changed since then.")
    await db.run(
        f"""UPDATE account_claims SET {", ".join(f"{name} = ?" for name in _DECISION)}
            WHERE id = ?""",  # noqa: S608 - constants
        [*(state[name] for name in _DECISION), claim_id],
    )
    if state["discord_id"] != expected["discord_id"]:
        person_id = await db.value("SELECT person_id FROM account_claims WHERE id = ?", [claim_id])
        await set_account(db, int(person_id), state["discord_id"])


async def set_account(db: Connection, person_id: int, discord_id: int | str | None) -> None:
    """Sets whose Discord account an id is; raises `AccountTaken` if it is somebody else's."""
    present = await records.load_state(db, PeopleState({person_id: None}, {}))
    values = present.people[person_id]
    if values is not None:
        people = {person_id: {**values, "discord": discord_id}}
        await records.apply_state(db, PeopleState(people, {}))
