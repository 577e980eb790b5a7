"""Rows of what must hardly slow down with the catalogue's size: suggestions, chance, people."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TypeAlias

from benchmarks.bench import Bench
from benchmarks.known_items import mistyped
from benchmarks.table import Goal, Row
from benchmarks.timing import Case, Contender, compared, ratio, side_by_side
from storage.errors import LabError
from storage.library import Library
from storage.models import Filters, Paper

# What is looked up in a library, in turn: made of the library and some of its papers.
_Cases: TypeAlias = Callable[[Library, Sequence[Paper]], Awaitable[Sequence[Case]]]

_GOAL = Goal(3)
_SAMPLE = 1_500
_TYPED = 30  # letters of a title or name, after which nobody waits for suggestions


async def autocomplete(bench: Bench) -> list[Row]:
    """Titles and names while they are typed, from the first letter on."""
    chance = bench.chance("prefixes")

    async def titles(_: Library, papers: Sequence[Paper]) -> list[str]:
        return [_beginning(paper.title, chance) for paper in papers]

    async def names(_: Library, papers: Sequence[Paper]) -> list[str]:
        return [_beginning(name, chance) for name in _credits(papers, chance)]

    return [
        await _growth(bench, "autocomplete of titles", _suggest_titles, titles),
        await _growth(bench, "autocomplete of authors", _suggest_names, names),
    ]


async def draw(bench: Bench) -> list[Row]:
    """A paper by chance, of all and of those that a filter allows."""
    chance = bench.chance("filters")

    async def everything(_: Library, _papers: Sequence[Paper]) -> list[Filters]:
        return [Filters()]

    async def limits(_: Library, papers: Sequence[Paper]) -> list[Filters]:
        return [_filters(paper, chance) for paper in papers]

    return [
        await _growth(bench, "/random without filters", _draw, everything),
        await _growth(bench, "/random with filters", _draw, limits),
    ]


async def author(bench: Bench) -> list[Row]:
    """People by their names: written out, short, and misspelled."""
    chance = bench.chance("people")

    async def full(library: Library, papers: Sequence[Paper]) -> list[str]:
        return await _people(library, papers, chance)

    async def short(library: Library, papers: Sequence[Paper]) -> list[str]:
        return [_shortened(name, chance) for name in await _people(library, papers, chance)]

    async def misspelled(library: Library, papers: Sequence[Paper]) -> list[str]:
        names = await _people(library, papers, chance)
        return [" ".join(mistyped(word, chance) for word in name.split()) for name in names]

    return [
        await _growth(bench, "/author, full names", _find_person, full),
        await _growth(bench, "/author, surnames and initials", _find_person, short),
        await _growth(bench, "/author, misspelled names", _find_person, misspelled),
    ]


async def _growth(
    bench: Bench,
    name: str,
    lookup: Callable[[Library, Case], Awaitable[object]],
    cases: _Cases[Case],
) -> Row:
    """The p99 of a lookup in the largest catalogue over its p99 in the smallest."""
    async with bench.library(bench.size) as large, bench.library(bench.small) as small:
        of_large, of_small = [
            Contender(
                f"{size:,} papers",
                partial(lookup, library),
                await cases(library, await bench.sample(library, _SAMPLE)),
            )
            for size, library in ((bench.size, large), (bench.small, small))
        ]
        await side_by_side(of_large, of_small, bench.budget)
    return Row(
        f"{name}: p99 at {bench.size:,} / at {bench.small:,}",
        ratio(of_large, of_small, 99),
        _GOAL,
        compared(of_large, of_small),
    )


async def _suggest_titles(library: Library, text: str) -> object:
    return await library.search.titles(text)


async def _suggest_names(library: Library, text: str) -> object:
    return await library.authors.suggest(text)


async def _draw(library: Library, filters: Filters) -> object:
    paper = await library.search.random(filters)
    if paper is None:
        raise LabError(f"A paper fits {filters}, but none was drawn.")
    return paper


async def _find_person(library: Library, name: str) -> object:
    try:
        return await library.authors.get(name)
    except LabError as answer:  # several people, or none
        return answer


def _beginning(text: str, chance: random.Random) -> str:
    """What is typed so far; as often up to three letters as any number of them."""
    return text[: chance.randint(1, chance.choice((3, _TYPED)))]


def _credits(papers: Sequence[Paper], chance: random.Random) -> list[str]:
    """One name of each paper."""
    return [chance.choice(paper.authors) for paper in papers if paper.authors]


async def _people(library: Library, papers: Sequence[Paper], chance: random.Random) -> list[str]:
    """Names by how much they wrote, and as many each as likely as any other, in turn."""
    by_papers = _credits(papers, chance)
    alike = []
    for name in by_papers:
        found = await _find_person(library, name)
        written = getattr(found, "papers", 1)
        if chance.random() < 1 / written:
            alike.append(name)
    return [name for pair in zip(by_papers, alike, strict=False) for name in pair]


def _shortened(name: str, chance: random.Random) -> str:
    """The surname alone, or with the first initial."""
    forename, *_, surname = name.split()
    return chance.choice((surname, f"{forename[0]}. {surname}"))


def _filters(paper: Paper, chance: random.Random) -> Filters:
    """One filter that allows this paper, or two."""
    year = paper.year
    possible = [
        Filters(venue=paper.venue),
        Filters(first_year=year, last_year=year),
        Filters(author=chance.choice(paper.authors)),
        Filters(venue=paper.venue, first_year=year),
        *(Filters(tag=tag) for tag in paper.tags[:1]),
    ]
    return chance.choice(possible)
