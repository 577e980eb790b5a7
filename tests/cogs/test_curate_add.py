from __future__ import annotations

from dataclasses import replace
from typing import Any

import discord
import pytest
import simcord
from simcord.actors import _component_interaction, _find_component, _visible_message

from bot.demo.messages import visible_text
from bot.settings import Settings
from storage.models import Actor, Origin, PaperDraft
from storage.papers.errors import PaperNotFound
from tests.support.forms import form_values
from tests.support.lab import HOME, Lab, reply_text
from tests.support.library import MODERATOR
from tests.support.lookup_server import LookupServer

WORK = {
    "DOI": "10.5555/lab.7",
    "title": ["Small Models, Long Memories"],
    "author": [{"given": "Ada", "family": "Lovelace"}],
    "container-title": ["Journal of Open Things"],
    "issued": {"date-parts": [[2024, 2]]},
    "abstract": "<jats:p>We @everyone look.</jats:p>",
}
DOI = "10.5555/lab.7"


@pytest.fixture
def services(lookup_server: LookupServer) -> LookupServer:
    lookup_server.works[DOI] = WORK
    return lookup_server


@pytest.fixture
def settings(settings: Settings, services: LookupServer) -> Settings:
    where = services.addresses()
    return replace(
        settings,
        arxiv_api_url=where.arxiv,
        crossref_url=where.crossref,
        datacite_url=where.datacite,
        doi_url=where.doi,
    )


async def look_up(lab: Lab, source: str, **options: Any) -> Any:
    return await lab.moderator.slash(lab.channel, "curate add", source=source, **options)


async def test_a_source_is_looked_up_previewed_and_added_with_one_click(lab: Lab) -> None:
    shown = await look_up(lab, f"https://doi.org/{DOI}")
    assert shown.ephemeral
    text = reply_text(shown)
    assert "Is this the right paper? It won't be announced." in text
    assert "Small Models, Long Memories" in text
    assert "Journal of Open Things" in text
    assert "in the list since" not in text
    done = await lab.moderator.click(shown.response, label="Add")
    assert "Added to the list without announcing it" in reply_text(done)
    assert "[Undo]" in reply_text(done)
    paper = await lab.app.library.papers.get_by_text(DOI)
    assert paper.authors == ("Ada Lovelace",)
    (change,) = await lab.app.library.audit.for_paper(paper.id)
    assert change.actor == Actor(f"discord:{lab.moderator.id}", "noor")
    await lab.moderator.click(done.response, label="Undo")
    with pytest.raises(PaperNotFound):
        await lab.app.library.papers.get_by_text(DOI)


async def test_a_second_click_keeps_the_first_answer_and_its_undo(lab: Lab) -> None:
    shown = await look_up(lab, DOI)
    custom_id = _id_of(lab, shown.response, "Add")
    done = await lab.moderator.click(shown.response, label="Add")
    again = await _press_again(lab, done.response, custom_id)
    assert again.ephemeral
    assert "already decided this one" in reply_text(again)
    assert "Added to the list" in visible_text(done.response)
    assert "[Undo]" in visible_text(done.response)


async def test_a_decision_that_failed_can_be_repeated(lab: Lab) -> None:
    shown = await look_up(lab, DOI)
    http, roles = lab.app.client.http, [lab.env.guild.roles["Managers"].id]
    await http.edit_member(HOME, lab.moderator.id, roles=[])
    refused = await lab.moderator.click(shown.response, label="Add")
    assert "Only moderators" in reply_text(refused)
    await http.edit_member(HOME, lab.moderator.id, roles=roles)
    done = await lab.moderator.click(shown.response, label="Add")
    assert "Added to the list" in reply_text(done)


async def test_the_announcement_can_be_turned_on_in_the_preview(
    lab: Lab, services: LookupServer
) -> None:
    await lab.run(lab.moderator, "announce here")
    shown = await look_up(lab, DOI)
    turned = await lab.moderator.click(shown.response, label="Announce: no")
    assert "It will be announced." in reply_text(turned)
    done = await lab.moderator.click(turned.response, label="Add")
    assert "Added to the list and announced" in reply_text(done)
    assert "Small Models, Long Memories" in lab.last_text
    assert len(services.asked) == 1


