"""`python -m benchmarks.quality`: how well search finds known papers, and people by their names."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from benchmarks import generator, report
from benchmarks.catalogs import temporary_library
from benchmarks.quality_names import measure_names
from benchmarks.quality_queries import KINDS, KnownItem
from benchmarks.report import Row
from storage.library import Library
from storage.models import PaperDraft, PartialDate
from storage.papers.identifiers import identify
from storage.search.query import parse
from storage.text import fold

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("papers", type=_FILE, nargs=-1)
@click.option("--generated", type=click.IntRange(1), help="Use this many generated papers.")
@click.option("--names", type=_FILE, help="Also measure author lookup on a file of name variants.")
@click.option("--queries", type=click.IntRange(1), default=500, help="At most this many per kind.")
@click.option("--seed", type=int, default=1, help="Another seed draws other queries.")
@click.option("--misses", type=click.IntRange(0), default=0, help="Show this many misses per kind.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def main(
    papers: tuple[Path, ...],
    generated: int | None,
    names: Path | None,
    queries: int,
    seed: int,
    misses: int,
    as_json: bool,  # noqa: FBT001 - a flag
) -> None:
    """Report how often search finds PAPERS (JSON lines) by what people remember of them."""
    drafts = [draft for path in papers for draft in read_papers(path)]
    if generated:
        drafts.extend(generator.drafts(generated))
    if not drafts and not names:
        raise click.UsageError("Give a file of papers, or --generated with a number.")
    rows, missed = asyncio.run(measure(drafts, queries, seed)) if drafts else ([], {})
    if names:
        rows += asyncio.run(measure_names(names))
    if as_json:
        click.echo(report.to_json(rows))
    else:
        report.print_table(f"How well search finds {len(drafts):,} papers", rows)
        for kind, items in missed.items():
            for item in items[:misses]:
                click.echo(f"{kind}: “{item.query}” misses “{item.title}”")
    sys.exit(0 if all(row.holds for row in rows) else 1)


def read_papers(path: Path) -> list[PaperDraft]:
    """Returns the papers of a JSON lines file; raises `click.ClickException` for a bad line."""
    drafts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                drafts.append(_draft(json.loads(line)))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                message = f"Line {number} of {path} isn't a paper: {error!r}."
                raise click.ClickException(message) from error
    return drafts


async def measure(
    drafts: Sequence[PaperDraft], limit: int, seed: int
) -> tuple[list[Row], dict[str, list[KnownItem]]]:
    """Searches for some of the papers in every way.

    Returns two rows per kind of query (the first result, the first five), and by kind what ranked
    too low.
    """
    rows: list[Row] = []
    missed: dict[str, list[KnownItem]] = {}
    async with temporary_library(drafts) as library:
        for kind in KINDS:
            items = list(kind.queries(drafts, limit, seed))
            ranks = [await _rank(library, item) for item in items]
            missed[kind.name] = [
                item for item, rank in zip(items, ranks, strict=True) if rank > kind.within
            ]
            for within in (1, 5):
                found = sum(rank <= within for rank in ranks)
                rows.append(
                    Row(
                        f"{kind.name} @{within}",
                        found / len(items) if items else float("nan"),
                        at_least=kind.goal if within == kind.within else None,
                        detail=f"{found} of {len(items)}",
                    )
                )
    return rows, missed


async def _rank(library: Library, item: KnownItem) -> int:
    """Returns the rank of the paper; 6 if it isn't among the first five."""
    found = await library.search.find(parse(item.query), limit=5)
    titles = [fold(paper.title) for paper in found.results.papers]
    expected = fold(item.title)
    return titles.index(expected) + 1 if expected in titles else 6


def _draft(values: dict[str, Any]) -> PaperDraft:
    year, doi = values.get("year"), values.get("doi")
    return PaperDraft(
        title=values["title"],
        authors=tuple(values.get("authors") or ()),
        venue=values.get("venue") or "",
        date=PartialDate(int(year)) if year else None,
        abstract=values.get("abstract") or "",
        identifiers=identify(f"https://doi.org/{doi}") if doi else (),
    )


if __name__ == "__main__":
    main()
