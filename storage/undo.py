"""Taking a recorded change back: what was before it, unless something was built on it since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from storage.announcements import subscription_settings
from storage.audit import log as audit_log
from storage.audit import queries as change_queries
from storage.audit.models import Change, ChangeTarget, Recorded
from storage.authors import decisions as name_decisions
from storage.curation import merge as curation_merge
from storage.database import Connection
from storage.errors import LabError
from storage.feeds import settings as feed_settings
from storage.models import Actor, Paper
from storage.papers import queries as paper_queries
from storage.papers import snapshots
from storage.papers import writes as paper_writes
from storage.review import resolutions

_NAMED = 3  # papers that a refusal names


class BuiltOn(LabError):
    """Something was changed again since, by the change ``later``, which is to be undone first."""

    def __init__(self, paper_ids: Sequence[int], later: int) -> None:
        names = [f"#{number}" for number in paper_ids[:_NAMED]]
        others = ["others"] if len(paper_ids) > _NAMED else []
        *most, last = [*names, *others]
        which = f"{', '.join(most)} and {last} were" if most else f"{last} was"
        super().__init__(
            f"{which} changed again since; undo change {later} first, which is the latest."
        )
        self.later = later


async def undo(db: Connection, change_id: int, actor: Actor, at: datetime) -> Recorded[Change]:
    """Take a change back, within the caller's transaction, and record that.

    Raises `LabError` where that is done already or can't be done any more. Taking back is a change
    too, and can be taken back.
    """
    change = await change_queries.find(db, change_id)
    if change is None:
        raise LabError("I have no record of that change.")
    if change.part_of is not None:
        raise LabError(
            f"That is a part of change {change.part_of}, which can be undone only as a whole."
        )
    if change.is_undone:
        raise LabError("That was undone already.")
    chain = await change_queries.chain(db, change)
    if chain[-1].about is not None:
        number = await _undo_arrangement(db, change, chain[-1], chain[-1].about, actor, at)
    elif chain[-1].name is not None:
        number = await _undo_decision(db, change, chain[-1], actor, at)
    else:
        number = await _undo_papers(db, change, chain[-1], actor, at)
    await db.run(
        """UPDATE changes SET is_active = NOT is_active
           WHERE id IN (SELECT value FROM json_each(?))""",
        [json.dumps([one.id for one in chain])],
    )
    return Recorded(change, number)


async def is_bulk(db: Connection, change_id: int) -> bool:
    """Whether to take a change back is to take an import back or to do it again."""
    change = await change_queries.find(db, change_id)
    return change is not None and (await change_queries.chain(db, change))[-1].action == "import"


async def _undo_decision(
    db: Connection, change: Change, decided: Change, actor: Actor, at: datetime
) -> int:
    now, wanted = decided.after, decided.before
    if decided.is_undone:
        now, wanted = wanted, now
    if await name_decisions.decisions(db, now) != now:
        later = await change_queries.decided_since(db, change, [*now])
        which = f"undo change {later} first, which is the latest" if later else "undo that first"
        raise LabError(f"Those names were decided about again since; {which}.")
    await name_decisions.decide(db, wanted)
    return await audit_log.record_decision(
        db, at, actor, "undo", decided.name or "", now, wanted, undoes=change.id
    )


async def _undo_arrangement(
    db: Connection,
    change: Change,
    arranged: Change,
    about: ChangeTarget,
    actor: Actor,
    at: datetime,
) -> int:
    """Let what a change arranged be as it was before, and nothing else of that feed or channel."""
    now, wanted = arranged.after, arranged.before
    if arranged.is_undone:
        now, wanted = wanted, now
    names = [name for name in arranged.before if arranged.before[name] != arranged.after[name]]
    found = await _arranged(db, about)
    if any(found[name] != now[name] for name in names):
        later = await change_queries.arranged_since(db, change, names)
        which = f"undo change {later} first, which is the latest" if later else "not by a moderator"
        raise LabError(f"That was arranged otherwise since; {which}.")
    chosen = {name: wanted[name] for name in names}
    if about.feed_id is not None:
        number = await feed_settings.change(
            db, about.feed_id, chosen, "undo", actor, at, undoes=change.id
        )
    else:
        number = await subscription_settings.change(
            db, about, chosen, "undo", actor, at, undoes=change.id
        )
    return cast("int", number)  # what is wanted differs from what was found


async def _arranged(db: Connection, about: ChangeTarget) -> snapshots.State:
    """How a feed or a channel is arranged now."""
    if about.feed_id is not None:
        return await feed_settings.state(db, about.feed_id)
    return await subscription_settings.state(db, about.channel_id or 0)


async def _undo_papers(
    db: Connection, change: Change, whole: Change, actor: Actor, at: datetime
) -> int:
    if later := await change_queries.dependents(db, change, whole, _NAMED + 1):
        raise BuiltOn([paper_id for paper_id, _ in later], later[0][1])
    before = await _state(db, whole)
    if whole.is_undone:
        await _make_good(db, whole, at)
    else:
        await _take_back(db, whole, at)
    after = await _state(db, whole)
    return await audit_log.record_undo(db, at, actor, change.id, whole.paper_id, before, after)


async def _take_back(db: Connection, whole: Change, at: datetime) -> None:
    """Undo the steps of a change, the last one first; papers that it added go at the end."""
    async for step in change_queries.steps(db, whole, backwards=True):
        paper = await _paper(db, step)
        if step.action != "merge":
            await paper_writes.restore_snapshot(db, paper, step.before, at)
        elif step.moved is not None:
            await curation_merge.part(db, paper, step.before, step.moved, at)
        else:
            raise LabError(
                f"#{paper.id} was made one with another paper when I did not yet write down how to "
                "part them."
            )
    async for paper_ids in change_queries.added(db, whole):
        await paper_writes.undo_insert(db, paper_ids, at)
    if whole.resolution is not None:
        await resolutions.reopen(db, whole.resolution)


async def _make_good(db: Connection, whole: Change, at: datetime) -> None:
    """Do a change again that was taken back."""
    async for paper_ids in change_queries.added(db, whole):
        await paper_writes.redo_insert(db, paper_ids)
    async for step in change_queries.steps(db, whole, backwards=False):
        paper = await _paper(db, step)
        if step.moved is None:
            await paper_writes.restore_snapshot(db, paper, step.after, at)
        else:
            moved = await curation_merge.give_up(db, paper, step.moved["into"], at)
            await db.run("UPDATE changes SET moved = ? WHERE id = ?", [json.dumps(moved), step.id])
    if whole.resolution is not None:
        await resolutions.decide_again(db, whole.resolution)


async def _paper(db: Connection, step: Change) -> Paper:
    (paper,) = await paper_queries.load(db, [step.paper_id or 0])
    return paper


async def _state(db: Connection, whole: Change) -> snapshots.State:
    """What the paper of a change says now; nothing for a bulk one."""
    found = await paper_queries.load(db, [whole.paper_id or 0])
    return await snapshots.state(db, found[0]) if found else {}
