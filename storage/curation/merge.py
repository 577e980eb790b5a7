"""SQL that merges two papers into one, and that separates them again."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import astuple
from datetime import datetime

from storage.audit.log import ChangeSet
from storage.audit.models import ChangeAction, DroppedAnnouncement, Transfer
from storage.connection import Connection
from storage.models import Paper, PaperDraft
from storage.papers import former_names
from storage.papers import queries as paper_queries
from storage.papers import writes as paper_writes
from storage.papers.former_names import FormerNames
from storage.papers.snapshots import PaperSnapshot, take_snapshot


async def merge(
    db: Connection,
    target: Paper,
    source: Paper,
    draft: PaperDraft,
    locked_fields: Iterable[str],
    change_set: ChangeSet,
    former: FormerNames | None = None,
) -> Paper:
    """Merges the source paper into the target, which gets the draft's details and locked fields.

    From now on the source's id leads to the target. ``former`` are the former names as the
    submission knows them.
    """
    target_before, source_before = await take_snapshot(db, target), await take_snapshot(db, source)
    transfer = await absorb(db, source, target.id, change_set.at)
    await paper_writes.replace(
        db, target, draft, await former_names.former_by_current(db, source.id), former
    )
    await paper_writes.lock_fields(db, target.id, locked_fields)
    merged, absorbed = await paper_queries.load(db, [target.id, source.id], former)
    await change_set.record(ChangeAction.MERGE, source_before, absorbed, transfer=transfer)
    await change_set.record(ChangeAction.UPDATE, target_before, merged)
    return merged


async def absorb(db: Connection, paper: Paper, target_id: int, at: datetime) -> Transfer:
    """Removes a paper from the list and moves all that refers to it to the target paper.

    Returns what was moved, for `unmerge`.
    """
    ids = [target_id, paper.id]
    await paper_writes.set_removed(db, paper, at)
    merged = await db.all("SELECT id FROM papers WHERE merged_into_id = ?", [paper.id])
    entries = await db.all("SELECT id FROM entries WHERE paper_id = ?", [paper.id])
    # Each channel gets one announcement: if this paper's was sent, the target's queued one is
    # dropped.
    dropped = await db.all(
        """DELETE FROM announcements WHERE paper_id = ? AND post_id IS NULL AND channel_id IN (
               SELECT channel_id FROM announcements WHERE paper_id = ? AND post_id IS NOT NULL)
           RETURNING id, channel_id, created_at, is_filtered_out, venue""",
        ids,
    )
    announcements = await db.all(
        "UPDATE OR IGNORE announcements SET paper_id = ? WHERE paper_id = ? RETURNING id, post_id",
        ids,
    )
    await db.run(
        "UPDATE papers SET merged_into_id = ?1 WHERE id = ?2 OR merged_into_id = ?2",
        ids,
    )
    for table in ("identifiers", "entries"):
        await db.run(f"UPDATE {table} SET paper_id = ? WHERE paper_id = ?", ids)  # noqa: S608 - constants
    return Transfer(
        into=target_id,
        merged_ids=tuple(row["id"] for row in merged),
        entry_ids=tuple(row["id"] for row in entries),
        announcements=tuple((row["id"], row["post_id"]) for row in announcements),
        dropped=tuple(DroppedAnnouncement(*row) for row in dropped),
    )


async def unmerge(
    db: Connection, paper: Paper, before: PaperSnapshot, transfer: Transfer, at: datetime
) -> None:
    """Restores a paper that was merged into another, with all that was moved and is still there.

    What was announced since stays with the target, and is queued for this paper too.
    """
    await db.run(
        """UPDATE papers SET merged_into_id = NULLIF(?1, id)
           WHERE id = ?1 OR id IN (SELECT value FROM json_each(?2))""",
        [paper.id, json.dumps(transfer.merged_ids)],
    )
    await db.run(
        """UPDATE entries SET paper_id = ?
           WHERE paper_id = ? AND id IN (SELECT value FROM json_each(?))""",
        [paper.id, transfer.into, json.dumps(transfer.entry_ids)],
    )
    for number, post_id in transfer.announcements:
        await db.run(
            """UPDATE announcements SET paper_id = ?
               WHERE id = ? AND (post_id IS NULL OR post_id IS ?)""",
            [paper.id, number, post_id],
        )
        await db.run(
            """INSERT OR IGNORE INTO announcements
                   (paper_id, channel_id, created_at, is_filtered_out, venue)
               SELECT ?, channel_id, created_at, is_filtered_out, ? FROM announcements
               WHERE id = ? AND channel_id IN (SELECT channel_id FROM subscriptions)""",
            [paper.id, before.venue, number],
        )
    await db.run_many(
        """INSERT OR IGNORE INTO announcements
               (paper_id, id, channel_id, created_at, is_filtered_out, venue)
           SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?3 IN (SELECT channel_id FROM subscriptions)""",
        [(transfer.into, *astuple(one)) for one in transfer.dropped],
    )
    await paper_writes.restore_snapshot(db, paper, before, at)
