"""Rows of what the library looks up: search, suggestions, `/random` and authors."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import NamedTuple

from reader import make_reader
from scipy.stats import chisquare

from benchmarks import generator
from benchmarks.catalogs import ACTOR, Bench, temporary_library
from benchmarks.quality_queries import add_typo
from benchmarks.report import Row
from benchmarks.timing import Case, Contender, compare
from storage.database import Database, open_database
from storage.errors import LabError
from storage.library import Library
from storage.models import Author, Filters, Paper
from storage.search.query import Query, parse
from storage.text import fold

_COMMON = (0.05, 0.60)  # share of the papers that have a common word
_RARE = (5, 1_000)  # papers that have the rarest word of a query
_TITLES = 300
_TYPED = 30  # letters after which people don't wait for suggestions
_GROWTH_GOAL = 3
_REMOVED = (*range(3, 15), *range(30, 38), 50, 60)  # gaps of several lengths among 60 papers
_DRAWS = 60  # of each paper, on average


async def search(bench: Bench) -> list[Row]:
    """The largest catalog, searched by the library and by a plain full-text query."""
    async with bench.library(bench.size) as library, open_database(library.path) as database:
        papers = await bench.sample(library, 2_000)
        common = _common_words(papers)
        bench.rng("common").shuffle(common)
        rare = await _rare_queries(bench, database, papers, frozenset(common))

        async def row(name: str, queries: Sequence[str], at_most: float) -> Row:
            return await compare(
                f"{name}: p99 / plain query's",
                Contender("ours", partial(_find, library), queries),
                Contender("plain", partial(_plain_search, database), queries),
                bench.budget,
                percent=99,
                at_most=at_most,
                note=f"; {len(set(queries))} queries",
            )

        return [
            await row("search, common word", common, 0.10),
            await row("search, rare words", rare, 1.2),
            await _known_titles(library, database, papers[: min(_TITLES, bench.budget.calls)]),
        ]


async def autocomplete(bench: Bench) -> list[Row]:
    """Titles and names while people type them, from the first letter on."""
    rng = bench.rng("prefixes")
    async with _two_sizes(bench) as sides:
        titles = [[_prefix(paper.title, rng) for paper in side.papers] for side in sides]
        names = [[_prefix(name, rng) for name in _credits(side.papers, rng)] for side in sides]
        return [
            await _growth(bench, sides, "autocomplete of titles", _suggest_titles, titles),
            await _growth(bench, sides, "autocomplete of authors", _suggest_names, names),
        ]


async def random_paper(bench: Bench) -> list[Row]:
    """A random paper: of all papers, and of those that a filter allows."""
    rng = bench.rng("filters")
    async with _two_sizes(bench) as sides:
        filters = [[_filters(paper, rng) for paper in side.papers] for side in sides]
        return [
            await _growth(bench, sides, "/random without filters", _draw, [[Filters()]] * 2),
            await _growth(bench, sides, "/random with filters", _draw, filters),
        ]


async def author(bench: Bench) -> list[Row]:
    """People by their full, short and misspelled names."""
    rng = bench.rng("people")
    async with _two_sizes(bench) as sides:
        full = [await _people(side.library, side.papers, rng) for side in sides]
        short = [[_shorten(name, rng) for name in names] for names in full]
        misspelled = [[_misspell(name, rng) for name in names] for names in full]
        return [
            await _growth(bench, sides, "/author, full names", _find_person, full),
            await _growth(bench, sides, "/author, surnames and initials", _find_person, short),
            await _growth(bench, sides, "/author, misspelled names", _find_person, misspelled),
        ]


async def uniform(_: Bench) -> list[Row]:
    """Returns whether `/random` draws every paper equally often, by χ² on a list with gaps."""
    async with temporary_library(generator.drafts(max(_REMOVED))) as library:
        for number in _REMOVED:
            await library.papers.remove(number, ACTOR)
        years = sorted(paper.year for paper in await library.papers.batch() if paper.year)
        late = Filters(first_year=years[len(years) // 2])
        return [
            await _uniform(library, "without filters", Filters()),
            await _uniform(library, "with a filter", late),
        ]


async def reader(bench: Bench) -> list[Row]:
    """The same entries in `reader`, the feed library, which has a search of its own."""
    feed = "lab:papers"
    with (
        tempfile.TemporaryDirectory(prefix="lab-herald-bench-") as folder,
        closing(make_reader(str(Path(folder) / "reader.db"), search_enabled=True)) as theirs,
    ):
        theirs.add_feed(feed, allow_invalid_url=True)
        for draft in generator.drafts(bench.small):
            theirs.add_entry(
                {
                    "feed_url": feed,
                    "id": draft.identifiers[0],
                    "title": draft.title,
                    "author": ", ".join(draft.authors),
                    "summary": draft.abstract,
                }
            )
        theirs.update_search()

        async def search_reader(text: str) -> None:
            list(theirs.search_entries(text, limit=5))

        async with bench.library(bench.small) as library:
            papers = await bench.sample(library, 500)
            common = _common_words(papers)
            queries = [
                query
                for turn, paper in enumerate(papers)
                for query in (common[turn % len(common)], _two_words(paper.title, turn))
            ]
            row = await compare(
                f"search of {bench.small:,} entries: p50 / reader's",
                Contender("ours", partial(_find, library), queries),
                Contender("reader", search_reader, queries),
                bench.budget,
                percent=50,
                at_most=0.5,
            )
    return [row]


class _Side(NamedTuple):
    """A catalog and some of its papers."""

    size: int
    library: Library
    papers: Sequence[Paper]


@asynccontextmanager
async def _two_sizes(bench: Bench) -> AsyncGenerator[tuple[_Side, _Side]]:
    """The largest catalog and the smallest."""
    async with bench.library(bench.size) as large, bench.library(bench.small) as small:
        yield (
            _Side(bench.size, large, await bench.sample(large, 1_500)),
            _Side(bench.small, small, await bench.sample(small, 1_500)),
        )


async def _growth(
    bench: Bench,
    sides: tuple[_Side, _Side],
    name: str,
    lookup: Callable[[Library, Case], Awaitable[object]],
    cases: Sequence[Sequence[Case]],
) -> Row:
    """Compares a lookup in the largest catalog with the same in the smallest."""
    one, other = [
        Contender(f"{side.size:,} papers", partial(lookup, side.library), own)
        for side, own in zip(sides, cases, strict=True)
    ]
    title = f"{name}: p99 at {bench.size:,} / at {bench.small:,}"
    return await compare(title, one, other, bench.budget, percent=99, at_most=_GROWTH_GOAL)


async def _uniform(library: Library, which: str, filters: Filters) -> Row:
    found = await library.search.find(Query(filters=filters), limit=max(_REMOVED))
    counts = Counter({paper.id: 0 for paper in found.results.papers})
    papers = len(counts)
    for _ in range(_DRAWS * papers):
        paper = await library.search.random(filters)
        if paper is not None:
            counts[paper.id] += 1
    p = float(chisquare(list(counts.values())).pvalue)
    detail = f"{counts.total()} draws of {papers} papers"
    return Row(f"/random is uniform: p of χ² {which}", p, at_least=0.001, detail=detail)


async def _known_titles(library: Library, database: Database, papers: Sequence[Paper]) -> Row:
    """How often both searches for a title have the same first result."""
    same = known = 0
    for paper in papers:
        rows = await _plain_search(database, fold(paper.title))
        async with database.reading() as db:
            sql = "SELECT title FROM paper_text WHERE rowid = ?"
            best = await db.value(sql, rows[:1] or [0])
        found = await library.search.find(parse(paper.title), limit=5)
        first = fold(found.results.papers[0].title) if found.results.papers else ""
        same += first == (best or "")
        known += first == fold(paper.title)
    return Row(
        "top result of a known title the same as the plain query's",
        same / len(papers),
        at_least=0.99,
        detail=f"{same} of {len(papers)} titles; the title itself is first for {known}",
    )


async def _find(library: Library, text: str) -> None:
    await library.search.find(parse(text), limit=5)


async def _plain_search(database: Database, text: str) -> list[int]:
    """Returns the rows of the ten best matches, after the full-text index ranked all matches."""
    sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? ORDER BY rank LIMIT 10"
    async with database.reading() as db:
        return [row["rowid"] for row in await db.all(sql, [_all_words(text.split())])]


def _all_words(words: Iterable[str]) -> str:
    return " ".join(f'"{word}"' for word in words)


def _common_words(papers: Sequence[Paper]) -> list[str]:
    """Returns the words that 5 to 60 percent of the papers have, the most frequent first."""
    counts: Counter[str] = Counter()
    for paper in papers:
        counts.update(_words(paper))
    low, high = (share * len(papers) for share in _COMMON)
    return [word for word, count in counts.most_common() if low <= count <= high]


async def _rare_queries(
    bench: Bench, database: Database, papers: Sequence[Paper], common: frozenset[str]
) -> list[str]:
    """Returns queries of two or three words of one paper, one of which is rare."""
    rng = bench.rng("rare")
    counts: dict[str, int] = {}
    queries: list[str] = []
    for paper in papers:
        words = sorted(_words(paper))
        rare = rng.choice([word for word in words if word not in common])
        if rare not in counts:
            async with database.reading() as db:
                sql = "SELECT COUNT(*) FROM paper_text WHERE paper_text MATCH ?"
                counts[rare] = await db.value(sql, [_all_words([rare])])
        if _RARE[0] <= counts[rare] <= _RARE[1] and len(words) > 3:
            others = [word for word in words if word != rare and len(word) >= 3]
            query = [rare, *rng.sample(others, rng.choice((1, 2)))]
            rng.shuffle(query)
            queries.append(" ".join(query))
        if len(queries) == bench.budget.calls:
            break
    return queries


def _words(paper: Paper) -> set[str]:
    return set(fold(f"{paper.title} {paper.abstract}").split())


def _two_words(title: str, turn: int) -> str:
    words = title.split()
    start = turn % (len(words) - 1)
    return " ".join(words[start : start + 2])


async def _suggest_titles(library: Library, text: str) -> object:
    return await library.search.suggest_titles(text)


async def _suggest_names(library: Library, text: str) -> object:
    return await library.authors.suggest(text)


async def _draw(library: Library, filters: Filters) -> object:
    paper = await library.search.random(filters)
    if paper is None:
        raise RuntimeError(f"A paper matches {filters}, but none was drawn.")
    return paper


async def _find_person(library: Library, name: str) -> Author | None:
    try:
        return await library.authors.get(name)
    except LabError:  # nobody, or several people
        return None


async def _people(library: Library, papers: Sequence[Paper], rng: random.Random) -> list[str]:
    """Returns names in turn: one weighted by how many papers people have, one unweighted."""
    weighted = _credits(papers, rng)
    unweighted = []
    for name in weighted:
        person = await _find_person(library, name)
        if rng.random() < 1 / (person.paper_count if person else 1):
            unweighted.append(name)
    return [name for pair in zip(weighted, unweighted, strict=False) for name in pair]


def _credits(papers: Sequence[Paper], rng: random.Random) -> list[str]:
    """Returns one author's name of each paper."""
    return [rng.choice(paper.authors) for paper in papers if paper.authors]


def _prefix(text: str, rng: random.Random) -> str:
    """Returns what somebody has typed of a text: half of the time up to three letters."""
    return text[: rng.randint(1, rng.choice((3, _TYPED)))]


def _shorten(name: str, rng: random.Random) -> str:
    """Returns the surname, alone or with the first initial."""
    forename, *_, surname = name.split()
    return rng.choice((surname, f"{forename[0]}. {surname}"))


def _misspell(name: str, rng: random.Random) -> str:
    return " ".join(add_typo(word, rng) for word in name.split())


def _filters(paper: Paper, rng: random.Random) -> Filters:
    """Returns filters that this paper matches."""
    year = paper.year
    possible = [
        Filters(venue=paper.venue),
        Filters(first_year=year, last_year=year),
        Filters(author=rng.choice(paper.authors)),
        Filters(venue=paper.venue, first_year=year),
        *(Filters(tag=tag) for tag in paper.tags[:1]),
    ]
    return rng.choice(possible)
