"""Matches the rows of a file of people with those in the registry; pure.

Ids tell who a row is, else its name does, unless their ids contradict each other.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, fields, replace

from storage.errors import InvalidInput
from storage.names.matching import are_compatible, identity_keys
from storage.names.parser import parse_name
from storage.people import ids
from storage.people.models import Person, PersonDraft, PersonId


class RowOutcome(enum.StrEnum):
    """What becomes of a row."""

    ADDED = "added"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row of a file: its first line, counted from 1, and what it says or why it can't be used."""

    line: int
    name: str
    draft: PersonDraft | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ImportedRow:
    """What became of a row; ``number`` is None if it is rejected, or would be added.

    ``changed`` are the fields of `Person` that an update changes.
    """

    line: int
    name: str
    outcome: RowOutcome
    number: int | None = None
    reason: str = ""
    changed: tuple[str, ...] = ()


@dataclass(slots=True)
class Target:
    """Somebody whom rows are about: ``person``, who is None until the first row is imported.

    ``ids`` are all that are known of them or given by the rows, ``given`` only the latter.
    """

    person: Person | None = None
    names: list[str] = field(default_factory=list)
    ids: set[PersonId] = field(default_factory=set)
    given: set[PersonId] = field(default_factory=set)
    discord_id: int | None = None

    def has_name(self, name: str) -> bool:
        """Returns whether any of their names is this one."""
        keys = identity_keys(parse_name(name))
        return any(not keys.isdisjoint(identity_keys(parse_name(own))) for own in self.names)

    def is_identified_by(self, draft: PersonDraft) -> bool:
        """Returns whether a row has one of their ids, or their Discord account."""
        has_account = draft.discord_id is not None and draft.discord_id == self.discord_id
        return has_account or not self.ids.isdisjoint(draft.ids)

    def contradicts(self, draft: PersonDraft) -> bool:
        """Returns whether a row without any of their ids must be about somebody else.

        Two rows with different ids are, even if the ids are those of different services.
        """
        schemes = {one.scheme for one in self.ids}
        return bool(
            any(one.scheme in schemes for one in draft.ids)
            or (draft.ids and self.given)
            or (draft.discord_id and self.discord_id)
            or (self.person and not set(self.person.foreign_ids).isdisjoint(draft.ids))
        )

    def is_given_otherwise(self, draft: PersonDraft) -> bool:
        """Returns whether a row has another id of a service than earlier rows."""
        schemes = {one.scheme for one in self.given}
        return any(one.scheme in schemes for one in draft.ids)

    def add(self, draft: PersonDraft) -> None:
        """Takes a row as being about this person."""
        self.names += [draft.name, *draft.other_names]
        self.ids |= set(draft.ids)
        self.given |= set(draft.ids)
        self.discord_id = draft.discord_id or self.discord_id


def match_rows(
    rows: Sequence[FileRow], people: Iterable[Person]
) -> list[tuple[FileRow, Target | None]]:
    """Returns the rows, each with who it is about, or None and the reason if it can't be used.

    Rows with ids of people in the registry come first, so that no other row takes these people.
    """
    targets = [
        Target(
            person,
            [person.name, *person.other_names, *person.former_names],
            {*person.ids},
            discord_id=person.discord_id,
        )
        for person in people
    ]
    found: dict[int, tuple[FileRow, Target | None]] = {}
    for only_ids in (True, False):
        for index, row in enumerate(rows):
            if index in found:
                continue
            if row.draft is None:
                found[index] = (row, None)
                continue
            try:
                target = _find_target(row.draft, targets, only_ids=only_ids)
                if target is None:
                    continue
                _require_own_names(row.draft, target, targets)
            except InvalidInput as error:
                found[index] = (replace(row, draft=None, reason=str(error)), None)
                continue
            if target not in targets:
                targets.append(target)
            target.add(row.draft)
            found[index] = (row, target)
    return [found[index] for index in range(len(rows))]


