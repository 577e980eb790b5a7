"""SQL that finds what is stored about a member, by the inventory."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from storage.connection import Connection
from storage.privacy.inventory import (
    ACCOUNT,
    ACCOUNT_CHANGES,
    ADDRESSES,
    SIGNATURES,
    SUBMISSIONS,
    Rule,
    Signature,
)

_Record = Mapping[str, Any]
_KEY = "discord:"  # before the ID of an actor who is a member
_STATED_ID = re.compile(r'"discord(?:_id)?": "?(\d+)|"discord:(\d+)"')  # in a recorded state
_JSON_DETAILS = ("identifiers",)
# Changes whose recorded states may name members.
NAMES_MEMBERS = "(kind IN ('people', 'moderators') OR resolution IS NOT NULL)"


@dataclass(frozen=True, slots=True)
class Overview:
    """How much is stored about a member, by the name of a `Rule`; names without any are left out.

    ``person`` is the name of the one of the lab's people who has the member's account.
    """

    counts: Mapping[str, int]
    person: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is stored about the member."""
        return not self.counts and self.person is None


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Everything that is stored about a member, as values for JSON.

    ``records`` has, by the name of a `Rule`, what the member sent or did, and ``person`` the one
    of the lab's people who has the member's account.
    """

    member_id: int
    names: Sequence[str]
    person: _Record | None
    records: Mapping[str, Sequence[_Record]]
    direct_messages: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is stored about the member."""
        return not self.records and self.person is None and not self.direct_messages


def actor_key(member_id: int) -> str:
    """Returns the key of a member as an `Actor`."""
    return f"{_KEY}{member_id}"


async def count(db: Connection, member_id: int) -> Overview:
    """Returns how much is stored about a member."""
    counts = {
        name: int(await db.value(f"SELECT COUNT(*) FROM ({query})", [value]))  # noqa: S608
        for name, (query, value) in _queries(member_id).items()
    }
    counts[ACCOUNT_CHANGES] = len(await _account_changes(db, member_id))
    counts["direct_messages"] = await _count_messages(db, member_id)
    person = await _find_person(db, member_id)
    return Overview(
        {name: number for name, number in counts.items() if number},
        str(person["name"]) if person else None,
    )


async def load(db: Connection, member_id: int) -> PersonalData:
    """Returns everything that is stored about a member."""
    records: dict[str, list[_Record]] = {}
    for name, (query, value) in _queries(member_id).items():
        rows = await db.all(query, [value])
        if rows:
            records[name] = [_record(dict(row)) for row in rows]
    if changes := await _account_changes(db, member_id):
        records[ACCOUNT_CHANGES] = changes
    return PersonalData(
        member_id,
        sorted(await names(db, member_id)),
        await _find_person(db, member_id),
        records,
        await _count_messages(db, member_id),
    )


async def names(db: Connection, member_id: int) -> set[str]:
    """Returns all names under which a member is recorded."""
    found: set[str] = set()
    for rule, value in _owned(member_id):
        rows = await db.all(
            f"SELECT DISTINCT {rule.columns[1]} FROM {rule.table} WHERE {by_member(rule)}",  # noqa: S608 - constants
            [value],
        )
        found |= {row[0] for row in rows}
    return found - {""}


async def member_ids(db: Connection) -> set[int]:
    """Returns the IDs of all members about whom anything is stored."""
    found: set[int] = set()
    for rule in (*SUBMISSIONS, ACCOUNT, *ADDRESSES):
        (column, *_) = rule.columns
        rows = await db.all(
            f"SELECT DISTINCT {column} FROM {rule.table} WHERE {column} IS NOT NULL"  # noqa: S608
        )
        found |= {int(row[0]) for row in rows}
    for signature in SIGNATURES:
        (column, _) = signature.columns
        rows = await db.all(
            f"SELECT DISTINCT {column} FROM {signature.table} WHERE {column} GLOB '{_KEY}*'"  # noqa: S608
        )
        found |= {int(text) for row in rows if (text := row[0].removeprefix(_KEY)).isdecimal()}
    states = await db.all(
        f"SELECT before, after, resolution FROM changes WHERE {NAMES_MEMBERS}"  # noqa: S608
    )
    for row in states:
        found |= _stated_ids(*row)
    return found


def _owned(member_id: int) -> list[tuple[Rule, str | int]]:
    """Returns the rules of what a member sent or did, each with what the first column has then."""
    return [
        *((one, member_id) for one in SUBMISSIONS),
        *((one, actor_key(member_id)) for one in SIGNATURES),
    ]


def _queries(member_id: int) -> dict[str, tuple[str, str | int]]:
    """Returns for each rule the query of a member's records, and its value."""
    queries: dict[str, tuple[str, str | int]] = {}
    for one in SUBMISSIONS:
        queries[one.name] = _select(one, one.details, "true"), member_id
    for signature in SIGNATURES:
        query = _select(signature, signature.details, signature.condition)
        queries[signature.name] = query, actor_key(member_id)
    return queries


def by_member(rule: Rule) -> str:
    """Returns the condition that a row is of one member, with a placeholder.

    Large tables have indexes of only those rows that are of any member.
    """
    column = rule.columns[0]
    any_member = f" AND {column} GLOB '{_KEY}*'" if isinstance(rule, Signature) else ""
    return f"{column} = ?{any_member}"


def _select(rule: Rule, details: Sequence[str], condition: str) -> str:
    return (
        f"SELECT {', '.join(details)} FROM {rule.table} "  # noqa: S608 - constants
        f"WHERE {by_member(rule)} AND {condition} ORDER BY id"
    )


def _record(values: dict[str, Any]) -> _Record:
    for name in _JSON_DETAILS:
        if values.get(name) is not None:
            values[name] = json.loads(values[name])
    return values


async def _account_changes(db: Connection, member_id: int) -> list[_Record]:
    """Returns the changes by others whose recorded states have a member's account."""
    rows = await db.all(
        """SELECT id, at, action, before, after FROM changes
           WHERE kind = 'people' AND actor <> ? AND (instr(before, ?2) OR instr(after, ?2))
           ORDER BY id""",
        [actor_key(member_id), str(member_id)],
    )
    return [
        {name: row[name] for name in ("id", "at", "action")}
        for row in rows
        if member_id in _stated_ids(row["before"], row["after"])
    ]


def _stated_ids(*states: str | None) -> set[int]:
    """Returns the IDs of members in recorded states."""
    texts = filter(None, states)
    return {int(one or other) for text in texts for one, other in _STATED_ID.findall(text)}


async def _count_messages(db: Connection, member_id: int) -> int:
    return int(
        await db.value(
            "SELECT COUNT(*) FROM posts WHERE destination_id = ? AND kind = 'outcome'", [member_id]
        )
    )


async def _find_person(db: Connection, member_id: int) -> _Record | None:
    """Returns the one of the lab's people who has a member's account, or None."""
    row = await db.one(
        """SELECT people.id AS number, COALESCE(shown.name, names.name) AS name, member_from,
               member_to, categories, (
                   SELECT json_group_array(scheme || ':' || value) FROM person_ids
                   WHERE person_id = people.id AND NOT is_foreign) AS ids
           FROM people JOIN names ON names.id = people.name_id
           LEFT JOIN aliases ON aliases.name_id = people.name_id
           LEFT JOIN names AS shown ON shown.id = aliases.person_id
           WHERE discord_id = ? AND NOT is_removed""",
        [member_id],
    )
    if row is None:
        return None
    return {
        **dict(row),
        "categories": row["categories"].split(),
        "ids": sorted(json.loads(row["ids"])),
    }
