"""`python -m benchmarks.quality`: how well search finds papers, and people by their names.

Papers are JSON lines, and so are questions; see `benchmarks.questions`. Names are YAML, a list of
``{canonical: {first, last}, variants: [{first, last}], id, similar}``, where ``similar`` lists the
ids of other people with similar names.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
import yaml

from benchmarks import generator
from benchmarks.catalogs import temporary_library
from benchmarks.measuring import Row, print_table, to_json
from benchmarks.query_kinds import KINDS, Collection
from benchmarks.questions import measure, read_lines, read_question
from storage.authors.errors import AuthorAmbiguous, AuthorNotFound
from storage.library import Library
from storage.models import PaperDraft, PartialDate
from storage.names.matching import is_same_name
from storage.names.parser import parse_name
from storage.papers.identifiers import identify
from storage.search.query import parse
from storage.text import fold

_MAX_QUERY = 300  # characters that the command accepts
_NAME_RANK = 3
_TITLE_LENGTH = 80  # of a paper without one
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("papers", type=_FILE, nargs=-1)
@click.option("--generated", type=click.IntRange(1), help="Use this many generated papers.")
@click.option("--names", type=_FILE, help="Also measure author lookup on a file of name variants.")
@click.option("--questions", type=_FILE, help="Also ask questions with relevance judgements.")
@click.option("--queries", type=click.IntRange(1), default=500, help="At most this many per kind.")
@click.option("--seed", type=int, default=1, help="Another seed draws other queries.")
@click.option("--misses", type=click.IntRange(0), default=0, help="Show this many misses per kind.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def main(
    papers: tuple[Path, ...],
    generated: int | None,
    names: Path | None,
    questions: Path | None,
    queries: int,
    seed: int,
    misses: int,
    as_json: bool,  # noqa: FBT001 - a flag
) -> None:
    """Report how often search finds PAPERS (JSON lines) by what people remember of them."""
    identified = [pair for path in papers for pair in read_lines(path, "paper", _read_paper)]
    drafts = [*(draft for _, draft in identified), *generator.drafts(generated or 0)]
    if not drafts and not names:
        raise click.UsageError("Give a file of papers, or --generated with a number.")
    rows, missed = asyncio.run(_measure(drafts, queries, seed)) if drafts else ([], {})
    if questions:
        asked, unanswered = asyncio.run(
            measure(identified, read_lines(questions, "question", read_question))
        )
        rows, missed = [*rows, *asked], {**missed, "question": unanswered}
    if names:
        rows += asyncio.run(_measure_names(yaml.safe_load(names.read_text(encoding="utf-8"))))
    if as_json:
        click.echo(to_json(rows))
    else:
        print_table(f"How well search finds {len(drafts):,} papers", rows)
        for kind, items in missed.items():
            for query, title in items[:misses]:
                click.echo(f"{kind}: “{query}” misses “{title}”")
    sys.exit(0 if all(row.holds for row in rows) else 1)


def _read_paper(number: int, values: Any) -> tuple[str, PaperDraft]:  # noqa: ANN401 - any JSON
    """Returns the paper of a line with its id in the file; without a title, its text begins it."""
    year, doi, abstract = values.get("year"), values.get("doi"), values.get("abstract") or ""
    draft = PaperDraft(
        title=values["title"].strip() or abstract[:_TITLE_LENGTH].strip() or "Untitled",
        authors=tuple(values.get("authors") or ()),
        venue=values.get("venue") or "",
        date=PartialDate(int(year)) if year else None,
        abstract=abstract,
        identifiers=identify(f"https://doi.org/{doi}") if doi else (),
    )
    return str(values.get("id", number)), draft


async def _measure(
    drafts: Sequence[PaperDraft], limit: int, seed: int
) -> tuple[list[Row], dict[str, list[tuple[str, str]]]]:
    """Searches for some of the papers in every way.

    Returns two rows per kind of query (the first result, the first five), and by kind the queries
    and titles that ranked too low.
    """
    rows = []
    missed = {}
    collection = Collection.of(drafts)
    async with temporary_library(drafts) as library:
        for kind in KINDS:
            rng = random.Random(f"{seed} {kind.name}")
            shuffled = rng.sample(drafts, len(drafts))
            written = [(kind.write(draft, rng, collection), draft.title) for draft in shuffled]
            items = [(query[:_MAX_QUERY], title) for query, title in written if query][:limit]
            ranks = [await _rank(library, *item) for item in items]
            for within in (1, 5):
                goal = kind.goal if items and within == kind.within else None
                found = [rank <= within for rank in ranks]
                rows.append(_share(f"{kind.name} @{within}", found, goal))
            ranked = zip(items, ranks, strict=True)
            missed[kind.name] = [item for item, rank in ranked if rank > kind.within]
    return rows, missed


async def _rank(library: Library, query: str, title: str) -> int:
    """Returns the rank of the paper; at least 6 if it isn't among the first five."""
    found = await library.search.find(parse(query), limit=5)
    titles = [fold(paper.title) for paper in found.results.papers]
    return titles.index(fold(title)) + 1 if fold(title) in titles else 6


