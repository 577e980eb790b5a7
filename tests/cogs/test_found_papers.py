"""Papers by the lab's people in `/curate queue`: pages of cards, decisions and their Undo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.demo.messages import visible_text
from bot.settings import Settings
from tests.support.found_papers import find_papers
from tests.support.lab import Lab, reply_text


async def open_cards(lab: Lab) -> Any:
    queue = await lab.moderator.slash(lab.channel, "curate queue")
    assert queue.ephemeral
    return await press(lab, queue.response, "by the lab's people")


async def choose(lab: Lab, message: Any, label: str, person: int) -> Any:
    """Presses a button, and chooses a person in the form that it opens."""
    form = await lab.moderator.click(message, custom_id=custom_id(message, label))
    assert form.modal is not None
    return (await lab.moderator.submit_modal(form, {"person": [str(person)]})).response


async def press(lab: Lab, message: Any, label: str) -> Any:
    """Presses the first button whose label contains a text."""
    return (await lab.moderator.click(message, custom_id=custom_id(message, label))).response


def custom_id(message: Any, label: str) -> str:
    """Returns the id of the first button whose label contains a text."""

    def buttons(components: Any) -> Iterator[dict[str, Any]]:
        for component in components:
            part = component if isinstance(component, dict) else component.to_dict()
            yield part
            yield from buttons(part.get("components", []))
            if "accessory" in part:
                yield part["accessory"]

    parts = [*buttons(message.components)]
    return str(next(one for one in parts if label in (one.get("label") or ""))["custom_id"])


async def test_cards_are_shown_with_their_reason_and_decided_in_place(lab: Lab) -> None:
    await find_papers(lab, 5)

    page = await open_cards(lab)
    text = visible_text(page)
    assert "5 papers by the lab's people to review" in text
    assert "🟢 **Ann Lee**: Credited to Ann Lee with this person's ORCID iD" in text
    assert "**Bo Chen**: Credited to Bo Chen" in text

    page = await press(lab, page, "Add")
    assert "You added" in visible_text(page)
    assert "4 papers by the lab's people" in visible_text(page)
    page = await press(lab, page, "Undo")
    assert "5 papers by the lab's people" in visible_text(page)
    page = await choose(lab, page, "Not this person…", person=1)
    taken = "👋 You took Ann Lee off **Ferns of the north 0**, which stays for the others."
    assert taken in visible_text(page)
    page = await press(lab, page, "Not ours")
    assert "👋 You declined **Ferns of the north 1**. It won't come up again." in visible_text(page)


async def test_presses_are_acknowledged_before_a_long_list_is_read(lab: Lab) -> None:
    await find_papers(lab, 2)
    queue = await lab.moderator.slash(lab.channel, "curate queue")
    page = await lab.moderator.click(
        queue.response, custom_id=custom_id(queue.response, "by the lab's people")
    )
    added = await lab.moderator.click(page.response, custom_id=custom_id(page.response, "Add"))
    assert page.deferred
    assert added.deferred
    assert "You added" in reply_text(added)


async def test_leaving_the_lab_ends_a_membership(lab: Lab) -> None:
    await find_papers(lab)
    page = await open_cards(lab)

    page = await choose(lab, page, "Left the lab…", person=1)

    assert "which stays for the others" in visible_text(page)
    (ann, _) = await lab.app.library.people.all()
    assert str(ann.membership.end) == "2026-05-11"


async def test_a_decision_about_the_second_person_leaves_the_first(
    lab: Lab, settings: Settings
) -> None:
    await find_papers(lab)
    page = await open_cards(lab)
    form = await lab.moderator.click(page, custom_id=custom_id(page, "Not this person…"))
    options = form.modal["components"][0]["component"]["options"]
    assert [(one["label"], one["value"]) for one in options] == [("Ann Lee", "1"), ("Bo Chen", "2")]
    assert options[1]["description"].startswith("Credited to Bo Chen")
    again = await lab.restart(settings)

    result = await lab.moderator.submit_modal(form, {"person": ["2"]})

    text = visible_text(result.response)
    assert "which stays for the others" in text
    assert "[Not this person]" in text  # nobody else is left to choose
    (card,) = await lab.app.library.found_papers.cards(lab.app.settings.lab)
    assert [one.name for one in card.people] == ["Ann Lee"]
    await again.close()


async def test_a_person_who_was_taken_off_meanwhile_is_not_chosen_again(lab: Lab) -> None:
    await find_papers(lab)
    page = await open_cards(lab)
    button = custom_id(page, "Not this person…")
    forms = [await lab.moderator.click(page, custom_id=button) for _ in range(2)]

    first, second = [await lab.moderator.submit_modal(one, {"person": ["1"]}) for one in forms]

    assert "which stays for the others" in reply_text(first)
    assert "That person isn't on the card" in reply_text(second)


async def test_a_member_cannot_choose_a_person(lab: Lab) -> None:
    await find_papers(lab)
    for pressed in (f"judge:{lab.member.id}:0:1:0:3", "ours:1:0:3"):
        text = await lab.press_custom_id(lab.member, pressed)
        assert "moderator" in text.lower()


async def test_a_card_that_somebody_else_decided_says_so(lab: Lab) -> None:
    await find_papers(lab)
    page = await open_cards(lab)
    other = await open_cards(lab)
    await press(lab, other, "Not ours")

    page = await press(lab, page, "Add")

    assert "You've already declined this one" in visible_text(page)
    assert "No papers by the lab's people need review" in visible_text(page)


async def test_members_cannot_decide_cards(lab: Lab) -> None:
    await find_papers(lab)
    text = await lab.press_custom_id(lab.member, f"judge:{lab.member.id}:0:1:1:0")

    assert "moderator" in text.lower()
    assert await lab.app.library.found_papers.count() == 1
