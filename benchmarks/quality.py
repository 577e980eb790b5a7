"""`python -m benchmarks.quality`: how well papers and people are found, on any file of papers."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from benchmarks import catalogues, generator, table
from benchmarks.known_items import KINDS, Kind, Known
from benchmarks.table import Goal, Row
from storage.library import Library, open_library
from storage.models import PaperDraft, PartialDate
from storage.papers.identifiers import identify
from storage.search.query import parse
from storage.text import fold


@dataclass(slots=True)
class Score:
    """How a kind of queries fared; ``misses`` were not found as early as they are to be."""

    kind: Kind
    asked: int = 0
    first: int = 0
    among_five: int = 0
    misses: list[Known] = field(default_factory=list)

    def rows(self) -> Iterable[Row]:
        """The shares found first and among the first five; one of them has the kind's goal."""
        for within, found in ((1, self.first), (5, self.among_five)):
            own = within == self.kind.within
            goal = Goal(self.kind.goal, at_least=True) if own else None
            value = found / self.asked if self.asked else float("nan")
            yield Row(f"{self.kind.name} @{within}", value, goal, f"{found} of {self.asked}")


@click.command()
@click.argument("papers", type=click.Path(exists=True, dir_okay=False, path_type=Path), nargs=-1)
@click.option("--generated", type=click.IntRange(1), help="Take that many invented papers instead.")
@click.option(
    "--names",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Measure author lookup on a file of name variants too.",
)
@click.option("--queries", type=click.IntRange(1), default=500, help="At most so many of a kind.")
@click.option("--seed", type=int, default=1, help="Another seed asks for other papers.")
@click.option("--misses", type=click.IntRange(0), default=0, help="Show so many misses of a kind.")
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
    """Report how often papers of PAPERS (JSON lines) are found by what is remembered of them."""
    drafts = [draft for path in papers for draft in read_papers(path)]
    if generated:
        drafts.extend(generator.drafts(generated))
    if not drafts and not names:
        raise click.UsageError("Give a file of papers, or --generated with a number.")
    scores = asyncio.run(measure(drafts, queries, seed)) if drafts else []
    rows = [row for score in scores for row in score.rows()]
    if names:
        rows.extend(asyncio.run(import_module("benchmarks.names_quality").measure_names(names)))
    if as_json:
        click.echo(json.dumps([row.as_json() for row in rows], indent=2, ensure_ascii=False))
    else:
        table.show(f"How well things are found, {len(drafts):,} papers", rows)
        for score in scores:
            for known in score.misses[:misses]:
                click.echo(f"{score.kind.name}: “{known.query}” misses “{known.title}”")
    sys.exit(0 if all(row.holds for row in rows) else 1)


def read_papers(path: Path) -> list[PaperDraft]:
    """The papers of a file of JSON lines; raises `click.ClickException` for a line that is none."""
    drafts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip():
            try:
                drafts.append(_draft(json.loads(line)))
            except (ValueError, TypeError, KeyError, AttributeError) as error:
                raise click.ClickException(
                    f"Line {number} of {path} is no paper: {error!r}."
                ) from error
    return drafts


async def measure(drafts: Sequence[PaperDraft], queries: int, seed: int) -> list[Score]:
    """Take the papers into a catalogue of their own, and ask for some of them in every way."""
    with tempfile.TemporaryDirectory(prefix="lab-herald-quality-") as folder:
        async with open_library(Path(folder) / "papers.db", catalogues.clock) as library:
            await catalogues.fill(library, drafts)
            return [
                await _score(library, kind, list(kind.queries(drafts, queries, seed)))
                for kind in KINDS
            ]


async def _score(library: Library, kind: Kind, known: Sequence[Known]) -> Score:
    score = Score(kind)
    for item in known:
        found = await library.search.find(parse(item.query), limit=5)
        titles = [fold(paper.title) for paper in found.results.papers]
        wanted = fold(item.title)
        score.asked += 1
        score.first += wanted in titles[:1]
        score.among_five += wanted in titles
        if wanted not in titles[: kind.within]:
            score.misses.append(item)
    return score


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
