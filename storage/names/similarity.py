"""Measures how similar two names look, only for suggestions, never to decide identity; pure."""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from storage.names.matching import are_compatible
from storage.names.parser import Name

# Nicknames that don't start like the full name.
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


def similarity(query: Name, name: Name) -> float:
    """Returns how likely it is that a typed name means ``name``, from 0 to 100.

    Compatible names get 100. Others score high if each word has a counterpart, even if words are
    missing, swapped or misspelled.
    """
    if are_compatible(query, name):
        return 100.0
    best = max(
        _words_similarity(one.words, other.words)
        for one in query.spellings
        for other in name.spellings
    )
    family = max(
        (_word_similarity(one, other) for one in query.family for other in name.family),
        default=0.0,
    )
    return 0.8 * best + 18 * family


def _words_similarity(one: Sequence[str], other: Sequence[str]) -> float:
    if not one or not other:
        return 0.0
    shorter, longer = sorted((one, other), key=lambda words: (len(words), words))
    counterparts = [
        max(_word_similarity(word, candidate) for candidate in longer) for word in shorter
    ]
    covered = sum(counterparts) / len(counterparts)
    missing = 1 - 0.08 * min(len(longer) - len(shorter), 4)
    as_written = fuzz.ratio(" ".join(one), " ".join(other))
    as_letters = fuzz.ratio("".join(one), "".join(other))
    return max(as_written, as_letters, 100 * covered * missing)


def _word_similarity(one: str, other: str) -> float:
    """Returns how similar two words are, from 0 to 1."""
    if one == other:
        return 1.0
    if len(one) == 1 or len(other) == 1:
        return 0.7 if one[:1] == other[:1] else 0.0
    if other in _NICKNAMES.get(one, ()) or one in _NICKNAMES.get(other, ()):
        return 0.95
    shorter, longer = sorted((one, other), key=len)
    if len(shorter) > 2 and longer.startswith(shorter):
        return 0.92
    spelling = JaroWinkler.normalized_similarity(one, other)
    return spelling * spelling if spelling > 0.8 else 0.0
