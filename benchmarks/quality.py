"""`python -m benchmarks.quality`: how well search finds papers, and people by their names.

Papers are JSON lines. Questions are JSON lines ``{"id", "text", "rel": {paper id: grade}}``, about
papers with an ``id``; they are measured as in trec_eval (https://github.com/usnistgov/trec_eval):
nDCG with the grade as gain, and recall. Names are YAML, a list of ``{canonical: {first, last},
variants: [{first, last}], id, similar}``, where ``similar`` lists the ids of other people with
similar names.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter
from typing import Any, TypeAlias, TypeVar, Unpack

import click
import numpy as np
import yaml

from benchmarks import generator
from benchmarks.bench import ACTOR, temporary_library
from benchmarks.measuring import Goal, Row, print_table, to_json
from benchmarks.query_kinds import KINDS, Collection, Remembered
from storage.authors.errors import AuthorAmbiguous, AuthorNotFound
from storage.library import Library
from storage.models import DuplicatePolicy, Filters, Origin, Paper, PaperDraft, PartialDate
from storage.names.matching import is_same_name
from storage.names.parser import parse_name
from storage.papers.identifiers import identify
from storage.search.query import parse
from storage.text import fold

Item = TypeVar("Item")
# The text of a question, and the grades of the papers that answer it by their ids in the file.
_Question: TypeAlias = tuple[str, Mapping[str, float]]

_MAX_QUERY = 300  # characters that the command accepts
_DEPTHS = (1, 5)  # a paper is found if it's among so many results
_NOT_FOUND = 1_000  # as a rank
_NAME_RANK = 3
_QUESTION_DEPTH = 10
_TITLE_LENGTH = 80  # of a paper without one
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Report:
    """The rows, and the sentences on queries that didn't find their papers by kind of query."""

    rows: list[Row] = field(default_factory=list)
    misses: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add_mean(
        self, name: str, values: Sequence[float], detail: str = "", **goal: Unpack[Goal]
    ) -> None:
        """Adds a mean, or a share if the values are true or false."""
        mean = float(np.mean(values)) if values else float("nan")
        detail = detail or f"{sum(values):g} of {len(values)}"
        self.rows.append(Row(name, mean, detail=detail, **goal))

    def add_miss(self, kind: str, query: str, title: str) -> None:
        """Adds a query that didn't find the paper with this title."""
        self.misses[kind].append(f"{kind}: “{query}” misses “{title}”")


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
    *,
    as_json: bool,
) -> None:
    """Report how often search finds PAPERS (JSON lines) by what people remember of them."""
    by_id = [pair for path in papers for pair in _read_lines(path, "paper", _read_paper)]
    drafts = [*(draft for _, draft in by_id), *generator.drafts(generated or 0)]
    if not drafts and not names:
        raise click.UsageError("Give a file of papers, or --generated with a number.")
    report = Report()
    if drafts:
        asyncio.run(_measure(report, drafts, queries, seed))
    if questions:
        asked = _read_lines(questions, "question", _read_question)
        asyncio.run(_measure_questions(report, by_id, asked))
    if names:
        entries = yaml.safe_load(names.read_text(encoding="utf-8"))
        asyncio.run(_measure_names(report, entries))
    if as_json:
        click.echo(to_json(report.rows))
    else:
        print_table(f"How well search finds {len(drafts):,} papers", report.rows)
        for missed in report.misses.values():
            click.echo("".join(f"{sentence}\n" for sentence in missed[:misses]), nl=False)
    sys.exit(0 if all(row.holds for row in report.rows) else 1)


