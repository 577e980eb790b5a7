"""`lab-herald import` and `undo`: importing papers from files, and undoing a change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click

from bot.cli import common, render
from bot.formats.csv_columns import NoTitleColumn, parse_mapping
from bot.importing import importer
from bot.importing.formats import ImportFile, ImportFormat, detect_format
from bot.importing.importer import ImportReport
from bot.markdown import count
from bot.settings import Settings
from bot.starter import load_starter
from storage.errors import LabError
from storage.library import Library
from storage.models import DuplicatePolicy, Origin, PaperDraft, UpsertResult
from storage.timestamps import utc_now

_PROGRESS_STEP = 100  # entries between two updates of the progress bar


@dataclass(frozen=True, slots=True)
class _Options:
    """How to import."""

    dry_run: bool
    keep_going: bool
    likely: DuplicatePolicy
    confirm: bool
    as_json: bool


class ImportRefused(LabError):
    """Nothing was imported because some entries can't be used."""

    def __init__(self, rejected: int) -> None:
        them = "it" if rejected == 1 else "them"
        super().__init__(
            f"Nothing was imported because {count(rejected, 'entry')} can't be used. Fix {them}, "
            f"or skip {them} with --keep-going."
        )


@click.command("import")
@click.argument("files", nargs=-1, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--starter", is_flag=True, help="Import the papers that come with Lab Herald.")
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["auto", *(each.value for each in ImportFormat)]),
    default="auto",
    show_default=True,
    help="The format of the files; auto detects it from their names and contents.",
)
@click.option(
    "--map",
    "mappings",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Read a field from a CSV column that isn't recognized: --map title=Headline.",
)
@click.option("--unpublished", is_flag=True, help="Include unpublished rows of a spreadsheet.")
@click.option("--dry-run", is_flag=True, help="Show what would happen, without changing anything.")
@click.option("--keep-going", is_flag=True, help="Skip entries that can't be used.")
@click.option(
    "--likely",
    type=click.Choice([each.value for each in DuplicatePolicy]),
    default=DuplicatePolicy.SKIP.value,
    show_default=True,
    help="Leave possible duplicates out, treat them as the same paper, or add them as new.",
)
@click.option("--yes", is_flag=True, help="Import without asking first.")
@common.json_option
@click.pass_obj
def import_files(
    settings: Settings,
    files: tuple[Path, ...],
    *,
    starter: bool,
    format_name: str,
    mappings: tuple[str, ...],
    unpublished: bool,
    dry_run: bool,
    keep_going: bool,
    likely: str,
    yes: bool,
    as_json: bool,
) -> None:
    """Import papers from a publications page (text), BibTeX, CSV, JSON, JSON lines or a feed.

    New papers are added, and papers in the list get details that they lack. If an entry of a
    BibTeX, CSV or JSON file can't be used, nothing is imported unless you pass --keep-going. In a
    terminal, you see a preview and are asked first.
    """
    if starter == bool(files):
        raise click.UsageError("Pass either files or --starter.")
    if starter:
        report = _import_starter(settings, dry_run=dry_run)
        _show(report, as_json=as_json, preview=dry_run)
        return
    columns = dict(map(parse_mapping, mappings))
    now = utc_now()
    sources = [
        ImportFile(
            file,
            detect_format(file) if format_name == "auto" else ImportFormat(format_name),
            now,
            columns=columns,
            include_unpublished=unpublished,
        )
        for file in files
    ]
    options = _Options(
        dry_run=dry_run,
        keep_going=keep_going,
        likely=DuplicatePolicy(likely),
        confirm=sys.stdin.isatty() and not (yes or as_json or dry_run),
        as_json=as_json,
    )
    _import(settings, sources, options)


@click.command()
@click.argument("number", type=click.IntRange(1))
@common.json_option
@click.pass_obj
def undo(settings: Settings, number: int, *, as_json: bool) -> None:
    """Undo a change by its number, completely or not at all. Each import prints its number."""
    undone = common.run_with_library(settings, lambda library: library.undo(number, common.ACTOR))
    if as_json:
        click.echo(common.to_json({"undone": number, "change": undone.change_id}))
    else:
        click.echo(f"Undid change {number}. To redo it, run: lab-herald undo {undone.change_id}")


def _import(settings: Settings, sources: Sequence[ImportFile], options: _Options) -> None:
    """Shows a preview and asks if the options say so, then imports and reports."""
    if options.dry_run or options.confirm:
        preview = _run(settings, sources, options, dry_run=True)
        _show(preview, sources, as_json=options.as_json, preview=True)
        _require_usable(preview)
        if options.dry_run:
            return
        if not click.confirm("Import these papers?", err=True):
            click.echo("Nothing was imported.")
            return
    report = _run(settings, sources, options, dry_run=False)
    _show(report, sources, as_json=options.as_json, preview=False)
    _require_usable(report)
    if not (report.read or report.skipped or options.as_json):
        raise LabError("No papers found.")


def _run(
    settings: Settings, sources: Sequence[ImportFile], options: _Options, *, dry_run: bool
) -> ImportReport:
    with _progress("Checking" if dry_run else "Importing") as tick:
        try:
            return common.run_with_library(
                settings,
                lambda library: importer.import_files(
                    library,
                    sources,
                    common.ACTOR,
                    keep_going=options.keep_going,
                    likely=options.likely,
                    dry_run=dry_run,
                    on_entry=tick,
                ),
            )
        except NoTitleColumn as error:
            raise LabError(f"{error} Name it with --map title=COLUMN.") from None


@contextmanager
def _progress(label: str) -> Iterator[Callable[[], None]]:
    """Shows a progress bar on a terminal, and gives a function that counts an entry."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    endless: Iterator[None] = iter(lambda: None, object())  # the number of entries is unknown
    with click.progressbar(
        endless, label=label, show_pos=True, file=sys.stderr, update_min_steps=_PROGRESS_STEP
    ) as bar:
        yield lambda: bar.update(1)


def _import_starter(settings: Settings, *, dry_run: bool) -> ImportReport:
    report = ImportReport()

    def each(draft: PaperDraft, result: UpsertResult) -> None:
        report.count_paper("the starter list", 0, draft, result)

    # The list starts with the newest paper, but the oldest one gets the lowest number.
    drafts = list(reversed(load_starter()))

    async def run(library: Library) -> None:
        if dry_run:
            await library.papers.preview_many(drafts, Origin.STARTER, common.ACTOR, on_result=each)
        else:
            imported = await library.papers.upsert_many(
                drafts, Origin.STARTER, common.ACTOR, on_result=each
            )
            report.change_id = imported.change_id

    common.run_with_library(settings, run)
    return report


def _show(
    report: ImportReport, sources: Sequence[ImportFile] = (), *, as_json: bool, preview: bool
) -> None:
    if as_json:
        left_out = any(not source.is_page for source in sources)
        click.echo(common.to_json(render.import_json(report, preview=preview, left_out=left_out)))
    else:
        click.echo(render.import_text(report, preview=preview, files=len(sources)))


def _require_usable(report: ImportReport) -> None:
    if report.is_rejected:
        raise ImportRefused(report.rejected)
