"""`lab-herald people`: the lab's people, imported from a file and listed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TextIO

import click

from bot.cli import common, people_render
from bot.formats import people_file
from bot.markdown import count
from bot.settings import Settings
from storage.audit.models import Recorded
from storage.errors import LabError
from storage.library import Library
from storage.people.imports import ImportedRow, RowOutcome
from storage.people.models import Person

_NOBODY = "The list of people is empty. Add people with: lab-herald people import FILE"


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--yes", is_flag=True, help="Import the people. Without this, you only see what would happen."
)
@common.json_option
@click.pass_obj
def import_people(settings: Settings, file: Path, *, yes: bool, as_json: bool) -> None:
    """Add and update people from a CSV or JSON file, or from standard input (-).

    The columns are name, orcid, openalex, arxiv, dblp, semantic_scholar, from, to, categories,
    discord and other_names. All but the name may be empty or missing, which changes nothing.
    Separate categories by spaces, and other names by semicolons.

    A row updates whoever has one of its IDs, or its name if their IDs don't contradict each other.
    Rows that can't be used are skipped, and the exit code is 1 if there are any.
    """
    with _open_file(file) as path:
        read = people_file.read_people(path)

    async def run(library: Library) -> Recorded[tuple[ImportedRow, ...]]:
        if yes:
            return await library.people.import_many(read.rows, common.ACTOR)
        return Recorded(await library.people.preview_many(read.rows), None)

    result = common.run_with_library(settings, run)
    if as_json:
        report = people_render.report_json(
            result.value, read.unknown_columns, result.change_id, preview=not yes
        )
        click.echo(common.to_json(report))
    else:
        text = people_render.report_text(
            result.value, read.unknown_columns, result.change_id, preview=not yes
        )
        click.echo(text)
    rejected = sum(one.outcome is RowOutcome.REJECTED for one in result.value)
    if rejected:
        verb = ("wasn't" if rejected == 1 else "weren't") if yes else "wouldn't be"
        raise LabError(f"{rejected:,} of {count(len(result.value), 'person')} {verb} imported.")


@click.command("export")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["csv", "json"]),
    default="csv",
    show_default=True,
    help="The format of the file.",
)
@common.output_option
@click.pass_obj
def export_people(settings: Settings, format_name: str, output: TextIO) -> None:
    """Export the lab's people, except for their former names. The exit code is 1 if there are none.

    The file can be imported again.
    """
    found = common.run_with_library(settings, lambda library: library.people.all())
    write = people_file.write_json if format_name == "json" else people_file.write_csv
    output.write(write(found))
    if not found:
        raise LabError(_NOBODY)


@click.command("list")
@common.json_option
@click.pass_obj
def list_people(settings: Settings, *, as_json: bool) -> None:
    """List the lab's people with their IDs, membership and categories."""
    found = common.run_with_library(settings, lambda library: library.people.all())
    if as_json:
        click.echo(common.to_json([people_file.person_json(one) for one in found]))
    else:
        click.echo("\n".join(map(people_render.person_line, found)) or _NOBODY)


@click.command()
@click.argument("person", nargs=-1, required=True, metavar="NUMBER|NAME")
@common.json_option
@click.pass_obj
def show(settings: Settings, person: tuple[str, ...], *, as_json: bool) -> None:
    """Show one person. NUMBER|NAME may also be one of their IDs."""
    text = " ".join(person)
    found = common.run_with_library(settings, lambda library: library.people.find(text))
    if as_json:
        click.echo(common.to_json(people_file.person_json(found)))
    else:
        click.echo(people_render.person_text(found))


@click.command()
@click.argument("switch", type=click.Choice(["on", "off"]), metavar="on|off")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@common.json_option
@click.pass_obj
def trust(settings: Settings, switch: str, names: tuple[str, ...], *, as_json: bool) -> None:
    """Choose whether papers that are certainly somebody's may be announced without a review.

    Without names, this applies to everybody, including people who are added later. It's off until
    you turn it on.
    """

    async def run(library: Library) -> Recorded[tuple[Person, ...]]:
        numbers = [(await library.people.find(name)).id for name in names]
        return await library.people.set_trust(common.ACTOR, numbers, is_trusted=switch == "on")

    result = common.run_with_library(settings, run)
    if as_json:
        trusted: dict[str, object] = {"trusted": switch == "on"}
        if names:
            trusted["people"] = [people_file.person_json(one) for one in result.value]
        if result.change_id is not None:
            trusted["change"] = result.change_id
        click.echo(common.to_json(trusted))
    else:
        click.echo(_trust_sentence(result, by_name=bool(names), is_on=switch == "on"))


def _trust_sentence(result: Recorded[tuple[Person, ...]], *, by_name: bool, is_on: bool) -> str:
    whose = ", ".join(one.name for one in result.value) if by_name else "everybody"
    text = (
        f"Papers that are certainly by {whose} may now be announced without a review."
        if is_on
        else f"All new papers by {whose} now need a review."
    )
    if result.change_id is None:
        return text.replace(" now ", " already ")
    return f"{text}\nTo undo this, run: lab-herald undo {result.change_id}"


@contextmanager
def _open_file(file: Path) -> Iterator[Path]:
    """Yields the file, or standard input as a file for ``-``."""
    if file != Path("-"):
        yield file
        return
    with TemporaryDirectory(prefix="lab-herald-") as folder:
        path = Path(folder) / "standard-input"
        path.write_bytes(sys.stdin.buffer.read(people_file.MAX_BYTES + 1))
        yield path
