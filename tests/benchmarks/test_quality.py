from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import quality
from benchmarks.generator import drafts
from benchmarks.known_items import KINDS, mistyped


def paper_line(title: str) -> str:
    return json.dumps(
        {
            "title": title,
            "authors": ["Ada Lovelace", "Jean-Luc van den Berg"],
            "venue": "Workshop on Engines",
            "year": 1843,
            "abstract": "We weave patterns of algebra as looms weave flowers and leaves.",
            "doi": "10.1234/engine.1",
        }
    )


def test_a_size_and_a_seed_always_give_the_same_papers() -> None:
    assert list(drafts(40)) == list(drafts(40))
    assert list(drafts(40)) != list(drafts(40, seed=2))


def test_generated_papers_have_what_the_benchmarks_ask_for() -> None:
    papers = list(drafts(60))
    assert len({paper.identifiers for paper in papers}) == 60
    assert {len(paper.title.split()) for paper in papers} == {9}
    assert {len(paper.abstract.split()) for paper in papers} == {110}
    assert all(1 <= len(paper.authors) <= 3 and paper.date for paper in papers)
    assert any(paper.tags for paper in papers)


def test_a_mistyped_word_is_another_word() -> None:
    chance = random.Random(3)
    assert all(mistyped("aaaa", chance) != "aaaa" for _ in range(200))


def test_the_report_scores_every_kind_of_query_on_a_file(tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl"
    path.write_text(paper_line("Weaving algebraic patterns with engines") + "\n\n", "utf-8")
    result = CliRunner().invoke(quality.main, [str(path), "--json"])
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert set(rows) == {f"{kind.name} @{within}" for kind in KINDS for within in (1, 5)}
    assert rows["three title words in any order @5"] == {
        "name": "three title words in any order @5",
        "value": 1.0,
        "goal": "≥ 0.95",
        "holds": True,
        "detail": "1 of 1",
    }


def test_the_report_on_generated_papers_is_a_table() -> None:
    result = CliRunner().invoke(quality.main, ["--generated", "40", "--queries", "10"])
    assert result.exit_code in {0, 1}
    assert "surname and one title word @5" in result.stdout


@pytest.mark.parametrize("line", ['{"authors": []}', "no JSON", "[1]"])
def test_a_line_that_is_no_paper_is_told_by_its_number(line: str, tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl"
    path.write_text(f"{paper_line('Engines')}\n{line}\n", "utf-8")
    result = CliRunner().invoke(quality.main, [str(path)])
    assert result.exit_code == 1
    assert "Line 2" in result.stderr
