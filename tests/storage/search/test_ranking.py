"""Searches for words that thousands of papers have, more than are ranked."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.library import Library, open_library
from storage.models import Origin, PaperDraft, PartialDate
from storage.search.query import parse
from tests.support.library import MODERATOR

PAPERS = 2_400


def clock() -> datetime:
    return datetime(2026, 11, 25, tzinfo=UTC)


def draft(number: int) -> PaperDraft:
    """Returns a paper with “common” in the abstract, and in some titles, authors or venues.

    Most titles contain “study”. Papers with higher numbers are newer.
    """
    title = f"A study of subject {number}"
    match number:
        case 7:
            title = "Common"
        case 100:
            title = "What we study in common"
        case 20 | 1_200 | 2_000:
            title = f"Common ground {number}"
        case _ if number % 30 == 0:
            title = f"Many lenses seen by lens {number}"
    return PaperDraft(
        title=title,
        authors=("Ann Common",) if number in {40, 1_500} else ("Mo Lee",),
        venue="Common Workshop" if number in {50, 60, 1_800} else "ICML",
        abstract=f"It is common to study what we have in common. {'Rarely so.' * (number == 5)}",
        date=PartialDate(1900 + number // 300, 1 + number // 28 % 10, 1 + number % 28),
    )


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("many") / "papers.db"

    async def build() -> None:
        async with open_library(path, clock) as library:
            drafts = [draft(number) for number in range(1, PAPERS + 1)]
            await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)

    asyncio.run(build())
    return path


@pytest.fixture
async def many(built: Path, tmp_path: Path) -> AsyncIterator[Library]:
    path = tmp_path / "papers.db"
    shutil.copyfile(built, path)
    async with open_library(path, clock) as library:
        yield library


async def found(library: Library, text: str, *, offset: int = 0, limit: int = 12) -> list[str]:
    found = await library.search.find(parse(text), offset=offset, limit=limit)
    return [paper.title for paper in found.results.papers]


async def complete(library: Library, text: str) -> list[str]:
    """Returns the titles of the first papers that have all words."""
    found = await library.search.find(parse(text), limit=12)
    return [paper.title for paper in found.results.papers[: found.complete]]


async def test_a_common_word_is_found_in_titles_before_authors_venues_and_abstracts(
    many: Library,
) -> None:
    numbers = [
        paper.id for paper in (await many.search.find(parse("common"), limit=12)).results.papers
    ]
    assert numbers[0] == 7  # the exact title, old as it is
    assert set(numbers[1:5]) == {20, 100, 1_200, 2_000}
    assert set(numbers[5:7]) == {40, 1_500}
    assert set(numbers[7:10]) == {50, 60, 1_800}
    newest = (await many.search.find(parse(""), limit=2)).results.papers
    assert numbers[10:] == [paper.id for paper in newest]


async def test_pages_of_a_common_word_have_no_duplicates_and_match_the_count(
    many: Library,
) -> None:
    first = (await many.search.find(parse("common"), limit=5)).results
    assert (first.total, first.total_is_minimum) == (200, True)
    shown: list[str] = []
    for offset in range(0, first.total, 5):
        shown += await found(many, "common", offset=offset, limit=5)
    assert len(set(shown)) == first.total


async def test_enough_matching_titles_skip_the_other_tiers(many: Library) -> None:
    page = await found(many, "study", limit=40)
    assert len(set(page)) == 40
    assert all(title.startswith("A study of subject") for title in page)


async def test_a_rare_word_is_found_together_with_common_ones(
    many: Library,
) -> None:
    assert await complete(many, "common study rarely") == ["A study of subject 5"]
    assert await complete(many, "study common -rarely subject 5") != ["A study of subject 5"]
    lenses = await many.search.find(parse("lens study"), limit=100)
    assert lenses.complete == PAPERS // 30 - 1  # titled so, and all abstracts say “study”
    assert lenses.results.papers[0].id == PAPERS
    assert await complete(many, "lens many subject") == []
    assert await complete(many, "common subject 1199") == ["A study of subject 1199"]


async def test_common_words_that_never_occur_together_have_no_results(
    many: Library,
) -> None:
    assert await found(many, '"study common"') == []
    exclusion = await many.search.find(parse("common -study"), limit=5)
    assert exclusion.results.total == 0
    assert {*await found(many, "common -subject", limit=100)} == {
        "Common",
        "What we study in common",
        *(f"Common ground {number}" for number in (20, 1_200, 2_000)),
        *(
            f"Many lenses seen by lens {number}"
            for number in range(30, PAPERS + 1, 30)
            if number != 1_200
        ),
    }


async def test_all_papers_are_read_in_batches(many: Library) -> None:
    pages = [page async for page in many.search.pages(parse("study"))]
    assert [paper.id for page in pages for paper in page] == [*range(1, PAPERS + 1)]
    assert max(map(len, pages)) < PAPERS


async def test_titles_are_suggested_by_common_and_rare_words(many: Library) -> None:
    assert await many.search.suggest_titles("common gro") != ()
    assert len(await many.search.suggest_titles("subject")) == 25
    assert len(await many.search.suggest_titles("a study")) == 25
    assert [title for _, title in await many.search.suggest_titles("subject study 1199")] == [
        "A study of subject 1199"
    ]
    assert await many.search.suggest_titles("rarely") == ()  # in an abstract alone
    assert await many.search.suggest_titles("subject of nothing") == ()


async def test_an_old_title_with_common_words_is_suggested_if_no_newer_one_matches(
    many: Library,
) -> None:
    assert await many.search.suggest_titles("study what we") == ((100, "What we study in common"),)
    assert await many.search.suggest_titles("many lenses 30 by seen study") == ()


async def test_the_title_that_was_misspelled_is_first(library: Library) -> None:
    for title in ("Threaded code", "Indirect threaded code", "Levels of computer systems"):
        await library.papers.upsert(PaperDraft(title), Origin.IMPORT, MODERATOR)
    assert await found(library, "Trheaded Cdoe") == ["Threaded code", "Indirect threaded code"]
    assert (await found(library, "lfvels of copmuter systems"))[0] == "Levels of computer systems"
    unclear = await library.search.find(parse("lfvels systems"))  # two words are no title
    assert (unclear.searched_for, unclear.corrections) == ("", ())


async def test_words_in_the_title_and_rare_words_count_more_behind_papers_with_all_words(
    library: Library,
) -> None:
    drafts = [
        PaperDraft("Tuned probes", abstract="Of lenses."),
        PaperDraft("A probe", abstract="Nothing else."),
        PaperDraft("Lenses", abstract="Tuned by hand."),
        PaperDraft("Something", abstract="They were tuned."),
        PaperDraft("Something else", abstract="They were tuned."),
    ]
    await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)
    assert await found(library, "tuned probes lenses") == [
        "Tuned probes",
        "Lenses",
        "A probe",
    ]
    assert (await found(library, "lenses tuned by hand"))[:2] == ["Lenses", "Tuned probes"]
