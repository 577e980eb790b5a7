"""`lab-herald search`, `author` and `random`: the catalogue's answers in the shell."""

from __future__ import annotations

import click

from bot.cli import common, render
from bot.formats.rows import paper_json
from bot.settings import Settings
from storage.errors import LabError
from storage.library import Library
from storage.models import Author, Paper, Sort
from storage.search.query import parse


@click.command()
@click.argument("query")
@common.filtered
@click.option("--sort", type=click.Choice([sort.value for sort in Sort]), default="relevance")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@common.as_json
@click.pass_obj
def search(
    settings: Settings,
    query: str,
    author: str,
    venue: str,
    year: str,
    tag: str,
    sort: str,
    limit: int,
    offset: int,
    as_json: bool,
) -> None:
    """Search the papers, in the words that /search takes."""
    asked = parse(query, common.filters(author, venue, year, tag))
    found = common.with_library(
        settings,
        lambda library: library.search.find(asked, sort=Sort(sort), offset=offset, limit=limit),
    )
    if as_json:
        answer = {
            "query": query,
            "total": found.results.total,
            "searched_for": found.searched_for,
            "papers": [paper_json(paper) for paper in found.results.papers],
        }
        click.echo(common.dumped(answer))
    else:
        click.echo(render.found(query, found))


@click.command()
@click.argument("name")
@common.as_json
@click.pass_obj
def author(settings: Settings, name: str, *, as_json: bool) -> None:
    """Show an author's papers, by any form of the name."""

    async def found(library: Library) -> tuple[Author, tuple[Paper, ...]]:
        person = await library.authors.find(name)
        return person, (await library.authors.papers_of(person, limit=person.papers)).papers

    person, papers = common.with_library(settings, found)
    if as_json:
        answer = {
            "name": person.name,
            "forms": list(person.forms),
            "years": list(person.years) if person.years else None,
            "venues": dict(person.venues),
            "coauthors": dict(person.coauthors),
            "papers": [paper_json(paper) for paper in papers],
        }
        click.echo(common.dumped(answer))
    else:
        click.echo(render.person(person, papers))


@click.command()
@common.filtered
@common.as_json
@click.pass_obj
def random(settings: Settings, author: str, venue: str, year: str, tag: str, as_json: bool) -> None:
    """Show one paper, picked by chance."""
    filters = common.filters(author, venue, year, tag)
    paper = common.with_library(settings, lambda library: library.search.random(filters))
    if paper is None:
        raise LabError("The list has no such paper.")
    click.echo(common.dumped(paper_json(paper)) if as_json else render.paper(paper))
