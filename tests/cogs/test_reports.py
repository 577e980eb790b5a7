from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.demo.messages import visible_text
from bot.settings import Settings
from storage.models import Paper, PaperDraft
from storage.papers.combine import as_draft
from storage.review.models import Problem
from storage.review.reports import MAX_PENDING_REPORTS
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR, OTHER_MODERATOR, forget_deliveries

AUTHORS = {"problem": ["authors"], "note": "It's *Ada* @everyone"}


@pytest.fixture
async def mods(lab: Lab) -> Any:
    """The moderators' channel."""
    channel = lab.env.guild.create_text_channel("mods")
    await lab.run(lab.moderator, "setup channel", channel=channel)
    return channel


@pytest.fixture
async def announced(lab: Lab) -> Any:
    """The message that announces a paper."""
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Odd Paper", authors=("Mo Lee",))
    await lab.app.deliver()
    return lab.channel.last_message


async def press(actor: Any, message: Any) -> Any:
    return await actor.click(message, label="Report a problem")


async def report(actor: Any, message: Any, values: Any = AUTHORS) -> str:
    """Reports a problem with the paper of a message; returns the answer."""
    result = await actor.submit_modal(await press(actor, message), values)
    assert result.ephemeral
    return reply_text(result)


def direct_messages(actor: Any) -> list[str]:
    return [visible_text(message) for message in actor.user.dm_channel.history()]


async def odd_paper(lab: Lab) -> Paper:
    return await lab.app.library.papers.get_by_text("Odd Paper")


async def test_a_report_is_fixed_from_its_card_and_the_member_is_told_once(
    lab: Lab, mods: Any, announced: Any
) -> None:
    shown = await report(lab.member, announced)
    assert "The moderators will look at **Odd Paper**, and I'll let you know" in shown
    card = visible_text(mods.last_message)
    assert "Reported by mika: **The authors**" in card
    assert "Odd Paper" in card
    assert "Mo Lee" in card
    assert "💬 It's \\*Ada\\* \\@everyone" in card
    assert "[Edit paper] [Mark as fixed] [Dismiss]" in card
    assert not mods.last_message.mention_everyone

    form = await lab.moderator.click(mods.last_message, label="Edit paper")
    assert form_values(form.modal)["title"] == "Odd Paper"
    saved = await lab.moderator.submit_modal(form, {"title": "Odd Paper", "authors": "Ada Lee"})
    assert "The report is resolved, and I'll let the member know" in reply_text(saved)
    await lab.app.deliver()
    assert (await odd_paper(lab)).authors == ("Ada Lee",)
    assert "✅ Fixed by noor." in visible_text(mods.last_message)
    (notice,) = direct_messages(lab.member)
    assert "You reported a problem with **Odd Paper**" in notice
    assert "✅ The moderators have fixed it. Thanks!" in notice
    opened = await lab.member.user.click(lab.member.user.dm_channel.last_message, label="Open")
    assert "Ada Lee" in reply_text(opened)
    forget_deliveries(lab.app.library)
    await lab.app.deliver()
    assert len(direct_messages(lab.member)) == 1
    assert len(mods.history()) == 1

    undone = await lab.moderator.click(saved.response, label="Undo")
    assert "The paper is as it was before" in reply_text(undone)
    await lab.app.deliver()
    assert (await odd_paper(lab)).authors == ("Mo Lee",)
    assert "[Dismiss]" in visible_text(mods.last_message)
    assert ["⏳ Waiting for review." in one for one in direct_messages(lab.member)] == [True]
    assert "1 paper to review" in await lab.run(lab.moderator, "curate queue")


@pytest.mark.parametrize(
    ("label", "reply", "decision", "told"),
    [
        (
            "Mark as fixed",
            "You marked the report about **Odd Paper** as fixed",
            "✅ Fixed by noor.",
            "have fixed it",
        ),
        (
            "Dismiss",
            "You dismissed the report about **Odd Paper**",
            "👋 Dismissed by noor.",
            "left the paper as it is",
        ),
    ],
)
async def test_a_report_is_resolved_without_an_edit(
    lab: Lab, mods: Any, announced: Any, label: str, reply: str, decision: str, told: str
) -> None:
    await report(lab.member, announced)
    result = await lab.moderator.click(mods.last_message, label=label)
    assert f"{reply}. I'll let the member know." in reply_text(result)
    assert decision in visible_text(mods.last_message)
    assert [told in one for one in direct_messages(lab.member)] == [True]
    assert "Nothing needs review" in await lab.run(lab.moderator, "curate queue")
    log = await lab.run(lab.moderator, "curate history")
    assert "the report about **Odd Paper**" in log
    undone = await lab.moderator.click(result.response, label="Undo")
    assert "the report about **Odd Paper**" in reply_text(undone)
    assert "[Dismiss]" in visible_text(mods.last_message)
    assert ["Waiting for review" in one for one in direct_messages(lab.member)] == [True]


