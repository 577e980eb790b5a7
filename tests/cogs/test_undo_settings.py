"""Undo and redo of changes to feeds and announcement channels."""

from __future__ import annotations

from typing import Any

from discord.ui import ActionRow

from bot.ui.buttons import UndoButton
from bot.ui.cards import Layout
from tests.support.lab import Lab, reply_text


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
