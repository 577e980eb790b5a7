"""The registry of the lab's people: looking them up, and changes that can be undone.

Their names are those of the authors of papers (see `storage.people.names`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from storage import timestamps
from storage.audit import log as audit_log
from storage.audit.models import ChangeAction, PeopleState, Recorded
from storage.authors import decisions as name_decisions
from storage.connection import Connection
from storage.database import Database
from storage.errors import InvalidInput
from storage.models import Actor
from storage.people import names, records
from storage.people.errors import IdForeign, PersonNotFound
from storage.people.ids import sort_ids
from storage.people.imports import (
    FileRow,
    ImportedRow,
    RowOutcome,
    Target,
    changed_fields,
    match_rows,
    new_person,
    updated,
)
from storage.people.models import Person, PersonDraft, PersonId
from storage.people.search import find_people, get_one

_EMPTY = PeopleState({}, {})


class People:
    """The lab's people: who they are, and when they were members."""

    def __init__(self, database: Database, clock: timestamps.Clock) -> None:
        self._database = database
        self._clock = clock

    async def all(self) -> tuple[Person, ...]:
        """Returns everybody by number, former members included."""
        async with self._database.reading() as db:
            return tuple(await records.load(db))

    async def get(self, number: int) -> Person:
        """Returns the person with a number; raises `PersonNotFound`."""
        async with self._database.reading() as db:
            return await _get(db, number)

    async def find(self, text: str) -> Person:
        """Returns the person that a number, an id, a mention or a name in any form means.

        Raises `PersonNotFound`, or `PersonAmbiguous` if several people are meant.
        """
        return get_one(await self.all(), text)

    async def search(self, text: str, limit: int = 25) -> tuple[Person, ...]:
        """Returns the people whom a beginning of a name may mean, sorted by name."""
        return tuple(find_people(await self.all(), text)[:limit])

    async def by_member(self, discord_id: int) -> Person | None:
        """Returns who has a Discord account, or None."""
        return next((one for one in await self.all() if one.discord_id == discord_id), None)

    async def is_trusting(self) -> bool:
        """Returns whether certain papers are announced without a review by default."""
        async with self._database.reading() as db:
            return await records.is_trusting(db)

    async def add(self, draft: PersonDraft, actor: Actor) -> Recorded[Person]:
        """Adds a person.

        Raises `IdTaken`, `AccountTaken` or `NameTaken` if something is somebody else's.
        """
        async with self._database.transaction(in_reply=True) as db:
            before, after, person = await add(db, draft)
            return Recorded(person, await self._record(db, actor, ChangeAction.ADD, before, after))

    async def edit(
        self, number: int, change: Callable[[Person], Person], actor: Actor
    ) -> Recorded[Person]:
        """Replaces a person by what ``change`` returns, called with the present state.

        The number, the former names and the trust stay as they are. The change's id is None if
        nothing changed. Raises the errors of `get` and `add`.
        """
        async with self._database.transaction(in_reply=True) as db:
            person = await _get(db, number)
            before, after, edited = await edit(db, person, change(person))
            return Recorded(edited, await self._record(db, actor, ChangeAction.EDIT, before, after))

    async def add_ids(
        self, number: int, added: Sequence[PersonId], actor: Actor
    ) -> Recorded[Person]:
        """Gives a person more ids; the change's id is None if they have all of them already.

        Raises `IdForeign` if one is known not to be theirs, and the errors of `edit`.
        """

        def change(person: Person) -> Person:
            for one in added:
                if one in person.foreign_ids:
                    raise IdForeign(one, person.id, person.name)
            return replace(person, ids=sort_ids([*person.ids, *added]))

        return await self.edit(number, change, actor)

    async def remove(self, number: int, actor: Actor) -> Recorded[Person]:
        """Removes a person, but not what was decided about their names; returns who that was."""
        async with self._database.transaction(in_reply=True) as db:
            person = await _get(db, number)
            decided = await names.plan_removal(db, person)
            before, after = await _apply(db, PeopleState({number: None}, decided))
            change_id = await self._record(db, actor, ChangeAction.REMOVE, before, after)
        return Recorded(person, change_id)

    async def set_trust(
        self, actor: Actor, numbers: Sequence[int] = (), *, is_trusted: bool
    ) -> Recorded[tuple[Person, ...]]:
        """Sets whether certain papers of these people need a review; returns the people.

        Without numbers, it is set for everybody, also for those who are added later.
        """
        async with self._database.transaction(in_reply=True) as db:
            people = [await _get(db, number) for number in numbers] or await records.load(db)
            state = await records.load_state(db, PeopleState({one.id: None for one in people}, {}))
            trust = is_trusted if numbers else None
            values = {
                number: {**one, "trust": trust} for number, one in state.people.items() if one
            }
            changed = {one: new for one, new in values.items() if new != state.people[one]}
            before, after = await _apply(
                db, PeopleState(changed, {}, None if numbers else is_trusted)
            )
            change_id = await self._record(db, actor, ChangeAction.EDIT, before, after)
            return Recorded(tuple(await records.load(db, [one.id for one in people])), change_id)

    async def is_watching(self) -> bool:
        """Returns whether services are asked for new papers by the lab's people."""
        async with self._database.reading() as db:
            return await records.is_watching(db)

    async def set_watching(self, actor: Actor, *, is_watched: bool) -> int | None:
        """Sets whether services are asked; returns the change's id, or None if that was so."""
        async with self._database.transaction(in_reply=True) as db:
            before, after = await _apply(db, PeopleState({}, {}, is_watched=is_watched))
            return await self._record(db, actor, ChangeAction.EDIT, before, after)

    async def import_many(
        self, rows: Sequence[FileRow], actor: Actor
    ) -> Recorded[tuple[ImportedRow, ...]]:
        """Adds and updates people as the rows of a file say, as one change.

        A row that can't be used is rejected, and changes nothing.
        """
        async with self._database.transaction(in_reply=True) as db:
            changes = _Changes()
            results = await _run_rows(db, rows, changes)
            change_id = await self._record(
                db, actor, ChangeAction.IMPORT, changes.before, changes.after
            )
        return Recorded(results, change_id)

    async def preview_many(self, rows: Sequence[FileRow]) -> tuple[ImportedRow, ...]:
        """Returns what `import_many` would do, without changing anything."""
        async with self._database.reading() as db:
            return await _run_rows(db, rows)

    async def _record(
        self,
        db: Connection,
        actor: Actor,
        action: ChangeAction,
        before: PeopleState,
        after: PeopleState,
    ) -> int | None:
        if before == after:
            return None
        return await audit_log.record_people_change(db, self._clock(), actor, action, before, after)


