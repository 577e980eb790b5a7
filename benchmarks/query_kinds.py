"""The queries of `quality`: what people type who remember something of a paper."""

from __future__ import annotations

import random
import re
import string
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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


Write = Callable[[PaperDraft, random.Random, Collection], str | None]


class QueryKind(NamedTuple):
    """A way to remember a paper. ``goal`` is the share of queries to find it ``within`` a rank.

    ``write`` returns a query for a paper, or None if the paper can't be asked for in this way.
    """

    name: str
    goal: float
    within: int
    write: Write


def _three_words(draft: PaperDraft, rng: random.Random, _: Collection) -> str | None:
    words = content_words(draft.title)
    return " ".join(rng.sample(words, 3)) if len(words) >= 3 else None


def _two_typos(draft: PaperDraft, rng: random.Random, _: Collection) -> str | None:
    words = draft.title.split()
    long = [index for index, word in enumerate(words) if word.isalpha() and len(word) >= 4]
    if len(long) < 2:
        return None
    for index in rng.sample(long, 2):
        words[index] = add_typo(words[index], rng)
    return " ".join(words)


def _from_abstract(draft: PaperDraft, rng: random.Random, _: Collection) -> str | None:
    words = draft.abstract.split()
    if len(words) < 8:
        return None
    start = rng.randrange(len(words) - 7)
    return " ".join(words[start : start + 8])


def _surname_and_word(draft: PaperDraft, rng: random.Random, _: Collection) -> str | None:
    words = content_words(draft.title)
    surnames = [" ".join(parse_name(name).family) for name in draft.authors]
    return f"{rng.choice(surnames)} {rng.choice(words)}" if surnames and words else None


def _another_form(draft: PaperDraft, rng: random.Random, collection: Collection) -> str | None:
    """Three title words, one of them in a form that only other papers have."""
    own = set(fold(f"{draft.title} {draft.abstract}").split())
    return _replace_one(
        draft,
        rng,
        lambda word: [form for form in collection.forms.get(_base(word), ()) if form not in own],
    )


def _another_spelling(draft: PaperDraft, rng: random.Random, _: Collection) -> str | None:
    """Three title words, one of them in British instead of American spelling or the reverse."""
    return _replace_one(draft, rng, _other_spellings)


def _long_form(draft: PaperDraft, rng: random.Random, collection: Collection) -> str | None:
    """A long form whose abbreviation the paper has in its title, and two other title words."""
    text = f" {fold(f'{draft.title} {draft.abstract}')} "
    words = content_words(draft.title)
    for word in words:
        long = collection.long_forms.get(word.removesuffix("s"))
        others = [other for other in words if other != word]
        if long and f" {long}" not in text and len(others) >= 2:
            return f"{long} {' '.join(rng.sample(others, 2))}"
    return None


def _abbreviation(draft: PaperDraft, rng: random.Random, collection: Collection) -> str | None:
    """An abbreviation whose long form the paper has in its title, and two other title words."""
    own = set(fold(f"{draft.title} {draft.abstract}").split())
    title = f" {fold(draft.title)} "
    for short, long in collection.long_forms.items():
        others = [word for word in content_words(draft.title) if fold(word) not in long.split()]
        is_spelled_out = f" {long} " in title and own.isdisjoint({fold(short), f"{fold(short)}s"})
        if is_spelled_out and len(others) >= 2:
            return f"{short} {' '.join(rng.sample(others, 2))}"
    return None


def _sentence(draft: PaperDraft, rng: random.Random, _: Collection) -> str | None:
    words = content_words(draft.title)
    return rng.choice(_SENTENCES).format(*rng.sample(words, 3)) if len(words) >= 3 else None


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


def _replace_one(
    draft: PaperDraft, rng: random.Random, find: Callable[[str], Sequence[str]]
) -> str | None:
    """Returns three title words, one of which is replaced by one of what ``find`` returns."""
    words = content_words(draft.title)
    replacements = {word: found for word in words if (found := find(fold(word)))}
    if not replacements or len(words) < 3:
        return None
    replaced = rng.choice(sorted(replacements))
    query = [rng.choice(replacements[replaced])]
    query += rng.sample([word for word in words if word != replaced], 2)
    rng.shuffle(query)
    return " ".join(query)


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
