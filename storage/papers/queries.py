"""SQL that reads papers; `writes` changes them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress

from storage import publication as publications
from storage import timestamps
from storage.connection import Connection, Row
from storage.database import Database
from storage.models import Actor, Link, LinkKind, Origin, Paper, PartialDate, Provenance
from storage.papers.errors import PaperGone, PaperNotFound, PaperNotRemoved
from storage.papers.former_names import FormerNames
from storage.papers.identifiers import identify
from storage.redaction import redact_text
from storage.text import fold

# Papers that a moderator removed; not those that were merged or whose addition was undone.
_REMOVED = """SELECT id, title FROM papers
    WHERE removed_at IS NOT NULL AND merged_into_id IS NULL AND NOT is_undone"""


class PaperQueries:
    """Reads papers; `storage.curation.papers` adds the writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, paper_id: int) -> Paper:
        """Returns the paper with this id, or the one that it was merged into.

        Raises `PaperGone`.
        """
        async with self._database.reading() as db:
            papers = await load(db, [await current_id(db, paper_id)])
        if not papers or papers[0].removed_at is not None:
            raise PaperGone(paper_id)
        return papers[0]

    async def load(self, paper_ids: Sequence[int]) -> tuple[Paper, ...]:
        """Returns papers by id in the given order, removed ones too; unknown ids are skipped."""
        async with self._database.reading() as db:
            return await load(db, paper_ids)

    async def edited_fields(self, paper_ids: Sequence[int]) -> dict[int, frozenset[str]]:
        """Returns for each paper the fields that a moderator set."""
        async with self._database.reading() as db:
            return {paper_id: await locked_fields(db, paper_id) for paper_id in paper_ids}

    async def owners(self, identifiers: Sequence[str]) -> dict[str, int]:
        """Returns the ids of the papers, removed ones too, that have these identifiers."""
        async with self._database.reading() as db:
            return await owners(db, identifiers)

    async def find(self, paper_id: int) -> Paper | None:
        """Returns the paper like `get`, or None if it isn't in the list."""
        try:
            return await self.get(paper_id)
        except PaperNotFound:
            return None

    async def get_by_text(self, text: str) -> Paper:
        """Returns the paper that a text refers to: an id (``42``, ``#42``), DOI, link or title.

        Raises `PaperNotFound`.
        """
        text = text.strip()
        number = text.removeprefix("#")
        paper_id: int | None
        if number.isascii() and number.isdigit() and len(number) < 16:
            paper_id = int(number)
        else:
            async with self._database.reading() as db:
                identifiers = identify(text)
                ids = await owners(db, identifiers)
                paper_id = next((ids[name] for name in identifiers if name in ids), None)
                if paper_id is None:
                    paper_id = await db.value(
                        "SELECT id FROM papers WHERE title_key = ? AND removed_at IS NULL "
                        "ORDER BY id",
                        [fold(text)],
                    )
        if paper_id is not None:
            with suppress(PaperGone):
                return await self.get(paper_id)
        raise PaperNotFound(redact_text(text)[:100])

    async def get_removed(self, text: str) -> Paper:
        """Returns the removed paper that a text refers to, like `get_by_text`.

        Raises `PaperNotRemoved`.
        """
        text = text.strip()
        number = text.removeprefix("#")
        async with self._database.reading() as db:
            rows = await db.all(
                f"""{_REMOVED} AND (id = ? OR title_key = ? OR id IN (
                        SELECT paper_id FROM identifiers
                        WHERE identifier IN (SELECT value FROM json_each(?))))
                    ORDER BY removed_at DESC, id DESC LIMIT 1""",  # noqa: S608 - constants
                [
                    int(number) if number.isdecimal() and len(number) < 16 else None,
                    fold(text) or None,
                    json.dumps(identify(text)),
                ],
            )
            papers = await load(db, [row["id"] for row in rows])
        if not papers:
            raise PaperNotRemoved(redact_text(text)[:100])
        return papers[0]

    async def suggest_removed(self, text: str, limit: int = 25) -> tuple[tuple[int, str], ...]:
        """Returns ids and titles of removed papers whose title contains ``text``, newest first."""
        async with self._database.reading() as db:
            rows = await db.all(
                f"""{_REMOVED} AND instr(title_key, ?)
                    ORDER BY removed_at DESC, id DESC LIMIT ?""",
                [fold(text), limit],
            )
        return tuple((row["id"], row["title"]) for row in rows)

    async def count(self) -> int:
        """Returns the number of papers in the list."""
        async with self._database.reading() as db:
            return int(await db.value("SELECT COUNT(*) FROM papers WHERE removed_at IS NULL"))

    async def batch(self, *, after: int = 0, limit: int = 500) -> tuple[Paper, ...]:
        """Returns up to ``limit`` papers in the order of their ids, starting after an id."""
        async with self._database.reading() as db:
            rows = await db.all(
                "SELECT id FROM papers WHERE removed_at IS NULL AND id > ? ORDER BY id LIMIT ?",
                [after, limit],
            )
            return await load(db, [row["id"] for row in rows])


