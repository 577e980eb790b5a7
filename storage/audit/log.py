"""SQL that writes changes to the audit log; reading it is in `queries`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage import timestamps
from storage.audit.models import ChangeTarget
from storage.database import Connection
from storage.models import Actor, Paper
from storage.papers.snapshots import State, state


@dataclass(slots=True)
class ChangeSet:
    """What somebody does at once, in one transaction: one change, and one undo.

    Its first change heads the others; a bulk one is headed by a change without a paper, which
    ``close`` tells what it came to. ``change_id`` is none while nothing changed.
    """

    db: Connection
    actor: Actor
    at: datetime
    is_bulk: bool = False
    change_id: int | None = None

    async def record(
        self, action: str, before: State, after: Paper, *, moved: Mapping[str, Any] | None = None
    ) -> None:
        """Write down one change to a paper that was made just now."""
        said = await state(self.db, after)
        if moved is not None:
            said["into"] = moved["into"]
        await self._begin()
        number = await self.db.insert(
            """INSERT INTO changes
                   (at, actor, actor_name, action, paper_id, before, after, moved, part_of)
               VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
            [
                *(timestamps.to_text(self.at), self.actor.key, self.actor.name, action, after.id),
                *(_text(before), _text(said), _text(moved) if moved is not None else None),
                self.change_id,
            ],
        )
        self.change_id = self.change_id or number

    async def record_added(self, papers: Sequence[Paper]) -> None:
        """Write down that papers were added; what they said then, the next change tells.

        Several at once are added in bulk alone.
        """
        await self._begin()
        values = [timestamps.to_text(self.at), self.actor.key, self.actor.name]
        sql = """INSERT INTO changes
                     (at, actor, actor_name, action, paper_id, before, after, part_of)
                 VALUES (?, ?, ?, 'add', ?, '{}', '{}', ?)"""
        if self.change_id is None:
            self.change_id = await self.db.insert(sql, [*values, papers[0].id, None])
        else:
            await self.db.run_many(sql, [(*values, one.id, self.change_id) for one in papers])

    async def record_resolution(self, resolution: Mapping[str, Any], said: State) -> int:
        """Write down that a moderator decided what waited; gives the number of the whole.

        ``said`` is what the log shows of it where the list itself was not changed.
        """
        if self.change_id is None:
            self.change_id = await self.db.insert(
                """INSERT INTO changes (at, actor, actor_name, action, before, after)
                   VALUES (?, ?, ?, 'review', '{}', ?)""",
                [timestamps.to_text(self.at), self.actor.key, self.actor.name, _text(said)],
            )
        await self.db.run(
            "UPDATE changes SET resolution = ? WHERE id = ?", [_text(resolution), self.change_id]
        )
        return self.change_id

    async def close(self, came_to: Mapping[str, int]) -> None:
        """Write down what a bulk change came to, where anything changed."""
        await self.db.run(
            "UPDATE changes SET after = ? WHERE id = ?", [_text(came_to), self.change_id]
        )

    async def _begin(self) -> None:
        if self.is_bulk and self.change_id is None:
            self.change_id = await self.db.insert(
                """INSERT INTO changes (at, actor, actor_name, action, before, after)
                   VALUES (?, ?, ?, 'import', '{}', '{}')""",
                [timestamps.to_text(self.at), self.actor.key, self.actor.name],
            )


async def record_decision(
    db: Connection,
    at: datetime,
    actor: Actor,
    action: str,
    name: str,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    undoes: int | None = None,
) -> int:
    """Write down a decision about the person shown by a name, which is known; gives its number."""
    return await db.insert(
        """INSERT INTO changes (at, actor, actor_name, action, name_id, before, after, undoes)
           SELECT ?, ?, ?, ?, id, ?, ?, ? FROM names WHERE name = ?""",
        [
            *(timestamps.to_text(at), actor.key, actor.name, action),
            *(_text(before), _text(after), undoes, name),
        ],
    )


async def record_arrangement(
    db: Connection,
    at: datetime,
    actor: Actor,
    action: str,
    about: ChangeTarget,
    before: State,
    after: State,
    *,
    undoes: int | None = None,
) -> int:
    """Write down that a feed or a channel was arranged otherwise; gives the change's number."""
    return await db.insert(
        """INSERT INTO changes (at, actor, actor_name, action, feed_id, guild_id, channel_id,
               before, after, undoes)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            *(timestamps.to_text(at), actor.key, actor.name, action),
            *(about.feed_id, about.guild_id, about.channel_id),
            *(_text(before), _text(after), undoes),
        ],
    )


async def record_undo(
    db: Connection,
    at: datetime,
    actor: Actor,
    undoes: int,
    paper_id: int | None,
    before: State,
    after: State,
) -> int:
    """Write down that a change to papers was taken back; gives the number of the undo."""
    return await db.insert(
        """INSERT INTO changes (at, actor, actor_name, action, paper_id, before, after, undoes)
           VALUES (?, ?, ?, 'undo', ?, ?, ?, ?)""",
        [
            *(timestamps.to_text(at), actor.key, actor.name),
            *(paper_id, _text(before), _text(after), undoes),
        ],
    )


def _text(values: Mapping[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False)
