"""Cards of found papers in the moderators' channel, the notice of others, and the weekly list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.demo.messages import visible_text
from bot.settings import Settings
from storage.models import Actor
from storage.people.evidence import Lab as Affiliations
from storage.people.models import Credit, IdScheme, PersonDraft, PersonId
from storage.review.found_papers import CardDecision
from tests.support.found_papers import ORCID, find_papers, find_weak, tell, witness
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR, OTHER_MODERATOR, forget_deliveries

LETTERS = "BCDFGHJKLMNPRSTVWXYZ"


async def add_namesake(lab: Lab) -> None:
    """Registers another Bo Chen, with an id of their own."""
    number = len(await lab.app.library.people.all())
    pid = PersonId(IdScheme.OPENALEX, f"A500000000{number}")
    await lab.app.library.people.add(PersonDraft("Bo Chen", ids=(pid,)), MODERATOR)


@pytest.fixture
async def mods(lab: Lab) -> Any:
    """The moderators' channel."""
    channel = lab.env.guild.create_text_channel("mods")
    await lab.run(lab.moderator, "setup channel", channel=channel)
    return channel


def texts(channel: Any) -> Sequence[str]:
    """The texts of a channel's messages, the oldest first."""
    return [visible_text(message) for message in channel.history()]


async def test_a_card_asks_with_its_reasons_and_shows_the_decision(lab: Lab, mods: Any) -> None:
    await find_papers(lab)
    await tell(lab)
    card = mods.last_message
    shown = visible_text(card)
    assert "📡 Ours?" in shown
    assert "Ferns of the north 0" in shown
    assert "🟢 **Ann Lee**: Credited to Ann Lee with this person's ORCID iD" in shown
    assert "⚪ **Bo Chen**: Credited to Bo Chen by name only" in shown
    assert "[Add] [Not ours] [Not this person…] [Left the lab…]" in shown

    added = await lab.moderator.click(card, label="Add")
    assert added.ephemeral
    assert "✅ You added **Ferns of the north 0**" in reply_text(added)
    (shown,) = texts(mods)
    assert "✅ Added by noor as #" in shown
    assert "[Add]" not in shown
    undone = await lab.moderator.click(added.response, label="Undo")
    (shown,) = texts(mods)
    assert "[Add]" in shown
    await lab.moderator.click(undone.response, label="Redo")
    (shown,) = texts(mods)
    assert "✅ Added by noor as #" in shown


async def test_a_member_and_a_second_moderator_are_refused_privately(lab: Lab, mods: Any) -> None:
    await find_papers(lab)
    await tell(lab)
    card = mods.last_message

    refused = await lab.member.click(card, label="Add")
    assert refused.ephemeral
    assert "moderator" in reply_text(refused).lower()
    first = await lab.moderator.click(card, label="Not ours")
    assert "You declined **Ferns of the north 0**." in reply_text(first)
    again = await lab.press_custom_id(lab.moderator, "ours:1:1:0")
    assert "You've already declined this one." in again
    assert await lab.app.library.found_papers.count() == 0


async def test_a_card_follows_what_is_decided_elsewhere(lab: Lab, mods: Any) -> None:
    await find_papers(lab, 3)
    await tell(lab)
    found = lab.app.library.found_papers
    assert "Ferns of the north 0" in texts(mods)[0]

    queue = await lab.moderator.slash(lab.channel, "curate queue")
    page = await lab.moderator.click(queue.response, custom_id=f"found:{lab.moderator.id}:0")
    await lab.moderator.click(page.response, custom_id=f"judge:{lab.moderator.id}:0:1:1:1")
    assert "👋 Declined by noor." in texts(mods)[0]
    await found.decide(2, CardDecision.ADD, OTHER_MODERATOR, lab.app.settings.lab)
    await lab.app.deliver()
    assert "✅ Added by cleo as #" in texts(mods)[1]
    await found.decide(
        3, CardDecision.NOT_THIS_PERSON, OTHER_MODERATOR, lab.app.settings.lab, person_id=1
    )
    await lab.app.deliver()
    shown = texts(mods)[2]
    assert "Ann Lee**" not in shown
    assert "**Bo Chen**" in shown
    assert "[Not this person]" in shown


