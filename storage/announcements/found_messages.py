"""SQL of the messages that were sent between a backup and its restore, and found in their channels.

The restored database doesn't know them. Once something is to be announced that such a message
shows already, the message becomes that of its post, and nothing is sent.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage import timestamps
from storage.announcements.destinations import Destinations
from storage.announcements.message_keys import (
    are_same,
    event_key,
    message_keys,
    split_keys,
    text_key,
)
from storage.announcements.models import PostKind
from storage.connection import Connection, Row
from storage.papers import queries as paper_queries
from storage.papers.snapshots import draft_from_text

_PAPERS = (PostKind.PAPER, PostKind.DIGEST)


@dataclass(frozen=True, slots=True)
class FoundPart:
    """One paper, entry, suggestion, report, claim or notice in a message.

    ``row_id`` is the id of a paper or entry if the restored database has it, and ``keys`` are the
    joined keys.
    """

    row_id: int | None
    keys: str = ""


@dataclass(frozen=True, slots=True)
class FoundMessage:
    """A message of the bot in a channel, with what it shows."""

    message_id: int
    kind: PostKind
    parts: tuple[FoundPart, ...]


@dataclass(frozen=True, slots=True)
class UncheckedDestination:
    """A channel or user whose history has to be read, for the generations after a number."""

    id: int
    is_user: bool
    generation_number: int


class FoundMessages(Destinations):
    """Keeps what was found in the history of channels after a restore."""

    async def record_history(self, destination_id: int, found: Sequence[FoundMessage]) -> None:
        """Records the messages of the lost time in a destination, which may be sent to from now on.

        Messages of posts that the database knows are left out.
        """
        async with self._database.transaction() as db:
            known = {
                row["message_id"]
                for row in await db.all(
                    """SELECT message_id FROM posts
                       WHERE message_id IN (SELECT value FROM json_each(?1))
                       UNION SELECT message_id FROM found_messages
                       WHERE message_id IN (SELECT value FROM json_each(?1))""",
                    [json.dumps([message.message_id for message in found])],
                )
            }
            await db.run_many(
                """INSERT INTO found_messages (destination_id, message_id, kind, row_id, keys)
                   VALUES (?, ?, ?, ?, ?)""",
                [
                    (destination_id, message.message_id, message.kind, part.row_id, part.keys)
                    for message in sorted(found, key=lambda one: one.message_id)
                    if message.message_id not in known
                    for part in message.parts
                ],
            )
            await db.run(
                """INSERT INTO checked_destinations (destination_id, generation_id)
                   SELECT ?, MAX(id) FROM generations WHERE true ON CONFLICT (destination_id)
                   DO UPDATE SET generation_id = excluded.generation_id""",
                [destination_id],
            )


async def adopt_found_messages(db: Connection, now: datetime) -> None:
    """Makes found messages those of the unsent posts and announcements that they show."""
    rows = await db.all("SELECT * FROM found_messages ORDER BY destination_id, id")
    for destination_id, group in itertools.groupby(rows, lambda row: int(row["destination_id"])):
        found = list(group)
        await _adopt_announcements(
            db, destination_id, [row for row in found if row["kind"] in _PAPERS], now
        )
        await _adopt_posts(
            db, destination_id, [row for row in found if row["kind"] not in _PAPERS], now
        )


async def _adopt_announcements(
    db: Connection, channel_id: int, found: Sequence[Row], now: datetime
) -> None:
    waiting = found and await db.all(
        """SELECT id, paper_id FROM announcements
           WHERE channel_id = ?1 AND NOT is_filtered_out AND (post_id IS NULL OR post_id IN (
               SELECT id FROM posts WHERE destination_id = ?1 AND state <> 'sent'))
           ORDER BY id""",
        [channel_id],
    )
    if not waiting:
        return
    papers = {
        paper.id: message_keys(paper)
        for paper in await paper_queries.load(db, [row["paper_id"] for row in waiting])
    }
    left = {
        part: part["row_id"] and await paper_queries.current_id(db, part["row_id"])
        for part in found
    }
    adopted: list[tuple[int, Row]] = []  # announcements, with the part of a message that is theirs
    for row in waiting:
        part = _find_part(left, row["paper_id"], papers[row["paper_id"]])
        if part is not None:
            del left[part]
            adopted.append((row["id"], part))
    for message_id in dict.fromkeys(part["message_id"] for _, part in adopted):
        parts = [(one, part) for one, part in adopted if part["message_id"] == message_id]
        post_id = await _message_post(db, channel_id, parts[0][1], now)
        await db.run_many(
            "UPDATE announcements SET post_id = ? WHERE id = ?",
            [(post_id, announcement_id) for announcement_id, _ in parts],
        )
        await _forget(db, [part for _, part in parts])
        # A digest is drawn again, with the ids of this generation, once it is complete.
        await db.run(
            """UPDATE posts SET revision = revision + 1 WHERE id = ?
               AND NOT EXISTS (SELECT 1 FROM found_messages WHERE message_id = ?)""",
            [post_id, message_id],
        )
    if adopted:
        await db.run(
            """DELETE FROM posts WHERE destination_id = ? AND state <> 'sent'
               AND kind IN ('paper', 'digest')
               AND NOT EXISTS (SELECT 1 FROM announcements WHERE post_id = posts.id)""",
            [channel_id],
        )


async def _message_post(db: Connection, channel_id: int, part: Row, now: datetime) -> int:
    """Returns the post of a found message, after inserting it if there is none yet."""
    post_id = await db.value("SELECT id FROM posts WHERE message_id = ?", [part["message_id"]])
    if post_id is not None:
        return int(post_id)
    return await db.insert(
        """INSERT INTO posts (destination_id, kind, state, created_at, sent_at, message_id,
                              thread_due, publish_due)
           SELECT ?1, ?2, 'sent', ?3, ?3, ?4, IFNULL(MAX(has_thread), 0), IFNULL(MAX(publishes), 0)
           FROM subscriptions WHERE channel_id = ?1""",
        [channel_id, part["kind"], timestamps.to_text(now), part["message_id"]],
    )


async def _adopt_posts(
    db: Connection, destination_id: int, found: Sequence[Row], now: datetime
) -> None:
    waiting = found and await db.all(
        """SELECT posts.*, IFNULL(entries.draft, found_papers.draft) AS draft,
               COALESCE(suggested_at, reported_at, account_claims.claimed_at) AS asked_at,
               COALESCE(suggestions.member_id, reports.member_id, account_claims.member_id)
                   AS member_id
           FROM posts LEFT JOIN entries ON entries.id = entry_id
           LEFT JOIN suggestions ON suggestions.id = suggestion_id
           LEFT JOIN reports ON reports.id = report_id
           LEFT JOIN found_papers ON found_papers.id = posts.found_paper_id
           LEFT JOIN account_claims ON account_claims.id = posts.claim_id
           WHERE destination_id = ? AND state <> 'sent' AND kind NOT IN ('paper', 'digest')
           ORDER BY posts.id""",
        [destination_id],
    )
    left = {part: part["row_id"] for part in found}
    for row in waiting:
        of_kind = {part: row_id for part, row_id in left.items() if part["kind"] == row["kind"]}
        row_id = row["entry_id"] or row["found_paper_id"]
        part = _find_part(of_kind, row_id, _post_keys(row))
        if part is None:
            continue
        del left[part]
        await db.run(
            """UPDATE posts SET state = 'sent', message_id = ?, sent_at = ?, revision = revision + 1
               WHERE id = ?""",
            [part["message_id"], timestamps.to_text(now), row["id"]],
        )
        await db.run("DELETE FROM refused_posts WHERE post_id = ?", [row["id"]])
        await _forget(db, [part])


def _post_keys(row: Row) -> tuple[str, ...]:
    """Returns the keys of what a post is about, as its message would have them."""
    if row["kind"] in {PostKind.REVIEW, PostKind.FOUND}:
        return message_keys(draft_from_text(row["draft"])) if row["draft"] else ()
    if row["is_about_found"]:
        return (text_key(row["notice"]),)
    if row["kind"] == PostKind.NOTICE:
        return (event_key(row["notice"], timestamps.from_text(row["created_at"])),)
    return (event_key(row["member_id"], timestamps.from_text(row["asked_at"])),)


def _find_part(
    parts: Mapping[Row, int | None], row_id: int | None, keys: Sequence[str]
) -> Row | None:
    """Returns the first part that is of a row, or None; the parts come with the ids they name."""
    for part, named_id in parts.items():
        if named_id is not None and named_id == row_id:
            return part
    for part, named_id in parts.items():
        if named_id is None and are_same(split_keys(part["keys"]), keys):
            return part
    return None


async def _forget(db: Connection, parts: Sequence[Row]) -> None:
    await db.run_many("DELETE FROM found_messages WHERE id = ?", [(part["id"],) for part in parts])