def new_person(number: int, draft: PersonDraft) -> Person:
    """Returns the person that a draft describes."""
    return Person(
        id=number,
        name=draft.name,
        other_names=draft.other_names,
        ids=draft.ids,
        membership=draft.membership,
        categories=draft.categories,
        discord_id=draft.discord_id,
    )


def updated(person: Person, draft: PersonDraft) -> Person:
    """Returns a person with what a row says; what it leaves empty stays.

    The dates of membership are replaced together, since an empty one of them means an open end.
    """
    name = draft.name if _is_better_name(draft.name, person) else person.name
    others = [*person.other_names, *draft.other_names]
    if not _is_same(name, person.name):
        others.insert(0, person.name)
    hidden = {name, *person.former_names}
    given = {one.scheme for one in draft.ids}
    membership = draft.membership
    return replace(
        person,
        name=name,
        other_names=tuple(sorted({one for one in others if one not in hidden})),
        ids=ids.sort_ids([*(one for one in person.ids if one.scheme not in given), *draft.ids]),
        membership=membership if membership.start or membership.end else person.membership,
        categories=draft.categories or person.categories,
        discord_id=draft.discord_id or person.discord_id,
    )


def changed_fields(before: Person, after: Person) -> tuple[str, ...]:
    """Returns the names of the fields in which two records of a person differ."""
    names = [one.name for one in fields(Person)]
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def _find_target(draft: PersonDraft, targets: Sequence[Target], *, only_ids: bool) -> Target | None:
    """Returns who a row is about; None if only its name could tell, and ``only_ids`` is set."""
    identified = [one for one in targets if one.is_identified_by(draft)]
    if len(identified) > 1:
        owners = " and ".join(_describe(one) for one in identified)
        raise InvalidInput(f"Its IDs belong to different people: {owners}.")
    if identified:
        (target,) = identified
        if not any(_may_be_one(name, draft.name) for name in target.names):
            shared = next((one for one in draft.ids if one in target.ids), None)
            what = ids.describe(shared) if shared else "Discord account"
            raise InvalidInput(
                f"The {what} belongs to {_describe(target)}, whose name is different. If they're "
                "the same person, add this name to them first."
            )
        if target.ids.isdisjoint(draft.ids) and target.is_given_otherwise(draft):
            raise InvalidInput(
                f"Another row gives the Discord account to {_describe(target)}, with different IDs."
            )
        return target
    if only_ids:
        return None
    named = [one for one in targets if one.has_name(draft.name) and not one.contradicts(draft)]
    if len(named) > 1:
        raise InvalidInput(
            f"Several people are called “{draft.name}”: {', '.join(map(_describe, named))}. Give "
            "an ID that one of them has."
        )
    return named[0] if named else Target()


def _require_own_names(draft: PersonDraft, target: Target, targets: Iterable[Target]) -> None:
    """Raises `InvalidInput` if a row's other name is the name of somebody else."""
    for other in draft.other_names:
        for one in targets:
            if one is not target and one.has_name(other) and not one.has_name(draft.name):
                raise InvalidInput(f"“{other}” is the name of {_describe(one)}.")


def _describe(target: Target) -> str:
    person = target.person
    return f"{person.name} (number {person.id})" if person else f"{target.names[0]} in this file"


def _may_be_one(one: str, other: str) -> bool:
    """Returns whether two names have a word in common, or are in different scripts."""
    first, second = parse_name(one), parse_name(other)
    if first.is_east_asian is not second.is_east_asian or are_compatible(first, second):
        return True
    words = {word for spelling in first.spellings for word in spelling.words if len(word) > 1}
    return any(word in words for spelling in second.spellings for word in spelling.words)


def _is_better_name(name: str, person: Person) -> bool:
    """Returns whether a row's name is to be shown: not if it is a former name or less complete."""
    if any(_is_same(name, former) for former in person.former_names):
        return False
    given, known = parse_name(name), parse_name(person.name)
    return given.is_full or not (known.is_full and are_compatible(known, given))


def _is_same(one: str, other: str) -> bool:
    return not identity_keys(parse_name(one)).isdisjoint(identity_keys(parse_name(other)))