async def test_the_person_is_chosen_on_the_card_after_a_restart(
    lab: Lab, mods: Any, settings: Settings
) -> None:
    await find_papers(lab)
    await tell(lab)
    again = await lab.restart(replace(settings))
    card = mods.last_message

    form = await lab.moderator.click(card, label="Left the lab…")
    result = await lab.moderator.submit_modal(form, {"person": ["1"]})

    assert result.ephemeral
    assert "which stays for the others" in reply_text(result)
    assert str((await lab.app.library.people.get(1)).membership.end) == "2026-05-11"
    assert "**Bo Chen**" in texts(mods)[0]
    await lab.moderator.click(result.response, label="Undo")
    assert (await lab.app.library.people.get(1)).membership.end is None
    await again.close()


async def test_a_card_that_was_decided_in_the_shell_says_so(lab: Lab, mods: Any) -> None:
    await find_papers(lab)
    await tell(lab)
    shell = Actor("shell", "the shell")
    await lab.app.library.found_papers.decide(1, CardDecision.ADD, shell, lab.app.settings.lab)
    pressed = await lab.moderator.click(mods.last_message, label="Add")
    assert "The shell has already added this one as #" in reply_text(pressed)
    await lab.app.deliver()
    assert "✅ Added by the shell as #" in texts(mods)[0]


async def test_a_card_follows_the_removal_of_its_people(lab: Lab, mods: Any) -> None:
    await find_papers(lab)
    await tell(lab)
    await lab.run(lab.moderator, "people remove", person="#1")
    await lab.app.deliver()
    (shown,) = texts(mods)
    assert "Ann Lee**" not in shown
    assert "**Bo Chen**" in shown
    removed = await lab.moderator.slash(lab.channel, "people remove", person="#2")
    await lab.app.deliver()
    assert "too little left" in texts(mods)[0]
    await lab.moderator.click(removed.response, label="Undo")
    await lab.app.deliver()
    assert "**Bo Chen**" in texts(mods)[0]


async def test_people_of_one_name_on_a_card_are_told_apart(lab: Lab) -> None:
    for _ in range(2):
        await add_namesake(lab)
    await find_weak(lab, 1)
    queue = await lab.moderator.slash(lab.channel, "curate queue")
    page = await lab.moderator.click(queue.response, custom_id=f"found:{lab.moderator.id}:0")
    for number in (1, 2):
        assert f"⚪ **Bo Chen (number {number})**: Credited to Bo Chen" in reply_text(page)
    form = await lab.moderator.click(page.response, label="Not this person…")
    options = form.modal["components"][0]["component"]["options"]
    assert [one["label"] for one in options] == ["Bo Chen (number 1)", "Bo Chen (number 2)"]
    why = await lab.run(lab.moderator, "feed why", link="doi:10.1000/100")
    assert "Bo Chen \\(number 2\\), grade C" in why


async def test_a_page_of_papers_by_very_many_people_fits_into_a_message(lab: Lab) -> None:
    names = [f"{first}_*" * 20 + f" {last}stead" for first in "XYZ" for last in LETTERS]
    for name in names:
        await lab.app.library.people.add(PersonDraft(name), MODERATOR)
    said = []
    for number in range(4):
        one = witness(number, *map(Credit, names))
        draft = replace(one.draft, title=f"{number} {'*long* ' * 60}", venue="*venue* " * 30)
        said.append(replace(one, draft=replace(draft, note="*note* " * 30)))
    await lab.app.library.found_papers.ingest(said, Affiliations(), is_first=True)
    queue = await lab.moderator.slash(lab.channel, "curate queue")
    page = await lab.moderator.click(queue.response, custom_id=f"found:{lab.moderator.id}:0")
    text = reply_text(page)
    assert "4 papers by the lab's people to review" in text
    assert text.count("and 57 other people") == 4

    form = await lab.moderator.click(page.response, custom_id=f"judge:{lab.moderator.id}:0:1:0:2")
    menus = [one["component"] for one in form.modal["components"]]
    assert [len(one["options"]) for one in menus] == [25, 25, 10]
    nobody = await lab.moderator.submit_modal(form, {})
    assert "Choose one person." in reply_text(nobody)
    form = await lab.moderator.click(page.response, custom_id=f"judge:{lab.moderator.id}:0:1:0:2")
    result = await lab.moderator.submit_modal(form, {"person2": ["60"]})
    assert "which stays for the others" in reply_text(result)
    assert reply_text(result).count("and 56 other people") == 1


