"""The queries of `quality`: what people type who remember something of a paper."""

from __future__ import annotations

import random
import re
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from benchmarks import generator
from storage.models import PaperDraft
from storage.names.parser import parse_name
from storage.text import fold

_ENGLISH = generator.WORDS["queries"]
# Words that nobody would search a title for, in English and among the generated words.
_STOP_WORDS = {*_ENGLISH["stop_words"].split(), *generator.vocabulary(70)}
_ENDINGS = _ENGLISH["endings"].split()
_SPELLINGS = [  # American endings with British ones
    (f"{begin}{one['american']}{end}", f"{begin}{one['british']}{end}")
    for one in _ENGLISH["spellings"]
    for begin in one["begins"]
    for end in one["ends"]
]
_SENTENCES: list[str] = _ENGLISH["sentences"]
_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_EXPLAINED = re.compile(r"((?:[\w'’-]+ ){1,8})\(([A-Z]{2,8})s?\)")
_MIN_BASE = 5  # letters that the forms of a word share
_MIN_EXPLAINED = 2  # papers that explain an abbreviation, for it to be asked for


class Collection:
    """What the papers of a file have in common, to ask for one in the words of others.

    ``forms`` are the words with the same beginning but another ending, and ``long_forms`` those of
    abbreviations that several papers explain in the same way, with capital letters.
    """

    def __init__(self, drafts: Sequence[PaperDraft]) -> None:
        forms: dict[str, set[str]] = defaultdict(set)
        explained: Counter[tuple[str, str]] = Counter()
        for draft in drafts:
            text = f"{draft.title} {draft.abstract}"
            for word in set(fold(text).split()):
                forms[_base(word)].add(word)
            explained.update(dict.fromkeys(_explanations(text), 1))
        self.forms = {base: sorted(words) for base, words in forms.items()}
        self.long_forms: dict[str, str] = {}
        for (short, long), papers in explained.most_common():
            if papers >= _MIN_EXPLAINED:
                self.long_forms.setdefault(short, long)


@dataclass(frozen=True)
class Remembered:
    """A paper that somebody looks for."""

    draft: PaperDraft
    rng: random.Random
    collection: Collection

    @cached_property
    def words(self) -> list[str]:
        """The different words of three letters or more that say what the title is about."""
        legible = set(fold(self.draft.title).split())  # excludes the names of LaTeX commands
        words = {fold(word): word for word in _WORD.findall(self.draft.title)}
        return [
            word
            for folded, word in words.items()
            if len(folded) >= 3 and folded not in _STOP_WORDS and legible.issuperset(folded.split())
        ]

    @cached_property
    def text(self) -> str:
        """The title and the abstract, folded, with a space on either side."""
        return f" {fold(f'{self.draft.title} {self.draft.abstract}')} "

    def with_title_words(self, begin: str, others: Sequence[str]) -> str | None:
        """Returns a query of one thing and two of the other words, if there are so many."""
        return " ".join([begin, *self.rng.sample(others, 2)]) if len(others) >= 2 else None

    def replace_word(self, find: Callable[[str], Sequence[str]]) -> str | None:
        """Returns three title words, one of which is replaced by one of what ``find`` returns."""
        replacements = {word: found for word in self.words if (found := find(fold(word)))}
        if not replacements or len(self.words) < 3:
            return None
        replaced = self.rng.choice(sorted(replacements))
        query = [self.rng.choice(replacements[replaced])]
        query += self.rng.sample([word for word in self.words if word != replaced], 2)
        self.rng.shuffle(query)
        return " ".join(query)


class QueryKind(NamedTuple):
    """A way to remember a paper. ``goal`` is the share of queries to find it ``within`` a rank.

    ``write`` returns a query for a paper, or None if the paper can't be asked for in this way.
    """

    name: str
    goal: float
    within: int
    write: Callable[[Remembered], str | None]


KINDS: list[QueryKind] = []


def _kind(
    name: str, goal: float, within: int = 5
) -> Callable[[Callable[[Remembered], str | None]], None]:
    return lambda write: KINDS.append(QueryKind(name, goal, within, write))


@_kind("three title words in any order", 0.99)
def _three_words(paper: Remembered) -> str | None:
    return " ".join(paper.rng.sample(paper.words, 3)) if len(paper.words) >= 3 else None


