"""Rows of what the library looks up: search, suggestions, `/random` and authors."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import closing, suppress
from functools import partial
from typing import TypeAlias

from reader import make_reader

from benchmarks import generator
from benchmarks.bench import ACTOR, Bench, temporary_library
from benchmarks.measuring import Case, Row, Side, StallMeter
from benchmarks.query_kinds import add_typo
from storage.database import Database, open_database
from storage.errors import LabError
from storage.library import Library
from storage.models import Author, Filters, Paper
from storage.search.engine import SearchResponse
from storage.search.query import Query, parse
from storage.text import fold

# The largest catalog and the smallest, each with some of its papers.
_Sizes: TypeAlias = Sequence[tuple[Library, Sequence[Paper]]]

_COMMON = (0.05, 0.60)  # share of the papers that have a common word
_RARE = (5, 1_000)  # papers that have the rarest word of a query
_TITLES = 300
_QUESTION = "How does {} affect the {} of {} if {} is without {}?"
_TYPED = 30  # letters after which people don't wait for suggestions
_REMOVED = (*range(3, 15), *range(30, 38), 50, 60)  # gaps of several lengths among 60 papers
_DRAWS = 60  # of each paper, on average


async def search(bench: Bench) -> AsyncIterator[Row]:
    """The largest catalog, searched by the library and by a plain full-text query."""
    library = await bench.library(bench.size)
    database = await bench.open(open_database(library.path))
    find, find_plainly = partial(_find, library), partial(_plain_search, database)
    papers = await bench.sample(library, 2_000)
    common = _common_words(papers, bench.rng("common"))
    rare = await _rare_queries(bench, database, papers)
    for kind, queries, at_most in (("common word", common, 0.10), ("rare words", rare, 1.2)):
        ours, plain = Side("ours", find, queries), Side("plain", find_plainly, queries)
        name = f"search, {kind}: p99 / plain query's"
        yield await bench.budget.compare(name, ours, plain, 99, at_most=at_most)
    yield await _known_titles(library, database, papers[: min(_TITLES, bench.budget.calls)])
    words = bench.rng("questions").sample
    asked = [  # what no paper answers with all words, because two are of another paper
        _QUESTION.format(*words(paper.title.split(), 3), *words(other.abstract.split(), 2))
        for paper, other in zip(papers, reversed(papers), strict=True)
    ]
    stalls, questions = StallMeter(), Side("ours", find, asked)
    async with stalls.running():
        await bench.budget.time(questions)
    detail = f"{len(questions.seconds)} questions at {bench.size:,} papers"
    for percent, at_most in ((50, 150), (95, 300)):
        milliseconds = 1_000 * questions.percentile(percent)
        yield Row(f"questions: p{percent}, ms", milliseconds, at_most, detail=detail)
    yield stalls.row("while questions are answered")


async def _known_titles(library: Library, database: Database, papers: Sequence[Paper]) -> Row:
    """How often both searches for a title have the same first result."""
    same = known = 0
    for paper in papers:
        rows = await _plain_search(database, fold(paper.title))
        async with database.reading() as db:
            sql = "SELECT title FROM paper_text WHERE rowid = ?"
            best = await db.value(sql, rows[:1] or [0])
        found = (await _find(library, paper.title)).results.papers
        first = fold(found[0].title) if found else ""
        same += first == (best or "")
        known += first == fold(paper.title)
    name = "top result of a known title the same as the plain query's"
    detail = f"{same} of {len(papers)} titles; the title itself is first for {known}"
    return Row(name, same / len(papers), at_least=0.99, detail=detail)


async def autocomplete(bench: Bench) -> AsyncIterator[Row]:
    """Titles and names while people type them, from the first letter on."""
    rng = bench.rng("prefixes")

    def typed(text: str) -> str:
        """Returns the beginning of a text: half of the time up to three letters."""
        return text[: rng.randint(1, rng.choice((3, _TYPED)))]

    sizes = await _two_sizes(bench)
    titles = [[typed(paper.title) for paper in papers] for _, papers in sizes]
    names = [[typed(name) for name in _credits(papers, rng)] for _, papers in sizes]

    async def suggest_title(library: Library, text: str) -> None:
        await library.search.suggest_titles(text)

    async def suggest_author(library: Library, text: str) -> None:
        await library.authors.suggest(text)

    yield await _growth(bench, "autocomplete of titles", sizes, suggest_title, titles)
    yield await _growth(bench, "autocomplete of authors", sizes, suggest_author, names)


async def random_paper(bench: Bench) -> AsyncIterator[Row]:
    """A random paper: of all papers, and of those that a filter allows."""
    rng = bench.rng("filters")

    def filters(paper: Paper) -> Filters:
        """Returns filters that this paper matches."""
        possible = [
            Filters(venue=paper.venue),
            Filters(first_year=paper.year, last_year=paper.year),
            Filters(author=rng.choice(paper.authors)),
            Filters(venue=paper.venue, first_year=paper.year),
            *(Filters(tag=tag) for tag in paper.tags[:1]),
        ]
        return rng.choice(possible)

    sizes = await _two_sizes(bench)
    cases = [[filters(paper) for paper in papers] for _, papers in sizes]
    yield await _growth(bench, "/random without filters", sizes, _draw, [[Filters()]] * 2)
    yield await _growth(bench, "/random with filters", sizes, _draw, cases)


async def author(bench: Bench) -> AsyncIterator[Row]:
    """People by their full, short and misspelled names."""
    rng = bench.rng("people")

    def shorten(name: str) -> str:
        """Returns the surname, alone or with the first initial."""
        forename, *_, surname = name.split()
        return rng.choice((surname, f"{forename[0]}. {surname}"))

    def misspell(name: str) -> str:
        return " ".join(add_typo(word, rng) for word in name.split())

    sizes = await _two_sizes(bench)
    people = [await _people(library, papers, rng) for library, papers in sizes]
    for form, write in (
        ("full names", str),
        ("surnames and initials", shorten),
        ("misspelled names", misspell),
    ):
        cases = [[write(name) for name in names] for names in people]
        yield await _growth(bench, f"/author, {form}", sizes, _find_person, cases)


async def uniform(bench: Bench) -> AsyncIterator[Row]:
    """Whether `/random` draws every paper equally often, by χ² on a list with gaps."""
    from scipy.stats import chisquare  # noqa: PLC0415 - takes two seconds

    library = await bench.open(temporary_library(generator.drafts(max(_REMOVED))))
    for number in _REMOVED:
        await library.papers.remove(number, ACTOR)
    years = sorted(paper.year for paper in await library.papers.batch() if paper.year)
    late = Filters(first_year=years[len(years) // 2])
    for which, filters in (("without filters", Filters()), ("with a filter", late)):
        found = await library.search.find(Query(filters=filters), limit=max(_REMOVED))
        draws = _DRAWS * len(found.results.papers)
        counts = Counter([(await _draw(library, filters)).id for _ in range(draws)])
        times = [counts[paper.id] for paper in found.results.papers]
        detail = f"{draws} draws of {len(times)} papers"
        p = float(chisquare(times).pvalue)
        yield Row(f"/random is uniform: p of χ² {which}", p, at_least=0.001, detail=detail)


async def reader(bench: Bench) -> AsyncIterator[Row]:
    """The same entries in `reader`, the feed library, which has a search of its own."""
    feed, database = "lab:papers", str(bench.database())
    theirs = bench.opened.enter_context(closing(make_reader(database, search_enabled=True)))
    theirs.add_feed(feed, allow_invalid_url=True)
    for draft in generator.drafts(bench.small):
        entry = {"feed_url": feed, "id": draft.identifiers[0], "title": draft.title}
        authors = ", ".join(draft.authors)
        theirs.add_entry({**entry, "author": authors, "summary": draft.abstract})
    theirs.update_search()

    async def search_reader(text: str) -> None:
        list(theirs.search_entries(text, limit=5))

    library = await bench.library(bench.small)
    papers = await bench.sample(library, 500)
    common = _common_words(papers, bench.rng("common"))
    queries = []
    for turn, paper in enumerate(papers):
        words = paper.title.split()
        start = turn % (len(words) - 1)
        queries += [common[turn % len(common)], " ".join(words[start : start + 2])]
    ours = Side("ours", partial(_find, library), queries)
    other = Side("reader", search_reader, queries)
    name = f"search of {bench.small:,} entries: p50 / reader's"
    yield await bench.budget.compare(name, ours, other, 50, at_most=0.5)


async def _two_sizes(bench: Bench) -> _Sizes:
    libraries = [await bench.library(size) for size in (bench.size, bench.small)]
    return [(library, await bench.sample(library, 1_500)) for library in libraries]


async def _growth(
    bench: Bench,
    name: str,
    sizes: _Sizes,
    look_up: Callable[[Library, Case], Awaitable[object]],
    cases: Sequence[Sequence[Case]],
) -> Row:
    """Compares a lookup in the largest catalog with the same in the smallest."""
    labels = f"{bench.size:,}", f"{bench.small:,}"
    large, small = (
        Side(f"{label} papers", partial(look_up, library), own)
        for label, (library, _), own in zip(labels, sizes, cases, strict=True)
    )
    name = f"{name}: p99 at {labels[0]} / at {labels[1]}"
    return await bench.budget.compare(name, large, small, 99, at_most=3)


async def _find(library: Library, text: str) -> SearchResponse:
    return await library.search.find(parse(text))


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


def _common_words(papers: Sequence[Paper], rng: random.Random) -> list[str]:
    """Returns the words that 5 to 60 percent of the papers have, in any order."""
    counts = Counter(word for paper in papers for word in _words(paper))
    low, high = (share * len(papers) for share in _COMMON)
    common = [word for word, count in counts.most_common() if low <= count <= high]
    return rng.sample(common, len(common))


async def _rare_queries(bench: Bench, database: Database, papers: Sequence[Paper]) -> list[str]:
    """Returns queries of two or three words of one paper, one of which is rare."""
    rng, queries = bench.rng("rare"), []
    for paper in papers:
        rare, *others = rng.sample(sorted(_words(paper)), rng.choice((2, 3)))
        async with database.reading() as db:
            sql = "SELECT COUNT(*) FROM paper_text WHERE paper_text MATCH ?"
            count = await db.value(sql, [f'"{rare}"'])
        if _RARE[0] <= count <= _RARE[1]:
            queries.append(" ".join(rng.sample([rare, *others], 1 + len(others))))
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
