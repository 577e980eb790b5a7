"""`/setup check` and `/setup why`."""

from __future__ import annotations

from typing import Any

import discord
import pytest

from tests.support.lab import HOME, Lab, reply_text
from tests.support.library import MODERATOR


async def check(lab: Lab) -> str:
    return await lab.run(lab.moderator, "setup check")


async def test_a_good_setup_has_no_problems(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    shown = await check(lab)
    assert "### The bot is set up" in shown
    assert "❌" not in shown
    assert "The server “Open Lab” is set up" in shown
    assert "There's no moderators' channel" in shown


async def test_every_problem_of_a_server_is_listed(lab: Lab) -> None:
    subscriptions, moderators = lab.app.library.subscriptions, lab.app.client.moderators
    await subscriptions.subscribe(HOME, lab.channel.id, MODERATOR)
    await subscriptions.subscribe(HOME, 5, MODERATOR)
    await moderators.change_roles(HOME, MODERATOR, add=(6,))
    await moderators.set_channel(HOME, 7, MODERATOR)
    channel = lab.app.client.get_channel(lab.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.set_permissions(channel.guild.default_role, send_messages=False)
    shown = await check(lab)
    assert "### There's something to fix" in shown
    for words in (
        "#papers in “Open Lab”: the bot lacks Send Messages",
        "In “Open Lab”, the channel 5 that announces papers was deleted",
        "The server “Open Lab” has no role 6, which moderates",
        "The moderators' channel 7 was deleted",
    ):
        assert words in shown.replace("\\", "")


async def why(lab: Lab, command: str, member: Any = None, **options: Any) -> str:
    return await lab.run(
        lab.moderator, "setup why", member=member or lab.member, command=command, **options
    )


async def test_a_member_without_rights_is_told_what_is_missing(lab: Lab) -> None:
    here = f"in <#{lab.channel.id}>"
    assert f"**mika** can use `/search` {here}." in await why(lab, "/Search")
    shown = await why(lab, "curate add")
    assert f"can't use `/curate add` {here}:" in shown
    assert "They aren't a moderator" in shown
    assert "`/setup role`" in shown or "setup role" in shown
    role = lab.env.guild.roles["Curators"]
    await lab.app.client.moderators.change_roles(HOME, MODERATOR, add=(role.id,))
    assert f"one of these roles: <@&{role.id}>" in await why(lab, "curate add")
    assert "can use `/curate add`" in await why(lab, "curate add", lab.role_moderator)
    assert "They lack **Manage Server**" in await why(lab, "setup role", lab.role_moderator)
    assert "They lack **Manage Server**" in await why(lab, "announce here")
    assert "can use `/setup role`" in await why(lab, "setup role", lab.moderator)


async def test_a_channel_without_application_commands_is_named(lab: Lab) -> None:
    channel = lab.app.client.get_channel(lab.channel.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.set_permissions(channel.guild.default_role, use_application_commands=False)
    managers = channel.guild.get_role(lab.env.guild.roles["Managers"].id)
    assert managers is not None
    await channel.set_permissions(managers, use_application_commands=True)
    shown = await why(lab, "search")
    assert f"They lack **Use Application Commands** in <#{lab.channel.id}>" in shown


async def test_integration_settings_are_explained(lab: Lab) -> None:
    client, backend = lab.app.client, lab.env.backend
    command_id = client.command_ids[None]["search"]
    role = lab.env.guild.roles["Curators"]
    kinds = discord.AppCommandPermissionType

    def override(target_id: int, kind: discord.AppCommandPermissionType, *, allowed: bool) -> Any:
        return {"id": str(target_id), "type": kind.value, "permission": allowed}

    everyone = override(HOME, kinds.role, allowed=False)
    backend.set_command_permissions(HOME, command_id, [everyone])
    assert "doesn't allow the command for mika" in await why(lab, "search")
    backend.set_command_permissions(
        HOME, command_id, [everyone, override(role.id, kinds.role, allowed=True)]
    )
    assert "doesn't allow" in await why(lab, "search")
    assert "can use" in await why(lab, "search", lab.role_moderator)
    backend.set_command_permissions(
        HOME, command_id, [everyone, override(lab.member.id, kinds.user, allowed=True)]
    )
    assert "can use" in await why(lab, "search")
    backend.set_command_permissions(
        HOME, command_id, [override(HOME - 1, kinds.channel, allowed=False)]
    )
    assert f"doesn't allow the command in <#{lab.channel.id}>" in await why(lab, "search")
    backend.set_command_permissions(
        HOME,
        command_id,
        [
            override(HOME - 1, kinds.channel, allowed=False),
            override(lab.channel.id, kinds.channel, allowed=True),
        ],
    )
    assert "can use" in await why(lab, "search")


async def test_integration_settings_of_the_whole_bot_are_explained(lab: Lab) -> None:
    backend, kinds = lab.env.backend, discord.AppCommandPermissionType

    def override(target_id: int, kind: discord.AppCommandPermissionType, *, allowed: bool) -> Any:
        return {"id": str(target_id), "type": kind.value, "permission": allowed}

    nowhere = override(HOME - 1, kinds.channel, allowed=False)
    nobody = override(HOME, kinds.role, allowed=False)
    here = override(lab.channel.id, kinds.channel, allowed=True)
    everyone = override(HOME, kinds.role, allowed=True)
    ids = lab.app.client.command_ids
    backend.set_command_permissions(HOME, backend.application_id, [nowhere, nobody])
    backend.set_command_permissions(HOME, ids[HOME]["setup why"], [here, everyone])
    shown = await why(lab, "search")
    assert f"doesn't allow the command in <#{lab.channel.id}>" in shown
    assert "doesn't allow the command for mika" in shown
    backend.set_command_permissions(HOME, ids[None]["search"], [here, everyone])  # which win
    assert "can use" in await why(lab, "search")


@pytest.mark.parametrize("command", ["nonsense", "curate", " "])
async def test_an_unknown_command_is_refused_privately(lab: Lab, command: str) -> None:
    result = await lab.moderator.slash(lab.channel, "setup why", member=lab.member, command=command)
    assert result.ephemeral
    assert "There's no command" in reply_text(result)


async def test_commands_are_suggested(lab: Lab) -> None:
    typed = await lab.moderator.autocomplete(lab.channel, "setup why", "command", "curate a")
    names = {choice["value"] for choice in typed}
    assert names == {"curate add", "curate abbreviation"}
