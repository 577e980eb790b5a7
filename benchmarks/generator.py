"""Invented papers, people and words, always the same for a size and a seed."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from storage.models import PaperDraft, PartialDate

VERSION = 2

_Floats: TypeAlias = NDArray[np.float64]
_Indices: TypeAlias = NDArray[np.int64]

_TITLE_WORDS = 9
_ABSTRACT_WORDS = 110
_SENTENCE_WORDS = 22
_SHARED_WORDS = 8  # words of an abstract that its title has, too
_EXPLAINING = 0.4  # share of the abstracts that explain an abbreviation
_AUTHORS = 3
_VENUES = 40
_TAGS = 200
_BLOCK = 1_000  # papers drawn at a time
_FIRST_MONTH = 2007 * 12 + 3  # April 2007, when arXiv's current ids begin
_MONTHS = 236

_ONSETS = (
    "b bl br c ch cl cr d dr f fl fr g gl gr h j k kl kr l m n p ph pl pr qu r s sc sh sk sl sm sn "
    "sp st str sw t th tr tw v w wr y z"
).split()
_NUCLEI = "a e i o u ai au ea ee ei ia ie io oa oo ou ue y".split()
_CODAS = (
    "b ck d f g k l ld lm ln lt m mp n nd ng nk nt p r rd rk rm rn rt s sh sk st t th x".split()
)
_SURNAME_ENDINGS = (
    "son sen man berg stein er ez ini ova ov ev ic wicz ski ska vic an ian yan u i o a".split()
)
_FORENAME_ENDINGS = ("", "a", "e", "ie", "o", "us")
_ACCENTS = str.maketrans("aeou", "áéöü")
# The ranks from which words have one more syllable: the most frequent words are the shortest.
_LONGER_FROM_RANK = (60, 6_000, 120_000)


def drafts(size: int, seed: int = 1) -> Iterator[PaperDraft]:
    """Yields papers in the order of their dates, more of them every year.

    Word frequencies follow Zipf and Mandelbrot down to rank 8,000 and fall faster from there, as
    measured on English (Ferrer i Cancho & Solé 2001, “Two regimes in the frequency of words”).
    Most people have few papers; the most prolific have about the square root of all papers.
    """
    rng = np.random.default_rng([seed, size])
    words = vocabulary(int(250 * size**0.55) + 1_000)
    people = _people(max(20, size * 3 // 4))
    venues, all_tags, abbreviations = _venues(), _tags(), _abbreviations(words)
    ranks = np.arange(len(words), dtype=np.float64)
    faster = np.minimum(1, 8_000 / np.maximum(ranks, 1)) ** 0.9  # from rank 8,000
    prolific = 200 * (len(people) / 600_000) ** 0.3
    draw_words = _sampler(rng, 1 / (ranks + 3.7) * faster)
    draw_people = _sampler(rng, (np.arange(len(people)) + prolific) ** -0.75)
    draw_venues = _sampler(rng, 1 / (np.arange(_VENUES) + 1.5))
    draw_tags = _sampler(rng, 1 / (np.arange(_TAGS) + 3.0))
    draw_abbreviations = _sampler(rng, 1 / (np.arange(len(abbreviations)) + 20.0))
    numbers: Counter[int] = Counter()
    for start in range(0, size, _BLOCK):
        block = min(_BLOCK, size - start)
        titles = draw_words(block, _TITLE_WORDS)
        abstracts = draw_words(block, _ABSTRACT_WORDS)
        shared = rng.integers(0, _ABSTRACT_WORDS, (block, _SHARED_WORDS))
        rows = np.arange(block)[:, None]
        abstracts[rows, shared] = titles[rows, rng.integers(0, _TITLE_WORDS, shared.shape)]
        authors = draw_people(block, _AUTHORS)
        months = _draw_months(rng, np.arange(start, start + block), size)
        tags = draw_tags(block, 3)
        days = rng.integers(-6, 28, block)
        block_venues = draw_venues(block, 1)[:, 0]
        tag_counts = rng.integers(0, 4, block)
        explained = draw_abbreviations(block, 1)[:, 0]
        explains = rng.random(block) < _EXPLAINING
        for row, month in enumerate(months.tolist()):
            numbers[month] += 1
            abstract = [words[i] for i in abstracts[row].tolist()]
            if explains[row]:
                phrase = abbreviations[explained[row]].split()
                abstract[-len(phrase) :] = phrase
            yield PaperDraft(
                title=" ".join(words[i].capitalize() for i in titles[row].tolist()),
                authors=tuple(dict.fromkeys(people[i] for i in authors[row].tolist())),
                abstract=_sentences(abstract),
                venue=venues[block_venues[row]],
                date=_date(month, int(days[row])),
                identifiers=(_arxiv_id(month, numbers[month]),),
                tags=tuple(sorted({all_tags[i] for i in tags[row, : tag_counts[row]]})),
            )


def _date(month: int, day: int) -> PartialDate:
    """Returns a date: a month if the day is below 1, and a year if it's lower still."""
    year, month = divmod(_FIRST_MONTH + month, 12)
    return PartialDate(year) if day < -4 else PartialDate(year, month + 1, max(day, 0) or None)


