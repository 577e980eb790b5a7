"""Questions about years and authors: what they find, and what is left as it is."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.library import Library
from storage.models import Filters, Origin, PaperDraft, PartialDate, Sort
from storage.search.interpretation import Interpretation
from storage.search.query import parse
from tests.support.lab import NOW, FakeClock
from tests.support.library import MODERATOR

THIS_YEAR = NOW.year


def draft(title: str, year: int, *authors: str, abstract: str = "") -> PaperDraft:
    return PaperDraft(title, authors=authors, date=PartialDate(year), abstract=abstract)


DRAFTS = (
    draft("How proteins fold", THIS_YEAR - 1, "Ann Lee"),
    draft("Proteins every year", THIS_YEAR - 4, "Bo Chen", abstract="Papers from last century."),
    draft("Mathematics of ferns", THIS_YEAR - 3, "Stella Biderman"),
    draft("Scaling ferns", THIS_YEAR - 2, "Stella Biderman", "Ann Lee"),
    draft("What math people write", THIS_YEAR - 1, "Bo Chen"),
    draft("Attention since 2017", 2016, "Cy Fox"),
    draft("Before 2020: ferns in crisis", 2021, "Cy Fox"),
    draft(
        "Last Year in Proteins", THIS_YEAR - 3, abstract="We took what grew in 2018 and dried it"
    ),
    draft("Learning by hand", 2020, "Di Hand"),
)


@pytest.fixture
async def papers(library: Library) -> Library:
    await library.papers.upsert_many(DRAFTS, Origin.IMPORT, MODERATOR)
    return library


async def ask(library: Library, text: str) -> tuple[Interpretation, list[str]]:
    read = await library.search.interpret(text, Filters())
    found = await library.search.find(parse(read.text, read.filters), sort=read.sort)
    return read, [paper.title for paper in found.results.papers]


@pytest.mark.parametrize(
    ("question", "titles"),
    [
        ("papers from last year about proteins", ["How proteins fold"]),
        ("which papers did Biderman write about math", ["Mathematics of ferns"]),
        ("what has Biderman published on scaling", ["Scaling ferns"]),
        ("papers by Ann Lee about ferns", ["Scaling ferns"]),
        ("papers by lee about proteins", ["How proteins fold"]),
        ("what did Biderman write?", ["Scaling ferns", "Mathematics of ferns"]),
        (f"Biderman's papers from {THIS_YEAR - 3}", ["Mathematics of ferns"]),
        ("Biderman's latest papers", ["Scaling ferns", "Mathematics of ferns"]),
    ],
)
async def test_a_question_finds_what_it_asks_for(
    papers: Library, question: str, titles: list[str]
) -> None:
    read, found = await ask(papers, question)
    assert found == titles
    assert read.conditions


async def test_recent_papers_come_by_date(papers: Library) -> None:
    read, found = await ask(papers, "recent papers about ferns")
    assert (read.text, read.sort, read.conditions) == ("ferns", Sort.NEWEST, ("order",))
    assert found == ["Scaling ferns", "Mathematics of ferns", "Before 2020: ferns in crisis"]


@pytest.mark.parametrize(
    ("words", "title"),
    [
        ("attention since 2017", "Attention since 2017"),
        ("before 2020", "Before 2020: ferns in crisis"),
        ("ferns before 2020", "Before 2020: ferns in crisis"),
        ("Last Year in Proteins", "Last Year in Proteins"),
        ("proteins last year", "Last Year in Proteins"),
        ('"last year" proteins', "Last Year in Proteins"),
        ("took what grew in 2018 and dried", "Last Year in Proteins"),
        ("learning by Hand", "Learning by hand"),
    ],
)
async def test_the_words_of_a_paper_are_searched_as_they_are(
    papers: Library, words: str, title: str
) -> None:
    read, found = await ask(papers, words)
    assert (read.text, read.conditions) == (words, ())
    assert found[0] == title


async def test_who_is_not_in_the_list_is_no_author(papers: Library) -> None:
    read, _ = await ask(papers, "papers by Zuckerman about ferns")
    assert read.conditions == ()


async def test_an_ambiguous_name_is_searched_among_the_authors(library: Library) -> None:
    drafts = [draft("Ferns", 2020, "Ann Lee"), draft("Mosses", 2020, "Bo Lee"), draft("Lee", 2020)]
    await library.papers.upsert_many(drafts, Origin.IMPORT, MODERATOR)
    read, found = await ask(library, "papers by Lee")
    assert read.filters == Filters(author="Lee")
    assert sorted(found) == ["Ferns", "Mosses"]


async def test_given_filters_and_orders_stay(papers: Library) -> None:
    given = Filters(author="Chen", first_year=2000)
    text = "recent papers by Lee from last year"
    read = await papers.search.interpret(text, given, Sort.OLDEST)
    assert read == Interpretation(text, given, Sort.OLDEST)
    text = "papers by Lee from last year author:chen year:2020"
    assert (await papers.search.interpret(text, Filters())).text == text


async def test_last_year_depends_on_the_clock(papers: Library, clock: FakeClock) -> None:
    clock.advance(timedelta(days=366))
    read = await papers.search.interpret("proteins of last year", Filters())
    assert (read.filters.first_year, read.filters.last_year) == (THIS_YEAR, THIS_YEAR)


async def test_nothing_is_hidden_for_good_if_an_author_has_nothing_on_it(papers: Library) -> None:
    read, found = await ask(papers, "what did Biderman write about proteins")
    assert found == []
    proposed = await papers.search.alternatives(read.text, read.filters)
    assert [one.proposal.dropped for one in proposed] == [("words",), ("author",)]
