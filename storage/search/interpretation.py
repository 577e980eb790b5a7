"""Turns what a question says about years and authors into filters, before it is searched.

What is in a paper's title, such as “Attention since 2017”, is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from storage.authors import lookup as author_lookup
from storage.authors.errors import AuthorAmbiguous
from storage.connection import Connection
from storage.errors import LabError
from storage.models import Filters, Sort
from storage.search import query as search_query
from storage.search import ranking
from storage.search.query import Query
from storage.search.question_filters import Condition, QuestionText

_MIN_QUOTED = 6  # words that a paper has in this order, if they are from its abstract


@dataclass(frozen=True, slots=True)
class Interpretation:
    """The words, filters and order that a question stands for.

    ``conditions`` are the names of those that were read from its words: “year”, “author”, “order”.
    The text is the question without these words, or the whole question if there are none.
    """

    text: str
    filters: Filters
    sort: Sort
    conditions: tuple[str, ...] = ()


async def interpret(
    db: Connection, text: str, filters: Filters, sort: Sort, this_year: int
) -> Interpretation:
    """Returns what a question stands for; see `storage.search.engine.Search.interpret`."""
    question = QuestionText.of(text)
    given = search_query.parse(text, filters).filters
    years = author = order = None
    if given.first_year is None and given.last_year is None:
        years = question.years(this_year)
    if not given.author:
        author = await _find_author(db, question.authors(years))
    if sort is Sort.RELEVANCE:
        order = question.order([one for one in (years, author) if one])
    conditions = [one for one in (years, author, order) if one]
    if not conditions or await _is_written(db, question, conditions):
        return Interpretation(text, filters, sort)
    for one in conditions:
        match one.name:
            case "year":
                filters = replace(filters, first_year=one.years[0], last_year=one.years[1])
            case "author":
                filters = replace(filters, author=one.author)
            case _:
                sort = Sort.NEWEST
    names = tuple(one.name for one in conditions)
    return Interpretation(question.without(conditions), filters, sort, names)


async def _find_author(db: Connection, names: Iterable[Condition]) -> Condition | None:
    """Returns the first of some names that somebody in the list has."""
    for one in names:
        try:
            await author_lookup.get_person(db, one.author)
        except AuthorAmbiguous:
            return one
        except LabError:
            continue
        return one
    return None


async def _is_written(
    db: Connection, question: QuestionText, conditions: Sequence[Condition]
) -> bool:
    """Returns whether the words are from a paper: in its title, or as they are anywhere in it."""
    titles = Query(question.terms(conditions))
    if await ranking.match_titles(db, titles, 1, thorough=True):
        return True
    words = titles.title_key
    return words.count(" ") + 1 >= _MIN_QUOTED and bool(
        await db.all(
            "SELECT 1 FROM paper_text WHERE paper_text MATCH ? LIMIT 1",
            [search_query.any_of([words])],
        )
    )
