"""The lab-herald command line: the catalogue from the shell, the bot, its demo and its check."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from bot import terminal
from bot.exchange.listing import ListedPaper, Listing, parse_listing
from bot.exchange.tables import paper_json
from bot.settings import Settings, load_settings
from bot.starter import load_starter
from storage.errors import InvalidInput, LabError
from storage.fulltext import parse, years
from storage.library import Library, open_library
from storage.records import Actor, Admission, Filters, Origin, Sort

_T = TypeVar("_T")
_SHELL = Actor("shell", "the shell")
_PAGE = 500  # papers that an export holds in memory
_MAX_FILE = 64 * 1024 * 1024

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON for other programs.")


def _filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the filters of the slash commands."""
    for name, meaning in (
        ("tag", "Only papers with this tag."),
        ("year", "A year, or a span such as 2021..2023."),
        ("venue", "Only papers at this venue."),
        ("author", "Only papers of this author."),
    ):
        command = click.option(f"--{name}", default="", help=meaning)(command)
    return command


class _Group(click.Group):
    """The commands, with one way for their errors."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except LabError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--database",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The catalogue's file, in place of DATABASE_PATH.",
)
@click.version_option(package_name="lab-herald", prog_name="lab-herald")
@click.pass_context
def main(context: click.Context, database: Path | None) -> None:
    """Keep a research lab's paper list, and run the Discord bot that tells of it."""
    if context.invoked_subcommand == "demo":
        return
    settings = load_settings()
    context.obj = replace(settings, database_path=database) if database else settings


@main.command("import")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--starter", is_flag=True, help="Import the papers that come with the program.")
@_as_json
@click.pass_obj
def import_file(settings: Settings, file: Path | None, *, starter: bool, as_json: bool) -> None:
    """Take in a publications page as text: new papers are added, known ones completed."""
    if starter == (file is not None):
        raise click.UsageError("Give a file, or --starter.")
    if file is None:
        listing = Listing(tuple(ListedPaper(0, draft) for draft in load_starter()), ())
    else:
        listing = parse_listing(_read_text(file))
    origin = Origin.STARTER if starter else Origin.IMPORT
    results: list[Admission] = []
    # A page lists the newest first; the oldest gets the lowest number.
    drafts = [listed.draft for listed in reversed(listing.papers)]
    _with_library(
        settings,
        lambda library: library.admit_all(
            drafts, origin, _SHELL, each=lambda _draft, result: results.append(result)
        ),
    )
    results.reverse()
    report = terminal.ImportReport.of(listing, results)
    click.echo(_dumped(report.as_json()) if as_json else report.as_text())
    if not listing.papers and not as_json:
        raise LabError("I found no paper in that file.")


