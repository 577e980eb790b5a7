"""`lab-herald import`: files of papers, previewed, asked about, taken in and reported."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click

from bot.cli import common, render
from bot.formats.csv_columns import read_mapping
from bot.importing import importer
from bot.importing.formats import ImportFile, ImportFormat, detect_format
from bot.importing.importer import Report
from bot.settings import Settings
from bot.starter import load_starter
from storage.errors import LabError
from storage.models import DuplicatePolicy, Origin, PaperDraft, UpsertResult

_EVERY = 100  # entries between two drawings of the progress bar


@dataclass(frozen=True, slots=True)
class _Choices:
    """How an import goes about its work."""

    dry_run: bool
    keep_going: bool
    likely: DuplicatePolicy
    ask: bool
    as_json: bool


class Refused(LabError):
    """Something in the files can't be used, so nothing was imported."""

    def __init__(self, number: int) -> None:
        entries = "one entry" if number == 1 else f"{number:,} entries"
        super().__init__(
            f"Nothing was imported, since {entries} can't be used. Mend what is named above, or "
            "import the rest with --keep-going."
        )


@click.command("import")
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--starter", is_flag=True, help="Import the papers that come with the program.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["auto", *(form.value for form in ImportFormat)]),
    default="auto",
    show_default=True,
    help="What the files are; auto looks at their names and contents.",
)
@click.option(
    "--map",
    "mapped",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="A CSV column by its name, where I would not know it: --map title=Headline.",
)
@click.option("--unpublished", is_flag=True, help="Take unpublished rows of a sheet in, too.")
@click.option("--dry-run", is_flag=True, help="Show what would happen, and change nothing.")
@click.option("--keep-going", is_flag=True, help="Import the rest where an entry can't be used.")
@click.option(
    "--likely",
    type=click.Choice([choice.value for choice in DuplicatePolicy]),
    default=DuplicatePolicy.SKIP.value,
    show_default=True,
    help="What becomes of possible duplicates: left out, completed as the same, or added as new.",
)
@click.option("--yes", is_flag=True, help="Import without asking.")
@common.as_json
@click.pass_obj
def import_files(
    settings: Settings,
    files: tuple[Path, ...],
    *,
    starter: bool,
    form: str,
    mapped: tuple[str, ...],
    unpublished: bool,
    dry_run: bool,
    keep_going: bool,
    likely: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Take in papers: a publications page as text, BibTeX, CSV, JSON, JSON lines or a feed.

    New papers are added, known ones completed. Where an entry of BibTeX, CSV or JSON can't be
    used, nothing is imported, unless with --keep-going. On a terminal I show first what would
    happen, and ask.
    """
    if starter == bool(files):
        raise click.UsageError("Give a file, or --starter.")
    if starter:
        report = _import_starter(settings, dry_run=dry_run)
        _show(report, as_json=as_json, preview=dry_run)
        return
    columns = dict(map(read_mapping, mapped))
    now = datetime.now(UTC)
    sources = [
        ImportFile(
            file,
            detect_format(file) if form == "auto" else ImportFormat(form),
            now,
            columns=columns,
            unpublished=unpublished,
        )
        for file in files
    ]
    ask = sys.stdin.isatty() and not (yes or as_json or dry_run)
    _import(settings, sources, _Choices(dry_run, keep_going, DuplicatePolicy(likely), ask, as_json))


def _import(settings: Settings, sources: Sequence[ImportFile], choices: _Choices) -> None:
    """Preview where that is asked for, ask, import, report."""
    if choices.dry_run or choices.ask:
        preview = _run(settings, sources, choices, dry_run=True)
        _show(preview, sources, as_json=choices.as_json, preview=True)
        _require_usable(preview)
        if choices.dry_run:
            return
        if not click.confirm("Import them?", err=True):
            click.echo("Nothing was imported.")
            return
    report = _run(settings, sources, choices, dry_run=False)
    _show(report, sources, as_json=choices.as_json, preview=False)
    _require_usable(report)
    if not (report.read or report.left_out or choices.as_json):
        raise LabError("I found no paper in that file.")


def _run(
    settings: Settings, sources: Sequence[ImportFile], choices: _Choices, *, dry_run: bool
) -> Report:
    with _progress("Looking" if dry_run else "Importing") as tick:
        return common.with_library(
            settings,
            lambda library: importer.import_files(
                library,
                sources,
                common.ACTOR,
                keep_going=choices.keep_going,
                likely=choices.likely,
                dry_run=dry_run,
                tick=tick,
            ),
        )


@contextmanager
def _progress(label: str) -> Iterator[Callable[[], None]]:
    """A bar that counts entries, on a terminal alone; a file does not say how many it has."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    endless: Iterator[None] = iter(lambda: None, object())
    with click.progressbar(
        endless, label=label, show_pos=True, file=sys.stderr, update_min_steps=_EVERY
    ) as bar:
        yield lambda: bar.update(1)


def _import_starter(settings: Settings, *, dry_run: bool) -> Report:
    report = Report()

    def each(draft: PaperDraft, result: UpsertResult) -> None:
        report.tell("the starter list", 0, draft, result)

    # It lists the newest first; the oldest gets the lowest number.
    drafts = list(reversed(load_starter()))
    imported = common.with_library(
        settings,
        lambda library: library.upsert_many(
            drafts, Origin.STARTER, common.ACTOR, dry_run=dry_run, each=each
        ),
    )
    report.change_id = imported.change_id
    return report


def _show(
    report: Report, sources: Sequence[ImportFile] = (), *, as_json: bool, preview: bool
) -> None:
    if as_json:
        left_out = any(not source.is_page for source in sources)
        click.echo(common.dumped(render.report_json(report, preview=preview, left_out=left_out)))
    else:
        click.echo(render.report(report, preview=preview, files=len(sources)))


def _require_usable(report: Report) -> None:
    if report.refused:
        raise Refused(report.rejected)
