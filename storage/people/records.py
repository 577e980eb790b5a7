"""SQL of the lab's people: reading them, and the state that a change recorded and restores."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache

from storage.audit.models import PeopleState, Settings
from storage.authors import decisions as name_decisions
from storage.connection import Connection
from storage.papers import credits
from storage.people.errors import AccountTaken, IdTaken
from storage.people.models import IdScheme, Membership, Person, PersonId

_SCHEMES = (*IdScheme,)
_SHOWN = "COALESCE(aliases.person_id, people.name_id)"  # the id of the name that is shown


async def load(db: Connection, numbers: Sequence[int] | None = None) -> list[Person]:
    """Returns people by number, or all; those who were removed are left out."""
    condition = "NOT is_removed"
    if numbers is not None:
        condition += " AND people.id IN (SELECT value FROM json_each(?))"
    rows = await db.all(
        f"""SELECT people.*, shown.id AS shown_id, shown.name AS name,
                COALESCE(people.is_trusted, people_settings.is_trusted) AS is_trusted_now
            FROM people JOIN people_settings
            LEFT JOIN aliases ON aliases.name_id = people.name_id
            JOIN names AS shown ON shown.id = {_SHOWN}
            WHERE {condition} ORDER BY people.id""",  # noqa: S608 - constants
        [] if numbers is None else [json.dumps([*numbers])],
    )
    names = await _load_names(db, {row["shown_id"] for row in rows})
    own, foreign = await _load_ids(db, [row["id"] for row in rows])
    return [
        Person(
            id=row["id"],
            name=row["name"],
            other_names=tuple(names[row["shown_id"], False]),
            former_names=tuple(names[row["shown_id"], True]),
            ids=tuple(own[row["id"]]),
            foreign_ids=tuple(foreign[row["id"]]),
            membership=Membership(_date(row["member_from"]), _date(row["member_to"])),
            categories=tuple(row["categories"].split()),
            discord_id=row["discord_id"],
            is_trusted=bool(row["is_trusted_now"]),
        )
        for row in rows
    ]


async def numbers_by_name(db: Connection, name: str) -> list[int]:
    """Returns the people who are shown by a name."""
    rows = await db.all(
        f"""SELECT people.id FROM people
            LEFT JOIN aliases ON aliases.name_id = people.name_id
            JOIN names ON names.id = {_SHOWN}
            WHERE names.name = ? AND NOT is_removed ORDER BY people.id""",  # noqa: S608 - a constant
        [name],
    )
    return [row["id"] for row in rows]


async def load_state(db: Connection, like: PeopleState) -> PeopleState:
    """Returns the present state of what another state is about."""
    return PeopleState(
        {number: await _load_values(db, number) for number in like.people},
        await name_decisions.decisions(db, like.names),
        None if like.is_trusted is None else await is_trusting(db),
        None if like.is_watched is None else await is_watching(db),
    )


async def is_trusting(db: Connection) -> bool:
    """Returns whether certain papers of everybody are announced without a review by default."""
    return bool(await db.value("SELECT is_trusted FROM people_settings"))


async def is_watching(db: Connection) -> bool:
    """Returns whether services are asked for new papers by the lab's people."""
    return bool(await db.value("SELECT is_watched FROM people_settings"))


async def apply_state(db: Connection, state: PeopleState) -> None:
    """Gives people, trust and watching the values of a state; its names aren't touched.

    Raises `IdTaken` or `AccountTaken` if somebody else has an id or an account of the state.
    """
    for values in state.people.values():
        if values is not None:
            await _require_free(db, values, but=state.people)
    await _redraw_cards(db, state)
    for number in state.people:
        await db.run("UPDATE people SET is_removed = 1, discord_id = NULL WHERE id = ?", [number])
        await db.run("DELETE FROM person_ids WHERE person_id = ?", [number])
    for number, values in state.people.items():
        if values is not None:
            await _store(db, number, values)
    if state.is_trusted is not None:
        await db.run("UPDATE people_settings SET is_trusted = ?", [state.is_trusted])
    if state.is_watched is not None:
        await db.run("UPDATE people_settings SET is_watched = ?", [state.is_watched])


async def _redraw_cards(db: Connection, state: PeopleState) -> None:
    """Has cards that wait for a moderator updated if they're about people removed or brought back.

    Found papers may name anybody, so the cards of all that wait are.
    """
    numbers = json.dumps([*state.people])
    removed = json.dumps([number for number, values in state.people.items() if values is None])
    moved = await db.all(
        """SELECT id FROM people WHERE id IN (SELECT value FROM json_each(?1))
           AND is_removed <> (id IN (SELECT value FROM json_each(?2)))""",
        [numbers, removed],
    )
    if not moved:
        return
    await db.run(
        """UPDATE posts SET revision = revision + 1
           WHERE claim_id IN (
               SELECT id FROM account_claims WHERE decided_at IS NULL
               AND person_id IN (SELECT value FROM json_each(?)))
           OR found_paper_id IN (SELECT id FROM found_papers WHERE outcome = 'review')""",
        [json.dumps([row["id"] for row in moved])],
    )


async def next_number(db: Connection) -> int:
    """Returns the number for a new person, which nobody had before."""
    return int(await db.value("SELECT COALESCE(MAX(id), 0) + 1 FROM people"))


