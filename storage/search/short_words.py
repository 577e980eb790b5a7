"""Decides which word was meant by a short one that no paper contains; pure.

A short word is often like another one without being misspelled: “bake” isn't “base”, and “gender”
isn't “render”. Without a dictionary, only the list can tell. So a word of up to six letters is only
replaced by one that is far likelier than all others, by the papers that have it and by how usual
the mistake is. That is the noisy channel of Kernighan, Church and Gale (1990), “A Spelling
Correction Program Based on a Noisy Channel Model”, https://aclanthology.org/C90-2036.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from storage.stems import stem

MAX_SHORT = 6  # letters

_MIN_SHARE = 0.8  # of the likelihood of all similar words
_UNKNOWN = 0.001  # of all papers, which stands for the words that no paper contains
# How likely mistakes are, compared with each other. People take a vowel for another one
# (“speach”), or hit the next key. Any other letter usually makes another word.
_SWAPPED, _MISSING_OR_ADDED, _REPLACED, _OTHER_WORD = 4, 2, 1, 0.5
_VOWELS = frozenset("aeiouy")
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_NEXT_KEYS = frozenset(
    frozenset(pair)
    for pair in (
        *(pair for row in _KEYBOARD for pair in pairwise(row)),
        *(pair for upper, row in pairwise(_KEYBOARD) for pair in zip(upper, row, strict=False)),
        *(pair for upper, row in pairwise(_KEYBOARD) for pair in zip(upper[1:], row, strict=False)),
    )
)


class Candidate(NamedTuple):
    """A similar word, its papers, and what was typed of it, in right spelling."""

    word: str
    papers: int
    right: str


def clearly_meant(typed: str, candidates: Iterable[Candidate], total: int) -> list[str]:
    """Returns the forms of the word that was meant by a typed one, or nothing if it isn't clear.

    Each candidate differs from what was typed in one mistake. ``total`` is the number of all
    papers.
    """
    weights: dict[tuple[str, int], float] = defaultdict(float)
    for one in candidates:
        weight = _mistake_weight(typed, one.right)
        weights[one.word, one.papers] = max(weight, weights[one.word, one.papers])
    likelihoods: dict[str, float] = defaultdict(float)
    meant: dict[str, list[str]] = defaultdict(list)
    for (word, papers), weight in weights.items():
        likelihoods[stem(word)] += papers * weight
        if weight == _SWAPPED or (weight > _OTHER_WORD and word[0] == typed[0]):
            meant[stem(word)].append(word)
    least = _MIN_SHARE * (sum(likelihoods.values()) + _UNKNOWN * total)
    return [word for one, forms in meant.items() if likelihoods[one] >= least for word in forms]


def _mistake_weight(typed: str, right: str) -> float:
    if len(typed) != len(right):
        return _MISSING_OR_ADDED
    different = [pair for pair in zip(typed, right, strict=True) if pair[0] != pair[1]]
    if len(different) > 1:
        return _SWAPPED
    letters = frozenset(different[0])
    return _REPLACED if letters <= _VOWELS or letters in _NEXT_KEYS else _OTHER_WORD
