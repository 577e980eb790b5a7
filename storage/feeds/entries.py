"""SQL of every entry seen in feeds: what became of it, and what waits for a moderator."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from storage import timestamps
from storage.database import Connection, Row, Value
from storage.errors import LabError
from storage.feeds.models import Entry, PendingEntry, SeenEntry
from storage.models import Actor, Outcome, UpsertResult
from storage.papers import credits
from storage.papers.snapshots import draft_from_text, draft_to_text
from storage.text import fold

_SEEN = """SELECT entries.*, feeds.title AS feed_title, removed_at,
                  seen_at <= first_polled_at AS was_first_poll
           FROM entries JOIN feeds ON feeds.id = feed_id"""
# What stood in a feed at its first poll is never announced.
_PENDING = """SELECT entries.id, feed_id, draft, paper_id, seen_at > first_polled_at AS is_news
              FROM entries JOIN feeds ON feeds.id = feed_id
              WHERE draft IS NOT NULL AND removed_at IS NULL"""


async def pending(db: Connection, feed_id: int) -> tuple[PendingEntry, ...]:
    """The feed's entries that wait for a moderator, oldest first."""
    rows = await db.all(f"{_PENDING} AND feed_id = ? ORDER BY entries.id", [feed_id])
    return tuple([await _pending(db, row) for row in rows])


async def find(db: Connection, entry_id: int) -> PendingEntry | SeenEntry | None:
    """An entry that waits, or what became of it; none where nobody decides it any more.

    That is so while its feed is removed.
    """
    waiting = await undecided(db, entry_id)
    if waiting is not None:
        return waiting
    row = await db.one(f"{_SEEN} WHERE entries.id = ? AND draft IS NULL", [entry_id])
    return seen_entry(row) if row else None


async def known_keys(db: Connection, feed_id: int, keys: Sequence[str]) -> set[str]:
    """Those of some keys under which entries were seen in this feed."""
    rows = await db.all(
        """SELECT key FROM entries
           WHERE feed_id = ? AND key IN (SELECT value FROM json_each(?))""",
        [feed_id, json.dumps(keys)],
    )
    return {row["key"] for row in rows}


async def papers_titled(
    db: Connection, feed_id: int, title: str, present: Collection[str]
) -> list[int] | None:
    """The papers that this feed's entries with that title stood for; none while one is undecided.

    Entries whose keys are ``present`` stand in the feed still, and are others of the same title.
    """
    rows = await db.all(
        """SELECT key, paper_id, draft IS NOT NULL AS undecided FROM entries
           WHERE feed_id = ? AND title_key = ? AND paper_id IS NOT NULL""",
        [feed_id, fold(title)],
    )
    gone = [row for row in rows if row["key"] not in present]
    if any(row["undecided"] for row in gone):
        return None
    return list(dict.fromkeys(row["paper_id"] for row in gone))


async def record_entry(
    db: Connection, feed_id: int, entry: Entry, admission: UpsertResult, now: datetime
) -> int:
    """Write down that an entry was seen and what became of it; gives its number.

    What a moderator is to decide is kept whole.
    """
    draft = entry.draft
    is_pending = admission.outcome in {Outcome.DUPLICATE, Outcome.REVIEW}
    return await db.insert(
        """INSERT INTO entries (feed_id, key, title_key, link, outcome, paper_id, draft, seen_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            feed_id,
            entry.key,
            fold(draft.title),
            draft.links[0].url if draft.links else "",
            admission.outcome,
            admission.paper.id if admission.paper else None,
            draft_to_text(draft) if is_pending else None,
            timestamps.to_text(now),
        ],
    )


async def seen(db: Connection, where: str, values: Sequence[Value]) -> list[Row]:
    """The rows of the entries that meet a condition, with their feeds' titles."""
    return await db.all(f"{_SEEN} WHERE {where}", values)


async def newest_added(db: Connection, feed_id: int, most: int) -> list[int]:
    """The papers that are in the list since this feed brought them: the newest, oldest first.

    Entries are written down oldest first.
    """
    rows = await db.all(
        """SELECT paper_id FROM (
               SELECT MIN(entries.id) AS place, paper_id FROM entries
               JOIN papers ON papers.id = paper_id AND removed_at IS NULL
               WHERE feed_id = ? AND outcome = 'added'
               GROUP BY paper_id ORDER BY place DESC LIMIT ?) ORDER BY place""",
        [feed_id, most],
    )
    return [row["paper_id"] for row in rows]


async def undecided(db: Connection, entry_id: int) -> PendingEntry | None:
    """An entry that waits for a moderator; none where it was decided or is gone."""
    row = await db.one(f"{_PENDING} AND entries.id = ?", [entry_id])
    return await _pending(db, row) if row else None


async def decided_already(db: Connection, entry_id: int) -> LabError:
    """What to tell who decides an entry that waits no longer."""
    by = await db.value(
        "SELECT decided_by_name FROM entries WHERE id = ? AND draft IS NULL", [entry_id]
    )
    if by is None:
        return LabError("That entry is no longer there, since its feed was removed.")
    return LabError(f"“{by or 'Somebody'}” has decided that one already.")


async def decide(
    db: Connection, entry_id: int, admission: UpsertResult, actor: Actor, at: datetime
) -> None:
    """End the waiting of an entry by what became of it; its card in a channel is to show that."""
    await db.run(
        """UPDATE entries SET draft = NULL, outcome = ?, paper_id = ?,
           decided_by = ?, decided_by_name = ?, decided_at = ? WHERE id = ?""",
        [
            *(admission.outcome, admission.paper.id if admission.paper else None),
            *(actor.key, actor.name, timestamps.to_text(at), entry_id),
        ],
    )
    await db.run("UPDATE posts SET revision = revision + 1 WHERE entry_id = ?", [entry_id])


async def _pending(db: Connection, row: Row) -> PendingEntry:
    (draft,) = await credits.with_current_names(db, [draft_from_text(row["draft"])])
    return PendingEntry(
        row["id"], row["feed_id"], draft, row["paper_id"], is_news=bool(row["is_news"])
    )


def seen_entry(row: Row) -> SeenEntry:
    """What a row of `seen` says."""
    by = Actor(row["decided_by"], row["decided_by_name"]) if row["decided_at"] else None
    return SeenEntry(
        id=row["id"],
        feed_id=row["feed_id"],
        feed_title=row["feed_title"],
        outcome=Outcome(row["outcome"]),
        paper_id=row["paper_id"],
        seen_at=timestamps.from_text(row["seen_at"]),
        was_first_poll=bool(row["was_first_poll"]),
        is_removed=row["removed_at"] is not None,
        decided_by=by,
        decided_at=timestamps.from_optional(row["decided_at"]),
    )
