"""How author names are compared: pure, no SQL, and never two people joined on a guess.

What may be offered to a person who asks is looser, and lives in `similarity`.
"""

from __future__ import annotations

from collections.abc import Sequence

from storage.names.parser import PARTICLES, Name


def compatible(one: Name, other: Name) -> bool:
    """Whether two credits can be the same person's: family the same, given names not opposed.

    A credit without given names, or with initials only, is compatible with every person whose
    given names begin so.
    """
    if one.suffix and other.suffix and one.suffix != other.suffix:
        return False
    return any(_agree(first, second) for first in one.spellings for second in other.spellings)


def is_same_name(one: Name, other: Name) -> bool:
    """Whether two written-out names are one name, letter by letter, however it is set."""
    return not identity_keys(one).isdisjoint(identity_keys(other))


def identity_keys(name: Name) -> frozenset[str]:
    """Two written-out names that share any of these are one name.

    The words in their order, since nothing tells where “Abebe Kassa Woldu” divides; and given
    and family name without gaps, since “Xiao-Ming Li” is “Xiaoming Li”.
    """
    keys = set()
    for spelling in name.spellings:
        keys.add(f"{' '.join(spelling.words)}/{name.suffix}")
        if not name.is_east_asian:
            keys.add(f"{''.join(spelling.given)},{''.join(spelling.family)}/{name.suffix}")
        else:
            keys.add(f"{''.join(spelling.words)}/")
    return frozenset(keys)


def matches_query(name: Name, asked: Name) -> bool:
    """Whether a person may be meant by what somebody typed, which may leave words out."""
    if compatible(name, asked):
        return True
    if name.is_east_asian or asked.is_east_asian:
        typed = "".join(asked.words)
        return typed != "" and "".join(name.words).startswith(typed)
    return any(
        question.family[-1:] != ()
        and question.family[-1] in spelling.words
        and _in_order(question.words, spelling.words)
        for spelling in name.spellings
        for question in asked.spellings
    )


def _agree(one: Name, other: Name) -> bool:
    if one.words == other.words:
        return True
    if one.is_east_asian or other.is_east_asian:
        return one.is_east_asian == other.is_east_asian and _east_asian_agree(one, other)
    return any(
        _given_agree(first, second)
        for first, second in (_aligned(one, other), _aligned(other, one)[::-1])
        if first is not None and second is not None
    )


def _aligned(one: Name, other: Name) -> tuple[tuple[str, ...], tuple[str, ...]] | tuple[None, None]:
    """The given names of both, where the family names are the same, else nothing.

    A family name of several words may stand unseparated in the other name: “Kassa Woldu, A.” is
    “Abebe Kassa Woldu”.
    """
    first, second = _core(one.family), _core(other.family)
    if first == second or "".join(one.family) == "".join(other.family):
        for bare, full in ((one, other), (other, one)):
            particles = bare.family[: len(bare.family) - len(_core(bare.family))]
            if not bare.given and particles and particles != full.family[: len(particles)]:
                return None, None
        return one.given, other.given
    extra = first[: len(first) - len(second)]
    if extra and second and first[-len(second) :] == second:
        rest = other.given[: len(other.given) - len(extra)]
        if other.given[len(rest) :] == extra:
            return one.given, rest
    return None, None


def _core(family: tuple[str, ...]) -> tuple[str, ...]:
    """A family name without its particles."""
    start = 0
    while start < len(family) - 1 and family[start] in PARTICLES:
        start += 1
    return family[start:]


def _east_asian_agree(one: Name, other: Name) -> bool:
    if not one.given or not other.given:
        return one.family == other.family
    return "".join(one.words) == "".join(other.words)


def _given_agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Each given name agrees with its counterpart; a missing middle name is no contradiction."""
    if not one or not other or "".join(one) == "".join(other):
        return True
    if not _word_agrees(one[0], other[0]):
        return False
    shorter, longer = sorted((one[1:], other[1:]), key=len)
    return _in_order(shorter, longer)


def _in_order(words: Sequence[str], within: Sequence[str]) -> bool:
    rest = iter(within)
    return all(any(_word_agrees(word, other) for other in rest) for word in words)


def _word_agrees(one: str, other: str) -> bool:
    if len(one) == 1 or len(other) == 1:
        return one[:1] == other[:1]
    return one == other
