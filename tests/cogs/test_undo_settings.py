"""Undo and redo of changes to feeds and announcement channels."""

from __future__ import annotations

from typing import Any

from discord.ui import ActionRow

from bot.demo.messages import visible_text
from bot.ui.buttons import UndoButton
from bot.ui.cards import Layout
from tests.support.lab import HOME, Lab, reply_text

FIRST, SECOND = 22, 23  # the changes after the import of the starter list


async def ask(lab: Lab, command: str, **options: Any) -> Any:
    return await lab.moderator.slash(lab.channel, command, **options)


async def follow(lab: Lab, source: Any) -> Any:
    feed, home = source
    await ask(lab, "feed add", url=f"{home}feed")
    return feed


async def test_unfollowing_a_feed_can_be_undone_and_redone(lab: Lab, source: Any) -> None:
    await follow(lab, source)
    removed = await ask(lab, "feed remove", feed="News")
    assert "I don't follow any feeds yet" in await lab.run(lab.moderator, "feed list")
    undone = await lab.moderator.click(removed.response, label="Undo")
    number = (await lab.app.library.audit.page()).changes[0].undoes
    assert f"Undid change {number}: 🗑️ unfollowed the feed **News**." in reply_text(undone)
    assert "**[News](" in await lab.run(lab.moderator, "feed list")
    again = await lab.moderator.click(undone.response, label="Redo")
    assert f"↪️ Redid change {number}: 🗑️ unfollowed the feed **News**." in reply_text(again)
    assert await lab.app.library.feeds.all() == ()
    log = reply_text(await ask(lab, "curate history"))
    assert f"↪️ redid change {number}: **News**" in log
    assert f"↩️ undid change {number}: **News**" in log
    undone = await lab.moderator.click(again.response, label="Undo")
    assert f"↩️ Undid change {number}: 🗑️ unfollowed the feed **News**." in reply_text(undone)
    assert "[Redo]" in reply_text(undone)


async def test_setting_changes_are_logged_and_undone_one_after_the_other(
    lab: Lab, source: Any
) -> None:
    await follow(lab, source)
    await ask(lab, "feed pause", feed="1", reason="loud")
    await ask(lab, "feed edit", feed="1", title="Ours", review=True)
    await ask(lab, "announce to", channel=lab.channel, filters="venue:icml", digest="daily")
    await ask(lab, "announce pause")
    await lab.other_manager.slash(lab.other_channel, "announce here")
    log = reply_text(await ask(lab, "curate history"))
    for line in (
        f"⏸️ paused announcements in <#{lab.channel.id}>",
        f"📣 started announcements in <#{lab.channel.id}>",
        "✏️ changed the feed **Ours**",
        "Title: News → Ours",
        "Entries need review: no → yes",
        "⏸️ paused the feed **News**",
    ):
        assert line in log
    assert str(lab.other_channel.id) not in log

    offered = await lab.moderator.autocomplete(lab.channel, "curate undo", "change", "started")
    assert [one["name"].partition(" · ")[2] for one in offered] == [
        "📣 started announcements in a channel"
    ]
    assert "⏸️ paused" in reply_text(await ask(lab, "curate undo"))
    (subscription,) = await lab.app.library.subscriptions.all(lab.channel.guild.id)
    assert not subscription.is_paused
    await ask(lab, "curate undo")
    assert "I don't announce papers in this server yet" in reply_text(
        await ask(lab, "announce list")
    )
    await ask(lab, "curate undo")
    (feed,) = await lab.app.library.feeds.all()
    assert (feed.title, feed.is_reviewed, feed.paused_because) == ("News", False, "by noor: loud")


async def test_undoing_the_removal_of_a_channel_sends_what_was_queued(lab: Lab) -> None:
    await ask(lab, "announce here")
    await lab.announce("Waiting")
    closed = await ask(lab, "announce remove")
    assert await lab.app.deliver() == 0
    assert "list and its feeds" not in reply_text(await lab.moderator.click(closed.response))
    await lab.app.deliver()
    assert "Waiting" in lab.last_text


async def test_undo_restores_replaced_options(lab: Lab) -> None:
    await ask(lab, "announce to", channel=lab.channel, filters="venue:icml")
    replaced = await ask(lab, "announce to", channel=lab.channel, filters="venue:acl")
    undone = reply_text(await lab.moderator.click(replaced.response, label="Undo"))
    assert f"✏️ changed announcements in <#{lab.channel.id}>" in undone
    assert "venue:icml" in await lab.run(lab.moderator, "announce list")
    await ask(lab, "announce to", channel=lab.channel, digest="weekly", at="9:30", weekday=4)
    log = reply_text(await ask(lab, "curate history"))
    assert "papers matching `venue:icml` → weekly digest on Fridays at 9:30 (UTC)" in log
    await ask(lab, "announce to", channel=lab.channel)
    assert "→ all papers, immediately" in reply_text(await ask(lab, "curate history"))


