"""Compares author names without ever guessing that two people are one; pure.

Looser comparison, for suggesting names to a person, is in `similarity`.
"""

from __future__ import annotations

from collections.abc import Sequence

from storage.names.parser import PARTICLES, Name


def are_compatible(one: Name, other: Name) -> bool:
    """Returns whether two names can be the same person's.

    Their family names must be the same, and their given names must not contradict each other. A
    bare surname or initials are compatible with all given names that start accordingly. Ids tell
    people of one name apart.
    """
    if one.suffix and other.suffix and one.suffix != other.suffix:
        return False
    if are_told_apart(one, other):
        return False
    return any(
        _are_compatible(first, second) for first in one.spellings for second in other.spellings
    )


def is_same_name(one: Name, other: Name) -> bool:
    """Returns whether two full names are one name, ignoring order, hyphens, gaps and ids."""
    return not identity_keys(one).isdisjoint(identity_keys(other))


def are_told_apart(one: Name, other: Name) -> bool:
    """Returns whether two people have one name, but different ids."""
    have_ids = one.author_id != "" and other.author_id != ""
    return have_ids and one.author_id != other.author_id and is_same_name(one, other)


def identity_keys(name: Name) -> frozenset[str]:
    """Returns keys such that two full names are the same name if they share any of them.

    One key has the words in order, because “Abebe Kassa Woldu” can be divided in several ways. The
    other has given and family names without gaps, because “Xiao-Ming Li” is “Xiaoming Li”.
    """
    keys = set()
    for spelling in name.spellings:
        keys.add(f"{' '.join(spelling.words)}/{name.suffix}")
        if not name.is_east_asian:
            keys.add(f"{''.join(spelling.given)},{''.join(spelling.family)}/{name.suffix}")
        else:
            keys.add(f"{''.join(spelling.words)}/")
    return frozenset(keys)


def abbreviate(name: Name) -> Name:
    """Returns a name with initials for given names.

    It is compatible with the same initials-only names, if their family names are a single word.
    """
    return Name(
        tuple(word[0] for word in name.given),
        name.family,
        name.suffix,
        name.is_east_asian,
        name.is_collective,
        transcribed=abbreviate(name.transcribed) if name.transcribed else None,
    )


def matches_query(name: Name, query: Name) -> bool:
    """Returns whether a typed name, which may leave words out, can mean a person."""
    if are_compatible(name, query):
        return True
    if are_told_apart(name, query):
        return False
    if name.is_collective:
        return _is_subsequence(query.words, name.words)
    if name.is_east_asian or query.is_east_asian:
        typed = "".join(query.words)
        return typed != "" and "".join(name.words).startswith(typed)
    return any(
        typed_name.family[-1:] != ()
        and typed_name.family[-1] in spelling.words
        and _is_subsequence(typed_name.words, spelling.words)
        for spelling in name.spellings
        for typed_name in query.spellings
    )


def _are_compatible(one: Name, other: Name) -> bool:
    if one.words == other.words:
        return True
    if one.is_collective or other.is_collective:
        return False
    if one.is_east_asian or other.is_east_asian:
        return one.is_east_asian == other.is_east_asian and _are_east_asian_compatible(one, other)
    return any(
        _are_given_compatible(first, second)
        for first, second in (_align(one, other), _align(other, one)[::-1])
        if first is not None and second is not None
    )


def _align(one: Name, other: Name) -> tuple[tuple[str, ...], tuple[str, ...]] | tuple[None, None]:
    """Returns the given names of both if the family names are the same, else (None, None).

    Part of a family name with several words may have been parsed as given names of the other:
    “Kassa Woldu, A.” is “Abebe Kassa Woldu”.
    """
    first, second = _without_particles(one.family), _without_particles(other.family)
    if first == second or "".join(one.family) == "".join(other.family):
        # The bare surname “de Tholen” is only compatible with names that have this particle.
        for bare, full in ((one, other), (other, one)):
            particles = bare.family[: len(bare.family) - len(_without_particles(bare.family))]
            if not bare.given and particles and particles != full.family[: len(particles)]:
                return None, None
        return one.given, other.given
    extra = first[: len(first) - len(second)]
    if extra and second and first[-len(second) :] == second:
        rest = other.given[: len(other.given) - len(extra)]
        if other.given[len(rest) :] == extra:
            return one.given, rest
    return None, None


def _without_particles(family: tuple[str, ...]) -> tuple[str, ...]:
    """Returns a family name without leading particles."""
    start = 0
    while start < len(family) - 1 and family[start] in PARTICLES:
        start += 1
    return family[start:]


def _are_east_asian_compatible(one: Name, other: Name) -> bool:
    if not one.given or not other.given:
        return one.family == other.family
    return "".join(one.words) == "".join(other.words)


def _are_given_compatible(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Returns whether given names don't contradict each other; middle names may be missing."""
    if not one or not other or "".join(one) == "".join(other):
        return True
    if not _are_words_compatible(one[0], other[0]):
        return False
    shorter, longer = sorted((one[1:], other[1:]), key=len)
    return _is_subsequence(shorter, longer)


def _is_subsequence(words: Sequence[str], within: Sequence[str]) -> bool:
    rest = iter(within)
    return all(any(_are_words_compatible(word, other) for other in rest) for word in words)


def _are_words_compatible(one: str, other: str) -> bool:
    if len(one) == 1 or len(other) == 1:
        return one[:1] == other[:1]
    return one == other
