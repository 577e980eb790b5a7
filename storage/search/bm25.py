"""Scores texts by the terms of a question, with BM25; pure.

The formula and its constants are those of Robertson and Zaragoza (2009), “The Probabilistic
Relevance Framework: BM25 and Beyond”, https://doi.org/10.1561/1500000019.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

_K1 = 1.2  # how soon more occurrences of a term stop counting
_B = 0.75  # how much long texts are marked down
_TITLE_WEIGHT = 3  # occurrences in the text that one in the title counts for
_ADJACENT_WEIGHT = 0.5  # of two terms next to each other, compared with the rarer one alone


@dataclass(frozen=True, slots=True)
class Term:
    """What stands for one word of a question: other forms of it, or its abbreviation.

    ``words`` and ``phrases`` are folded; any of them counts as the term. ``papers`` is an upper
    bound of the number of papers that have it, and ``weight`` is higher the fewer these are.
    """

    words: tuple[str, ...]
    phrases: tuple[str, ...]
    papers: int
    weight: float


@dataclass(frozen=True, slots=True)
class Text:
    """A paper's folded title and the rest of its text."""

    key: int
    title: str
    rest: str


def term_weight(papers: int, total: int) -> float:
    """Returns the inverse document frequency of a term that some of all papers have."""
    return math.log(1 + (total - papers + 0.5) / (papers + 0.5)) if papers < total else 0.01


def scores(
    terms: Sequence[Term], adjacent: Collection[tuple[int, int]], texts: Sequence[Text]
) -> dict[int, float]:
    """Returns the score of each text by its key; higher is better, and 0 is no match at all.

    ``adjacent`` are the numbers of terms that are next to each other in the question.
    """
    numbers: dict[str, list[int]] = {}
    for number, term in enumerate(terms):
        for word in term.words:
            numbers.setdefault(word, []).append(number)
    phrases = [(number, phrase) for number, term in enumerate(terms) for phrase in term.phrases]
    bonuses = {
        pair: _ADJACENT_WEIGHT * min(terms[pair[0]].weight, terms[pair[1]].weight)
        for pair in adjacent
    }
    counted = [_count(text, numbers, phrases) for text in texts]
    average = sum(one.length for one in counted) / max(len(counted), 1)
    return {
        text.key: _score(terms, one, average)
        + sum(bonuses[pair] for pair in bonuses.keys() & one.following)
        for text, one in zip(texts, counted, strict=True)
    }


@dataclass(slots=True)
class _Counts:
    """How often a text has each term, its length in words, and which terms follow each other."""

    terms: dict[int, int]
    length: int
    following: set[tuple[int, int]]


def _count(
    text: Text, numbers: Mapping[str, Sequence[int]], phrases: Sequence[tuple[int, str]]
) -> _Counts:
    title = text.title.split()
    words = [*title, "", *text.rest.split()]  # nothing follows the last word of the title
    found = [(at, numbers[word]) for at, word in enumerate(words) if word in numbers]
    counts: dict[int, int] = {}
    for at, present in found:
        weight = _TITLE_WEIGHT if at < len(title) else 1
        for number in present:
            counts[number] = counts.get(number, 0) + weight
    for number, phrase in phrases:
        for part, weight in ((text.title, _TITLE_WEIGHT), (text.rest, 1)):
            if times := f" {part} ".count(f" {phrase} "):
                counts[number] = counts.get(number, 0) + weight * times
    following = {
        pair
        for (at, before), (next_at, after) in pairwise(found)
        if next_at == at + 1
        for pair in product(before, after)
    }
    return _Counts(counts, len(words) - 1, following)


def _score(terms: Sequence[Term], counts: _Counts, average: float) -> float:
    norm = _K1 * (1 - _B + _B * counts.length / max(average, 1))
    return sum(
        terms[number].weight * count * (_K1 + 1) / (count + norm)
        for number, count in counts.terms.items()
    )
