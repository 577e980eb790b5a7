"""SQL of the entries seen in feeds: what became of each, and which wait for a moderator."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from storage import timestamps
from storage.database import Connection, Row, Value
from storage.errors import AlreadyResolved, LabError
from storage.feeds.models import Entry, EntryRecord, PendingEntry
from storage.models import Actor, Outcome, UpsertResult
from storage.papers import former_names
from storage.papers.snapshots import draft_from_text, draft_to_text
from storage.text import fold

_RECORD = """SELECT entries.*, feeds.title AS feed_title, removed_at,
                    seen_at <= first_polled_at AS was_first_poll
             FROM entries JOIN feeds ON feeds.id = feed_id"""
_PENDING = """SELECT entries.id, feed_id, draft, paper_id,
                     (seen_at > first_polled_at) IS NOT TRUE AS was_first_poll
              FROM entries JOIN feeds ON feeds.id = feed_id
              WHERE draft IS NOT NULL AND removed_at IS NULL"""


async def find(db: Connection, entry_id: int) -> PendingEntry | EntryRecord | None:
    """Returns an entry that waits for a moderator, or what became of it.

    Returns None if the entry waits but its feed isn't followed any more.
    """
    pending = await find_pending(db, entry_id)
    if pending is not None:
        return pending
    row = await db.one(f"{_RECORD} WHERE entries.id = ? AND draft IS NULL", [entry_id])
    return read_record(row) if row else None


async def find_pending(db: Connection, entry_id: int) -> PendingEntry | None:
    """Returns an entry if it waits for a moderator, or None."""
    row = await db.one(f"{_PENDING} AND entries.id = ?", [entry_id])
    return await _read_pending(db, row) if row else None


async def pending_in_feed(db: Connection, feed_id: int) -> tuple[PendingEntry, ...]:
    """Returns a feed's entries that wait for a moderator, oldest first."""
    rows = await db.all(f"{_PENDING} AND feed_id = ? ORDER BY entries.id", [feed_id])
    return tuple([await _read_pending(db, row) for row in rows])


async def known_keys(db: Connection, feed_id: int, keys: Sequence[str]) -> set[str]:
    """Returns which of ``keys`` were seen in a feed."""
    rows = await db.all(
        """SELECT key FROM entries
           WHERE feed_id = ? AND key IN (SELECT value FROM json_each(?))""",
        [feed_id, json.dumps(keys)],
    )
    return {row["key"] for row in rows}


async def papers_by_title(
    db: Connection, feed_id: int, title: str, present: Collection[str]
) -> list[int] | None:
    """Returns the papers of a feed's former entries with a title, or None if one is undecided.

    Entries with ``present`` keys are still in the feed, so they only share the title.
    """
    rows = await db.all(
        """SELECT key, paper_id, draft IS NOT NULL AS is_pending FROM entries
           WHERE feed_id = ? AND title_key = ? AND paper_id IS NOT NULL""",
        [feed_id, fold(title)],
    )
    former = [row for row in rows if row["key"] not in present]
    if any(row["is_pending"] for row in former):
        return None
    return list(dict.fromkeys(row["paper_id"] for row in former))


async def newest_added_papers(db: Connection, feed_id: int, limit: int) -> list[int]:
    """Returns the papers in the list that a feed added last, oldest first."""
    rows = await db.all(
        """SELECT paper_id FROM (
               SELECT MIN(entries.id) AS first_entry, paper_id FROM entries
               JOIN papers ON papers.id = paper_id AND removed_at IS NULL
               WHERE feed_id = ? AND outcome = 'added'
               GROUP BY paper_id ORDER BY first_entry DESC LIMIT ?) ORDER BY first_entry""",
        [feed_id, limit],
    )
    return [row["paper_id"] for row in rows]


async def load_rows(db: Connection, condition: str, values: Sequence[Value]) -> list[Row]:
    """Returns the rows of entries that meet a condition, for `read_record`."""
    return await db.all(f"{_RECORD} WHERE {condition}", values)


async def insert(
    db: Connection, feed_id: int, entry: Entry, result: UpsertResult, now: datetime
) -> int:
    """Records an entry and what became of it; returns its id.

    The draft is kept while a moderator has to decide about it.
    """
    draft = entry.draft
    is_pending = result.outcome in {Outcome.DUPLICATE, Outcome.REVIEW}
    return await db.insert(
        """INSERT INTO entries (feed_id, key, title_key, link, outcome, paper_id, draft, seen_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            feed_id,
            entry.key,
            fold(draft.title),
            draft.links[0].url if draft.links else "",
            result.outcome,
            result.paper.id if result.paper else None,
            draft_to_text(draft) if is_pending else None,
            timestamps.to_text(now),
        ],
    )


async def resolve(
    db: Connection, entry_id: int, result: UpsertResult, actor: Actor, at: datetime
) -> None:
    """Records what a moderator decided about an entry, and has its review card updated."""
    await db.run(
        """UPDATE entries SET draft = NULL, outcome = ?, paper_id = ?,
           decided_by = ?, decided_by_name = ?, decided_at = ? WHERE id = ?""",
        [
            result.outcome,
            result.paper.id if result.paper else None,
            actor.key,
            actor.name,
            timestamps.to_text(at),
            entry_id,
        ],
    )
    await db.run("UPDATE posts SET revision = revision + 1 WHERE entry_id = ?", [entry_id])


async def get_pending(db: Connection, entry_id: int, actor: Actor) -> PendingEntry:
    """Returns an entry that waits for a moderator, who is the actor.

    Raises `AlreadyResolved` if it doesn't wait any more, and `LabError` if its feed was removed.
    """
    found = await find_pending(db, entry_id)
    if found is not None:
        return found
    row = await db.one(
        "SELECT decided_by, decided_by_name FROM entries WHERE id = ? AND draft IS NULL", [entry_id]
    )
    if row is None:
        raise LabError("That entry is gone because its feed was unfollowed.")
    raise AlreadyResolved(None if row["decided_by"] == actor.key else row["decided_by_name"])


def read_record(row: Row) -> EntryRecord:
    """Reads a row of `load_rows`."""
    actor = Actor(row["decided_by"], row["decided_by_name"]) if row["decided_at"] else None
    return EntryRecord(
        id=row["id"],
        feed_id=row["feed_id"],
        feed_title=row["feed_title"],
        outcome=Outcome(row["outcome"]),
        paper_id=row["paper_id"],
        seen_at=timestamps.from_text(row["seen_at"]),
        was_first_poll=bool(row["was_first_poll"]),
        is_removed=row["removed_at"] is not None,
        decided_by=actor,
        decided_at=timestamps.from_optional(row["decided_at"]),
    )


async def _read_pending(db: Connection, row: Row) -> PendingEntry:
    (draft,) = await former_names.with_current_names(db, [draft_from_text(row["draft"])])
    return PendingEntry(
        id=row["id"],
        feed_id=row["feed_id"],
        draft=draft,
        paper_id=row["paper_id"],
        was_first_poll=bool(row["was_first_poll"]),
    )