def as_values(person: Person, name: str, *, trust: bool | None) -> Settings:
    """Returns a person as recorded; ``name`` is one of their names, ``trust`` None for default."""
    membership = person.membership
    return {
        "name": name,
        "ids": sorted(map(str, person.ids)),
        "foreign_ids": sorted(map(str, person.foreign_ids)),
        "from": membership.start.isoformat() if membership.start else None,
        "to": membership.end.isoformat() if membership.end else None,
        "categories": list(person.categories),
        "discord": person.discord_id,
        "trust": trust,
    }


async def get_anchor(db: Connection, number: int) -> tuple[str, bool | None]:
    """Returns the name by which a person is recorded, and their own trust or None."""
    values = await _load_values(db, number)
    return (values["name"], values["trust"]) if values else ("", None)


async def _load_values(db: Connection, number: int) -> Settings | None:
    row = await db.one(
        """SELECT people.*, names.name FROM people JOIN names ON names.id = name_id
           WHERE people.id = ? AND NOT is_removed""",
        [number],
    )
    if row is None:
        return None
    own, foreign = await _load_ids(db, [number])
    return {
        "name": row["name"],
        "ids": sorted(map(str, own[number])),
        "foreign_ids": sorted(map(str, foreign[number])),
        "from": row["member_from"],
        "to": row["member_to"],
        "categories": row["categories"].split(),
        "discord": row["discord_id"],
        "trust": None if row["is_trusted"] is None else bool(row["is_trusted"]),
    }


async def _store(db: Connection, number: int, values: Settings) -> None:
    own, foreign = map(_parse_ids, (values["ids"], values["foreign_ids"]))
    name_id = await credits.name_id(db, values["name"])
    columns = (
        name_id,
        values["from"],
        values["to"],
        " ".join(values["categories"]),
        values["discord"],
        values["trust"],
    )
    await db.run(
        """INSERT INTO people
               (name_id, member_from, member_to, categories, discord_id, is_trusted, id)
           VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (id) DO UPDATE SET name_id = ?1,
               member_from = ?2, member_to = ?3, categories = ?4, discord_id = ?5,
               is_trusted = ?6, is_removed = 0""",
        [*columns, number],
    )
    await db.run_many(
        "INSERT INTO person_ids (person_id, scheme, value, is_foreign) VALUES (?, ?, ?, ?)",
        [
            (number, one.scheme, one.value, is_foreign)
            for ids, is_foreign in ((own, 0), (foreign, 1))
            for one in ids
        ],
    )


async def _require_free(db: Connection, values: Settings, but: Iterable[int]) -> None:
    """Raises `IdTaken` or `AccountTaken` if anybody ``but`` some people has a person's values."""
    excepted = json.dumps([*but])
    for one in _parse_ids(values["ids"]):
        number = await db.value(
            """SELECT person_id FROM person_ids WHERE scheme = ? AND value = ? AND NOT is_foreign
               AND person_id NOT IN (SELECT value FROM json_each(?))""",
            [one.scheme, one.value, excepted],
        )
        if number is not None:
            (owner,) = await load(db, [number])
            raise IdTaken(one, owner.id, owner.name)
    number = await db.value(
        """SELECT id FROM people WHERE discord_id = ? AND NOT is_removed
           AND id NOT IN (SELECT value FROM json_each(?))""",
        [values["discord"], excepted],
    )
    if number is not None:
        (owner,) = await load(db, [number])
        raise AccountTaken(owner.id, owner.name)


async def _load_names(
    db: Connection, shown_ids: Iterable[int]
) -> defaultdict[tuple[int, bool], list[str]]:
    """Returns the other names of people, by the id of the shown one and whether they are former."""
    found: defaultdict[tuple[int, bool], list[str]] = defaultdict(list)
    for row in await db.all(
        """SELECT person_id, names.name, is_former FROM aliases JOIN names ON names.id = name_id
           WHERE person_id IN (SELECT value FROM json_each(?)) AND person_id <> name_id
           ORDER BY names.name""",
        [json.dumps([*shown_ids])],
    ):
        found[row["person_id"], bool(row["is_former"])].append(row["name"])
    return found


async def _load_ids(
    db: Connection, numbers: Sequence[int]
) -> tuple[defaultdict[int, list[PersonId]], defaultdict[int, list[PersonId]]]:
    """Returns people's own ids and foreign ones, by their numbers."""
    own: defaultdict[int, list[PersonId]] = defaultdict(list)
    foreign: defaultdict[int, list[PersonId]] = defaultdict(list)
    for row in await db.all(
        """SELECT * FROM person_ids WHERE person_id IN (SELECT value FROM json_each(?))
           ORDER BY value""",
        [json.dumps([*numbers])],
    ):
        ids = foreign if row["is_foreign"] else own
        ids[row["person_id"]].append(_person_id(row["scheme"], row["value"]))
    for found in (*own.values(), *foreign.values()):
        found.sort(key=lambda one: _SCHEMES.index(one.scheme))
    return own, foreign


@lru_cache(maxsize=65_536)
def _person_id(scheme: str, value: str) -> PersonId:
    return PersonId(IdScheme(scheme), value)


def _parse_ids(texts: Sequence[str]) -> list[PersonId]:
    pairs = [text.partition(":") for text in texts]
    return [_person_id(scheme, value) for scheme, _, value in pairs]


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
