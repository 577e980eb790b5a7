"""SQL that reads the change log; `log` writes it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from storage.audit.models import (
    Change,
    ChangeAction,
    LogPage,
    NameChange,
    PaperChange,
    PeopleChange,
    PeopleState,
    Resolution,
    ReviewChange,
    SettingsChange,
)
from storage.audit.serialization import change_from_row
from storage.connection import Connection, Row, Value
from storage.database import Database
from storage.models import Actor
from storage.papers import former_names
from storage.papers.snapshots import PaperSnapshot

_MAX_ID = 1 << 62  # more than any change's id
_IN_SERVER = "(changes.guild_id IS NULL OR changes.guild_id = ?)"
_BATCH_SIZE = 500  # parts of a bulk change in memory at a time; few, so that the event loop runs


class AuditLog:
    """Reads the recorded changes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def find(self, change_id: int) -> Change | None:
        """Returns the change with this id, or None."""
        async with self._database.reading() as db:
            history = await find_history(db, change_id)
        return history.change if history else None

    async def for_paper(self, paper_id: int) -> tuple[PaperChange, ...]:
        """Returns every change to a paper, oldest first."""
        async with self._database.reading() as db:
            shown = await _shown(db, await _changes(db, "changes.paper_id = ?", [paper_id]))
        return tuple(_paper_changes(shown))

    async def last_by(self, actor: Actor, guild_id: int | None = None) -> Change | None:
        """Returns an actor's last change in effect, apart from undos, or None.

        Changes to channels count only in the given server.
        """
        async with self._database.reading() as db:
            found = await _changes(
                db,
                f"""changes.id = (SELECT id FROM changes WHERE actor = ? AND part_of IS NULL
                    AND is_active AND action <> 'undo' AND {_IN_SERVER}
                    ORDER BY id DESC LIMIT 1)""",  # noqa: S608 - a constant
                [actor.key, guild_id],
            )
            shown = await _shown(db, found)
        return shown[0] if shown else None

    async def page(
        self,
        paper_id: int | None = None,
        *,
        guild_id: int | None = None,
        before: int | None = None,
        after: int | None = None,
        limit: int = 5,
    ) -> LogPage:
        """Returns a page of the log of all changes, or of one paper's, newest first.

        It is the newest page, or the one next to the change with the id ``before`` or ``after``.
        Changes to channels of other servers are left out. The log of all changes has each change
        set once, with its parts unless it is an import; the log of a paper also has the changes to
        the papers that were merged into it.
        """
        condition, values = f"changes.part_of IS NULL AND {_IN_SERVER}", list[Value]([guild_id])
        if paper_id is not None:
            condition = (
                "changes.paper_id IN (SELECT id FROM papers WHERE id = ? OR merged_into_id = ?)"
            )
            values = [paper_id, paper_id]
        async with self._database.reading() as db:
            if after is None:
                edge = before if before is not None else _MAX_ID
                found = await _changes(
                    db, f"{condition} AND changes.id < ?", [*values, edge], "DESC", limit + 1
                )
                has_newer, has_older = before is not None, len(found) > limit
            else:
                found = await _changes(
                    db, f"{condition} AND changes.id > ?", [*values, after], "", limit + 1
                )
                has_newer, has_older = len(found) > limit, True
            shown = sorted(found[:limit], key=lambda change: -change.id)
            if paper_id is None:
                shown = await _with_parts(db, shown)
            return LogPage(await _shown(db, shown), has_newer=has_newer, has_older=has_older)


@dataclass(frozen=True, slots=True)
class ChangeHistory:
    """A change with what it goes back to, as read at one time.

    ``change`` is as people see it, with current names. ``chain`` has the change, what it undoes,
    what that undoes and so on, as recorded.
    """

    change: Change
    chain: tuple[Change, ...]

    @property
    def original(self) -> Change:
        """The change at the end of the chain, which undoes nothing."""
        return self.chain[-1]


async def find_history(db: Connection, change_id: int) -> ChangeHistory | None:
    """Returns the change with this id and the chain of what it undoes, or None."""
    chain = await _changes(
        db,
        """changes.id IN (
               WITH RECURSIVE chain (id) AS (
                   SELECT ?
                   UNION ALL
                   SELECT undoes FROM chain JOIN changes USING (id) WHERE undoes IS NOT NULL)
               SELECT id FROM chain)""",
        [change_id],
        "DESC",
    )
    if not chain:
        return None
    (shown,) = await _shown(db, chain[:1])
    return ChangeHistory(shown, tuple(chain))


async def steps(db: Connection, original: Change, *, backwards: bool) -> AsyncIterator[PaperChange]:
    """Yields the changes to papers in a change set, without additions."""
    is_step = "changes.kind = 'paper' AND changes.action <> 'add'"
    head = await _changes(db, f"changes.id = ? AND {is_step}", [original.id])
    if not backwards:
        for change in _paper_changes(head):
            yield change
    edge, comparison, order = (_MAX_ID, "<", "DESC") if backwards else (0, ">", "")
    while parts := await _changes(
        db,
        f"changes.part_of = ? AND changes.id {comparison} ? AND {is_step}",
        [original.id, edge],
        order,
        _BATCH_SIZE,
    ):
        for change in _paper_changes(parts):
            yield change
        edge = parts[-1].id
    if backwards:
        for change in _paper_changes(head):
            yield change


