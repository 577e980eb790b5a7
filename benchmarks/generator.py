"""Invented papers, people and words, always the same for a size and a seed."""

from __future__ import annotations

import random
import tomllib
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from storage.models import PaperDraft, PartialDate

VERSION = 3
WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("words.toml").read_text("utf-8"))

_TITLE_WORDS = 9
_ABSTRACT_WORDS = 110
_SENTENCE_WORDS = 22
_SHARED_WORDS = 8  # words of an abstract that its title has, too
_EXPLAINING = 0.4  # share of the abstracts that explain an abbreviation
_AUTHORS = 3
_VENUES = 40
_TAGS = 200
_FIRST_MONTH = 2007 * 12 + 3  # April 2007, when arXiv's current ids begin
_MONTHS = 236
_ONSETS, _NUCLEI, _CODAS, _SURNAME_ENDINGS = (text.split() for text in WORDS["parts"].values())
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
    rng = random.Random(f"{seed} {size}")

    def sampler(texts: Sequence[str], weight: Callable[[int], float]) -> Callable[[int], list[str]]:
        """Returns a function that draws a number of texts, weighted by rank."""
        sums = list(accumulate(map(weight, range(len(texts)))))
        return lambda count: rng.choices(texts, cum_weights=sums, k=count)

    words = vocabulary(int(250 * size**0.55) + 1_000)
    people = _people(max(20, size * 3 // 4))
    prolific = 200 * (len(people) / 600_000) ** 0.3
    draw_words = sampler(words, lambda n: min(1, 8_000 / max(n, 1)) ** 0.9 / (n + 3.7))
    draw_authors = sampler(people, lambda n: (n + prolific) ** -0.75)
    draw_venues = sampler(_venues(), lambda n: 1 / (n + 1.5))
    draw_tags = sampler(_tags(), lambda n: 1 / (n + 3))
    draw_abbreviations = sampler(_abbreviations(words), lambda n: 1 / (n + 20))
    numbers: Counter[int] = Counter()
    for index in range(size):
        title, abstract = draw_words(_TITLE_WORDS), draw_words(_ABSTRACT_WORDS)
        for place in rng.choices(range(_ABSTRACT_WORDS), k=_SHARED_WORDS):
            abstract[place] = rng.choice(title)
        if rng.random() < _EXPLAINING:
            phrase = draw_abbreviations(1)[0].split()
            abstract[-len(phrase) :] = phrase
        due = _MONTHS * ((index + 0.5) / size) ** 0.5 + rng.gauss(0, 6)
        last = _MONTHS - 0.01
        month = _FIRST_MONTH + int(last - abs(last - abs(due)))  # reflected into the span
        numbers[month] += 1
        yield PaperDraft(
            title=" ".join(word.capitalize() for word in title),
            authors=tuple(dict.fromkeys(draw_authors(_AUTHORS))),
            abstract=_sentences(abstract),
            venue=draw_venues(1)[0],
            date=_date(month, rng.randint(-6, 27)),
            identifiers=(_arxiv_id(month, numbers[month]),),
            tags=tuple(sorted(set(draw_tags(rng.randint(0, 3))))),
        )


def _date(month: int, day: int) -> PartialDate:
    """Returns a date: a month if the day is below 1, and a year if it's lower still."""
    year, month = divmod(month, 12)
    return PartialDate(year) if day < -4 else PartialDate(year, month + 1, max(day, 0) or None)


def _arxiv_id(month: int, number: int) -> str:
    year, month = divmod(month, 12)
    return f"arxiv:{year % 100:02}{month + 1:02}.{number:0{5 if year >= 2015 else 4}}"


def _sentences(words: Sequence[str]) -> str:
    starts = range(0, len(words), _SENTENCE_WORDS)
    pieces = [" ".join(words[start : start + _SENTENCE_WORDS]) for start in starts]
    return " ".join(f"{piece[0].upper()}{piece[1:]}." for piece in pieces)


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

    def name(endings: Sequence[str]) -> str:
        text = _word(rng, rng.choice((1, 1, 2))) + rng.choice(endings)
        if rng.random() < 0.05:
            text = f"{text[:-1]}{text[-1].translate(_ACCENTS)}"
        return text.capitalize()

    def pick(names: Sequence[str]) -> str:
        """Picks the k-th name about as often as 1 / (k + 20)."""
        return names[int(20 * ((len(names) / 20 + 1) ** rng.random() - 1))]

    surnames = _different(max(50, size // 5), lambda _: name(_SURNAME_ENDINGS))
    forenames = _different(max(50, size // 25), lambda _: name(_FORENAME_ENDINGS))
    initials = [*[""] * 88, *(f"{letter}. " for letter in "ABCDEFGHIJKLMNOPRSTUVW")]  # one in five
    return tuple(f"{pick(forenames)} {rng.choice(initials)}{pick(surnames)}" for _ in range(size))


def _venues() -> tuple[str, ...]:
    rng = random.Random("venues")

    def venue(_: int) -> str:
        topic = " ".join(_word(rng, 2).capitalize() for _ in range(rng.choice((1, 2))))
        acronym = "".join(word[0] for word in topic.split()) + _word(rng, 1).upper()
        return rng.choice((acronym, f"Journal of {topic}", f"{acronym} Workshop"))

    return ("arXiv", *_different(_VENUES - 1, venue))


def _tags() -> tuple[str, ...]:
    rng = random.Random("tags")
    return _different(
        _TAGS, lambda _: "-".join(_word(rng, 2) for _ in range(rng.choice((1, 1, 2))))
    )


def _different(size: int, invent: Callable[[int], str]) -> tuple[str, ...]:
    """Invents texts until so many are different; ``invent`` gets the number of the text."""
    found: dict[str, None] = {}
    while len(found) < size:
        found[invent(len(found))] = None
    return tuple(found)


def _word(rng: random.Random, syllables: int) -> str:
    parts = [rng.choice(_ONSETS) + rng.choice(_NUCLEI) for _ in range(syllables)]
    return "".join(parts) + (rng.choice(_CODAS) if rng.random() < 0.7 else "")
