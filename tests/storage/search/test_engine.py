from __future__ import annotations

from collections import Counter

import pytest

from storage.library import Library
from storage.models import Filters, Origin, PaperDraft, PartialDate, Sort
from storage.search.query import parse
from tests.support.library import MODERATOR


async def fill(library: Library, *drafts: PaperDraft) -> None:
    for draft in drafts:
        await library.papers.upsert(draft, Origin.IMPORT, MODERATOR, allow_duplicate=True)


async def titles(library: Library, text: str, sort: Sort = Sort.RELEVANCE) -> list[str]:
    found = await library.search.find(parse(text), sort=sort, limit=50)
    return [paper.title for paper in found.results.papers]


async def test_an_exact_title_is_first_and_titles_outrank_abstracts(library: Library) -> None:
    await fill(
        library,
        PaperDraft(title="Something else", abstract="lens " * 50),
        PaperDraft(title="The tuned lens and other lenses", abstract="lens lens lens"),
        PaperDraft(title="Lens"),
        PaperDraft(title="A third lens", venue="Lens"),
    )
    found = await titles(library, "lens")
    assert found[0] == "Lens"
    assert found[-1] == "Something else"
    assert len(found) == 4


@pytest.mark.parametrize(
    "query",
    [
        "o(t^2)",
        "recasting attention",
        "self-attention",
        "selfattention",
        '"self attention"',
        "“Recasting Self”",
        "RECAST",
        "malgorzata",
        "author:polacin",
        "venue:icml recasting",
        "year:2023",
        "year:2022..",
        "tag:attention",
        "recasting -bloom",
        "-bloom tag:attention",
        "注意力",
        "意力",
    ],
)
async def test_a_paper_is_found_by_many_spellings(library: Library, query: str) -> None:
    await fill(
        library,
        PaperDraft(
            title="Recasting Self-Attention 注意力",
            authors=("Małgorzata Połacin",),
            abstract=r"From $\mathcal{O}(T^2)$ down.",
            venue="ICML",
            date=PartialDate(2023),
            tags=("attention",),
        ),
        PaperDraft(title="BLOOM", date=PartialDate(2021)),
    )
    assert await titles(library, query) == ["Recasting Self-Attention 注意力"]


async def test_every_word_must_match_and_no_excluded_word(library: Library) -> None:
    await fill(library, PaperDraft(title="One two"), PaperDraft(title="Two three"))
    assert await titles(library, "two") == ["Two three", "One two"]
    nearly = await library.search.find(parse("one three"))
    assert (nearly.complete, nearly.results.total) == (0, 2)
    assert await titles(library, "two -three") == ["One two"]
    assert await titles(library, "-three") == ["One two"]
    assert await titles(library, "") == ["Two three", "One two"]


async def test_a_similar_spelling_is_searched_and_shown(library: Library) -> None:
    await fill(library, PaperDraft(title="Holographic representations"))
    found = await library.search.find(parse("holografic"))
    assert found.searched_for == "holographic"
    assert found.results.total == 1
    assert (await library.search.find(parse("qqqqqqqq"))).searched_for == ""
    nothing = await library.search.find(parse("holographik year:1990"))
    assert (nothing.searched_for, nothing.results.total) == ("", 0)


async def test_results_are_sorted_and_have_pages(library: Library) -> None:
    await fill(
        library,
        PaperDraft(title="B paper", date=PartialDate(2020)),
        PaperDraft(title="A paper", date=PartialDate(2022)),
        PaperDraft(title="C paper", date=PartialDate(2021)),
    )
    newest = ["A paper", "C paper", "B paper"]
    assert await titles(library, "paper", Sort.NEWEST) == newest
    assert await titles(library, "paper", Sort.OLDEST) == newest[::-1]
    assert await titles(library, "paper", Sort.TITLE) == ["A paper", "B paper", "C paper"]
    second = await library.search.find(parse("paper"), sort=Sort.TITLE, offset=1, limit=1)
    assert (second.results.total, second.results.offset) == (3, 1)
    assert [paper.title for paper in second.results.papers] == ["B paper"]
    beyond = await library.search.find(parse("paper"), offset=9)
    assert (beyond.results.total, beyond.results.papers) == (3, ())


@pytest.mark.parametrize("text", ["", "paper", "venue:ICML", "venue:ICML paper"])
async def test_papers_without_a_date_come_last_by_date_on_every_page(
    library: Library, text: str
) -> None:
    for year in (None, 2020, None, 2022, 2021, None):
        date = PartialDate(year) if year else None
        await fill(library, PaperDraft(title=f"Paper of {year}", venue="ICML", date=date))
    for sort, ids in ((Sort.NEWEST, [4, 5, 2, 6, 3, 1]), (Sort.OLDEST, [2, 5, 4, 1, 3, 6])):
        for offset in range(7):
            found = await library.search.find(parse(text), sort=sort, offset=offset, limit=2)
            assert [paper.id for paper in found.results.papers] == ids[offset : offset + 2]
            assert found.results.total == len(ids)


