"""SQL that writes the change log; `queries` reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from storage import timestamps
from storage.audit import serialization
from storage.audit.models import (
    Change,
    ChangeAction,
    ChangeKind,
    NameDecisions,
    PeopleState,
    Resolution,
    Settings,
    Transfer,
)
from storage.connection import Connection, Value
from storage.models import Actor, Outcome, Paper
from storage.papers.snapshots import PaperSnapshot, take_snapshot


@dataclass(slots=True)
class ChangeSet:
    """The changes to papers made in one transaction, which are undone together.

    The others are parts of the first one. A bulk change set starts with a change for the whole set,
    which `close` completes. ``change_id`` is None while nothing has changed.
    """

    db: Connection
    actor: Actor
    at: datetime
    is_bulk: bool = False
    bulk_action: ChangeAction = ChangeAction.IMPORT
    change_id: int | None = None

    async def record(
        self,
        action: ChangeAction,
        before: PaperSnapshot,
        after: Paper,
        *,
        transfer: Transfer | None = None,
    ) -> None:
        """Records a change to a paper that was made just now."""
        await self._begin()
        snapshot = await take_snapshot(self.db, after)
        number = await _insert(
            self.db,
            self.at,
            self.actor,
            action,
            ChangeKind.PAPER,
            paper_id=after.id,
            before=serialization.snapshot_to_text(before),
            after=serialization.snapshot_to_text(snapshot, transfer.into if transfer else None),
            moved=serialization.transfer_to_text(transfer) if transfer else None,
            part_of=self.change_id,
        )
        self.change_id = self.change_id or number

    async def record_added(self, papers: Sequence[Paper]) -> None:
        """Records that papers were added; only a bulk change set can add several.

        The details of an added paper aren't recorded here, but by the next change to it.
        """
        await self._begin()
        if self.change_id is None:
            self.change_id = await _insert(
                self.db,
                self.at,
                self.actor,
                ChangeAction.ADD,
                ChangeKind.PAPER,
                paper_id=papers[0].id,
            )
            return
        at = timestamps.to_text(self.at)
        await self.db.run_many(
            """INSERT INTO changes
                   (at, actor, actor_name, action, kind, paper_id, before, after, part_of)
               VALUES (?, ?, ?, 'add', 'paper', ?, '{}', '{}', ?)""",
            [(at, self.actor.key, self.actor.name, one.id, self.change_id) for one in papers],
        )

    async def record_resolution(self, resolution: Resolution, title: str, outcome: Outcome) -> int:
        """Records how a waiting item was resolved; returns the id of the whole change.

        The log shows the title and the outcome if the resolution changed no paper.
        """
        if self.change_id is None:
            self.change_id = await _insert(
                self.db,
                self.at,
                self.actor,
                ChangeAction.REVIEW,
                ChangeKind.REVIEW,
                after=serialization.to_text({"title": title, "outcome": outcome}),
            )
        await self.db.run(
            "UPDATE changes SET resolution = ? WHERE id = ?",
            [serialization.resolution_to_text(resolution), self.change_id],
        )
        return self.change_id

    async def record_part(self, resolution: Resolution, title: str, outcome: Outcome) -> None:
        """Records how one of many waiting items was resolved, as a part of a bulk change set."""
        await self._begin()
        await _insert(
            self.db,
            self.at,
            self.actor,
            ChangeAction.REVIEW,
            ChangeKind.REVIEW,
            after=serialization.to_text({"title": title, "outcome": outcome}),
            resolution=serialization.resolution_to_text(resolution),
            part_of=self.change_id,
        )

    async def close(self, outcomes: Mapping[Outcome, int]) -> None:
        """Records what became of the drafts of a bulk change set, if it changed anything."""
        await self.db.run(
            "UPDATE changes SET after = ? WHERE id = ?",
            [
                serialization.to_text(
                    {outcome.value: number for outcome, number in outcomes.items()}
                ),
                self.change_id,
            ],
        )

    async def _begin(self) -> None:
        if self.is_bulk and self.change_id is None:
            self.change_id = await _insert(
                self.db, self.at, self.actor, self.bulk_action, ChangeKind.IMPORT
            )


async def record_name_change(
    db: Connection,
    at: datetime,
    actor: Actor,
    action: ChangeAction,
    name_id: int,
    before: NameDecisions,
    after: NameDecisions,
) -> int:
    """Records a decision about the person who is shown by a name; returns the change's id."""
    return await _insert(
        db,
        at,
        actor,
        action,
        ChangeKind.NAME,
        name_id=name_id,
        before=serialization.decisions_to_text(before),
        after=serialization.decisions_to_text(after),
    )


async def record_settings_change(
    db: Connection,
    at: datetime,
    actor: Actor,
    action: ChangeAction,
    kind: ChangeKind,
    before: Settings,
    after: Settings,
    **target: int,
) -> int:
    """Records a change to the settings of a ``target``; returns the change's id."""
    return await _insert(
        db,
        at,
        actor,
        action,
        kind,
        before=serialization.to_text(before),
        after=serialization.to_text(after),
        **target,
    )


async def record_people_change(
    db: Connection,
    at: datetime,
    actor: Actor,
    action: ChangeAction,
    before: PeopleState,
    after: PeopleState,
) -> int:
    """Records a change to the lab's people; returns the change's id."""
    return await _insert(
        db,
        at,
        actor,
        action,
        ChangeKind.PEOPLE,
        before=serialization.people_to_text(before),
        after=serialization.people_to_text(after),
    )


async def record_undo(
    db: Connection, at: datetime, actor: Actor, undone: Change, before: str, after: str
) -> int:
    """Records that a change was undone; returns the id of the undo, which has the same target."""
    return await db.insert(
        """INSERT INTO changes (at, actor, actor_name, action, kind, paper_id, name_id, feed_id,
                                guild_id, channel_id, abbreviation_id, before, after, undoes)
           SELECT ?, ?, ?, 'undo', kind, paper_id, name_id, feed_id, guild_id, channel_id,
               abbreviation_id, ?, ?, id
           FROM changes WHERE id = ?""",
        [timestamps.to_text(at), actor.key, actor.name, before, after, undone.id],
    )


async def replace_transfer(db: Connection, change_id: int, transfer: Transfer) -> None:
    """Replaces the record of what a merge moved, after the merge is redone."""
    await db.run(
        "UPDATE changes SET moved = ? WHERE id = ?",
        [serialization.transfer_to_text(transfer), change_id],
    )


async def _insert(
    db: Connection,
    at: datetime,
    actor: Actor,
    action: ChangeAction,
    kind: ChangeKind,
    *,
    before: str = "{}",
    after: str = "{}",
    **columns: Value,
) -> int:
    values: dict[str, Any] = {
        "at": timestamps.to_text(at),
        "actor": actor.key,
        "actor_name": actor.name,
        "action": action,
        "kind": kind,
        "before": before,
        "after": after,
        **columns,
    }
    return await db.insert(
        f"""INSERT INTO changes ({", ".join(values)})
            VALUES ({", ".join("?" * len(values))})""",  # noqa: S608 - names of columns
        list(values.values()),
    )
