"""Papers of the lab's people in `/curate queue`: pages of cards, decisions and their Undo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bot.demo.messages import visible_text
from storage.models import PaperDraft, PartialDate
from storage.people.evidence import Lab as Affiliations
from storage.people.models import Credit, IdScheme, PersonDraft, PersonId, Witness
from tests.support.lab import Lab
from tests.support.library import MODERATOR

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")


async def find_papers(lab: Lab, number: int = 1) -> None:
    """Registers Ann Lee and Bo Chen, and finds papers of theirs."""
    await lab.app.library.people.add(PersonDraft("Ann Lee", ids=(ORCID,)), MODERATOR)
    await lab.app.library.people.add(PersonDraft("Bo Chen"), MODERATOR)
    credits = (Credit("Ann Lee", (ORCID,)), Credit("Bo Chen"))
    said = [
        Witness(
            "crossref",
            str(one),
            PaperDraft(
                f"Ferns of the north {one}",
                ("Ann Lee", "Bo Chen"),
                date=PartialDate(2026, 5, 12),
                identifiers=(f"doi:10.1000/{one}",),
            ),
            credits,
        )
        for one in range(number)
    ]
    await lab.app.library.found_papers.ingest(said, Affiliations())


async def open_cards(lab: Lab) -> Any:
    queue = await lab.moderator.slash(lab.channel, "curate queue")
    assert queue.ephemeral
    return await press(lab, queue.response, "of the lab's people")


async def press(lab: Lab, message: Any, label: str) -> Any:
    """Presses the first button whose label contains a text."""

    def buttons(components: Any) -> Iterator[dict[str, Any]]:
        for component in components:
            part = component if isinstance(component, dict) else component.to_dict()
            yield part
            yield from buttons(part.get("components", []))
            if "accessory" in part:
                yield part["accessory"]

    parts = [*buttons(message.components)]
    first = next(one for one in parts if label in (one.get("label") or ""))
    return (await lab.moderator.click(message, custom_id=first["custom_id"])).response


async def test_cards_are_shown_with_their_reason_and_decided_in_place(lab: Lab) -> None:
    await find_papers(lab, 5)

    page = await open_cards(lab)
    text = visible_text(page)
    assert "5 papers of the lab's people to review" in text
    assert "Ann Lee, Bo Chen" in text
    assert "Credited to Ann Lee with this person's ORCID iD" in text

    page = await press(lab, page, "Add")
    assert "You added" in visible_text(page)
    assert "4 papers of the lab's people" in visible_text(page)
    page = await press(lab, page, "Undo")
    assert "5 papers of the lab's people" in visible_text(page)
    page = await press(lab, page, "Not this person")
    assert "It stays for the others" in visible_text(page)
    page = await press(lab, page, "Not ours")
    assert "No source will bring it up again" in visible_text(page)


async def test_leaving_the_lab_ends_a_membership(lab: Lab) -> None:
    await find_papers(lab)
    page = await open_cards(lab)

    page = await press(lab, page, "Left the lab")

    assert "It stays for the others" in visible_text(page)
    (ann, _) = await lab.app.library.people.all()
    assert str(ann.membership.end) == "2026-05-11"


async def test_a_card_that_somebody_else_decided_says_so(lab: Lab) -> None:
    await find_papers(lab)
    page = await open_cards(lab)
    other = await open_cards(lab)
    await press(lab, other, "Not ours")

    page = await press(lab, page, "Add")

    assert "You've already declined this one" in visible_text(page)
    assert "No papers of the lab's people need review" in visible_text(page)


async def test_members_cannot_decide_cards(lab: Lab) -> None:
    await find_papers(lab)
    text = await lab.press_custom_id(lab.member, f"judge:{lab.member.id}:0:1:1:0")

    assert "moderator" in text.lower()
    assert await lab.app.library.found_papers.count() == 1
