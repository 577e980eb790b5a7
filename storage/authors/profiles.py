"""SQL about a person's papers: how many there are, what they have in common, and the papers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence

from storage.authors.clustering import Person
from storage.connection import Connection
from storage.models import Author, AuthorSummary, Paper
from storage.names.affixes import without_author_id
from storage.papers import queries as paper_queries

_MAX_COAUTHORS = 50


async def describe(db: Connection, person: Person) -> Author:
    """Returns a person's record; their papers are counted in SQL, not loaded."""
    name_ids = tuple(sorted(variant.id for variant in person.variants))
    rows = await db.all(
        """SELECT venue, substr(date, 1, 4) AS year, COUNT(*) AS papers,
               json_group_array(id) AS ids
           FROM papers INDEXED BY papers_in_brief
           WHERE removed_at IS NULL AND id IN (
               SELECT paper_id FROM credits WHERE name_id IN (SELECT value FROM json_each(?)))
           GROUP BY 1, 2""",
        [json.dumps(name_ids)],
    )
    venues: Counter[str] = Counter()
    years: Counter[int] = Counter()
    for row in rows:
        if row["venue"]:
            venues[row["venue"]] += row["papers"]
        if row["year"]:
            years[int(row["year"])] += row["papers"]
    paper_ids = ",".join(row["ids"][1:-1] for row in rows)  # joins JSON arrays without parsing
    return Author(
        name=person.name,
        variants=person.public_variants,
        paper_count=sum(row["papers"] for row in rows),
        papers_by_year=tuple(sorted(years.items())),
        venues=tuple(sorted(venues.items(), key=lambda item: (-item[1], item[0].casefold()))),
        coauthors=await _coauthors(db, name_ids, f"[{paper_ids}]"),
        name_ids=name_ids,
    )


async def summarize(db: Connection, people: Sequence[Person]) -> tuple[AuthorSummary, ...]:
    """Returns the people with their numbers of papers and years, in the same order."""
    name_ids = [[variant.id for variant in person.variants] for person in people]
    rows = await db.all(
        """SELECT person.key AS number, COUNT(DISTINCT papers.id) AS papers,
               MIN(date) AS first, MAX(date) AS last
           FROM json_each(?) AS person CROSS JOIN json_each(person.value) AS name
           CROSS JOIN credits ON credits.name_id = name.value
           CROSS JOIN papers ON papers.id = credits.paper_id AND papers.removed_at IS NULL
           GROUP BY 1""",
        [json.dumps(name_ids)],
    )
    found = {row["number"]: row for row in rows}
    summaries = []
    for number, person in enumerate(people):
        papers, first, last = found[number][1:] if number in found else (0, None, None)
        years = (int(first[:4]), int(last[:4])) if first else None
        summaries.append(AuthorSummary(person.name, papers, years))
    return tuple(summaries)


async def list_papers(db: Connection, author: Author, offset: int, limit: int) -> tuple[Paper, ...]:
    """Returns some of an author's papers, newest first, those without a date last."""
    rows = await db.all(
        """SELECT id FROM papers INDEXED BY papers_in_brief
           WHERE removed_at IS NULL AND id IN (
               SELECT paper_id FROM credits WHERE name_id IN (SELECT value FROM json_each(?)))
           ORDER BY date IS NULL, sort_key DESC LIMIT ? OFFSET ?""",
        [json.dumps(list(author.name_ids)), limit, offset],
    )
    return await paper_queries.load(db, [row["id"] for row in rows])


async def sort_keys_for(db: Connection, person: Person) -> tuple[int, ...]:
    """Returns the sort keys of a person's papers, which are their ids in the full-text index."""
    rows = await db.all(
        """SELECT DISTINCT sort_key FROM credits JOIN papers ON papers.id = paper_id
           WHERE removed_at IS NULL AND name_id IN (SELECT value FROM json_each(?))""",
        [json.dumps([variant.id for variant in person.variants])],
    )
    return tuple(row["sort_key"] for row in rows)


async def _coauthors(
    db: Connection, name_ids: Iterable[int], paper_ids: str
) -> tuple[tuple[str, int], ...]:
    """Returns who else some papers (ids as JSON) credit, and how often, most papers first."""
    credited = await db.value(
        """SELECT json_group_array(name_id) FROM json_each(?) AS own
           CROSS JOIN credits ON credits.paper_id = own.value""",
        [paper_ids],
    )
    counts = Counter(json.loads(credited))
    for name_id in name_ids:
        del counts[name_id]
    rows = await db.all(
        """SELECT COALESCE(known.name, names.name) AS name, SUM(counted.value ->> 1) AS papers
           FROM json_each(?) AS counted CROSS JOIN names ON names.id = counted.value ->> 0
           LEFT JOIN aliases ON aliases.name_id = names.id
           LEFT JOIN names AS known ON known.id = aliases.person_id
           GROUP BY 1 ORDER BY papers DESC, 1""",
        [json.dumps(counts.most_common(_MAX_COAUTHORS))],
    )
    papers: Counter[str] = Counter()
    for row in rows:
        papers[without_author_id(row["name"])] += row["papers"]
    return tuple(papers.most_common())
