"""Forms that were opened before a restart keep what people typed into them."""

from __future__ import annotations

import gc
from typing import Any

import discord
import pytest
from discord.ui import ActionRow, Modal, TextInput

from bot.settings import Settings
from bot.ui.dialogs import Dialog, DialogButton
from bot.ui.forms import LabForm
from storage.models import PaperDraft, PartialDate
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR


async def submit(person: Any, form: Any, changes: dict[str, Any]) -> Any:
    """Submits a form with these changes to what its text fields contain."""
    texts = {name: text for name, text in form_values(form.modal).items() if text}
    return await person.submit_modal(form, {**texts, **changes})


async def edit_form(lab: Lab) -> Any:
    return await lab.moderator.slash(lab.channel, "curate edit", paper="#1")


async def test_a_form_to_edit_a_paper_is_saved_after_a_restart(
    lab: Lab, settings: Settings
) -> None:
    form = await edit_form(lab)
    before = await lab.app.library.papers.get(1)
    await lab.restart(settings)
    answer = await submit(lab.moderator, form, {"title": "A Better Title"})
    assert answer.ephemeral
    assert "Saved" in reply_text(answer)
    after = await lab.app.library.papers.get(1)
    assert (after.title, after.authors) == ("A Better Title", before.authors)


async def test_a_form_that_was_open_for_a_day_is_forgotten_and_still_works(lab: Lab) -> None:
    forms = [await edit_form(lab) for _ in range(3)]
    ids = [one.modal["custom_id"] for one in forms]
    kept = [one for one in gc.get_objects() if isinstance(one, LabForm) and one.custom_id in ids]
    assert [one.is_finished() for one in kept] == [False] * 3
    await lab.env.advance_time(24 * 3600)
    assert all(one.is_finished() for one in kept)
    answer = await submit(lab.moderator, forms[0], {"title": "A Better Title"})
    assert "Saved" in reply_text(answer)


async def test_the_end_of_a_long_abstract_is_kept_after_a_restart(
    lab: Lab, settings: Settings
) -> None:
    abstract = "Words. " * 700 + "The end."
    paper_id = await lab.add(PaperDraft("Long", abstract=abstract))
    form = await lab.moderator.slash(lab.channel, "curate edit", paper=f"#{paper_id}")
    await lab.restart(settings)
    await submit(lab.moderator, form, {"title": "Longer"})
    paper = await lab.app.library.papers.get(paper_id)
    assert (paper.title, paper.abstract) == ("Longer", abstract)


async def test_a_form_whose_paper_changed_meanwhile_is_handed_back(
    lab: Lab, settings: Settings
) -> None:
    form = await edit_form(lab)
    await lab.app.library.papers.tag(1, ["maths"], [], MODERATOR)
    await lab.restart(settings)
    answer = await submit(lab.moderator, form, {"title": "Mine ```of``` course"})
    assert answer.ephemeral
    text = reply_text(answer)
    assert "or I was restarted meanwhile" in text
    assert "**Title**\n```\nMine `\u200b``of`\u200b`` course\n```" in text
    assert (await lab.app.library.papers.get(1)).title != "Mine ```of``` course"
    again = await lab.moderator.click(answer.response, label="Open the form")
    assert form_values(again.modal)["title"] == "Mine ```of``` course"
    assert "Saved" in reply_text(await submit(lab.moderator, again, {}))
    after = await lab.app.library.papers.get(1)
    assert (after.title, after.tags) == ("Mine ```of``` course", ("maths",))


async def test_long_text_is_handed_back_as_a_file(lab: Lab, settings: Settings) -> None:
    form = await edit_form(lab)
    await lab.app.library.papers.tag(1, ["maths"], [], MODERATOR)
    await lab.restart(settings)
    answer = await submit(lab.moderator, form, {"abstract": "Long words. " * 300})
    (file,) = answer.response.attachments
    assert "Long words. " * 300 in (await file.read()).decode()
    again = await lab.moderator.click(answer.response, label="Open the form")
    assert form_values(again.modal)["abstract"].startswith("Long words. Long words.")


async def test_a_form_of_a_paper_that_was_removed_is_handed_back(
    lab: Lab, settings: Settings
) -> None:
    form = await edit_form(lab)
    await lab.app.library.papers.remove(1, MODERATOR)
    await lab.restart(settings)
    text = reply_text(await submit(lab.moderator, form, {"title": "My own words"}))
    assert "Paper #1 is no longer in the list." in text
    assert "```\nMy own words\n```" in text


