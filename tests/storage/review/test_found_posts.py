"""Tests of telling the moderators of found papers."""

from __future__ import annotations

from storage.library import Library
from storage.people.evidence import Lab
from storage.people.models import Credit, PersonDraft
from storage.review.found_papers import CardDecision
from tests.support.found_papers import ORCID, witness
from tests.support.library import MODERATOR, deliver

LAB = Lab()


async def test_what_was_decided_meanwhile_is_not_told(library: Library) -> None:
    await library.people.add(PersonDraft("Ann Lee", ids=(ORCID,)), MODERATOR)
    await library.people.add(PersonDraft("Bo Chen"), MODERATOR)
    said = [witness(1, Credit("Ann Lee", (ORCID,))), witness(2, Credit("Bo Chen"))]
    await library.found_papers.ingest(said, LAB)
    cards = await library.found_posts.cards_to_post(LAB)
    lines = await library.found_posts.lines_to_list(LAB)
    assert ([card.id for card in cards], [card.id for card in lines]) == ([1], [1, 2])
    for number in (1, 2):
        await library.found_papers.decide(number, CardDecision.NOT_OURS, MODERATOR, LAB)

    await library.found_posts.enqueue_cards(7, cards, (), "")
    await library.found_posts.enqueue_cards(7, (), cards, "One more")
    await library.found_posts.enqueue_list(7, lines, "A list")

    assert await deliver(library) == []
    assert await library.found_posts.posted([99], LAB) == {}
