"""Questions in natural language with relevance judgements, and how well search answers them.

Papers are JSON lines with an ``id``, and questions JSON lines ``{"id", "text", "rel": {paper id:
grade}}``. The measures are those of trec_eval: nDCG with the grade as gain, and recall, both of the
first ten papers (https://github.com/usnistgov/trec_eval).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any, TypeVar

import click
import numpy as np

from benchmarks.catalogs import ACTOR, temporary_library
from benchmarks.measuring import Row
from storage.library import Library
from storage.models import DuplicatePolicy, Origin, PaperDraft
from storage.search.query import parse

Item = TypeVar("Item")

_DEPTH = 10
_MAX_QUERY = 300  # characters that the command accepts


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question with the grades of the papers that answer it, by their ids in the file."""

    text: str
    grades: Mapping[str, float]


def read_lines(path: Path, what: str, read: Callable[[int, Any], Item]) -> list[Item]:
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


def read_question(_: int, values: Any) -> JudgedQuestion:  # noqa: ANN401 - any JSON
    """Returns the question of a line."""
    grades = {str(paper): float(grade) for paper, grade in values["rel"].items()}
    return JudgedQuestion(str(values["text"]), grades)


async def measure(
    papers: Sequence[tuple[str, PaperDraft]], questions: Sequence[JudgedQuestion]
) -> tuple[list[Row], list[tuple[str, str]]]:
    """Asks all questions about papers, given with their ids in the file.

    Returns the rows, and the questions with the title of a relevant paper that wasn't found.
    """
    asked = [one for one in questions if any(grade > 0 for grade in one.grades.values())]
    async with temporary_library() as library:
        # Without identifiers, every line is a paper of its own.
        drafts = [replace(draft, identifiers=()) for _, draft in papers]
        await library.papers.upsert_many(
            drafts, Origin.IMPORT, ACTOR, duplicates=DuplicatePolicy.ADD
        )
        file_ids = {number: file_id for number, (file_id, _) in enumerate(papers, start=1)}
        start = perf_counter()
        answers = [await _answer(library, one.text, file_ids) for one in asked]
        seconds = (perf_counter() - start) / max(len(asked), 1)
    pairs = [*zip(asked, answers, strict=True)]
    detail = f"{len(asked):,} questions, {1_000 * seconds:.0f} ms each"
    nothing = [not answer for answer in answers]
    rows = [
        Row(f"nDCG@{_DEPTH}", _mean([_ndcg(*pair) for pair in pairs]), detail=detail),
        Row(f"recall@{_DEPTH}", _mean([_recall(*pair) for pair in pairs])),
        Row("nothing found", _mean(nothing), at_most=0.02, detail=f"{sum(nothing)} questions"),
    ]
    titles = {file_id: draft.title for file_id, draft in papers}
    missed = [
        (one.text, titles.get(max(one.grades, key=lambda paper: one.grades[paper]), ""))
        for one, answer in pairs
        if not any(one.grades.get(paper, 0) > 0 for paper in answer)
    ]
    return rows, missed


async def _answer(library: Library, text: str, file_ids: Mapping[int, str]) -> list[str]:
    """Returns the ids in the file of the first papers that search finds."""
    found = await library.search.find(parse(text[:_MAX_QUERY]), limit=_DEPTH)
    return [file_ids[paper.id] for paper in found.results.papers]


def _ndcg(question: JudgedQuestion, answer: Sequence[str]) -> float:
    best = sorted(question.grades.values(), reverse=True)
    return _dcg([question.grades.get(paper, 0) for paper in answer]) / _dcg(best)


def _dcg(grades: Sequence[float]) -> float:
    return sum(max(grade, 0) / math.log2(rank + 2) for rank, grade in enumerate(grades[:_DEPTH]))


def _recall(question: JudgedQuestion, answer: Sequence[str]) -> float:
    relevant = [paper for paper, grade in question.grades.items() if grade > 0]
    return sum(paper in answer for paper in relevant) / len(relevant)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")