@pytest.mark.parametrize(
    ("title", "abstract"),
    [("RETRACTED: Memories", ""), ("Memories", "This paper has been withdrawn by its author.")],
)
async def test_the_preview_warns_of_a_withdrawn_paper(
    lab: Lab, services: LookupServer, title: str, abstract: str
) -> None:
    services.works[DOI] = {**WORK, "title": [title], "abstract": abstract}
    assert "⚠️ It seems to have been withdrawn" in reply_text(await look_up(lab, DOI))
    services.works["10.5555/other"] = {**WORK, "DOI": "10.5555/other"}
    assert "⚠️" not in reply_text(await look_up(lab, "10.5555/other"))


async def test_the_reply_says_that_a_known_paper_was_not_announced(
    lab: Lab, services: LookupServer
) -> None:
    known = await lab.app.library.papers.get_by_text("2302.12433")
    services.preprint("2302.12433", known.title, known.authors, "A fuller abstract. " * 20)
    shown = await look_up(lab, "2302.12433", announce=True)
    done = await lab.moderator.click(shown.response, label="Update")
    assert reply_text(done).split("\n")[0].endswith("It wasn't announced, since it isn't new.")


async def test_the_command_can_turn_the_announcement_on(lab: Lab) -> None:
    shown = await look_up(lab, DOI, announce=True)
    assert "It will be announced." in reply_text(shown)
    assert "[Announce: yes]" in reply_text(shown)


async def test_a_found_paper_can_be_edited_first_and_keeps_what_was_typed(lab: Lab) -> None:
    shown = await look_up(lab, DOI)
    form = await lab.moderator.click(shown.response, label="Edit first")
    values = form_values(form.modal)
    assert values["title"] == "Small Models, Long Memories"
    assert values["venue_and_year"] == "Journal of Open Things 2024-02"
    assert values["links"] == f"https://doi.org/{DOI}"
    wrong = await lab.moderator.submit_modal(form, {**values, "venue_and_year": "TMLR 2024-13"})
    assert "isn't a date" in reply_text(wrong)
    again = await lab.moderator.click(wrong.response, label="Try again")
    assert form_values(again.modal) == {**values, "venue_and_year": "TMLR 2024-13"}
    done = await lab.moderator.submit_modal(again, {**values, "venue_and_year": "TMLR 2024"})
    assert "Added to the list" in reply_text(done)
    assert (await lab.app.library.papers.get_by_text(DOI)).venue == "TMLR"


async def test_cancelling_changes_nothing(lab: Lab) -> None:
    shown = await look_up(lab, DOI)
    assert "Nothing changed" in reply_text(
        await lab.moderator.click(shown.response, label="Cancel")
    )
    with pytest.raises(PaperNotFound):
        await lab.app.library.papers.get_by_text(DOI)


async def test_a_known_paper_is_shown_with_what_would_be_updated(
    lab: Lab, services: LookupServer
) -> None:
    known = await lab.app.library.papers.get_by_text("2302.12433")
    services.preprint("2302.12433", known.title, known.authors, "A fuller abstract. " * 20)
    shown = await look_up(lab, "arXiv:2302.12433v3")
    assert "That paper is already in the list, but I can update its" in reply_text(shown)
    assert "abstract" in reply_text(shown)
    assert f"#{known.id}" in reply_text(shown)
    done = await lab.moderator.click(shown.response, label="Update")
    assert "I added your details to it" in reply_text(done)
    assert "A fuller abstract." in (await lab.app.library.papers.get(known.id)).abstract
    again = await look_up(lab, "arXiv:2302.12433v3")
    assert reply_text(again).startswith("👌 That paper is already in the list.\n")