def _share(name: str, found: Sequence[bool], goal: float | None) -> Row:
    share = sum(found) / len(found) if found else float("nan")
    return Row(name, share, at_least=goal, detail=f"{sum(found)} of {len(found)}")


async def _measure_names(entries: Sequence[dict[str, Any]]) -> list[Row]:
    """Returns how often variants find their person, and how often papers count for a wrong one.

    Each person has one paper under the canonical name. A variant finds a person if the name is
    among the first three of the answer, of the names in the error, or of the suggestions.
    """
    people = [(_full_name(entry["canonical"]), entry) for entry in entries]
    async with temporary_library(_papers(name for name, _ in people)) as library:
        found = [
            await _is_found(library, _full_name(variant), name)
            for name, entry in people
            for variant in entry.get("variants", ())
        ]
    by_id = {entry.get("id"): name for name, entry in people}
    pairs = [
        (name, by_id.get(other, other.replace("-", " ").title()))  # or the name that the id says
        for name, entry in people
        for other in entry.get("similar", ())
    ]
    distinct = [pair for pair in pairs if not is_same_name(*map(parse_name, pair))]
    async with temporary_library(_papers(name for pair in distinct for name in pair)) as library:
        wrong = [await _are_mixed_up(library, *pair) for pair in distinct]
    detail = f"of {len(distinct)} pairs; {len(pairs) - len(distinct)} more share one name"
    return [
        _share(f"names: another form @{_NAME_RANK}", found, 0.90),
        Row("names: counted for the wrong person", sum(wrong), at_most=0, detail=detail),
    ]


def _full_name(name: dict[str, Any]) -> str:
    return f"{name.get('first') or ''} {name['last']}".strip()


def _papers(names: Iterable[str]) -> list[PaperDraft]:
    """Returns one paper for each name."""
    return [
        PaperDraft(title=f"Paper {number}", authors=(name,))
        for number, name in enumerate(dict.fromkeys(names))
    ]


async def _is_found(library: Library, variant: str, name: str) -> bool:
    try:
        offered: tuple[str, ...] = ((await library.authors.get(variant)).name,)
    except AuthorAmbiguous as error:
        offered = error.people
    except AuthorNotFound as error:
        offered = error.similar
    suggested = [choice.name for choice in await library.authors.suggest(variant)]
    return name in (*offered[:_NAME_RANK], *suggested[:_NAME_RANK])


async def _are_mixed_up(library: Library, name: str, other: str) -> bool:
    """Returns whether papers of either person count for the other."""
    for one, foreign in ((name, other), (other, name)):
        person = await library.authors.get(one)
        page = await library.authors.list_papers(person, limit=person.paper_count)
        if any(foreign in paper.authors for paper in page.papers):
            return True
    return False


if __name__ == "__main__":
    main()
