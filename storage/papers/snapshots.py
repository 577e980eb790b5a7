"""Snapshots of papers for the audit log, and papers' details as JSON and back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, TypeAlias

from storage import publication as publications
from storage.connection import Connection
from storage.models import (
    Link,
    LinkKind,
    Paper,
    PaperDetails,
    PaperDraft,
    PartialDate,
    details_of,
)

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaperSnapshot(PaperDetails):
    """Everything about a paper that a change can change, at one time.

    Names are as credited, also those that are shown differently now. ``locked_fields`` is None in
    snapshots of earlier versions, which didn't record them.
    """

    is_removed: bool = False
    locked_fields: frozenset[str] | None = None


async def take_snapshot(db: Connection, paper: Paper) -> PaperSnapshot:
    """Returns a snapshot of a paper that was loaded just now."""
    row = await db.one(
        """SELECT (SELECT json_group_array(name) FROM (
                       SELECT name FROM credits JOIN names ON names.id = name_id
                       WHERE paper_id = ?1 ORDER BY position)) AS authors,
                  (SELECT json_group_array(field) FROM locked_fields
                   WHERE paper_id = ?1) AS locked_fields""",
        [paper.id],
    )
    details = details_of(paper)
    locked_fields: frozenset[str] = frozenset()
    if row is not None:
        details["authors"] = tuple(json.loads(row["authors"]))
        locked_fields = frozenset(json.loads(row["locked_fields"]))
    return PaperSnapshot(
        **details, is_removed=paper.removed_at is not None, locked_fields=locked_fields
    )


def snapshot_to_json(snapshot: PaperSnapshot) -> Json:
    """Returns a snapshot as JSON values; `snapshot_from_json` reads it back."""
    values = details_to_json(snapshot) | {"removed": snapshot.is_removed}
    if snapshot.locked_fields is not None:
        values["locked"] = sorted(snapshot.locked_fields)
    return values


def snapshot_from_json(values: Json) -> PaperSnapshot:
    """Returns the snapshot that `snapshot_to_json` made these values of."""
    return PaperSnapshot(
        **_details(values),
        is_removed=values["removed"],
        locked_fields=frozenset(values["locked"]) if "locked" in values else None,
    )


def details_to_json(paper: PaperDetails) -> Json:
    """Returns a paper's details as JSON values."""
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
        "publication": publications.to_json(paper.publication),
        **({"collectives": list(paper.collectives)} if paper.collectives else {}),
        **({"venue_undated": True} if paper.venue_undated else {}),
    }


def differences_to_json(before: PaperDetails, after: PaperDetails) -> dict[str, Json]:
    """Returns the fields that differ by name, each with its JSON values before and after."""
    old, new = details_to_json(before), details_to_json(after)
    return {
        name: {"before": old.get(name), "after": new.get(name)}
        for name in dict.fromkeys([*old, *new])
        if old.get(name) != new.get(name)
    }


def draft_to_text(draft: PaperDraft) -> str:
    """Returns a draft as the JSON text that a row keeps while the draft waits for a moderator."""
    return json.dumps(details_to_json(draft), ensure_ascii=False)


def draft_from_text(text: str) -> PaperDraft:
    """Returns the draft that `draft_to_text` made a text of."""
    return PaperDraft(**_details(json.loads(text)))


def _details(values: Json) -> dict[str, Any]:
    """Returns the fields of `PaperDetails` from JSON values."""
    return {
        "title": values["title"],
        "authors": tuple(values["authors"]),
        "authors_complete": values["authors_complete"],
        "abstract": values["abstract"],
        "venue": values["venue"],
        "date": PartialDate.parse(values["date"]) if values["date"] else None,
        "identifiers": tuple(values["identifiers"]),
        "links": tuple(Link(LinkKind(kind), url) for kind, url in values["links"]),
        "note": values["note"],
        "tags": tuple(values["tags"]),
        "posted_by": values["posted_by"],
        # Earlier versions didn't record it.
        "publication": publications.from_json(values.get("publication", {})),
        "collectives": tuple(values.get("collectives", ())),
        "venue_undated": values.get("venue_undated", False),
    }
