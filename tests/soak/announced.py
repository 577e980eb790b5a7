"""Compares what the bot's database has to announce with the messages in Discord's channels."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from storage.announcements.message_keys import are_same, message_keys, split_keys
from storage.library import open_library
from tests.faults.interactive_discord import DIGEST, SentMessage
from tests.soak.feed_site import mark
from tests.soak.verdict import Announced, Announcements, judge_announcements
from tests.soak.world import STABLE_CHANNELS

_MARK = re.compile(r"\bS\d{5}\b")
_KEYS = re.compile(r"announced:\d+(?:@[0-9a-f]+)?~([\w.-]+)")


@dataclass(frozen=True)
class Comparison:
    """What was lost or announced twice.

    ``required`` counts the papers that any channel must have, and ``excused`` those of feeds that
    needn't be announced, because somebody removed or merged them.
    """

    announcements: Announcements
    required: int
    excused: int


async def compare(
    database: Path, published: Iterable[int], sent: Sequence[SentMessage], forgotten: Set[int]
) -> Comparison:
    """Compares what has to be announced with the messages.

    ``published`` are the numbers of the papers of feeds that are always followed, and ``forgotten``
    the ids of messages that were deleted before a restore.
    """
    with closing(_open(database)) as db:
        rows = db.execute("SELECT id, title, removed_at IS NULL FROM papers").fetchall()
        waiting = db.execute(
            """SELECT channel_id, paper_id, post_id IS NULL, is_filtered_out
               FROM announcements"""
        ).fetchall()
    marks = {paper_id: found[0] for paper_id, title, _ in rows if (found := _MARK.search(title))}
    removed = Counter(
        marks[paper_id] for paper_id, _, is_kept in rows if not is_kept and paper_id in marks
    )
    kept = {marks[paper_id] for paper_id, _, is_kept in rows if is_kept and paper_id in marks}
    known = {*marks.values()}
    expected = {mark(number) for number in published}
    required = {
        channel_id: {one for one in expected if one in kept or one not in known}
        for channel_id in STABLE_CHANNELS
    }
    for channel_id, paper_id, is_waiting, is_filtered_out in waiting:
        if channel_id not in required or paper_id not in marks:
            continue
        if is_filtered_out or (is_waiting and channel_id == DIGEST):
            required[channel_id].discard(marks[paper_id])
        elif marks[paper_id] in kept:
            required[channel_id].add(marks[paper_id])
    return Comparison(
        judge_announcements(
            required,
            await _read_messages(database, sent),
            forgotten,
            {name: count + (name in kept) for name, count in removed.items()},
        ),
        required=len(set().union(*required.values())),
        excused=len(expected & (known - kept)),
    )


def find_feeds_with_held_entries(database: Path) -> list[str]:
    """Returns the titles of feeds whose entries wait for a moderator's decision."""
    with closing(_open(database)) as db:
        rows = db.execute(
            """SELECT DISTINCT feeds.title FROM feeds JOIN entries ON feed_id = feeds.id
               WHERE is_held AND outcome = 'review' AND removed_at IS NULL"""
        )
        return [row[0] for row in rows]


def _open(database: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{database}?mode=ro", uri=True)


async def _read_messages(database: Path, sent: Iterable[SentMessage]) -> list[Announced]:
    """Returns the papers of each message, also those that a digest doesn't show."""
    messages = [one for one in sent if _is_announcement(one)]
    hidden = [
        (one, [split_keys(group) for group in groups])
        for one in messages
        if (groups := _hidden_keys(one))
    ]
    keys: dict[str, tuple[str, ...]] = {}
    if hidden:
        async with open_library(database, lambda: datetime.now(UTC)) as library:
            after = 0
            while batch := await library.papers.batch(after=after):
                after = batch[-1].id
                for paper in batch:
                    if found := _MARK.search(paper.title):
                        keys[found[0]] = message_keys(paper, 100)
    by_message = {
        one.message_id: {
            name for group in groups for name, known in keys.items() if are_same(group, known)
        }
        for one, groups in hidden
    }
    return [
        Announced(
            one.channel_id,
            one.message_id,
            frozenset(_shown_marks(one) | by_message.get(one.message_id, set())),
        )
        for one in messages
    ]


def _is_announcement(message: SentMessage) -> bool:
    return "announced:" in json.dumps(message.components)


def _shown_marks(message: SentMessage) -> set[str]:
    return set(_MARK.findall(json.dumps(message.components)))


def _hidden_keys(message: SentMessage) -> list[str]:
    """Returns the keys of the papers that a digest doesn't show."""
    found = _KEYS.findall(json.dumps(message.components))
    return [group for keys in found for group in keys.split(".")[1:]]
