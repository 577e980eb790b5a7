"""SQL that reads papers: rows in, records out; writing them is in `paper_rows`."""

from __future__ import annotations

import json
from collections.abc import Sequence

from storage import timestamps
from storage.database import Connection, Database, Row
from storage.models import Actor, Link, LinkKind, Origin, Paper, PartialDate, Provenance
from storage.papers import former_names
from storage.papers.errors import PaperNotFound, PaperNotRemoved
from storage.papers.identifiers import identify
from storage.text import fold

# Papers that somebody took out of the list on purpose.
_REMOVED = """SELECT id, title FROM papers
    WHERE removed_at IS NOT NULL AND merged_into_id IS NULL AND NOT is_undone"""


class PaperQueries:
    """Reads papers; `storage.curation.papers` adds the writes."""

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

    async def load(self, paper_ids: Sequence[int]) -> tuple[Paper, ...]:
        """Papers by number, removed ones too, in the order asked for."""
        async with self._database.reading() as db:
            return await load(db, paper_ids)

    async def find(self, paper_id: int) -> Paper | None:
        """The paper with this number, where it is in the list."""
        try:
            return await self.get(paper_id)
        except PaperNotFound:
            return None

    async def get_by_text(self, text: str) -> Paper:
        """The paper that a person named: by number (``42``, ``#42``), identifier, link or title.

        Raises `PaperNotFound`.
        """
        text = text.strip()
        number = text.removeprefix("#")
        if number.isascii() and number.isdigit() and len(number) < 16:
            return await self.get(int(number))
        async with self._database.reading() as db:
            names = identify(text)
            owned = await owners(db, names)
            paper_id = next((owned[name] for name in names if name in owned), 0) or await db.value(
                "SELECT id FROM papers WHERE title_key = ? AND removed_at IS NULL ORDER BY id",
                [fold(text)],
            )
        if paper_id is None:
            raise PaperNotFound(text[:100])
        return await self.get(paper_id)

    async def get_removed(self, text: str) -> Paper:
        """The removed paper that a person named, as for `get_by_text`; raises `PaperNotRemoved`."""
        text = text.strip()
        number = text.removeprefix("#")
        names = identify(text)
        async with self._database.reading() as db:
            rows = await db.all(
                f"""{_REMOVED} AND (id = ? OR title_key = ? OR id IN (
                        SELECT paper_id FROM identifiers
                        WHERE identifier IN (SELECT value FROM json_each(?))))
                    ORDER BY removed_at DESC, id DESC LIMIT 1""",  # noqa: S608 - constants
                [
                    int(number) if number.isdecimal() and len(number) < 16 else None,
                    *(fold(text) or None, json.dumps(names)),
                ],
            )
            found = await load(db, [row["id"] for row in rows])
        if not found:
            raise PaperNotRemoved(text[:100])
        return found[0]

    async def suggest_removed(self, text: str, limit: int = 25) -> tuple[tuple[int, str], ...]:
        """Numbers and titles of removed papers that have a text, the last removed first."""
        async with self._database.reading() as db:
            rows = await db.all(
                f"""{_REMOVED} AND instr(title_key, ?)
                    ORDER BY removed_at DESC, id DESC LIMIT ?""",
                [fold(text), limit],
            )
        return tuple((row["id"], row["title"]) for row in rows)

    async def count(self) -> int:
        """How many papers the list has."""
        async with self._database.reading() as db:
            return int(await db.value("SELECT COUNT(*) FROM papers WHERE removed_at IS NULL"))

    async def batch(self, *, after: int = 0, limit: int = 500) -> tuple[Paper, ...]:
        """Up to ``limit`` papers in the order of their numbers, from behind ``after`` on."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT id FROM papers WHERE removed_at IS NULL AND id > ? ORDER BY id LIMIT ?",
                [after, limit],
            )
            return await load(db, [row["id"] for row in rows])


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
    became = await db.value("SELECT merged_into_id FROM papers WHERE id = ?", [paper_id])
    return paper_id if became is None else int(became)


async def is_removed(db: Connection, paper_id: int) -> bool:
    """Whether somebody took a paper out of the list on purpose."""
    return await db.value(f"{_REMOVED} AND id = ?", [paper_id]) is not None


async def last_id(db: Connection) -> int:
    """The highest number that a paper ever had; nearly how many there are."""
    return int(await db.value("SELECT seq FROM sqlite_sequence WHERE name = 'papers'") or 0)


async def titled(db: Connection, title: str) -> tuple[Paper, ...]:
    """The papers with this title, however it is spelled."""
    rows = await db.all(
        "SELECT id FROM papers WHERE title_key = ? AND removed_at IS NULL ORDER BY id",
        [fold(title)],
    )
    return await load(db, [row["id"] for row in rows])


async def removed_titled(db: Connection, title: str) -> tuple[Paper, ...]:
    """The removed papers that had this title, however it is spelled."""
    rows = await db.all(
        f"{_REMOVED} AND title_key = ? AND title_key <> '' ORDER BY id",
        [fold(title)],
    )
    return await load(db, [row["id"] for row in rows])


async def known_titles(db: Connection, title_keys: Sequence[str]) -> set[str]:
    """Those of some folded titles that a paper has, or had until it was removed."""
    rows = await db.all(
        """SELECT value AS title_key FROM json_each(?) WHERE EXISTS (
               SELECT 1 FROM papers WHERE title_key = value AND removed_at IS NULL)
           OR EXISTS (SELECT 1 FROM papers WHERE title_key = value AND removed_at IS NOT NULL)""",
        [json.dumps(title_keys)],
    )
    return {row["title_key"] for row in rows}


async def locked_fields(db: Connection, paper_id: int) -> frozenset[str]:
    """The fields that a moderator set."""
    rows = await db.all("SELECT field FROM locked_fields WHERE paper_id = ?", [paper_id])
    return frozenset(row["field"] for row in rows)


async def load(db: Connection, ids: Sequence[int]) -> tuple[Paper, ...]:
    """Papers by number, in the order asked for, removed ones too; unknown numbers are left out."""
    rows = await db.all(
        """SELECT papers.*,
               EXISTS (SELECT 1 FROM aliases WHERE is_former) AS has_former,
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
    posters = {row["posted_by"] for row in rows if row["has_former"] and row["posted_by"]}
    shown = await former_names.current_names(db, posters) if posters else {}
    return tuple(_paper(row, shown.get(row["posted_by"], row["posted_by"])) for row in rows)


def _paper(row: Row, posted_by: str) -> Paper:
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
        posted_by=posted_by,
        provenance=Provenance(
            Origin(row["origin"]),
            timestamps.from_text(row["created_at"]),
            Actor(row["created_by"], row["created_by_name"]),
        ),
        removed_at=timestamps.from_optional(row["removed_at"]),
    )