async def test_without_a_channel_reports_are_in_the_queue(lab: Lab, announced: Any) -> None:
    await report(lab.member, announced)
    queue = await lab.moderator.slash(lab.channel, "curate queue")
    shown = reply_text(queue)
    assert "1 paper to review" in shown
    assert "🚩 mika <t:" in shown
    assert "**The authors** · It's \\*Ada\\*" in shown
    form = await lab.moderator.click(queue.response, label="Edit paper")
    saved = await lab.moderator.submit_modal(form, {"title": "Even Paper"})
    assert saved.response.id == queue.response.id  # the queue is drawn again
    assert "**Even Paper** (#" in reply_text(saved)
    assert "Nothing needs review" in reply_text(saved)
    await lab.app.deliver()
    assert len(direct_messages(lab.member)) == 1
    assert "Nothing needs review" in await lab.run(lab.moderator, "curate queue")


async def test_moderators_edit_instead_and_elsewhere_they_report(lab: Lab, announced: Any) -> None:
    form = await press(lab.moderator, announced)
    assert form.modal["title"].startswith("Edit #")
    paper = await odd_paper(lab)
    elsewhere = await lab.other_manager.slash(lab.other_channel, "paper", paper=f"#{paper.id}")
    form = await press(lab.other_manager, elsewhere.response)
    assert form.modal["title"] == "Report a problem"


async def test_the_button_of_earlier_versions_reports_too(lab: Lab, mods: Any) -> None:
    paper = await lab.add(PaperDraft(title="Odd Paper"))
    shown = await lab.press_custom_id(lab.moderator, f"correct:{paper}")
    assert "expired" not in shown
    await lab.press_custom_id(lab.member, f"correct:{paper}")
    message = lab.channel.last_message
    form = await lab.member.click(message, custom_id=f"correct:{paper}")
    await lab.member.submit_modal(form, AUTHORS)
    assert "Reported by mika" in visible_text(mods.last_message)


async def test_reports_come_from_direct_messages_and_survive_a_restart(
    lab: Lab, settings: Settings, mods: Any
) -> None:
    shown = await lab.member.user.slash("paper", paper="2302.12433")
    assert "Thanks!" in await report(lab.member.user, shown.response)
    card = mods.last_message
    again = await lab.restart(settings)
    for label in ("Edit paper", "Mark as fixed", "Dismiss"):
        refused = await lab.member.click(card, label=label)
        assert "Only moderators" in reply_text(refused)
    await lab.app.library.review.resolve_report(1, OTHER_MODERATOR, is_fixed=False)
    for label in ("Edit paper", "Mark as fixed"):
        late = await lab.moderator.click(card, label=label)
        assert "cleo has already decided this one" in reply_text(late)
    await again.close()


async def test_a_member_reports_a_paper_once_and_not_too_often(lab: Lab, announced: Any) -> None:
    other = (await lab.member.slash(lab.channel, "paper", paper="2302.12433")).response
    form = await press(lab.member, other)
    await report(lab.member, announced)
    again = await press(lab.member, announced)
    assert again.modal is None
    assert "You reported a problem with **Odd Paper** <t:" in reply_text(again)
    refused = await lab.member.submit_modal(form, AUTHORS)
    soon = int((lab.clock() + timedelta(minutes=1)).timestamp())
    assert f"You can report another one from <t:{soon}:f>." in reply_text(refused)
    lab.clock.advance(timedelta(minutes=1, seconds=1))
    reopened = await lab.member.click(refused.response, label="Try again")
    assert form_values(reopened.modal)["note"] == AUTHORS["note"]
    assert "Thanks!" in reply_text(await lab.member.submit_modal(reopened, AUTHORS))
    other_member = lab.env.guild.add_member(lab.env.create_user("ida"))
    assert "Thanks!" in await report(other_member, announced)


async def test_something_else_needs_a_note_and_keeps_what_was_chosen(
    lab: Lab, announced: Any
) -> None:
    form = await press(lab.member, announced)
    asked = await lab.member.submit_modal(form, {"problem": ["other"], "note": " \n "})
    assert asked.ephemeral
    assert "Describe what's wrong in the note" in reply_text(asked)
    reopened = await lab.member.click(asked.response, label="Try again")
    done = await lab.member.submit_modal(reopened, {"problem": ["other"], "note": "Look"})
    assert "Thanks!" in reply_text(done)


