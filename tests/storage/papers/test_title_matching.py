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


def test_a_listed_title_is_the_same_however_its_words_are_joined() -> None:
    assert listed_title("Multitask Fine-Tuning") == listed_title("Multitask finetuning")


@pytest.mark.parametrize("drafts", [(PAGE, SHEET), (SHEET, PAGE)])
async def test_two_lists_that_name_one_paper_a_word_apart_give_one_paper(
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
async def test_where_anything_else_differs_they_are_two_papers(
    library: Library, other: PaperDraft
) -> None:
    assert await outcomes(library, PAGE, other) == [Outcome.ADDED, Outcome.ADDED]


async def test_two_papers_with_identifiers_of_their_own_are_never_joined_by_their_titles(
    library: Library,
) -> None:
    page = replace(PAGE, identifiers=("doi:10.1000/2", *PAGE.identifiers))
    assert await outcomes(library, page, SHEET) == [Outcome.ADDED, Outcome.ADDED]


async def test_where_two_papers_could_be_meant_neither_is_taken(library: Library) -> None:
    other = replace(PAGE, title=(title := "Fooling All the Old Detectors with Small Models"))
    other = replace(other, identifiers=(listed_title(title),))
    assert await outcomes(library, PAGE, other, SHEET) == [Outcome.ADDED] * 3


async def test_a_removed_paper_is_not_brought_back_under_a_title_a_word_apart(
    library: Library,
) -> None:
    (added,) = [(await library.papers.upsert(PAGE, Origin.IMPORT, LAB)).value.paper]
    assert added is not None
    await library.papers.remove(added.id, LAB)
    assert await outcomes(library, SHEET) == [Outcome.REMOVED]


@pytest.mark.parametrize("word", ["2023", "v2", "II", "No", "Second", "Extended"])
async def test_a_word_that_tells_one_of_a_row_makes_another_paper(
    library: Library, word: str
) -> None:
    longer = replace(SHEET, title=f"{SHEET.title} {word}", identifiers=())
    longer = replace(longer, identifiers=(listed_title(longer.title),))
    assert await outcomes(library, SHEET, longer) == [Outcome.ADDED, Outcome.ADDED]
