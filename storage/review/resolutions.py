"""SQL of how moderators resolve what waits for them, recorded so that it can be undone."""

from __future__ import annotations

from storage.audit.log import ChangeSet
from storage.audit.models import Recorded, Resolution, ReviewKind, ReviewState
from storage.connection import Connection
from storage.errors import LabError
from storage.models import PaperDraft, UpsertResult
from storage.papers.snapshots import draft_from_text
from storage.people import account_claims, claims

# What a resolution changes in the table of each kind.
_DECISION = ("outcome", "decided_by", "decided_by_name", "decided_at")
_COLUMNS = {
    ReviewKind.ENTRY: (*_DECISION, "draft", "paper_id"),
    ReviewKind.SUGGESTION: (*_DECISION, "draft", "paper_id"),
    ReviewKind.REPORT: _DECISION,
    ReviewKind.COMPLETION: _DECISION,
}
_POST_COLUMNS = {
    ReviewKind.ENTRY: "entry_id",
    ReviewKind.SUGGESTION: "suggestion_id",
    ReviewKind.REPORT: "report_id",
    ReviewKind.FOUND: "found_paper_id",
    ReviewKind.ACCOUNT: "claim_id",
}
# How the state of those is read and restored whose decisions also change people.
_LOAD = {
    ReviewKind.FOUND: claims.load_state,
    ReviewKind.ACCOUNT: account_claims.load_state,
}
_RESTORE = {
    ReviewKind.FOUND: claims.restore_state,
    ReviewKind.ACCOUNT: account_claims.restore_state,
}


async def load(db: Connection, kind: ReviewKind, item_id: int) -> ReviewState:
    """Returns the review columns of an item by name; none of them if the item is gone."""
    if kind in _LOAD:
        return await _LOAD[kind](db, item_id)
    row = await db.one(
        f"SELECT {', '.join(_COLUMNS[kind])} FROM {kind} WHERE id = ?",  # noqa: S608 - constants
        [item_id],
    )
    return {name: row[name] for name in _COLUMNS[kind]} if row else {}


def waiting_draft(state: ReviewState) -> PaperDraft:
    """Returns the draft that waits, with names as its source wrote them."""
    return draft_from_text(str(state["draft"]))


async def record(
    change_set: ChangeSet,
    kind: ReviewKind,
    item_id: int,
    title: str,
    before: ReviewState,
    result: UpsertResult,
) -> Recorded[UpsertResult]:
    """Records a resolution that was made just now, as part of what it changed in the list."""
    after = await load(change_set.db, kind, item_id)
    change_id = await change_set.record_resolution(
        Resolution(kind, item_id, before, after), title, result.outcome
    )
    return Recorded(result, change_id)


async def undo(db: Connection, resolution: Resolution) -> None:
    """Lets an item wait again; raises `LabError` if it was resolved differently since."""
    await _restore(db, resolution, resolution.after, resolution.before)


async def redo(db: Connection, resolution: Resolution) -> None:
    """Resolves an item again; raises `LabError` if it was resolved differently since."""
    await _restore(db, resolution, resolution.before, resolution.after)


async def _restore(
    db: Connection, resolution: Resolution, expected: ReviewState, state: ReviewState
) -> None:
    kind, item_id = resolution.kind, resolution.item_id
    if kind in _RESTORE:
        await _RESTORE[kind](db, item_id, expected, state)
    else:
        await _restore_columns(db, resolution, expected, state)
    if kind not in _POST_COLUMNS:
        return
    # Unsent messages to the member are no longer true; sent ones are updated.
    is_about_item = f"{_POST_COLUMNS[kind]} = ?"
    await db.run(
        f"DELETE FROM posts WHERE {is_about_item} AND kind = 'outcome' AND state = 'waiting'",  # noqa: S608
        [item_id],
    )
    await db.run(
        f"UPDATE posts SET revision = revision + 1 WHERE {is_about_item}",  # noqa: S608
        [item_id],
    )


async def _restore_columns(
    db: Connection, resolution: Resolution, expected: ReviewState, state: ReviewState
) -> None:
    kind, item_id = resolution.kind, resolution.item_id
    found = await load(db, kind, item_id)
    if found and found["decided_at"] != expected["decided_at"]:
        raise LabError("Someone has decided this one differently since then. Undo that first.")
    await db.run(
        f"""UPDATE {kind} SET {", ".join(f"{name} = ?" for name in _COLUMNS[kind])}
            WHERE id = ?""",  # noqa: S608 - constants
        [*(state[name] for name in _COLUMNS[kind]), item_id],
    )