async def test_a_random_paper_is_chosen_uniformly_among_filtered_papers(library: Library) -> None:
    assert await library.search.random() is None
    await fill(
        library,
        *(PaperDraft(title=f"P{n}", venue="ICML", authors=("Ann Lee",)) for n in range(4)),
        PaperDraft(title="Other", venue="ACL", date=PartialDate(2020)),
    )
    drawn = Counter([(await library.search.random(Filters(venue="icml"))).title for _ in range(80)])  # type: ignore[union-attr]
    assert set(drawn) == {"P0", "P1", "P2", "P3"}
    assert min(drawn.values()) > 4
    only = await library.search.random(Filters(first_year=2019, last_year=2020))
    assert only is not None
    assert only.title == "Other"
    assert await library.search.random(Filters(author="nobody")) is None


async def test_a_random_paper_is_found_among_few_matches(library: Library) -> None:
    years = {1: PartialDate(2020), 2: PartialDate(2024), 3: None}
    await fill(library, *(PaperDraft(title=f"N{n}", venue="NAACL", date=years[n]) for n in years))
    await library.papers.upsert_many(
        (PaperDraft(title=f"P{n}", venue="ICML") for n in range(2_000)), Origin.IMPORT, MODERATOR
    )

    async def drawn(filters: Filters) -> set[str]:
        found = [await library.search.random(filters) for _ in range(60)]
        return {paper.title if paper else "" for paper in found}

    assert await drawn(Filters(venue="naacl")) == {"N1", "N2", "N3"}
    assert await drawn(Filters(venue="naacl", first_year=2022)) == {"N2"}
    assert await drawn(Filters(venue="naacl", last_year=2025)) == {"N1", "N2"}
    assert await drawn(Filters(venue="naacl", last_year=1999)) == {""}
    assert await drawn(Filters(first_year=2023)) == {"N2"}


async def test_autocomplete_suggests_titles_venues_and_tags(library: Library) -> None:
    await fill(
        library,
        PaperDraft(title="Lens of the tuned kind", venue="ICML", tags=("probe",)),
        PaperDraft(title="Tuned lens", venue="ICML"),
        PaperDraft(title="Other", venue="ACL"),
    )
    assert [title for _, title in await library.search.suggest_titles("tuned le")] == [
        "Tuned lens",
        "Lens of the tuned kind",
    ]
    assert len(await library.search.suggest_titles("")) == 3
    assert await library.search.suggest_titles("zz") == ()
    assert await library.search.suggest_venues("") == (("ICML", 2), ("ACL", 1))
    assert await library.search.suggest_venues("ac") == (("ACL", 1),)
    assert await library.search.suggest_tags("pro") == (("probe", 1),)


@pytest.mark.parametrize(
    "typed",
    [
        *("langage modl", "lagnuage mo", "modells language", "larg langauge m", "scaling langage"),
        *("anguage", "xcaling lar", "language nodel"),
    ],
)
async def test_autocomplete_forgives_a_typo(library: Library, typed: str) -> None:
    await fill(
        library,
        PaperDraft(title="Scaling large language models"),
        PaperDraft(title="Other things"),
    )
    suggested = await library.search.suggest_titles(typed)
    assert [title for _, title in suggested] == ["Scaling large language models"]
    assert await library.search.suggest_titles("langage qqqqqqq") == ()


@pytest.mark.parametrize("name", ["Stella Biderman", "Biderman, Stella", "S. Biderman", "biderman"])
async def test_an_author_filter_means_a_person(library: Library, name: str) -> None:
    await fill(
        library,
        PaperDraft(title="Full lens", authors=("Stella Biderman",), date=PartialDate(2022)),
        PaperDraft(title="Bare lens", authors=("Biderman",), date=PartialDate(2023)),
        PaperDraft(title="Other lens", authors=("Ann Lee",), date=PartialDate(2023)),
    )
    filters = Filters(author=name)
    for text in ("", "lens"):
        found = await library.search.find(parse(text, filters))
        assert [paper.title for paper in found.results.papers] == ["Bare lens", "Full lens"]
    found = await library.search.find(parse("year:2023 lens", filters))
    assert [paper.title for paper in found.results.papers] == ["Bare lens"]
    drawn = {
        (await library.search.random(filters) or found.results.papers[0]).title for _ in range(30)
    }
    assert drawn == {"Bare lens", "Full lens"}