async def owners(db: Connection, identifiers: Sequence[str]) -> dict[str, int]:
    """Returns the ids of the papers, removed ones too, that identifiers belong to."""
    rows = await db.all(
        """SELECT identifier, paper_id FROM identifiers
           WHERE identifier IN (SELECT value FROM json_each(?))""",
        [json.dumps(identifiers)],
    )
    return {row["identifier"]: row["paper_id"] for row in rows}


async def owners_by_prefix(db: Connection, prefix: str, limit: int) -> dict[str, int]:
    """Returns the first identifiers with this prefix, and whose they are, removed papers' too."""
    rows = await db.all(
        """SELECT identifier, paper_id FROM identifiers
           WHERE identifier >= ? AND identifier < ? AND paper_id IS NOT NULL
           ORDER BY identifier LIMIT ?""",
        [prefix, f"{prefix}\U0010ffff", limit],
    )
    return {row["identifier"]: row["paper_id"] for row in rows}


async def current_id(db: Connection, paper_id: int) -> int:
    """Returns the id of the paper that this one was merged into, or else its own."""
    merged_into = await db.value("SELECT merged_into_id FROM papers WHERE id = ?", [paper_id])
    return paper_id if merged_into is None else int(merged_into)


async def is_removed(db: Connection, paper_id: int) -> bool:
    """Returns whether a moderator removed a paper from the list."""
    return await db.value(f"{_REMOVED} AND id = ?", [paper_id]) is not None


async def last_id(db: Connection) -> int:
    """Returns the highest id that a paper ever had, which approximates their number."""
    return int(await db.value("SELECT seq FROM sqlite_sequence WHERE name = 'papers'") or 0)


async def ids_with_title(db: Connection, title: str) -> list[int]:
    """Returns the ids of papers with this title, ignoring case, accents and punctuation."""
    rows = await db.all(
        "SELECT id FROM papers WHERE title_key = ? AND removed_at IS NULL ORDER BY id",
        [fold(title)],
    )
    return [row["id"] for row in rows]


async def removed_ids_with_title(db: Connection, title: str) -> list[int]:
    """Returns the ids of removed papers with this title, compared as by `ids_with_title`."""
    rows = await db.all(
        f"{_REMOVED} AND title_key = ? AND title_key <> '' ORDER BY id",
        [fold(title)],
    )
    return [row["id"] for row in rows]


async def title_keys_by_id(db: Connection, title_keys: Sequence[str]) -> dict[int, str]:
    """Returns the papers, removed ones too, that have one of these folded titles."""
    rows = await db.all(
        """SELECT id, title_key FROM papers
           WHERE title_key IN (SELECT value FROM json_each(?1)) AND removed_at IS NULL
           UNION ALL SELECT id, title_key FROM papers
           WHERE title_key IN (SELECT value FROM json_each(?1)) AND removed_at IS NOT NULL""",
        [json.dumps(title_keys)],
    )
    return {row["id"]: row["title_key"] for row in rows}


async def locked_fields(db: Connection, paper_id: int) -> frozenset[str]:
    """Returns the fields that a moderator set, which other sources must not overwrite."""
    rows = await db.all("SELECT field FROM locked_fields WHERE paper_id = ?", [paper_id])
    return frozenset(row["field"] for row in rows)


async def load(
    db: Connection, ids: Sequence[int], former: FormerNames | None = None
) -> tuple[Paper, ...]:
    """Returns papers by id in the given order, removed ones too; unknown ids are skipped.

    ``former`` are the former names as a submission knows them.
    """
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
           FROM json_each(?) AS ids JOIN papers ON papers.id = ids.value
           ORDER BY ids.key""",
        [json.dumps(list(ids))],
    )
    posters = {row["posted_by"] for row in rows if row["has_former"] and row["posted_by"]}
    current = await (former or FormerNames()).current(db, posters)
    return tuple(
        paper_from_row(row, current.get(row["posted_by"], row["posted_by"])) for row in rows
    )


def paper_from_row(row: Row, posted_by: str) -> Paper:
    """Returns the paper of a row with its authors, identifiers, tags and links as JSON."""
    authors = tuple(json.loads(row["authors"]))
    collectives = json.loads(row["collectives"])
    return Paper(
        id=row["id"],
        title=row["title"],
        authors=authors,
        authors_complete=bool(row["authors_complete"]),
        abstract=row["abstract"],
        venue=row["venue"],
        date=PartialDate.parse(row["date"]) if row["date"] else None,
        identifiers=tuple(json.loads(row["identifiers"])),
        links=tuple(Link(LinkKind(kind), url) for kind, url in json.loads(row["links"])),
        note=row["note"],
        tags=tuple(json.loads(row["tags"])),
        posted_by=posted_by,
        publication=publications.from_json(json.loads(row["publication"])),
        provenance=Provenance(
            Origin(row["origin"]),
            timestamps.from_text(row["created_at"]),
            Actor(row["created_by"], row["created_by_name"]),
        ),
        removed_at=timestamps.from_optional(row["removed_at"]),
        collectives=tuple(name for name in collectives if name in authors),
        venue_undated=bool(row["venue_undated"]),
    )
