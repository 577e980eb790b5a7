"""The paper list as intake reads and changes it; `preview` has one that saves nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.audit.log import ChangeSet
from storage.audit.models import ChangeAction
from storage.connection import Connection
from storage.curation import merge as curation_merge
from storage.models import Actor, Origin, Paper, PaperDraft, Provenance
from storage.papers import former_names
from storage.papers import queries as paper_queries
from storage.papers import writes as paper_writes
from storage.papers.former_names import FormerNames
from storage.papers.snapshots import take_snapshot

_MAX_SIMILAR_IDENTIFIERS = 50  # that begin in the same way


@dataclass(frozen=True, slots=True)
class Submission:
    """Drafts offered by one source at one time.

    If a moderator submits with ``lock_fields``, no other source overwrites the fields they set.
    """

    origin: Origin
    actor: Actor
    at: datetime
    lock_fields: bool = True

    @property
    def provenance(self) -> Provenance:
        """The provenance of a paper that is added by this submission."""
        return Provenance(self.origin, self.at, self.actor)

    @property
    def is_by_moderator(self) -> bool:
        """Whether a moderator offers the drafts."""
        return self.origin is Origin.MODERATOR

    @property
    def locks_fields(self) -> bool:
        """Whether the fields that the drafts give are locked."""
        return self.is_by_moderator and self.lock_fields


class CatalogueReader:
    """Reads what is needed to classify and combine drafts; see `classify.Candidates`."""

    def __init__(self, db: Connection, former: FormerNames | None = None) -> None:
        self._db = db
        self._former = former or FormerNames()

    async def owners(self, identifiers: Sequence[str]) -> Mapping[str, int]:
        """Returns the ids of the papers, removed ones too, that have these identifiers."""
        return await paper_queries.owners(self._db, identifiers)

    async def load(self, paper_ids: Sequence[int]) -> Sequence[Paper]:
        """Returns papers by id, removed ones too, in this order."""
        return await paper_queries.load(self._db, paper_ids, self._former)

    async def listed_under(self, prefix: str) -> Sequence[Paper]:
        """Returns some papers, removed ones too, with an identifier that starts with ``prefix``."""
        owners = await self.owners_by_prefix(prefix, _MAX_SIMILAR_IDENTIFIERS)
        return await self.load([*dict.fromkeys(owners.values())])

    async def owners_by_prefix(self, prefix: str, limit: int) -> Mapping[str, int]:
        """Returns the first identifiers that start with ``prefix``, with their papers' ids."""
        return await paper_queries.owners_by_prefix(self._db, prefix, limit)

    async def titled(self, title: str) -> Sequence[Paper]:
        """Returns the papers with this title, however it is spelled, by id."""
        return await self.load(await paper_queries.ids_with_title(self._db, title))

    async def removed_titled(self, title: str) -> Sequence[Paper]:
        """Returns the removed papers with this title, however it is spelled, by id."""
        return await self.load(await paper_queries.removed_ids_with_title(self._db, title))

    async def known_titles(self, title_keys: Sequence[str]) -> set[str]:
        """Returns which of ``title_keys`` a paper, in the list or removed, has."""
        return {*(await paper_queries.title_keys_by_id(self._db, title_keys)).values()}

    async def locked_fields(self, paper_id: int) -> frozenset[str]:
        """Returns the fields of a paper that a moderator set."""
        return await paper_queries.locked_fields(self._db, paper_id)

    async def with_current_names(self, draft: PaperDraft) -> PaperDraft:
        """Returns a draft with every former name replaced by its person's current one."""
        (shown,) = await former_names.with_current_names(self._db, [draft], self._former)
        return shown


class Catalogue(CatalogueReader, ABC):
    """The paper list during one submission."""

    def __init__(
        self, db: Connection, submission: Submission, former: FormerNames | None = None
    ) -> None:
        super().__init__(db, former)
        self.submission = submission

    @abstractmethod
    async def add(
        self, drafts: Sequence[PaperDraft], locked_fields: Sequence[Iterable[str]]
    ) -> Sequence[Paper]:
        """Adds new papers, each with its locked fields."""

    @abstractmethod
    async def update(
        self,
        paper: Paper,
        draft: PaperDraft,
        credited_names: Mapping[str, str],
        locked_fields: Iterable[str],
    ) -> Paper:
        """Replaces a paper's details and locks more fields; returns it as it is now.

        ``credited_names`` are the names as the source credits them, by the names in the draft.
        """

    @abstractmethod
    async def restore(self, paper: Paper) -> Paper:
        """Puts a removed paper back into the list; returns it as it is now."""

    @abstractmethod
    async def merge(
        self, target: Paper, source: Paper, draft: PaperDraft, locked_fields: Iterable[str]
    ) -> Paper:
        """Merges the source paper into the target, which gets the draft's details."""

    @abstractmethod
    async def identify(self, paper: Paper, identifiers: Sequence[str]) -> None:
        """Gives a paper more identifiers, apart from those of other papers."""


class StoredCatalogue(Catalogue):
    """The paper list in the database; every change is recorded in a change set."""

    def __init__(
        self,
        db: Connection,
        submission: Submission,
        *,
        is_bulk: bool = False,
        bulk_action: ChangeAction = ChangeAction.IMPORT,
    ) -> None:
        super().__init__(db, submission)
        self.change_set = ChangeSet(db, submission.actor, submission.at, is_bulk, bulk_action)

    async def add(  # noqa: D102 - see the base class
        self, drafts: Sequence[PaperDraft], locked_fields: Sequence[Iterable[str]]
    ) -> Sequence[Paper]:
        added = await paper_writes.insert(
            self._db, drafts, self.submission.provenance, self._former
        )
        for paper, fields in zip(added, locked_fields, strict=True):
            if fields:
                await paper_writes.lock_fields(self._db, paper.id, fields)
        await self.change_set.record_added(added)
        return added

    async def update(  # noqa: D102
        self,
        paper: Paper,
        draft: PaperDraft,
        credited_names: Mapping[str, str],
        locked_fields: Iterable[str],
    ) -> Paper:
        before = await take_snapshot(self._db, paper)
        await paper_writes.replace(self._db, paper, draft, credited_names, self._former)
        await paper_writes.lock_fields(self._db, paper.id, locked_fields)
        (updated,) = await self.load([paper.id])
        await self.change_set.record(ChangeAction.UPDATE, before, updated)
        return updated

    async def restore(self, paper: Paper) -> Paper:  # noqa: D102
        return await restore(self.change_set, paper)

    async def merge(  # noqa: D102
        self, target: Paper, source: Paper, draft: PaperDraft, locked_fields: Iterable[str]
    ) -> Paper:
        return await curation_merge.merge(
            self._db, target, source, draft, locked_fields, self.change_set, self._former
        )

    async def identify(self, paper: Paper, identifiers: Sequence[str]) -> None:  # noqa: D102
        await paper_writes.add_identifiers(self._db, paper.id, identifiers)


async def restore(change_set: ChangeSet, paper: Paper) -> Paper:
    """Puts a removed paper back into the list and records that; returns it as it is now."""
    before = await take_snapshot(change_set.db, paper)
    await paper_writes.set_removed(change_set.db, paper, None)
    (restored,) = await paper_queries.load(change_set.db, [paper.id])
    await change_set.record(ChangeAction.RESTORE, before, restored)
    return restored
