"""People of one name are told apart by ids, such as DBLP's numbers, which nobody sees."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.announcements.filters import parse_filter
from storage.authors.clustering import NameVariant, cluster
from storage.authors.errors import AuthorAmbiguous, AuthorNotFound
from storage.errors import LabError
from storage.library import Library
from storage.models import AuthorSummary, PaperDraft, PartialDate
from storage.names.author_list import join_author_name, parse_author_list, parse_author_names
from storage.papers.combine import merge_metadata
from storage.search.query import parse
from tests.support.library import MODERATOR, added, credit, upsert

ONE, TWO, NONE = "Wei Wang 0001", "Wei Wang 0002", "Wei Wang"


async def papers(library: Library, name: str) -> set[str]:
    person = await library.authors.get(name)
    found = await library.authors.list_papers(person, limit=100)
    assert found.total == person.paper_count == len(found.papers)
    assert person.name == "Wei Wang"
    return {paper.title.removeprefix("By ") for paper in found.papers}


@pytest.mark.parametrize(
    "text",
    [
        "Wei Wang 0001 and Jane Roe",
        "Wei Wang 0001, Jane Roe",
        "Wang 0001, Wei; Roe, Jane",
        "Wang, Wei 0001; Roe, Jane",
        "Prof. Wei Wang 0001, Jane Roe PhD",
    ],
)
def test_a_number_stays_with_its_name(text: str) -> None:
    assert parse_author_list(text).names == (ONE, "Jane Roe")


def test_a_number_follows_the_suffix_and_is_never_zero() -> None:
    assert parse_author_names(["Roe Jr. 0002, John"], one_each=True).names == ("John Roe Jr. 0002",)
    assert parse_author_names(["Wei Wang 0000", "王伟 0003"]).names == (NONE, "王伟 0003")
    assert join_author_name("Wei", "Wang 0001") == join_author_name("Wei 0001", "Wang") == ONE
    assert PaperDraft(title="A", authors=(ONE, "John Roe Jr. 0002")).author_names == (
        NONE,
        "John Roe Jr.",
    )


async def test_two_numbers_are_two_people(library: Library) -> None:
    await credit(library, (ONE,), (TWO,), ("Wang, Wei 0002", "Jane Roe"))
    assert await papers(library, ONE) == {ONE}
    assert await papers(library, "wang, wei 0002") == {TWO, "Wang, Wei 0002 & Jane Roe"}
    with pytest.raises(AuthorNotFound):
        await library.authors.get("Wei Wang 0003")


async def test_a_name_without_a_number_belongs_to_the_only_person_with_one(
    library: Library,
) -> None:
    await credit(library, (NONE,), (ONE,), ("W. Wang",))
    for name in (NONE, ONE, "wang", "Wei Wang 0000"):
        assert await papers(library, name) == {NONE, ONE, "W. Wang"}
    await credit(library, (TWO,))
    assert await papers(library, ONE) == {ONE}
    assert await papers(library, TWO) == {TWO}
    assert await papers(library, "Wei Wang 0000") == {NONE}
    with pytest.raises(AuthorAmbiguous):
        await library.authors.get("W. Wang")


async def test_a_number_that_is_the_only_one_of_its_name_may_be_left_out_or_wrong(
    library: Library,
) -> None:
    await credit(library, (NONE,))
    assert await papers(library, "Wei Wang 0007") == {NONE}


async def test_an_ambiguous_name_says_how_to_tell_its_people_apart(library: Library) -> None:
    await upsert(library, PaperDraft(title="A", authors=(ONE, "Jane Roe"), date=PartialDate(2019)))
    await upsert(library, PaperDraft(title="B", authors=(ONE, "Jane Roe"), date=PartialDate(2021)))
    await upsert(library, PaperDraft(title="C", authors=(TWO,), date=PartialDate(2023)))
    await upsert(library, PaperDraft(title="D", authors=(NONE,)))
    choices = (
        AuthorSummary(NONE, 2, (2019, 2021), "0001", "Jane Roe"),
        AuthorSummary(NONE, 1, None, "0000"),
        AuthorSummary(NONE, 1, (2023, 2023), "0002"),
    )
    for name in (NONE, "wang"):
        with pytest.raises(AuthorAmbiguous) as caught:
            await library.authors.get(name)
        assert caught.value.choices == choices
        assert caught.value.people == (NONE,)
    assert "“Wei Wang 0001” (2019–2021, with Jane Roe)" in str(caught.value)
    assert await library.authors.suggest("wang") == choices
    for choice in choices:
        assert (await library.authors.get(choice.lookup)).paper_count == choice.paper_count
        found = await library.search.find(parse(f'author:"{choice.lookup}"'))
        assert found.results.total == choice.paper_count
    assert (await library.search.find(parse('author:"Wei Wang"'))).results.total == 4
    credited = await library.authors.suggest_credited("wei wang")
    assert {one.lookup for one in credited} == {NONE, ONE, TWO}


async def test_each_namesake_is_listed_with_their_own_papers_and_years(library: Library) -> None:
    for year in (2001, 2002):
        authors = (ONE, "Wang, Wei 0001")  # one person, credited twice
        await added(library, PaperDraft(f"By one {year}", authors, date=PartialDate(year)))
    for year in (2021, 2022, 2023):
        await added(library, PaperDraft(f"By two {year}", (TWO,), date=PartialDate(year)))
    found = (await library.authors.list_matches("Wei Wang")).people
    assert [(one.author_id, one.paper_count, one.years) for one in found] == [
        ("0002", 3, (2021, 2023)),
        ("0001", 2, (2001, 2002)),
    ]


async def test_namesakes_can_write_a_paper_together(library: Library) -> None:
    paper = await added(library, PaperDraft(title="Both", authors=(ONE, TWO)))
    assert paper.author_names == (NONE, NONE)
    assert (await library.authors.get(ONE)).coauthors == ((NONE, 1),)
    assert await library.authors.suggest("wei") == (
        AuthorSummary(NONE, 1, None, "0001", NONE),
        AuthorSummary(NONE, 1, None, "0002", NONE),
    )


async def test_merging_and_splitting_means_one_of_the_people(library: Library) -> None:
    await credit(library, (ONE,), (TWO,), (NONE,), ("Wei X. Wang",))
    with pytest.raises(AuthorAmbiguous):
        await library.authors.merge(NONE, "Wei X. Wang", MODERATOR)
    with pytest.raises(AuthorAmbiguous):
        await library.authors.merge("Wei X. Wang", NONE, MODERATOR)
    merged = await library.authors.merge(TWO, ONE, MODERATOR)
    assert merged.value == NONE
    assert await papers(library, NONE) == {NONE, ONE, TWO}
    split = await library.authors.split(TWO, MODERATOR)
    assert split.value == NONE
    assert await papers(library, TWO) == {TWO}
    assert await papers(library, ONE) == {ONE}
    await library.authors.merge("Wei Wang 0000", TWO, MODERATOR)
    assert await papers(library, TWO) == {TWO, NONE}


async def test_a_name_without_a_number_can_be_split_off(library: Library) -> None:
    await credit(library, (ONE,), (NONE,))
    await library.authors.split(NONE, MODERATOR)
    assert await papers(library, ONE) == {ONE}
    assert await papers(library, "Wei Wang 0000") == {NONE}


async def test_people_of_one_name_without_numbers_cant_be_split(library: Library) -> None:
    await credit(library, ("Wang, Wei",), (NONE,))
    with pytest.raises(LabError, match="like “Wei Wang 0001”"):
        await library.authors.split(NONE, MODERATOR)


async def test_only_one_of_the_people_is_renamed(library: Library) -> None:
    await credit(library, (ONE,), (TWO,), (NONE,))
    with pytest.raises(AuthorAmbiguous):
        await library.authors.rename(NONE, "Vera Wang", MODERATOR)
    with pytest.raises(LabError, match="Another person"):
        await library.authors.rename("Wei Wang 0000", TWO, MODERATOR)
    await credit(library, ("Ann Lee 0001",), ("Ann Lee 0002",))
    with pytest.raises(LabError, match="Another person"):
        await library.authors.rename(ONE, "Ann Lee", MODERATOR)
    renamed = await library.authors.rename(ONE, "Vera Wang", MODERATOR)
    assert renamed.value == "Vera Wang"
    await credit(library, ("WANG, Wei 0001",), ("WANG, Wei 0002",), ("WANG, Wei",))
    assert (await library.authors.get("Vera Wang")).paper_count == 2
    shown = {paper.author_names for paper in await library.papers.batch()}
    assert shown == {("Vera Wang",), (NONE,), ("WANG, Wei",), ("Ann Lee",)}
    await library.undo(renamed.change_id, MODERATOR)
    assert (await library.papers.get(1)).authors == (ONE,)
    assert (await library.authors.get(ONE)).paper_count == 2


async def test_a_former_name_is_hidden_with_its_first_number(library: Library) -> None:
    await credit(library, ("Jane Former",))
    await library.authors.rename("Jane Former", "Jane New", MODERATOR)
    await credit(library, ("Jane Former 0001",), ("Jane Former 0002",))
    shown = [paper.author_names for paper in await library.papers.batch()]
    assert shown == [("Jane New",), ("Jane New",), ("Jane Former",)]


async def test_a_name_without_a_number_isnt_hidden_if_it_may_be_somebody_elses(
    library: Library,
) -> None:
    await credit(library, (ONE,), (TWO,))
    await library.authors.rename(ONE, "Vera Wang", MODERATOR)
    await credit(library, (NONE,))
    assert (await library.papers.get(3)).authors == (NONE,)


async def test_a_source_without_numbers_erases_none(library: Library) -> None:
    for authors in ((ONE, "Bo Li"), (NONE, "Bo Li"), ("Wang, W.", "Bo Li"), (NONE, "B. Li", "Cy")):
        draft = PaperDraft(title="A", authors=authors, identifiers=("doi:10.1/x",))
        await upsert(library, draft)
    assert (await library.papers.get(1)).authors == (ONE, "B. Li", "Cy")


_NAMES = st.sampled_from([ONE, TWO, NONE, "W. Wang", "Wei X. Wang", "Bo Li", "Bo Li 0001", "B. Li"])
_DRAFTS = st.lists(_NAMES, max_size=3, unique_by=lambda name: name[:1]).map(
    lambda names: PaperDraft(title="A", authors=tuple(names))
)


@given(_DRAFTS, _DRAFTS)
def test_sources_give_the_same_authors_in_any_order(one: PaperDraft, other: PaperDraft) -> None:
    merged = merge_metadata(one, other)
    assert merged == merge_metadata(other, one)
    assert merged == merge_metadata(merged, one) == merge_metadata(merged, other)


@given(st.lists(st.sampled_from([ONE, TWO, NONE, "Wang, Wei", "W. Wang", "Wang, Wei 0002"])))
def test_two_numbers_are_never_one_person(names: list[str]) -> None:
    variants = [NameVariant(number, name, 1) for number, name in enumerate(dict.fromkeys(names))]
    for person in cluster(variants):
        author_ids = {variant.parsed.author_id for variant in person.variants} - {""}
        assert len(author_ids) < 2
        assert person.name in {NONE, "Wang, Wei", "W. Wang"}


async def test_a_channel_can_ask_for_one_of_the_people(library: Library) -> None:
    wanted = parse_filter(f'author:"{ONE}"')
    for authors, is_wanted in (((ONE,), True), ((TWO,), False), ((NONE,), True)):
        paper = await added(library, PaperDraft(title=f"By {authors}", authors=authors))
        assert wanted.matches(paper, None) is is_wanted
