"""Rows of search against the plain query: common words, rare words, known titles."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.plain import Plain
from benchmarks.table import Goal, Row
from benchmarks.timing import Contender, compared, ratio, side_by_side
from storage.library import Library
from storage.models import Paper
from storage.search.query import parse
from storage.text import fold

_SAMPLE = 2_000
_COMMON = (0.05, 0.60)  # of the papers have the word
_RARE = (5, 1_000)  # papers have the rarest word
_TITLES = 300


async def search(bench: Bench) -> list[Row]:
    """The largest catalogue, searched in both ways."""
    async with bench.library(bench.size) as library, bench.plain(library) as plain:
        papers = await bench.sample(library, _SAMPLE)
        common = common_words(papers)
        bench.chance("common").shuffle(common)
        rare = await _rare_queries(plain, papers, common, bench)
        return [
            await _against_plain(bench, library, plain, "search, common word", common, Goal(0.10)),
            await _against_plain(bench, library, plain, "search, rare words", rare, Goal(1.2)),
            await _same_first_title(library, plain, papers[: min(_TITLES, bench.budget.calls)]),
        ]


def common_words(papers: Sequence[Paper]) -> list[str]:
    """The words that stand in 5 to 60 percent of these papers, the commonest first."""
    counts: Counter[str] = Counter()
    for paper in papers:
        counts.update(_words(paper))
    low, high = (share * len(papers) for share in _COMMON)
    return [word for word, papers_with in counts.most_common() if low <= papers_with <= high]


async def _rare_queries(
    plain: Plain, papers: Sequence[Paper], common: Sequence[str], bench: Bench
) -> list[str]:
    """Two or three words of one paper, the rarest of which stands in 5 to 1,000 papers."""
    chance = bench.chance("rare")
    known: dict[str, int] = {}
    queries = []
    usual = frozenset(common)
    for paper in papers:
        words = sorted(_words(paper))
        rare = chance.choice([word for word in words if word not in usual])
        if rare not in known:
            known[rare] = await plain.papers_with(rare)
        if _RARE[0] <= known[rare] <= _RARE[1] and len(words) > 3:
            queries.append(_with_others(rare, words, chance))
        if len(queries) == bench.budget.calls:
            break
    return queries


def _with_others(word: str, words: Sequence[str], chance: random.Random) -> str:
    others = [other for other in words if other != word and len(other) >= 3]
    query = [word, *chance.sample(others, chance.choice((1, 2)))]
    chance.shuffle(query)
    return " ".join(query)


async def _against_plain(
    bench: Bench, library: Library, plain: Plain, name: str, queries: Sequence[str], goal: Goal
) -> Row:
    async def find(text: str) -> None:
        await library.search.find(parse(text), limit=5)

    ours = Contender("ours", find, queries)
    theirs = Contender("plain", plain.search, queries)
    await side_by_side(ours, theirs, bench.budget)
    detail = f"{compared(ours, theirs)}; {len(set(queries))} queries"
    return Row(f"{name}: p99 / plain query's", ratio(ours, theirs, 99), goal, detail)


async def _same_first_title(library: Library, plain: Plain, papers: Sequence[Paper]) -> Row:
    same = 0
    known = 0
    for paper in papers:
        best = await plain.best_title(paper.title)
        found = await library.search.find(parse(paper.title), limit=5)
        first = fold(found.results.papers[0].title) if found.results.papers else ""
        same += first == best
        known += first == fold(paper.title)
    return Row(
        "top result of a known title the same as the plain query's",
        same / len(papers),
        Goal(0.99, at_least=True),
        f"{same} of {len(papers)} titles; the title itself is first for {known}",
    )


def _words(paper: Paper) -> set[str]:
    return set(fold(f"{paper.title} {paper.abstract}").split())
