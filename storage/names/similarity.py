"""How alike two names look: good for offering a name to a person, never for joining two; pure."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from storage.names.matching import compatible
from storage.names.parser import Name

# Short names that do not begin as the long ones do.
_NICKNAMES = {
    "bill": {"william"},
    "bob": {"robert"},
    "dick": {"richard"},
    "hank": {"henry"},
    "jack": {"john"},
    "kate": {"catherine", "katherine", "ekaterina"},
    "larry": {"lawrence"},
    "liz": {"elizabeth"},
    "beth": {"elizabeth"},
    "masha": {"maria", "mariya"},
    "mike": {"michael", "mikhail"},
    "misha": {"mikhail", "michael"},
    "peggy": {"margaret"},
    "pepe": {"jose"},
    "sasha": {"alexander", "aleksandr", "alexandra", "aleksandra"},
    "ted": {"edward", "theodore"},
    "tony": {"anthony", "antonio"},
}


def similarity(asked: Name, name: Name) -> float:
    """How likely somebody who typed ``asked`` meant ``name``: 0 to 100.

    Names that can be one person's are above all; then those whose words all have a counterpart,
    though other words are left out, swapped or misspelt.
    """
    if compatible(asked, name):
        return 100.0
    best = max(
        _of_words(one.words, other.words) for one in asked.spellings for other in name.spellings
    )
    family = max((_word(one, other) for one in asked.family for other in name.family), default=0.0)
    return 0.8 * best + 18 * family


def _of_words(one: Sequence[str], other: Sequence[str]) -> float:
    if not one or not other:
        return 0.0
    shorter, longer = sorted((one, other), key=lambda words: (len(words), words))
    counterparts = [max(_word(word, candidate) for candidate in longer) for word in shorter]
    covered = sum(counterparts) / len(counterparts)
    missing = 1 - 0.08 * min(len(longer) - len(shorter), 4)
    as_written = fuzz.ratio(" ".join(one), " ".join(other))
    as_letters = fuzz.ratio("".join(one), "".join(other))
    return max(as_written, as_letters, 100 * covered * missing)


def _word(one: str, other: str) -> float:
    """How well one word stands for another: 0 to 1."""
    if one == other:
        return 1.0
    if len(one) == 1 or len(other) == 1:
        return 0.7 if one[:1] == other[:1] else 0.0
    if other in _NICKNAMES.get(one, ()) or one in _NICKNAMES.get(other, ()):
        return 0.95
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) > 2 and longer.startswith(shorter):
        return 0.92
    alike = JaroWinkler.normalized_similarity(one, other)
    return alike * alike if alike > 0.8 else 0.0
