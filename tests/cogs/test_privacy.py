"""`/privacy` shows people their own data, sends it, and deletes it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from bot.demo.messages import visible_text
from bot.settings import Settings
from bot.ui import privacy as privacy_text
from storage.people.models import PersonDraft
from storage.privacy.inventory import RECORD_NAMES
from storage.privacy.personal_data import Overview
from storage.review.models import Problem
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR

TITLE, NOTE = "A Suite for Analyzing Language Models", "by *us*, I hope"


@pytest.fixture
async def mods(lab: Lab) -> Any:
    """The moderators' channel."""
    channel = lab.env.guild.create_text_channel("mods")
    await lab.run(lab.moderator, "setup channel", channel=channel)
    return channel


async def fill(lab: Lab) -> None:
    """Has the member be Ann Lee, claim to be Bo Chen, suggest a paper, and report a problem."""
    library, member = lab.app.library, (lab.member.id, "mika")
    for name in ("Ann Lee", "Bo Chen"):
        await library.people.add(PersonDraft(name), MODERATOR)
    await lab.run(lab.member, "suggest", source=TITLE, note=NOTE)
    channel_id = lab.app.client.moderators.channel_id
    await library.review.report(1, Problem.AUTHORS, NOTE, member, channel_id=channel_id)
    claim = await library.review.claim(1, member, channel_id=channel_id)
    await library.review.resolve_claim(claim.id, MODERATOR, is_accepted=True)
    await library.review.claim(2, member, channel_id=channel_id)
    await lab.app.deliver()


async def ask(lab: Lab, actor: Any) -> Any:
    result = await actor.slash(lab.channel, "privacy")
    assert result.ephemeral
    return result


def cards(channel: Any) -> str:
    return "\n".join(visible_text(message) for message in channel.history())


async def test_somebody_without_data_is_told_so(lab: Lab) -> None:
    result = await ask(lab, lab.member)
    assert "I store nothing about you" in reply_text(result)
    assert "Searches aren't stored with your name." in reply_text(result)
    assert "[" not in reply_text(result)  # no buttons
    pressed = await lab.press_custom_id(lab.member, f"forgetme:{lab.member.id}")
    assert pressed == "I don't store anything about you, so there's nothing to delete."


async def test_a_member_sees_downloads_and_deletes_their_data(lab: Lab, mods: Any) -> None:
    await fill(lab)
    asked = await ask(lab, lab.member)
    for line in (
        "### 🔒 What I store about you",
        "- Your account is linked to **Ann Lee**, one of the lab's people.",
        "- **1 paper** suggested, with notes",
        "- **1 problem** reported, with notes",
        "- **2 claims** to be one of the lab's people",
        "Backups have it until they're deleted: the newest 14 nightly ones are kept",
        "[Download my data] [Delete my data]",
    ):
        assert line in reply_text(asked)
    assert "change" not in reply_text(asked).partition("Moderators see")[0]

    sent = await lab.member.click(asked.response, label="Download my data")
    assert sent.ephemeral
    messages = sent.followups or [sent.response]
    (file,) = [one for message in messages for one in message.attachments]
    data = json.loads(await file.read())
    assert file.filename == "my-data.json"
    assert (data["discord_id"], data["names"]) == (str(lab.member.id), ["mika"])
    assert data["person"]["name"] == "Ann Lee"
    assert [(one["title"], one["note"]) for one in data["suggestions"]] == [(TITLE, NOTE)]
    assert [(one["problem"], one["note"]) for one in data["reports"]] == [("authors", NOTE)]

    confirm = await lab.member.click(asked.response, label="Delete my data")
    for part in (
        "**Permanently deleted:** your ID, your name",
        "**Kept without your name:**",
        "Ask a mod",
    ):
        assert part in reply_text(confirm)
    kept = await lab.member.click(confirm.response, label="Cancel")
    assert "What I store about you" in reply_text(kept)

    assert "mika" in cards(mods)
    assert f"<@{lab.member.id}>" in cards(mods)
    confirm = await lab.member.click(kept.response, label="Delete my data")
    done = await lab.member.click(confirm.response, label="Delete permanently")
    assert "Your data is deleted." in reply_text(done)
    again = await lab.press_custom_id(lab.member, f"forgotten:{lab.member.id}")
    assert "I don't store anything about you" in again
    await lab.app.deliver()
    for trace in ("mika", str(lab.member.id), "by us", "\\*us\\*"):
        assert trace not in cards(mods)
    assert "Suggested by a former member." in cards(mods)
    assert "Reported by a former member" in cards(mods)
    assert "A former member said that they're **Bo Chen**" in cards(mods)
    assert "They've deleted their data since then." in cards(mods)
    assert "I store nothing about you" in reply_text(await ask(lab, lab.member))


