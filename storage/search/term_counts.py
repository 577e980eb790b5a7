"""SQL that counts how many papers contain a query's terms, and finds other forms of its words.

FTS5 enumerates the matches of all words of a query, however rare one of them is, and collects all
matches of a prefix before it returns the first one. With the counts, a query can start from its
rarest terms instead.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from storage.connection import Connection
from storage.search.query import Query
from storage.stems import stem_all

_MAX_INDEXED_PREFIX = 3  # letters; FTS5 has an index of prefixes up to this length
_MAX_COMPLETIONS = 20  # words that may replace a longer prefix in the query
_MAX_PREFIX_MATCHES = 20_000  # papers with a prefix that FTS5 still collects quickly
_UNKNOWN_COUNT = 1 << 40  # more papers than any list has


@dataclass(frozen=True, slots=True)
class QueryStats:
    """A query with the counts of its terms.

    ``alternatives`` are words any of which may replace a term. ``paper_counts`` are upper bounds
    of the number of papers that contain each term.
    """

    query: Query
    alternatives: Mapping[str, Sequence[str]] = field(default_factory=dict)
    paper_counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def max_matches(self) -> int:
        """An upper bound of the number of papers that contain all terms."""
        return min(self.paper_counts.values(), default=_UNKNOWN_COUNT)

    def rarest(self, count: int) -> Query:
        """Returns the query with only its ``count`` rarest terms."""
        rarest = sorted(self.paper_counts, key=lambda term: self.paper_counts[term])[:count]
        terms = tuple(term for term in self.query.terms if term in rarest)
        keeps_last = terms[-1:] == self.query.terms[-1:]
        return replace(
            self.query, terms=terms, last_is_prefix=self.query.last_is_prefix and keeps_last
        )


async def load_stats(
    db: Connection, query: Query, alternatives: Mapping[str, Sequence[str]] | None = None
) -> QueryStats:
    """Counts the papers that contain each of a query's terms.

    A prefix is replaced by the words that it can stand for, if these are few or very common.
    """
    if not query.terms:
        return QueryStats(query)
    alternatives = dict(alternatives or {})
    last = query.terms[-1]
    has_prefix = query.last_is_prefix and last not in alternatives
    can_complete = has_prefix and len(last) > _MAX_INDEXED_PREFIX and " " not in last
    spellings = {term: alternatives.get(term, [term]) for term in query.terms}
    words = {
        word
        for phrases in spellings.values()
        for phrase in phrases
        for word in (*phrase.split(), _compound(phrase))
    }
    counts, completions = await _load_counts(db, words, last if can_complete else "")
    paper_counts = {
        term: sum(_max_papers(counts, phrase) for phrase in spellings[term]) for term in query.terms
    }
    if has_prefix:
        paper_counts[last] = sum(completions.values()) if can_complete else _UNKNOWN_COUNT
    if can_complete and (
        len(completions) <= _MAX_COMPLETIONS or paper_counts[last] > _MAX_PREFIX_MATCHES
    ):
        alternatives[last] = list(completions)[:_MAX_COMPLETIONS] or [last]
    return QueryStats(query, alternatives, paper_counts)


async def load_counts(db: Connection, words: Collection[str]) -> dict[str, int]:
    """Returns how many papers contain each of these words, without words that none contains."""
    return (await _load_counts(db, words))[0] if words else {}


async def load_forms(db: Connection, words: Sequence[str]) -> dict[str, dict[str, int]]:
    """Returns for each word all indexed words with its stem, with their papers, most first."""
    if not words:
        return {}
    stems = stem_all(words)
    rows = await db.all(
        """SELECT words.stem, words.word, words.papers
           FROM json_each(?) AS stems CROSS JOIN words ON words.stem = stems.value
           ORDER BY papers DESC""",
        [json.dumps([*dict.fromkeys(stems)])],
    )
    by_stem: dict[str, dict[str, int]] = {}
    for row in rows:
        by_stem.setdefault(row["stem"], {})[row["word"]] = row["papers"]
    return {word: by_stem.get(stem, {}) for word, stem in zip(words, stems, strict=True)}


async def _load_counts(
    db: Connection, words: Collection[str], prefix: str = ""
) -> tuple[dict[str, int], dict[str, int]]:
    """Returns paper counts for some words, and for all words with a prefix, most papers first."""
    rows = await db.all(
        """SELECT word, papers, 0 AS is_completion FROM words
               WHERE word IN (SELECT value FROM json_each(?))
           UNION ALL SELECT word, papers, 1 FROM words
               WHERE word >= ? AND word < ? || char(1114111) AND ? <> ''
           ORDER BY papers DESC""",
        [json.dumps([*words]), prefix, prefix, prefix],
    )
    return (
        {word: papers for word, papers, is_completion in rows if not is_completion},
        {word: papers for word, papers, is_completion in rows if is_completion},
    )


def _max_papers(counts: Mapping[str, int], phrase: str) -> int:
    """Returns an upper bound of the papers that contain a phrase, spelled as one word or not."""
    as_phrase = min(counts.get(word, 0) for word in phrase.split())
    as_compound = counts.get(_compound(phrase), 0) if " " in phrase else 0
    return as_phrase + as_compound


def _compound(phrase: str) -> str:
    return phrase.replace(" ", "")
