"""Tests of what papers lack, and of which answers are about them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.completing.decider import Answer, find_gaps, judge_lookup, judge_titles
from storage.models import PaperDraft, PartialDate

TITLE = "Eliciting Latent Predictions with a Lens"
FOUND = PaperDraft(
    title=TITLE,
    authors=("Nora Belmont", "Zach Furness"),
    venue="arXiv",
    date=PartialDate(2023, 4, 3),
    identifiers=("arxiv:2303.08112",),
)


def paper(title: str = TITLE, **fields: Any) -> PaperDraft:
    return PaperDraft(title=title, **fields)


def found(service: str = "OpenAlex", **fields: Any) -> Answer:
    values = {name: getattr(FOUND, name) for name in ("title", "authors", "date", "identifiers")}
    return Answer(service, PaperDraft(**{**values, "venue": "arXiv", **fields}))


def test_everything_that_a_paper_lacks_is_a_gap_except_what_a_moderator_emptied() -> None:
    everything = ("authors", "year", "ids", "abstract", "publication")
    assert find_gaps(paper()) == everything
    locked = frozenset({"authors", "date", "identifiers", "abstract", "venue"})
    assert find_gaps(paper(), locked) == ()
    whole = paper(
        authors=("Ann Lee",),
        date=PartialDate(2023),
        identifiers=("doi:10.5555/1",),
        abstract="We look at it.",
        venue="ICML",
    )
    assert find_gaps(whole) == ()


@pytest.mark.parametrize(
    ("fields", "gap"),
    [
        ({"authors": ("Ann Lee",), "authors_complete": False}, "authors"),
        ({"authors": ("Lee", "Chen")}, "authors"),
        ({"venue": "bioRxiv"}, "publication"),
    ],
)
def test_shortened_credits_and_preprints_are_gaps(fields: dict[str, Any], gap: str) -> None:
    assert gap in find_gaps(paper(**fields))


@pytest.mark.parametrize(
    "known",
    [
        paper(authors=("N. Belmont",)),
        paper(authors=("Belmont",), date=PartialDate(2021)),
        paper(date=PartialDate(2022)),
        paper("ELICITING latent predictions, with a lens!", date=PartialDate(2023)),
        paper("Eliciting Latent-Predictions with a Lens", authors=("Zach Furness",)),
    ],
)
def test_the_same_title_and_an_author_or_a_year_are_enough(known: PaperDraft) -> None:
    assert judge_titles(known, [found()]).accepted == (found(),)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ICML", "International Conference on Machine Learning"),
        ("NeurIPS", "NeurIPS 2023"),
        ("Nature Methods", "Nature methods"),
    ],
)
def test_the_same_venue_is_enough_under_its_abbreviation_too(one: str, other: str) -> None:
    assert judge_titles(paper(venue=one), [found(venue=other)]).accepted
    assert judge_titles(paper(venue=other), [found(venue=one)]).accepted


def test_a_preprint_server_is_no_venue_to_tell_a_paper_by() -> None:
    verdict = judge_titles(paper(venue="arXiv"), [found()])
    assert not verdict.accepted
    assert verdict.doubts[0].reason == "It has this title, but only OpenAlex knows it."


@pytest.mark.parametrize(
    ("known", "answer"),
    [
        (paper(), found(title="Eliciting Latent Predictions with a Prism")),
        (paper(), found(title=f"{TITLE}: Part 2")),
        (paper(authors=("Bo Chen",)), found()),
        (paper(identifiers=("arxiv:2304.00001",), date=PartialDate(2023)), found()),
    ],
)
def test_other_titles_people_and_ids_are_ignored(known: PaperDraft, answer: Answer) -> None:
    verdict = judge_titles(known, [answer, Answer("Crossref", answer.draft)])
    assert (verdict.accepted, verdict.doubts) == ((), ())


def test_a_long_title_alone_is_enough_if_two_services_give_the_same_paper() -> None:
    answers = [found(), found("Crossref", identifiers=("doi:10.5555/1",))]
    assert judge_titles(paper(), answers).accepted == tuple(answers)


@pytest.mark.parametrize(
    ("known", "answers", "reason"),
    [
        (paper(), [found(), found()], "only OpenAlex knows it"),
        (
            paper("A Lens for Everybody"),
            [found(title="A Lens for Everybody"), found("Crossref", title="A Lens for Everybody")],
            "too short to be sure",
        ),
        (
            paper("Lenses", date=PartialDate(2023)),
            [found(title="Lenses")],
            "too short to be sure",
        ),
        (paper(date=PartialDate(2019)), [found(), found("Crossref")], "from a different year"),
        (
            paper(authors=("Nora Belmont",), date=PartialDate(2009)),
            [found()],
            "from a different year",
        ),
        (
            paper(),
            [found(), found("Crossref", authors=("Bo Chen",), identifiers=("doi:10.5555/1",))],
            "2 different papers",
        ),
        (
            paper(date=PartialDate(2023)),
            [found(), found(authors=("Bo Chen",), identifiers=("arxiv:2303.00001",))],
            "2 different papers",
        ),
    ],
)
def test_what_is_not_sure_is_doubted_with_a_reason(
    known: PaperDraft, answers: list[Answer], reason: str
) -> None:
    verdict = judge_titles(known, answers)
    assert not verdict.accepted
    assert all(reason in doubt.reason for doubt in verdict.doubts)
    assert verdict.doubts


def test_an_author_in_common_tells_papers_of_one_title_apart() -> None:
    other = found(authors=("Bo Chen",), identifiers=("arxiv:2303.00001",))
    assert judge_titles(paper(authors=("N. Belmont",)), [other, found()]).accepted == (found(),)


def test_an_id_of_a_paper_with_quite_another_title_is_doubted() -> None:
    known = paper(identifiers=("arxiv:2303.08112",))
    assert judge_lookup(known, found()).accepted
    verdict = judge_lookup(known, found(title="Birds of the North"))
    assert not verdict.accepted
    assert "“Birds of the North”" in verdict.doubts[0].reason
