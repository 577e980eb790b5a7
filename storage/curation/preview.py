"""A simulated paper list: what taking drafts in would change, without writing anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from storage.concurrency import run_in_thread
from storage.curation.catalogue import Catalogue, Submission
from storage.database import Connection
from storage.models import Paper, PaperDraft, details_of
from storage.papers import former_names
from storage.papers import queries as paper_queries
from storage.text import fold


@dataclass(slots=True)
class SimulatedChanges:
    """What the drafts of a preview would have changed so far, on top of the database.

    ``papers`` are the added and changed papers as they would be; an added one has the id that it
    would get. ``owners`` and ``titles`` are the papers by their identifiers and folded titles.
    """

    papers: dict[int, Paper] = field(default_factory=dict)
    owners: dict[str, int] = field(default_factory=dict)
    titles: dict[str, list[int]] = field(default_factory=dict)
    locked_fields: dict[int, frozenset[str]] = field(default_factory=dict)
    last_id: int | None = None

    def put(self, paper: Paper) -> None:
        """Keeps an added or changed paper."""
        self.papers[paper.id] = paper
        self.owners.update(dict.fromkeys(paper.identifiers, paper.id))
        ids = self.titles.setdefault(fold(paper.title), [])
        if paper.id not in ids:
            ids.append(paper.id)


class PreviewCatalogue(Catalogue):
    """Reads the database and what the drafts so far would have changed."""

    def __init__(self, db: Connection, submission: Submission, changes: SimulatedChanges) -> None:
        super().__init__(db, submission)
        self._changes = changes

    async def owners(self, identifiers: Sequence[str]) -> Mapping[str, int]:  # noqa: D102
        simulated = {
            name: self._changes.owners[name] for name in identifiers if name in self._changes.owners
        }
        return {**await super().owners(identifiers), **simulated}

    async def load(self, paper_ids: Sequence[int]) -> Sequence[Paper]:  # noqa: D102
        stored = [number for number in paper_ids if number not in self._changes.papers]
        found = {paper.id: paper for paper in await super().load(stored)} if stored else {}
        found |= {
            number: self._changes.papers[number]
            for number in paper_ids
            if number in self._changes.papers
        }
        return [found[number] for number in paper_ids if number in found]

    async def listed_under(self, prefix: str) -> Sequence[Paper]:  # noqa: D102
        stored = await paper_queries.ids_by_identifier_prefix(self._db, prefix)
        simulated = [
            number for name, number in self._changes.owners.items() if name.startswith(prefix)
        ]
        return await self.load([*dict.fromkeys([*stored, *simulated])])

    async def titled(self, title: str) -> Sequence[Paper]:  # noqa: D102
        papers = [*self._unchanged(await super().titled(title)), *self._with_title(title)]
        return sorted(
            (paper for paper in papers if paper.removed_at is None), key=lambda paper: paper.id
        )

    async def removed_titled(self, title: str) -> Sequence[Paper]:  # noqa: D102
        papers = await self.load([paper.id for paper in await super().removed_titled(title)])
        return [paper for paper in papers if paper.removed_at is not None]

    async def known_titles(self, title_keys: Sequence[str]) -> set[str]:  # noqa: D102
        simulated = {key for key in title_keys if key in self._changes.titles}
        return await super().known_titles(title_keys) | simulated

    async def locked_fields(self, paper_id: int) -> frozenset[str]:  # noqa: D102
        simulated = self._changes.locked_fields.get(paper_id, frozenset())
        return await super().locked_fields(paper_id) | simulated

    async def add(  # noqa: D102
        self, drafts: Sequence[PaperDraft], locked_fields: Sequence[Iterable[str]]
    ) -> Sequence[Paper]:
        if self._changes.last_id is None:
            self._changes.last_id = await paper_queries.last_id(self._db)
        shown = await former_names.with_current_names(self._db, drafts)
        added = await run_in_thread(self._put_new, shown)
        for paper, fields in zip(added, locked_fields, strict=True):
            self._lock(paper, fields)
        return added

    async def update(  # noqa: D102
        self,
        paper: Paper,
        draft: PaperDraft,
        credited_names: Mapping[str, str],  # noqa: ARG002 - a preview credits nobody
        locked_fields: Iterable[str],
    ) -> Paper:
        updated = replace(paper, **details_of(draft))
        self._changes.put(updated)
        self._lock(updated, locked_fields)
        return updated

    async def restore(self, paper: Paper) -> Paper:  # noqa: D102
        restored = replace(paper, removed_at=None)
        self._changes.put(restored)
        return restored

    async def merge(  # noqa: D102
        self, target: Paper, source: Paper, draft: PaperDraft, locked_fields: Iterable[str]
    ) -> Paper:
        self._changes.put(replace(source, identifiers=(), removed_at=self.submission.at))
        return await self.update(target, draft, {}, locked_fields)

    async def identify(self, paper: Paper, identifiers: Sequence[str]) -> None:  # noqa: D102
        owned = await self.owners(identifiers)
        added = [name for name in identifiers if name not in owned]
        self._changes.put(replace(paper, identifiers=(*paper.identifiers, *added)))

    def _put_new(self, drafts: Sequence[PaperDraft]) -> list[Paper]:
        first_id = (self._changes.last_id or 0) + 1
        provenance = self.submission.provenance
        papers = [
            Paper(**details_of(draft), id=paper_id, provenance=provenance)
            for paper_id, draft in enumerate(drafts, first_id)
        ]
        for paper in papers:
            self._changes.put(paper)
        self._changes.last_id = first_id - 1 + len(papers)
        return papers

    def _lock(self, paper: Paper, fields: Iterable[str]) -> None:
        if added := frozenset(fields):
            before = self._changes.locked_fields.get(paper.id, frozenset())
            self._changes.locked_fields[paper.id] = before | added

    def _unchanged(self, papers: Sequence[Paper]) -> list[Paper]:
        """Returns the papers of the database that no draft would have changed."""
        return [paper for paper in papers if paper.id not in self._changes.papers]

    def _with_title(self, title: str) -> list[Paper]:
        """Returns the added and changed papers with a title."""
        key = fold(title)
        papers = [self._changes.papers[number] for number in self._changes.titles.get(key, ())]
        return [paper for paper in papers if fold(paper.title) == key]