async def test_many_cards_are_a_few_and_one_line_and_none_comes_twice(lab: Lab, mods: Any) -> None:
    await find_papers(lab, 19)
    await tell(lab)
    *cards, last = texts(mods)
    assert len(cards) == 5
    assert "📡 14 more papers by the lab's people are waiting: " in last
    opened = await lab.moderator.click(mods.last_message, label="Review them")
    assert opened.ephemeral
    assert "19 papers by the lab's people to review" in reply_text(opened)
    refused = await lab.member.click(mods.last_message, label="Review them")
    assert "to review" not in reply_text(refused)

    await tell(lab)
    await find_papers(lab, 20)  # one more
    await tell(lab)

    assert len(mods.history()) == 7
    assert "Ferns of the north 19" in texts(mods)[-1]


async def test_a_crash_between_finding_telling_and_sending_loses_and_doubles_nothing(
    lab: Lab, mods: Any, settings: Settings
) -> None:
    await find_papers(lab, 2)
    again = await lab.restart(replace(settings))  # nobody was told yet
    await tell(lab)
    assert len(mods.history()) == 2
    forget_deliveries(lab.app.library)
    await lab.app.deliver()
    await tell(lab)
    assert len(mods.history()) == 2
    await lab.moderator.click(mods.last_message, label="Add")
    forget_deliveries(lab.app.library)
    await lab.app.deliver()
    assert len(mods.history()) == 2
    await again.close()


async def test_backlog_and_what_was_decided_get_no_card(lab: Lab, mods: Any) -> None:
    await find_papers(lab, 3, is_first=True)
    await find_papers(lab, 1, first=3)
    await lab.app.library.found_papers.decide(
        4, CardDecision.NOT_OURS, MODERATOR, lab.app.settings.lab
    )
    await tell(lab)
    assert mods.history() == []


async def test_two_cards_of_one_paper_both_show_the_decision(lab: Lab, mods: Any) -> None:
    """A later witness shows that both are one paper."""
    await find_papers(lab, 2)
    await tell(lab)
    both = witness(0, Credit("Ann Lee", (ORCID,)), Credit("Bo Chen"))
    draft = replace(both.draft, identifiers=("doi:10.1000/0", "doi:10.1000/1"))
    await lab.app.library.found_papers.ingest(
        [replace(both, key="both", draft=draft)], Affiliations()
    )
    await tell(lab)
    assert len(mods.history()) == 2

    await lab.moderator.click(mods.last_message, label="Add")

    assert ["✅ Added by noor" in text for text in texts(mods)] == [True, True]


async def test_weak_papers_are_one_list_a_week(lab: Lab, mods: Any) -> None:
    await find_papers(lab, 0)
    await find_weak(lab, 2)
    await tell(lab)
    (listed,) = texts(mods)
    assert "### 📡 2 papers that may be ours" in listed
    assert "- **Ferns of the north 100** · Bo Chen: Credited to Bo Chen by name only." in listed
    opened = await lab.moderator.click(mods.last_message, label="Review them")
    assert "2 papers by the lab's people to review" in reply_text(opened)

    await find_weak(lab, 1, first=200)
    lab.clock.advance(timedelta(days=6))
    await tell(lab)
    assert len(mods.history()) == 1
    lab.clock.advance(timedelta(days=1))
    await tell(lab)
    await tell(lab)
    _, newest = texts(mods)
    assert "1 paper that may be ours" in newest
    assert "Ferns of the north 200" in newest
    lab.clock.advance(timedelta(days=30))
    await tell(lab)
    assert len(mods.history()) == 2  # there's nothing new


async def test_a_long_list_is_one_message(lab: Lab, mods: Any) -> None:
    await find_papers(lab, 0)
    await find_weak(lab, 60)
    await tell(lab)
    (listed,) = texts(mods)
    assert "### 📡 60 papers that may be ours" in listed
    assert "more papers" in listed


async def test_a_listed_paper_that_becomes_strong_gets_a_card(lab: Lab, mods: Any) -> None:
    await find_papers(lab, 0)
    await find_weak(lab, 1, first=5)
    await tell(lab)
    await find_papers(lab, 1, first=5)
    await tell(lab)
    _, card = texts(mods)
    assert "📡 Ours?" in card
    assert "Ferns of the north 5" in card
