from __future__ import annotations

from datetime import UTC, datetime

import aiohttp
import pytest

from bot.demo.world import World, next_morning, open_world
from bot.importing.upload import TIME_LIMIT as IMPORT_LIMIT
from bot.lookup.service import TIME_LIMIT as LOOKUP_LIMIT
from storage.people.evidence import Grade
from storage.review.found_papers import CardDecision
from tests.support.library import MODERATOR


async def found_papers(world: World) -> dict[str, tuple[int, Grade]]:
    """Returns the number and grade of each card that waits, by the first word of the title."""
    cards = await world.app.library.found_papers.cards(world.app.settings.lab)
    return {card.draft.title.split()[0]: (card.id, card.grade) for card in cards}


async def test_the_demo_waits_for_the_bots_slowest_answers() -> None:
    async with open_world() as world:
        longest = max(IMPORT_LIMIT, LOOKUP_LIMIT)
        assert world.env.settle_timeout > longest.total_seconds()


async def test_a_lookup_leaves_nothing_behind_that_the_demo_waits_for() -> None:
    async with open_world() as world, aiohttp.ClientSession() as session:
        for path in ("", "feed.xml", "arxiv?id_list=2310.10631", "crossref/works/10.1000/1"):
            async with session.get(f"{world.site.home}{path}") as answer:
                assert answer.headers["Connection"] == "close"


async def test_each_day_brings_papers_of_the_labs_people() -> None:
    async with open_world() as world:
        assert await found_papers(world) == {}
        await world.pass_day()
        grades = {name: grade for name, (_, grade) in (await found_papers(world)).items()}
        assert grades == {"Counting": Grade.A, "Fatigue": Grade.C}
        await world.pass_day()
        await world.pass_day()
        assert {"Counting", "Fatigue", "Who", "A"} == {*await found_papers(world)}


async def test_a_namesakes_paper_stays_refused_while_services_still_name_it() -> None:
    async with open_world() as world:
        await world.pass_day()
        number, _ = (await found_papers(world))["Fatigue"]
        await world.app.library.found_papers.decide(
            number, CardDecision.NOT_THIS_PERSON, MODERATOR, world.app.settings.lab
        )
        await world.pass_day()
        assert "Fatigue" not in await found_papers(world)
        (person,) = await world.app.library.people.search("Ilse")
        assert [one.value for one in person.foreign_ids] == ["0000-0000-0000-0036"]


async def test_papers_that_lack_something_are_completed_each_day() -> None:
    async with open_world() as world:
        title = "Can Transformers Learn to Solve Problems Recursively?"
        ((number, _),) = await world.app.library.search.suggest_titles(title)
        (before,) = await world.app.library.papers.load([number])
        assert before.authors == ()
        await world.pass_day()
        (after,) = await world.app.library.papers.load([number])
        assert (after.authors[-1], after.arxiv) == ("Talia Ringer", "2305.14699")


@pytest.mark.parametrize(
    ("now", "morning"),
    [("2026-11-30T09:00", "2026-12-01"), ("2026-12-04T23:59", "2026-12-07")],
)
def test_a_day_ends_on_the_morning_of_the_next_working_day(now: str, morning: str) -> None:
    expected = datetime.fromisoformat(f"{morning}T08:00+00:00")
    assert next_morning(datetime.fromisoformat(now).replace(tzinfo=UTC)) == expected
