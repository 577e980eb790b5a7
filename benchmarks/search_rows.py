"""Rows of what the library looks up: search, suggestions, `/random` and authors."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, closing, suppress
from functools import partial

from reader import make_reader
from scipy.stats import chisquare

from benchmarks import generator
from benchmarks.bench import ACTOR, Bench, temporary_database, temporary_library
from benchmarks.measuring import Case, Contender, Row, StallMeter
from benchmarks.query_kinds import add_typo
from storage.database import Database, open_database
from storage.errors import LabError
from storage.library import Library
from storage.models import Author, Filters, Paper
from storage.search.query import Query, parse
from storage.text import fold

_COMMON = (0.05, 0.60)  # share of the papers that have a common word
_RARE = (5, 1_000)  # papers that have the rarest word of a query
_TITLES = 300
_QUESTION = "How does {} affect the {} of {} if {} is without {}?"
_TYPED = 30  # letters after which people don't wait for suggestions
_REMOVED = (*range(3, 15), *range(30, 38), 50, 60)  # gaps of several lengths among 60 papers
_DRAWS = 60  # of each paper, on average


async def search(bench: Bench) -> AsyncIterator[Row]:
    """The largest catalog, searched by the library and by a plain full-text query."""
    async with bench.library(bench.size) as library, open_database(library.path) as database:
        papers = await bench.sample(library, 2_000)
        common = _common_words(papers)
        bench.rng("common").shuffle(common)
        rare = await _rare_queries(bench, database, papers, common)
        find, find_plainly = partial(_find, library), partial(_plain_search, database)
        for kind, queries, at_most in (("common word", common, 0.10), ("rare words", rare, 1.2)):
            ours = Contender("ours", find, queries)
            plain = Contender("plain", find_plainly, queries)
            name = f"search, {kind}: p99 / plain query's"
            yield await bench.budget.compare(name, ours, plain, 99, at_most)
        known = papers[: min(_TITLES, bench.budget.calls)]
        yield await _known_titles(library, database, known)
        questions = Contender("ours", find, _questions(papers, bench.rng("questions")))
        stalls = StallMeter()
        async with stalls.running():
            await bench.budget.time(questions)
        for percent, at_most in ((50, 150), (95, 300)):
            milliseconds = 1_000 * questions.percentile(percent)
            detail = f"{len(questions.seconds)} questions at {bench.size:,} papers"
            yield Row(f"questions: p{percent}, ms", milliseconds, at_most, detail=detail)
        yield stalls.row("longest stall of the event loop while questions are answered, in ms")


async def autocomplete(bench: Bench) -> AsyncIterator[Row]:
    """Titles and names while people type them, from the first letter on."""
    rng = bench.rng("prefixes")
    async with _two_sizes(bench) as sides:
        titles = [[_prefix(paper.title, rng) for paper in papers] for _, papers in sides]
        names = [[_prefix(name, rng) for name in _credits(papers, rng)] for _, papers in sides]
        title_lookups = [library.search.suggest_titles for library, _ in sides]
        name_lookups = [library.authors.suggest for library, _ in sides]
        yield await _growth(bench, "autocomplete of titles", title_lookups, titles)
        yield await _growth(bench, "autocomplete of authors", name_lookups, names)


async def random_paper(bench: Bench) -> AsyncIterator[Row]:
    """A random paper: of all papers, and of those that a filter allows."""
    rng = bench.rng("filters")
    async with _two_sizes(bench) as sides:
        filters = [[_filters(paper, rng) for paper in papers] for _, papers in sides]
        lookups = [partial(_draw, library) for library, _ in sides]
        yield await _growth(bench, "/random without filters", lookups, [[Filters()]] * 2)
        yield await _growth(bench, "/random with filters", lookups, filters)


async def author(bench: Bench) -> AsyncIterator[Row]:
    """People by their full, short and misspelled names."""
    rng = bench.rng("people")
    async with _two_sizes(bench) as sides:
        full = [await _people(library, papers, rng) for library, papers in sides]
        short = [[_shorten(name, rng) for name in names] for names in full]
        misspelled = [[_misspell(name, rng) for name in names] for names in full]
        lookups = [partial(_find_person, library) for library, _ in sides]
        yield await _growth(bench, "/author, full names", lookups, full)
        yield await _growth(bench, "/author, surnames and initials", lookups, short)
        yield await _growth(bench, "/author, misspelled names", lookups, misspelled)


async def uniform(_: Bench) -> AsyncIterator[Row]:
    """Whether `/random` draws every paper equally often, by χ² on a list with gaps."""
    async with temporary_library(generator.drafts(max(_REMOVED))) as library:
        for number in _REMOVED:
            await library.papers.remove(number, ACTOR)
        years = sorted(paper.year for paper in await library.papers.batch() if paper.year)
        late = Filters(first_year=years[len(years) // 2])
        for which, filters in (("without filters", Filters()), ("with a filter", late)):
            found = await library.search.find(Query(filters=filters), limit=max(_REMOVED))
            counts = Counter({paper.id: 0 for paper in found.results.papers})
            papers = len(counts)
            counts.update([(await _draw(library, filters)).id for _ in range(_DRAWS * papers)])
            p = float(chisquare(list(counts.values())).pvalue)
            detail = f"{counts.total()} draws of {papers} papers"
            yield Row(f"/random is uniform: p of χ² {which}", p, at_least=0.001, detail=detail)


async def reader(bench: Bench) -> AsyncIterator[Row]:
    """The same entries in `reader`, the feed library, which has a search of its own."""
    feed = "lab:papers"
    with (
        temporary_database() as path,
        closing(make_reader(str(path), search_enabled=True)) as theirs,
    ):
        theirs.add_feed(feed, allow_invalid_url=True)
        for draft in generator.drafts(bench.small):
            entry = {"feed_url": feed, "id": draft.identifiers[0], "title": draft.title}
            authors = ", ".join(draft.authors)
            theirs.add_entry({**entry, "author": authors, "summary": draft.abstract})
        theirs.update_search()

        async def search_reader(text: str) -> None:
            list(theirs.search_entries(text, limit=5))

        async with bench.library(bench.small) as library:
            papers = await bench.sample(library, 500)
            common = _common_words(papers)
            queries = []
            for turn, paper in enumerate(papers):
                words = paper.title.split()
                start = turn % (len(words) - 1)
                queries += [common[turn % len(common)], " ".join(words[start : start + 2])]
            ours = Contender("ours", partial(_find, library), queries)
            other = Contender("reader", search_reader, queries)
            name = f"search of {bench.small:,} entries: p50 / reader's"
            yield await bench.budget.compare(name, ours, other, 50, 0.5)


@asynccontextmanager
async def _two_sizes(bench: Bench) -> AsyncGenerator[list[tuple[Library, list[Paper]]]]:
    """The largest catalog and the smallest, each with some of its papers."""
    async with bench.library(bench.size) as large, bench.library(bench.small) as small:
        yield [(library, await bench.sample(library, 1_500)) for library in (large, small)]


async def _growth(
    bench: Bench,
    name: str,
    lookups: Sequence[Callable[[Case], Awaitable[object]]],
    cases: Sequence[Sequence[Case]],
) -> Row:
    """Compares a lookup in the largest catalog with the same in the smallest."""
    sizes = [f"{size:,}" for size in (bench.size, bench.small)]
    large, small = map(Contender, [f"{size} papers" for size in sizes], lookups, cases)
    name = f"{name}: p99 at {sizes[0]} / at {sizes[1]}"
    return await bench.budget.compare(name, large, small, 99, 3)


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
    name = "top result of a known title the same as the plain query's"
    detail = f"{same} of {len(papers)} titles; the title itself is first for {known}"
    return Row(name, same / len(papers), at_least=0.99, detail=detail)


def _questions(papers: Sequence[Paper], rng: random.Random) -> list[str]:
    """Returns questions that no paper answers with all words, because two are of another paper."""
    return [
        _QUESTION.format(
            *rng.sample(paper.title.split(), 3), *rng.sample(other.abstract.split(), 2)
        )
        for paper, other in zip(papers, reversed(papers), strict=True)
    ]


async def _find(library: Library, text: str) -> None:
    await library.search.find(parse(text), limit=5)


async def _plain_search(database: Database, text: str) -> list[int]:
    """Returns the rows of the ten best matches, after the full-text index ranked all matches."""
    sql = "SELECT rowid FROM paper_text WHERE paper_text MATCH ? ORDER BY rank LIMIT 10"
    async with database.reading() as db:
        words = " ".join(f'"{word}"' for word in text.split())
        return [row["rowid"] for row in await db.all(sql, [words])]


async def _draw(library: Library, filters: Filters) -> Paper:
    paper = await library.search.random(filters)
    if paper is None:
        raise RuntimeError(f"A paper matches {filters}, but none was drawn.")
    return paper


async def _find_person(library: Library, name: str) -> Author | None:
    with suppress(LabError):  # nobody, or several people
        return await library.authors.get(name)
    return None


def _common_words(papers: Sequence[Paper]) -> list[str]:
    """Returns the words that 5 to 60 percent of the papers have, the most frequent first."""
    counts = Counter(word for paper in papers for word in _words(paper))
    low, high = (share * len(papers) for share in _COMMON)
    return [word for word, count in counts.most_common() if low <= count <= high]


async def _rare_queries(
    bench: Bench, database: Database, papers: Sequence[Paper], common: Iterable[str]
) -> list[str]:
    """Returns queries of two or three words of one paper, one of which is rare."""
    rng = bench.rng("rare")
    queries: list[str] = []
    for paper in papers:
        words = sorted(_words(paper))
        rare = rng.choice([word for word in words if word not in common])
        async with database.reading() as db:
            sql = "SELECT COUNT(*) FROM paper_text WHERE paper_text MATCH ?"
            count = await db.value(sql, [f'"{rare}"'])
        if _RARE[0] <= count <= _RARE[1] and len(words) > 3:
            others = [word for word in words if word != rare and len(word) >= 3]
            query = [rare, *rng.sample(others, rng.choice((1, 2)))]
            rng.shuffle(query)
            queries.append(" ".join(query))
        if len(queries) == bench.budget.calls:
            break
    return queries


def _words(paper: Paper) -> set[str]:
    return set(fold(f"{paper.title} {paper.abstract}").split())


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
