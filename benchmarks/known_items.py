"""What somebody types who looks for a paper that they know: four kinds of queries, by chance."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks import words
from storage.models import PaperDraft
from storage.names.parser import parse_name
from storage.text import fold

# Words that nobody chooses to find a title by.
_EMPTY = frozenset(
    (
        "about after all and are been but can for from has have her him his how into its more most "
        "not off one our out over per should than that the their them then there these they this "
        "through too two under upon use via was were what when where which while who why will with "
        "without you your"
    ).split()
)
_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_LONGEST = 300  # letters that the command takes


@dataclass(frozen=True, slots=True)
class Known:
    """A query, and the title that it is to find."""

    query: str
    title: str


@dataclass(frozen=True, slots=True)
class Kind:
    """One way of remembering a paper, and in which share of cases it is to be found how early."""

    name: str
    goal: float
    within: int
    ask: Callable[[PaperDraft, random.Random], str | None]

    def queries(self, drafts: Sequence[PaperDraft], limit: int, seed: int) -> Iterator[Known]:
        """Up to ``limit`` queries for papers taken by chance, always the same for a seed."""
        chance = random.Random(f"{seed} {self.name}")
        left = limit
        for draft in chance.sample(drafts, len(drafts)):
            query = self.ask(draft, chance)
            if query and left:
                left -= 1
                yield Known(query[:_LONGEST], draft.title)


def _three_words(draft: PaperDraft, chance: random.Random) -> str | None:
    content = _content_words(draft.title)
    return " ".join(chance.sample(content, 3)) if len(content) >= 3 else None


def _two_typos(draft: PaperDraft, chance: random.Random) -> str | None:
    typed = draft.title.split()
    long = [place for place, word in enumerate(typed) if word.isalpha() and len(word) >= 4]
    if len(long) < 2:
        return None
    for place in chance.sample(long, 2):
        typed[place] = mistyped(typed[place], chance)
    return " ".join(typed)


def _from_abstract(draft: PaperDraft, chance: random.Random) -> str | None:
    text = draft.abstract.split()
    if len(text) < 8:
        return None
    start = chance.randrange(len(text) - 7)
    return " ".join(text[start : start + 8])


def _surname_and_word(draft: PaperDraft, chance: random.Random) -> str | None:
    content = _content_words(draft.title)
    families = [" ".join(parse_name(name).family) for name in draft.authors]
    return f"{chance.choice(families)} {chance.choice(content)}" if families and content else None


KINDS = (
    Kind("three title words in any order", 0.95, 5, _three_words),
    Kind("the title with a typo in two words", 0.95, 1, _two_typos),
    Kind("eight words from the abstract", 0.90, 5, _from_abstract),
    Kind("surname and one title word", 0.90, 5, _surname_and_word),
)


def mistyped(word: str, chance: random.Random) -> str:
    """The word with one letter missing, doubled by a neighbour, wrong, or changed with the next."""
    while True:
        at = chance.randrange(len(word))
        letter = chance.choice(string.ascii_lowercase)
        typed = chance.choice(
            (
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :],
            )
        )
        if fold(typed) != fold(word):
            return typed


def _content_words(title: str) -> list[str]:
    """The different words of three letters or more that say what a title is about."""
    legible = set(fold(title).split())  # without the names of LaTeX's commands
    found = {
        fold(word): word for word in _WORD.findall(title) if legible.issuperset(fold(word).split())
    }
    empty = _EMPTY | words.function_words()
    return [word for folded, word in found.items() if len(folded) >= 3 and folded not in empty]
