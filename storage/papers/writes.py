"""SQL that writes papers with their credits, identifiers, links and tags; `queries` reads them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace as replace_fields
from datetime import datetime

from storage import publication as publications
from storage import timestamps
from storage.concurrency import run_in_thread
from storage.connection import Connection
from storage.models import Paper, PaperDetails, PaperDraft, Provenance, details_of
from storage.papers import credits, former_names, search_index
from storage.papers.combine import sort_identifiers
from storage.papers.errors import IdentifierTaken
from storage.papers.former_names import FormerNames
from storage.papers.queries import last_id, load, owners
from storage.papers.snapshots import PaperSnapshot
from storage.text import fold
from storage.urls import canonical_identifier

_COLUMNS = """title, title_key, abstract, authors_complete, collectives, venue, date,
    venue_undated, note, posted_by, publication, sort_key"""


async def insert(
    db: Connection,
    drafts: Sequence[PaperDraft],
    provenance: Provenance,
    former: FormerNames | None = None,
) -> tuple[Paper, ...]:
    """Adds papers to the list; the number of statements doesn't depend on how many.

    ``former`` are the former names as the submission knows them.
    """
    former = former or FormerNames()
    first_id = await last_id(db) + 1
    numbered = list(enumerate(drafts, first_id))
    added_at, added_by = provenance.created_at, provenance.created_by
    origin = (
        provenance.origin,
        timestamps.to_text(added_at),
        added_by.key,
        added_by.name,
    )
    sort_keys = [
        search_index.sort_key(paper_id, draft.date, added_at) for paper_id, draft in numbered
    ]

    def rows(drafts: Sequence[PaperDraft]) -> list[tuple[str | int | None, ...]]:
        return [
            (paper_id, *_values(draft, sort_key), *origin)
            for paper_id, (draft, sort_key) in enumerate(
                zip(drafts, sort_keys, strict=True), first_id
            )
        ]

    def papers(drafts: Sequence[PaperDraft]) -> tuple[Paper, ...]:
        return tuple(
            Paper(**details_of(draft), id=paper_id, provenance=provenance)
            for paper_id, draft in enumerate(drafts, first_id)
        )

    await db.run_many(
        f"""INSERT INTO papers (id, {_COLUMNS}, origin, created_at, created_by, created_by_name)
            VALUES ({", ".join("?" * 17)})""",  # noqa: S608 - constants
        await run_in_thread(rows, drafts),
    )
    await credits.insert(db, [(paper_id, draft.authors) for paper_id, draft in numbered], former)
    await _insert_parts(db, numbered)
    await _index(
        db,
        [
            (paper_id, sort_key, draft)
            for (paper_id, draft), sort_key in zip(numbered, sort_keys, strict=True)
        ],
    )
    displayed = await former_names.with_current_names(db, drafts, former)
    return await run_in_thread(papers, displayed)


async def replace(
    db: Connection,
    paper: Paper,
    draft: PaperDraft,
    former_by_current: Mapping[str, str] | None = None,
    former: FormerNames | None = None,
) -> None:
    """Replaces a paper's details with a draft that has current names.

    Former names that the paper credits stay credited, and so do those of ``former_by_current``.
    ``former`` are the former names as the submission knows them.
    """
    credited = await former_names.former_by_current(db, paper.id)
    await _replace(db, paper, draft, {**(former_by_current or {}), **credited}, former)


async def add_identifiers(db: Connection, paper_id: int, identifiers: Sequence[str]) -> None:
    """Adds identifiers to a paper, except for those that belong to another."""
    await db.run(
        """INSERT OR IGNORE INTO identifiers (identifier, paper_id, position)
           SELECT value, ?1, 1 + key + (SELECT COALESCE(MAX(position), 0) FROM identifiers
                                        WHERE paper_id = ?1) FROM json_each(?2)""",
        [paper_id, json.dumps(identifiers)],
    )


async def lock_fields(db: Connection, paper_id: int, fields: Iterable[str]) -> None:
    """Protects fields from being overwritten by feeds and imports."""
    await db.run_many(
        "INSERT OR IGNORE INTO locked_fields (paper_id, field) VALUES (?, ?)",
        [(paper_id, field) for field in fields],
    )


async def set_removed(db: Connection, paper: Paper, removed_at: datetime | None) -> None:
    """Removes a paper from the list, or restores it (None); its identifiers stay its own."""
    await db.run(
        "UPDATE papers SET removed_at = ? WHERE id = ?",
        [timestamps.to_text(removed_at) if removed_at else None, paper.id],
    )
    await search_index.remove(db, [_sort_key(paper)])
    if removed_at is None:
        await _index_papers(db, [paper])


async def reindex(db: Connection, paper_ids: Sequence[int]) -> None:
    """Updates the search index and the posts of papers with authors who changed their name."""
    papers = [paper for paper in await load(db, paper_ids) if paper.removed_at is None]
    await search_index.remove(db, map(_sort_key, papers))
    await _index_papers(db, papers)
    await db.run(
        """UPDATE posts SET revision = revision + 1 WHERE id IN (
               SELECT post_id FROM announcements
               WHERE paper_id IN (SELECT value FROM json_each(?)))""",
        [json.dumps([paper.id for paper in papers])],
    )


async def index_again(db: Connection, paper_ids: Sequence[int]) -> None:
    """Adds papers to a search index that doesn't have them, although it should."""
    await _index_papers(db, await load(db, paper_ids))


