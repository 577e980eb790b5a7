"""`lab-herald import`: imports papers from files and URLs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from bot.cli import common, import_render
from bot.formats.records.csv_columns import NoTitleColumn, parse_mapping
from bot.formats.results import ParseResult
from bot.importing import importer
from bot.importing.detect import READABLE, ImportFormat, detect_format
from bot.importing.formats import ImportFile, read_file, read_papers
from bot.importing.importer import ImportReport
from bot.markdown import count
from bot.settings import Settings
from bot.starter import load_starter
from bot.ui.import_report import changed_papers
from storage.errors import LabError
from storage.library import Library
from storage.models import DuplicatePolicy, Origin, PaperDraft, UpsertResult
from storage.urls import is_url


@dataclass(frozen=True, slots=True)
class _Options:
    """How to import."""

    preview_only: bool
    keep_going: bool
    duplicates: DuplicatePolicy
    confirm: bool
    as_json: bool


class ImportRefused(LabError):
    """Nothing is imported because some entries can't be used."""

    def __init__(self, report: ImportReport, *, preview: bool) -> None:
        them = "it" if report.rejected == 1 else "them"
        super().__init__(
            f"Nothing {'would be' if preview else 'was'} imported because "
            f"{count(report.rejected, 'entry')} can't be used. Fix {them}, or skip {them} with "
            "--keep-going."
        )


class ImportIncomplete(LabError):
    """Some entries aren't in the list after an import, or wouldn't be."""

    def __init__(self, report: ImportReport, *, preview: bool) -> None:
        counts = report.counts
        reasons = []
        if counts["rejected"]:
            reasons.append(f"{counts['rejected']:,} rejected")
        if counts["duplicates"]:
            reasons.append(count(counts["duplicates"], "possible duplicate"))
        missing = f"{report.missing:,} of {count(report.total, 'entry')}"
        verb = "wouldn't be" if preview else "wasn't" if report.missing == 1 else "weren't"
        super().__init__(f"{missing} {verb} imported: {', '.join(reasons)}.")


@click.command("import")
@click.argument("files", nargs=-1, metavar="FILE|URL...")
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
    files: tuple[str, ...],
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
    """Import papers from files or URLs in nearly any format, or from standard input (-).

    These can be read: publications pages (text, Markdown and HTML), BibTeX, RIS, PubMed (.nbib),
    EndNote (.enw and XML), Web of Science, CSV, JSON (also from OpenAlex, Crossref, Semantic
    Scholar and DBLP), CSL-JSON, feeds, and lists of arXiv IDs, DOIs and links, which are looked up.

    New papers are added, and missing details of papers in the list are filled in. If an entry of a
    BibTeX, CSV or JSON file can't be used, nothing is imported unless you pass --keep-going. In a
    terminal, you see a preview and are asked first. The exit code is 1 if not every paper is in the
    list afterwards.
    """
    if starter == bool(files):
        raise click.UsageError("Pass either files or --starter.")
    if starter:
        report = _import_starter(settings, preview=dry_run)
        _show(report, as_json=as_json, preview=dry_run)
        _require_complete(report, preview=dry_run)
        return
    options = _Options(
        preview_only=dry_run,
        keep_going=keep_going,
        duplicates=DuplicatePolicy(likely),
        confirm=sys.stdin.isatty() and not (yes or as_json or dry_run),
        as_json=as_json,
    )
    columns = dict(map(parse_mapping, mappings))
    with _open_sources(settings, files) as paths:
        sources = [
            ImportFile(
                file,
                detect_format(file) if format_name == "auto" else ImportFormat(format_name),
                settings.clock(),
                columns=columns,
                include_unpublished=unpublished,
                url=url,
            )
            for file, url in paths
        ]
        _import(settings, sources, options)


@contextmanager
def _open_sources(settings: Settings, names: Sequence[str]) -> Iterator[list[tuple[Path, str]]]:
    """Yields the files, each with its URL if it was downloaded; ``-`` is standard input."""
    with TemporaryDirectory(prefix="lab-herald-") as folder:
        standard_input = Path(folder) / "standard-input"
        if "-" in names:
            standard_input.write_bytes(sys.stdin.buffer.read())
        downloaded = _download(settings, [name for name in names if is_url(name)], Path(folder))
        yield [
            downloaded.get(name) or (standard_input if name == "-" else Path(name), "")
            for name in names
        ]


def _download(settings: Settings, urls: Sequence[str], folder: Path) -> dict[str, tuple[Path, str]]:
    """Downloads files, and returns for each URL the file and the URL that it was found at."""
    if not urls:
        return {}

    async def download_all() -> dict[str, tuple[Path, str]]:
        from bot.importing.download import download_url  # noqa: PLC0415 - slow to import

        files: dict[str, tuple[Path, str]] = {}
        async with common.open_http_client(
            settings, allow_private=settings.feed_allow_private
        ) as http:
            for number, url in enumerate(dict.fromkeys(urls)):
                found = await download_url(http, url)
                file = folder / f"{number}" / found.name
                file.parent.mkdir()
                file.write_bytes(found.body)
                files[url] = (file, found.url)
        return files

    with common.elapsed_time("Downloading"):
        return asyncio.run(download_all())


