from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from storage.models import Actor, Origin, PaperDraft, PartialDate
from storage.papers.combine import as_draft
from storage.papers.errors import PaperNotFound
from tests.support.forms import form_values
from tests.support.lab import HOME, Lab, reply_text
from tests.support.library import MODERATOR, OTHER_MODERATOR

FORM = {
    "title": "Attention Is Enough",
    "authors": "Ada Lovelace\nAlan Turing",
    "venue_and_year": "ICML 2023",
    "links": "2304.01373\nhttps://example.org/attention.pdf",
    "abstract": "We show that it is.",
}


async def submit(
    lab: Lab, form: dict[str, str], command: str = "curate add", **options: Any
) -> Any:
    shown = await lab.moderator.slash(lab.channel, command, **options)
    return await lab.moderator.submit_modal(shown, form)


async def test_a_paper_added_with_the_form_can_be_found_at_once(lab: Lab) -> None:
    result = await submit(lab, FORM)
    assert result.ephemeral
    assert "Added to the list" in reply_text(result)
    paper = await lab.app.library.papers.get_by_text("2304.01373")
    assert paper.authors == ("Ada Lovelace", "Alan Turing")
    assert (paper.venue, paper.date) == ("ICML", PartialDate(2023))
    assert paper.pdf_url == "https://example.org/attention.pdf"
    assert "Attention Is Enough" in await lab.run(lab.member, "author", name="lovelace")
    (change,) = await lab.app.library.audit.for_paper(paper.id)
    assert change.actor == Actor(f"discord:{lab.moderator.id}", "noor")


async def test_an_added_paper_is_announced_only_when_asked(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    await submit(lab, FORM)
    assert "Attention" not in lab.last_text
    await submit(lab, {**FORM, "title": "Another", "links": "2304.01374"}, announce=True)
    assert "Another" in lab.last_text


async def test_an_invalid_field_is_reported_privately_and_the_form_reopens_as_typed(
    lab: Lab,
) -> None:
    before = await lab.app.library.papers.count()
    result = await submit(lab, {**FORM, "links": "not-a-link"})
    assert result.ephemeral
    assert "“not-a-link” isn't a link I understand" in reply_text(result)
    assert await lab.app.library.papers.count() == before

    again = await lab.moderator.click(result.response, label="Try again")
    assert again.modal is not None
    values = form_values(again.modal)
    assert values == {**FORM, "links": "not-a-link"}
    done = await lab.moderator.submit_modal(again, {**values, "links": ""})
    assert "Added to the list" in reply_text(done)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", "   ", "needs a title"),
        ("venue_and_year", "ICML 2023-13", "isn't a date"),
        ("authors", "A" * 130, "too long for one author"),
        ("links", "ftp://example.org/x", "a link I understand"),
    ],
)
async def test_every_field_has_its_own_error(
    lab: Lab, field: str, value: str, sentence: str
) -> None:
    result = await submit(lab, {**FORM, field: value})
    assert result.ephemeral
    assert sentence in reply_text(result)


async def test_the_same_identifier_updates_the_known_paper(lab: Lab) -> None:
    count = await lab.app.library.papers.count()
    result = await submit(lab, {**FORM, "links": "https://arxiv.org/abs/2302.12433v2"})
    assert "I added your details to it" in reply_text(result)
    assert await lab.app.library.papers.count() == count


async def test_a_possible_duplicate_can_be_added_anyway(lab: Lab) -> None:
    form = {
        **FORM,
        "title": "Fooling MOSS detection with pretrained language models",
        "authors": "Biderman, Stella",
        "venue_and_year": "2022",
        "links": "",
    }
    count = await lab.app.library.papers.count()
    result = await submit(lab, form)
    assert "This paper may already be in the list" in reply_text(result)
    assert await lab.app.library.papers.count() == count
    done = await lab.moderator.click(result.response, label="Add anyway")
    assert "Added to the list" in reply_text(done)
    assert await lab.app.library.papers.count() == count + 1


