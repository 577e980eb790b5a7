"""A simulated paper list: what taking drafts in would change, without writing anything to it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from storage import publication as publications
from storage import timestamps
from storage.concurrency import run_in_thread
from storage.connection import Connection, Row
from storage.curation.catalogue import Catalogue, Submission
from storage.database import Database
from storage.models import Paper, PaperDraft, details_of
from storage.papers import former_names
from storage.papers import queries as paper_queries
from storage.papers import writes as paper_writes
from storage.papers.former_names import FormerName, FormerNames, parse_names
from storage.papers.snapshots import take_snapshot
from storage.text import fold

# Papers that would be added (with the ids that they would get) or changed, as they would be, and
# names that no other paper credits. What has the names of the list's tables is read like them.
_SCHEMA = (
    """CREATE TABLE papers (
        id INTEGER PRIMARY KEY, title_key TEXT, removed_at TEXT,
        title TEXT, authors TEXT, authors_complete INTEGER, collectives TEXT, abstract TEXT,
        venue TEXT, date TEXT, venue_undated INTEGER, identifiers TEXT, links TEXT, note TEXT,
        tags TEXT, posted_by TEXT, publication TEXT,
        origin TEXT, created_at TEXT, created_by TEXT, created_by_name TEXT)""",
    "CREATE INDEX papers_by_title ON papers (title_key)",
    "CREATE TABLE identifiers (identifier TEXT PRIMARY KEY, paper_id INTEGER) WITHOUT ROWID",
    """CREATE TABLE locked_fields (paper_id INTEGER, field TEXT, PRIMARY KEY (paper_id, field))
        WITHOUT ROWID""",
    """CREATE TABLE names (name TEXT PRIMARY KEY, family_key TEXT, is_full INTEGER,
        person_id INTEGER, current TEXT) WITHOUT ROWID""",
    "CREATE INDEX names_by_family ON names (family_key, is_full)",
)


class SimulatedChanges:
    """What the drafts of a preview would have changed so far, on top of the database.

    It is kept in a temporary database, because a file may have any number of drafts.
    """

    def __init__(self, scratch: Connection) -> None:
        self.scratch = scratch
        self.former = _SimulatedFormerNames(scratch)
        self._last_id: int | None = None

    async def next_ids(self, db: Connection, count: int) -> range:
        """Returns the ids that the next new papers would get."""
        first_id = (await paper_queries.last_id(db) if self._last_id is None else self._last_id) + 1
        self._last_id = first_id + count - 1
        return range(first_id, first_id + count)

    async def put(self, papers: Sequence[Paper]) -> None:
        """Stores added or changed papers, which have the names of authors as credited."""
        await self.scratch.run_many(
            f"INSERT OR REPLACE INTO papers VALUES ({', '.join('?' * 21)})",  # noqa: S608 - constants
            await run_in_thread(_rows, papers),
        )
        await self.scratch.run_many(
            "INSERT OR REPLACE INTO identifiers (identifier, paper_id) VALUES (?, ?)",
            [(name, paper.id) for paper in papers for name in paper.identifiers],
        )

    async def unchanged(self, paper_ids: Iterable[int]) -> list[int]:
        """Returns the ids of those papers that are neither added nor changed."""
        rows = await self.scratch.all(
            """SELECT value FROM json_each(?)
               WHERE NOT EXISTS (SELECT 1 FROM papers WHERE papers.id = value)""",
            [json.dumps([*paper_ids])],
        )
        return [row["value"] for row in rows]

    async def rows(self, paper_ids: Sequence[int]) -> dict[int, Row]:
        """Returns the rows of those papers that are added or changed."""
        rows = await self.scratch.all(
            "SELECT * FROM papers WHERE id IN (SELECT value FROM json_each(?))",
            [json.dumps([*paper_ids])],
        )
        return {row["id"]: row for row in rows}


@asynccontextmanager
async def simulated_changes(database: Database) -> AsyncGenerator[SimulatedChanges]:
    """Provides an empty simulation, which is deleted at the end."""
    async with database.scratch() as scratch:
        for statement in _SCHEMA:
            await scratch.run(statement)
        yield SimulatedChanges(scratch)


class PreviewCatalogue(Catalogue):
    """Reads the database and what the drafts so far would have changed."""

    def __init__(self, db: Connection, submission: Submission, changes: SimulatedChanges) -> None:
        super().__init__(db, submission, changes.former)
        self._changes = changes
        self._scratch = changes.scratch

    async def owners(self, identifiers: Sequence[str]) -> Mapping[str, int]:  # noqa: D102
        return {
            **await super().owners(identifiers),
            **await paper_queries.owners(self._scratch, identifiers),
        }

    async def owners_by_prefix(self, prefix: str, limit: int) -> Mapping[str, int]:  # noqa: D102
        owners = {
            **await super().owners_by_prefix(prefix, limit),
            **await paper_queries.owners_by_prefix(self._scratch, prefix, limit),
        }
        return dict(sorted(owners.items())[:limit])

    async def load(self, paper_ids: Sequence[int]) -> Sequence[Paper]:  # noqa: D102
        rows = await self._changes.rows(paper_ids)
        stored = [number for number in paper_ids if number not in rows]
        found = {paper.id: paper for paper in await super().load(stored)} if stored else {}
        changed = [paper_queries.paper_from_row(row, row["posted_by"]) for row in rows.values()]
        shown = await former_names.with_current_names(self._db, changed, self._former)
        found |= {paper.id: paper for paper in shown}
        return [found[number] for number in paper_ids if number in found]

    async def titled(self, title: str) -> Sequence[Paper]:  # noqa: D102
        ids = await self._changes.unchanged(await paper_queries.ids_with_title(self._db, title))
        ids += await paper_queries.ids_with_title(self._scratch, title)
        return await self.load(sorted(ids))

    async def removed_titled(self, title: str) -> Sequence[Paper]:  # noqa: D102
        return [paper for paper in await super().removed_titled(title) if paper.removed_at]

    async def known_titles(self, title_keys: Sequence[str]) -> set[str]:  # noqa: D102
        stored = await paper_queries.title_keys_by_id(self._db, title_keys)
        unchanged = await self._changes.unchanged(stored)
        simulated = await paper_queries.title_keys_by_id(self._scratch, title_keys)
        return {*(stored[number] for number in unchanged), *simulated.values()}

    async def locked_fields(self, paper_id: int) -> frozenset[str]:  # noqa: D102
        stored = await super().locked_fields(paper_id)
        return stored | await paper_queries.locked_fields(self._scratch, paper_id)

    async def add(  # noqa: D102
        self, drafts: Sequence[PaperDraft], locked_fields: Sequence[Iterable[str]]
    ) -> Sequence[Paper]:
        ids = await self._changes.next_ids(self._db, len(drafts))
        await self._changes.former.credit_new(
            self._db, (name for draft in drafts for name in draft.authors)
        )
        provenance = self.submission.provenance

        def papers(drafts: Sequence[PaperDraft]) -> list[Paper]:
            return [
                Paper(**details_of(draft), id=number, provenance=provenance)
                for number, draft in zip(ids, drafts, strict=True)
            ]

        await self._changes.put(await run_in_thread(papers, drafts))
        await self._scratch.run_many(
            "INSERT INTO locked_fields (paper_id, field) VALUES (?, ?)",
            [
                (number, name)
                for number, fields in zip(ids, locked_fields, strict=True)
                for name in fields
            ],
        )
        shown = await former_names.with_current_names(self._db, drafts, self._former)
        return await run_in_thread(papers, shown)

    async def update(  # noqa: D102
        self,
        paper: Paper,
        draft: PaperDraft,
        credited_names: Mapping[str, str],
        locked_fields: Iterable[str],
    ) -> Paper:
        names = {**credited_names, **await self._former_by_current(paper)}
        credited = tuple(names.get(name, name) for name in draft.authors)
        await self._changes.former.credit_new(self._db, credited)
        changed = replace(paper, **{**details_of(draft), "authors": credited})
        await self._changes.put([changed])
        await paper_writes.lock_fields(self._scratch, paper.id, locked_fields)
        (updated,) = await self.load([paper.id])
        return updated

    async def restore(self, paper: Paper) -> Paper:  # noqa: D102
        restored = replace(paper, removed_at=None)
        await self._changes.put([await self._as_credited(restored)])
        return restored

    async def merge(  # noqa: D102
        self, target: Paper, source: Paper, draft: PaperDraft, locked_fields: Iterable[str]
    ) -> Paper:
        former = await self._former_by_current(source)
        absorbed = replace(source, identifiers=(), removed_at=self.submission.at)
        await self._changes.put([await self._as_credited(absorbed)])
        return await self.update(target, draft, former, locked_fields)

    async def identify(self, paper: Paper, identifiers: Sequence[str]) -> None:  # noqa: D102
        owned = await self.owners(identifiers)
        added = [name for name in identifiers if name not in owned]
        identified = replace(paper, identifiers=(*paper.identifiers, *added))
        await self._changes.put([await self._as_credited(identified)])

    async def _as_credited(self, paper: Paper) -> Paper:
        """Returns a paper with its authors as credited, which may be former names."""
        rows = await self._changes.rows([paper.id])
        if paper.id in rows:
            return replace(paper, authors=tuple(json.loads(rows[paper.id]["authors"])))
        return replace(paper, authors=(await take_snapshot(self._db, paper)).authors)

    async def _former_by_current(self, paper: Paper) -> dict[str, str]:
        """Returns the former names that a paper credits, by the current name that is displayed."""
        credited = (await self._as_credited(paper)).authors
        current = await self._former.current(self._db, credited)
        return {current[name]: name for name in credited if name in current}


class _SimulatedFormerNames(FormerNames):
    """Decides about the names that the drafts so far would be the first to credit."""

    def __init__(self, scratch: Connection) -> None:
        super().__init__()
        self._scratch = scratch

    async def credit_new(self, db: Connection, names: Iterable[str]) -> None:
        """Stores those of ``names`` that aren't credited yet, and which of them are former."""
        if not await self.exist(db):
            return
        names = list(dict.fromkeys(names))
        known = await self._find_credited(db, names)
        new = await run_in_thread(parse_names, [name for name in names if name not in known])
        await self._scratch.run_many(
            "INSERT OR IGNORE INTO names (name, family_key, is_full) VALUES (?, ?, ?)",
            [(text, name.family_key, name.is_full) for text, name in new.items()],
        )
        await self.credit(db, new)

    async def _find_credited(self, db: Connection, names: Collection[str]) -> dict[str, str | None]:
        rows = await self._scratch.all(
            "SELECT name, current FROM names WHERE name IN (SELECT value FROM json_each(?))",
            [json.dumps([*names])],
        )
        simulated = {row["name"]: row["current"] for row in rows}
        return {**await super()._find_credited(db, names), **simulated}

    async def _read_full_names(self, db: Connection, family_key: str) -> list[Row]:
        rows = await self._scratch.all(
            "SELECT name, person_id FROM names WHERE family_key = ? AND is_full", [family_key]
        )
        return [*await super()._read_full_names(db, family_key), *rows]

    async def _store(
        self,
        db: Connection,  # noqa: ARG002 - which isn't changed
        former: Mapping[str, FormerName],
    ) -> None:
        await self._scratch.run_many(
            "UPDATE names SET person_id = ?, current = ? WHERE name = ?",
            [(match.person_id, match.current, name) for name, match in former.items()],
        )


def _rows(papers: Sequence[Paper]) -> list[tuple[str | int | None, ...]]:
    """Returns the rows of papers for `paper_queries.paper_from_row`."""
    return [
        (
            paper.id,
            fold(paper.title),
            timestamps.to_text(paper.removed_at) if paper.removed_at else None,
            paper.title,
            json.dumps(paper.authors),
            paper.authors_complete,
            json.dumps(paper.collectives),
            paper.abstract,
            paper.venue,
            str(paper.date) if paper.date else None,
            paper.venue_undated,
            json.dumps(paper.identifiers),
            json.dumps([(link.kind, link.url) for link in paper.links]),
            paper.note,
            json.dumps(paper.tags),
            paper.posted_by,
            json.dumps(publications.to_json(paper.publication)),
            paper.provenance.origin,
            timestamps.to_text(paper.provenance.created_at),
            paper.provenance.created_by.key,
            paper.provenance.created_by.name,
        )
        for paper in papers
    ]