async def test_a_possible_duplicate_is_shown_next_to_the_found_paper(
    lab: Lab, services: LookupServer
) -> None:
    known = await lab.app.library.papers.get_by_text("2302.12433")
    services.works["10.5555/twin"] = {
        "DOI": "10.5555/twin",
        "title": [known.title],
        "author": [{"family": known.authors[0]}],
        "issued": {"date-parts": [[2023]]},
    }
    count = await lab.app.library.papers.count()
    shown = await look_up(lab, "10.5555/twin")
    assert "This paper may already be in the list" in reply_text(shown)
    opened = await lab.moderator.click(shown.response, label=f"Show #{known.id}")
    assert "Cite" in reply_text(opened)
    done = await lab.moderator.click(shown.response, label="Add anyway")
    assert "Added to the list" in reply_text(done)
    assert await lab.app.library.papers.count() == count + 1


async def test_a_possible_duplicate_can_be_marked_as_the_same_paper(
    lab: Lab, services: LookupServer
) -> None:
    known = await lab.app.library.papers.get_by_text("2302.12433")
    services.works["10.5555/twin"] = {
        "DOI": "10.5555/twin",
        "title": [known.title],
        "container-title": ["Journal of Proofs"],
    }
    shown = await look_up(lab, "10.5555/twin")
    done = await lab.moderator.click(shown.response, label="Same paper")
    assert "I added your details to it" in reply_text(done)
    assert "[Undo]" in reply_text(done)
    paper = await lab.app.library.papers.get(known.id)
    assert (paper.venue, paper.doi) == ("Journal of Proofs", "10.5555/twin")


async def test_feeds_may_improve_looked_up_details_but_not_typed_ones(
    lab: Lab, services: LookupServer
) -> None:
    published = PaperDraft(
        title="One", venue="TMLR", identifiers=("arxiv:2304.00001",), authors=("Ada Lovelace",)
    )
    services.preprint("2304.00001", "One")
    shown = await look_up(lab, "2304.00001")
    await lab.moderator.click(shown.response, label="Add")
    await lab.app.library.papers.upsert(published, Origin.FEED, Actor("feed:1", "a feed"))
    assert (await lab.app.library.papers.get_by_text("2304.00001")).venue == "TMLR"

    shown = await look_up(lab, DOI)
    form = await lab.moderator.click(shown.response, label="Edit first")
    await lab.moderator.submit_modal(
        form, {**form_values(form.modal), "venue_and_year": "arXiv 2024"}
    )
    other = replace(published, title="Small Models", identifiers=(f"doi:{DOI}",))
    await lab.app.library.papers.upsert(other, Origin.FEED, Actor("feed:1", "a feed"))
    assert (await lab.app.library.papers.get_by_text(DOI)).venue == "arXiv"


async def test_the_preview_says_that_a_paper_was_removed(lab: Lab) -> None:
    shown = await look_up(lab, DOI)
    await lab.moderator.click(shown.response, label="Add")
    paper = await lab.app.library.papers.get_by_text(DOI)
    await lab.app.library.papers.remove(paper.id, MODERATOR)
    shown = await look_up(lab, DOI)
    assert "removed from the list on purpose. Adding it will bring it back" in reply_text(shown)
    done = await lab.moderator.click(shown.response, label="Add")
    assert "Now it's back" in reply_text(done)


@pytest.mark.parametrize(
    ("source", "sentence", "links"),
    [
        ("2304.99999", "arXiv has no paper 2304.99999", "2304.99999"),
        ("10.5555/none", "Neither Crossref nor DataCite knows", "https://doi.org/10.5555/none"),
        ("https://127.0.0.1:9/p", "so I won't read it", "https://127.0.0.1:9/p"),
    ],
)
async def test_a_source_that_is_not_found_opens_the_form_with_what_is_known(
    lab: Lab, source: str, sentence: str, links: str
) -> None:
    shown = await look_up(lab, source)
    assert shown.ephemeral
    assert sentence in reply_text(shown)
    form = await lab.moderator.click(shown.response, label="Fill in the form")
    values = form_values(form.modal)
    assert (values["title"], values["links"]) == ("", links)
    done = await lab.moderator.submit_modal(form, {**values, "title": "By Hand"})
    assert "Added to the list" in reply_text(done)
    assert (await lab.app.library.papers.get_by_text(source)).title == "By Hand"


