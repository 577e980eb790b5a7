from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.authors.errors import AuthorAmbiguous, AuthorNotFound
from storage.errors import InvalidInput, LabError
from storage.library import Library
from storage.models import Author, AuthorSummary, Origin, PaperDraft, PartialDate
from tests.support.library import MODERATOR, credit, suggested


async def fill(library: Library, *drafts: PaperDraft) -> None:
    for draft in drafts:
        await library.papers.upsert(draft, Origin.IMPORT, MODERATOR)


async def titles(library: Library, person: Author) -> set[str]:
    found = await library.authors.list_papers(person, limit=100)
    assert found.total == person.paper_count == len(found.papers)
    return {paper.title for paper in found.papers}


async def test_a_short_name_is_attributed_while_it_fits_one_person(library: Library) -> None:
    await fill(
        library,
        PaperDraft(title="Full", authors=("Stella Biderman", "Ann Lee")),
        PaperDraft(title="Bare", authors=("Biderman", "Ann Lee")),
        PaperDraft(title="Initial", authors=("S. Biderman",)),
        PaperDraft(title="Posted only", posted_by="Stella Biderman"),
    )
    person = await library.authors.get("biderman")
    assert person.name == "Stella Biderman"
    assert await titles(library, person) == {"Full", "Bare", "Initial"}
    assert set(person.variants) == {"Stella Biderman", "Biderman", "S. Biderman"}
    assert person.coauthors == (("Ann Lee", 2),)

    await fill(library, PaperDraft(title="Cousin", authors=("Anna Biderman",)))
    with pytest.raises(AuthorAmbiguous) as caught:
        await library.authors.get("Biderman")
    assert set(caught.value.people) == {"Anna Biderman", "Stella Biderman"}
    stella = await library.authors.get("Stella Biderman")
    assert await titles(library, stella) == {"Full", "Initial"}


async def test_removed_papers_count_for_nobody(library: Library) -> None:
    await fill(library, PaperDraft(title="Gone", authors=("Ann Lee",)))
    await library.papers.remove(1, MODERATOR)
    with pytest.raises(AuthorNotFound):
        await library.authors.get("Ann Lee")
    assert await suggested(library, "ann") == ()


async def test_an_unknown_name_suggests_similar_ones(library: Library) -> None:
    await fill(library, PaperDraft(title="A", authors=("Stella Biderman",)))
    with pytest.raises(AuthorNotFound, match="Stella Biderman"):
        await library.authors.get("Stela Biedermann")
    with pytest.raises(AuthorNotFound) as caught:
        await library.authors.get("Qqq Www")
    assert caught.value.similar == ()
    with pytest.raises(InvalidInput):
        await library.authors.get(" . ")


async def test_an_author_has_papers_years_and_venues(library: Library) -> None:
    await fill(
        library,
        PaperDraft(title="A", authors=("Ann Lee",), venue="ICML", date=PartialDate(2020)),
        PaperDraft(title="B", authors=("Lee, Ann",), venue="ICML", date=PartialDate(2023)),
        PaperDraft(title="C", authors=("Ann Lee",)),
    )
    person = await library.authors.get("A. Lee")
    assert person.years == (2020, 2023)
    assert person.venues == (("ICML", 2),)
    assert person.paper_count == 3


async def test_autocomplete_matches_any_part_of_a_name(library: Library) -> None:
    await fill(
        library,
        PaperDraft(title="A", authors=("Ann Lee", "Juan Manuel Zambrano Chaves")),
        PaperDraft(title="B", authors=("Ann Lee",)),
    )
    assert await suggested(library, "") == (
        ("Ann Lee", 2),
        ("Juan Manuel Zambrano Chaves", 1),
    )
    for typed in ("zam", "chaves", "juan m", "manuel cha"):
        assert await suggested(library, typed) == (("Juan Manuel Zambrano Chaves", 1),)
    assert await suggested(library, "lee zam") == ()


