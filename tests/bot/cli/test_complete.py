"""Tests of `lab-herald complete`, with services on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from bot.cli import main
from storage.text import fold
from tests.support.completion_server import CompletionServer, KnownPaper, serve_completions
from tests.support.paths import shared_path
from tests.support.seed_papers import SEED_PAPERS


@pytest.fixture
def server() -> Iterator[CompletionServer]:
    with serve_completions() as found:
        yield found


class Shell:
    """Runs commands with a database of its own and a server's addresses."""

    def __init__(self, folder: Path, server: CompletionServer) -> None:
        self._folder = folder
        self._server = server

    def run(self, *words: object, exit_code: int = 0) -> Result:
        arguments = ["--database", self._folder / "lab.db", *words]
        result = CliRunner(env=self._server.environment()).invoke(main, list(map(str, arguments)))
        assert result.exit_code == exit_code, result.output
        return result

    def json(self, *words: object, exit_code: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", exit_code=exit_code).stdout)

    def add(self, **paper: Any) -> None:
        file = self._folder / "papers.json"
        file.write_text(json.dumps([{"abstract": "We look at it.", **paper}]), encoding="utf-8")
        self.run("import", file, "--yes")

    def papers(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.run("export", "--format", "json").stdout)
        return found


@pytest.fixture
def shell(tmp_path: Path, server: CompletionServer) -> Shell:
    return Shell(tmp_path, server)


def test_all_papers_of_the_seed_page_get_their_authors_years_and_ids(
    shell: Shell, server: CompletionServer
) -> None:
    server.papers += SEED_PAPERS
    shell.run("import", shared_path("seeds/lab-publications.txt"), "--yes")
    report = shell.json("complete")
    assert (report["uncertain"], report["failed"]) == ([], [])
    real = {fold(one.title).replace(" ", ""): one for one in SEED_PAPERS}
    papers = shell.papers()
    assert len(papers) == 20
    for paper in papers:
        known = real[fold(paper["title"]).replace(" ", "")]
        assert paper["authors"] == [*known.authors], paper["title"]
        assert paper["authors_complete"], paper["title"]
        assert paper["year"] == int(known.day[:4]), paper["title"]
        assert (paper["arxiv"] or "", paper["doi"] or "") == (known.arxiv, known.doi)
    by_her = shell.run("author", "biderman").stdout
    credited = [one for one in papers if "Stella Biderman" in one["authors"]]
    assert len(credited) == 10
    for paper in credited:
        assert paper["title"] in by_her


LENS = KnownPaper(
    "Eliciting Latent Predictions with a Lens",
    ("Nora Belmont", "Zach Furness"),
    arxiv="2303.08112",
)


def test_a_paper_is_completed_by_its_title_and_the_change_can_be_undone(
    shell: Shell, server: CompletionServer
) -> None:
    server.papers.append(LENS)
    shell.add(title=LENS.title, venue="arXiv")
    text = shell.run("complete").stdout
    assert "completed from OpenAlex\n" in text
    assert "authors: nothing → Nora Belmont, Zach Furness" in text
    assert "1 paper completed, 0 uncertain, 0 failed; 1 in all." in text
    assert shell.papers()[0]["arxiv"] == "2303.08112"
    shell.run("undo", text.partition("lab-herald undo ")[2].split()[0])
    (paper,) = shell.papers()
    assert (paper["authors"], paper["arxiv"], paper["date"]) == ([], None, None)


def test_a_dry_run_changes_nothing(shell: Shell, server: CompletionServer) -> None:
    server.papers.append(LENS)
    shell.add(title=LENS.title)
    before = shell.papers()
    report = shell.json("complete", "--dry-run")
    (paper,) = report["completed"]
    assert paper["change"] is None
    assert paper["changes"]["authors"] == {"before": [], "after": ["Nora Belmont", "Zach Furness"]}
    assert shell.papers() == before


def test_what_is_not_sure_is_shown_but_not_merged(shell: Shell, server: CompletionServer) -> None:
    server.papers.append(replace(LENS, only=("s2",)))
    shell.add(title=LENS.title)
    before = shell.papers()
    report = shell.json("complete")
    assert report["completed"] == []
    (doubt,) = report["uncertain"]
    assert doubt["reason"] == "It has this title, but only Semantic Scholar knows it."
    assert doubt["changes"]["authors"] == {"before": [], "after": [*LENS.authors]}
    assert shell.papers() == before


def test_an_answer_with_another_papers_id_is_not_merged(
    shell: Shell, server: CompletionServer
) -> None:
    server.papers.append(LENS)
    shell.add(title="Lenses", arxiv=LENS.arxiv, authors=["Bo Chen"])
    shell.add(title=LENS.title, authors=["Nora Belmont"])
    (doubt, *_) = shell.json("complete", LENS.title)["uncertain"]
    assert "It shares an ID with #1" in doubt["reason"]


def test_a_failing_service_is_named_and_the_others_are_used(
    shell: Shell, server: CompletionServer
) -> None:
    server.papers.append(LENS)
    server.failures["/openalex"] = (429, b"slow down", {})
    server.failures["/s2"] = (200, b'{"data": [{"title": "Elic', {})
    shell.add(title=LENS.title, authors=["Nora Belmont"], doi="10.5555/1")
    server.papers[0].doi = "10.5555/1"
    report = shell.json("complete")
    (failed,) = report["failed"]
    assert failed["completed"]
    assert any("OpenAlex" in text for text in failed["errors"])
    assert any("Semantic Scholar" in text for text in failed["errors"])
    assert report["completed"][0]["changes"]["authors"]["after"] == [*LENS.authors]


def test_if_nothing_can_be_asked_the_exit_code_is_1(shell: Shell, server: CompletionServer) -> None:
    server.failures["/"] = (503, b"", {})
    shell.add(title=LENS.title)
    result = shell.run("complete", exit_code=1)
    assert "1 paper couldn't be completed. Try again later." in result.stderr
    assert "OpenAlex isn't available right now." in result.stdout


def test_a_retraction_is_in_the_note(shell: Shell, server: CompletionServer) -> None:
    server.retracted["10.5555/7"] = "10.5555/8"
    shell.add(title=LENS.title, doi="10.5555/7", note="Best paper", venue="ICML", year=2023)
    assert shell.json("complete")["completed"][0]["services"] == ["Crossref"]
    assert shell.papers()[0]["note"] == "Retracted, see https://doi.org/10.5555/8 · Best paper"
    assert shell.json("complete")["completed"] == []


def test_models_and_data_are_linked(shell: Shell, server: CompletionServer) -> None:
    server.papers.append(LENS)
    server.repositories[LENS.arxiv] = {
        "models": [
            {"id": "somebody/copy", "likes": 1},
            {"id": "lab/lens", "likes": 90},
            {"id": "lab/lens-xl", "likes": 80},
            {"id": "../../etc", "likes": 99},
        ],
        "datasets": [{"id": "lab/lens-data"}],
        "spaces": [],
    }
    shell.add(title=LENS.title, arxiv=LENS.arxiv)
    changes = shell.json("complete")["completed"][0]["changes"]
    assert changes["links"]["after"] == [
        ["data", "https://huggingface.co/datasets/lab/lens-data"],
        ["model", "https://huggingface.co/lab/lens"],
        ["model", "https://huggingface.co/lab/lens-xl"],
    ]


def test_a_preprint_gets_the_venue_that_its_authors_comment_names(
    shell: Shell, server: CompletionServer
) -> None:
    server.papers.append(replace(LENS, comment="9 pages. Accepted at ICML 2024 (Oral)"))
    shell.add(title=LENS.title, arxiv=LENS.arxiv, venue="arXiv", date="2023-04-03")
    shell.run("complete")
    (paper,) = shell.papers()
    assert (paper["venue"], paper["year"]) == ("ICML", 2024)
