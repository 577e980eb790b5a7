"""SQL that writes papers with all that hangs on them; reading them is in `papers`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace as replaced
from datetime import datetime

from storage import bylines, index, moments
from storage.completion import as_paper
from storage.database import Connection
from storage.fulltext import fold
from storage.pace import beside
from storage.papers import last_number, load
from storage.records import Actor, Origin, Paper, PaperDraft

_COLUMNS = "title, title_key, abstract, authors_complete, venue, date, note, posted_by, place"


async def insert(
    db: Connection, drafts: Sequence[PaperDraft], origin: Origin, actor: Actor, at: datetime
) -> tuple[Paper, ...]:
    """Add papers with all that hangs on them, in a constant number of statements."""
    last = await last_number(db)
    numbered = list(enumerate(drafts, start=last + 1))
    came = (origin, moments.to_text(at), actor.key, actor.name)

    def rows(numbered: Sequence[tuple[int, PaperDraft]]) -> list[tuple[str | int | None, ...]]:
        return [
            (paper_id, *_values(draft, index.place(paper_id, draft.date, at)), *came)
            for paper_id, draft in numbered
        ]

    def made(numbered: Sequence[tuple[int, PaperDraft]]) -> tuple[Paper, ...]:
        return tuple(as_paper(draft, at, paper_id, origin, actor) for paper_id, draft in numbered)

    await db.run_many(
        f"""INSERT INTO papers (id, {_COLUMNS}, origin, created_at, created_by, created_by_name)
            VALUES ({", ".join("?" * 14)})""",  # noqa: S608 - constants
        await beside(rows, numbered),
    )
    await bylines.insert(db, [(paper_id, draft.authors) for paper_id, draft in numbered])
    await _insert_parts(db, numbered)
    await _index(db, [(n, index.place(n, draft.date, at), draft) for n, draft in numbered])
    return await beside(made, numbered)


async def replace(db: Connection, paper: Paper, draft: PaperDraft) -> None:
    """Make a paper of the list what the draft says, in every field."""
    await index.remove(db, _place(paper))
    at = index.place(paper.id, draft.date, paper.created_at)
    await db.run(
        """UPDATE papers SET title = ?, title_key = ?, abstract = ?, authors_complete = ?,
           venue = ?, date = ?, note = ?, posted_by = ?, place = ? WHERE id = ?""",
        [*_values(draft, at), paper.id],
    )
    for table in ("identifiers", "links", "tags"):
        await db.run(f"DELETE FROM {table} WHERE paper_id = ?", [paper.id])  # noqa: S608 - constants
    await bylines.replace(db, paper.id, draft.authors)
    await _insert_parts(db, [(paper.id, draft)])
    await _index(db, [(paper.id, at, draft)])


async def lock(db: Connection, paper_id: int, fields: Iterable[str]) -> None:
    """Keep feeds and imports from overwriting these fields."""
    await db.run_many(
        "INSERT OR IGNORE INTO locked_fields (paper_id, field) VALUES (?, ?)",
        [(paper_id, field) for field in fields],
    )


async def set_removed(db: Connection, paper: Paper, at: datetime | None) -> None:
    """Take a paper out of the list, or (``None``) put it back; its identifiers stay its own."""
    await db.run(
        "UPDATE papers SET removed_at = ? WHERE id = ?",
        [moments.to_text(at) if at else None, paper.id],
    )
    await index.remove(db, _place(paper))
    if at is None:
        await _index(db, [(paper.id, _place(paper), paper)])


async def reindex(db: Connection, paper_ids: Sequence[int]) -> None:
    """Search papers by what their people are called now; removed ones stay out of the index."""
    found = [paper for paper in await load(db, paper_ids) if paper.removed_at is None]
    for paper in found:
        await index.remove(db, _place(paper))
    await _index(db, [(paper.id, _place(paper), paper) for paper in found])
    await db.run(
        """UPDATE posts SET changes = changes + 1 WHERE id IN (
               SELECT post_id FROM announcements
               WHERE paper_id IN (SELECT value FROM json_each(?)))""",
        [json.dumps([paper.id for paper in found])],
    )


async def give_up(db: Connection, paper: Paper, kept_id: int, at: datetime) -> None:
    """Take a paper out of the list that is the same as another, which gets all that names it."""
    await set_removed(db, paper, at)
    await db.run(
        "UPDATE papers SET became_id = ? WHERE id = ? OR became_id = ?",
        [kept_id, paper.id, paper.id],
    )
    for table in ("identifiers", "entries"):
        await db.run(f"UPDATE {table} SET paper_id = ? WHERE paper_id = ?", [kept_id, paper.id])  # noqa: S608
    # A channel is told of both once: what it had stays written down, and ends what waits.
    await db.run(
        """DELETE FROM announcements WHERE paper_id = ? AND post_id IS NULL AND channel_id IN (
               SELECT channel_id FROM announcements WHERE paper_id = ? AND post_id IS NOT NULL)""",
        [kept_id, paper.id],
    )
    await db.run(
        "UPDATE OR IGNORE announcements SET paper_id = ? WHERE paper_id = ?", [kept_id, paper.id]
    )


def _place(paper: Paper) -> int:
    return index.place(paper.id, paper.date, paper.created_at)


def _values(draft: PaperDraft, at: int) -> tuple[str | int | None, ...]:
    """The values of `_COLUMNS`, in their order."""
    return (
        draft.title,
        fold(draft.title),
        draft.abstract,
        int(draft.authors_complete),
        draft.venue,
        str(draft.date) if draft.date else None,
        draft.note,
        draft.posted_by,
        at,
    )


async def _insert_parts(db: Connection, papers: Sequence[tuple[int, PaperDraft]]) -> None:
    """Add identifiers, links and tags of papers."""
    await db.run_many(
        "INSERT OR IGNORE INTO identifiers (identifier, paper_id, position) VALUES (?, ?, ?)",
        [
            (identifier, paper_id, position)
            for paper_id, draft in papers
            for position, identifier in enumerate(draft.identifiers)
        ],
    )
    await db.run_many(
        "INSERT INTO links (paper_id, position, kind, url) VALUES (?, ?, ?, ?)",
        [
            (paper_id, position, link.kind, link.url)
            for paper_id, draft in papers
            for position, link in enumerate(draft.links)
        ],
    )
    await db.run_many(
        "INSERT INTO tags (paper_id, tag) VALUES (?, ?)",
        [(paper_id, tag) for paper_id, draft in papers for tag in draft.tags],
    )


async def _index(db: Connection, papers: Sequence[tuple[int, int, PaperDraft | Paper]]) -> None:
    """Index papers, each with its number and place, by former names too."""
    former = await bylines.former(db, [paper_id for paper_id, _at, _paper in papers])
    rows: list[tuple[int, PaperDraft | Paper]] = []
    for paper_id, at, paper in papers:
        authors = dict.fromkeys([*paper.authors, *former.get(paper_id, ())])
        rows.append((at, replaced(paper, authors=tuple(authors)) if former else paper))
    await index.add(db, rows)
