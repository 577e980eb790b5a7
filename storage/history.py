"""SQL of the record of changes, and papers as the plain values that it keeps.

Taking a change back is in `undoing`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from storage import bylines, moments
from storage.database import Connection, Database, Value
from storage.records import Actor, Change, Link, LinkKind, Paper, PaperDraft, PartialDate


class History:
    """Reading what was changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_paper(self, paper_id: int) -> tuple[Change, ...]:
        """Every change to a paper, oldest first."""
        async with self._database.reading() as db:
            return await _changes(db, "changes.paper_id = ?", [paper_id])

    async def last_of(self, paper_id: int, actor: Actor) -> Change | None:
        """The last change to a paper, where this actor made it and nobody undid it."""
        changes = await self.of_paper(paper_id)
        last = changes[-1] if changes else None
        return last if last and last.actor.key == actor.key and not last.is_undone else None

    async def of_person(self, name: str) -> tuple[Change, ...]:
        """Every decision about the person shown by this name, oldest first."""
        async with self._database.reading() as db:
            return await _changes(db, "names.name = ?", [name])


async def find(db: Connection, change_id: int) -> Change | None:
    """The change with this number."""
    return next(iter(await _changes(db, "changes.id = ?", [change_id])), None)


async def is_built_on(db: Connection, change: Change) -> bool:
    """Whether a paper was changed again since, by what still stands."""
    return bool(
        await db.value(
            """SELECT EXISTS (SELECT 1 FROM changes AS later
                WHERE later.paper_id = ?1 AND later.id > ?2
                AND COALESCE(later.undoes, 0) <= ?2
                AND NOT EXISTS (SELECT 1 FROM changes WHERE undoes = later.id))""",
            [change.paper_id, change.id],
        )
    )


async def joined_papers(db: Connection, change: Change) -> bool:
    """Whether a change to a paper was made by making two papers one."""
    return change.action == "merge" or bool(
        await db.value(
            "SELECT action = 'merge' AND paper_id IS NOT NULL AND at = ? FROM changes WHERE id = ?",
            [moments.to_text(change.at), change.id - 1],
        )
    )


async def record(
    db: Connection,
    at: datetime,
    actor: Actor,
    action: str,
    before: Paper | None,
    after: Paper,
    *,
    undoes: int | None = None,
) -> int:
    """Write down one change to a paper, in the transaction that makes it; gives its number."""
    return await db.insert(
        """INSERT INTO changes (at, actor, actor_name, action, paper_id, before, after, undoes)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            moments.to_text(at),
            actor.key,
            actor.name,
            action,
            after.id,
            json.dumps(snapshot(before) if before else {}, ensure_ascii=False),
            json.dumps(snapshot(after), ensure_ascii=False),
            undoes,
        ],
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
    """The same for a decision about the person shown by a name, which is known."""
    return await db.insert(
        """INSERT INTO changes (at, actor, actor_name, action, name_id, before, after, undoes)
           SELECT ?, ?, ?, ?, id, ?, ?, ? FROM names WHERE name = ?""",
        [
            moments.to_text(at),
            actor.key,
            actor.name,
            action,
            json.dumps(before, ensure_ascii=False),
            json.dumps(after, ensure_ascii=False),
            undoes,
            name,
        ],
    )


async def record_added(db: Connection, at: datetime, actor: Actor, papers: Sequence[Paper]) -> None:
    """Write down that papers were added; what they said then, the next change tells."""
    written = (moments.to_text(at), actor.key, actor.name)
    await db.run_many(
        """INSERT INTO changes (at, actor, actor_name, action, paper_id, before, after)
           VALUES (?, ?, ?, 'add', ?, '{}', '{}')""",
        [(*written, paper.id) for paper in papers],
    )


def snapshot(paper: Paper | PaperDraft) -> dict[str, object]:
    """What a source describes of a paper, as plain values; `restored_draft` reads it back."""
    return {
        "title": paper.title,
        "authors": list(paper.authors),
        "authors_complete": paper.authors_complete,
        "abstract": paper.abstract,
        "venue": paper.venue,
        "date": str(paper.date) if paper.date else None,
        "identifiers": list(paper.identifiers),
        "links": [[link.kind.value, link.url] for link in paper.links],
        "note": paper.note,
        "tags": list(paper.tags),
        "posted_by": paper.posted_by,
        "removed": isinstance(paper, Paper) and paper.removed_at is not None,
    }


def restored_draft(values: dict[str, Any]) -> PaperDraft:
    """The draft that a snapshot was made of."""
    return PaperDraft(
        title=values["title"],
        authors=tuple(values["authors"]),
        authors_complete=values["authors_complete"],
        abstract=values["abstract"],
        venue=values["venue"],
        date=PartialDate.parse(values["date"]) if values["date"] else None,
        identifiers=tuple(values["identifiers"]),
        links=tuple(Link(LinkKind(kind), url) for kind, url in values["links"]),
        note=values["note"],
        tags=tuple(values["tags"]),
        posted_by=values["posted_by"],
    )


async def _changes(db: Connection, condition: str, values: Sequence[Value]) -> tuple[Change, ...]:
    """Changes, oldest first; what papers said of people, by the names to show."""
    rows = await db.all(
        f"""SELECT changes.*, names.name, later.id IS NOT NULL AS is_undone FROM changes
            LEFT JOIN names ON names.id = changes.name_id
            LEFT JOIN changes AS later ON later.undoes = changes.id
            WHERE {condition} ORDER BY changes.id""",  # noqa: S608 - constants
        values,
    )
    found = [
        Change(
            id=row["id"],
            at=moments.from_text(row["at"]),
            actor=Actor(row["actor"], row["actor_name"]),
            action=row["action"],
            paper_id=row["paper_id"],
            name=row["name"],
            before=json.loads(row["before"]),
            after=json.loads(row["after"]),
            undoes=row["undoes"],
            is_undone=bool(row["is_undone"]),
        )
        for row in rows
    ]
    papers = [said for change in found for said in (change.before, change.after)]
    shown = await bylines.shown(
        db, {name for said in papers for name in said.get("authors", ()) if isinstance(name, str)}
    )
    return tuple(
        replace(
            change, before=_with_names(change.before, shown), after=_with_names(change.after, shown)
        )
        for change in found
    )


def _with_names(said: dict[str, Any], shown: dict[str, str]) -> dict[str, Any]:
    if not shown or not isinstance(said.get("authors"), list):
        return said
    return {**said, "authors": [shown.get(name, name) for name in said["authors"]]}
