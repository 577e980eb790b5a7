"""How author names are compared: pure, no SQL, and never two people joined on a guess."""

from __future__ import annotations

import re
from dataclasses import dataclass

from storage.fulltext import fold

# Words that begin a family name without being one; compared folded.
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "du", "la", "le"}
    | {"el", "al", "bin", "ibn", "ben", "ter", "ten", "zu", "zur", "st"}
)
_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv"})
_INITIALS = re.compile(r"(?:\w\.?[-‐]?)+", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Name:
    """A credited name taken apart, folded: ``given`` words may be initials, and may be none."""

    given: tuple[str, ...]
    family: tuple[str, ...]

    @property
    def family_key(self) -> str:
        """The last word of the family name: what every form of the name has in common."""
        return self.family[-1] if self.family else ""

    @property
    def is_full(self) -> bool:
        """Whether at least one given name is written out."""
        return any(len(word) > 1 for word in self.given)


def parse_name(text: str) -> Name:
    """Take a name apart: “Given Family”, “Family, Given”, initials, particles and suffixes."""
    if "," in text:
        family_text, _, given_text = text.partition(",")
        if fold(given_text) in _SUFFIXES:
            return parse_name(family_text)
        return Name(_given_words(given_text), _family_words(family_text))
    words = [word for word in text.split() if fold(word) and fold(word) not in _SUFFIXES]
    if not words:
        return Name((), ())
    start = len(words) - 1
    while start > 0 and fold(words[start - 1]) in _PARTICLES:
        start -= 1
    return Name(_given_words(" ".join(words[:start])), _family_words(" ".join(words[start:])))


def compatible(one: Name, other: Name) -> bool:
    """Whether two credits can be the same person's: family the same, given names not opposed.

    A credit without given names, or with initials only, is compatible with every person whose
    given names begin so.
    """
    return _same_family(one.family, other.family) and _given_agree(one.given, other.given)


def answers_to(name: Name, asked: Name) -> bool:
    """Whether a person may be meant by what somebody typed, which may leave words out."""
    if compatible(name, asked):
        return True
    everything = (*name.given, *name.family)
    return _in_order((*asked.given, *asked.family), everything) and asked.family_key in everything


def _same_family(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    return _without_particles(one) == _without_particles(other)


def _without_particles(family: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for word in family if word not in _PARTICLES) or family


def _given_agree(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Each given name agrees with its counterpart; a missing middle name is no contradiction."""
    if not one or not other:
        return True
    if not _word_agrees(one[0], other[0]):
        return False
    shorter, longer = sorted((one[1:], other[1:]), key=len)
    return _in_order(shorter, longer)


def _in_order(words: tuple[str, ...], within: tuple[str, ...]) -> bool:
    rest = iter(within)
    return all(any(_word_agrees(word, other) for other in rest) for word in words)


def _word_agrees(one: str, other: str) -> bool:
    if len(one) == 1 or len(other) == 1:
        return one[:1] == other[:1]
    return one == other


def _given_words(text: str) -> tuple[str, ...]:
    words: list[str] = []
    for word in text.split():
        if _is_initials(word):
            words += [letter for letter in fold(word) if letter != " "]
        else:
            words += fold(word).split()
    return tuple(words)


def _is_initials(word: str) -> bool:
    """“S.”, “J.-B.”, “JB” and “S” are initials; “Li” and “Bo” are not."""
    if "." in word:
        return _INITIALS.fullmatch(word) is not None and all(
            len(part) <= 1 for part in re.split(r"[.\-‐]", word)
        )
    return len(word) == 1


def _family_words(text: str) -> tuple[str, ...]:
    return tuple(fold(text).split())
