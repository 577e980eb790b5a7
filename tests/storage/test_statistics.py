"""How many papers each year, venue and author has."""

from __future__ import annotations

from storage.library import Library, open_statistics
from storage.models import Filters, PaperDraft, PartialDate
from storage.search.query import Query, parse
from tests.support.library import MODERATOR, added


async def add(
    library: Library, title: str, year: int | None = None, venue: str = "", *authors: str
) -> int:
    date = PartialDate(year) if year else None
    draft = PaperDraft(title=title, date=date, venue=venue, authors=authors)
    return (await added(library, draft)).id


async def test_papers_are_counted_by_year_and_those_without_a_date_are_not_lost(
    library: Library,
) -> None:
    for title, year in (("One", 2021), ("Two", 2019), ("Three", 2021), ("Four", None)):
        await add(library, title, year)
    counted = await library.statistics.count(Query())
    assert counted.papers == 4
    assert counted.years == ((2019, 1), (2021, 2))
    assert counted.undated == 1


async def test_spellings_of_a_venue_are_one_venue_under_the_most_frequent(
    library: Library,
) -> None:
    venues = ["neurips", "NeurIPS", "NeurIPS", "NEURIPS", "ICML", "計算", ""]
    for number, venue in enumerate(venues):
        await add(library, f"Paper {number}", 2020, venue)
    counted = await library.statistics.count(Query())
    assert counted.venues == (("NeurIPS", 4), ("ICML", 1), ("計算", 1))
    assert counted.venue_count == 3
    assert counted.without_venue == 1
    few = await library.statistics.count(Query(), limit=1)
    assert (few.venues, few.venue_count) == ((("NeurIPS", 4),), 3)


async def test_authors_are_people_and_not_spellings(library: Library) -> None:
    await add(library, "One", 2020, "", "Stella Biderman", "Ann Lee")
    await add(library, "Two", 2020, "", "Biderman, Stella", "Ann Lee")
    await add(library, "Three", 2021, "", "S. Biderman", "Bo Chen")
    await add(library, "Four", 2021, "", "Stella Rose Harrow")
    await add(library, "Five", 2021, "", "Stella Biderman", "S. Biderman")
    counted = await library.statistics.count(Query())
    assert counted.authors[:3] == (("Stella Biderman", 4), ("Ann Lee", 2), ("Bo Chen", 1))
    assert (await library.authors.get("Stella Biderman")).paper_count == 4

    await library.authors.merge("Stella Rose Harrow", "Stella Biderman", MODERATOR)
    counted = await library.statistics.count(Query())
    assert counted.authors[0] == ("Stella Biderman", 5)

    await library.authors.rename("Ann Lee", "Anna Park", MODERATOR)
    counted = await library.statistics.count(Query())
    assert counted.authors[1] == ("Anna Park", 2)
    assert "Ann Lee" not in dict(counted.authors)


async def test_namesakes_who_are_told_apart_are_two_authors(library: Library) -> None:
    await add(library, "One", 2020, "", "Wei Wang 0001")
    await add(library, "Two", 2020, "", "Wei Wang 0002")
    await add(library, "Three", 2020, "", "Wei Wang 0002")
    counted = await library.statistics.count(Query())
    assert counted.authors == (("Wei Wang", 2), ("Wei Wang", 1))


async def test_only_papers_that_match_a_query_are_counted(library: Library) -> None:
    await add(library, "Language models", 2020, "ICML", "Ann Lee", "Bo Chen")
    await add(library, "Protein models", 2021, "ICML", "Ann Lee")
    await add(library, "Language without end", None, "", "Bo Chen")
    await add(library, "Languages", 2022, "", "Cy Dee")

    counted = await library.statistics.count(parse("language"))
    assert (counted.papers, counted.years, counted.undated) == (2, ((2020, 1),), 1)
    assert counted.authors == (("Bo Chen", 2), ("Ann Lee", 1))

    counted = await library.statistics.count(parse("models year:2021.. author:lee"))
    assert (counted.papers, counted.venues) == (1, (("ICML", 1),))
    counted = await library.statistics.count(Query(filters=Filters(author="A. Lee")))
    assert counted.papers == 2
    counted = await library.statistics.count(parse("-models"))
    assert counted.papers == 2


async def test_removed_papers_do_not_count(library: Library) -> None:
    number = await add(library, "One", 2020, "ICML", "Ann Lee")
    await library.papers.remove(number, MODERATOR)
    counted = await library.statistics.count(Query())
    assert (counted.papers, counted.years, counted.venues, counted.authors) == (0, (), (), ())
    assert not await library.statistics.has_papers(Query())


async def test_it_is_known_at_once_if_anything_matches(library: Library) -> None:
    assert not await library.statistics.has_papers(Query())
    await add(library, "Language models", 2020)
    assert await library.statistics.has_papers(parse("language"))
    assert not await library.statistics.has_papers(parse("language year:2021"))
    assert not await library.statistics.has_papers(parse("lang"))


async def test_statistics_have_a_connection_of_their_own(library: Library) -> None:
    await add(library, "One", 2020)
    async with open_statistics(library.path) as statistics:
        assert (await statistics.count(Query())).papers == 1
