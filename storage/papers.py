"""SQL of the paper tables: rows in, records out; what a draft means is decided in `admission`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import datetime

from storage import bylines, moments
from storage.database import Connection, Database, Row
from storage.errors import PaperNotFound
from storage.fulltext import fold, index_text
from storage.identifiers import identify
from storage.records import Actor, Link, LinkKind, Origin, Paper, PaperDraft, PartialDate

_COLUMNS = "title, title_key, abstract, authors_complete, venue, date, note, posted_by"


class Papers:
    """Reading single papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, paper_id: int) -> Paper:
        """The paper with this number; raises `PaperNotFound`, for a removed one too."""
        async with self._database.reading() as db:
            papers = await load(db, [paper_id])
        if not papers or papers[0].removed_at is not None:
            raise PaperNotFound(f"#{paper_id}")
        return papers[0]

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
    paper_id = await db.value("SELECT paper_id FROM identifiers WHERE identifier = ?", [identifier])
    return int(paper_id) if paper_id is not None else None


async def titled(db: Connection, title: str) -> tuple[Paper, ...]:
    """The papers with this title, however it is spelled."""
    rows = await db.all(
        "SELECT id FROM papers WHERE title_key = ? AND removed_at IS NULL ORDER BY id",
        [fold(title)],
    )
    return await load(db, [row["id"] for row in rows])


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
    db: Connection, draft: PaperDraft, origin: Origin, actor: Actor, at: datetime
) -> int:
    """Add a paper with all that hangs on it; gives its number."""
    paper_id = await db.insert(
        f"""INSERT INTO papers ({_COLUMNS}, origin, created_at, created_by, created_by_name)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",  # noqa: S608 - a constant
        [*_values(draft), origin, moments.to_text(at), actor.key, actor.name],
    )
    await _insert_parts(db, paper_id, draft)
    return paper_id


async def replace(db: Connection, paper_id: int, draft: PaperDraft) -> None:
    """Make a paper what the draft says, in every field."""
    await db.run(
        """UPDATE papers SET title = ?, title_key = ?, abstract = ?, authors_complete = ?,
           venue = ?, date = ?, note = ?, posted_by = ? WHERE id = ?""",
        [*_values(draft), paper_id],
    )
    for table in ("identifiers", "links", "tags", "credits"):
        await db.run(f"DELETE FROM {table} WHERE paper_id = ?", [paper_id])  # noqa: S608 - constants
    await db.run("DELETE FROM paper_text WHERE rowid = ?", [paper_id])
    await _insert_parts(db, paper_id, draft)


async def set_removed(db: Connection, paper: Paper, at: datetime | None) -> None:
    """Take a paper out of the list, or (``None``) put it back; its identifiers stay its own."""
    await db.run(
        "UPDATE papers SET removed_at = ? WHERE id = ?",
        [moments.to_text(at) if at else None, paper.id],
    )
    await db.run("DELETE FROM paper_text WHERE rowid = ?", [paper.id])
    if at is None:
        await _index(db, paper.id, paper)


async def load(db: Connection, ids: Sequence[int]) -> tuple[Paper, ...]:
    """Papers by number, in the order asked for, removed ones too; unknown numbers are left out."""
    wanted = json.dumps(list(ids))
    rows = await db.all(
        "SELECT * FROM papers WHERE id IN (SELECT value FROM json_each(?))", [wanted]
    )
    names = await _grouped(
        db,
        """SELECT paper_id, name AS part FROM credits JOIN names ON names.id = name_id
           WHERE paper_id IN (SELECT value FROM json_each(?)) ORDER BY paper_id, position""",
        wanted,
    )
    identifiers = await _grouped(
        db,
        """SELECT paper_id, identifier AS part FROM identifiers
           WHERE paper_id IN (SELECT value FROM json_each(?)) ORDER BY paper_id, position""",
        wanted,
    )
    tags = await _grouped(
        db,
        """SELECT paper_id, tag AS part FROM tags
           WHERE paper_id IN (SELECT value FROM json_each(?)) ORDER BY paper_id, tag""",
        wanted,
    )
    links: dict[int, list[Link]] = {}
    for row in await db.all(
        """SELECT paper_id, kind, url FROM links
           WHERE paper_id IN (SELECT value FROM json_each(?)) ORDER BY paper_id, position""",
        [wanted],
    ):
        links.setdefault(row["paper_id"], []).append(Link(LinkKind(row["kind"]), row["url"]))
    found = {
        row["id"]: _paper(
            row,
            authors=tuple(names.get(row["id"], ())),
            identifiers=tuple(identifiers.get(row["id"], ())),
            tags=tuple(tags.get(row["id"], ())),
            links=tuple(links.get(row["id"], ())),
        )
        for row in rows
    }
    return tuple(found[paper_id] for paper_id in ids if paper_id in found)


def _paper(
    row: Row,
    *,
    authors: tuple[str, ...],
    identifiers: tuple[str, ...],
    tags: tuple[str, ...],
    links: tuple[Link, ...],
) -> Paper:
    return Paper(
        id=row["id"],
        title=row["title"],
        authors=authors,
        authors_complete=bool(row["authors_complete"]),
        abstract=row["abstract"],
        venue=row["venue"],
        date=PartialDate.parse(row["date"]) if row["date"] else None,
        identifiers=identifiers,
        links=links,
        note=row["note"],
        tags=tags,
        posted_by=row["posted_by"],
        origin=Origin(row["origin"]),
        created_at=moments.from_text(row["created_at"]),
        created_by=Actor(row["created_by"], row["created_by_name"]),
        removed_at=moments.from_optional(row["removed_at"]),
    )


def _values(draft: PaperDraft) -> list[str | int | None]:
    """The values of `_COLUMNS`, in their order."""
    return [
        draft.title,
        fold(draft.title),
        draft.abstract,
        int(draft.authors_complete),
        draft.venue,
        str(draft.date) if draft.date else None,
        draft.note,
        draft.posted_by,
    ]


async def _insert_parts(db: Connection, paper_id: int, draft: PaperDraft) -> None:
    """Add identifiers, links, tags, credits and the index entry of a paper."""
    await db.run_many(
        "INSERT OR IGNORE INTO identifiers (identifier, paper_id, position) VALUES (?, ?, ?)",
        [(identifier, paper_id, place) for place, identifier in enumerate(draft.identifiers)],
    )
    await db.run_many(
        "INSERT INTO links (paper_id, position, kind, url) VALUES (?, ?, ?, ?)",
        [(paper_id, place, link.kind, link.url) for place, link in enumerate(draft.links)],
    )
    await db.run_many(
        "INSERT OR IGNORE INTO tags (paper_id, tag) VALUES (?, ?)",
        [(paper_id, tag) for tag in draft.tags],
    )
    await bylines.insert(db, paper_id, draft.authors)
    await _index(db, paper_id, draft)


async def _index(db: Connection, paper_id: int, paper: PaperDraft | Paper) -> None:
    await db.run(
        """INSERT INTO paper_text (rowid, title, authors, venue, tags, abstract)
           VALUES (?, ?, ?, ?, ?, ?)""",
        [
            paper_id,
            index_text(paper.title),
            index_text(" | ".join(paper.authors)),
            index_text(paper.venue),
            index_text(" ".join(paper.tags)),
            index_text(paper.abstract),
        ],
    )


async def _grouped(db: Connection, sql: str, wanted: str) -> dict[int, list[str]]:
    groups: dict[int, list[str]] = {}
    for row in await db.all(sql, [wanted]):
        groups.setdefault(row["paper_id"], []).append(row["part"])
    return groups
