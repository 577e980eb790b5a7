"""SQL that finds the papers with most of a question's words, best matches first.

Few papers are looked at, however large the list is: those with one of the rarest words, and those
with one of the others in the title. The best few hundred of them by the words that they have are
read and scored; see `storage.search.bm25`. Behind papers with all words, which answer the query,
even fewer are looked at, and none is read.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from storage.connection import Connection, Value
from storage.papers import search_index
from storage.search import bm25, question
from storage.search import query as search_query
from storage.search.bm25 import Term, Text
from storage.search.query import Query
from storage.search.question import Question
from storage.search.ranking import Matches, select_matches

_MAX_FOUND = 50
_MAX_TERMS = 40
_MIN_PROSE = 5  # unquoted words of a query that is prose
_MIN_SCORE = 0.2  # of the best paper's
_IN_TITLE = 0.5  # how much more a word counts in the title, before papers are scored
_ONLY_IN_TITLE = 1.5  # how much a word counts that is looked for in titles only


@dataclass(frozen=True, slots=True)
class _Limits:
    """How many papers are looked at.

    ``papers`` have one of the rarest words, in all. ``titles`` are the newest papers with a word in
    the title, for each word. ``ranked`` are the best of them.
    """

    papers: int
    titles: int
    ranked: int


_ALONE = _Limits(20_000, 3_000, 300)
_BEHIND_OTHERS = _Limits(1_000, 300, 14)


@dataclass(frozen=True, slots=True)
class PartialMatches:
    """The question that was asked, and the ids of the papers that were found, best first.

    ``missing_phrases`` are quoted ones that no paper has, so that their words were searched.
    """

    question: Question
    paper_ids: tuple[int, ...]
    missing_phrases: tuple[str, ...] = ()


async def find(
    db: Connection,
    query: Query,
    known: Collection[int],
    replacements: Mapping[str, Sequence[str]],
) -> PartialMatches:
    """Returns the papers with most of a query's words, apart from ``known`` ones with all of them.

    ``replacements`` are similar words in place of those that no paper has. Filters, quoted phrases
    and excluded words apply. In a question of many words, quotes are not always meant as syntax, so
    those that no paper has don't apply.
    """
    missing = await _missing_phrases(db, query)
    query = replace(query, quoted=tuple(one for one in query.quoted if one not in missing))
    asked = await question.load_question(db, query, replacements)
    terms = [term for term in asked.terms if term.words or term.phrases]
    if not terms or (len(terms) == 1 and terms[0].papers <= len(known)):
        return PartialMatches(asked, ())
    limits = _BEHIND_OTHERS if known else _ALONE
    candidates = _candidates(query, terms, limits)
    if known:
        scores = await _load_weights(db, candidates, limits.ranked)
    else:
        texts = await _load_texts(db, candidates, limits.ranked)
        scores = bm25.scores(asked.terms, asked.adjacent, texts)
    others = [sort_key for sort_key in scores if sort_key & search_index.ID_MASK not in known]
    ranked = sorted(others, key=lambda sort_key: (-scores[sort_key], -sort_key))[:_MAX_FOUND]
    least = _MIN_SCORE * scores[ranked[0]] if ranked else 0
    found = [sort_key & search_index.ID_MASK for sort_key in ranked if scores[sort_key] > least]
    return PartialMatches(asked, tuple(found), missing)


async def _missing_phrases(db: Connection, query: Query) -> tuple[str, ...]:
    """Returns the quoted phrases that no paper has, if the query has many other words."""
    others = [word for term in query.terms if term not in query.quoted for word in term.split()]
    if len(others) < _MIN_PROSE:
        return ()
    return tuple(
        [
            phrase
            for phrase in query.quoted
            if not await db.all(
                "SELECT 1 FROM paper_text WHERE paper_text MATCH ? LIMIT 1",
                [search_query.any_of([phrase])],
            )
        ]
    )


@dataclass(frozen=True, slots=True)
class _Candidates:
    """A SELECT of sort keys and weights, a row for each word that a paper has, and its values."""

    sql: str
    values: Sequence[Value]


def _candidates(query: Query, terms: Sequence[Term], limits: _Limits) -> _Candidates:
    """Selects the papers that are looked at."""
    titles = "paper_text" if query.quoted or query.excluded else "paper_heads"
    searches: list[tuple[Matches, float, int]] = []
    room = limits.papers
    rarest_first = sorted(terms, key=lambda term: term.papers)[:_MAX_TERMS]
    for term in rarest_first:
        forms = (*term.words, *term.phrases)
        is_rare = term.papers <= room or term is rarest_first[0]
        if is_rare:
            anywhere = _select(query, "paper_text", search_query.any_of(forms))
            searches.append((anywhere, term.weight, max(room, 0)))
            room -= term.papers
        in_title = _select(query, titles, search_query.any_of(forms, "title"))
        share = _IN_TITLE if is_rare else _ONLY_IN_TITLE
        searches.append((in_title, share * term.weight, limits.titles))
    if rarest_first[0].papers > limits.papers:  # so that not all of its papers are looked at
        all_in_title = " AND ".join(
            search_query.any_of((*term.words, *term.phrases), "title") for term in rarest_first
        )
        searches.append((_select(query, titles, all_in_title), 1.0, limits.ranked))
    found = " UNION ALL ".join(
        f"""SELECT * FROM (SELECT rowid AS sort_key, ? AS weight FROM ({matches.sql}
            ORDER BY {matches.rowid} DESC LIMIT ?))"""  # noqa: S608
        for matches, _, _ in searches
    )
    values: list[Value] = [
        value for matches, weight, limit in searches for value in (weight, *matches.values, limit)
    ]
    return _Candidates(found, values)


async def _load_weights(db: Connection, candidates: _Candidates, limit: int) -> dict[int, float]:
    """Returns the sums of the weights of the papers that have most of the words."""
    rows = await db.all(
        f"""SELECT sort_key, SUM(weight) AS weight FROM ({candidates.sql}) GROUP BY sort_key
            ORDER BY 2 DESC, 1 DESC LIMIT ?""",  # noqa: S608
        [*candidates.values, limit],
    )
    return {row["sort_key"]: row["weight"] for row in rows}


async def _load_texts(db: Connection, candidates: _Candidates, limit: int) -> list[Text]:
    """Returns the texts of the papers that have most of the words, by their sort keys."""
    rows = await db.all(
        f"""SELECT sort_key, title, authors, venue, tags, abstract FROM (
                SELECT sort_key FROM ({candidates.sql}) GROUP BY sort_key
                ORDER BY SUM(weight) DESC, sort_key DESC LIMIT ?)
            CROSS JOIN paper_text ON paper_text.rowid = sort_key""",  # noqa: S608
        [*candidates.values, limit],
    )
    return [Text(row[0], row["title"], " | ".join(row[2:])) for row in rows]


def _select(query: Query, table: str, expression: str) -> Matches:
    return select_matches(table, search_query.narrow(expression, query), query)
