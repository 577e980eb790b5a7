"""Rows of whether `/random` gives every paper the same chance, by χ² on a list with gaps."""

from __future__ import annotations

import tempfile
from collections import Counter
from pathlib import Path

from scipy.stats import chisquare

from benchmarks import catalogues, generator
from benchmarks.bench import Bench
from benchmarks.table import Goal, Row
from storage.library import Library, open_library
from storage.models import Filters
from storage.search.query import Query

_PAPERS = 60
_REMOVED = (*range(3, 15), *range(30, 38), 50, 60)  # gaps of several lengths
_DRAWS = 60  # of each paper, as expected
_GOAL = Goal(0.001, at_least=True)


async def fairness(_: Bench) -> list[Row]:
    """How likely it is that equal chances give shares as unequal, with and without a filter."""
    with tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder:
        async with open_library(Path(folder) / "papers.db", catalogues.clock) as library:
            await catalogues.fill(library, generator.drafts(_PAPERS))
            for number in _REMOVED:
                await library.papers.remove(number, catalogues.ACTOR)
            years = [paper.year for paper in await library.papers.batch() if paper.year]
            late = Filters(first_year=sorted(years)[len(years) // 2])
            return [
                await _uniform(library, "/random is uniform: p of χ² without filters", Filters()),
                await _uniform(library, "/random is uniform: p of χ² with a filter", late),
            ]


async def _uniform(library: Library, name: str, filters: Filters) -> Row:
    allowed = (await library.search.find(Query(filters=filters), limit=_PAPERS)).results.papers
    counts = Counter({paper.id: 0 for paper in allowed})
    for _ in range(_DRAWS * len(allowed)):
        paper = await library.search.random(filters)
        if paper is not None:
            counts[paper.id] += 1
    p = float(chisquare(list(counts.values())).pvalue)
    return Row(name, p, _GOAL, f"{counts.total()} draws of {len(allowed)} papers")
