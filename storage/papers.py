"""SQL of the paper tables: rows in, records out; what a draft means is decided in `admission`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace as replaced
from datetime import datetime

from storage import bylines, index, moments
from storage.database import Connection, Database, Row
from storage.errors import PaperNotFound
from storage.fulltext import fold
from storage.identifiers import identify
from storage.records import Actor, Link, LinkKind, Origin, Paper, PaperDraft, PartialDate

_COLUMNS = "title, title_key, abstract, authors_complete, venue, date, note, posted_by, place"


class Papers:
    """Reading single papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, paper_id: int) -> Paper:
        """The paper with this number, or the one that it became a part of.

        Raises `PaperNotFound`, for a removed one too.
        """
        async with self._database.reading() as db:
            papers = await load(db, [await current(db, paper_id)])
        if not papers or papers[0].removed_at is not None:
            raise PaperNotFound(f"#{paper_id}")
        return papers[0]

    async def listed(self, paper_id: int) -> Paper | None:
        """The paper with this number, where it is in the list."""
        try:
            return await self.get(paper_id)
        except PaperNotFound:
            return None

    async def get_named(self, text: str) -> Paper:
        """The paper that a person named: by number (``42``, ``#42``), identifier, link or title.

        Raises `PaperNotFound`.
        """
        text = text.strip()
        number = text.removeprefix("#")
        if number.isascii() and number.isdigit() and len(number) < 16:
            return await self.get(int(number))
        async with self._database.reading() as db:
            for identifier in identify(text):
                paper_id = await owner(db, identifier)
                if paper_id is not None:
                    break
            else:
                paper_id = await db.value(
                    "SELECT id FROM papers WHERE title_key = ? AND removed_at IS NULL ORDER BY id",
                    [fold(text)],
                )
        if paper_id is None:
            raise PaperNotFound(text[:100])
        return await self.get(paper_id)

    async def count(self) -> int:
        """How many papers the list has."""
        async with self._database.reading() as db:
            return int(await db.value("SELECT COUNT(*) FROM papers WHERE removed_at IS NULL"))

    async def all(self, *, after: int = 0, limit: int = 500) -> tuple[Paper, ...]:
        """Up to ``limit`` papers in the order of their numbers, from behind ``after`` on."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT id FROM papers WHERE removed_at IS NULL AND id > ? ORDER BY id LIMIT ?",
                [after, limit],
            )
            return await load(db, [row["id"] for row in rows])


async def owner(db: Connection, identifier: str) -> int | None:
    """The paper, removed ones too, that an identifier belongs to."""
    return (await owners(db, [identifier])).get(identifier)


async def owners(db: Connection, identifiers: Sequence[str]) -> dict[str, int]:
    """The papers, removed ones too, that identifiers belong to; nobody's are left out."""
    rows = await db.all(
        """SELECT identifier, paper_id FROM identifiers
           WHERE identifier IN (SELECT value FROM json_each(?))""",
        [json.dumps(identifiers)],
    )
    return {row["identifier"]: row["paper_id"] for row in rows}


async def current(db: Connection, paper_id: int) -> int:
    """The number of the paper that this one is a part of now: mostly its own."""
    became = await db.value("SELECT became_id FROM papers WHERE id = ?", [paper_id])
    return paper_id if became is None else int(became)


async def last_number(db: Connection) -> int:
    """The highest number that a paper ever had; nearly how many there are."""
    return int(await db.value("SELECT seq FROM sqlite_sequence WHERE name = 'papers'") or 0)


async def titled(db: Connection, title: str) -> tuple[Paper, ...]:
    """The papers with this title, however it is spelled."""
    rows = await db.all(
        "SELECT id FROM papers WHERE title_key = ? AND removed_at IS NULL ORDER BY id",
        [fold(title)],
    )
    return await load(db, [row["id"] for row in rows])


async def known_titles(db: Connection, title_keys: Sequence[str]) -> set[str]:
    """Those of some folded titles that a paper has."""
    rows = await db.all(
        """SELECT value AS title_key FROM json_each(?) WHERE EXISTS (
               SELECT 1 FROM papers WHERE title_key = value AND removed_at IS NULL)""",
        [json.dumps(title_keys)],
    )
    return {row["title_key"] for row in rows}


async def locked_fields(db: Connection, paper_id: int) -> frozenset[str]:
    """The fields that a moderator set."""
    rows = await db.all("SELECT field FROM locked_fields WHERE paper_id = ?", [paper_id])
    return frozenset(row["field"] for row in rows)


