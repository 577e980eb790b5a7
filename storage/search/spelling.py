"""SQL of the index's words: what may have been meant by words that no paper has together."""

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

_NEAR = 0.65  # of two words' letters that agree, for one to stand for the other
_OFFERED = 4  # nearest words for one
_UNTOLD = "a near spelling"  # where none of its words may be told


async def nearest(db: Connection, word: str) -> list[str]:
    """The words nearest in spelling, the best first; of equals the commoner.

    One slip leaves the first or the second half of a word as it is, so words that share a half
    are compared, and no others.
    """
    half = len(word) // 2
    rows = await db.all(
        """SELECT word, papers FROM words WHERE length(word) BETWEEN ? AND ?
               AND word >= ? AND word < ? || char(1114111)
           UNION
           SELECT word, papers FROM words WHERE length(word) BETWEEN ? AND ?
               AND backwards >= ? AND backwards < ? || char(1114111)""",
        [
            *(len(word) - 2, len(word) + 2, word[:half], word[:half]),
            *(len(word) - 2, len(word) + 2, word[half + 1 :][::-1], word[half + 1 :][::-1]),
        ],
    )
    papers = {row["word"]: row["papers"] for row in rows}
    found = process.extract(
        word,
        papers.keys(),
        scorer=DamerauLevenshtein.normalized_similarity,
        score_cutoff=_NEAR,
        limit=50,
    )
    ranked = sorted(found, key=lambda one: (-one[1], -papers[one[0]], one[0]))
    return [near for near, _score, _place in ranked[:_OFFERED]]


@dataclass(frozen=True, slots=True)
class SpellingSuggestion:
    """A query in another spelling: ``forms`` are the words that do for a term."""

    query: Query
    forms: Mapping[str, Sequence[str]]

    def words_of(self, found: Sequence[Paper]) -> str:
        """What was searched for, in the words that the first paper found has.

        One that stands in a former name alone is not told.
        """
        has = {word for paper in found[:1] for word in _words(paper)}
        chosen = []
        for term in self.query.terms:
            forms = self.forms.get(term, [term])
            chosen += [form for form in forms if has.issuperset(form.split())][:1]
        return " ".join(chosen) or _UNTOLD


def _words(paper: Paper) -> list[str]:
    """The words by which a paper is found, as it is shown."""
    fields = (paper.title, paper.abstract, paper.venue, *paper.authors, *paper.tags)
    return index_text(" | ".join(fields)).split()


async def suggest_spellings(db: Connection, query: Query) -> list[SpellingSuggestion]:
    """The query in other spellings, to be tried in turn.

    Words that no paper has give way to the nearest that some have; then every word may be a slip
    for another; at last, words near to nothing are left out.
    """
    words = [word for term in query.terms for word in term.split()]
    known = await term_counts.counts(db, words)
    near = {word: await nearest(db, word) for word in dict.fromkeys(words)}
    unknown = {word: near[word] for word in near if word not in known}
    every = {
        word: list(dict.fromkeys([*([word] if word in known else []), *near[word]]))
        for word in near
    }
    closed = replace(query, open_ended=False)
    tries = [
        (words, unknown),
        (words, every),
        ([word for word in words if every[word]], every),
        ([word for word in words if word in known], {}),
    ]
    return [
        SpellingSuggestion(replace(closed, terms=tuple(kept)), forms)
        for kept, forms in tries
        if kept and all(forms.get(word, [word]) for word in kept)
    ]