@dataclass(slots=True)
class _Changes:
    """What several writes in one transaction changed."""

    before: PeopleState = _EMPTY
    after: PeopleState = _EMPTY

    def add(self, before: PeopleState, after: PeopleState) -> None:
        self.before, self.after = _combine(before, self.before), _combine(self.after, after)


async def add(db: Connection, draft: PersonDraft) -> tuple[PeopleState, PeopleState, Person]:
    """Adds a person; returns what that changed, before and after, and the person."""
    plan = await names.plan_new(db, draft.name, draft.other_names)
    number = await records.next_number(db)
    values = records.as_values(new_person(number, draft), plan.anchor, trust=None)
    before, after = await _apply(db, PeopleState({number: values}, plan.decided))
    return before, after, await _get(db, number)


async def edit(
    db: Connection, person: Person, edited: Person
) -> tuple[PeopleState, PeopleState, Person]:
    """Replaces a person; returns what that changed, before and after, and the person."""
    anchor, trust = await records.get_anchor(db, person.id)
    plan = await names.plan_edit(db, person, anchor, edited.name, edited.other_names)
    foreign = tuple(one for one in edited.foreign_ids if one not in edited.ids)
    values = records.as_values(replace(edited, foreign_ids=foreign), plan.anchor, trust=trust)
    before, after = await _apply(db, PeopleState({person.id: values}, plan.decided))
    return before, after, await _get(db, person.id)


async def _apply(db: Connection, state: PeopleState) -> tuple[PeopleState, PeopleState]:
    """Gives people and names a state; returns what that changed, before and after."""
    people = replace(state, names={})
    before = await records.load_state(db, people)
    await records.apply_state(db, state)
    old, new = await name_decisions.decide_with_implied(db, state.names)
    after = await records.load_state(db, people)
    return replace(before, names=old), replace(after, names=new)


async def _run_rows(
    db: Connection, rows: Sequence[FileRow], changes: _Changes | None = None
) -> tuple[ImportedRow, ...]:
    """Imports rows and adds up their changes; without ``changes``, only says what would happen."""
    results = []
    for row, target in match_rows(rows, await records.load(db)):
        if row.draft is None or target is None:
            results.append(ImportedRow(row.line, row.name, RowOutcome.REJECTED, reason=row.reason))
            continue
        try:
            run = partial(_write_row, changes=changes) if changes else _check_row
            results.append(await run(db, row, row.draft, target))
        except InvalidInput as error:
            results.append(ImportedRow(row.line, row.name, RowOutcome.REJECTED, reason=str(error)))
    return tuple(results)


async def _write_row(
    db: Connection, row: FileRow, draft: PersonDraft, target: Target, changes: _Changes
) -> ImportedRow:
    if target.person is None:
        before, after, target.person = await add(db, draft)
        changes.add(before, after)
        return ImportedRow(row.line, row.name, RowOutcome.ADDED, target.person.id)
    person = await _get(db, target.person.id)
    before, after, edited = await edit(db, person, updated(person, draft))
    changes.add(before, after)
    return _updated_row(row, person, edited)


async def _check_row(
    db: Connection, row: FileRow, draft: PersonDraft, target: Target
) -> ImportedRow:
    """Returns what importing a row would do; raises the same errors."""
    person = target.person
    if person is None:
        await names.plan_new(db, draft.name, draft.other_names)
        target.person = new_person(0, draft)
        return ImportedRow(row.line, row.name, RowOutcome.ADDED)
    changed = updated(person, draft)
    if person.id:
        anchor, _ = await records.get_anchor(db, person.id)
        await names.plan_edit(db, person, anchor, changed.name, changed.other_names)
    target.person = changed
    return _updated_row(row, person, changed)


def _updated_row(row: FileRow, before: Person, after: Person) -> ImportedRow:
    changed = changed_fields(before, after)
    outcome = RowOutcome.UPDATED if changed else RowOutcome.UNCHANGED
    return ImportedRow(row.line, row.name, outcome, after.id or None, changed=changed)


async def _get(db: Connection, number: int) -> Person:
    for person in await records.load(db, [number]):
        return person
    raise PersonNotFound(f"#{number}")


def _combine(one: PeopleState, other: PeopleState) -> PeopleState:
    """Returns two states as one; what both are about is as the other one says."""
    return PeopleState(
        {**one.people, **other.people},
        {**one.names, **other.names},
        one.is_trusted if other.is_trusted is None else other.is_trusted,
        one.is_watched if other.is_watched is None else other.is_watched,
    )
