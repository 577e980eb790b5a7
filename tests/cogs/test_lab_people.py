from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.demo.messages import visible_text
from bot.settings import Settings
from storage.people.models import IdScheme, PersonDraft, PersonId
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR, forget_deliveries

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
FORM = {
    "name": "Biderman, Stella",
    "other_names": "Stella Rose Biderman\nS. R. Biderman",
    "ids": "0000-0002-1825-0097 https://openalex.org/A5023888391",
    "membership": "2020-07-01..",
    "categories": "cs.cl, cs.LG",
}


async def submit(lab: Lab, command: str, typed: dict[str, str], **options: Any) -> Any:
    form = await lab.moderator.slash(lab.channel, command, **options)
    return await lab.moderator.submit_modal(form, typed)


async def test_a_moderator_adds_a_person_in_a_form(lab: Lab) -> None:
    result = await submit(lab, "people add", FORM, member=lab.member)
    text = reply_text(result)
    assert result.ephemeral
    for part in (
        "Added to the lab's people.",
        "### Stella Biderman",
        "**Other names** S. R. Biderman, Stella Rose Biderman",
        "[0000-0002-1825-0097](https://orcid.org/0000-0002-1825-0097)",
        "**Member** since 2020-07-01",
        "**arXiv categories** cs.CL, cs.LG",
        f"**Discord** <@{lab.member.id}>",
        "**Papers that are certainly theirs** need a review",
    ):
        assert part in text
    shown = await lab.run(lab.moderator, "people show", person="biderman")
    assert "### Stella Biderman" in shown
    undone = await lab.moderator.click(result.response, label="Undo")
    assert "added **Stella Biderman** to the lab's people" in reply_text(undone)
    assert await lab.app.library.people.all() == ()


async def test_a_form_with_a_mistake_says_what_is_wrong_and_keeps_the_text(lab: Lab) -> None:
    for field, value, reason in (
        ("ids", "0000-0002-1825-0098", "check digit"),
        ("ids", "noor", "I don't know the ID “noor”"),
        ("membership", "2020", "isn't a date"),
        ("categories", "nlp", "isn't an arXiv category"),
        ("name", "Ann Lee; Bo Chen", "isn't one person's name"),
    ):
        result = await submit(lab, "people add", {**FORM, field: value})
        assert result.ephemeral
        assert reason in reply_text(result)
        again = await lab.moderator.click(result.response, label="Try again")
        assert form_values(again.modal)[field] == value
    assert await lab.app.library.people.all() == ()


async def test_an_id_of_somebody_else_is_refused(lab: Lab) -> None:
    await lab.app.library.people.add(PersonDraft("Ann Lee", ids=(ORCID,)), MODERATOR)
    result = await submit(lab, "people add", FORM)
    assert "The ORCID 0000-0002-1825-0097 belongs to Ann Lee (number 1)." in reply_text(result)


async def test_adding_somebody_again_warns_of_the_one_with_that_name(lab: Lab) -> None:
    assert "already include" not in reply_text(await submit(lab, "people add", FORM))
    again = reply_text(await submit(lab, "people add", {"name": "Stella Biderman"}))
    assert "already include **Stella Biderman** (number 1)." in again


async def test_a_moderator_edits_only_what_they_change(lab: Lab) -> None:
    people = lab.app.library.people
    await people.add(PersonDraft("Ann Lee", ids=(ORCID,), categories=("cs.CL",)), MODERATOR)
    form = await lab.moderator.slash(lab.channel, "people edit", person="#1")
    assert form_values(form.modal) == {
        "name": "Ann Lee",
        "other_names": "",
        "ids": "https://orcid.org/0000-0002-1825-0097",
        "membership": "",
        "categories": "cs.CL",
    }
    await lab.run(lab.moderator, "people edit", person="#1", member=lab.member)
    typed = {**form_values(form.modal), "membership": "..2024-01-01"}
    result = await lab.moderator.submit_modal(form, typed)
    assert "**Member** until 2024-01-01" in reply_text(result)
    assert f"<@{lab.member.id}>" in reply_text(result)
    history = await lab.run(lab.moderator, "curate history")
    assert "changed the lab's **Ann Lee**" in history
    assert "Member until: none → 2024-01-01" in history
    unchanged = await submit(lab, "people edit", typed, person="#1")
    assert "You didn't change anything about **Ann Lee**" in reply_text(unchanged)


