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
from tests.support.library_tables import dump
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

    def rows(self) -> dict[str, Any]:
        """Returns all rows of the database."""
        return dump(self._folder / "lab.db")

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


LENS_ARXIV = "2303.08112"
LENS = KnownPaper(
    "Eliciting Latent Predictions with a Lens",
    ("Nora Belmont", "Zach Furness"),
    arxiv=LENS_ARXIV,
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


def test_what_was_undone_is_not_repeated_but_a_moderator_may_still_want_it(
    shell: Shell, server: CompletionServer
) -> None:
    server.papers.append(LENS)
    shell.add(title=LENS.title, authors=["Nora Belmont"])
    (first,) = shell.json("complete")["completed"]
    shell.run("undo", first["change"])
    server.repositories[LENS.arxiv] = {"models": [{"id": "lab/lens"}]}
    report = shell.json("complete")
    assert report["completed"] == []
    (doubt,) = report["uncertain"]
    assert doubt["reason"] == "It was completed in this way before, but that was undone."
    assert doubt["changes"]["authors"]["after"] == [*LENS.authors]
    assert shell.papers()[0]["authors"] == ["Nora Belmont"]
    shell.json("queue", "decide", doubt["number"], "accept")
    (paper,) = shell.papers()
    assert (paper["authors"], paper["arxiv"]) == ([*LENS.authors], LENS.arxiv)
    again = shell.json("complete")
    assert (again["completed"], again["uncertain"]) == ([], [])


def test_the_rest_is_completed_if_only_a_part_was_undone(
    shell: Shell, server: CompletionServer
) -> None:
    server.papers.append(replace(LENS, comment="Accepted at ICML 2024"))
    shell.add(title=LENS.title, arxiv=LENS.arxiv, authors=[*LENS.authors], venue="arXiv")
    shell.run("undo", shell.json("complete")["completed"][0]["change"])
    server.repositories[LENS.arxiv] = {"models": [{"id": "lab/lens"}]}
    report = shell.json("complete")
    assert [[*one["changes"]] for one in report["completed"]] == [["links"]]
    assert report["uncertain"][0]["changes"]["venue"] == {"before": "arXiv", "after": "ICML"}
    (card,) = shell.json("queue", "list")
    shell.json("queue", "decide", card["number"], "reject")
    again = shell.json("complete")
    assert (again["completed"], again["uncertain"]) == ([], [])
    assert shell.papers()[0]["venue"] == "arXiv"


def test_a_dry_run_writes_nothing(shell: Shell, server: CompletionServer) -> None:
    other = KnownPaper("A Prism for Everybody", ("Bo Chen",), arxiv="2303.00001")
    server.papers += [LENS, other]
    shell.add(title=LENS.title)
    shell.add(title=other.title)
    before, rows = shell.papers(), shell.rows()
    del rows["service_requests"]  # which any request is recorded in
    report = shell.json("complete", "--dry-run")
    assert {name: found for name, found in shell.rows().items() if name in rows} == rows
    (paper,) = report["completed"]
    (doubt,) = report["uncertain"]
    assert doubt["number"] is None
    assert paper["change"] is None
    assert paper["changes"]["authors"] == {"before": [], "after": ["Nora Belmont", "Zach Furness"]}
    assert shell.papers() == before


def test_what_is_not_sure_waits_in_the_queue(shell: Shell, server: CompletionServer) -> None:
    server.papers.append(replace(LENS, only=("s2",)))
    shell.add(title=LENS.title)
    before = shell.papers()
    report = shell.json("complete")
    assert report["completed"] == []
    (doubt,) = report["uncertain"]
    assert doubt["reason"] == "It has this title, but only Semantic Scholar knows it."
    assert doubt["changes"]["authors"] == {"before": [], "after": [*LENS.authors]}
    assert shell.papers() == before

    assert shell.json("complete")["uncertain"] == [doubt]
    (card,) = shell.json("queue", "list")
    assert card == {
        "number": doubt["number"],
        "kind": "completion",
        "title": LENS.title,
        "identifiers": [],
        "paper": 1,
        "service": "Semantic Scholar",
        "reason": doubt["reason"],
        "changes": doubt["changes"],
    }
    text = shell.run("queue", "list").stdout
    assert f"completion of #1, Semantic Scholar: {doubt['reason']}" in text
    assert "authors: nothing → Nora Belmont, Zach Furness" in text

    (decided,) = shell.json("queue", "decide", card["number"], "accept")
    assert (decided["outcome"], decided["paper"]) == ("updated", 1)
    assert shell.papers()[0]["authors"] == [*LENS.authors]
    assert shell.json("queue", "list") == []
    shell.run("undo", decided["change"])
    assert shell.papers() == before
    assert shell.json("queue", "list") == [card]


def test_what_was_rejected_is_neither_asked_about_again_nor_merged_later(
    shell: Shell, server: CompletionServer
) -> None:
    server.papers.append(replace(LENS, only=("s2",)))
    shell.add(title=LENS.title)
    (doubt,) = shell.json("complete")["uncertain"]
    text = shell.run("queue", "decide", doubt["number"], "reject").stdout
    assert f"“{LENS.title}” (#1) stays as it is." in text
    server.papers[0] = LENS  # which is enough for it to be sure
    report = shell.json("complete")
    assert (report["completed"], report["uncertain"], report["unchanged"]) == ([], [], 1)
    assert shell.json("queue", "list") == []
    assert shell.papers()[0]["authors"] == []


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
    server.papers.append(replace(LENS, doi="10.5555/1"))
    server.failures["/openalex"] = (429, b"slow down", {})
    server.failures["/s2"] = (200, b'{"data": [{"title": "Elic', {})
    shell.add(title=LENS.title, authors=["Nora Belmont"], doi="10.5555/1")
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


@pytest.mark.parametrize(
    "failure",
    [
        (500, b"oops", {}),
        (403, b"<html>Forbidden</html>", {"Content-Type": "text/html"}),
        (200, b"<!doctype html><title>Just a moment</title>", {"Content-Type": "text/html"}),
        (200, b"[1, 2", {"Content-Type": "application/json"}),
        (200, b'{"results": 7, "data": 7, "message": 7}', {"Content-Type": "application/json"}),
        (200, b"\x00" * 1000, {"Content-Type": "application/octet-stream"}),
    ],
)
def test_rubbish_changes_nothing_and_is_tried_again_later(
    shell: Shell, server: CompletionServer, failure: tuple[int, bytes, dict[str, str]]
) -> None:
    server.papers.append(LENS)
    server.failures["/"] = failure
    shell.add(title=LENS.title, authors=["Nora Belmont"], arxiv="2303.08112", doi="10.5555/1")
    before = shell.papers()
    report = shell.json("complete", exit_code=1)
    assert (report["completed"], report["uncertain"]) == ([], [])
    assert report["failed"][0]["errors"]
    assert not report["failed"][0]["completed"]
    assert shell.papers() == before
    (completion,) = shell.rows()["completions"]
    assert completion[-1] == 1  # it failed once
    server.failures.clear()
    assert shell.json("complete")["completed"][0]["changes"]["authors"]["after"] == [*LENS.authors]


def test_a_service_that_never_answers_is_given_up(
    shell: Shell, server: CompletionServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FEED_TIMEOUT", "1s")
    server.papers.append(LENS)
    shell.add(title=LENS.title, authors=["Nora Belmont"])
    with server.hanging("/openalex"):
        report = shell.json("complete")
    assert report["completed"][0]["services"][0] == "Semantic Scholar"
    assert any("OpenAlex" in one for one in report["failed"][0]["errors"])


@pytest.mark.parametrize(
    ("paper", "known", "reason"),
    [
        ({"title": "A Brief History"}, {}, "too short to be sure"),
        ({"title": "A Brief History", "year": 2011}, {}, "from a different year"),
        (
            {"title": "A Brief History", "authors": ["Nora Belmont"], "year": 2011},
            {},
            "different year",
        ),
        ({"title": "A Brief History of Some Lenses"}, {"only": ("openalex",)}, "only OpenAlex"),
    ],
)
def test_what_may_be_another_paper_waits_for_a_moderator(
    shell: Shell,
    server: CompletionServer,
    paper: dict[str, Any],
    known: dict[str, Any],
    reason: str,
) -> None:
    server.papers.append(replace(LENS, title=paper["title"], **known))
    shell.add(**paper)
    before = shell.papers()
    report = shell.json("complete")
    assert report["completed"] == []
    assert [reason in one["reason"] for one in report["uncertain"]] == [True]
    assert shell.papers() == before
    assert len(shell.json("queue", "list")) == 1


@pytest.mark.parametrize(
    ("paper", "found"),
    [
        ({"authors": ["Bo Chen"]}, LENS.title),
        ({}, "Eliciting Latent Predictions"),
        ({}, f"{LENS.title}: Extended"),
        ({"arxiv": "2303.00001", "year": 2023}, LENS.title),
    ],
)
def test_another_papers_authors_are_refused(
    shell: Shell, server: CompletionServer, paper: dict[str, Any], found: str
) -> None:
    server.papers.append(replace(LENS, title=found))
    shell.add(title=LENS.title, **paper)
    before = shell.papers()
    report = shell.json("complete")
    assert (report["completed"], report["uncertain"]) == ([], [])
    assert shell.papers() == before


def test_two_papers_of_one_title_are_two_cards_and_accepting_one_settles_both(
    shell: Shell, server: CompletionServer
) -> None:
    other = replace(LENS, authors=("Bo Chen",), arxiv="2303.00001")
    server.papers += [LENS, other]
    shell.add(title=LENS.title, venue="arXiv")
    doubts = shell.json("complete")["uncertain"]
    assert {one["reason"] for one in doubts} == {"2 different papers have this title."}
    cards = shell.json("queue", "list")
    assert len(cards) == 2
    mine = next(one for one in cards if "Bo Chen" in one["changes"]["authors"]["after"])
    shell.json("queue", "decide", mine["number"], "accept")
    assert shell.json("queue", "list") == []
    assert shell.papers()[0]["authors"] == ["Bo Chen"]


def test_an_id_that_leads_to_other_people_is_not_merged(
    shell: Shell, server: CompletionServer
) -> None:
    server.papers.append(LENS)
    shell.add(title="Latent Predictions with a Lens", authors=["Bo Chen"], arxiv=LENS.arxiv)
    (doubt,) = shell.json("complete")["uncertain"]
    assert doubt["reason"] == "arXiv has different authors for this paper's ID."
    assert shell.papers()[0]["authors"] == ["Bo Chen"]


@pytest.mark.parametrize("known", [{"arxiv": LENS_ARXIV}, {"year": 2024}])
def test_a_preprint_and_its_published_version_are_completed_to_one_paper(
    shell: Shell, server: CompletionServer, known: dict[str, str]
) -> None:
    preprint = replace(LENS, doi="10.5555/1", only=("openalex",))
    published = replace(
        LENS, arxiv="", doi="10.5555/1", venue="Journal of Lenses", day="2024-02-01"
    )
    server.papers += [published, preprint]
    shell.add(title=LENS.title, authors=["Nora Belmont"], **known)
    shell.run("complete")
    (paper,) = shell.papers()
    assert (paper["arxiv"], paper["doi"]) == (LENS.arxiv, "10.5555/1")
    assert (paper["venue"], paper["year"]) == ("Journal of Lenses", 2024)


def test_a_retraction_is_in_the_note(shell: Shell, server: CompletionServer) -> None:
    server.retracted["10.5555/7"] = "10.5555/8"
    shell.add(title=LENS.title, doi="10.5555/7", note="Best paper", venue="ICML", year=2023)
    assert shell.json("complete")["completed"][0]["services"] == ["Crossref"]
    assert shell.papers()[0]["note"] == "Retracted, see https://doi.org/10.5555/8 · Best paper"
    assert shell.json("complete")["completed"] == []


def test_a_retraction_that_was_undone_is_asked_about(
    shell: Shell, server: CompletionServer
) -> None:
    server.retracted["10.5555/7"] = "10.5555/8"
    shell.add(title=LENS.title, doi="10.5555/7", note="Best paper", venue="ICML", year=2023)
    shell.run("undo", shell.json("complete")["completed"][0]["change"])
    report = shell.json("complete")
    assert report["completed"] == []
    (doubt,) = report["uncertain"]
    assert doubt["changes"]["note"] == {
        "before": "Best paper",
        "after": "Retracted, see https://doi.org/10.5555/8 · Best paper",
    }
    shell.json("queue", "decide", doubt["number"], "accept")
    assert shell.papers()[0]["note"] == doubt["changes"]["note"]["after"]


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