@_kind("the title with a typo in two words", 0.99, within=1)
def _two_typos(paper: Remembered) -> str | None:
    words = paper.draft.title.split()
    long = [index for index, word in enumerate(words) if word.isalpha() and len(word) >= 4]
    if len(long) < 2:
        return None
    for index in paper.rng.sample(long, 2):
        words[index] = add_typo(words[index], paper.rng)
    return " ".join(words)


@_kind("eight words from the abstract", 0.98)
def _from_abstract(paper: Remembered) -> str | None:
    words = paper.draft.abstract.split()
    if len(words) < 8:
        return None
    start = paper.rng.randrange(len(words) - 7)
    return " ".join(words[start : start + 8])


@_kind("surname and one title word", 0.94)
def _surname_and_word(paper: Remembered) -> str | None:
    surnames = [" ".join(parse_name(name).family) for name in paper.draft.authors]
    if not surnames or not paper.words:
        return None
    return f"{paper.rng.choice(surnames)} {paper.rng.choice(paper.words)}"


@_kind("another word form", 0.80)
def _another_form(paper: Remembered) -> str | None:
    """Three title words, one of them in a form that only other papers have."""
    own, forms = paper.text.split(), paper.collection.forms
    return paper.replace_word(
        lambda word: [form for form in forms.get(_base(word), ()) if form not in own]
    )


@_kind("British or American spelling", 0.82)
def _another_spelling(paper: Remembered) -> str | None:
    """Three title words, one of them in British instead of American spelling or the reverse."""
    return paper.replace_word(_other_spellings)


@_kind("long form of an abbreviation", 0.70)
def _long_form(paper: Remembered) -> str | None:
    """A long form whose abbreviation the paper has in its title, and two other title words."""
    for word in paper.words:
        long = paper.collection.long_forms.get(word.removesuffix("s"))
        if long and f" {long}" not in paper.text:
            others = [other for other in paper.words if other != word]
            if query := paper.with_title_words(long, others):
                return query
    return None


@_kind("abbreviation of a long form", 0.83)
def _abbreviation(paper: Remembered) -> str | None:
    """An abbreviation whose long form the paper has in its title, and two other title words."""
    title = f" {fold(paper.draft.title)} "
    for short, long in paper.collection.long_forms.items():
        forms = {fold(short), f"{fold(short)}s"}
        if f" {long} " in title and forms.isdisjoint(paper.text.split()):
            others = [word for word in paper.words if fold(word) not in long.split()]
            if query := paper.with_title_words(short, others):
                return query
    return None


@_kind("three title words in a sentence", 0.88)
def _sentence(paper: Remembered) -> str | None:
    if len(paper.words) < 3:
        return None
    return paper.rng.choice(_SENTENCES).format(*paper.rng.sample(paper.words, 3))


def add_typo(word: str, rng: random.Random) -> str:
    """Returns the word with a letter left out, added or replaced, or two letters swapped."""
    while True:
        at = rng.randrange(len(word))
        letter = rng.choice(string.ascii_lowercase)
        before, here, after = word[:at], word[at], word[at + 1 :]
        swapped = before + after[:1] + here + after[1:]
        typo = rng.choice(
            (before + after, before + letter + here + after, before + letter + after, swapped)
        )
        if fold(typo) != fold(word):
            return typo


def _base(word: str) -> str:
    """Returns a word without a usual ending, or the word itself if too little would be left."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_BASE:
            return word.removesuffix(ending)
    return word


def _other_spellings(word: str) -> list[str]:
    """Returns a word in its other spelling, or nothing if it is the same everywhere."""
    for american, british in _SPELLINGS:
        for here, there in ((american, british), (british, american)):
            if word.endswith(here) and len(word) >= _MIN_BASE:
                return [word.removesuffix(here) + there]
    return []


def _explanations(text: str) -> Iterator[tuple[str, str]]:
    """Yields abbreviations with their long forms: the words before, one for each letter."""
    for match in _EXPLAINED.finditer(text):
        words = fold(match[1]).split()[-len(match[2]) :]
        if "".join(word[0] for word in words) == match[2].lower():
            yield match[2], " ".join(words)