async def test_editing_shows_the_current_details_and_keeps_the_hidden_ones(lab: Lab) -> None:
    shown = await lab.moderator.slash(lab.channel, "curate edit", paper="2302.12433")
    values = form_values(shown.modal)
    assert values["venue_and_year"] == "arXiv 2023"
    assert values["authors"].splitlines()[0] == "Azerbayev"
    assert values["links"] == "2302.12433"
    result = await lab.moderator.submit_modal(shown, {**values, "venue_and_year": "NeurIPS 2023"})
    assert "✏️ Saved" in reply_text(result)
    paper = await lab.app.library.papers.get_by_text("2302.12433")
    assert paper.venue == "NeurIPS"
    assert paper.posted_by == "Stella Biderman"
    assert len(paper.authors) == 6

    import_again = PaperDraft(
        title=paper.title, venue="arXiv", identifiers=("arxiv:2302.12433",), authors=("Azerbayev",)
    )
    await lab.app.library.papers.upsert(import_again, Origin.IMPORT, Actor("shell", "the shell"))
    assert (await lab.app.library.papers.get(paper.id)).venue == "NeurIPS"


async def test_an_edit_without_changes_says_so(lab: Lab) -> None:
    shown = await lab.moderator.slash(lab.channel, "curate edit", paper="2302.12433")
    result = await lab.moderator.submit_modal(shown, form_values(shown.modal))
    assert "You didn't change anything" in reply_text(result)


async def test_the_identifier_of_another_paper_is_refused_and_no_input_is_lost(
    lab: Lab,
) -> None:
    shown = await lab.moderator.slash(lab.channel, "curate edit", paper="2302.12433")
    values = {**form_values(shown.modal), "links": "2211.05100"}
    result = await lab.moderator.submit_modal(shown, values)
    assert "Another paper in the list already has" in reply_text(result)
    again = await lab.moderator.click(result.response, label="Try again")
    assert form_values(again.modal)["links"] == "2211.05100"


async def test_no_input_is_lost_if_it_cannot_be_saved(lab: Lab) -> None:
    shown = await lab.moderator.slash(lab.channel, "curate edit", paper="2302.12433")
    paper = await lab.app.library.papers.get_by_text("2302.12433")
    typed = {**form_values(shown.modal), "title": "Much Thought Went into This"}
    await lab.app.library.papers.remove(paper.id, OTHER_MODERATOR)
    result = await lab.moderator.submit_modal(shown, typed)
    assert result.ephemeral
    assert f"Paper #{paper.id} is no longer in the list." in reply_text(result)
    await lab.app.library.papers.restore(paper.id, OTHER_MODERATOR)
    again = await lab.moderator.click(result.response, label="Try again")
    assert form_values(again.modal) == typed
    assert "✏️ Saved" in reply_text(await lab.moderator.submit_modal(again, typed))


async def test_the_form_is_not_offered_again_to_a_former_moderator(lab: Lab) -> None:
    form = await lab.moderator.slash(lab.channel, "curate add")
    await lab.app.client.http.edit_member(HOME, lab.moderator.id, roles=[])
    refused = await lab.moderator.submit_modal(form, FORM)
    assert "Only moderators" in reply_text(refused)
    assert "Try again" not in reply_text(refused)


async def test_a_long_abstract_survives_an_edit_of_the_title(lab: Lab) -> None:
    number = await lab.add(PaperDraft(title="Long", abstract="word " * 2000))
    shown = await lab.moderator.slash(lab.channel, "curate edit", paper=f"#{number}")
    values = form_values(shown.modal)
    await lab.moderator.submit_modal(shown, {**values, "title": "Still long"})
    paper = await lab.app.library.papers.get(number)
    assert paper.title == "Still long"
    assert len(paper.abstract) == len("word " * 2000) - 1


