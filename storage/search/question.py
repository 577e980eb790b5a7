"""SQL that finds out what the words of a question stand for: other forms, spellings, long forms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, product

from storage.connection import Connection
from storage.papers import queries as paper_queries
from storage.search import abbreviations, term_counts
from storage.search.bm25 import Term, term_weight
from storage.search.query import Query
from storage.search.stop_words import STOP_WORDS
from storage.stems import stem_all

_MAX_WORDS = 60  # of a question; more are ignored
_MAX_FORMS = 20  # of one word, the most frequent ones


@dataclass(frozen=True, slots=True)
class Question:
    """The terms of a query that is searched for papers with most of its words.

    ``adjacent`` are the numbers of terms that follow each other. ``also_searched`` are the long
    forms of abbreviations, and the abbreviations of long forms. ``corrections`` are the words that
    replace one that no paper has.
    """

    terms: tuple[Term, ...]
    adjacent: frozenset[tuple[int, int]] = frozenset()
    also_searched: tuple[str, ...] = ()
    corrections: Mapping[str, Sequence[str]] = field(default_factory=dict)


async def load_question(
    db: Connection, query: Query, replacements: Mapping[str, Sequence[str]]
) -> Question:
    """Returns the terms of a query's words, without quoted phrases and function words.

    Function words count if there are no others. ``replacements`` are similar words in place of
    those that no paper has.
    """
    words = [word for term in query.terms if term not in query.quoted for word in term.split()]
    words = words[:_MAX_WORDS]
    content = [index for index, word in enumerate(words) if word not in STOP_WORDS]
    content = content or [*range(len(words))]
    stems = dict(zip(content, stem_all(words[index] for index in content), strict=True))
    numbers = {stem: number for number, stem in enumerate(dict.fromkeys(stems.values()))}
    term_of = {index: numbers[stem] for index, stem in stems.items()}
    next_to = [(index, index + 1) for index in content if index + 1 in stems]
    # What is also written as one word: “data set” stands for “dataset”, too.
    compounds = {pair: words[pair[0]] + words[pair[1]] for pair in next_to}
    forms = await term_counts.load_forms(
        db, [*(words[index] for index in content), *compounds.values()]
    )
    drafts = [_TermDraft() for _ in numbers]
    for index, number in term_of.items():
        drafts[number].words |= islice(forms[words[index]].items(), _MAX_FORMS)
    for pair, compound in compounds.items():
        for index in pair:
            drafts[term_of[index]].words |= islice(forms[compound].items(), _MAX_FORMS)
    also_searched = await _add_abbreviations(db, drafts, words, term_of)
    corrections = await _add_replacements(db, drafts, words, term_of, replacements)
    total = await paper_queries.last_id(db)
    return Question(
        tuple(draft.term(total) for draft in drafts),
        frozenset((term_of[one], term_of[other]) for one, other in next_to),
        also_searched,
        corrections,
    )


@dataclass(slots=True)
class _TermDraft:
    """A term while what it stands for is looked up: words and phrases with their papers."""

    words: dict[str, int] = field(default_factory=dict)
    phrases: dict[str, int] = field(default_factory=dict)

    def term(self, total: int) -> Term:
        papers = sum(self.words.values()) + max(self.phrases.values(), default=0)
        return Term(tuple(self.words), tuple(self.phrases), papers, term_weight(papers, total))


async def _add_abbreviations(
    db: Connection,
    drafts: Sequence[_TermDraft],
    words: Sequence[str],
    term_of: Mapping[int, int],
) -> tuple[str, ...]:
    """Adds long forms of abbreviations, and abbreviations of long forms; returns what to show."""
    also_searched = []
    expansions = await abbreviations.expand(db, words)
    one_word = [form for one in expansions for form in one.forms if " " not in form]
    known = await term_counts.load_forms(db, one_word)
    for expansion in expansions:
        span = range(expansion.start, expansion.start + expansion.length)
        numbers = {term_of[index] for index in span if index in term_of}
        for number, form in product(sorted(numbers), expansion.forms):
            if form in known:
                drafts[number].words |= known[form]
            else:
                numbered = dict.fromkeys(_with_plural(form), expansion.papers)
                drafts[number].phrases |= numbered
        if numbers:
            also_searched.append(expansion.forms[0])
    return tuple(dict.fromkeys(also_searched))


def _with_plural(phrase: str) -> tuple[str, str]:
    singular = phrase.removesuffix("s")
    return singular, f"{singular}s"


async def _add_replacements(
    db: Connection,
    drafts: Sequence[_TermDraft],
    words: Sequence[str],
    term_of: Mapping[int, int],
    replacements: Mapping[str, Sequence[str]],
) -> dict[str, Sequence[str]]:
    """Adds similar words in place of those that no paper has in any form; returns them."""
    corrections: dict[str, Sequence[str]] = {
        words[index]: [one for one in replacements[words[index]] if one not in STOP_WORDS]
        for index, number in term_of.items()
        if words[index] in replacements and not (drafts[number].words or drafts[number].phrases)
    }
    counts = await term_counts.load_counts(
        db, [word for similar in corrections.values() for word in similar]
    )
    for index, number in term_of.items():
        for similar in corrections.get(words[index], ()):
            drafts[number].words[similar] = counts[similar]
    return corrections