async def test_an_account_is_set_and_forgotten(lab: Lab) -> None:
    people = lab.app.library.people
    await people.add(PersonDraft("Ann Lee"), MODERATOR)
    await people.add(PersonDraft("Bo Chen"), MODERATOR)
    await lab.run(lab.moderator, "people edit", person="#1", member=lab.member)
    refused = await lab.run(lab.moderator, "people edit", person="#2", member=lab.member)
    assert "That Discord account belongs to Ann Lee (number 1)." in refused
    both = await lab.run(lab.moderator, "people edit", person="#1", member=lab.member, unlink=True)
    assert "Choose either" in both
    await lab.run(lab.moderator, "people edit", person="#1", unlink=True)
    assert (await people.get(1)).discord_id is None


async def test_the_list_names_everybody_and_who_lacks_ids(lab: Lab) -> None:
    assert "The list of people is empty." in await lab.run(lab.moderator, "people list")
    people = lab.app.library.people
    await people.add(PersonDraft("Ann Lee", ids=(ORCID,)), MODERATOR)
    await people.add(PersonDraft("Bo Chen"), MODERATOR)
    shown = await lab.run(lab.moderator, "people list")
    assert "### 2 people" in shown
    assert "1 person without IDs." in shown
    assert "**1** Ann Lee · ORCID" in shown
    assert "**2** Bo Chen · no IDs" in shown


async def test_a_person_is_removed_and_brought_back(lab: Lab) -> None:
    people = lab.app.library.people
    added = (await people.add(PersonDraft("Ann Lee", ids=(ORCID,)), MODERATOR)).value
    result = await lab.moderator.slash(lab.channel, "people remove", person="Ann Lee")
    assert "Removed **Ann Lee** from the lab's people." in reply_text(result)
    missing = await lab.moderator.slash(lab.channel, "people show", person="Ann Lee")
    assert missing.ephemeral
    assert "couldn't find “Ann Lee” among the lab's people" in reply_text(missing)
    await lab.moderator.click(result.response, label="Undo")
    assert await people.all() == (added,)


async def test_suggestions_tell_people_of_one_name_apart(lab: Lab) -> None:
    people = lab.app.library.people
    await people.add(PersonDraft("Wei Wang", ids=(ORCID,)), MODERATOR)
    await people.add(PersonDraft("Wei Wang"), MODERATOR)
    await people.add(PersonDraft("Mei Wang"), MODERATOR)
    choices = await lab.moderator.autocomplete(lab.channel, "people show", "person", "wang")
    assert [(one["name"], one["value"]) for one in choices] == [
        ("Mei Wang", "#3"),
        ("Wei Wang · ORCID 0000-0002-1825-0097", "#1"),
        ("Wei Wang (number 2)", "#2"),
    ]
    ambiguous = await lab.run(lab.moderator, "people show", person="Wei Wang")
    assert "Wei Wang (number 1) or Wei Wang (number 2)" in ambiguous


async def test_a_manager_allows_announcements_without_a_review(lab: Lab) -> None:
    people = lab.app.library.people
    await people.add(PersonDraft("Ann Lee"), MODERATOR)
    result = await lab.moderator.slash(lab.channel, "setup trust", on=True)
    assert "certainly by the lab's people are announced without a review" in reply_text(result)
    assert await people.is_trusting()
    assert "may be announced without a review" in await lab.run(lab.moderator, "setup show")
    again = await lab.run(lab.moderator, "setup trust", on=True)
    assert "That was already the case." in again
    await lab.run(lab.moderator, "setup role", role=lab.env.guild.roles["Curators"])
    trusted = (await lab.app.library.audit.page()).changes[0]
    refused = await lab.press_custom_id(lab.role_moderator, f"undo:{trusted.id}")
    assert "someone with the Manage Server permission" in refused
    await lab.moderator.click(result.response, label="Undo")
    assert not await people.is_trusting()
    log = await lab.run(lab.moderator, "curate history")
    assert f"↩️ undid change {trusted.id}: announcements without a review" in log
    one = await lab.run(lab.moderator, "setup trust", on=True, person="#1")
    assert "certainly by **Ann Lee**" in one
    off = await lab.run(lab.moderator, "setup trust", on=False, person="#1")
    assert "All new papers by **Ann Lee** need a review." in off


