"""SQL of how many papers have the words of a query, and which words a beginning stands for.

FTS5 goes through the matches of all words of a query together, however rare one of them is, and
gathers every match of a beginning before it gives the first. Whoever knows how many papers have
each word asks for the rare ones alone and looks at what is found.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from storage.database import Connection
from storage.search.query import Query

_SHORT = 3  # letters up to which FTS5 has an index of beginnings
_MANY = 1 << 40  # papers of a term that nobody counted

_MOST_FORMS = 20  # longer words that a beginning stands for
_GATHERED = 20_000  # papers whose matches FTS5 gathers quickly for a beginning


@dataclass(frozen=True, slots=True)
class QueryStats:
    """A query whose terms are counted.

    ``forms`` are words any of which will do for a term; ``papers`` tells of each term how many
    papers have it at most.
    """

    query: Query
    forms: Mapping[str, Sequence[str]] = field(default_factory=dict)
    papers: Mapping[str, int] = field(default_factory=dict)

    @property
    def fewest(self) -> int:
        """At most so many papers have all terms."""
        return min(self.papers.values(), default=_MANY)

    def rarest(self, count: int) -> Query:
        """The query with its rarest terms alone."""
        kept = sorted(self.papers, key=lambda term: self.papers[term])[:count]
        terms = tuple(term for term in self.query.terms if term in kept)
        ends = terms[-1:] == self.query.terms[-1:]
        return replace(self.query, terms=terms, open_ended=self.query.open_ended and ends)


async def load_stats(
    db: Connection, query: Query, forms: Mapping[str, Sequence[str]] | None = None
) -> QueryStats:
    """Count the papers of a query's terms; ``forms`` are words that do for a term, if given."""
    if not query.terms:
        return QueryStats(query)
    last = query.terms[-1]
    begun = query.open_ended and last not in (forms or {})
    forms = dict(forms or {})
    beginning = last if begun and len(last) > _SHORT and " " not in last else ""
    spelled = {term: forms.get(term, [term]) for term in query.terms}
    words = {w for every in spelled.values() for one in every for w in (*one.split(), _joined(one))}
    counts, longer = await _counts(db, words, beginning)
    papers = {term: sum(_of_form(counts, one) for one in spelled[term]) for term in query.terms}
    if begun:
        papers[last] = sum(longer.values()) if beginning else _MANY
        if beginning and (len(longer) <= _MOST_FORMS or papers[last] > _GATHERED):
            forms[last] = list(longer)[:_MOST_FORMS] or [last]
    return QueryStats(query, forms, papers)


async def counts(db: Connection, words: Sequence[str]) -> dict[str, int]:
    """How many papers have each of these words; words of no paper are left out."""
    return (await _counts(db, words))[0]


async def _counts(
    db: Connection, words: Sequence[str] | set[str], beginning: str = ""
) -> tuple[dict[str, int], dict[str, int]]:
    """How many papers have each of some words, and each word that begins so, commonest first."""
    rows = await db.all(
        """SELECT word, papers, 0 AS longer FROM words
               WHERE word IN (SELECT value FROM json_each(?))
           UNION ALL SELECT word, papers, 1 FROM words
               WHERE word >= ? AND word < ? || char(1114111) AND ? <> ''
           ORDER BY papers DESC""",
        [json.dumps([*words]), beginning, beginning, beginning],
    )
    return (
        {word: papers for word, papers, longer in rows if not longer},
        {word: papers for word, papers, longer in rows if longer},
    )


def _of_form(counts: Mapping[str, int], form: str) -> int:
    """At most so many papers have these words together, or written as one."""
    together = min(counts.get(word, 0) for word in form.split())
    return together + (counts.get(_joined(form), 0) if " " in form else 0)


def _joined(form: str) -> str:
    return form.replace(" ", "")
