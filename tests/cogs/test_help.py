from __future__ import annotations

import re
from typing import Any

import pytest
from discord import AppCommandType
from discord.app_commands import Command

from bot.demo.messages import raw_text
from bot.settings import Settings
from bot.ui.help import TOPICS
from tests.support.lab import Lab, reply_text
from tests.support.paths import ROOT

MEMBERS = "[Find papers] [Cite and export] [Take part]"
MODERATORS = "[Paper list] [Feeds] [People]"


def descriptions(lab: Lab) -> dict[str, str]:
    """Returns the description of each command by name."""
    tree = lab.app.client.tree
    return {
        command.qualified_name: command.description
        for guild in (None, *lab.app.client.home_guilds)
        for command in tree.walk_commands(guild=guild, type=AppCommandType.chat_input)
        if isinstance(command, Command)
    }


async def pages(lab: Lab, actor: Any) -> list[str]:
    """Opens every topic that somebody is offered; returns the text of each."""
    shown = await actor.slash(lab.channel, "help")
    found = []
    for topic in TOPICS:
        if f"[{topic.title}]" in reply_text(shown):
            pressed = await actor.click(shown.response, label=topic.title)
            found.append(raw_text(pressed.response))
    return found


async def test_each_command_is_in_exactly_one_topic_and_in_the_documentation(lab: Lab) -> None:
    listed = [name for topic in TOPICS for name in topic.commands]
    assert sorted(listed) == sorted(descriptions(lab))
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    documented = re.findall(r"^\| `/([a-z]+(?: [a-z]+)?)", text, re.MULTILINE)
    assert sorted(listed) == sorted(documented)
    assert len({topic.id for topic in TOPICS}) == len(TOPICS)


async def test_members_start_with_finding_papers_and_see_their_topics_only(lab: Lab) -> None:
    shown = await lab.member.slash(lab.channel, "help")
    assert shown.ephemeral
    assert not shown.followups
    text = reply_text(shown)
    assert "🔍 Find papers" in text
    assert text.endswith(MEMBERS)
    for topic in TOPICS[3:]:
        forged = await lab.press_custom_id(lab.member, f"help:{topic.id}")
        assert "🔍 Find papers" in forged
    elsewhere = reply_text(await lab.other_manager.slash(lab.other_channel, "help"))
    assert elsewhere.endswith(f"{MEMBERS} [Announcements]")
    assert reply_text(await lab.moderator.user.slash("help")).endswith(MEMBERS)


async def test_moderators_see_their_topics_last(lab: Lab) -> None:
    text = reply_text(await lab.moderator.slash(lab.channel, "help"))
    assert text.endswith(f"{MEMBERS} [Announcements]\n{MODERATORS} [Setup]")
    await lab.run(lab.moderator, "setup role", role=lab.env.guild.roles["Curators"])
    text = reply_text(await lab.role_moderator.slash(lab.channel, "help"))
    assert text.endswith(f"{MEMBERS}\n{MODERATORS}")


async def test_every_topic_is_one_message_with_clickable_commands(lab: Lab) -> None:
    found = await pages(lab, lab.moderator)
    assert len(found) == len(TOPICS)
    ids = lab.app.client.command_ids
    known = {**ids[lab.env.guild.id], **ids[None]}
    for topic, text in zip(TOPICS, found, strict=True):
        assert len(text) <= 3900
        for name in topic.commands:
            assert f"</{name}:{known[name]}> {descriptions(lab)[name]}" in text
    assert "**Add paper**" in "".join(found)


async def test_the_ids_are_those_of_discord_and_known_after_a_restart(
    lab: Lab, settings: Settings
) -> None:
    before = raw_text((await lab.moderator.slash(lab.channel, "help")).response)
    root: Any = lab.env.backend.find_command("search", None, type=1)
    assert f"</search:{root['id']}>" in before
    shown = await lab.moderator.slash(lab.channel, "help")
    again = await lab.restart(settings)
    pressed = await lab.moderator.click(shown.response, label="Paper list")
    curate: Any = lab.env.backend.find_command("curate", lab.env.guild.id, type=1)
    assert f"</curate add:{curate['id']}>" in raw_text(pressed.response)
    await again.close()


async def test_a_command_without_a_known_id_is_shown_as_text(lab: Lab) -> None:
    lab.app.client.command_ids.clear()
    shown = await lab.member.slash(lab.channel, "help")
    assert "`/search` " in raw_text(shown.response)


async def test_errors_and_replies_name_commands_that_can_be_clicked(lab: Lab) -> None:
    ids = lab.app.client.command_ids
    await lab.run(lab.moderator, "announce here")
    refused = await lab.moderator.slash(lab.channel, "announce here")
    assert f"</announce to:{ids[None]['announce to']}>" in refused.response.content
    paused = await lab.moderator.slash(lab.channel, "announce pause")
    assert f"</announce resume:{ids[None]['announce resume']}>" in raw_text(paused.response)


async def test_the_examples_use_existing_options(lab: Lab) -> None:
    tree = lab.app.client.tree
    options = {
        command.qualified_name: {parameter.display_name for parameter in command.parameters}
        for guild in (None, *lab.app.client.home_guilds)
        for command in tree.walk_commands(guild=guild)
        if isinstance(command, Command)
    }
    text = "\n".join(await pages(lab, lab.moderator))
    described = re.findall(r"^</([a-z ]+):\d+> .*\n-# (.*`.*)$", text, re.MULTILINE)
    assert len(described) > 15
    filters = {"author", "year"}  # which are part of the option before them
    for name, line in described:
        for example in re.findall(r"`([^`]+)`", line):
            assert example.split(":")[0] in options[name], example
            used = set(re.findall(r" ([a-z]+):", example))
            assert used <= options[name] | filters, example


@pytest.mark.parametrize("number", [0, 99])
async def test_an_unknown_topic_shows_the_first(lab: Lab, number: int) -> None:
    assert "🔍 Find papers" in await lab.press_custom_id(lab.member, f"help:{number}")
