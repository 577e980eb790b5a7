from __future__ import annotations

import logging
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import discord
import pytest

from bot.demo.messages import visible_text
from bot.moderators import Moderators
from bot.settings import Settings
from storage.backups.files import Backups
from storage.moderator_settings import SettingKey
from tests.support.lab import HOME, Lab, reply_text
from tests.support.library import MODERATOR


def role(lab: Lab, name: str = "Curators") -> Any:
    return lab.env.guild.roles[name]


async def test_a_manager_gives_and_takes_a_roles_moderator_rights(lab: Lab) -> None:
    assert "feed list" not in lab.role_moderator.available_commands(lab.channel)
    shown = await lab.run(lab.moderator, "setup role", role=role(lab))
    assert "**Curators** can now moderate" in shown
    assert "I don't follow any feeds yet" in await lab.run(lab.role_moderator, "feed list")
    again = await lab.moderator.slash(lab.channel, "setup role", role=role(lab))
    assert again.ephemeral
    assert "“Curators” is already a moderator role" in reply_text(again)

    shown = await lab.run(lab.moderator, "setup role", role=role(lab), remove=True)
    assert "**Curators** no longer has moderator rights" in shown
    assert "feed list" not in lab.role_moderator.available_commands(lab.channel)
    again = await lab.moderator.slash(lab.channel, "setup role", role=role(lab), remove=True)
    assert "“Curators” isn't a moderator role" in reply_text(again)


async def test_what_the_shell_undoes_counts_without_a_restart(lab: Lab) -> None:
    await lab.run(lab.moderator, "setup role", role=role(lab))
    (change, *_) = (await lab.app.library.audit.page(guild_id=HOME)).changes
    await lab.app.library.undo(change.id, MODERATOR)  # as the shell's process does
    await lab.run(lab.moderator, "setup show")  # which reads them, too
    await lab.app.reload_moderators()
    assert lab.app.client.moderators.role_ids(HOME) == frozenset()
    assert "feed list" not in lab.role_moderator.available_commands(lab.channel)


async def test_settings_are_stored_with_who_set_them_and_when(lab: Lab) -> None:
    await lab.run(lab.moderator, "setup role", role=role(lab))
    (word,) = await lab.app.library.moderator_settings.all()
    assert (word.guild_id, word.key, word.ids) == (HOME, SettingKey.ROLES, (role(lab).id,))
    assert (word.set_by.name, word.set_at) == ("noor", lab.clock())
    again = Moderators(lab.app.library, lab.app.settings)
    assert again.role_ids(HOME) == frozenset()
    await again.load()
    assert again.role_ids(HOME) == {role(lab).id}
    shown = await lab.run(lab.moderator, "setup show")
    assert f"<@&{role(lab).id}>" in shown
    assert "Set by noor" in shown
    assert "None. Set one with `/setup channel`" in shown


async def test_the_everyone_role_is_refused(lab: Lab) -> None:
    result = await lab.moderator.slash(lab.channel, "setup role", role=lab.env.guild.default_role)
    assert result.ephemeral
    assert "not @everyone" in reply_text(result)
    assert lab.app.client.moderators.role_ids(HOME) == frozenset()


async def test_a_moderator_by_role_cannot_choose_moderators(lab: Lab) -> None:
    await lab.run(lab.moderator, "setup role", role=role(lab))
    offered = lab.role_moderator.available_commands(lab.channel)
    assert "feed list" in offered
    assert not [name for name in offered if name.startswith("setup")]


async def test_a_new_moderators_channel_gets_what_was_queued_for_the_former_one(lab: Lab) -> None:
    first = lab.env.guild.create_text_channel("mods")
    second = lab.env.guild.create_text_channel("other-mods")
    shown = await lab.run(lab.moderator, "setup channel", channel=first)
    assert f"The moderators' channel is now <#{first.id}>" in shown
    await lab.app.library.outbox.enqueue_notice(first.id, "Something waits.")
    await lab.app.library.outbox.stop(first.id, "closed")
    assert "I've stopped posting there: closed." in await lab.run(lab.moderator, "setup show")
    await lab.run(lab.moderator, "setup channel", channel=second)
    assert "Something waits." in last_message(second)
    assert "Set by noor" in await lab.run(lab.moderator, "setup show")
    shown = await lab.run(lab.moderator, "setup channel")
    assert "There's no moderators' channel now" in shown
    assert "From `.env`, reset by noor" in await lab.run(lab.moderator, "setup show")


def last_message(channel: Any) -> str:
    return visible_text(channel.last_message)


async def test_a_channel_without_permissions_is_refused_and_they_are_named(
    lab: Lab,
) -> None:
    channel = lab.env.guild.create_text_channel("mods")
    place = lab.app.client.get_channel(channel.id)
    assert isinstance(place, discord.TextChannel)
    await lab.app.client.http.edit_channel_permissions(
        channel.id, HOME, "0", str(discord.Permissions(send_messages=True).value), 0
    )
    result = await lab.moderator.slash(lab.channel, "setup channel", channel=channel)
    assert result.ephemeral
    assert "Give me these permissions there first: Send Messages" in reply_text(result)
    assert lab.app.client.moderators.channel_id is None


