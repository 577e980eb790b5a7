"""The queries of `quality`: what people type who remember something of a paper."""

from __future__ import annotations

import random
import re
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from benchmarks import generator
from storage.models import PaperDraft
from storage.names.parser import parse_name
from storage.text import fold

# Words that nobody would search a title for, in English and among the generated words.
_STOP_WORDS = {
    *(
        "about after all and are been but can for from has have her him his how into its more most "
        "not off one our out over per should than that the their them then there these they this "
        "through too two under upon use via was were what when where which while who why will with "
        "without you your"
    ).split(),
    *generator.vocabulary(70),
}
_WORD = re.compile(r"\w+(?:[-'’]\w+)*")
_ENDINGS = (
    "izations ization izing izers izer ized izes ize isations isation ising isers iser ised ises "
    "ise ations ation ings ing ers er ed es e s ly ive al"
).split()  # longer ones first
_MIN_BASE = 5  # letters that the forms of a word share
# American endings with British ones; words that are spelled so everywhere are rare in titles.
_SPELLINGS = [
    *((f"iz{end}", f"is{end}") for end in "ation ations ing ed er ers".split()),
    *((f"{begin}ize", f"{begin}ise") for begin in "al an ar er im in om or".split()),
    *((f"yz{end}", f"ys{end}") for end in "ing ed er ers e".split()),
    *(
        (f"{begin}or{end}", f"{begin}our{end}")
        for begin in "behavi col fav harb hon hum lab neighb rum tum vap".split()
        for end in ("", "s", "ed", "ing", "al", "able", "ite", "hood", "hoods")
    ),
    *((f"{one}er{end}", f"{one}re{end}") for one in ("cent", "theat", "fib") for end in ("", "s")),
    *((f"{one}og{end}", f"{one}ogue{end}") for one in ("catal", "dial") for end in ("", "s")),
    ("modeling", "modelling"), ("modeled", "modelled"), ("labeling", "labelling"),
    ("labeled", "labelled"), ("signaling", "signalling"), ("canceling", "cancelling"),
]  # fmt: skip
_EXPLAINED = re.compile(r"((?:[\w'’-]+ ){1,8})\(([A-Z]{2,8})s?\)")
_MIN_EXPLAINED = 2  # papers that explain an abbreviation, for it to be asked for
_SENTENCES = (
    "Which papers are about {}, {} and {}?",
    "How does {} affect {} with {}?",
    "What is known about {} and {} in {}?",
    "I'm looking for work on {} that uses {} for {}",
    "does {} help {} of {}",
)


@dataclass(frozen=True, slots=True)
class Collection:
    """What the papers of a file have in common, to ask for one in the words of others.

    ``forms`` are the words with the same beginning but another ending, and ``long_forms`` those of
    abbreviations that several papers explain in the same way, with capital letters.
    """

    forms: Mapping[str, Sequence[str]]
    long_forms: Mapping[str, str]

    @classmethod
    def of(cls, drafts: Sequence[PaperDraft]) -> Collection:
        """Looks through papers."""
        forms: dict[str, set[str]] = defaultdict(set)
        explained: Counter[tuple[str, str]] = Counter()
        for draft in drafts:
            text = f"{draft.title} {draft.abstract}"
            for word in set(fold(text).split()):
                forms[_base(word)].add(word)
            explained.update(set(_explanations(text)))
        long_forms: dict[str, str] = {}
        for (short, long), papers in explained.most_common():
            if papers >= _MIN_EXPLAINED:
                long_forms.setdefault(short, long)
        return cls({base: sorted(words) for base, words in forms.items()}, long_forms)


@dataclass(frozen=True)
class Remembered:
    """A paper that somebody looks for."""

    draft: PaperDraft
    rng: random.Random
    collection: Collection

    @cached_property
    def words(self) -> list[str]:
        """What the title is about."""
        return content_words(self.draft.title)

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


def _three_words(paper: Remembered) -> str | None:
    return " ".join(paper.rng.sample(paper.words, 3)) if len(paper.words) >= 3 else None


def _two_typos(paper: Remembered) -> str | None:
    words = paper.draft.title.split()
    long = [index for index, word in enumerate(words) if word.isalpha() and len(word) >= 4]
    if len(long) < 2:
        return None
    for index in paper.rng.sample(long, 2):
        words[index] = add_typo(words[index], paper.rng)
    return " ".join(words)


def _from_abstract(paper: Remembered) -> str | None:
    words = paper.draft.abstract.split()
    if len(words) < 8:
        return None
    start = paper.rng.randrange(len(words) - 7)
    return " ".join(words[start : start + 8])


def _surname_and_word(paper: Remembered) -> str | None:
    surnames = [" ".join(parse_name(name).family) for name in paper.draft.authors]
    if not surnames or not paper.words:
        return None
    return f"{paper.rng.choice(surnames)} {paper.rng.choice(paper.words)}"


def _another_form(paper: Remembered) -> str | None:
    """Three title words, one of them in a form that only other papers have."""
    own = paper.text.split()
    forms = paper.collection.forms
    return paper.replace_word(
        lambda word: [form for form in forms.get(_base(word), ()) if form not in own]
    )


def _another_spelling(paper: Remembered) -> str | None:
    """Three title words, one of them in British instead of American spelling or the reverse."""
    return paper.replace_word(_other_spellings)


def _long_form(paper: Remembered) -> str | None:
    """A long form whose abbreviation the paper has in its title, and two other title words."""
    for word in paper.words:
        long = paper.collection.long_forms.get(word.removesuffix("s"))
        others = [other for other in paper.words if other != word]
        if (
            long
            and f" {long}" not in paper.text
            and (query := paper.with_title_words(long, others))
        ):
            return query
    return None


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


def _sentence(paper: Remembered) -> str | None:
    if len(paper.words) < 3:
        return None
    return paper.rng.choice(_SENTENCES).format(*paper.rng.sample(paper.words, 3))


KINDS = (
    QueryKind("three title words in any order", 0.99, 5, _three_words),
    QueryKind("the title with a typo in two words", 0.99, 1, _two_typos),
    QueryKind("eight words from the abstract", 0.98, 5, _from_abstract),
    QueryKind("surname and one title word", 0.94, 5, _surname_and_word),
    QueryKind("another word form", 0.80, 5, _another_form),
    QueryKind("British or American spelling", 0.82, 5, _another_spelling),
    QueryKind("long form of an abbreviation", 0.70, 5, _long_form),
    QueryKind("abbreviation of a long form", 0.83, 5, _abbreviation),
    QueryKind("three title words in a sentence", 0.88, 5, _sentence),
)


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


def content_words(title: str) -> list[str]:
    """Returns the different words of three letters or more that say what a title is about."""
    legible = set(fold(title).split())  # excludes the names of LaTeX commands
    words = {fold(word): word for word in _WORD.findall(title)}
    return [
        word
        for folded, word in words.items()
        if len(folded) >= 3 and folded not in _STOP_WORDS and legible.issuperset(folded.split())
    ]


def _base(word: str) -> str:
    """Returns a word without a usual ending, or the word itself if too little would be left."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _MIN_BASE:
            return word[: -len(ending)]
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
