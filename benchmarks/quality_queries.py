"""Queries of people who look for a paper they know: four kinds, drawn at random."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.generator import function_words
from storage.models import PaperDraft
from storage.names.parser import parse_name
from storage.text import fold

# Words that nobody would search a title for.
_STOP_WORDS = frozenset(
    (
        "about after all and are been but can for from has have her him his how into its more most "
        "not off one our out over per should than that the their them then there these they this "
        "through too two under upon use via was were what when where which while who why will with "
        "without you your"
    ).split()
)
_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_MAX_QUERY = 300  # characters that the command accepts


@dataclass(frozen=True, slots=True)
class KnownItem:
    """A query, and the title that it should find."""

    query: str
    title: str


@dataclass(frozen=True, slots=True)
class QueryKind:
    """A way to remember a paper. ``goal`` is the share of queries to find it ``within`` a rank."""

    name: str
    goal: float
    within: int
    write: Callable[[PaperDraft, random.Random], str | None]

    def queries(self, drafts: Sequence[PaperDraft], limit: int, seed: int) -> Iterator[KnownItem]:
        """Yields queries for random papers, always the same for a seed."""
        rng = random.Random(f"{seed} {self.name}")
        remaining = limit
        for draft in rng.sample(drafts, len(drafts)):
            query = self.write(draft, rng)
            if query and remaining:
                remaining -= 1
                yield KnownItem(query[:_MAX_QUERY], draft.title)


def _three_words(draft: PaperDraft, rng: random.Random) -> str | None:
    words = _content_words(draft.title)
    return " ".join(rng.sample(words, 3)) if len(words) >= 3 else None


def _two_typos(draft: PaperDraft, rng: random.Random) -> str | None:
    words = draft.title.split()
    long = [index for index, word in enumerate(words) if word.isalpha() and len(word) >= 4]
    if len(long) < 2:
        return None
    for index in rng.sample(long, 2):
        words[index] = add_typo(words[index], rng)
    return " ".join(words)


def _from_abstract(draft: PaperDraft, rng: random.Random) -> str | None:
    words = draft.abstract.split()
    if len(words) < 8:
        return None
    start = rng.randrange(len(words) - 7)
    return " ".join(words[start : start + 8])


def _surname_and_word(draft: PaperDraft, rng: random.Random) -> str | None:
    words = _content_words(draft.title)
    surnames = [" ".join(parse_name(name).family) for name in draft.authors]
    return f"{rng.choice(surnames)} {rng.choice(words)}" if surnames and words else None


KINDS = (
    QueryKind("three title words in any order", 0.95, 5, _three_words),
    QueryKind("the title with a typo in two words", 0.95, 1, _two_typos),
    QueryKind("eight words from the abstract", 0.90, 5, _from_abstract),
    QueryKind("surname and one title word", 0.90, 5, _surname_and_word),
)


def add_typo(word: str, rng: random.Random) -> str:
    """Returns the word with a letter left out, added or replaced, or two letters swapped."""
    while True:
        at = rng.randrange(len(word))
        letter = rng.choice(string.ascii_lowercase)
        typo = rng.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
            )
        )
        if fold(typo) != fold(word):
            return typo


def _content_words(title: str) -> list[str]:
    """Returns the different words of three letters or more that say what a title is about."""
    legible = set(fold(title).split())  # excludes the names of LaTeX commands
    words = {
        fold(word): word for word in _WORD.findall(title) if legible.issuperset(fold(word).split())
    }
    excluded = _STOP_WORDS | function_words()
    return [word for folded, word in words.items() if len(folded) >= 3 and folded not in excluded]
