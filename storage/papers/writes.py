"""SQL that writes papers with all that hangs on them; reading them is in `papers`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace as replaced
from datetime import datetime

from storage import timestamps
from storage.database import Connection
from storage.models import Paper, PaperDetails, PaperDraft, Provenance, details_of
from storage.papers import credits, search_index
from storage.papers.errors import IdentifierTaken
from storage.papers.queries import last_id, load, owners
from storage.papers.snapshots import PaperSnapshot
from storage.text import fold
from storage.threads import run_in_thread

_COLUMNS = "title, title_key, abstract, authors_complete, venue, date, note, posted_by, sort_key"


async def insert(
    db: Connection, drafts: Sequence[PaperDraft], provenance: Provenance
) -> tuple[Paper, ...]:
    """Add papers with all that hangs on them, in a constant number of statements."""
    last = await last_id(db)
    numbered = list(enumerate(drafts, start=last + 1))
    at, actor = provenance.created_at, provenance.created_by
    came = (provenance.origin, timestamps.to_text(at), actor.key, actor.name)

    def rows(numbered: Sequence[tuple[int, PaperDraft]]) -> list[tuple[str | int | None, ...]]:
        return [
            (paper_id, *_values(draft, search_index.sort_key(paper_id, draft.date, at)), *came)
            for paper_id, draft in numbered
        ]

    def made(numbered: Sequence[tuple[int, PaperDraft]]) -> tuple[Paper, ...]:
        return tuple(
            Paper(**details_of(draft), id=paper_id, provenance=provenance)
            for paper_id, draft in numbered
        )

    await db.run_many(
        f"""INSERT INTO papers (id, {_COLUMNS}, origin, created_at, created_by, created_by_name)
            VALUES ({", ".join("?" * 14)})""",  # noqa: S608 - constants
        await run_in_thread(rows, numbered),
    )
    await credits.insert(db, [(paper_id, draft.authors) for paper_id, draft in numbered])
    await _insert_parts(db, numbered)
    await _index(
        db, [(n, search_index.sort_key(n, draft.date, at), draft) for n, draft in numbered]
    )
    shown = await credits.with_current_names(db, drafts)
    return await run_in_thread(made, list(enumerate(shown, start=last + 1)))


async def replace(
    db: Connection,
    paper: Paper,
    draft: PaperDraft,
    credited: Mapping[str, str] | None = None,
    *,
    as_credited: bool = False,
) -> None:
    """Make a paper of the list what the draft says, in every field.

    Names are as they are shown, ``credited`` tells for which they stand, or else ``as_credited``.
    """
    await search_index.remove(db, [_sort_key(paper)])
    at = search_index.sort_key(paper.id, draft.date, paper.provenance.created_at)
    await db.run(
        """UPDATE papers SET title = ?, title_key = ?, abstract = ?, authors_complete = ?,
           venue = ?, date = ?, note = ?, posted_by = ?, sort_key = ? WHERE id = ?""",
        [*_values(draft, at), paper.id],
    )
    for table in ("identifiers", "links", "tags"):
        await db.run(f"DELETE FROM {table} WHERE paper_id = ?", [paper.id])  # noqa: S608 - constants
    await credits.replace(db, paper.id, draft.authors, credited, as_credited=as_credited)
    await _insert_parts(db, [(paper.id, draft)])
    await _index(db, [(paper.id, at, draft)])


async def identify(db: Connection, paper_id: int, identifiers: Sequence[str]) -> None:
    """Give a paper more identifiers, but those that are another's."""
    await db.run(
        """INSERT OR IGNORE INTO identifiers (identifier, paper_id, position)
           SELECT value, ?1, 1 + key + (SELECT COALESCE(MAX(position), 0) FROM identifiers
                                        WHERE paper_id = ?1) FROM json_each(?2)""",
        [paper_id, json.dumps(identifiers)],
    )


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
        [timestamps.to_text(at) if at else None, paper.id],
    )
    await search_index.remove(db, [_sort_key(paper)])
    if at is None:
        await _index(db, [(paper.id, _sort_key(paper), paper)])


