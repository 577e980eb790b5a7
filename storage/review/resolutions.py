"""Decisions of what waits for a moderator, kept so that they can be taken back.

An entry of a feed and a suggestion of a member wait and are decided in the same columns.
"""

from __future__ import annotations

import enum
import json
from typing import Any, TypeAlias

from storage.audit.log import ChangeSet
from storage.audit.models import Recorded
from storage.database import Connection
from storage.errors import LabError
from storage.models import PaperDraft, UpsertResult
from storage.papers.snapshots import restored_draft

_STATE = ("draft", "outcome", "paper_id", "decided_by", "decided_by_name", "decided_at")
_POSTS = {"entries": "entry_id", "suggestions": "suggestion_id"}

State: TypeAlias = dict[str, Any]


class ReviewKind(enum.StrEnum):
    """What may wait, by the table that holds it."""

    ENTRY = "entries"
    SUGGESTION = "suggestions"


async def state(db: Connection, waiting: ReviewKind, number: int) -> State:
    """How it stands, as plain values; nothing where it is gone."""
    row = await db.one(
        f"SELECT {', '.join(_STATE)} FROM {waiting} WHERE id = ?",  # noqa: S608 - constants
        [number],
    )
    return {name: row[name] for name in _STATE} if row else {}


def given_draft(state: State) -> PaperDraft:
    """What waits, with the names as its source wrote them, whatever is shown for them."""
    return restored_draft(json.loads(state["draft"]))


async def record(
    change_set: ChangeSet,
    waiting: ReviewKind,
    number: int,
    title: str,
    before: State,
    result: UpsertResult,
) -> Recorded[UpsertResult]:
    """Make a decision, which was made just now, a part of what was done to the list with it."""
    after = await state(change_set.db, waiting, number)
    change_id = await change_set.record_resolution(
        {"kind": waiting, "id": number, "before": before, "after": after},
        {"title": title, "outcome": result.outcome},
    )
    return Recorded(result, change_id)


async def reopen(db: Connection, resolution: State) -> None:
    """Let it wait again; raises `LabError` where it was decided otherwise since."""
    await _change(db, resolution, resolution["after"], resolution["before"])


async def decide_again(db: Connection, resolution: State) -> None:
    """Let the decision hold again; raises `LabError` where another one does."""
    await _change(db, resolution, resolution["before"], resolution["after"])


async def _change(db: Connection, resolution: State, now: State, wanted: State) -> None:
    waiting, number = ReviewKind(resolution["kind"]), resolution["id"]
    found = await state(db, waiting, number)
    if found and found["decided_at"] != now["decided_at"]:
        raise LabError("Somebody has decided that one otherwise since; undo that first.")
    await db.run(
        f"""UPDATE {waiting} SET {", ".join(f"{name} = ?" for name in _STATE)}
            WHERE id = ?""",  # noqa: S608 - constants
        [*(wanted[name] for name in _STATE), number],
    )
    # What a member was not told yet is not so any more; every card there is shows what is.
    posts = f"{_POSTS[waiting]} = ?"
    await db.run(
        f"DELETE FROM posts WHERE {posts} AND kind = 'outcome' AND state = 'waiting'",  # noqa: S608
        [number],
    )
    await db.run(f"UPDATE posts SET revision = revision + 1 WHERE {posts}", [number])  # noqa: S608
