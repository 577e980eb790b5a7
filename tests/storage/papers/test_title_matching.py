from __future__ import annotations

from dataclasses import replace

import pytest

from storage.library import Library
from storage.models import Origin, Outcome, PaperDraft, PartialDate
from storage.papers.identifiers import listed_title
from tests.support.library import MODERATOR

LAB = MODERATOR
TITLE = "Fooling All the Detectors with Small Models"


def listed(title: str, *identifiers: str) -> PaperDraft:
    return PaperDraft(
        title=title,
        venue="CIKM",
        date=PartialDate(2022, 10),
        identifiers=(*identifiers, listed_title(title)),
        posted_by="Ada Lovelace",
    )


PAGE = replace(
    listed("Fooling All the Big Detectors with Small Models"), authors=("Ada Lovelace", "Jane Doe")
)
SHEET = listed(TITLE, "doi:10.1000/1")


async def outcomes(library: Library, *drafts: PaperDraft) -> list[Outcome]:
    return [
        (await library.papers.upsert(draft, Origin.IMPORT, LAB)).value.outcome for draft in drafts
    ]


def test_compounds_in_listed_titles_are_equal_in_any_spelling() -> None:
    assert listed_title("Multitask Fine-Tuning") == listed_title("Multitask finetuning")


@pytest.mark.parametrize("drafts", [(PAGE, SHEET), (SHEET, PAGE)])
async def test_titles_on_two_lists_that_differ_by_one_word_are_one_paper(
    library: Library, drafts: tuple[PaperDraft, ...]
) -> None:
    assert await outcomes(library, *drafts) == [Outcome.ADDED, Outcome.UPDATED]
    assert await outcomes(library, *drafts) == [Outcome.UNCHANGED] * 2
    (paper,) = await library.papers.batch()
    assert (paper.doi, len(paper.authors)) == ("10.1000/1", 2)
    counts = (await library.papers.upsert_many(drafts, Origin.IMPORT, LAB)).value
    assert counts == {Outcome.UNCHANGED: 2}


@pytest.mark.parametrize(
    "other",
    [
        replace(SHEET, venue="ICML"),
        replace(SHEET, date=PartialDate(2024)),
        replace(SHEET, date=None),
        replace(SHEET, posted_by="Somebody Else"),
        replace(SHEET, identifiers=("doi:10.1000/1",)),
        listed("Fooling All the Very Big Detectors with Large Models", "doi:10.1000/1"),
        listed("Fooling the Detectors with Small Models", "doi:10.1000/1"),
    ],
)
async def test_listed_titles_with_any_other_difference_are_two_papers(
    library: Library, other: PaperDraft
) -> None:
    assert await outcomes(library, PAGE, other) == [Outcome.ADDED, Outcome.ADDED]


async def test_two_papers_with_identifiers_are_never_merged_by_title(
    library: Library,
) -> None:
    page = replace(PAGE, identifiers=("doi:10.1000/2", *PAGE.identifiers))
    assert await outcomes(library, page, SHEET) == [Outcome.ADDED, Outcome.ADDED]


async def test_a_title_that_matches_two_papers_matches_neither(library: Library) -> None:
    other = replace(PAGE, title=(title := "Fooling All the Old Detectors with Small Models"))
    other = replace(other, identifiers=(listed_title(title),))
    assert await outcomes(library, PAGE, other, SHEET) == [Outcome.ADDED] * 3


async def test_a_listed_title_tells_more_than_a_url_that_stands_for_several_papers(
    library: Library,
) -> None:
    proceedings = "url:lab.example/proceedings"
    other = PaperDraft("Counting Ferns", ("Alan Turing",), identifiers=(proceedings,))
    assert await outcomes(library, other, PAGE) == [Outcome.ADDED, Outcome.ADDED]
    assert await outcomes(library, listed(TITLE, proceedings)) == [Outcome.UPDATED]
    unlisted = replace(listed(TITLE, proceedings), identifiers=(proceedings,))
    assert await outcomes(library, unlisted) == [Outcome.DUPLICATE]


async def test_a_removed_paper_stays_removed_under_a_title_that_differs_by_one_word(
    library: Library,
) -> None:
    (added,) = [(await library.papers.upsert(PAGE, Origin.IMPORT, LAB)).value.paper]
    assert added is not None
    await library.papers.remove(added.id, LAB)
    assert await outcomes(library, SHEET) == [Outcome.REMOVED]


@pytest.mark.parametrize("word", ["2023", "v2", "II", "No", "Second", "Extended"])
async def test_a_word_that_distinguishes_papers_of_a_series_makes_another_paper(
    library: Library, word: str
) -> None:
    longer = replace(SHEET, title=f"{SHEET.title} {word}", identifiers=())
    longer = replace(longer, identifiers=(listed_title(longer.title),))
    assert await outcomes(library, SHEET, longer) == [Outcome.ADDED, Outcome.ADDED]
