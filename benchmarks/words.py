"""Invented words and names, readable and always the same; how often each is used is elsewhere."""

from __future__ import annotations

import random
from functools import lru_cache

_ONSETS = (
    "b bl br c ch cl cr d dr f fl fr g gl gr h j k kl kr l m n p ph pl pr qu r s sc sh sk sl sm sn "
    "sp st str sw t th tr tw v w wr y z"
).split()
_NUCLEI = "a e i o u ai au ea ee ei ia ie io oa oo ou ue y".split()
_CODAS = (
    "b ck d f g k l ld lm ln lt m mp n nd ng nk nt p r rd rk rm rn rt s sh sk st t th x".split()
)
_FAMILY_ENDS = (
    "son sen man berg stein er ez ini ova ov ev ic wicz ski ska vic an ian yan u i o a".split()
)
_ACCENTS = str.maketrans("aeou", "áéöü")
# From which rank on words have one syllable more: the commonest are the shortest.
_LONGER_FROM = (60, 6_000, 120_000)


@lru_cache(maxsize=4)
def vocabulary(size: int) -> tuple[str, ...]:
    """That many different words, the commonest first; a smaller vocabulary begins a larger one."""
    chance = random.Random("vocabulary")
    words: dict[str, None] = {}
    while len(words) < size:
        syllables = 1 + sum(len(words) >= rank for rank in _LONGER_FROM)
        words[_word(chance, syllables)] = None
    return tuple(words)


@lru_cache(maxsize=1)
def function_words() -> frozenset[str]:
    """The 70 commonest, which stand in titles as “the” and “with” do and say nothing."""
    return frozenset(vocabulary(70))


@lru_cache(maxsize=1)
def people(size: int) -> tuple[str, ...]:
    """That many full names, a few of them namesakes; some surnames are borne by very many."""
    chance = random.Random("people")
    surnames = _names(chance, max(50, size // 5), _FAMILY_ENDS)
    forenames = _names(chance, max(50, size // 25), ("", "a", "e", "ie", "o", "us"))
    return tuple(
        f"{_skewed(chance, forenames)} {_initial(chance)}{_skewed(chance, surnames)}"
        for _ in range(size)
    )


@lru_cache(maxsize=1)
def venues(size: int) -> tuple[str, ...]:
    """That many venues: the preprint server, then conferences and journals."""
    chance = random.Random("venues")
    found = {"arXiv": None}
    while len(found) < size:
        topic = " ".join(_word(chance, 2).capitalize() for _ in range(chance.choice((1, 2))))
        acronym = "".join(word[0] for word in topic.split()) + _word(chance, 1).upper()
        found[chance.choice((acronym, f"Journal of {topic}", f"{acronym} Workshop"))] = None
    return tuple(found)


@lru_cache(maxsize=1)
def tags(size: int) -> tuple[str, ...]:
    """That many tags of one or two words."""
    chance = random.Random("tags")
    found: dict[str, None] = {}
    while len(found) < size:
        found["-".join(_word(chance, 2) for _ in range(chance.choice((1, 1, 2))))] = None
    return tuple(found)


def _word(chance: random.Random, syllables: int) -> str:
    parts = [chance.choice(_ONSETS) + chance.choice(_NUCLEI) for _ in range(syllables)]
    return "".join(parts) + (chance.choice(_CODAS) if chance.random() < 0.7 else "")


def _names(chance: random.Random, size: int, ends: tuple[str, ...] | list[str]) -> list[str]:
    names: dict[str, None] = {}
    while len(names) < size:
        name = _word(chance, chance.choice((1, 1, 2))) + chance.choice(ends)
        if chance.random() < 0.05:
            name = f"{name[:-1]}{name[-1].translate(_ACCENTS)}"
        names[name.capitalize()] = None
    return list(names)


def _skewed(chance: random.Random, names: list[str]) -> str:
    """One of the names, the first ones far oftener: the k-th about as often as 1 / (k + 20)."""
    return names[int(20 * ((len(names) / 20 + 1) ** chance.random() - 1))]


def _initial(chance: random.Random) -> str:
    return f"{chance.choice('ABCDEFGHIJKLMNOPRSTUVW')}. " if chance.random() < 0.2 else ""