async def test_an_empty_form_to_add_a_paper_works_after_a_restart(
    lab: Lab, settings: Settings
) -> None:
    form = await lab.moderator.slash(lab.channel, "curate add")
    await lab.restart(settings)
    values = {"title": "Ferns", "authors": "Ann Lee", "venue_and_year": "ICML 2024"}
    answer = await submit(lab.moderator, form, values)
    assert "✅ Added to the list without announcing it." in reply_text(answer)
    paper = await lab.app.library.papers.get(21)
    assert (paper.title, paper.venue, paper.date) == ("Ferns", "ICML", PartialDate(2024))


async def test_what_was_wrong_in_a_resumed_form_can_be_corrected(
    lab: Lab, settings: Settings
) -> None:
    form = await lab.moderator.slash(lab.channel, "curate add")
    await lab.restart(settings)
    answer = await submit(lab.moderator, form, {"title": "Ferns", "links": "nonsense"})
    assert "isn't a link I understand" in reply_text(answer)
    again = await lab.moderator.click(answer.response, label="Try again")
    assert form_values(again.modal)["links"] == "nonsense"
    done = await submit(lab.moderator, again, {"links": ""})
    assert "✅ Added" in reply_text(done)


async def test_a_form_filled_in_by_us_is_handed_back(lab: Lab, settings: Settings) -> None:
    preview = await lab.moderator.slash(
        lab.channel,
        "curate add",
        source="@misc{a, title={Ferns}, author={Ann Lee}, note={Best paper}}",
    )
    form = await lab.moderator.click(preview.response, label="Edit first")
    await lab.restart(settings)
    answer = await submit(lab.moderator, form, {"title": "Ferns and Mosses"})
    assert "```\nFerns and Mosses\n```" in reply_text(answer)
    again = await lab.moderator.click(answer.response, label="Open the form")
    assert form_values(again.modal)["authors"] == "Ann Lee"
    assert "✅ Added" in reply_text(await submit(lab.moderator, again, {}))


async def test_a_feeds_form_works_after_a_restart(
    lab: Lab, settings: Settings, source: Any
) -> None:
    _, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    form = await lab.moderator.slash(lab.channel, "feed edit", feed="1")
    await lab.restart(settings)
    answer = await submit(lab.moderator, form, {"title": "Our News", "review": ["yes"]})
    assert "Saved" in reply_text(answer)
    feed = await lab.app.library.feeds.get(1)
    assert (feed.title, feed.is_reviewed) == ("Our News", True)


async def test_two_forms_of_one_paper_are_apart(lab: Lab) -> None:
    first = await edit_form(lab)
    second = await edit_form(lab)
    assert first.modal["custom_id"] != second.modal["custom_id"]
    assert "Saved" in reply_text(await submit(lab.moderator, first, {"title": "First"}))
    conflict = await submit(lab.moderator, second, {"title": "Second"})
    assert "changed" in reply_text(conflict)


class Unknown(Modal):
    """A form of an earlier version."""

    def __init__(self, custom_id: str) -> None:
        super().__init__(title="Old", custom_id=custom_id)
        self.add_item(TextInput[Any](label="Note", custom_id="note"))


@pytest.mark.parametrize(
    "custom_id",
    [
        "0123456789abcdef",
        "form:gone:1:0123456789abcdef:01234567",
        f"form:edit:{'9' * 30}:0123456789abcdef:01234567",
    ],
)
async def test_the_text_of_an_unknown_form_is_handed_back(
    lab: Lab, settings: Settings, custom_id: str
) -> None:
    async def open_form(interaction: discord.Interaction[Any]) -> None:
        await interaction.response.send_modal(Unknown(custom_id))

    channel: Any = lab.app.client.get_channel(lab.channel.id)
    message = await channel.send(view=Dialog(ActionRow(DialogButton("Open", open_form))))
    form = await lab.member.click(message, label="Open")
    await lab.restart(settings)
    answer = await lab.member.submit_modal(form, {"note": "Long thoughts"})
    assert answer.ephemeral
    assert "run the command again" in reply_text(answer)
    assert "```\nLong thoughts\n```" in reply_text(answer)


async def test_a_members_report_is_sent_after_a_restart(lab: Lab, settings: Settings) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Ferns")
    await lab.app.deliver()
    form = await lab.member.click(lab.channel.last_message, label="Report a problem")
    await lab.restart(settings)
    answer = await submit(lab.member, form, {"problem": ["authors"], "note": "Ann is missing."})
    assert "Thanks! The moderators will look at **Ferns**" in reply_text(answer)