async def test_a_service_that_is_down_is_explained_above_the_form(
    lab: Lab, services: LookupServer
) -> None:
    services.fail("/crossref", (503, "", {}))
    shown = await look_up(lab, DOI)
    assert "Crossref isn't available right now." in reply_text(shown)
    assert "Try again later." in reply_text(shown)
    assert "[Fill in the form]" in reply_text(shown)


async def test_text_that_is_not_a_source_is_used_as_the_title(lab: Lab) -> None:
    shown = await look_up(lab, "Attention *Is* Enough")
    assert "isn't something I can look up" in reply_text(shown)
    form = await lab.moderator.click(shown.response, label="Fill in the form")
    assert form_values(form.modal)["title"] == "Attention *Is* Enough"


async def test_a_bibtex_entry_needs_no_look_up(lab: Lab, services: LookupServer) -> None:
    shown = await look_up(lab, "@article{a, title={By Entry}, author={Lovelace, Ada}, year=2023}")
    assert "By Entry" in reply_text(shown)
    assert services.asked == []


MESSAGE = (
    f"Today: https://arxiv.org/abs/2302.12433, https://doi.org/{DOI} and "
    "https://arxiv.org/abs/2304.99999. Also https://tenor.com/x"
)


async def review_links(lab: Lab, text: str, actor: Any = None) -> Any:
    message = await lab.member.send(lab.channel, text)
    return await lab.use_menu(actor or lab.moderator, "Add paper", message)


async def test_the_papers_of_a_message_are_listed_and_added_with_one_click(
    lab: Lab, services: LookupServer
) -> None:
    shown = await review_links(lab, MESSAGE)
    assert shown.ephemeral
    text = reply_text(shown)
    assert "3 links in that message" in text
    known = await lab.app.library.papers.get_by_text("2302.12433")
    assert f"✅ in the list as #{known.id}" in text
    assert "Small Models, Long Memories" in text
    assert "arXiv has no paper 2304.99999" in text
    assert "id_list=2304.99999" in "".join(services.asked)

    added = await lab.moderator.click(shown.response, label="Add")
    assert "Added to the list without announcing it" in reply_text(added)
    assert "[Undo]" in reply_text(added)
    paper = await lab.app.library.papers.get_by_text(DOI)
    assert f"in the list as #{paper.id}" in visible_text(shown.response)

    form = await lab.moderator.click(shown.response, label="Fill in")
    done = await lab.moderator.submit_modal(form, {**form_values(form.modal), "title": "By Hand"})
    assert "Added to the list" in reply_text(done)
    assert "3 links in that message" in visible_text(shown.response)


async def test_a_found_paper_shows_a_renamed_author_by_the_new_name(lab: Lab) -> None:
    library = lab.app.library
    await library.papers.upsert(PaperDraft("Engines", ("Ada Lovelace",)), Origin.IMPORT, MODERATOR)
    await library.authors.rename("Ada Lovelace", "Ada King", MODERATOR)
    for shown in (await look_up(lab, DOI), await review_links(lab, f"doi:{DOI}")):
        assert "Ada King" in reply_text(shown)
        assert "Lovelace" not in reply_text(shown)