async def added_papers(db: Connection, original: Change) -> AsyncIterator[list[int]]:
    """Yields the ids of the papers that a change set added, in batches."""
    if isinstance(original, PaperChange) and original.action is ChangeAction.ADD:
        yield [original.paper_id]
    edge = 0
    while rows := await db.all(
        """SELECT id, paper_id FROM changes WHERE part_of = ? AND id > ? AND action = 'add'
           ORDER BY id LIMIT ?""",
        [original.id, edge, _BATCH_SIZE],
    ):
        yield [row["paper_id"] for row in rows]
        edge = rows[-1]["id"]


async def resolutions(db: Connection, original: Change) -> AsyncIterator[Resolution]:
    """Yields how a bulk change resolved items that waited for a moderator."""
    edge = 0
    while parts := await _changes(
        db,
        "changes.part_of = ? AND changes.id > ? AND changes.kind = 'review'",
        [original.id, edge],
        limit=_BATCH_SIZE,
    ):
        for change in parts:
            if isinstance(change, ReviewChange) and change.resolution is not None:
                yield change.resolution
        edge = parts[-1].id


async def later_paper_changes(
    db: Connection, change: Change, original: Change, limit: int
) -> list[tuple[int, int]]:
    """Returns the papers of a change that were changed again, each with its last change in effect.

    What was done and undone since doesn't count.
    """
    rows = await db.all(
        """WITH RECURSIVE
           touched (paper_id) AS (
               SELECT paper_id FROM changes WHERE id = ?1 AND paper_id IS NOT NULL
               UNION SELECT paper_id FROM changes WHERE part_of = ?1),
           changes_to (paper_id, id, undoes, is_active) AS (
               SELECT own.paper_id, whole.id, whole.undoes, whole.is_active FROM touched
               JOIN changes AS own ON own.paper_id = touched.paper_id
               JOIN changes AS whole ON whole.id = COALESCE(own.part_of, own.id)
               UNION
               SELECT changes_to.paper_id, later.id, later.undoes, later.is_active
               FROM changes_to JOIN changes AS later ON later.undoes = changes_to.id)
           SELECT paper_id, MAX(id) AS later FROM changes_to
           WHERE id > ?2 AND is_active AND COALESCE(undoes, 0) <= ?2
           GROUP BY paper_id ORDER BY later DESC LIMIT ?3""",
        [original.id, change.id, limit],
    )
    return [(row["paper_id"], row["later"]) for row in rows]


async def later_name_change(
    db: Connection, change: Change, names: Sequence[str], person_ids: Sequence[int] = ()
) -> int | None:
    """Returns the last change in effect to some of these names or people since one, or None."""
    number = await db.value(
        """SELECT MAX(id) FROM (
               SELECT changes.id FROM changes INDEXED BY changes_by_name,
                   json_each(changes.after) AS decided
               WHERE name_id IS NOT NULL AND changes.id > ?1 AND is_active
               AND COALESCE(undoes, 0) <= ?1 AND decided.key IN (SELECT value FROM json_each(?2))
               UNION ALL
               SELECT changes.id FROM changes INDEXED BY changes_to_people
               WHERE kind = 'people' AND changes.id > ?1 AND is_active
               AND COALESCE(undoes, 0) <= ?1
               AND (EXISTS (SELECT 1 FROM json_each(changes.after, '$.names') AS decided
                            WHERE decided.key IN (SELECT value FROM json_each(?2)))
                    OR EXISTS (SELECT 1 FROM json_each(changes.after, '$.people') AS person
                               WHERE person.key IN (SELECT value FROM json_each(?3)))))""",
        [change.id, json.dumps([*names]), json.dumps([str(number) for number in person_ids])],
    )
    return int(number) if number is not None else None


async def later_settings_change(
    db: Connection,
    change: Change,
    original: SettingsChange,
) -> int | None:
    """Returns the last change in effect to some of the same settings since a change, or None."""
    number = await db.value(
        f"""SELECT MAX(changes.id) FROM changes, json_each(?2) AS name
            WHERE {original.target_field} = ?1 AND kind = ?4
            AND changes.id > ?3 AND is_active AND COALESCE(undoes, 0) <= ?3
            AND json_extract(before, '$.' || name.value)
                IS NOT json_extract(after, '$.' || name.value)""",  # noqa: S608 - a constant
        [original.target_id, json.dumps(original.changed_settings), change.id, original.kind],
    )
    return int(number) if number is not None else None