@pytest.mark.parametrize(
    ("credited", "query"),
    [
        ("Jürgen Müller", "Mueller, Juergen"),
        ("Juergen Mueller", "Jürgen Müller"),
        ("Jürgen Müller", "jurgen muller"),
        ("Søren Ørsted", "Soeren Oersted"),
        ("Łukasz Kaiser", "LUKASZ KAISER"),
        ("Jean-Benoit Delbrouck", "J.-B. Delbrouck"),
        ("Jean-Benoit Delbrouck", "JB Delbrouck"),
        ("Xiaoming Li", "Li, Xiao-Ming"),
        ("Abebe Kassa Woldu", "Kassa Woldu, Abebe"),
        ("Teven Le Scao", "Le Scao"),
        ("Ann O’Brien", "O'Brien"),
        ("Иван Иванович Петров", "Петров И. И."),
        ("王小明", "王 小明"),
        ("王小明", "王"),
        ("김철수", "김, 철수"),
        ("山田太郎", "山田"),
    ],
)
async def test_a_person_is_found_by_another_spelling(
    library: Library, credited: str, query: str
) -> None:
    await credit(library, (credited, "Somebody Else"))
    person = await library.authors.get(query)
    assert (person.name, person.paper_count) == (credited, 1)


async def test_no_two_people_share_a_paper_silently(library: Library) -> None:
    await credit(
        library,
        ("Jan Novák",),
        ("Jan Novák Jr.",),
        ("J. Novak",),
        ("Wei Li",),
        ("Wen Li",),
        ("W. Li",),
        ("Le Song",),
        ("Dawn Song",),
    )
    for name, papers in (("Jan Novák", 1), ("Wei Li", 1), ("Wen Li", 1), ("Dawn Song", 1)):
        assert await titles(library, await library.authors.get(name)) == {f"By {name}"}, papers
    with pytest.raises(AuthorAmbiguous) as caught:
        await library.authors.get("W. Li")
    assert set(caught.value.people) == {"Wei Li", "Wen Li"}


async def test_a_short_name_of_another_person_is_not_attributed(
    library: Library,
) -> None:
    await credit(library, ("Sarah Biderman",), ("S. Biderman",))
    with pytest.raises(AuthorNotFound, match="Sarah Biderman"):
        await library.authors.get("Stella Biderman")
    assert (await library.authors.get("S. Biderman")).paper_count == 2


async def test_short_names_that_fit_nobody_are_people_of_their_own(library: Library) -> None:
    await credit(library, ("S. Biderman",), ("Biderman",), ("A. Biderman",))
    assert await titles(library, await library.authors.get("S. Biderman")) == {"By S. Biderman"}
    assert await titles(library, await library.authors.get("Biderman")) == {"By Biderman"}
    with pytest.raises(AuthorNotFound):
        await library.authors.get("Zoe Biderman-Smith")


async def test_initials_that_fit_many_people_are_attributed_to_none(library: Library) -> None:
    crowd = [(f"Wei{letter}{other}a Wang",) for letter in "bcdfghjklmn" for other in "aeiourstvw"]
    await credit(library, *crowd, ("Wei Wang",), ("W. Wang",), ("W. B. Wang",))
    assert (await library.authors.get("Wei Wang")).paper_count == 1
    with pytest.raises(AuthorAmbiguous):
        await library.authors.get("W. Wang")


async def test_a_name_without_letters_has_no_similar_ones(library: Library) -> None:
    await credit(library, ("Ann Lee",))
    with pytest.raises(AuthorNotFound) as caught:
        await library.authors.get("👩 Z")
    assert caught.value.similar == ()


