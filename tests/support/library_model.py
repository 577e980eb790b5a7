"""The catalogue as plain values in memory: what moderators' actions should come to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from storage.models import PaperDraft
from storage.papers.combine import EDITABLE_FIELDS, merge_metadata, normalize, sort_identifiers

OWN = {"identifiers", "links", "tags"}  # what may still be added to


@dataclass(frozen=True)
class Listed:
    """One paper: what it says, with the names as credited, and where it is."""

    draft: PaperDraft
    locked: frozenset[str] = frozenset()
    is_removed: bool = False
    became: int | None = None


@dataclass
class Made:
    """A change: the papers before and after it; a decision about names stands as number 0.

    ``left`` are the changes in force of each of its papers right behind it.
    """

    id: int
    whole: int  # the change that it makes good or takes back; its own, mostly
    undoes: int | None = None
    before: dict[int, Listed | None] = field(default_factory=dict)
    after: dict[int, Listed | None] = field(default_factory=dict)
    left: dict[int, tuple[int, ...]] = field(default_factory=dict)
    stands: bool = True


class Refused(Exception):
    """The model does not allow that."""


class Catalogue:
    """Papers by number; none where an addition was undone. One name can have another shown."""

    def __init__(self) -> None:
        self.papers: dict[int, Listed | None] = {}
        self.changes: dict[int, Made] = {}
        self.in_force: dict[int, tuple[int, ...]] = {}
        self.shown_names: dict[str, str] = {}
        self._touched: dict[int, Listed | None] = {}

    @property
    def present(self) -> list[int]:
        return [number for number, one in self.papers.items() if one and not one.is_removed]

    @property
    def removed(self) -> list[int]:
        return [
            number
            for number, one in self.papers.items()
            if one and one.is_removed and one.became is None
        ]

    def owners(self) -> dict[str, int]:
        return {
            name: number
            for number, one in self.papers.items()
            if one
            for name in one.draft.identifiers
        }

    def shown(self, number: int) -> PaperDraft:
        draft = self.get(number).draft
        return replace(draft, authors=tuple(self.shown_names.get(n, n) for n in draft.authors))

    def get(self, number: int) -> Listed:
        found = self.papers[number]
        assert found is not None
        return found

    def upsert(self, draft: PaperDraft, *, by_moderator: bool = False) -> None:
        draft = normalize(draft)
        owners = self.owners()
        known = list(dict.fromkeys(owners[name] for name in draft.identifiers if name in owners))
        if not known:
            empty = PaperDraft(title="")
            locked = self._given(empty, draft) if by_moderator else frozenset()
            self._set(max(self.papers, default=0) + 1, Listed(draft, locked))
            return
        # Identifiers of one kind: of several papers that which has the lowest number is kept.
        if self.get(known[0]).is_removed:
            if by_moderator:
                self.restore(known[0])
                self._complete(known[0], draft, by_moderator=True)
            else:
                self._learn(known[0], [one for one in draft.identifiers if one not in owners])
            return
        kept, *others = sorted(one for one in known if not self.get(one).is_removed)
        for other in others:
            ours, theirs = self.get(kept).locked, self.get(other).locked
            one, two = self.shown(kept), self.shown(other)
            taken = {name: getattr(two, name) for name in theirs - ours}
            if "authors" in taken:
                taken["authors_complete"] = two.authors_complete
            both = merge_metadata(replace(one, **taken), two, ours | theirs)
            named = sort_identifiers((*one.identifiers, *two.identifiers))
            self.unite(kept, other, replace(both, identifiers=named), ours | theirs)
        self._complete(kept, draft, by_moderator=by_moderator)

    def _complete(self, number: int, draft: PaperDraft, *, by_moderator: bool) -> None:
        before, locked, owners = self.shown(number), self.get(number).locked, self.owners()
        shown = tuple(self.shown_names.get(name, name) for name in draft.authors)
        both = merge_metadata(before, replace(draft, authors=shown), locked)
        free = [name for name in both.identifiers if owners.get(name, number) == number]
        both = replace(both, identifiers=tuple(free))
        if both != before:
            given = self._given(before, both) if by_moderator else frozenset()
            self.say(number, both, locked | given, draft.authors)

    def _learn(self, number: int, identifiers: Sequence[str]) -> None:
        """Know a removed paper by more identifiers, which is no change to it."""
        found = self.get(number)
        known = (*found.draft.identifiers, *identifiers)
        self.papers[number] = replace(found, draft=replace(found.draft, identifiers=known))

    def unite(self, kept: int, other: int, draft: PaperDraft, locked: Iterable[str]) -> None:
        gone = self.get(other)
        for number, one in self.papers.items():
            if one and one.became == other:
                self._set(number, replace(one, became=kept))
        nothing = replace(gone.draft, identifiers=())
        self._set(other, replace(gone, draft=nothing, is_removed=True, became=kept))
        self.say(kept, draft, frozenset(locked), gone.draft.authors)

    def say(
        self, number: int, draft: PaperDraft, locked: frozenset[str], given: Iterable[str] = ()
    ) -> None:
        """Make a paper what a draft says; its names and those ``given`` stay as credited."""
        credited = {
            self.shown_names[name]: name
            for name in (*given, *self.get(number).draft.authors)
            if name in self.shown_names
        }
        names = tuple(credited.get(name, name) for name in draft.authors)
        self._set(number, Listed(replace(draft, authors=names), locked))

    def edit(self, number: int, draft: PaperDraft) -> None:
        before, draft = self.shown(number), normalize(draft)
        locked = {name for name in differing(before, draft) if not only_adds(before, draft, name)}
        self.say(number, draft, self.get(number).locked | locked)

    def remove(self, number: int) -> None:
        self._set(number, replace(self.get(number), is_removed=True))

    def restore(self, number: int) -> None:
        self._set(number, replace(self.get(number), is_removed=False))

    def decide(self, former: str, new: str) -> None:
        """Show a name for another; decisions build on each other as a paper's changes do."""
        self.shown_names = {former: new}
        self._touched = {0: None}

    def record(self, number: int) -> None:
        """End an act: what it changed is one change."""
        made = Made(number, number, before=self._touched)
        made.after = {one: self.papers.get(one) for one in self._touched}
        for one in self._touched:
            self.in_force[one] = (*self.in_force.get(one, ()), number)
        made.left = {one: self.in_force[one] for one in self._touched}
        self.changes[number] = made
        self._touched = {}

    @property
    def is_changed(self) -> bool:
        return bool(self._touched)

    def undo(self, number: int, by: int) -> None:
        """Take a change back, which is change ``by``; raises `Refused`."""
        change = self.changes[number]
        whole = self.changes[change.whole]
        if not change.stands:
            raise Refused
        if any(self.in_force[one] != left for one, left in change.left.items()):
            raise Refused
        wanted = whole.before if whole.stands else whole.after
        names = {name for one in wanted.values() if one for name in one.draft.identifiers}
        if any(names & {*one.draft.identifiers} for one in self._others(wanted)):
            raise Refused
        self.papers.update(wanted)
        for one in wanted:
            force = self.in_force[one]
            self.in_force[one] = force[:-1] if whole.stands else (*force, whole.id)
        left = {one: self.in_force[one] for one in wanted}
        self.changes[by] = Made(by, whole.id, number, left=left)
        flipped: int | None = number
        while flipped is not None:
            self.changes[flipped].stands = not self.changes[flipped].stands
            flipped = self.changes[flipped].undoes

    def _others(self, numbers: Iterable[int]) -> list[Listed]:
        return [one for number, one in self.papers.items() if one and number not in {*numbers}]

    def _set(self, number: int, listed: Listed) -> None:
        self._touched.setdefault(number, self.papers.get(number))
        self.papers[number] = listed

    @staticmethod
    def _given(before: PaperDraft, after: PaperDraft) -> frozenset[str]:
        return frozenset(
            name
            for name in EDITABLE_FIELDS
            if name not in OWN and getattr(before, name) != getattr(after, name)
        )


def differing(one: PaperDraft, other: PaperDraft) -> set[str]:
    """The fields in which two drafts differ; “et al.” belongs to the authors."""
    found = {name for name in EDITABLE_FIELDS if getattr(one, name) != getattr(other, name)}
    return found | ({"authors"} if one.authors_complete != other.authors_complete else set())


def only_adds(before: PaperDraft, after: PaperDraft, name: str) -> bool:
    """Whether an edit gave a paper more of what there may be many, and took none away."""
    return name in OWN and set(getattr(before, name)) <= set(getattr(after, name))
