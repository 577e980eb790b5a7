"""SQL of the entries seen in feeds: what became of each, and which wait for a moderator."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from datetime import datetime

from storage import timestamps
from storage.connection import Connection, Row, Value
from storage.feeds.models import Entry, EntryRecord, NoticeKind, PendingEntry
from storage.models import Actor, Outcome, PaperDraft, UpsertResult
from storage.papers import former_names
from storage.papers.snapshots import draft_from_text, draft_to_text
from storage.text import fold
from storage.urls import canonical_url

_RECORD = """SELECT entries.*, feeds.title AS feed_title, removed_at,
                    seen_at <= first_polled_at AS was_first_poll
             FROM entries JOIN feeds ON feeds.id = feed_id"""
_MIN_HISTORY = 3  # checks with new papers that tell how many are usual
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


async def find_former(
    db: Connection, feed_id: int, draft: PaperDraft, present: Collection[str]
) -> list[int] | Outcome:
    """Returns the papers of a feed's former entries with a draft's title.

    Entries with ``present`` keys are still in the feed, so they only share the title. Without a
    paper, an entry is a former one if it has the same link, too. Returns ``UNCHANGED`` if a former
    entry waits for a moderator, and ``DECLINED`` if a moderator has declined it.
    """
    rows = await db.all(
        """SELECT key, paper_id, outcome, draft IS NOT NULL AS is_pending FROM entries
           WHERE feed_id = ? AND title_key = ? AND (paper_id IS NOT NULL
               OR (link_key = ? AND (draft IS NOT NULL OR outcome = 'declined')))""",
        [feed_id, fold(draft.title), _link_key(draft)],
    )
    former = [row for row in rows if row["key"] not in present]
    if any(row["is_pending"] for row in former):
        return Outcome.UNCHANGED
    if any(row["outcome"] == Outcome.DECLINED for row in former):
        return Outcome.DECLINED
    return list(dict.fromkeys(row["paper_id"] for row in former))


async def is_series(db: Connection, feed_id: int, title: str) -> bool:
    """Returns whether a feed has given a title to several papers."""
    number = await db.value(
        """SELECT COUNT(DISTINCT paper_id) FROM entries
           WHERE feed_id = ? AND title_key = ? AND outcome = 'added'""",
        [feed_id, fold(title)],
    )
    return int(number) > 1


async def forget_former_keys(
    db: Connection,
    feed_id: int,
    entry_ids: Sequence[int],
    present: Collection[str],
    before: datetime,
) -> None:
    """Forgets former keys of papers that these entries have under new ones.

    A feed that renames its entries at every poll would fill the database. Of each paper, the first
    and the latest entry of each title are kept, so that it's still recognized whatever key returns;
    so is what moderators decided, what is in the feed (``present``), and what was first seen after
    ``before``.
    """
    rows = await db.all(
        """SELECT old.id, old.key FROM entries AS new JOIN entries AS old
               ON old.feed_id = new.feed_id AND old.title_key = new.title_key
               AND old.id < new.id AND old.paper_id IS new.paper_id
               AND (new.paper_id IS NOT NULL
                    OR (old.outcome = new.outcome AND old.link_key = new.link_key))
           WHERE new.id IN (SELECT value FROM json_each(?1)) AND new.feed_id = ?2
           AND old.draft IS NULL AND old.decided_at IS NULL AND old.seen_at < ?3
           AND EXISTS (SELECT 1 FROM entries AS first WHERE first.feed_id = old.feed_id
               AND first.title_key = old.title_key AND first.paper_id IS old.paper_id
               AND first.id < old.id)""",
        [json.dumps([*entry_ids]), feed_id, timestamps.to_text(before)],
    )
    forgotten = [row["id"] for row in rows if row["key"] not in present]
    await db.run(
        "DELETE FROM entries WHERE id IN (SELECT value FROM json_each(?))", [json.dumps(forgotten)]
    )


async def usual_number(db: Connection, feed_id: int) -> int | None:
    """Returns the most new papers that a feed brought at once recently, or None if it never has.

    Its first check counts until there were three others, and what was held once it is accepted.
    """
    rows = await db.all(
        """SELECT COUNT(*) AS number, seen_at > first_polled_at AS is_later
           FROM entries JOIN feeds ON feeds.id = feed_id
           WHERE feed_id = ? AND (outcome = 'added'
               OR (outcome IN ('review', 'declined') AND NOT is_held))
           GROUP BY seen_at ORDER BY seen_at DESC LIMIT 20""",
        [feed_id],
    )
    later = [row["number"] for row in rows if row["is_later"]]
    numbers = later if len(later) >= _MIN_HISTORY else [row["number"] for row in rows]
    return max(numbers, default=None)


async def held_ids(db: Connection, feed_id: int) -> list[int]:
    """Returns the entries of a followed feed that are held for a decision, in order."""
    rows = await db.all(
        """SELECT entries.id FROM entries JOIN feeds ON feeds.id = feed_id
           WHERE feed_id = ? AND is_held AND outcome = 'review' AND removed_at IS NULL
           ORDER BY entries.id""",
        [feed_id],
    )
    return [row["id"] for row in rows]


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
    db: Connection,
    feed_id: int,
    entry: Entry,
    result: UpsertResult,
    now: datetime,
    *,
    is_held: bool = False,
) -> int:
    """Records an entry and what became of it; returns its id.

    The draft is kept while a moderator has to decide about it. An entry that ``is_held`` waits for
    a decision about all such entries of its feed.
    """
    draft = entry.draft
    is_pending = result.outcome in {Outcome.DUPLICATE, Outcome.REVIEW}
    return await db.insert(
        """INSERT INTO entries (feed_id, key, title_key, link_key, outcome, paper_id, draft,
                                seen_at, is_held, notice)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            feed_id,
            entry.key,
            fold(draft.title),
            _link_key(draft),
            result.outcome,
            result.paper.id if result.paper else None,
            draft_to_text(draft) if is_pending else None,
            timestamps.to_text(now),
            is_held and result.outcome is Outcome.REVIEW,
            entry.notice.kind if entry.notice else "",
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


async def wait_alone(db: Connection, entry_id: int, paper_id: int | None) -> None:
    """Lets a held entry wait for a decision of its own, perhaps as a possible duplicate."""
    outcome = Outcome.REVIEW if paper_id is None else Outcome.DUPLICATE
    await db.run(
        "UPDATE entries SET outcome = ?, paper_id = ?, is_held = 0 WHERE id = ?",
        [outcome, paper_id, entry_id],
    )


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
        is_held=bool(row["is_held"]),
        notice=NoticeKind(row["notice"]) if row["notice"] else None,
    )


def _link_key(draft: PaperDraft) -> str:
    return (canonical_url(draft.links[0].url) or "") if draft.links else ""


async def _read_pending(db: Connection, row: Row) -> PendingEntry:
    (draft,) = await former_names.with_current_names(db, [draft_from_text(row["draft"])])
    return PendingEntry(
        id=row["id"],
        feed_id=row["feed_id"],
        draft=draft,
        paper_id=row["paper_id"],
        was_first_poll=bool(row["was_first_poll"]),
    )