@main.command()
@click.argument("query")
@_filtered
@click.option("--sort", type=click.Choice([sort.value for sort in Sort]), default="relevance")
@click.option("--limit", type=click.IntRange(1, 1000), default=10, show_default=True)
@click.option("--offset", type=click.IntRange(0), default=0)
@_as_json
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
    asked = parse(query, _filters(author, venue, year, tag))
    found = _with_library(
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
        click.echo(_dumped(answer))
    else:
        click.echo(terminal.found(query, found))


@main.command()
@click.argument("name")
@_as_json
@click.pass_obj
def author(settings: Settings, name: str, *, as_json: bool) -> None:
    """Show an author's papers, by any form of the name."""
    person = _with_library(settings, lambda library: library.authors.find(name))
    if as_json:
        answer = {
            "name": person.name,
            "forms": list(person.forms),
            "coauthors": dict(person.coauthors),
            "papers": [paper_json(paper) for paper in person.papers],
        }
        click.echo(_dumped(answer))
    else:
        click.echo(terminal.person(person))


@main.command()
@_filtered
@_as_json
@click.pass_obj
def random(settings: Settings, author: str, venue: str, year: str, tag: str, as_json: bool) -> None:
    """Show one paper, picked by chance."""
    filters = _filters(author, venue, year, tag)
    paper = _with_library(settings, lambda library: library.search.random(filters))
    if paper is None:
        raise LabError("The list has no such paper.")
    click.echo(_dumped(paper_json(paper)) if as_json else terminal.paper(paper))


@main.command()
@click.option("--format", "form", type=click.Choice(["json"]), default="json", show_default=True)
@click.option("-o", "--output", type=click.File("w", encoding="utf-8", atomic=True), default="-")
@click.option("--json", "_as_json", is_flag=True, help="The same as --format json.")
@click.pass_obj
def export(settings: Settings, form: str, output: TextIO, _as_json: bool) -> None:  # noqa: ARG001 - one format so far
    """Write out the whole list."""

    async def write(library: Library) -> None:
        output.write("[")
        last, first = 0, True
        while papers := await library.papers.all(after=last, limit=_PAGE):
            for paper in papers:
                output.write("\n" if first else ",\n")
                output.write(json.dumps(paper_json(paper), ensure_ascii=False))
                first = False
            last = papers[-1].id
        output.write("\n]\n")

    _with_library(settings, write)


@main.command()
@click.pass_obj
def run(settings: Settings) -> None:
    """Run the bot until Ctrl-C."""
    from bot.app import run as run_bot  # noqa: PLC0415 - discord.py is slow to import

    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    try:
        asyncio.run(run_bot(settings))
    except (KeyboardInterrupt, asyncio.CancelledError):
        click.echo("Stopped; nothing is lost.", err=True)


@main.command()
@click.option("--check", is_flag=True, help="Take the tour in the terminal, without a browser.")
@click.option(
    "--port",
    type=click.IntRange(1024, 65534),
    default=8642,
    show_default=True,
    help="The page's port; its feed's site takes the next one.",
)
def demo(*, check: bool, port: int) -> None:
    """Show the bot on a simulated Discord in the browser; needs no account and no network."""
    try:
        from bot.demo.run import demo as show  # noqa: PLC0415 - an extra that may be missing
    except ModuleNotFoundError as error:
        raise LabError(
            f"The demo needs {error.name}. Install it by `pip install 'lab-herald[demo]'`."
        ) from error
    sys.exit(show(check=check, port=port))


@main.command()
@click.pass_obj
def check(settings: Settings) -> None:
    """Say in sentences what is missing in the set-up."""
    problems, advice = [], []
    if not settings.discord_token:
        problems.append("DISCORD_TOKEN is not set, so the bot can't log in.")
    if not settings.home_guild_ids:
        advice.append("HOME_GUILD_IDS is not set, so /curate and /feed are offered nowhere.")
    if not settings.contact:
        advice.append("CONTACT is not set, so feeds' owners can't tell you of trouble.")
    try:
        papers = _with_library(settings, lambda library: library.papers.count())
        click.echo(f"✓ The database {settings.database_path} holds {papers:,} papers.")
    except LabError as error:
        problems.append(str(error))
    for sentence in problems:
        click.echo(f"✗ {sentence}")
    for sentence in advice:
        click.echo(f"! {sentence}")
    if problems:
        sys.exit(1)
    click.echo("✓ The bot can be started.")


def _with_library(settings: Settings, ask: Callable[[Library], Awaitable[_T]]) -> _T:
    async def asked() -> _T:
        async with open_library(settings.database_path, lambda: datetime.now(UTC)) as library:
            return await ask(library)

    return _run(asked())


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(work)


def _filters(author: str, venue: str, year: str, tag: str) -> Filters:
    span = years(year) if year else (None, None)
    if span is None:
        raise InvalidInput(f"“{year[:60]}” is no year. Write 2023, or 2021..2023.")
    return Filters(author=author, venue=venue, tag=tag, first_year=span[0], last_year=span[1])


def _read_text(file: Path) -> str:
    try:
        size = file.stat().st_size
        if size > _MAX_FILE:
            raise InvalidInput(f"{file} is larger than any publications page; I left it alone.")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidInput(
            f"{file} is not text in UTF-8. Save the page as plain text in UTF-8, then try again."
        ) from None
    except OSError as error:
        raise InvalidInput(f"{file} can't be read: {error.strerror}.") from None


def _dumped(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