async def test_matches_come_with_their_papers_and_years_most_papers_first(
    library: Library,
) -> None:
    await fill(
        library,
        PaperDraft(title="One", authors=("Leo Gao", "Ann Gao"), date=PartialDate(2019)),
        PaperDraft(title="Two", authors=("L. Gao",), date=PartialDate(2023, 5)),
        PaperDraft(title="Three", authors=("Mia Gao",)),
        PaperDraft(title="Four", authors=("Leo Gao",)),
    )
    found = await library.authors.list_matches("gao")
    assert found.people == (
        AuthorSummary("Leo Gao", 3, (2019, 2023)),
        AuthorSummary("Ann Gao", 1, (2019, 2019)),
        AuthorSummary("Mia Gao", 1),
    )
    assert (found.total, found.total_is_minimum) == (3, False)
    for person in found.people:
        author = await library.authors.get(person.name)
        assert (author.paper_count, author.years) == (person.paper_count, person.years)
    first = await library.authors.list_matches("gao", limit=1)
    assert (first.people, first.total) == (found.people[:1], 3)
    assert (await library.authors.list_matches("nobody")).people == ()


async def test_a_large_family_is_looked_up_without_reading_all_of_it(library: Library) -> None:
    crowd = [f"{first}{second}a Wang" for first in "ABCDEFGHIJKLMNOPQRST" for second in "aeioulnr"]
    await credit(library, *[(name,) for name in crowd], ("Wang",), ("A. Wang",), ("Wei Wang",))
    await credit(library, *[("Wei Wang", f"Guest {number:03}") for number in range(3)])
    with pytest.raises(AuthorAmbiguous) as caught:
        await library.authors.get("Wang")
    assert caught.value.people[0] == "Wei Wang"
    listed = await library.authors.list_matches("Wang")
    assert (listed.people[0].name, len(listed.people), listed.total) == ("Wei Wang", 25, 161)
    assert (await library.authors.get("Wei Wang")).paper_count == 4
    assert (await suggested(library, "wang"))[0] == ("Wei Wang", 4)
    assert (await suggested(library, "w"))[0] == ("Wei Wang", 4)
    assert (await suggested(library, "wan we"))[0] == ("Wei Wang", 4)
    assert len(await suggested(library, "wang")) == 25


async def test_the_variants_of_one_person_are_one_suggestion(library: Library) -> None:
    await credit(library, ("Stella Biderman",), ("Biderman",), ("Biderman, Stella",), ("Ann Lee",))
    assert await suggested(library, "bid") == (("Stella Biderman", 3),)


@pytest.mark.parametrize(
    ("query", "intended"),
    [
        ("Bob Quillon", "Robert Quillon"),
        ("Steve Harrew", "Steven Harrow"),
        ("Biedermann", "Stella Biderman"),
        ("Abebe Kassa", "Abebe Kassa Woldu"),
        ("Tran Bao Linh", "Linh Bao Tran"),
        ("Jim Talvey", "Jim Talwey"),
    ],
)
async def test_a_misspelled_name_suggests_the_intended_person(
    library: Library, query: str, intended: str
) -> None:
    await credit(
        library,
        ("Robert Quillon", "Steven Harrow", "Stella Biderman", "Abebe Kassa Woldu"),
        ("Linh Bao Tran", "Jim Talwey", "Ann Lee", "Bo Chen"),
    )
    try:
        offered: tuple[str, ...] = ((await library.authors.get(query)).name,)
    except AuthorNotFound as error:
        offered = error.similar
    assert intended in offered
    assert len(offered) <= 3


async def test_counts_follow_removed_and_restored_papers(library: Library) -> None:
    await credit(library, ("Ann Lee", "Bo Chen"), ("Ann Lee",))
    await library.papers.remove(1, MODERATOR)
    assert await suggested(library, "") == (("Ann Lee", 1),)
    await library.papers.upsert(
        PaperDraft(title="C", authors=("Ann Lee", "Cy Dee")), Origin.MODERATOR, MODERATOR
    )
    await library.papers.edit(3, PaperDraft(title="C", authors=("Cy Dee",)), MODERATOR)
    assert dict(await suggested(library, "")) == {"Ann Lee": 1, "Cy Dee": 1}


@settings(max_examples=60)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
async def test_any_text_is_a_safe_query(library: Library, text: str) -> None:
    if not await library.papers.count():
        await credit(library, ("Stella Biderman", "王小明"))
    assert isinstance(await library.authors.suggest(text), tuple)
    with contextlib.suppress(LabError):
        await library.authors.get(text)
