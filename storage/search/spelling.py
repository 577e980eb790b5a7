"""Suggests other spellings of a query that matches no paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from storage.database import Connection
from storage.models import Paper
from storage.search import term_counts
from storage.search.query import Query
from storage.text import index_text

_MIN_SIMILARITY = 0.65  # of two words' spelling
_MAX_SIMILAR = 4  # words that may replace one word
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


async def suggest_spellings(db: Connection, query: Query) -> list[SpellingSuggestion]:
    """Returns other spellings of a query, to be tried in turn.

    First, words that no paper contains are replaced by similar ones. Then any word may be
    replaced. Finally, words without a similar one are dropped.
    """
    words = [word for term in query.terms for word in term.split()]
    known = await term_counts.load_counts(db, words)
    similar = {word: await _similar_words(db, word) for word in dict.fromkeys(words)}
    unknown_only = {word: similar[word] for word in similar if word not in known}
    any_word = {
        word: list(dict.fromkeys([*([word] if word in known else []), *similar[word]]))
        for word in similar
    }
    complete = replace(query, last_is_prefix=False)
    attempts = [
        (words, unknown_only),
        (words, any_word),
        ([word for word in words if any_word[word]], any_word),
        ([word for word in words if word in known], {}),
    ]
    return [
        SpellingSuggestion(replace(complete, terms=tuple(terms)), alternatives)
        for terms, alternatives in attempts
        if terms and all(alternatives.get(word, [word]) for word in terms)
    ]


async def _similar_words(db: Connection, word: str) -> list[str]:
    """Returns the indexed words with the most similar spelling, the more common first if equal.

    A single mistake leaves the first or the second half of a word intact, so only words with the
    same half are compared.
    """
    half = len(word) // 2
    start, end = word[:half], word[half + 1 :][::-1]
    shortest, longest = len(word) - 2, len(word) + 2
    rows = await db.all(
        """SELECT word, papers FROM words WHERE length(word) BETWEEN ? AND ?
               AND word >= ? AND word < ? || char(1114111)
           UNION
           SELECT word, papers FROM words WHERE length(word) BETWEEN ? AND ?
               AND backwards >= ? AND backwards < ? || char(1114111)""",
        [shortest, longest, start, start, shortest, longest, end, end],
    )
    paper_counts = {row["word"]: row["papers"] for row in rows}
    matches = process.extract(
        word,
        paper_counts.keys(),
        scorer=DamerauLevenshtein.normalized_similarity,
        score_cutoff=_MIN_SIMILARITY,
        limit=50,
    )
    ranked = sorted(matches, key=lambda match: (-match[1], -paper_counts[match[0]], match[0]))
    return [similar for similar, _score, _index in ranked[:_MAX_SIMILAR]]


def _visible_words(paper: Paper) -> list[str]:
    """Returns the words of a paper as it is displayed, without former names."""
    fields = (paper.title, paper.abstract, paper.venue, *paper.authors, *paper.tags)
    return index_text(" | ".join(fields)).split()