async def test_a_full_queue_takes_no_more_reports(lab: Lab, announced: Any) -> None:
    paper = await odd_paper(lab)
    for number in range(MAX_PENDING_REPORTS):
        await lab.app.library.review.report(
            paper.id, Problem.LINK, "", (number, "a member"), channel_id=None
        )
    refused = reply_text(await press(lab.member, announced))
    assert "The moderators still have 100 reports to look at" in refused


async def test_a_removed_paper_cannot_be_reported(lab: Lab, mods: Any, announced: Any) -> None:
    paper = await odd_paper(lab)
    form = await press(lab.member, announced)
    await lab.app.library.papers.remove(paper.id, MODERATOR)
    refused = await lab.member.submit_modal(form, AUTHORS)
    assert "is no longer in the list" in reply_text(refused)
    assert not mods.history()
    assert "is no longer in the list" in await lab.press_custom_id(
        lab.member, f"correct:{paper.id}"
    )


async def test_the_card_follows_its_paper(lab: Lab, mods: Any, announced: Any) -> None:
    paper = await odd_paper(lab)
    await report(lab.member, announced, {"problem": ["duplicate"], "note": ""})
    await lab.app.library.papers.edit(paper.id, PaperDraft(title="Edited"), MODERATOR)
    await lab.app.deliver()
    assert "Edited" in visible_text(mods.last_message)
    original = await lab.app.library.papers.get_by_text("2302.12433")
    merged = await lab.app.library.papers.merge(
        original.id, paper.id, as_draft(original), MODERATOR
    )
    await lab.app.deliver()
    assert "ProofNet" in visible_text(mods.last_message)
    again = (await lab.member.slash(lab.channel, "paper", paper="2302.12433")).response
    assert "You reported a problem with **ProofNet" in reply_text(await press(lab.member, again))
    await lab.app.library.papers.remove(merged.value.id, MODERATOR)
    await lab.app.deliver()
    card = visible_text(mods.last_message)
    assert "(removed from the list)" in card
    assert "[Edit paper]" not in card
    assert "(removed from the list)" in await lab.run(lab.moderator, "curate queue")
    await lab.moderator.click(mods.last_message, label="Mark as fixed")
    (told,) = direct_messages(lab.member)
    assert "have fixed it" in told


async def test_an_edit_that_conflicts_still_resolves_the_report(
    lab: Lab, mods: Any, announced: Any
) -> None:
    paper = await odd_paper(lab)
    await report(lab.member, announced)
    form = await lab.moderator.click(mods.last_message, label="Edit paper")
    await lab.app.library.papers.edit(
        paper.id, PaperDraft(title="Odd Paper", venue="ICML"), OTHER_MODERATOR
    )
    conflict = await lab.moderator.submit_modal(form, {"title": "Odd Paper", "authors": "Ada Lee"})
    reopened = await lab.moderator.click(conflict.response, label="Continue editing")
    await lab.moderator.submit_modal(reopened, form_values(reopened.modal))
    await lab.app.deliver()
    assert (await odd_paper(lab)).venue == "ICML"
    assert "✅ Fixed by noor." in visible_text(mods.last_message)


async def test_an_edit_is_saved_if_somebody_resolved_the_report_meanwhile(
    lab: Lab, mods: Any, announced: Any
) -> None:
    await report(lab.member, announced)
    form = await lab.moderator.click(mods.last_message, label="Edit paper")
    await lab.app.library.review.resolve_report(1, OTHER_MODERATOR, is_fixed=False)
    await lab.moderator.submit_modal(form, {"title": "Odd Paper", "authors": "Ada Lee"})
    await lab.app.deliver()
    assert (await odd_paper(lab)).authors == ("Ada Lee",)
    assert "👋 Dismissed by cleo." in visible_text(mods.last_message)
    assert ["left the paper as it is" in one for one in direct_messages(lab.member)] == [True]


async def test_an_unchanged_form_leaves_the_report_open(
    lab: Lab, mods: Any, announced: Any
) -> None:
    await report(lab.member, announced)
    form = await lab.moderator.click(mods.last_message, label="Edit paper")
    asked = await lab.moderator.submit_modal(form, form_values(form.modal))
    assert "You didn't change anything" in reply_text(asked)
    assert (await lab.app.library.review.reports([1]))[1].is_pending


async def test_the_longest_note_fits_everywhere(lab: Lab, mods: Any) -> None:
    long = PaperDraft(title="*" * 400, authors=("`" * 120,) * 30, abstract="_x " * 3000)
    paper = await lab.add(long)
    shown = (await lab.member.slash(lab.channel, "paper", paper=f"#{paper}")).response
    await report(lab.member, shown, {"problem": ["other"], "note": "`" * 500})
    card = visible_text(mods.last_message)
    assert "Reported by mika" in card
    assert len(card) <= 4000
    await lab.moderator.click(mods.last_message, label="Dismiss")
    assert len(direct_messages(lab.member)) == 1