async def lock(db: Connection, paper_id: int, fields: Iterable[str]) -> None:
    """Keep feeds and imports from overwriting these fields."""
    await db.run_many(
        "INSERT OR IGNORE INTO locked_fields (paper_id, field) VALUES (?, ?)",
        [(paper_id, field) for field in fields],
    )


async def insert(
    db: Connection, drafts: Sequence[PaperDraft], origin: Origin, actor: Actor, at: datetime
) -> tuple[Paper, ...]:
    """Add papers with all that hangs on them, in a constant number of statements."""
    last = await last_number(db)
    numbered = list(enumerate(drafts, start=last + 1))
    rows = [
        (
            *(paper_id, *_values(draft, index.place(paper_id, draft.date, at))),
            *(origin, moments.to_text(at), actor.key, actor.name),
        )
        for paper_id, draft in numbered
    ]
    await db.run_many(
        f"""INSERT INTO papers (id, {_COLUMNS}, origin, created_at, created_by, created_by_name)
            VALUES ({", ".join("?" * 14)})""",  # noqa: S608 - constants
        rows,
    )
    await bylines.insert(db, [(paper_id, draft.authors) for paper_id, draft in numbered])
    await _insert_parts(db, numbered)
    await _index(db, [(n, index.place(n, draft.date, at), draft) for n, draft in numbered])
    return tuple(_added(paper_id, draft, origin, actor, at) for paper_id, draft in numbered)


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
        """DELETE FROM announcements WHERE paper_id = ? AND state = 'waiting' AND channel_id IN (
               SELECT channel_id FROM announcements WHERE paper_id = ? AND state <> 'waiting')""",
        [kept_id, paper.id],
    )
    await db.run(
        "UPDATE OR IGNORE announcements SET paper_id = ? WHERE paper_id = ?", [kept_id, paper.id]
    )


async def load(db: Connection, ids: Sequence[int]) -> tuple[Paper, ...]:
    """Papers by number, in the order asked for, removed ones too; unknown numbers are left out."""
    rows = await db.all(
        """SELECT papers.*,
               (SELECT json_group_array(name) FROM (
                    SELECT COALESCE(known.name, names.name) AS name
                    FROM credits JOIN names ON names.id = credits.name_id
                    LEFT JOIN aliases ON aliases.name_id = names.id AND aliases.is_former
                    LEFT JOIN names AS known ON known.id = aliases.person_id
                    WHERE paper_id = papers.id ORDER BY position)) AS authors,
               (SELECT json_group_array(identifier) FROM (
                    SELECT identifier FROM identifiers
                    WHERE paper_id = papers.id ORDER BY position)) AS identifiers,
               (SELECT json_group_array(tag) FROM (
                    SELECT tag FROM tags WHERE paper_id = papers.id ORDER BY tag)) AS tags,
               (SELECT json_group_array(json_array(kind, url)) FROM (
                    SELECT kind, url FROM links
                    WHERE paper_id = papers.id ORDER BY position)) AS links
           FROM json_each(?) AS wanted JOIN papers ON papers.id = wanted.value
           ORDER BY wanted.key""",
        [json.dumps(list(ids))],
    )
    return tuple(_paper(row) for row in rows)


def _paper(row: Row) -> Paper:
    return Paper(
        id=row["id"],
        title=row["title"],
        authors=tuple(json.loads(row["authors"])),
        authors_complete=bool(row["authors_complete"]),
        abstract=row["abstract"],
        venue=row["venue"],
        date=PartialDate.parse(row["date"]) if row["date"] else None,
        identifiers=tuple(json.loads(row["identifiers"])),
        links=tuple(Link(LinkKind(kind), url) for kind, url in json.loads(row["links"])),
        note=row["note"],
        tags=tuple(json.loads(row["tags"])),
        posted_by=row["posted_by"],
        origin=Origin(row["origin"]),
        created_at=moments.from_text(row["created_at"]),
        created_by=Actor(row["created_by"], row["created_by_name"]),
        removed_at=moments.from_optional(row["removed_at"]),
    )


def _added(paper_id: int, draft: PaperDraft, origin: Origin, actor: Actor, at: datetime) -> Paper:
    return Paper(
        id=paper_id,
        title=draft.title,
        authors=draft.authors,
        authors_complete=draft.authors_complete,
        abstract=draft.abstract,
        venue=draft.venue,
        date=draft.date,
        identifiers=draft.identifiers,
        links=draft.links,
        note=draft.note,
        tags=draft.tags,
        posted_by=draft.posted_by,
        origin=origin,
        created_at=at,
        created_by=actor,
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