async def test_a_person_of_the_lab_without_papers_is_answered_privately(lab: Lab) -> None:
    draft = PersonDraft("Zoe Quill", discord_id=lab.member.id)
    await lab.app.library.people.add(draft, MODERATOR)
    for name in ("quill", f"<@{lab.member.id}>"):
        result = await lab.member.slash(lab.channel, "author", name=name)
        assert result.ephemeral
        assert reply_text(result) == "The list has no papers by Zoe Quill yet."


async def claim(lab: Lab) -> tuple[str, Any]:
    """Has the member claim to be somebody; returns the reply and the moderators' channel."""
    room = lab.env.guild.create_text_channel("moderators")
    await lab.run(lab.moderator, "setup channel", channel=room)
    await lab.app.library.people.add(PersonDraft("Stella Biderman", ids=(ORCID,)), MODERATOR)
    asked = await lab.member.slash(lab.channel, "people claim", person="biderman")
    assert asked.ephemeral
    return reply_text(asked), room


async def test_a_moderator_confirms_who_a_member_is(lab: Lab) -> None:
    reply, room = await claim(lab)
    assert "A moderator will confirm that you're **Stella Biderman**." in reply
    text = visible_text(room.last_message)
    assert f"<@{lab.member.id}> says that they're **Stella Biderman** (number 1)." in text
    assert "ORCID 0000-0002-1825-0097" in text
    again = await lab.run(lab.member, "people claim", person="biderman")
    assert "You've already asked." in again
    unknown = await lab.run(lab.moderator, "author", name=f"<@{lab.member.id}>")
    assert "I don't know which author that is." in unknown

    refused = await lab.member.click(room.last_message, label="Confirm")
    assert refused.ephemeral
    assert "moderator" in reply_text(refused).lower()
    result = await lab.moderator.click(room.last_message, label="Confirm")
    assert result.ephemeral
    assert f"You confirmed that <@{lab.member.id}> is **Stella Biderman**." in reply_text(result)
    assert "✅ Confirmed by noor." in visible_text(room.last_message)
    assert (await lab.app.library.people.get(1)).discord_id == lab.member.id
    late = await lab.press_custom_id(lab.moderator, "claim:1:0")
    assert "You've already decided this one." in late
    for name in (f"<@{lab.member.id}>", "Stella Biderman"):
        shown = await lab.run(lab.moderator, "author", name=name)
        assert "### Stella Biderman" in shown
        assert f"<@{lab.member.id}>" in shown
    elsewhere = await lab.other_manager.slash(lab.other_channel, "author", name="Stella Biderman")
    assert f"<@{lab.member.id}>" not in reply_text(elsewhere)
    lab.clock.advance(timedelta(days=2))
    already = await lab.run(lab.member, "people claim", person="biderman")
    assert "You're already Stella Biderman." in already


async def test_a_moderator_says_that_a_member_is_somebody_else(lab: Lab) -> None:
    _, room = await claim(lab)
    lab.clock.advance(timedelta(days=3))
    result = await lab.moderator.click(room.last_message, label="No")
    assert f"You said that <@{lab.member.id}> isn't **Stella Biderman**." in reply_text(result)
    assert "👋 Declined by noor." in visible_text(room.last_message)
    assert (await lab.app.library.people.get(1)).discord_id is None
    again = await lab.run(lab.member, "people claim", person="biderman")
    assert "A moderator has just said no. You can ask again tomorrow." in again
    lab.clock.advance(timedelta(days=1))
    assert "Thanks!" in await lab.run(lab.member, "people claim", person="biderman")