def _arxiv_id(month: int, number: int) -> str:
    year, month = divmod(_FIRST_MONTH + month, 12)
    return f"arxiv:{year % 100:02}{month + 1:02}.{number:0{5 if year >= 2015 else 4}}"


@lru_cache(maxsize=4)
def vocabulary(size: int) -> tuple[str, ...]:
    """Returns different words, the most frequent first. Larger vocabularies extend smaller ones."""
    rng = random.Random("vocabulary")
    return _different(size, lambda rank: _word(rng, 1 + bisect_right(_LONGER_FROM_RANK, rank)))


def _abbreviations(words: Sequence[str]) -> tuple[str, ...]:
    """Returns explained abbreviations, such as “strun klea moch (SKM)”; some have two meanings."""
    rng = random.Random("abbreviations")

    def explain(_: int) -> str:
        meaning = [words[int(len(words) ** rng.random())] for _ in range(3)]
        return f"{' '.join(meaning)} ({''.join(word[0].upper() for word in meaning)})"

    return _different(len(words) // 20, explain)


@lru_cache(maxsize=1)
def _people(size: int) -> tuple[str, ...]:
    """Returns full names. A few people share a name, and some surnames are very common."""
    rng = random.Random("people")
    surnames = _names(rng, max(50, size // 5), _SURNAME_ENDINGS)
    forenames = _names(rng, max(50, size // 25), _FORENAME_ENDINGS)

    def name() -> str:
        forename = _pick_skewed(rng, forenames)
        initial = f"{rng.choice('ABCDEFGHIJKLMNOPRSTUVW')}. " if rng.random() < 0.2 else ""
        return f"{forename} {initial}{_pick_skewed(rng, surnames)}"

    return tuple(name() for _ in range(size))


def _names(rng: random.Random, size: int, endings: Sequence[str]) -> tuple[str, ...]:
    def name(_: int) -> str:
        name = _word(rng, rng.choice((1, 1, 2))) + rng.choice(endings)
        if rng.random() < 0.05:
            name = f"{name[:-1]}{name[-1].translate(_ACCENTS)}"
        return name.capitalize()

    return _different(size, name)


def _pick_skewed(rng: random.Random, names: Sequence[str]) -> str:
    """Picks the k-th name about as often as 1 / (k + 20)."""
    return names[int(20 * ((len(names) / 20 + 1) ** rng.random() - 1))]


def _venues() -> tuple[str, ...]:
    rng = random.Random("venues")

    def venue(number: int) -> str:
        if not number:
            return "arXiv"
        topic = " ".join(_word(rng, 2).capitalize() for _ in range(rng.choice((1, 2))))
        acronym = "".join(word[0] for word in topic.split()) + _word(rng, 1).upper()
        return rng.choice((acronym, f"Journal of {topic}", f"{acronym} Workshop"))

    return _different(_VENUES, venue)


def _tags() -> tuple[str, ...]:
    rng = random.Random("tags")

    def tag(_: int) -> str:
        return "-".join(_word(rng, 2) for _ in range(rng.choice((1, 1, 2))))

    return _different(_TAGS, tag)


def _different(size: int, invent: Callable[[int], str]) -> tuple[str, ...]:
    """Invents texts until so many are different; ``invent`` gets the number of the text."""
    found: dict[str, None] = {}
    while len(found) < size:
        found[invent(len(found))] = None
    return tuple(found)


def _word(rng: random.Random, syllables: int) -> str:
    parts = [rng.choice(_ONSETS) + rng.choice(_NUCLEI) for _ in range(syllables)]
    return "".join(parts) + (rng.choice(_CODAS) if rng.random() < 0.7 else "")


def _sampler(rng: np.random.Generator, weights: _Floats) -> Callable[[int, int], _Indices]:
    """Returns a function that draws rows of indices by these weights."""
    steps = np.cumsum(weights)
    steps /= steps[-1]
    return lambda rows, columns: np.searchsorted(steps, rng.random((rows, columns)), side="right")


def _draw_months(rng: np.random.Generator, numbers: _Indices, size: int) -> _Indices:
    due = _MONTHS * np.sqrt((numbers + 0.5) / size) + rng.normal(0, 6, len(numbers))
    last = _MONTHS - 0.01
    return (last - np.abs(last - np.abs(due))).astype(np.int64)  # reflected into the span


def _sentences(words: Sequence[str]) -> str:
    starts = range(0, len(words), _SENTENCE_WORDS)
    pieces = [" ".join(words[start : start + _SENTENCE_WORDS]) for start in starts]
    return " ".join(f"{piece[0].upper()}{piece[1:]}." for piece in pieces)
