"""Finds the full names of a family that a short name, such as “J. A. Lee”, can stand for; pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TypeAlias

from storage.names.parser import Name

_Spellings: TypeAlias = tuple[Name, ...]
_Initials: TypeAlias = tuple[str, ...]

_MAX_INDEXED = 6  # initials of a name: it is found by each choice of them that has the first one


class InitialsIndex:
    """Full names by their initials, so that a big family isn't searched for each short name.

    Middle names may be missing on either side: “J. A. Lee” can be “Jane Lee” and “Jane Ann Mary
    Lee”. A name is given by its spellings.
    """

    def __init__(self) -> None:
        self._all: list[_Spellings] = []
        self._long: list[_Spellings] = []  # those with too many initials for the index
        self._by_all: dict[_Initials, list[_Spellings]] = {}
        self._by_some: dict[_Initials, list[_Spellings]] = {}

    def add(self, spellings: _Spellings) -> None:
        """Adds a full name."""
        self._all.append(spellings)
        for initials in _initials(spellings):
            if len(initials) > _MAX_INDEXED:
                self._long.append(spellings)
                continue
            self._by_all.setdefault(initials, []).append(spellings)
            for some in _choices(initials):
                self._by_some.setdefault(some, []).append(spellings)

    def find(self, short: Name) -> Iterator[_Spellings]:
        """Yields all names that a name with only initials may stand for, and some others.

        A name may be yielded twice.
        """
        asked = _initials(short.spellings)
        if any(not one.given for one in short.spellings) or max(map(len, asked)) > _MAX_INDEXED:
            yield from self._all
            return
        yield from self._long
        for initials in asked:
            yield from self._by_some.get(initials, ())
            for some in _choices(initials):
                yield from self._by_all.get(some, ())


def _initials(spellings: _Spellings) -> set[_Initials]:
    """Returns the initials of given names, also if the family name begins later or earlier.

    “Kassa Woldu, A.” is “Abebe Kassa Woldu”, whose given names may include “Kassa”.
    """
    return {
        tuple(word[0] for word in (*name.given, *name.family[:start]))
        for name in spellings
        for start in range(max(len(name.family), 1))
        if not name.is_east_asian  # none of which has initials
    }


def _choices(initials: _Initials) -> set[_Initials]:
    """Returns the initials with any of those after the first left out."""
    first, rest = initials[:1], initials[1:]
    return {
        (*first, *some) for number in range(len(rest) + 1) for some in combinations(rest, number)
    }