async def _with_parts(db: Connection, wholes: Sequence[Change]) -> list[Change]:
    """Returns changes with their parts, apart from imports."""
    numbers = [change.id for change in wholes if isinstance(change, PaperChange)]
    parts = _paper_changes(
        await _changes(
            db, "changes.part_of IN (SELECT value FROM json_each(?))", [json.dumps(numbers)]
        )
    )
    return [
        replace(change, parts=tuple(part for part in parts if part.part_of == change.id))
        if isinstance(change, PaperChange)
        else change
        for change in wholes
    ]


def _paper_changes(changes: Sequence[Change]) -> list[PaperChange]:
    return [change for change in changes if isinstance(change, PaperChange)]


async def _changes(
    db: Connection, condition: str, values: Sequence[Value], order: str = "", limit: int = -1
) -> list[Change]:
    """Returns the changes that meet a condition, by id, as recorded."""
    rows: list[Row] = await db.all(
        f"""SELECT changes.*, names.name,
                COALESCE(whole.is_active, changes.is_active) AS is_in_effect
            FROM changes LEFT JOIN names ON names.id = changes.name_id
            LEFT JOIN changes AS whole ON whole.id = changes.part_of
            WHERE {condition} ORDER BY changes.id {order} LIMIT ?""",  # noqa: S608 - constants
        [*values, limit],
    )
    return [change_from_row(row) for row in rows]


async def _with_originals(db: Connection, changes: Sequence[Change]) -> Sequence[Change]:
    """Returns changes, and for each undo the change that it goes back to."""
    undo_ids = [change.id for change in changes if change.undoes is not None]
    if not undo_ids:
        return changes
    rows = await db.all(
        """WITH RECURSIVE chain (id, undone_id, depth) AS (
               SELECT id, undoes, 1 FROM changes WHERE id IN (SELECT value FROM json_each(?))
               UNION ALL
               SELECT chain.id, changes.undoes, depth + 1 FROM chain
               JOIN changes ON changes.id = chain.undone_id WHERE changes.undoes IS NOT NULL)
           SELECT id, undone_id AS original_id, MAX(depth) AS depth FROM chain GROUP BY id""",
        [json.dumps(undo_ids)],
    )
    originals = {row["id"]: (row["original_id"], row["depth"] % 2 == 0) for row in rows}
    return [
        replace(change, original_id=originals[change.id][0], is_redo=originals[change.id][1])
        if change.id in originals
        else change
        for change in changes
    ]


async def _shown(db: Connection, changes: Sequence[Change]) -> tuple[Change, ...]:
    """Returns changes as people see them: undos with their originals, and current names."""
    changes = await _with_originals(db, changes)
    names: set[str] = set()
    for change in changes:
        if isinstance(change, NameChange):
            names.add(change.name)
        if isinstance(change, PeopleChange):
            names |= _people_names(change)
        for one in (change, *change.parts) if isinstance(change, PaperChange) else ():
            for snapshot in (one.before, one.after):
                if snapshot is not None:
                    names |= {*snapshot.authors, snapshot.posted_by}
    shown = await former_names.current_names(db, names)
    return tuple(_renamed(change, shown) for change in changes) if shown else tuple(changes)


def _renamed(change: Change, shown: dict[str, str]) -> Change:
    if isinstance(change, NameChange):
        return replace(change, name=shown.get(change.name, change.name))
    if isinstance(change, PeopleChange):
        return replace(
            change,
            before=_renamed_people(change.before, shown),
            after=_renamed_people(change.after, shown),
        )
    return _renamed_paper_change(change, shown) if isinstance(change, PaperChange) else change


def _people_names(change: PeopleChange) -> set[str]:
    """Returns all names in a change to people."""
    states = (change.before, change.after)
    people = [person for state in states for person in state.people.values()]
    return {name for state in states for name in state.names} | {
        person["name"] for person in people if person is not None
    }


def _renamed_people(state: PeopleState, shown: dict[str, str]) -> PeopleState:
    """Returns the state of people with current names, and without decisions about former ones."""
    return replace(
        state,
        people={
            number: person and {**person, "name": shown.get(person["name"], person["name"])}
            for number, person in state.people.items()
        },
        names={
            name: decision
            and replace(decision, person=shown.get(decision.person or "", decision.person))
            for name, decision in state.names.items()
            if name not in shown
        },
    )


def _renamed_paper_change(change: PaperChange, shown: dict[str, str]) -> PaperChange:
    return replace(
        change,
        before=_renamed_snapshot(change.before, shown),
        after=_renamed_snapshot(change.after, shown),
        parts=tuple(_renamed_paper_change(part, shown) for part in change.parts),
    )


def _renamed_snapshot(
    snapshot: PaperSnapshot | None, shown: dict[str, str]
) -> PaperSnapshot | None:
    if snapshot is None:
        return None
    return replace(
        snapshot,
        authors=tuple(shown.get(name, name) for name in snapshot.authors),
        posted_by=shown.get(snapshot.posted_by, snapshot.posted_by),
        collectives=tuple(shown.get(name, name) for name in snapshot.collectives),
    )
