"""Compares credited names with those of registered people; pure."""

from __future__ import annotations

import enum
from functools import lru_cache

from storage.names.affixes import with_author_id, without_author_id
from storage.names.matching import are_compatible, are_told_apart, identity_keys, is_same_name
from storage.names.parser import Name, parse_name
from storage.people.ids import author_numbers
from storage.people.models import Person


class Agreement(enum.IntEnum):
    """How a credited name fits a person's names; SHORT are initials or a surname only."""

    NONE = 0
    SHORT = 1
    FULL = 2


def agreement(person: Person, credited: str) -> Agreement:
    """Returns how a credited name fits the names of a person, former ones included.

    A name that fits a short form doesn't fit if a longer form of the same name contradicts it:
    “Wei X. Wang” isn't “Wei Wang” who is also written “Wei Y. Wang”. Nor does the same name with
    another number of DBLP's than theirs.
    """
    return _agreement(_numbered_names(person), credited)


@lru_cache(maxsize=65_536)
def _agreement(names: tuple[str, ...], credited: str) -> Agreement:
    """Compares a credited name; cached, because the same ones are compared for each decision."""
    name = parse_name(credited)
    written = [parse_name(one) for one in names]
    fitting = [one for one in written if are_compatible(one, name)]
    if name.is_collective or not name.words:
        return Agreement.NONE
    if not fitting:
        exchanged = exchange_names(name)
        is_reversed = name.is_full and any(
            is_same_name(one, exchanged) and not are_told_apart(one, exchanged) for one in written
        )
        return Agreement.SHORT if is_reversed else Agreement.NONE
    if any(
        are_compatible(one, other) and not are_compatible(one, name)
        for one in written
        for other in fitting
    ):
        return Agreement.NONE
    is_full = any(_share_given_name(one, name) for one in fitting)
    return Agreement.FULL if is_full else Agreement.SHORT


@lru_cache(maxsize=65_536)
def name_keys(name: str) -> frozenset[str]:
    """Returns keys that two spellings of a full name share; none of a short name or a group's."""
    parsed = parse_name(name)
    if not parsed.is_full or parsed.is_collective:
        return frozenset()
    return identity_keys(parsed)


def written_forms(person: Person) -> list[Name]:
    """Returns all names of a person, parsed, the present one first, with DBLP's number if known."""
    return [parse_name(one) for one in _numbered_names(person)]


def _numbered_names(person: Person) -> tuple[str, ...]:
    names = (person.name, *person.other_names, *person.former_names)
    numbers = author_numbers(person.ids)
    if not numbers:
        return names
    return tuple(
        with_author_id(without_author_id(name), number)
        for name in names
        for number in sorted(numbers)
    )


def exchange_names(name: Name) -> Name:
    """Returns a name with given and family names exchanged: “Wang Wei” for “Wei Wang”."""
    return Name(name.family, name.given, author_id=name.author_id) if name.given else name


def _share_given_name(one: Name, other: Name) -> bool:
    """Returns whether compatible names share a given name that is more than an initial."""
    if not (one.is_full and other.is_full):
        return False
    return is_same_name(one, other) or any(
        "".join(first.given) == "".join(second.given)
        or any(len(word) > 1 and word in second.given for word in first.given)
        for first in one.spellings
        for second in other.spellings
    )