async def test_the_hidden_rest_of_a_field_is_kept_unless_the_end_changes(lab: Lab) -> None:
    words = " ".join(f"word{number}" for number in range(1000))
    number = await lab.add(PaperDraft(title="Long", abstract=words))

    async def corrected(change: Callable[[str], str]) -> str:
        shown = await lab.moderator.slash(lab.channel, "curate edit", paper=f"#{number}")
        values = form_values(shown.modal)
        typed = {**values, "abstract": change(values["abstract"])}
        await lab.moderator.submit_modal(shown, typed)
        return (await lab.app.library.papers.get(number)).abstract

    form = await lab.moderator.slash(lab.channel, "curate edit", paper=f"#{number}")
    described = [row["description"] for row in form.modal["components"] if "description" in row]
    assert "Too long to show in full" in described[-1]
    assert await corrected(lambda shown: f"W{shown[1:]}  ") == f"W{words[1:]}"
    assert await corrected(lambda _: "Wholly new.") == "Wholly new."
    await lab.app.library.papers.edit(
        number, PaperDraft(title="Long", abstract=words), OTHER_MODERATOR
    )
    assert await corrected(lambda _: "") == ""


async def test_removing_asks_for_confirmation_and_feeds_do_not_bring_it_back(lab: Lab) -> None:
    shown = await lab.moderator.slash(lab.channel, "curate remove", paper="2302.12433")
    assert "Remove this paper?" in reply_text(shown)
    number = (await lab.app.library.papers.get_by_text("2302.12433")).id
    await lab.moderator.click(shown.response, label="Remove")
    with pytest.raises(PaperNotFound):
        await lab.app.library.papers.get(number)
    draft = PaperDraft(title="Back?", identifiers=("arxiv:2302.12433",))
    await lab.app.library.papers.upsert(draft, Origin.FEED, Actor("feed:1", "a feed"))
    with pytest.raises(PaperNotFound):
        await lab.app.library.papers.get(number)
    result = await submit(lab, {**FORM, "links": "2302.12433"})
    assert "This paper had been removed" in reply_text(result)
    assert (await lab.app.library.papers.get(number)).id == number


async def test_cancelling_a_removal_keeps_the_paper(lab: Lab) -> None:
    shown = await lab.moderator.slash(lab.channel, "curate remove", paper="2302.12433")
    await lab.moderator.click(shown.response, label="Cancel")
    assert (await lab.app.library.papers.get_by_text("2302.12433")).title.startswith("ProofNet")


async def test_confirming_a_removal_twice_is_explained(lab: Lab) -> None:
    shown = await lab.moderator.slash(lab.channel, "curate remove", paper="2302.12433")
    paper = await lab.app.library.papers.get_by_text("2302.12433")
    await lab.app.library.papers.remove(paper.id, MODERATOR)
    result = await lab.moderator.click(shown.response, label="Remove")
    assert f"Paper #{paper.id} is no longer in the list." in result.response.content


async def test_confirming_a_removal_never_removes_the_paper_it_was_merged_into(
    lab: Lab,
) -> None:
    library = lab.app.library
    shown = await lab.moderator.slash(lab.channel, "curate remove", paper="2302.12433")
    asked = await library.papers.get_by_text("2302.12433")
    kept = await library.papers.get_by_text("2211.05100")
    await library.papers.merge(kept.id, asked.id, as_draft(kept), MODERATOR)
    result = await lab.moderator.click(shown.response, label="Remove")
    assert f"#{asked.id} was merged into “{kept.title}” (#{kept.id})" in reply_text(result)
    assert (await library.papers.get(kept.id)).removed_at is None


async def test_members_and_strangers_do_not_see_the_commands(lab: Lab) -> None:
    for actor, channel in [(lab.member, lab.channel), (lab.other_manager, lab.other_channel)]:
        offered = actor.available_commands(channel)
        assert not [name for name in offered if name.split()[0] in {"curate", "feed"}]
