"""`/people find`: a moderator chooses who is meant, with services on this machine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp.test_utils import TestServer

from bot.settings import Settings
from storage.people.models import IdScheme, Person, PersonDraft, PersonId
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR
from tests.support.source_server import PATHS, KnownPerson, SourceServer

pytestmark = pytest.mark.simcord(settle_timeout=20)

ORCID = PersonId(IdScheme.ORCID, "0000-0002-1825-0097")
OPENALEX = PersonId(IdScheme.OPENALEX, "A5000000001")
DBLP = PersonId(IdScheme.DBLP, "17/1926")
ADA = KnownPerson(
    "Ada Nightjar",
    openalex=OPENALEX.value,
    orcid=ORCID.value,
    affiliations=("Institute of Examples",),
    years=(2019, 2026),
    work_count=41,
)
NAMESAKE = KnownPerson("Ada Nightjar 0002", dblp=DBLP.value, affiliations=("Owl Society",))


@pytest.fixture
async def server() -> AsyncIterator[SourceServer]:
    found = SourceServer(people=[ADA, NAMESAKE])
    async with TestServer(found.app()) as running:
        found.home = str(running.make_url("/")).rstrip("/")
        found.add("Counting Owls", OPENALEX.value, day="2024-05-01")
        found.add("Bats and Their Maps", DBLP.value, day="2021-05-01")
        yield found


@pytest.fixture
def settings(settings: Settings, server: SourceServer) -> Settings:
    urls = {name: f"{server.home}{path}" for name, path in PATHS.items()}
    return replace(settings, lab_herald_speedup=10_000, **urls)


async def find(lab: Lab, name: str = "Ada Nightjar") -> Any:
    result = await lab.moderator.slash(lab.channel, "people find", name=name)
    assert result.ephemeral
    return result


async def press(lab: Lab, result: Any, label: str) -> Any:
    return await lab.moderator.click(result.response, label=label)


def labels(result: Any) -> list[str]:
    """Returns the labels of the buttons in the last row of a card."""
    (card,) = result.response.components
    return [one["label"] for one in card["components"][-1]["components"]]


async def registered(lab: Lab) -> tuple[Person, ...]:
    return await lab.app.library.people.all()


async def test_a_moderator_chooses_a_candidate_and_adds_the_person(lab: Lab) -> None:
    result = await find(lab)
    shown = reply_text(result)
    for part in (
        "### 🔎 Who is Ada Nightjar?",
        "**1 · Ada Nightjar**\nInstitute of Examples · 2019 to 2026 · 41 works",
        "- Counting Owls \\(2024\\)",
        "ORCID [0000-0002-1825-0097](https://orcid.org/0000-0002-1825-0097)",
        "OpenAlex ID [A5000000001](https://openalex.org/A5000000001)",
        "**2 · Ada Nightjar**\nOwl Society · 2021 · 1 work",
        "- Bats and Their Maps \\(2021\\)",
        "DBLP ID [17/1926](https://dblp.org/pid/17/1926.html)",
    ):
        assert part in shown
    assert "0002**" not in shown
    form = await press(lab, result, "1 · Ada Nightjar")
    assert form_values(form.modal) == {
        "name": "Ada Nightjar",
        "other_names": "",
        "ids": "https://orcid.org/0000-0002-1825-0097\nhttps://openalex.org/A5000000001",
        "membership": "",
        "categories": "",
    }
    assert await registered(lab) == ()
    typed = {**form_values(form.modal), "membership": "2020-01-01.."}
    added = await lab.moderator.submit_modal(form, typed)
    assert "Added to the lab's people." in reply_text(added)
    assert "**Member** since 2020-01-01" in reply_text(added)
    (person,) = await registered(lab)
    assert (person.name, person.ids) == ("Ada Nightjar", (ORCID, OPENALEX))
    undone = await lab.moderator.click(added.response, label="Undo")
    assert "added **Ada Nightjar** to the lab's people" in reply_text(undone)
    assert await registered(lab) == ()


async def test_a_form_can_be_opened_again_after_it_was_cancelled(lab: Lab) -> None:
    result = await find(lab)
    await press(lab, result, "1 · Ada Nightjar")
    form = await press(lab, result, "2 · Ada Nightjar")
    await lab.moderator.submit_modal(form, form_values(form.modal))
    assert [one.ids for one in await registered(lab)] == [(DBLP,)]


async def test_none_of_these_closes_and_changes_nothing(lab: Lab) -> None:
    before = (await lab.app.library.audit.page()).changes
    closed = await press(lab, await find(lab), "None of these")
    assert "Nothing changed." in reply_text(closed)
    assert "Ada" not in reply_text(closed)
    assert await registered(lab) == ()
    assert (await lab.app.library.audit.page()).changes == before
    assert "**1 · Ada Nightjar**" in reply_text(await find(lab))


async def test_the_ids_are_given_to_a_registered_person_of_that_name(lab: Lab) -> None:
    await lab.app.library.people.add(PersonDraft("Nightjar, Ada"), MODERATOR)
    question = await press(lab, await find(lab), "1 · Ada Nightjar")
    assert "### 👥 Whose IDs are these?" in reply_text(question)
    back = await press(lab, question, "Back")
    assert "**2 · Ada Nightjar**" in reply_text(back)
    question = await press(lab, back, "1 · Ada Nightjar")
    done = await press(lab, question, "Nightjar, Ada (number 1)")
    assert "has these IDs now." in reply_text(done)
    assert (await registered(lab))[0].ids == (ORCID, OPENALEX)
    history = await lab.run(lab.moderator, "curate history")
    assert "changed the lab's **Nightjar, Ada**" in history
    await lab.moderator.click(done.response, label="Undo")
    assert (await registered(lab))[0].ids == ()


async def test_somebody_new_may_have_the_name_of_a_registered_person(lab: Lab) -> None:
    taken = PersonDraft("Ada Nightjar", ids=(ORCID,))
    await lab.app.library.people.add(taken, MODERATOR)
    result = await find(lab)
    assert "✅ Registered: Ada Nightjar (number 1)" in reply_text(result)
    question = await press(lab, result, "2 · Ada Nightjar")
    form = await press(lab, question, "Somebody new")
    await lab.moderator.submit_modal(form, form_values(form.modal))
    assert [one.ids for one in await registered(lab)] == [(ORCID,), (DBLP,)]


async def test_another_id_of_the_same_service_is_pointed_out(lab: Lab) -> None:
    other = PersonId(IdScheme.DBLP, "20/88")
    await lab.app.library.people.add(PersonDraft("Ada Nightjar", ids=(other,)), MODERATOR)
    question = await press(lab, await find(lab), "2 · Ada Nightjar")
    assert "Ada Nightjar (number 1) has another DBLP ID 20/88." in reply_text(question)


async def test_whoever_has_one_of_the_ids_gets_the_others(lab: Lab) -> None:
    await lab.app.library.people.add(PersonDraft("A. Bea Nightjar", ids=(ORCID,)), MODERATOR)
    done = await press(lab, await find(lab), "1 · Ada Nightjar")
    assert "has these IDs now." in reply_text(done)
    assert (await registered(lab))[0].ids == (ORCID, OPENALEX)
    again = await press(lab, await find(lab), "1 · Ada Nightjar")
    assert "(number 1) has these IDs already." in reply_text(again)


async def test_ids_of_several_people_are_refused(lab: Lab) -> None:
    people = lab.app.library.people
    await people.add(PersonDraft("Ada Nightjar", ids=(ORCID,)), MODERATOR)
    await people.add(PersonDraft("Bo Wren", ids=(OPENALEX,)), MODERATOR)
    refused = await press(lab, await find(lab), "1 · Ada Nightjar")
    assert refused.ephemeral
    assert (
        "Those IDs belong to several people: Ada Nightjar (number 1) and Bo Wren (number 2)."
        in reply_text(refused)
    )
    assert [one.ids for one in await registered(lab)] == [(ORCID,), (OPENALEX,)]


async def test_ids_of_somebody_with_another_name_are_refused(lab: Lab) -> None:
    await lab.app.library.people.add(PersonDraft("Bo Wren", ids=(OPENALEX,)), MODERATOR)
    refused = await press(lab, await find(lab), "1 · Ada Nightjar")
    assert "The OpenAlex ID A5000000001 belongs to Bo Wren (number 1)." in reply_text(refused)
    assert [one.ids for one in await registered(lab)] == [(OPENALEX,)]


async def make_foreign(lab: Lab, number: int, *foreign: PersonId) -> None:
    await lab.app.library.people.edit(
        number, lambda person: replace(person, foreign_ids=foreign), MODERATOR
    )


async def test_an_id_that_is_known_not_to_be_theirs_is_refused(lab: Lab) -> None:
    people = lab.app.library.people
    await people.add(PersonDraft("Ada Nightjar"), MODERATOR)
    question = await press(lab, await find(lab), "1 · Ada Nightjar")
    await make_foreign(lab, 1, ORCID)  # meanwhile
    refused = await press(lab, question, "Ada Nightjar (number 1)")
    sentence = "The ORCID 0000-0002-1825-0097 is known to be somebody else's, not that of Ada"
    assert sentence in reply_text(refused)
    question = await press(lab, await find(lab), "1 · Ada Nightjar")
    assert sentence in reply_text(question)
    assert labels(question) == ["Somebody new", "Back"]
    assert (await registered(lab))[0].ids == ()
    form = await press(lab, question, "Somebody new")
    await lab.moderator.submit_modal(form, form_values(form.modal))
    assert (await registered(lab))[1].ids == (ORCID, OPENALEX)


async def test_an_id_that_somebody_else_got_meanwhile_is_refused(lab: Lab) -> None:
    people = lab.app.library.people
    form = await press(lab, await find(lab), "1 · Ada Nightjar")
    await people.add(PersonDraft("Bo Wren", ids=(ORCID,)), MODERATOR)
    refused = await lab.moderator.submit_modal(form, form_values(form.modal))
    assert "The ORCID 0000-0002-1825-0097 belongs to Bo Wren (number 1)." in reply_text(refused)
    assert len(await registered(lab)) == 1


async def test_services_that_fail_are_named(lab: Lab, server: SourceServer) -> None:
    server.fail("dblp", (503, b"", {}))
    shown = reply_text(await find(lab))
    assert "⚠️ DBLP didn't answer." in shown
    assert "**1 · Ada Nightjar**" in shown
    for service in ("openalex", "orcid", "dblp"):
        server.fail(service, (503, b"", {}))
    failed = await find(lab)
    assert "OpenAlex didn't answer. ORCID didn't answer. DBLP didn't answer." in reply_text(failed)


async def test_it_says_if_nobody_or_too_many_are_found(lab: Lab, server: SourceServer) -> None:
    shown = reply_text(await find(lab, "Zoe Quill"))
    assert "I couldn't find Zoe Quill at OpenAlex, ORCID or DBLP." in shown
    server.people = [
        KnownPerson("Wei Wang", openalex=f"A50000001{number:02}") for number in range(30)
    ]
    shown = reply_text(await find(lab, "Wei Wang"))
    assert "**3 · Wei Wang**" in shown
    assert "**4 · Wei Wang**" not in shown
    assert "There are more people of that name: OpenAlex 30 in all." in shown


@pytest.mark.parametrize("name", ["x" * 300, "; ;", "😀", ORCID.value])
async def test_what_is_no_name_is_explained(lab: Lab, server: SourceServer, name: str) -> None:
    refused = await find(lab, name)
    assert "isn't" in reply_text(refused)
    assert server.asked == []


async def test_names_and_titles_show_as_they_are(lab: Lab, server: SourceServer) -> None:
    evil = "**@everyone** [x](https://evil.example) <@1>"
    server.people = [
        KnownPerson(
            "王伟",
            openalex=OPENALEX.value,
            affiliations=(evil, "y" * 900),
            other_names=(evil,),
            years=(2020,),
            work_count=1,
        )
    ]
    server.add(evil + "z" * 900, OPENALEX.value)
    result = await find(lab, "王伟")
    shown = reply_text(result)
    assert "**1 · 王伟**" in shown
    assert "\\*\\*\\@everyone\\*\\* \\[x\\]\\(" in shown
    assert len(shown) < 4000
    form = await press(lab, result, "1 · 王伟")
    await lab.moderator.submit_modal(form, form_values(form.modal))
    assert [one.name for one in await registered(lab)] == ["王伟"]


async def test_the_largest_answer_fits_into_a_message(lab: Lab, server: SourceServer) -> None:
    name = "Ada " + "Longname-" * 8 + "Nightjar"
    server.people = [
        KnownPerson(
            name,
            openalex=f"A50000000{number}",
            affiliations=tuple(f"{letter * 200}" for letter in "abcd"),
            years=(1990, 2026),
            work_count=12345,
        )
        for number in range(10, 30)
    ]
    for number in range(10, 30):
        for title in "abc":
            server.add(title * 500, f"A50000000{number}")
    for service in ("orcid", "dblp"):
        server.fail(service, (503, b"", {}))
    shown = reply_text(await find(lab, name))
    assert "**3 · " in shown
    assert len(shown) <= 4000


async def test_a_member_cannot_search_or_choose(lab: Lab) -> None:
    refused = await lab.member.slash(lab.channel, "people find", name="Ada Nightjar")
    assert refused.ephemeral
    assert "Only moderators" in reply_text(refused)


async def test_buttons_of_an_earlier_run_have_expired(lab: Lab, settings: Settings) -> None:
    result = await find(lab)
    await lab.restart(settings)
    expired = await press(lab, result, "1 · Ada Nightjar")
    assert "These buttons have expired. Run the command again." in reply_text(expired)
