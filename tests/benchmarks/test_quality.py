from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import quality
from benchmarks.generator import drafts
from benchmarks.query_kinds import KINDS, add_typo


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


def test_generated_papers_have_every_field_that_the_benchmarks_use() -> None:
    papers = list(drafts(60))
    assert len({paper.identifiers for paper in papers}) == 60
    assert {len(paper.title.split()) for paper in papers} == {9}
    assert {len(paper.abstract.split()) for paper in papers} == {110}
    assert all(1 <= len(paper.authors) <= 3 and paper.date for paper in papers)
    assert any(paper.tags for paper in papers)


def test_a_typo_always_changes_the_word() -> None:
    rng = random.Random(3)
    assert all(add_typo("aaaa", rng) != "aaaa" for _ in range(200))


def test_the_report_on_a_file_has_a_score_for_every_kind_of_query(tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl"
    path.write_text(paper_line("Weaving algebraic patterns with engines") + "\n\n", "utf-8")
    result = CliRunner().invoke(quality.main, [str(path), "--json"])
    rows = {row["name"]: row for row in json.loads(result.stdout)}
    assert set(rows) == {f"{kind.name} @{within}" for kind in KINDS for within in (1, 5)}
    assert rows["three title words in any order @5"] == {
        "name": "three title words in any order @5",
        "value": 1.0,
        "goal": "≥ 0.99",
        "holds": True,
        "detail": "1 of 1",
    }


def test_questions_are_measured_by_the_papers_that_are_relevant(tmp_path: Path) -> None:
    papers, questions = tmp_path / "papers.jsonl", tmp_path / "questions.jsonl"
    untitled = json.dumps(
        {"id": "b", "title": "", "abstract": "Looms weave silk.", "doi": "10.1/b"}
    )
    other = untitled.replace('"b"', '"c"')  # with the same DOI
    papers.write_text("\n".join([paper_line("Engines"), untitled, other]), "utf-8")
    asked = [
        {"id": 1, "text": "how do looms weave silk?", "rel": {"b": 1, "c": 2}},
        {"id": 2, "text": "zzzz", "rel": {"1": 1}},
        {"id": 3, "text": "of no use", "rel": {"1": 0}},
    ]
    questions.write_text("\n".join(map(json.dumps, asked)), "utf-8")
    words = [str(papers), "--questions", str(questions), "--json"]
    report = json.loads(CliRunner().invoke(quality.main, words).stdout)
    rows = {row["name"]: row for row in report[-3:]}
    assert list(rows) == ["nDCG@10", "recall@10", "nothing found"]
    assert rows["recall@10"]["value"] == rows["nothing found"]["value"] == 0.5
    assert 0.4 < rows["nDCG@10"]["value"] <= 0.5


def test_the_report_on_generated_papers_is_a_table() -> None:
    result = CliRunner().invoke(quality.main, ["--generated", "40", "--queries", "10"])
    assert result.exit_code in {0, 1}
    assert "surname and one title word @5" in result.stdout


@pytest.mark.parametrize("line", ['{"authors": []}', "no JSON", "[1]"])
def test_a_line_that_is_not_a_paper_is_reported_with_its_number(line: str, tmp_path: Path) -> None:
    path = tmp_path / "papers.jsonl"
    path.write_text(f"{paper_line('Engines')}\n{line}\n", "utf-8")
    result = CliRunner().invoke(quality.main, [str(path)])
    assert result.exit_code == 1
    assert "Line 2" in result.stderr
