"""A paper as the plain values that the audit log keeps of it, and back again."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

from storage.database import Connection
from storage.models import Link, LinkKind, Paper, PaperDetails, PaperDraft, PartialDate

# A paper's fields as plain values, with `locked`: the fields that no feed overwrites.
State: TypeAlias = dict[str, Any]


async def state(db: Connection, paper: Paper) -> State:
    """Everything that a change to a paper may change, with the names as they are credited."""
    row = await db.one(
        """SELECT (SELECT json_group_array(name) FROM (
                       SELECT name FROM credits JOIN names ON names.id = name_id
                       WHERE paper_id = ?1 ORDER BY position)) AS authors,
                  (SELECT json_group_array(field) FROM (
                       SELECT field FROM locked_fields WHERE paper_id = ?1 ORDER BY field)
                  ) AS locked""",
        [paper.id],
    )
    kept = {name: json.loads(row[name]) for name in ("authors", "locked")} if row else {}
    return {**snapshot(paper), **kept}


def snapshot(paper: PaperDetails) -> State:
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


def restored_draft(values: State) -> PaperDraft:
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
