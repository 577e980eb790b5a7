"""SQL that makes two papers one, and parts them again as they were."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from storage.audit import log as audit_log
from storage.database import Connection
from storage.models import Paper, PaperDraft
from storage.papers import credits, snapshots
from storage.papers import queries as paper_queries
from storage.papers import writes as paper_writes


async def unite(
    db: Connection,
    kept: Paper,
    other: Paper,
    draft: PaperDraft,
    locked: Iterable[str],
    change_set: audit_log.ChangeSet,
) -> Paper:
    """Make two papers one, which says what the draft says and has these fields locked, too.

    The other's number leads to the kept one from now on.
    """
    ours, theirs = await snapshots.state(db, kept), await snapshots.state(db, other)
    moved = await give_up(db, other, kept.id, change_set.at)
    await paper_writes.replace(db, kept, draft, await credits.credited_for(db, other.id))
    await paper_writes.lock(db, kept.id, locked)
    united, gone = await paper_queries.load(db, [kept.id, other.id])
    await change_set.record("merge", theirs, gone, moved=moved)
    await change_set.record("update", ours, united)
    return united


async def give_up(db: Connection, paper: Paper, kept_id: int, at: datetime) -> dict[str, Any]:
    """Take a paper out of the list that is the same as another, which gets all that names it.

    Gives what went over, for `part`.
    """
    ids = [kept_id, paper.id]
    await paper_writes.set_removed(db, paper, at)
    became = await db.all("SELECT id FROM papers WHERE merged_into_id = ?", [paper.id])
    entries = await db.all("SELECT id FROM entries WHERE paper_id = ?", [paper.id])
    # A channel is told of both once: what it had stays written down, and ends what waits.
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
    await db.run("UPDATE papers SET merged_into_id = ?1 WHERE id = ?2 OR merged_into_id = ?2", ids)
    for table in ("identifiers", "entries"):
        await db.run(f"UPDATE {table} SET paper_id = ? WHERE paper_id = ?", ids)  # noqa: S608 - constants
    return {
        "into": kept_id,
        "became": [row["id"] for row in became],
        "entries": [row["id"] for row in entries],
        "announcements": [list(row) for row in announcements],
        "dropped": [list(row) for row in dropped],
    }


async def part(
    db: Connection,
    paper: Paper,
    before: snapshots.State,
    moved: dict[str, Any],
    at: datetime,
) -> None:
    """Make a paper its own again, with all that went over to another and is still there.

    What was announced meanwhile stays announced, and waits for this one anew.
    """
    kept_id = moved["into"]
    await db.run(
        """UPDATE papers SET merged_into_id = NULLIF(?1, id)
           WHERE id = ?1 OR id IN (SELECT value FROM json_each(?2))""",
        [paper.id, json.dumps(moved["became"])],
    )
    await db.run(
        """UPDATE entries SET paper_id = ?
           WHERE paper_id = ? AND id IN (SELECT value FROM json_each(?))""",
        [paper.id, kept_id, json.dumps(moved["entries"])],
    )
    for number, post_id in moved["announcements"]:
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
            [paper.id, before["venue"], number],
        )
    await db.run_many(
        """INSERT OR IGNORE INTO announcements
               (paper_id, id, channel_id, created_at, is_filtered_out, venue)
           SELECT ?1, ?2, ?3, ?4, ?5, ?6 WHERE ?3 IN (SELECT channel_id FROM subscriptions)""",
        [(kept_id, *row) for row in moved["dropped"]],
    )
    await paper_writes.restore_snapshot(db, paper, before, at)
