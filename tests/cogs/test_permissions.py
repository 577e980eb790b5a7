from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from discord.ui import ActionRow, Button
from lab_world import Lab, told

from bot.settings import Settings
from bot.ui.cards import Layout
from storage.records import Actor


@pytest.mark.parametrize("custom_id", ["settle:1:1", "remove:{owner}:1"])
async def test_a_forged_button_changes_nothing(lab: Lab, custom_id: str) -> None:
    forged = custom_id.format(owner=lab.member.id)
    assert "Only the moderators" in await press(lab, lab.member, forged)
    assert (await lab.app.library.papers.get(1)).id == 1


async def test_a_form_sent_after_a_demotion_is_refused(lab: Lab) -> None:
    form = await lab.moderator.slash(lab.papers, "curate add")
    managers = lab.env.guild.roles["Managers"]
    guild = lab.app.client.get_guild(lab.env.guild.id)
    assert guild is not None
    await lab.app.client.http.remove_role(guild.id, lab.moderator.id, managers.id)
    count = await lab.app.library.papers.count()
    result = await lab.moderator.submit_modal(form, {"title": "Too late"})
    assert "Only the moderators" in result.response.content
    assert await lab.app.library.papers.count() == count


async def press(lab: Lab, actor: Any, custom_id: str) -> str:
    """What somebody is told who presses a button that they made up."""
    await lab.ask(lab.moderator, "curate remove", paper="#1")
    message = await lab.app.client.get_channel(lab.papers.id).send(view=_forged(custom_id))
    result = await actor.click(message, custom_id=custom_id)
    return str(result.response.content)


def _forged(custom_id: str) -> Any:

    return Layout(ActionRow(Button(label="Press me", custom_id=custom_id)))


class TestWhereARoleKeepsTheList:
    """Discord then offers the moderators' commands to everybody, so only the checks are left."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, moderator_role_ids=(123_456_789_012_345_678,))

    async def test_feeds_are_suggested_to_moderators_alone(self, lab: Lab) -> None:
        await lab.app.library.feeds.add(
            "https://lab.org/feed?token=secret", "News", "", Actor("test", "a test")
        )
        asked = (lab.papers, "feed remove", "feed", "")
        assert [one["name"] for one in await lab.moderator.autocomplete(*asked)] == ["News"]
        assert await lab.member.autocomplete(*asked) == []

    async def test_a_member_who_sees_the_commands_is_refused(self, lab: Lab) -> None:
        for command in ("feed list", "curate add"):
            result = await lab.member.slash(lab.papers, command)
            assert result.ephemeral
            assert "Only the moderators" in told(result)