async def test_moderators_are_told_of_a_deleted_role_or_channel(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    mods = lab.env.guild.create_text_channel("mods")
    await lab.run(lab.moderator, "setup role", role=role(lab))
    await lab.run(lab.moderator, "setup channel", channel=mods)
    gone = role(lab).id
    with caplog.at_level(logging.WARNING):
        await lab.app.client.http.delete_role(HOME, gone)
        await lab.env.settle()
        await lab.app.deliver()
    assert f"moderator role {gone}" in caplog.text
    assert "The moderator role **Curators** was deleted" in last_message(mods)
    assert f"a role that isn't in this server ({gone})" in await lab.run(
        lab.moderator, "setup show"
    )
    with caplog.at_level(logging.WARNING):
        await lab.app.client.http.delete_channel(mods.id)
        await lab.env.settle()
    assert f"moderators' channel {mods.id} was deleted" in caplog.text
    assert "It was deleted, or I can't see it" in await lab.run(lab.moderator, "setup show")

    other = lab.env.guild.create_role("Other")
    caplog.clear()
    await lab.app.client.http.delete_role(HOME, other.id)
    await lab.env.settle()
    assert caplog.text == ""
    fresh = lab.env.guild.create_role("Fresh")
    await lab.run(lab.moderator, "setup role", role=fresh)
    assert lab.app.client.moderators.role_ids(HOME) == {fresh.id}


async def test_without_a_channel_a_deleted_role_is_only_logged(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    await lab.run(lab.moderator, "setup role", role=role(lab))
    with caplog.at_level(logging.WARNING):
        await lab.app.client.http.delete_role(HOME, role(lab).id)
        await lab.env.settle()
    assert "was deleted" in caplog.text
    assert await lab.app.deliver() == 0


async def test_a_failed_command_sync_is_reported_and_the_role_still_changes(lab: Lab) -> None:
    lab.env.inject_error("PUT", "/applications/*/guilds/*/commands", status=400)
    shown = await lab.run(lab.moderator, "setup role", role=role(lab))
    assert "I couldn't update Discord's list of commands" in shown
    assert lab.app.client.moderators.role_ids(HOME) == {role(lab).id}


async def test_a_channel_that_members_can_read_gets_a_warning(lab: Lab) -> None:
    public = lab.env.guild.create_text_channel("general")
    shown = await lab.run(lab.moderator, "setup channel", channel=public)
    assert "⚠️ Everyone in this server can read that channel" in shown
    assert "⚠️ Everyone in this server" in await lab.run(lab.moderator, "setup show")

    roles = lab.env.guild.roles
    hidden = {lab.env.guild.default_role: discord.PermissionOverwrite(view_channel=False)}
    readers = [roles["TestBot"], roles["Managers"], roles["Curators"]]
    shown_to = {one: discord.PermissionOverwrite(view_channel=True) for one in readers}
    channel = lab.env.guild.create_text_channel("mods", overwrites={**hidden, **shown_to})
    shown = await lab.run(lab.moderator, "setup channel", channel=channel)
    assert f"⚠️ Everyone with <@&{role(lab).id}> can read that channel" in shown

    await lab.run(lab.moderator, "setup role", role=role(lab))
    assert "can read that channel" not in await lab.run(lab.moderator, "setup show")


async def test_the_last_good_backup_and_the_next_are_shown(lab: Lab, settings: Settings) -> None:
    shown = await lab.run(lab.moderator, "setup show")
    assert "⚠️ There's no backup of the paper list yet." in shown
    assert "The next one is due now." in shown
    await lab.app.nightly_backups.make_if_due()
    (made,) = Backups.of(settings.database_path).all()
    shown = await lab.run(lab.moderator, "setup show")
    at = int(lab.clock.now.timestamp())
    assert f"The last good one is from <t:{at}:f>.\n-# {made.path.name}, 20 papers" in shown
    next_night = datetime(2026, 11, 24, 3, tzinfo=UTC)
    assert f"The next one is due <t:{int(next_night.timestamp())}:f>." in shown


async def test_failing_backups_and_none_at_all_are_shown(lab: Lab, settings: Settings) -> None:
    folder = Backups.of(settings.database_path).folder
    folder.write_text("not a folder")
    await lab.app.nightly_backups.make_if_due()
    since = int(lab.clock.now.timestamp())
    assert f"failing since <t:{since}:f>" in await lab.run(lab.moderator, "setup show")
    lab.app.client.settings = replace(settings, backup_keep=0)
    assert "turned off, because `BACKUP_KEEP` is 0" in await lab.run(lab.moderator, "setup show")