def _read_lines(path: Path, what: str, read: Callable[[int, Any], Item]) -> list[Item]:
    """Reads JSON lines; ``read`` gets the number of a line and its value.

    Raises `click.ClickException` for a line that isn't a ``what``.
    """
    items = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            if line.strip():
                items.append(read(number, json.loads(line)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            message = f"Line {number} of {path} isn't a {what}: {error!r}."
            raise click.ClickException(message) from error
    return items


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


def _read_question(_: int, values: Any) -> _Question:  # noqa: ANN401 - any JSON
    grades = {str(paper): float(grade) for paper, grade in values["rel"].items()}
    return str(values["text"]), grades


async def _search(library: Library, query: str, limit: int) -> Sequence[Paper]:
    read = await library.search.interpret(query[:_MAX_QUERY], Filters())
    found = await library.search.find(parse(read.text, read.filters), sort=read.sort, limit=limit)
    return found.results.papers


async def _measure(report: Report, drafts: Sequence[PaperDraft], limit: int, seed: int) -> None:
    """Searches for some papers in every way: a row each for the first result and the first five."""
    collection = Collection(drafts)
    async with temporary_library(drafts) as library:
        for kind in KINDS:
            rng = random.Random(f"{seed} {kind.name}")
            ranks: list[int] = []
            for draft in rng.sample(drafts, len(drafts)):
                query = kind.write(Remembered(draft, rng, collection))
                if query is None:
                    continue
                titles = [fold(paper.title) for paper in await _search(library, query, _DEPTHS[1])]
                title = fold(draft.title)
                ranks.append(titles.index(title) + 1 if title in titles else _NOT_FOUND)
                if ranks[-1] > kind.within:
                    report.add_miss(kind.name, query, draft.title)
                if len(ranks) == limit:
                    break
            for within in _DEPTHS:
                goal = kind.goal if ranks and within == kind.within else None
                found = [rank <= within for rank in ranks]
                report.add_mean(f"{kind.name} @{within}", found, at_least=goal)


async def _measure_questions(
    report: Report, papers: Sequence[tuple[str, PaperDraft]], questions: Sequence[_Question]
) -> None:
    """Asks questions about papers, given with their ids in the file."""
    titles = {file_id: draft.title for file_id, draft in papers}
    # Without identifiers, every line is a paper of its own.
    drafts = [replace(draft, identifiers=()) for _, draft in papers]
    ndcg, recall, nothing, start = [], [], [], perf_counter()
    async with temporary_library() as library:
        await library.papers.upsert_many(
            drafts, Origin.IMPORT, ACTOR, duplicates=DuplicatePolicy.ADD
        )
        start = perf_counter()
        for text, grades in questions:
            best = sorted((grade for grade in grades.values() if grade > 0), reverse=True)
            if not best:
                continue
            answer = await _search(library, text, _QUESTION_DEPTH)
            gains = [max(grades.get(papers[paper.id - 1][0], 0), 0) for paper in answer]
            ndcg.append(_dcg(gains) / _dcg(best))
            recall.append(float(np.count_nonzero(gains) / len(best)))
            nothing.append(not gains)
            if not any(gains):
                report.add_miss(
                    "question", text, titles.get(max(grades, key=grades.__getitem__), "")
                )
        seconds = (perf_counter() - start) / max(len(nothing), 1)
    detail = f"{len(nothing):,} questions, {1_000 * seconds:.0f} ms each"
    report.add_mean(f"nDCG@{_QUESTION_DEPTH}", ndcg, detail)
    report.add_mean(f"recall@{_QUESTION_DEPTH}", recall, detail)
    report.add_mean("nothing found", nothing, f"{sum(nothing)} questions", at_most=0.02)


def _dcg(gains: Sequence[float]) -> float:
    """Returns the discounted cumulative gain of the first papers."""
    first = gains[:_QUESTION_DEPTH]
    return float(np.sum(np.array(first) / np.log2(np.arange(len(first)) + 2)))


async def _measure_names(report: Report, entries: Sequence[dict[str, Any]]) -> None:
    """Measures how often variants find their person, and papers count for a wrong one.

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
        wrong = sum([await _are_mixed_up(library, *pair) for pair in distinct])
    detail = f"of {len(distinct)} pairs; {len(pairs) - len(distinct)} more share one name"
    report.add_mean(f"names: another form @{_NAME_RANK}", found, at_least=0.90)
    report.rows.append(Row("names: counted for the wrong person", wrong, 0, detail=detail))


def _full_name(name: dict[str, Any]) -> str:
    return f"{name.get('first') or ''} {name['last']}".strip()


def _papers(names: Iterable[str]) -> list[PaperDraft]:
    """Returns one paper for each name."""
    unique = dict.fromkeys(names)
    return [PaperDraft(f"Paper {number}", authors=(name,)) for number, name in enumerate(unique)]


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
