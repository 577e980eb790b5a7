"""SQL of the index's words: what may have been meant by words that no paper has together."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from storage.database import Connection
from storage.fulltext import Query, fold
from storage.records import Paper

_NEAR = 0.65  # of two words' letters that agree, for one to stand for the other
_OFFERED = 4  # nearest words for one
_MOST_FORMS = 20  # longer words that a beginning stands for
_FEW = 20_000  # papers whose matches FTS5 gathers quickly for a beginning


async def counts(db: Connection, words: list[str]) -> dict[str, int]:
    """How many papers have each of these words; words of no paper are left out."""
    rows = await db.all(
        "SELECT word, papers FROM words WHERE word IN (SELECT value FROM json_each(?))",
        [json.dumps(words)],
    )
    return {row["word"]: row["papers"] for row in rows}


async def forms(db: Connection, beginning: str) -> list[str] | None:
    """The commonest words that begin so; none where all of them together are in few papers.

    FTS5 gathers every match of a beginning before it gives the first, unless the beginning is one
    of the short ones that it has an index of; the matches of whole words it gives as they come.
    """
    rows = await db.all(
        """SELECT word, papers FROM words WHERE word >= ? AND word < ? || char(1114111)
           ORDER BY papers DESC""",
        [beginning, beginning],
    )
    if sum(row["papers"] for row in rows) <= _FEW:
        return None
    return [row["word"] for row in rows[:_MOST_FORMS]]


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
class Respelled:
    """A query in another spelling: ``forms`` are the words that do for a term."""

    query: Query
    forms: Mapping[str, Sequence[str]]

    def words_of(self, found: Sequence[Paper]) -> str:
        """What was searched for, in the words that the first paper found has."""
        first = found[0] if found else None
        text = fold(f"{first.title} {first.abstract} {' '.join(first.authors)}") if first else ""
        has = set(text.split())
        chosen = []
        for term in self.query.terms:
            forms = self.forms.get(term, [term])
            chosen.append(next((form for form in forms if has.issuperset(form.split())), forms[0]))
        return " ".join(chosen)


async def respelled(db: Connection, query: Query) -> list[Respelled]:
    """The query in other spellings, to be tried in turn.

    Words that no paper has give way to the nearest that some have; then every word may be a slip
    for another; at last, words near to nothing are left out.
    """
    words = [word for term in query.terms for word in term.split()]
    known = await counts(db, words)
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
        Respelled(replace(closed, terms=tuple(kept)), forms)
        for kept, forms in tries
        if kept and all(forms.get(word, [word]) for word in kept)
    ]
