"""A model of the library in memory: what the moderators' actions should result in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from storage.models import PaperDraft
from storage.papers.combine import (
    EDITABLE_FIELDS,
    merge_metadata,
    normalize,
    sort_identifiers,
    take_fields,
)

MULTIVALUED = {"identifiers", "links", "tags"}  # fields that an edit may just add to


@dataclass(frozen=True)
class ModelPaper:
    """A paper: its details with the names as credited, and whether it was removed or merged."""

    draft: PaperDraft
    locked: frozenset[str] = frozenset()
    is_removed: bool = False
    merged_into: int | None = None


@dataclass
class ModelChange:
    """A change: its papers before and after. A renamed author counts as paper 0.

    ``root`` is the change that this one undoes or redoes, or itself. ``latest`` has the active
    changes of each paper right after this one.
    """

    id: int
    root: int
    undoes: int | None = None
    before: dict[int, ModelPaper | None] = field(default_factory=dict)
    after: dict[int, ModelPaper | None] = field(default_factory=dict)
    latest: dict[int, tuple[int, ...]] = field(default_factory=dict)
    is_active: bool = True


class UndoRefused(Exception):
    """The model doesn't allow that undo."""


class LibraryModel:
    """Papers by id (None if an addition was undone), their changes, and one renamed author."""

    def __init__(self) -> None:
        self.papers: dict[int, ModelPaper | None] = {}
        self.changes: dict[int, ModelChange] = {}
        self.active_changes: dict[int, tuple[int, ...]] = {}
        self.aliases: dict[str, str] = {}
        self._touched: dict[int, ModelPaper | None] = {}

    @property
    def active_ids(self) -> list[int]:
        return [number for number, one in self.papers.items() if one and not one.is_removed]

    @property
    def removed(self) -> list[int]:
        return [
            number
            for number, one in self.papers.items()
            if one and one.is_removed and one.merged_into is None
        ]

    def owners(self) -> dict[str, int]:
        return {
            name: number
            for number, one in self.papers.items()
            if one
            for name in one.draft.identifiers
        }

    def displayed(self, number: int) -> PaperDraft:
        draft = self.get(number).draft
        return replace(draft, authors=tuple(self.aliases.get(n, n) for n in draft.authors))

    def get(self, number: int) -> ModelPaper:
        found = self.papers[number]
        assert found is not None
        return found

    def upsert(self, draft: PaperDraft, *, by_moderator: bool = False) -> None:
        draft = normalize(draft)
        owners = self.owners()
        known = list(dict.fromkeys(owners[name] for name in draft.identifiers if name in owners))
        if not known:
            empty = PaperDraft(title="")
            locked = self._fields_set(empty, draft) if by_moderator else frozenset()
            self._set(max(self.papers, default=0) + 1, ModelPaper(draft, locked))
            return
        # All identifiers here have the same weight, so the paper with the lowest id stays.
        if self.get(known[0]).is_removed:
            if by_moderator:
                self.restore(known[0])
                self._update(known[0], draft, by_moderator=True)
            else:
                self._add_identifiers(
                    known[0], [one for one in draft.identifiers if one not in owners]
                )
            return
        target, *others = sorted(one for one in known if not self.get(one).is_removed)
        for other in others:
            ours, theirs = self.get(target).locked, self.get(other).locked
            one, two = self.displayed(target), self.displayed(other)
            both = merge_metadata(take_fields(one, two, theirs - ours), two, ours | theirs)
            named = sort_identifiers((*one.identifiers, *two.identifiers))
            self.merge(target, other, replace(both, identifiers=named), ours | theirs)
        self._update(target, draft, by_moderator=by_moderator)

    def _update(self, number: int, draft: PaperDraft, *, by_moderator: bool) -> None:
        before, locked, owners = self.displayed(number), self.get(number).locked, self.owners()
        displayed = tuple(self.aliases.get(name, name) for name in draft.authors)
        both = merge_metadata(before, replace(draft, authors=displayed), locked)
        free = [name for name in both.identifiers if owners.get(name, number) == number]
        both = replace(both, identifiers=tuple(free))
        if both != before:
            given = self._fields_set(before, both) if by_moderator else frozenset()
            self.set_details(number, both, locked | given, draft.authors)

    def _add_identifiers(self, number: int, identifiers: Sequence[str]) -> None:
        """Adds identifiers to a removed paper, which isn't a change."""
        found = self.get(number)
        known = (*found.draft.identifiers, *identifiers)
        self.papers[number] = replace(found, draft=replace(found.draft, identifiers=known))

    def merge(self, target: int, other: int, draft: PaperDraft, locked: Iterable[str]) -> None:
        absorbed = self.get(other)
        for number, one in self.papers.items():
            if one and one.merged_into == other:
                self._set(number, replace(one, merged_into=target))
        nothing = replace(absorbed.draft, identifiers=())
        self._set(other, replace(absorbed, draft=nothing, is_removed=True, merged_into=target))
        self.set_details(target, draft, frozenset(locked), absorbed.draft.authors)

    def set_details(
        self, number: int, draft: PaperDraft, locked: frozenset[str], given: Iterable[str] = ()
    ) -> None:
        """Replaces a paper's details; its authors and those ``given`` stay as credited."""
        credited = {
            self.aliases[name]: name
            for name in (*given, *self.get(number).draft.authors)
            if name in self.aliases
        }
        names = tuple(credited.get(name, name) for name in draft.authors)
        self._set(number, ModelPaper(replace(draft, authors=names), locked))

    def edit(self, number: int, draft: PaperDraft) -> None:
        before, draft = self.displayed(number), normalize(draft)
        if (draft.venue, draft.date) != (before.venue, before.date):
            draft = replace(draft, venue_undated=False)
        locked = {
            name for name in changed_fields(before, draft) if not only_adds(before, draft, name)
        }
        self.set_details(number, draft, self.get(number).locked | locked)

    def remove(self, number: int) -> None:
        self._set(number, replace(self.get(number), is_removed=True))

    def restore(self, number: int) -> None:
        self._set(number, replace(self.get(number), is_removed=False))

    def rename(self, former: str, new: str) -> None:
        """Displays a name for another one. Renames build on each other as a paper's changes do."""
        self.aliases = {former: new}
        self._touched = {0: None}

    def record(self, number: int) -> None:
        """Records what was changed since the last call as one change."""
        made = ModelChange(number, number, before=self._touched)
        made.after = {one: self.papers.get(one) for one in self._touched}
        for one in self._touched:
            self.active_changes[one] = (*self.active_changes.get(one, ()), number)
        made.latest = {one: self.active_changes[one] for one in self._touched}
        self.changes[number] = made
        self._touched = {}

    @property
    def is_changed(self) -> bool:
        return bool(self._touched)

    def undo(self, number: int, by: int) -> None:
        """Undoes a change, as change ``by``; raises `UndoRefused`."""
        change = self.changes[number]
        root = self.changes[change.root]
        if not change.is_active:
            raise UndoRefused
        if any(self.active_changes[one] != latest for one, latest in change.latest.items()):
            raise UndoRefused
        restored = root.before if root.is_active else root.after
        names = {name for one in restored.values() if one for name in one.draft.identifiers}
        if any(names & {*one.draft.identifiers} for one in self._others(restored)):
            raise UndoRefused
        self.papers.update(restored)
        for one in restored:
            force = self.active_changes[one]
            self.active_changes[one] = force[:-1] if root.is_active else (*force, root.id)
        latest = {one: self.active_changes[one] for one in restored}
        self.changes[by] = ModelChange(by, root.id, number, latest=latest)
        flipped: int | None = number
        while flipped is not None:
            self.changes[flipped].is_active = not self.changes[flipped].is_active
            flipped = self.changes[flipped].undoes

    def _others(self, numbers: Iterable[int]) -> list[ModelPaper]:
        return [one for number, one in self.papers.items() if one and number not in {*numbers}]

    def _set(self, number: int, listed: ModelPaper) -> None:
        self._touched.setdefault(number, self.papers.get(number))
        self.papers[number] = listed

    @staticmethod
    def _fields_set(before: PaperDraft, after: PaperDraft) -> frozenset[str]:
        return frozenset(
            name
            for name in EDITABLE_FIELDS
            if name not in MULTIVALUED and getattr(before, name) != getattr(after, name)
        )


def changed_fields(one: PaperDraft, other: PaperDraft) -> set[str]:
    """Returns the fields in which two drafts differ; “et al.” belongs to the authors."""
    found = {name for name in EDITABLE_FIELDS if getattr(one, name) != getattr(other, name)}
    return found | ({"authors"} if one.authors_complete != other.authors_complete else set())


def only_adds(before: PaperDraft, after: PaperDraft, name: str) -> bool:
    """Returns whether an edit only added to a field with many values."""
    return name in MULTIVALUED and set(getattr(before, name)) <= set(getattr(after, name))
