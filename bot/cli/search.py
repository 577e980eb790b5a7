"""`lab-herald search`, `author` and `random`: queries on the paper list."""

from __future__ import annotations

from dataclasses import asdict

import click

from bot.cli import common, render
from bot.formats.rows import paper_json
from bot.settings import Settings
from storage.errors import LabError
from storage.library import Library
from storage.models import Author, Paper, Sort
from storage.search.engine import SearchResponse
from storage.search.interpretation import Interpretation
from storage.search.query import Query, parse, parse_filters
from storage.search.stop_words import STOP_WORDS


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="QUERY…")
@common.filter_options
@click.option(
    "--sort",
    type=click.Choice([each.value for each in Sort]),
    default=Sort.RELEVANCE.value,
    show_default=True,
    help="The order of the results.",
)
@click.option(
    "--limit",
    type=click.IntRange(1, 1000),
    default=10,
    show_default=True,
    help="How many papers to show.",
)
@click.option(
    "--offset",
    type=click.IntRange(0, 1_000_000_000),
    default=0,
    help="How many papers to skip first.",
)
@common.json_option
@click.pass_obj
def search(
    settings: Settings,
    words: tuple[str, ...],
    author: str,
    venue: str,
    year: str,
    tag: str,
    sort: str,
    limit: int,
    offset: int,
    as_json: bool,
) -> None:
    """Search for papers, with the same query syntax as /search.

    Quote it if it has a phrase or a word to leave out: 'lens -tuned "language model"'.
    It may be a question: which papers did Biderman write since 2021

    Papers with all words come first, then those with most of them. The exit code is 1 if there are
    none.
    """
    query = " ".join(words)
    filters = parse_filters(author, venue, year, tag)

    async def find(library: Library) -> tuple[Interpretation, Query, SearchResponse, str]:
        read = await library.search.interpret(query, filters, Sort(sort))
        parsed = parse(read.text, read.filters)
        found = await library.search.find(parsed, sort=read.sort, offset=offset, limit=limit)
        tip = ""
        if read.conditions and not found.results.total:
            tip = render.tip(await library.search.alternatives(read.text, read.filters))
        return read, parsed, found, tip

    read, parsed, found, tip = common.run_with_library(settings, find)
    if as_json:
        answer = {
            "query": query,
            "words": read.text,
            "filters": asdict(read.filters),
            "sort": read.sort,
            "total": found.results.total,
            "complete": found.complete,
            "searched_for": found.searched_for,
            "corrections": dict(found.corrections),
            "also_searched": list(found.also_searched),
            "papers": [paper_json(paper) for paper in found.results.papers],
        }
        click.echo(common.to_json(answer))
    elif found.results.papers:
        searched = (found.searched_for or parsed.title_key).split()
        shown = [word for word in searched if word not in STOP_WORDS] or searched
        common.print_text(render.search_results(read, found, shown))
    if not found.results.papers:
        raise LabError(render.no_results(read, found) + tip)


@click.command()
@click.argument("words", nargs=-1, required=True, metavar="NAME…")
@common.json_option
@click.pass_obj
def author(settings: Settings, words: tuple[str, ...], *, as_json: bool) -> None:
    """Show an author's papers, years, venues and co-authors, under any variant of the name."""
    name = " ".join(words)

    async def find(library: Library) -> tuple[Author, tuple[Paper, ...]]:
        person = await library.authors.get(name)
        return person, (await library.authors.list_papers(person, limit=person.paper_count)).papers

    person, papers = common.run_with_library(settings, find)
    if as_json:
        answer = {
            "name": person.name,
            "forms": list(person.variants),
            "years": list(person.years) if person.years else None,
            "venues": dict(person.venues),
            "coauthors": dict(person.coauthors),
            "papers": [paper_json(paper) for paper in papers],
        }
        click.echo(common.to_json(answer))
    else:
        common.print_text(render.author(person, papers))


@click.command()
@common.filter_options
@common.json_option
@click.pass_obj
def random(settings: Settings, author: str, venue: str, year: str, tag: str, as_json: bool) -> None:
    """Show a random paper."""
    filters = parse_filters(author, venue, year, tag)
    paper = common.run_with_library(settings, lambda library: library.search.random(filters))
    if paper is None:
        raise LabError("No papers match.")
    if as_json:
        click.echo(common.to_json(paper_json(paper)))
    else:
        common.print_text(render.paper(paper))
