"""Catalogues of any size, invented: which words, people, venues and days a paper gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from benchmarks import words
from storage.models import PaperDraft, PartialDate

VERSION = 1

_Draw: TypeAlias = Callable[[int], NDArray[np.int64]]

_TITLE_WORDS = 9
_ABSTRACT_WORDS = 110
_RECALLED = 8  # words of an abstract that its title has too
_AUTHORS = 3
_VENUES = 40
_TAGS = 200
_BLOCK = 1_000  # papers drawn at a time
_FIRST_MONTH = 2007 * 12 + 3  # April 2007: arXiv's present ids begin
_MONTHS = 236


def drafts(size: int, seed: int = 1) -> Iterator[PaperDraft]:
    """That many papers, always the same for a size and a seed, made as they are asked for.

    Words follow Zipf and Mandelbrot down to rank 8,000 and fall off faster from there, as measured
    on English (Ferrer i Cancho & Solé 2001, “Two regimes in the frequency of words”). Papers come
    about in the order of their dates, and more of them every year.
    """
    chance = np.random.default_rng([seed, size])
    vocabulary = words.vocabulary(int(250 * size**0.55) + 1_000)
    people = words.people(max(20, size * 3 // 4))
    word = _drawer(chance, _word_weights(len(vocabulary)))
    person = _drawer(chance, _person_weights(len(people)))
    venue = _drawer(chance, 1 / (np.arange(_VENUES) + 1.5))
    tag = _drawer(chance, 1 / (np.arange(_TAGS) + 3.0))
    numbers: Counter[int] = Counter()
    for start in range(0, size, _BLOCK):
        block = min(_BLOCK, size - start)
        titles = word(block * _TITLE_WORDS).reshape(block, _TITLE_WORDS)
        abstracts = word(block * _ABSTRACT_WORDS).reshape(block, _ABSTRACT_WORDS)
        _recall(chance, titles, abstracts)
        authors = person(block * _AUTHORS).reshape(block, _AUTHORS)
        months = _months(chance, np.arange(start, start + block), size)
        tagged = tag(block * 3).reshape(block, 3)
        for place, month, day, in_venue, tags in zip(
            range(block),
            months.tolist(),
            chance.integers(-6, 28, block).tolist(),
            venue(block).tolist(),
            chance.integers(0, 4, block).tolist(),
            strict=True,
        ):
            numbers[month] += 1
            yield PaperDraft(
                title=" ".join(vocabulary[i].capitalize() for i in titles[place].tolist()),
                authors=tuple(dict.fromkeys(people[i] for i in authors[place].tolist())),
                abstract=_sentences([vocabulary[i] for i in abstracts[place].tolist()]),
                venue=words.venues(_VENUES)[in_venue],
                date=_date(month, day),
                identifiers=(f"arxiv:{_arxiv(month, numbers[month])}",),
                tags=tuple(sorted({words.tags(_TAGS)[i] for i in tagged[place, :tags].tolist()})),
            )


def _word_weights(size: int) -> NDArray[np.float64]:
    ranks = np.arange(size, dtype=np.float64)
    weights = 1 / (ranks + 3.7)
    tail = ranks > 8_000
    weights[tail] *= (8_000 / ranks[tail]) ** 0.9
    return weights


def _person_weights(size: int) -> NDArray[np.float64]:
    """Most people have few papers, and the most prolific about the square root of all papers."""
    prolific = 200 * (size / 600_000) ** 0.3
    weights: NDArray[np.float64] = (np.arange(size) + prolific) ** -0.75
    return weights


def _drawer(chance: np.random.Generator, weights: NDArray[np.float64]) -> _Draw:
    """A function that draws that many indices by these weights."""
    steps = np.cumsum(weights)
    steps /= steps[-1]

    def draw(wanted: int) -> NDArray[np.int64]:
        return np.searchsorted(steps, chance.random(wanted), side="right")

    return draw


def _recall(
    chance: np.random.Generator, titles: NDArray[np.int64], abstracts: NDArray[np.int64]
) -> None:
    """Let each abstract speak of what its title says."""
    rows = np.arange(len(titles))[:, None]
    places = chance.integers(0, _ABSTRACT_WORDS, (len(titles), _RECALLED))
    abstracts[rows, places] = titles[rows, chance.integers(0, _TITLE_WORDS, places.shape)]


def _months(
    chance: np.random.Generator, indices: NDArray[np.int64], size: int
) -> NDArray[np.int64]:
    due = _MONTHS * np.sqrt((indices + 0.5) / size) + chance.normal(0, 6, len(indices))
    inside = _MONTHS - 0.01 - np.abs(_MONTHS - 0.01 - np.abs(due))  # what runs over comes back in
    return inside.astype(np.int64)


def _date(month: int, day: int) -> PartialDate:
    """The day; where that is below 1 only the month, and where it is lowest only the year."""
    year, month_of_year = divmod(_FIRST_MONTH + month, 12)
    if day < -4:
        return PartialDate(year)
    return PartialDate(year, month_of_year + 1, day if day > 0 else None)


def _arxiv(month: int, number: int) -> str:
    year, month_of_year = divmod(_FIRST_MONTH + month, 12)
    digits = 5 if year >= 2015 else 4
    return f"{year % 100:02}{month_of_year + 1:02}.{number:0{digits}}"


def _sentences(abstract: list[str]) -> str:
    """Words as sentences of 22."""
    pieces = [" ".join(abstract[at : at + 22]) for at in range(0, len(abstract), 22)]
    return " ".join(f"{piece[0].upper()}{piece[1:]}." for piece in pieces)
