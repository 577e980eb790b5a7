"""Corrects the spelling of words that no paper contains."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from storage.connection import Connection
from storage.models import Paper
from storage.papers import queries as paper_queries
from storage.search import term_counts
from storage.search.query import Query
from storage.search.short_words import MAX_SHORT, Candidate, clearly_meant
from storage.search.stop_words import GENERIC_WORDS, STOP_WORDS
from storage.text import index_text

_MIN_SIMILARITY = 0.65  # of two words' spelling
_LIKELY_SIMILARITY = 0.75
_LETTERS = string.ascii_lowercase
_MAX_LETTERS = 40  # of a word that is looked up with every possible mistake
_MIN_COMPARED = 6  # letters of a word that is compared with those that share a half with it
_MAX_COMPARED = 3_000  # words with the same half
_MAX_BEGINNINGS = 20  # words that may replace an unfinished one
_MIN_TYPED = 4  # letters of a word in which a typo is forgiven while somebody is typing
_MAX_SIMILAR = 4  # words that may replace one word
_MAX_UNKNOWN = 10  # words of a query that are replaced
_NEVER_MISSPELLED = STOP_WORDS.union(GENERIC_WORDS)
_HIDDEN = "a near spelling"  # shown if the words that matched must not be shown


@dataclass(frozen=True, slots=True)
class SpellingSuggestion:
    """A query to try instead; ``alternatives`` are words any of which may replace a term."""

    query: Query
    alternatives: Mapping[str, Sequence[str]]

    def describe(self, results: Sequence[Paper]) -> str:
        """Returns the words that were searched for, as they appear in the first result.

        Words that match only a former name of an author are not shown.
        """
        visible = {word for paper in results[:1] for word in _visible_words(paper)}
        matched = []
        for term in self.query.terms:
            alternatives = self.alternatives.get(term, [term])
            matched += [phrase for phrase in alternatives if visible.issuperset(phrase.split())][:1]
        return " ".join(matched) or _HIDDEN


async def load_replacements(
    db: Connection, query: Query, *, only_likely: bool = True
) -> dict[str, list[str]]:
    """Returns what may be searched in place of the words of a query that no paper contains.

    These are other forms of the word or, if no paper has any, words with a similar spelling; none
    for function words. If ``only_likely`` is false, so that somebody is asked first, these include
    words that are hardly similar.
    """
    words = {word for term in query.terms for word in term.split()}
    unknown = sorted(words - (await term_counts.load_counts(db, words)).keys())
    forms = await term_counts.load_forms(db, unknown)
    return {
        word: [*forms[word]][:_MAX_SIMILAR]
        or (
            []
            if word in _NEVER_MISSPELLED
            else await _similar_words(db, word, only_likely=only_likely)
        )
        for word in unknown[:_MAX_UNKNOWN]
    }


async def load_typed_replacements(db: Connection, query: Query) -> dict[str, list[str]]:
    """Returns what may be searched in place of words with a typo while somebody is typing.

    Words of less than four letters and an unfinished last one that may still become a known word
    are left alone. Returns nothing if another word can't be replaced.
    """
    replacements = await load_replacements(db, query, only_likely=False)
    last = query.terms[-1]
    likely = {
        word: likely_corrections(word, similar) if len(word) >= _MIN_TYPED else []
        for word, similar in replacements.items()
    }
    if last in likely:
        if len(last) < _MIN_TYPED or await _can_continue(db, last):
            del likely[last]
        else:
            # Titles must have all words, so that others tell which word was meant.
            is_unclear = len(query.terms) == 1 and len(last) == _MIN_TYPED
            likely[last] = await _similar_beginnings(db, last, only_likely=is_unclear)
    return likely if all(likely.values()) else {}


async def _can_continue(db: Connection, prefix: str) -> bool:
    """Returns whether a paper has a word that starts with a prefix."""
    return bool(
        await db.all(
            "SELECT 1 FROM words WHERE word >= ?1 AND word < ?1 || char(1114111) LIMIT 1", [prefix]
        )
    )


async def _similar_beginnings(db: Connection, prefix: str, *, only_likely: bool) -> list[str]:
    """Returns words, the most common first, that start like a prefix but for one mistake."""
    beginnings = _with_one_mistake(prefix)
    rows = await db.all(
        """SELECT word, papers FROM json_each(?) AS beginnings CROSS JOIN words
               ON word >= beginnings.value AND word < beginnings.value || char(1114111)
           GROUP BY word ORDER BY papers DESC, word LIMIT ?""",
        [json.dumps(sorted(beginnings)), _MAX_BEGINNINGS],
    )
    if not only_likely:
        return [str(row["word"]) for row in rows]
    candidates = [
        Candidate(row["word"], row["papers"], start)
        for row in rows
        for start in beginnings
        if row["word"].startswith(start)
    ]
    return clearly_meant(prefix, candidates, await paper_queries.last_id(db))


def correct(query: Query, replacements: Mapping[str, Sequence[str]]) -> SpellingSuggestion | None:
    """Returns a query with other words in place of those that no paper contains.

    Returns None if papers contain all words, or if there is nothing in place of one that they
    don't. A quoted phrase with such a word is searched as words, since no paper can have it.
    """
    if not replacements or not all(replacements.values()):
        return None
    terms: list[str] = []
    for term in query.terms:
        is_phrase = term in query.quoted and replacements.keys().isdisjoint(term.split())
        terms += [term] if is_phrase else term.split()
    corrected = replace(query, terms=tuple(terms), last_is_prefix=False)
    return SpellingSuggestion(corrected, replacements)


def likely_corrections(word: str, similar: Sequence[str]) -> list[str]:
    """Returns those of the similar words that differ in one of four letters at most.

    If only most words of a query have to match, a word that is hardly similar does harm.
    """
    scorer = DamerauLevenshtein.normalized_similarity
    return [one for one in similar if scorer(word, one) >= _LIKELY_SIMILARITY]


def visible_corrections(
    corrections: Mapping[str, Sequence[str]], results: Sequence[Paper]
) -> tuple[tuple[str, str], ...]:
    """Returns corrected words, each with the similar word that a result has where people see it."""
    if not corrections:
        return ()
    visible = {word for paper in results for word in _visible_words(paper)}
    found = {
        word: [one for one in similar if one in visible] for word, similar in corrections.items()
    }
    return tuple((word, similar[0]) for word, similar in found.items() if similar)


async def _similar_words(db: Connection, word: str, *, only_likely: bool) -> list[str]:
    """Returns the indexed words with the most similar spelling, the more common first if equal.

    Words with one mistake are looked up one by one, which takes as long in a large list as in a
    small one. Only if there are none is the word compared with those that share a half with it.
    """
    paper_counts = await term_counts.load_counts(db, _with_one_mistake(word))
    if not paper_counts and (len(word) >= _MIN_COMPARED or not word.isascii()):
        paper_counts = await _load_sharing_half(db, word)
    matches = process.extract(
        word,
        paper_counts.keys(),
        scorer=DamerauLevenshtein.normalized_similarity,
        score_cutoff=_MIN_SIMILARITY,
        limit=50,
    )
    ranked = sorted(matches, key=lambda match: (-match[1], -paper_counts[match[0]], match[0]))
    similar = [one for one, _score, _index in ranked]
    if not only_likely:
        return similar[:_MAX_SIMILAR]
    likely = likely_corrections(word, similar)
    if len(word) > MAX_SHORT:
        return likely[:_MAX_SIMILAR]
    candidates = [Candidate(one, paper_counts[one], one) for one in likely]
    return clearly_meant(word, candidates, await paper_queries.last_id(db))


async def _load_sharing_half(db: Connection, word: str) -> dict[str, int]:
    """Returns words of about the same length that start or end like a word, with their papers.

    Only so many words are read, however many the papers have.
    """
    half = max(len(word) // 2, _MIN_COMPARED // 2)
    start, end = word[:half], word[-half:][::-1]
    rows = await db.all(
        """SELECT word, papers FROM (
               SELECT * FROM (SELECT word, papers FROM words
                   WHERE word >= ?1 AND word < ?1 || char(1114111) LIMIT ?3)
               UNION
               SELECT * FROM (SELECT word, papers FROM words
                   WHERE backwards >= ?2 AND backwards < ?2 || char(1114111) LIMIT ?3))
           WHERE length(word) BETWEEN ?4 - 2 AND ?4 + 2""",
        [start, end, _MAX_COMPARED, len(word)],
    )
    return {row["word"]: row["papers"] for row in rows if _digits(row["word"]) == _digits(word)}


def _with_one_mistake(word: str) -> set[str]:
    """Returns what a word becomes if a letter is left out, added or replaced, or two are swapped.

    Letters are those of the word, and Latin ones; digits stay as they are, because “GPT-5” isn't
    “GPT-4”. Empty for very long words.
    """
    if len(word) > _MAX_LETTERS:
        return set()
    letters = {*_LETTERS, *word}
    halves = [(word[:at], word[at:]) for at in range(len(word) + 1)]
    mistaken = {
        *(start + end[1:] for start, end in halves if len(word) > 1),
        *(start + letter + end for start, end in halves for letter in letters),
        *(start + letter + end[1:] for start, end in halves if end for letter in letters),
        *(start + end[1] + end[0] + end[2:] for start, end in halves if len(end) > 1),
    }
    if word.isalpha():
        return mistaken
    return {one for one in mistaken if _digits(one) == _digits(word)}


def _digits(word: str) -> list[str]:
    return [letter for letter in word if letter.isdecimal()]


def _visible_words(paper: Paper) -> list[str]:
    """Returns the words of a paper as it is displayed, without former names."""
    fields = (paper.title, paper.abstract, paper.venue, *paper.author_names, *paper.tags)
    return index_text(" | ".join(fields)).split()
