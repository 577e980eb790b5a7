"""Replies and notices name commands that people can click."""

from __future__ import annotations

import re
from typing import Any

import pytest

from bot.demo.messages import raw_text
from storage.models import PaperDraft
from tests.support.lab import HOME, Lab

_PLAIN = re.compile(r"`/[a-z]+ ?[a-z]*`")


def command_names(lab: Lab, text: str) -> list[str]:
    """Returns the commands that people can click; checks their ids and that no other is named."""
    assert _PLAIN.findall(text) == []
    ids = lab.app.client.command_ids
    known = {**ids[HOME], **ids[None]}
    mentions = re.findall(r"</([a-z ]+):(\d+)>", text)
    assert [int(number) for _, number in mentions] == [known[name] for name, _ in mentions]
    return [name for name, _ in mentions]


@pytest.mark.parametrize(
    ("command", "options", "named"),
    [
        ("setup show", {}, ["setup channel", "curate queue"]),
        ("setup channel", {}, ["curate queue"]),
        ("feed list", {}, ["feed add"]),
        ("announce list", {}, ["announce here"]),
        ("suggest", {}, ["suggest"]),
        ("suggest", {"source": "hello there"}, ["suggest"]),
        ("curate remove", {"paper": "1"}, ["curate restore"]),
    ],
)
async def test_replies_name_commands_to_click(
    lab: Lab, command: str, options: dict[str, Any], named: list[str]
) -> None:
    shown = await lab.moderator.slash(lab.channel, command, **options)
    assert set(named) <= set(command_names(lab, raw_text(shown.response)))


async def test_replies_to_buttons_name_commands_to_click(lab: Lab) -> None:
    number = await lab.add(PaperDraft(title="Gone soon"))
    asked = await lab.moderator.slash(lab.channel, "curate remove", paper=str(number))
    removed = await lab.moderator.click(asked.response, label="Remove")
    assert command_names(lab, raw_text(removed.response)) == ["curate restore"]


async def test_notices_to_moderators_name_commands_to_click(lab: Lab) -> None:
    mods = lab.env.guild.create_text_channel("mods")
    role = lab.env.guild.roles["Curators"]
    await lab.run(lab.moderator, "setup role", role=role)
    await lab.run(lab.moderator, "setup channel", channel=mods)
    await lab.app.client.http.delete_role(HOME, role.id)
    await lab.env.settle()
    await lab.app.deliver()
    assert command_names(lab, raw_text(mods.last_message)) == ["setup role"]
