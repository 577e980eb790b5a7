"""What people's names mean for the authors of papers: which credited names are one person's.

`storage.authors.decisions` keeps that. This module only reads, and decides what to store there.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from storage.audit.models import NameDecision, NameDecisions
from storage.authors import candidates
from storage.authors import decisions as name_decisions
from storage.authors import lookup as author_lookup
from storage.connection import Connection
from storage.errors import InvalidInput
from storage.names.author_list import parse_author_list
from storage.names.matching import is_same_name
from storage.names.parser import parse_name
from storage.people import records
from storage.people.errors import NameTaken
from storage.people.models import Person

_BRACKET = re.compile(r"[][(){}<>]")  # left over from markup or an address
MAX_NAME = 100
MAX_OTHER_NAMES = 20


@dataclass(frozen=True, slots=True)
class NamePlan:
    """The name by which a person is recorded, and what has to be decided about names."""

    anchor: str
    decided: NameDecisions


def parse_person_name(text: str) -> str:
    """Returns one name, given names first; raises `InvalidInput` for none or several."""
    names = parse_author_list(text).names
    if (
        len(names) != 1
        or len(names[0]) > MAX_NAME
        or not parse_name(names[0]).family
        or _BRACKET.search(names[0])
    ):
        raise InvalidInput(
            f"“{text.strip()[:60]}” isn't one person's name. Enter one like “Ann Lee”."
        )
    return names[0]


def parse_other_names(text: str) -> tuple[str, ...]:
    """Returns names separated by semicolons or line breaks; raises `InvalidInput`."""
    parts = [part for line in text.splitlines() for part in line.split(";") if part.strip()]
    found = tuple(dict.fromkeys(map(parse_person_name, parts)))
    if len(found) > MAX_OTHER_NAMES:
        raise InvalidInput(f"Enter at most {MAX_OTHER_NAMES} other names.")
    return found


async def plan_new(db: Connection, name: str, other_names: Iterable[str]) -> NamePlan:
    """Returns what to decide for a new person.

    A name that is another author's other or former name means that author. Raises `NameTaken` if
    another name is somebody else's.
    """
    shown = await _decided_author(db, name) or name
    decided: dict[str, NameDecision | None] = {shown: NameDecision(shown)}
    decided |= await _plan_others(db, shown, other_names)
    return NamePlan(name, await _changed(db, decided))


async def plan_edit(
    db: Connection, person: Person, anchor: str, name: str, other_names: Iterable[str]
) -> NamePlan:
    """Returns what to decide if a person gets a name and other names instead of theirs.

    A name that papers credit stays one of theirs. So do former names, and all names if somebody
    else of the lab has the same name, since papers don't say which of them they credit. Raises
    `NameTaken` if a name is somebody else's.
    """
    others = [other for other in dict.fromkeys(other_names) if other != name]
    if name == person.name and set(others) == set(person.other_names):
        return NamePlan(anchor, {})
    if len(await records.numbers_by_name(db, person.name)) > 1:
        return await _plan_namesake(db, person, anchor, name, others)
    if name != person.name:
        anchor = name
        if name not in person.other_names and not is_same_name(
            parse_name(name), parse_name(person.name)
        ):
            await _require_free(db, name, {person.name})
        present = await candidates.with_name(db, person.name)
        if any(one.paper_count for one in present) and person.name not in others:
            others.append(person.name)
    decided: dict[str, NameDecision | None] = {
        other: _no_decision(other)
        for other in (person.name, *person.other_names)
        if other not in others
    }
    decided |= {former: NameDecision(name, is_former=True) for former in person.former_names}
    kept = {person.name, *person.other_names}
    decided |= {other: NameDecision(name) for other in others if other in kept}
    decided[name] = NameDecision(name)
    decided |= await _plan_others(
        db, name, [other for other in others if other not in kept], person
    )
    return NamePlan(anchor, await _changed(db, decided))


async def plan_removal(db: Connection, person: Person) -> NameDecisions:
    """Returns what to decide once a person isn't in the registry: their only name needs nothing."""
    is_shared = len(await records.numbers_by_name(db, person.name)) > 1
    if is_shared or person.other_names or person.former_names:
        return {}
    return await _changed(db, {person.name: None})


async def _plan_namesake(
    db: Connection, person: Person, anchor: str, name: str, others: Iterable[str]
) -> NamePlan:
    if name == person.name:
        shown = name
    else:
        shown, anchor = await _decided_author(db, name) or name, name
    decided: dict[str, NameDecision | None] = {shown: NameDecision(shown)}
    decided |= await _plan_others(
        db, shown, [other for other in others if other not in {person.name, *person.other_names}]
    )
    return NamePlan(anchor, await _changed(db, decided))


async def _plan_others(
    db: Connection, shown: str, other_names: Iterable[str], before: Person | None = None
) -> dict[str, NameDecision | None]:
    """Returns the decisions that make names other names of the author who is shown by one.

    ``before`` is who that is, if they are shown by another name so far.
    """
    own = {shown, before.name} if before else {shown}
    related = await candidates.for_people(db, own)
    former = [variant.parsed for variant in related if variant.is_former]
    decided: dict[str, NameDecision | None] = {}
    for other in dict.fromkeys(other_names):
        if other == shown or any(variant.name == other for variant in related):
            continue
        await _require_free(db, other, own)
        is_former = name_decisions.reveals_former(parse_name(other), former, parse_name(shown))
        decided[other] = NameDecision(shown, is_former=is_former)
    return decided


async def _require_free(db: Connection, name: str, own: Collection[str]) -> None:
    """Raises `NameTaken` if moderators decided that a name is another author's.

    ``own`` are names that show the author who is to have it.
    """
    owner = await _decided_author(db, name)
    if owner is None or owner in own:
        return
    variants = await candidates.for_people(db, {owner})
    is_abandoned = owner == name and all(variant.name == name for variant in variants)
    if not is_abandoned or await records.numbers_by_name(db, name):
        raise NameTaken(name)


async def _decided_author(db: Connection, name: str) -> str | None:
    """Returns the name that shows the author whom moderators decided a name to be, or None."""
    for variant in await candidates.with_name(db, name):
        if variant.person is not None:
            return variant.person
    if parse_name(name).is_full and (found := await author_lookup.find_credited(db, name)):
        return next((one.person for one in found[1].variants if one.person is not None), None)
    return None


async def _changed(
    db: Connection, decided: dict[str, NameDecision | None]
) -> dict[str, NameDecision | None]:
    """Returns the decisions that aren't in effect yet."""
    present = await name_decisions.decisions(db, decided)
    return {name: decision for name, decision in decided.items() if present[name] != decision}


def _no_decision(name: str) -> NameDecision | None:
    """Returns what makes a name nobody's: a short one would still be guessed to be somebody's."""
    return None if parse_name(name).is_full else NameDecision(None)