async def test_moderators_decide_what_a_former_member_sent(lab: Lab, mods: Any) -> None:
    await fill(lab)
    await lab.app.library.privacy.delete(lab.member.id)
    await lab.app.deliver()
    queue = await lab.moderator.slash(lab.channel, "curate queue")
    assert "a former member" in reply_text(queue)
    declined = await lab.moderator.click(queue.response, label="Not ours")
    assert f"You declined **{TITLE}**." in reply_text(declined)
    assert "know" not in reply_text(declined).partition("### ")[0]
    (report,) = [one for one in mods.history() if "Reported by" in visible_text(one)]
    dismissed = await lab.moderator.click(report, label="Dismiss")
    assert reply_text(dismissed).startswith("👋 You dismissed the report about **")
    assert "let the member know" not in reply_text(dismissed)
    await lab.app.deliver()
    assert [*lab.member.user.dm_channel.history()] == []
    claim = next(one for one in mods.history() if "**Bo Chen**" in visible_text(one))
    assert "[Reviewed]" in visible_text(claim)
    pressed = await lab.press_custom_id(lab.moderator, "claim:2:1")
    assert "A former member has already decided this one." in pressed


async def test_a_moderator_who_deletes_their_data_stays_one(lab: Lab) -> None:
    await lab.run(lab.moderator, "setup role", role=lab.env.guild.roles["Curators"])
    await lab.run(lab.moderator, "curate tag", paper="#1", add="deleted-later")
    asked = await ask(lab, lab.moderator)
    assert "- **2 changes** to the list, its feeds or settings" in reply_text(asked)
    assert "- **1 moderation setting** chosen" in reply_text(asked)
    confirm = await lab.moderator.click(asked.response, label="Delete my data")
    assert "You can still moderate, but `/curate undo` won't find" in reply_text(confirm)
    await lab.moderator.click(confirm.response, label="Delete permanently")
    assert "by a former member" in await lab.run(lab.moderator, "setup show")
    history = await lab.run(lab.moderator, "curate history")
    assert "noor" not in history
    assert "a former member" in history
    assert "no changes to undo" in await lab.run(lab.moderator, "curate undo")
    (last, *_) = (await lab.app.library.audit.page()).changes
    undone = await lab.run(lab.role_moderator, "curate undo", change=str(last.id))
    assert f"Undid change {last.id}" in undone


async def test_what_the_shell_deletes_is_not_shown_any_more(lab: Lab) -> None:
    await lab.run(lab.moderator, "setup role", role=lab.env.guild.roles["Curators"])
    assert "by noor" in await lab.run(lab.moderator, "setup show")
    await lab.app.library.privacy.delete(lab.moderator.id)  # as the shell's process does
    assert "by a former member" in await lab.run(lab.moderator, "setup show")


async def test_the_buttons_work_after_a_restart_and_only_for_their_owner(
    lab: Lab, settings: Settings
) -> None:
    await fill(lab)
    asked = await ask(lab, lab.member)
    await lab.restart(replace(settings, backup_keep=0))
    confirm = await lab.member.click(asked.response, label="Delete my data")
    assert "Backups have it until whoever runs this bot deletes them." in reply_text(confirm)
    refused = await lab.press_custom_id(lab.moderator, f"forgotten:{lab.member.id}")
    assert "Only the person who ran this" in refused
    refused = await lab.press_custom_id(lab.moderator, f"mydata:{lab.member.id}")
    assert "Only the person who ran this" in refused
    assert not (await lab.app.library.privacy.overview(lab.member.id)).is_empty


async def test_too_much_data_for_discord_is_left_to_the_operator(lab: Lab) -> None:
    note, member = "long" * 3_000_000, (lab.member.id, "mika")
    await lab.app.library.review.report(1, Problem.OTHER, note, member, channel_id=None)
    asked = await ask(lab, lab.member)
    sent = await lab.member.click(asked.response, label="Download my data")
    assert f"`lab-herald privacy export {lab.member.id}`" in reply_text(sent)


def test_everything_in_the_inventory_has_words() -> None:
    for name in RECORD_NAMES:
        (line,) = privacy_text.overview_lines(Overview({name: 2}))
        assert line[0].startswith("2 ")


def test_how_long_backups_stay_agrees_with_their_number() -> None:
    assert "the newest nightly one is kept, and" in privacy_text.backups_note(1)
    assert "the newest 1,000 nightly ones are kept, and" in privacy_text.backups_note(1000)
