"""SQL of the record of changes, and papers as the plain values that it keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from storage import moments
from storage.database import Connection, Database
from storage.records import Actor, Change, Link, LinkKind, Paper, PaperDraft, PartialDate


class History:
    """Reading what was changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of_paper(self, paper_id: int) -> tuple[Change, ...]:
        """Every change to a paper, oldest first."""
        async with self._database.reading() as db:
            rows = await db.all("SELECT * FROM changes WHERE paper_id = ? ORDER BY id", [paper_id])
        return tuple(
            Change(
                id=row["id"],
                at=moments.from_text(row["at"]),
                actor=Actor(row["actor"], row["actor_name"]),
                action=row["action"],
                paper_id=row["paper_id"],
                before=json.loads(row["before"]),
                after=json.loads(row["after"]),
            )
            for row in rows
        )


async def record(
    db: Connection,
    at: datetime,
    actor: Actor,
    action: str,
    before: Paper | None,
    after: Paper,
) -> None:
    """Write down one change, in the transaction that makes it."""
    await db.run(
        """INSERT INTO changes (at, actor, actor_name, action, paper_id, before, after)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        [
            moments.to_text(at),
            actor.key,
            actor.name,
            action,
            after.id,
            json.dumps(snapshot(before) if before else {}, ensure_ascii=False),
            json.dumps(snapshot(after), ensure_ascii=False),
        ],
    )


async def record_added(db: Connection, at: datetime, actor: Actor, papers: Sequence[Paper]) -> None:
    """Write down that papers were added; what they said then, the next change tells."""
    await db.run_many(
        """INSERT INTO changes (at, actor, actor_name, action, paper_id, before, after)
           VALUES (?, ?, ?, 'add', ?, '{}', '{}')""",
        [(moments.to_text(at), actor.key, actor.name, paper.id) for paper in papers],
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
