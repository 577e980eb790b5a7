"""SQL that counts papers by year, venue and author: all of them, or those that match a query."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from storage.authors import lookup as author_lookup
from storage.authors.clustering import Person
from storage.connection import Connection, Value
from storage.database import Database
from storage.search import ranking
from storage.search.engine import resolve_author
from storage.search.query import Query
from storage.text import fold

_MAX_NAMES = 60  # credited names with the most papers, which are united into people


@dataclass(frozen=True, slots=True)
class PaperStatistics:
    """How many papers there are, and how many each year, venue and author has.

    The ``years`` are those with papers, oldest first. ``venues`` and ``authors`` are those with the
    most papers, most first; there are ``venue_count`` venues. Two authors may share a name.
    """

    papers: int
    years: tuple[tuple[int, int], ...]
    venues: tuple[tuple[str, int], ...]
    venue_count: int
    without_venue: int
    authors: tuple[tuple[str, int], ...]

    @property
    def undated(self) -> int:
        """How many papers have no date."""
        return self.papers - sum(papers for _, papers in self.years)


class Statistics:
    """Counts papers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def has_papers(self, query: Query) -> bool:
        """Returns whether any paper matches a query; the search ends with the first one."""
        return await self._database.read(lambda db: _has_papers(db, query))

    async def count(self, query: Query, limit: int = 10) -> PaperStatistics:
        """Counts the papers that match a query, with the first ``limit`` venues and authors.

        Venues whose names differ only in case, accents and punctuation are one. Authors are people
        as `AuthorQueries.get` knows them, among those with the most frequent names. This reads an
        index of all papers, but none of their texts.
        """
        return await self._database.read(lambda db: _count(db, query, limit))


async def _has_papers(db: Connection, query: Query) -> bool:
    condition, values = await _condition(db, query)
    return await db.value(f"SELECT 1 FROM papers WHERE {condition} LIMIT 1", values) is not None  # noqa: S608


async def _count(db: Connection, query: Query, limit: int) -> PaperStatistics:
    condition, values = await _condition(db, query)
    if values:
        # Found only once: SQLite would search the index of words again for each paper.
        ids = await db.value(f"SELECT json_group_array(id) FROM papers WHERE {condition}", values)  # noqa: S608
        condition, values = "id IN (SELECT value FROM json_each(?))", [ids]
    rows = await db.all(
        f"""SELECT substr(date, 1, 4) AS year, venue, COUNT(*) AS papers
            FROM papers INDEXED BY papers_in_brief WHERE {condition} GROUP BY 1, 2""",  # noqa: S608
        values,
    )
    years: Counter[int] = Counter()
    venues: Counter[str] = Counter()
    for year, venue, papers in rows:
        venues[venue] += papers
        if year:
            years[int(year)] += papers
    without_venue = venues.pop("", 0)
    united = _unite_spellings(venues)
    return PaperStatistics(
        papers=venues.total() + without_venue,
        years=tuple(sorted(years.items())),
        venues=tuple(united[:limit]),
        venue_count=len(united),
        without_venue=without_venue,
        authors=await _count_authors(db, values[0] if values else None, limit),
    )


async def _condition(db: Connection, query: Query) -> tuple[str, list[Value]]:
    """Returns the condition over ``papers`` that a query stands for, and its values."""
    return ranking.where_clause(await resolve_author(db, replace(query, last_is_prefix=False)))


def _unite_spellings(venues: Mapping[str, int]) -> list[tuple[str, int]]:
    """Returns venues with their papers, most first, each in its most frequent spelling."""
    spellings: dict[str, Counter[str]] = {}
    for venue, papers in venues.items():
        spellings.setdefault(fold(venue) or venue, Counter())[venue] += papers
    united = [
        (min(counts, key=lambda name: (-counts[name], name)), counts.total())
        for counts in spellings.values()
    ]
    return sorted(united, key=lambda item: (-item[1], item[0].casefold()))


async def _count_authors(
    db: Connection, paper_ids: Value, limit: int
) -> tuple[tuple[str, int], ...]:
    """Returns the authors of some papers (ids as JSON; None means all), most papers first."""
    people = await _frequent_people(db, paper_ids)
    rows = await db.all(
        """SELECT person.key AS number, COUNT(DISTINCT papers.id) AS papers
           FROM json_each(?1) AS person CROSS JOIN json_each(person.value) AS name
           CROSS JOIN credits ON credits.name_id = name.value
           CROSS JOIN papers INDEXED BY papers_in_brief
               ON papers.id = credits.paper_id AND removed_at IS NULL
           WHERE ?2 IS NULL OR credits.paper_id IN (SELECT value FROM json_each(?2))
           GROUP BY 1""",
        [json.dumps([[one.id for one in person.variants] for person in people]), paper_ids],
    )
    counted = [(people[row["number"]].name, int(row["papers"])) for row in rows]
    return tuple(sorted(counted, key=lambda item: (-item[1], item[0].casefold()))[:limit])


async def _frequent_people(db: Connection, paper_ids: Value) -> list[Person]:
    """Returns the people who have the names that some papers, or all, credit most often."""
    if paper_ids is None:
        rows = await db.all(
            "SELECT id, name FROM names WHERE papers > 0 ORDER BY papers DESC, id LIMIT ?",
            [_MAX_NAMES],
        )
    else:
        rows = await db.all(
            """SELECT names.id, name FROM (
                   SELECT name_id, COUNT(*) AS credited FROM json_each(?) AS paper
                   CROSS JOIN credits ON credits.paper_id = paper.value
                   GROUP BY name_id ORDER BY credited DESC, name_id LIMIT ?)
               JOIN names ON names.id = name_id ORDER BY credited DESC, names.id""",
            [paper_ids, _MAX_NAMES],
        )
    people: list[Person] = []
    known: set[int] = set()
    for name_id, name in rows:
        if name_id in known:
            continue
        found = await author_lookup.find_credited(db, name)
        if found is not None:
            people.append(found[1])
            known |= {variant.id for variant in found[1].variants}
    return people
