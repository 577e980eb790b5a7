"""Everything that a catalogue's tables hold, to be compared with a model or with a former state."""

from __future__ import annotations

import json
from typing import Any

from storage.library import Library
from storage.models import PaperDraft
from storage.papers.combine import normal
from storage.search.query import parse
from tests.support.library_model import Listed


def told(one: Listed) -> str:
    return json.dumps(
        [repr(normal(one.draft)), sorted(one.locked), one.is_removed, one.became], indent=0
    )


async def everything(library: Library) -> dict[str, Any]:
    """What the tables hold of papers that are there, or are known to have gone."""
    async with library._database.reading() as db:
        papers = await db.all("SELECT * FROM papers WHERE NOT is_undone ORDER BY id")
        listed: dict[int, Any] = {}
        for row in papers:
            (paper,) = await library.papers.load([row["id"]])
            credited = await db.all(
                """SELECT name FROM credits JOIN names ON names.id = name_id
                   WHERE paper_id = ? ORDER BY position""",
                [paper.id],
            )
            locked = await db.all("SELECT field FROM locked_fields WHERE paper_id = ?", [paper.id])
            draft = PaperDraft(
                *(paper.title, tuple(one["name"] for one in credited)),
                *(paper.authors_complete, paper.abstract, paper.venue, paper.date),
                *(paper.identifiers, paper.links, paper.note, paper.tags, paper.posted_by),
            )
            listed[paper.id] = told(
                Listed(
                    draft,
                    frozenset(one["field"] for one in locked),
                    paper.removed_at is not None,
                    row["merged_into_id"],
                )
            )
        owners = await db.all("SELECT identifier, paper_id FROM identifiers")
        announced = await db.all(
            """SELECT paper_id, channel_id, post_id FROM announcements
               JOIN papers ON papers.id = paper_id WHERE NOT is_undone ORDER BY 1, 2"""
        )
        counts = [
            sorted(map(tuple, await db.all(f"SELECT * FROM {table} WHERE papers > 0")))
            for table in ("venue_counts", "tag_counts", "words")
        ]
        indexed = [row[0] for row in await db.all("SELECT rowid FROM paper_text ORDER BY 1")]
        aliases = await db.all("SELECT * FROM aliases ORDER BY 1")
    found = {}
    for query in ("tag:nlp", "tag:maths", "tag:code", "wisdom", "folly", "subject",
                  'author:"ann former"', 'author:"bo chen"'):  # fmt: skip
        answer = await library.search.find(parse(query), limit=500)
        exact = not answer.searched_for
        found[query] = {paper.id for paper in answer.results.papers} if exact else set()
    return {
        "papers": listed,
        "identifiers": {row["identifier"]: row["paper_id"] for row in owners},
        "announced": [tuple(row) for row in announced],
        "counts": counts,
        "indexed": indexed,
        "aliases": [tuple(row) for row in aliases],
        "found": found,
    }