async def test_the_papers_of_a_message_can_be_announced(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    shown = await review_links(lab, f"doi:{DOI}")
    assert "1 link in that message" in reply_text(shown)
    await lab.moderator.click(shown.response, label="Announce: no")
    await lab.moderator.click(shown.response, label="Add")
    assert "Small Models, Long Memories" in lab.last_text


async def test_links_in_embeds_are_found(lab: Lab) -> None:
    channel: Any = lab.app.client.get_channel(lab.channel.id)
    embed = discord.Embed(title="News", url=f"https://doi.org/{DOI}", description="arXiv:nothing")
    embed.add_field(name="Also", value="see https://arxiv.org/abs/2302.12433")
    message = await channel.send(embed=embed)
    shown = await lab.use_menu(lab.moderator, "Add paper", message)
    assert "2 links in that message" in reply_text(shown)
    assert "Small Models, Long Memories" in reply_text(shown)


async def test_adding_what_somebody_else_added_meanwhile_says_so(lab: Lab) -> None:
    first, second = await look_up(lab, DOI), await look_up(lab, DOI)
    await lab.moderator.click(first.response, label="Add")
    done = await lab.moderator.click(second.response, label="Add")
    assert "That paper is already in the list" in reply_text(done)


async def test_a_preview_from_before_a_restart_has_expired(lab: Lab, settings: Settings) -> None:
    shown = await look_up(lab, DOI)
    again = await lab.restart(settings)
    result = await lab.moderator.click(shown.response, label="Add")
    assert result.ephemeral
    assert "These buttons have expired" in reply_text(result)
    assert "have expired" in await lab.press_custom_id(lab.member, "nothing:of:mine")
    with pytest.raises(PaperNotFound):
        await lab.app.library.papers.get_by_text(DOI)
    await again.close()


async def test_a_former_moderator_cannot_add_papers(lab: Lab) -> None:
    shown = await look_up(lab, DOI)
    await lab.app.client.http.edit_member(HOME, lab.moderator.id, roles=[])
    refused = await lab.moderator.click(shown.response, label="Add")
    assert "Only moderators" in reply_text(refused)
    with pytest.raises(PaperNotFound):
        await lab.app.library.papers.get_by_text(DOI)


async def test_a_possible_duplicate_in_a_message_is_marked_and_asked_about(
    lab: Lab, services: LookupServer
) -> None:
    known = await lab.app.library.papers.get_by_text("2302.12433")
    services.works["10.5555/twin"] = {"DOI": "10.5555/twin", "title": [known.title]}
    shown = await review_links(lab, "https://doi.org/10.5555/twin")
    assert f"may be a duplicate of #{known.id}" in reply_text(shown)
    asked = await lab.moderator.click(shown.response, label="Add")
    assert "This paper may already be in the list" in reply_text(asked)
    done = await lab.moderator.click(asked.followups[-1], label="Add anyway")
    assert "Added to the list" in reply_text(done)


async def test_only_the_first_of_many_links_are_shown(lab: Lab, services: LookupServer) -> None:
    for number in range(14):
        services.works[f"10.5555/{number}"] = {
            "DOI": f"10.5555/{number}",
            "title": [f"Title {number} [x](y) " * 40],
            "author": [{"family": "Name" * 20}] * 5,
            "container-title": ["Venue" * 50],
        }
    shown = await review_links(lab, " ".join(f"https://doi.org/10.5555/{n}" for n in range(14)))
    text = reply_text(shown)
    assert "14 links in that message" in text
    assert "the first 10" in text
    assert text.count("[Add]") == 10
    assert len(text) < 4000


async def test_a_message_without_links_is_explained(lab: Lab) -> None:
    shown = await review_links(lab, "Hello! https://discord.com/channels/1/2 and 1234.5678")
    assert shown.ephemeral
    assert "I don't see any links to papers in that message." in reply_text(shown)


async def test_only_moderators_can_use_the_menu(lab: Lab) -> None:
    refused = await review_links(lab, MESSAGE, lab.member)
    assert refused.ephemeral
    assert "in the lab's own server" in reply_text(refused)
    message = await lab.member.send(lab.channel, MESSAGE)
    with pytest.raises(simcord.SetupError):  # Discord does not even offer it
        await lab.member.context_menu(lab.channel, "Add paper", message)
    abroad = await lab.other_manager.send(lab.other_channel, MESSAGE)
    with pytest.raises(simcord.SetupError):
        await lab.other_manager.context_menu(lab.other_channel, "Add paper", abroad)


def _id_of(lab: Lab, message: Any, label: str) -> str:
    stored = _visible_message(lab.moderator, message)
    types = (discord.ComponentType.button.value,)
    return str(
        _find_component(stored.components, types=types, custom_id=None, label=label)["custom_id"]
    )


async def _press_again(lab: Lab, message: Any, custom_id: str) -> Any:
    """Presses a button that the message no longer has; SimCord itself would refuse that."""
    data = {"custom_id": custom_id, "component_type": discord.ComponentType.button.value}
    stored = _visible_message(lab.moderator, message)
    return await _component_interaction(lab.moderator, stored, data)