async def test_only_those_who_may_change_announcements_may_undo_that(lab: Lab) -> None:
    opened = await ask(lab, "announce here")
    home = lab.channel.guild.id
    number = (await lab.app.library.audit.page(guild_id=home)).changes[0].id
    for person in (lab.member, lab.role_moderator):
        result = await person.click(opened.response, label="Undo")
        assert result.ephemeral
        assert "by someone with the Manage Server permission" in reply_text(result)

    theirs = await lab.other_manager.slash(lab.other_channel, "announce here")
    view = Layout(ActionRow(UndoButton(number)))
    channel: Any = lab.app.client.get_channel(lab.other_channel.id)
    result = await lab.other_manager.click(await channel.send(view=view), label="Undo")
    assert "made in another server" in reply_text(result)
    assert len(await lab.app.library.subscriptions.all()) == 2
    done = await lab.other_manager.click(theirs.response, label="Undo")
    assert "started announcements" in reply_text(done)
    assert [
        subscription.guild_id for subscription in await lab.app.library.subscriptions.all()
    ] == [home]


async def test_a_manager_undoes_and_redoes_the_choice_of_the_moderators_channel(lab: Lab) -> None:
    first = lab.env.guild.create_text_channel("mods")
    second = lab.env.guild.create_text_channel("other-mods")
    await lab.run(lab.moderator, "setup channel", channel=first)
    chosen = await lab.moderator.slash(lab.channel, "setup channel", channel=second)
    lab.env.inject_error("POST", f"/channels/{second.id}/messages", status=503, times=None)
    await lab.app.library.outbox.enqueue_notice(second.id, "Something waits.")
    undone = await lab.moderator.click(chosen.response, label="Undo")
    assert f"Undid change {SECOND}: 🔑 changed the moderators' channel" in reply_text(undone)
    assert lab.app.client.moderators.channel_id == first.id
    await lab.app.deliver()
    assert "Something waits." in visible_text(first.last_message)
    assert "Set by noor" in await lab.run(lab.moderator, "setup show")

    redone = await lab.moderator.click(undone.response, label="Redo")
    assert lab.app.client.moderators.channel_id == second.id
    log = await lab.run(lab.moderator, "curate history")
    assert f"<#{first.id}> → <#{second.id}>" in log
    assert "from `.env` → " in log
    await lab.moderator.click(redone.response, label="Undo")
    await lab.run(lab.moderator, "curate undo", change=str(FIRST))
    assert lab.app.client.moderators.channel_id is None
    assert "None. Set one with `/setup channel`" in await lab.run(lab.moderator, "setup show")


async def test_a_role_gets_and_loses_its_rights_by_undo(lab: Lab) -> None:
    role = lab.env.guild.roles["Curators"]
    given = await lab.moderator.slash(lab.channel, "setup role", role=role)
    refused = await lab.press_custom_id(lab.role_moderator, f"undo:{FIRST}")
    assert "Moderators can only be set up" in refused
    undone = await lab.moderator.click(given.response, label="Undo")
    assert f"Undid change {FIRST}: 🔑 changed the moderators' roles" in reply_text(undone)
    assert "feed list" not in lab.role_moderator.available_commands(lab.channel)
    await lab.moderator.click(undone.response, label="Redo")
    assert "feed list" in lab.role_moderator.available_commands(lab.channel)


async def test_a_setting_that_was_changed_again_is_not_undone(lab: Lab) -> None:
    curators = lab.env.guild.roles["Curators"]
    first = await lab.moderator.slash(lab.channel, "setup role", role=curators)
    await lab.run(lab.moderator, "setup role", role=lab.env.guild.create_role("Others"))
    refused = await lab.moderator.click(first.response, label="Undo")
    assert f"That has been changed since then. Undo change {SECOND} first." in reply_text(refused)
    await lab.run(lab.moderator, "setup channel", channel=lab.env.guild.create_text_channel("m"))
    await lab.run(lab.moderator, "curate undo", change=str(SECOND))
    assert lab.app.client.moderators.role_ids(HOME) == {curators.id}
