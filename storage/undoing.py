"""Taking a recorded change back: what was before it, unless something was built on it since."""

from __future__ import annotations

from datetime import datetime

from storage import history, paper_rows, papers, people
from storage.completion import as_draft
from storage.database import Connection
from storage.errors import LabError, PaperExists
from storage.records import Actor, Change, Paper, PaperDraft


async def undo(db: Connection, change_id: int, actor: Actor, at: datetime) -> Change:
    """Take a change back, within the caller's transaction, and record that; gives the change.

    Raises `LabError` where that is done already or can't be done any more. Taking back is a change
    too, and can be taken back.
    """
    change = await history.find(db, change_id)
    if change is None:
        raise LabError("I have no record of that change.")
    if change.is_undone:
        raise LabError("That was undone already.")
    if change.paper_id is None:
        await _undo_decision(db, change, actor, at)
    else:
        await _undo_paper(db, change, actor, at)
    return change


async def _undo_decision(db: Connection, change: Change, actor: Actor, at: datetime) -> None:
    if await people.decisions(db, change.after) != change.after:
        raise LabError("Those names were decided about again since; undo the later change first.")
    await people.decide(db, change.before)
    await history.record_decision(
        db, at, actor, "undo", change.name or "", change.after, change.before, undoes=change.id
    )


async def _undo_paper(db: Connection, change: Change, actor: Actor, at: datetime) -> None:
    (paper,) = await papers.load(db, [change.paper_id or 0])
    if await history.joined_papers(db, change) or await papers.current(db, paper.id) != paper.id:
        raise LabError(f"#{paper.id} was made one with another paper, which can't be undone.")
    if await history.is_built_on(db, change):
        raise LabError(f"#{paper.id} was changed again since; undo the later change first.")
    gone = change.action == "add" or bool(change.before.get("removed"))
    if gone != (paper.removed_at is not None):
        await paper_rows.set_removed(db, paper, at if gone else None)
    else:
        await _put_back(db, paper, history.restored_draft(change.before))
    (after,) = await papers.load(db, [paper.id])
    await history.record(db, at, actor, "undo", paper, after, undoes=change.id)


async def _put_back(db: Connection, paper: Paper, draft: PaperDraft) -> None:
    """Make a paper what it was; what that changes is a moderator's, and no feed changes it."""
    owners = await papers.owners(db, draft.identifiers)
    if others := [owner for owner in owners.values() if owner != paper.id]:
        raise PaperExists((await papers.load(db, others))[0])
    old, new = history.snapshot(as_draft(paper)), history.snapshot(draft)
    await paper_rows.replace(db, paper, draft)
    await paper_rows.lock(db, paper.id, [name for name in new if new[name] != old[name]])