def _import(settings: Settings, sources: Sequence[ImportFile], options: _Options) -> None:
    """Shows a preview and asks if the options say so, then imports and reports.

    Raises `LabError` after the report if not every paper is in the list.
    """
    looked_up = _look_up(settings, sources)
    run = partial(_run, settings, sources, looked_up, options=options)
    total = None
    if options.preview_only or options.confirm:
        preview = run(preview=True)
        _show(preview, files=len(sources), as_json=options.as_json, preview=True)
        if options.preview_only or preview.is_refused or not changed_papers(preview):
            _require_complete(preview, preview=True)
            if options.confirm:
                click.echo("All of them are already in the list.")
            return
        if preview.empty_files:
            click.echo(_no_papers_in(preview.empty_files), err=True)
        if not click.confirm("Import these papers?", err=True):
            raise LabError("Nothing was imported.")
        total = preview.total
    report = run(preview=False, total=total)
    _show(report, files=len(sources), as_json=options.as_json, preview=False)
    _require_complete(report, preview=False)


def _look_up(
    settings: Settings, sources: Sequence[ImportFile]
) -> dict[Path, Sequence[ParseResult]]:
    """Returns the papers in the lists among the files, whose references are looked up once."""
    lists = [source for source in sources if source.file_format is ImportFormat.LIST]
    if not lists:
        return {}

    async def resolve_all(library: Library) -> dict[Path, Sequence[ParseResult]]:
        from bot.importing.references import resolve_references  # noqa: PLC0415 - slow to import

        async with common.open_lookup(settings, library) as lookup:
            found: dict[Path, Sequence[ParseResult]] = {}
            for source in lists:
                entries = list(read_file(source))
                with common.progress_bar("Looking up", len(entries)) as on_progress:
                    found[source.file] = await resolve_references(entries, lookup, on_progress)
            return found

    return common.run_with_library(settings, resolve_all)


def _run(
    settings: Settings,
    sources: Sequence[ImportFile],
    looked_up: Mapping[Path, Sequence[ParseResult]],
    options: _Options,
    *,
    preview: bool,
    total: int | None = None,
) -> ImportReport:
    """Imports or previews the files, and shows the progress of ``total`` entries, if known."""
    read: set[Path] = set()

    def results() -> Iterator[tuple[ImportFile, ParseResult]]:
        for source in sources:
            for result in looked_up.get(source.file) or read_papers(source):
                read.add(source.file)
                yield source, result

    with common.progress_bar("Checking" if preview else "Importing", total) as on_progress:
        try:
            report = common.run_with_library(
                settings,
                lambda library: importer.import_results(
                    library,
                    results(),
                    common.ACTOR,
                    preview=preview,
                    keep_going=options.keep_going,
                    duplicates=options.duplicates,
                    on_progress=on_progress,
                ),
            )
        except NoTitleColumn as error:
            raise LabError(f"{error} Name it with --map title=COLUMN.") from None
    empty = tuple(source.file.name for source in sources if source.file not in read)
    return replace(report, empty_files=empty)


def _import_starter(settings: Settings, *, preview: bool) -> ImportReport:
    report = ImportReport()

    def each(draft: PaperDraft, result: UpsertResult) -> None:
        report.total += 1
        report.count_paper("the starter list", report.total, draft, result)

    # The list starts with the newest paper, but the oldest one gets the lowest number.
    drafts = list(reversed(load_starter()))

    async def run(library: Library) -> None:
        if preview:
            await library.papers.preview_many(drafts, Origin.STARTER, common.ACTOR, on_result=each)
        else:
            imported = await library.papers.upsert_many(
                drafts, Origin.STARTER, common.ACTOR, on_result=each
            )
            report.change_id = imported.change_id

    common.run_with_library(settings, run)
    return report


def _show(report: ImportReport, *, files: int = 1, as_json: bool, preview: bool) -> None:
    if as_json:
        click.echo(common.to_json(import_render.report_json(report, preview=preview)))
    else:
        click.echo(import_render.report_text(report, preview=preview, files=files))


def _require_complete(report: ImportReport, *, preview: bool) -> None:
    """Raises `LabError` unless there were papers, and all of them are in the list or would be."""
    if report.is_refused:
        raise ImportRefused(report, preview=preview)
    if not report.outcomes:
        if report.left_out:
            raise LabError("No published papers found. To import the others, pass --unpublished.")
        raise LabError(f"No papers found. {READABLE}")
    if report.missing:
        raise ImportIncomplete(report, preview=preview)
    if report.empty_files:
        raise LabError(_no_papers_in(report.empty_files))


def _no_papers_in(files: Sequence[str]) -> str:
    return f"No papers found in {', '.join(files)}."