async def restore_snapshot(
    db: Connection, paper: Paper, snapshot: PaperSnapshot, at: datetime
) -> None:
    """Restores a paper from a snapshot; raises `IdentifierTaken`."""
    if snapshot.is_removed:
        await set_removed(db, paper, at)
        return
    snapshot = await _with_canonical_identifiers(db, paper, snapshot)
    owner_ids = (await owners(db, snapshot.identifiers)).values()
    if others := [owner_id for owner_id in owner_ids if owner_id != paper.id]:
        raise IdentifierTaken((await load(db, others))[0])
    if paper.removed_at is not None:
        await set_removed(db, paper, None)
    await _replace(db, paper, PaperDraft(**details_of(snapshot)), {})
    if snapshot.locked_fields is not None:
        await db.run("DELETE FROM locked_fields WHERE paper_id = ?", [paper.id])
        await lock_fields(db, paper.id, sorted(snapshot.locked_fields))


async def _with_canonical_identifiers(
    db: Connection, paper: Paper, snapshot: PaperSnapshot
) -> PaperSnapshot:
    """Returns a snapshot of an earlier version with identifiers as they are now.

    An identifier that is another paper's now stays as it was: papers that were merged by their
    identifiers can be separated again.
    """
    canonical = {name: canonical_identifier(name) for name in snapshot.identifiers}
    known = await owners(db, [*canonical.values()])
    names = [new if known.get(new, paper.id) == paper.id else old for old, new in canonical.items()]
    return replace_fields(snapshot, identifiers=sort_identifiers(names))


async def undo_insert(db: Connection, paper_ids: Sequence[int], at: datetime) -> None:
    """Removes papers as if they had never been added, which frees their identifiers for others."""
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
    """Restores papers that `undo_insert` removed; raises `IdentifierTaken`."""
    ids = json.dumps([*paper_ids])
    owner_id = await db.value(
        """SELECT identifiers.paper_id FROM freed_identifiers AS freed
           JOIN identifiers ON identifiers.identifier = freed.identifier
           WHERE freed.paper_id IN (SELECT value FROM json_each(?))""",
        [ids],
    )
    if owner_id is not None:
        raise IdentifierTaken((await load(db, [owner_id]))[0])
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
    await _index_papers(db, await load(db, paper_ids))


async def _replace(
    db: Connection,
    paper: Paper,
    draft: PaperDraft,
    credited: Mapping[str, str],
    former: FormerNames | None = None,
) -> None:
    """Replaces a paper's details; ``credited`` are the names to credit in place of others."""
    await search_index.remove(db, [_sort_key(paper)])
    sort_key = search_index.sort_key(paper.id, draft.date, paper.provenance.created_at)
    await db.run(
        """UPDATE papers SET title = ?, title_key = ?, abstract = ?, authors_complete = ?,
           collectives = ?, venue = ?, date = ?, venue_undated = ?, note = ?, posted_by = ?,
           publication = ?, sort_key = ?
           WHERE id = ?""",
        [*_values(draft, sort_key), paper.id],
    )
    for table in ("identifiers", "links", "tags"):
        await db.run(f"DELETE FROM {table} WHERE paper_id = ?", [paper.id])  # noqa: S608 - constants
    await credits.replace(db, paper.id, draft.authors, credited, former)
    await _insert_parts(db, [(paper.id, draft)])
    await _index(db, [(paper.id, sort_key, draft)])


def _sort_key(paper: Paper) -> int:
    return search_index.sort_key(paper.id, paper.date, paper.provenance.created_at)


def _values(draft: PaperDraft, sort_key: int) -> tuple[str | int | None, ...]:
    """Returns the values of `_COLUMNS`, in this order."""
    return (
        draft.title,
        fold(draft.title),
        draft.abstract,
        int(draft.authors_complete),
        json.dumps(draft.collectives),
        draft.venue,
        str(draft.date) if draft.date else None,
        int(draft.venue_undated),
        draft.note,
        draft.posted_by,
        json.dumps(publications.to_json(draft.publication), ensure_ascii=False),
        sort_key,
    )


async def _insert_parts(db: Connection, papers: Sequence[tuple[int, PaperDraft]]) -> None:
    """Adds the identifiers, links and tags of papers, given by id."""
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


async def _index_papers(db: Connection, papers: Iterable[Paper]) -> None:
    await _index(db, [(paper.id, _sort_key(paper), paper) for paper in papers])


async def _index(db: Connection, papers: Sequence[tuple[int, int, PaperDetails]]) -> None:
    """Adds papers (with their id and sort key) to the search index, under former names as well."""
    former = await former_names.searchable_names(db, [paper_id for paper_id, _, _ in papers])
    rows: list[tuple[int, PaperDetails]] = []
    for paper_id, sort_key, paper in papers:
        authors = dict.fromkeys([*paper.authors, *former.get(paper_id, ())])
        rows.append((sort_key, replace_fields(paper, authors=tuple(authors)) if former else paper))
    await search_index.add(db, rows)