async def test_claims_wait_in_the_queue_and_can_be_undone(lab: Lab) -> None:
    _, room = await claim(lab)
    queue = await lab.moderator.slash(lab.channel, "curate queue")
    text = reply_text(queue)
    assert "### 🔎 1 claim to review" in text
    assert f"<@{lab.member.id}> says that they're **Stella Biderman** (number 1)." in text

    decided = await lab.moderator.click(queue.response, label="Confirm")

    text = visible_text(decided.response)
    assert f"You confirmed that <@{lab.member.id}> is **Stella Biderman**." in text
    assert "Nothing needs review" in text
    await lab.app.deliver()
    assert "✅ Confirmed by noor." in visible_text(room.last_message)
    history = await lab.run(lab.moderator, "curate history")
    assert "confirmed that **mika is Stella Biderman**" in history
    undone = await lab.moderator.click(decided.response, label="Undo")
    assert "1 claim to review" in visible_text(undone.response)
    assert (await lab.app.library.people.get(1)).discord_id is None
    await lab.app.deliver()
    assert "[Confirm] [No]" in visible_text(room.last_message)
    redone = await lab.moderator.click(undone.response, label="Redo")
    assert "Nothing needs review" in visible_text(redone.response)
    assert (await lab.app.library.people.get(1)).discord_id == lab.member.id
    assert f"{lab.member.id}" in await lab.run(lab.moderator, "people show", person="#1")


async def test_a_claim_survives_a_restart_and_is_decided_once(lab: Lab, settings: Settings) -> None:
    _, room = await claim(lab)
    queue = await lab.moderator.slash(lab.channel, "curate queue")
    forget_deliveries(lab.app.library)
    again = await lab.restart(replace(settings))
    await lab.app.deliver()
    assert len(room.history()) == 1
    await lab.moderator.click(room.last_message, label="No")
    late = await lab.moderator.click(queue.response, label="Confirm")
    assert "You've already decided this one." in reply_text(late)
    assert "Nothing needs review" in reply_text(late)
    assert (await lab.app.library.people.get(1)).discord_id is None
    await again.close()


async def test_a_claim_to_be_somebody_who_was_removed_waits_no_more(lab: Lab) -> None:
    _, room = await claim(lab)
    await lab.app.library.people.remove(1, MODERATOR)
    assert "Nothing needs review" in await lab.run(lab.moderator, "curate queue")
    refused = await lab.press_custom_id(lab.moderator, "claim:1:1")
    assert "couldn't find" in refused
    await lab.app.deliver()
    assert "They were removed from the lab's people." in visible_text(room.last_message)
    await lab.app.library.people.add(PersonDraft("Bo Chen"), MODERATOR)
    assert "Thanks!" in await lab.run(lab.member, "people claim", person="Bo Chen")


async def test_a_claim_waits_again_once_its_person_is_back(lab: Lab) -> None:
    _, room = await claim(lab)
    removed = await lab.moderator.slash(lab.channel, "people remove", person="#1")
    await lab.app.deliver()
    assert "[Confirm]" not in visible_text(room.last_message)
    await lab.moderator.click(removed.response, label="Undo")
    await lab.app.deliver()
    assert "[Confirm] [No]" in visible_text(room.last_message)


async def test_a_claim_that_came_too_late_is_refused(lab: Lab) -> None:
    _, room = await claim(lab)
    await lab.run(lab.moderator, "people edit", person="#1", member=lab.moderator)
    result = await lab.moderator.click(room.last_message, label="Confirm")
    assert "Stella Biderman has been linked to somebody else in the meantime." in reply_text(result)


async def test_a_claim_needs_a_person_who_is_nobody_yet_but_no_channel(lab: Lab) -> None:
    await lab.app.library.people.add(PersonDraft("Ann Lee", discord_id=7), MODERATOR)
    await lab.app.library.people.add(PersonDraft("Bo Chen"), MODERATOR)
    taken = await lab.run(lab.member, "people claim", person="Ann Lee")
    assert "Ann Lee is linked to another member." in taken
    asked = await lab.run(lab.member, "people claim", person="Bo Chen")  # without a channel
    assert "A moderator will confirm that you're **Bo Chen**." in asked
    assert "1 claim to review" in await lab.run(lab.moderator, "curate queue")


async def test_many_ids_leave_room_for_everything_else(lab: Lab) -> None:
    foreign = tuple(PersonId(IdScheme.OPENALEX, f"A50000000{one:03}") for one in range(150))
    draft = PersonDraft("Ann Lee", categories=("cs.CL",))
    await lab.app.library.people.add(draft, MODERATOR)
    await lab.app.library.people.edit(
        1, lambda person: replace(person, foreign_ids=foreign), MODERATOR
    )
    shown = await lab.run(lab.moderator, "people show", person="#1")
    assert "OpenAlex ID A50000000009 and 140 more" in shown
    assert "**arXiv categories** cs.CL" in shown