async def reindex(db: Connection, paper_ids: Sequence[int]) -> None:
    """Search papers by what their people are called now; removed ones stay out of the index."""
    found = [paper for paper in await load(db, paper_ids) if paper.removed_at is None]
    await search_index.remove(db, map(_sort_key, found))
    await _index(db, [(paper.id, _sort_key(paper), paper) for paper in found])
    await db.run(
        """UPDATE posts SET revision = revision + 1 WHERE id IN (
               SELECT post_id FROM announcements
               WHERE paper_id IN (SELECT value FROM json_each(?)))""",
        [json.dumps([paper.id for paper in found])],
    )


async def restore_snapshot(
    db: Connection, paper: Paper, snapshot: PaperSnapshot, at: datetime
) -> None:
    """Restores a paper from a snapshot; raises `IdentifierTaken`."""
    if snapshot.is_removed:
        await set_removed(db, paper, at)
        return
    owned = await owners(db, snapshot.identifiers)
    if others := [owner for owner in owned.values() if owner != paper.id]:
        raise IdentifierTaken((await load(db, others))[0])
    if paper.removed_at is not None:
        await set_removed(db, paper, None)
    await replace(db, paper, PaperDraft(**details_of(snapshot)), as_credited=True)
    if snapshot.locked_fields is not None:
        await db.run("DELETE FROM locked_fields WHERE paper_id = ?", [paper.id])
        await lock(db, paper.id, sorted(snapshot.locked_fields))


async def undo_insert(db: Connection, paper_ids: Sequence[int], at: datetime) -> None:
    """Take papers out as if they had never been in the list; others may take their identifiers."""
    ids = json.dumps([*paper_ids])
    rows = await db.all(
        "SELECT sort_key FROM papers WHERE id IN (SELECT value FROM json_each(?))", [ids]
    )
    await search_index.remove(db, [row["sort_key"] for row in rows])
    await db.run(
        """UPDATE papers SET removed_at = ?, is_undone = 1
           WHERE id IN (SELECT value FROM json_each(?))""",
        [timestamps.to_text(at), ids],
    )
    await db.run(
        """INSERT INTO freed_identifiers (paper_id, position, identifier)
           SELECT paper_id, position, identifier FROM identifiers
           WHERE paper_id IN (SELECT value FROM json_each(?))""",
        [ids],
    )
    await db.run(
        "DELETE FROM identifiers WHERE paper_id IN (SELECT value FROM json_each(?))", [ids]
    )


async def redo_insert(db: Connection, paper_ids: Sequence[int]) -> None:
    """Put papers back whose addition was undone; raises `IdentifierTaken`."""
    ids = json.dumps([*paper_ids])
    taken = await db.value(
        """SELECT identifiers.paper_id FROM freed_identifiers AS freed
           JOIN identifiers ON identifiers.identifier = freed.identifier
           WHERE freed.paper_id IN (SELECT value FROM json_each(?))""",
        [ids],
    )
    if taken is not None:
        raise IdentifierTaken((await load(db, [taken]))[0])
    await db.run(
        """INSERT INTO identifiers (paper_id, position, identifier)
           SELECT paper_id, position, identifier FROM freed_identifiers
           WHERE paper_id IN (SELECT value FROM json_each(?))""",
        [ids],
    )
    await db.run(
        "DELETE FROM freed_identifiers WHERE paper_id IN (SELECT value FROM json_each(?))", [ids]
    )
    await db.run(
        """UPDATE papers SET removed_at = NULL, is_undone = 0
           WHERE id IN (SELECT value FROM json_each(?))""",
        [ids],
    )
    back = await load(db, paper_ids)
    await _index(db, [(paper.id, _sort_key(paper), paper) for paper in back])


def _sort_key(paper: Paper) -> int:
    return search_index.sort_key(paper.id, paper.date, paper.provenance.created_at)


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


async def _index(db: Connection, papers: Sequence[tuple[int, int, PaperDetails]]) -> None:
    """Index papers, each with its number and sort key, by former names too."""
    former = await credits.former(db, [paper_id for paper_id, _at, _paper in papers])
    rows: list[tuple[int, PaperDetails]] = []
    for paper_id, at, paper in papers:
        authors = dict.fromkeys([*paper.authors, *former.get(paper_id, ())])
        rows.append((at, replaced(paper, authors=tuple(authors)) if former else paper))
    await search_index.add(db, rows)
