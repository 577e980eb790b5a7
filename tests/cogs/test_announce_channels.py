"""The options of an announcement channel, and later changes of its messages."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import discord
import pytest

from bot.demo.messages import visible_text
from bot.settings import Settings
from storage.announcements.models import DeliveryStatus
from storage.models import PaperDraft
from tests.support.lab import HOME, Lab, reply_text
from tests.support.library import MODERATOR, forget_deliveries

REQUIRE_TAG = discord.ChannelFlags(require_tag=True).value


def announcements(channel: Any) -> list[str]:
    """Returns the announcements in a channel, oldest first."""
    return [text for text in map(visible_text, channel.history()) if not text.startswith("📣")]


async def to(lab: Lab, channel: Any, **options: Any) -> str:
    return await lab.run(lab.moderator, "announce to", channel=channel, **options)


async def test_a_channel_gets_only_papers_that_match_its_filters(lab: Lab) -> None:
    wall = lab.env.guild.create_text_channel("wall")
    answer = await to(lab, wall, filters='author:"S. Biderman" -venue:arxiv')
    assert "papers matching `author:" in answer
    await lab.announce("Hers", authors=("Stella Biderman",), venue="ICML")
    await lab.announce("Her preprint", authors=("Stella Biderman",), venue="arXiv")
    await lab.announce("Another's", authors=("Mo Lee",), venue="ICML")
    await lab.app.deliver()
    (text,) = announcements(wall)
    assert "Hers" in text
    assert "-venue:arxiv" in await lab.run(lab.moderator, "announce list")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"filters": "year:2023"}, "“year:” isn't a filter"),
        ({"filters": "feed:77"}, "There's no feed 77"),
        ({"digest": "daily", "at": "25:00"}, "isn't a time. Try 9:00"),
        ({"zone": "Mars/Olympus"}, "isn't a time zone"),
        ({"publish": True}, "isn't an announcement channel"),
    ],
)
async def test_invalid_options_are_answered_privately(
    lab: Lab, options: dict[str, Any], sentence: str
) -> None:
    result = await lab.moderator.slash(lab.channel, "announce to", channel=lab.channel, **options)
    assert result.ephemeral
    assert sentence in reply_text(result)
    assert await lab.app.library.subscriptions.all(HOME) == ()


async def test_everyone_is_never_mentioned_and_forums_get_no_extra_threads(lab: Lab) -> None:
    forum = lab.env.guild.create_forum_channel("forum")
    assert "only" in await to(lab, forum, thread=True)
    everyone = lab.env.guild.roles["@everyone"]
    assert "mention @everyone" in await to(lab, lab.channel, role=everyone)


async def test_only_the_chosen_role_is_mentioned(lab: Lab) -> None:
    readers = lab.env.guild.create_role("Readers")
    readers_id = readers.id
    answer = await to(lab, lab.channel, role=readers)
    assert f"<@&{readers_id}>" in answer
    await lab.announce("@everyone <@&1> reads")
    await lab.app.deliver()
    sent = [one for one in lab.env.http_requests if one.path.endswith("/messages")][-1].json
    allowed = sent["allowed_mentions"]
    assert (allowed["parse"], [int(role) for role in allowed["roles"]]) == ([], [readers_id])


async def test_a_thread_starts_under_each_announcement(lab: Lab) -> None:
    await to(lab, lab.channel, thread=True)
    await lab.announce("To be discussed")
    await lab.app.deliver()
    assert [thread.name for thread in lab.channel.threads] == ["To be discussed"]
    await lab.app.deliver()
    assert len(lab.channel.threads) == 1


async def test_a_forum_that_requires_a_tag_is_asked_for_one(lab: Lab) -> None:
    forum = lab.env.guild.create_forum_channel("forum")
    channel = lab.app.client.get_channel(forum.id)
    assert isinstance(channel, discord.ForumChannel)
    tags = [discord.ForumTag(name="Papers"), discord.ForumTag(name="Talks", moderated=True)]
    await channel.edit(available_tags=tags)
    channel._flags = REQUIRE_TAG  # noqa: SLF001 - SimCord doesn't know this flag
    assert "need a tag" in (answer := await to(lab, forum))
    assert "Papers, Talks" in answer
    assert "doesn't have the tag “Posters”. It has: Papers, Talks" in await to(
        lab, forum, tag="Posters"
    )
    assert "Only the posts in a forum have tags" in await to(lab, lab.channel, tag="Papers")
    assert "Now announcing" in await to(lab, forum, tag="papers")
    assert "tagged" in await lab.run(lab.moderator, "announce list")
    await lab.announce("Tagged")
    assert await lab.app.deliver() == 1
    (thread,) = forum.threads
    sent = lab.app.client.get_channel(thread.id)
    assert isinstance(sent, discord.Thread)
    assert [tag.name for tag in sent.applied_tags] == ["Papers"]


async def test_a_locked_thread_is_refused_before_anything_is_sent_there(lab: Lab) -> None:
    channel: Any = lab.app.client.get_channel(lab.channel.id)
    everyone = channel.guild.default_role
    thread = await channel.create_thread(name="Old", type=discord.ChannelType.public_thread)
    (handle,) = lab.channel.threads
    thread = lab.app.client.get_channel(thread.id)
    thread.locked = True
    await channel.set_permissions(everyone, manage_threads=False)
    await channel.set_permissions(channel.guild.me, manage_threads=False)
    assert "Manage Threads (the thread is locked)" in await to(lab, handle)
    thread.locked = False
    assert "Now announcing" in await to(lab, handle)


async def test_a_forum_gets_a_thread_for_each_paper(lab: Lab) -> None:
    forum = lab.env.guild.create_forum_channel("forum")
    await to(lab, forum)
    paper = await lab.announce("In a forum")
    assert await lab.app.deliver() == 1
    (thread,) = forum.threads
    assert thread.name == "In a forum"
    forget_deliveries(lab.app.library)
    assert await lab.app.deliver() == 1  # found in the forum, not sent again
    assert len(forum.threads) == 1
    await lab.app.library.papers.edit(paper, PaperDraft(title="In the forum"), MODERATOR)
    await lab.app.deliver()
    assert "In the forum" in visible_text(thread.history()[0])


async def test_an_announcement_channels_messages_are_published(lab: Lab) -> None:
    news = lab.env.guild.create_news_channel("news")
    assert "published" in await to(lab, news, publish=True)
    await lab.announce("Spread")
    await lab.app.deliver()
    assert [one for one in lab.env.http_requests if one.path.endswith("/crosspost")]
    assert await lab.app.library.outbox.needing_follow_up() == ()


async def test_a_digest_is_sent_once_at_its_time(lab: Lab) -> None:
    answer = await to(lab, lab.channel, digest="daily", at="18:30", zone="Europe/Berlin")
    assert "daily digest at 18:30 (Europe/Berlin)" in answer
    await lab.announce("One")
    gone = await lab.announce("Two")
    await lab.announce("Three")
    assert await lab.app.deliver() == 0
    lab.clock.advance(timedelta(days=2))
    assert await lab.app.deliver() == 1
    (text,) = announcements(lab.channel)
    assert "3 new papers" in text
    assert all(title in text for title in ("One", "Two", "Three"))
    await lab.app.library.papers.remove(gone, MODERATOR)
    await lab.app.deliver()
    assert "removed from the list" in visible_text(lab.channel.history()[-1])


async def test_many_papers_share_one_message_that_shows_them_all(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    for number in range(12):
        await lab.announce(f"Paper of many {number}")
    assert await lab.app.deliver() == 1
    message = lab.channel.history()[-1]
    assert "12 new papers" in visible_text(message)
    assert "and 4 more" in visible_text(message)
    pressed = await lab.member.click(message, label="Show all 12")
    assert pressed.ephemeral
    assert "12 papers announced" in reply_text(pressed)
    assert "Paper of many 0" in reply_text(pressed)


async def test_an_edited_paper_updates_its_announcement(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    paper = await lab.announce("A titel", venue="arXiv", identifiers=("arxiv:2301.00001",))
    await lab.app.deliver()
    draft = PaperDraft(title="A title", venue="ICML", identifiers=("arxiv:2301.00001",))
    await lab.app.library.papers.edit(paper, draft, MODERATOR)
    assert await lab.app.deliver() == 0
    text = lab.last_text
    assert "A title" in text
    assert "now published at **ICML**" in text
    await lab.app.library.papers.remove(paper, MODERATOR)
    await lab.app.deliver()
    assert "Removed from the list" in lab.last_text
    assert len(announcements(lab.channel)) == 1


async def test_a_deleted_message_is_left_alone(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    paper = await lab.announce("Unwanted")
    await lab.app.deliver()
    await lab.channel.last_message.delete()
    await lab.app.library.papers.edit(paper, PaperDraft(title="Changed"), MODERATOR)
    await lab.app.deliver()
    assert await lab.app.library.outbox.needing_follow_up() == ()


async def test_an_edit_that_discord_refuses_is_retried_later(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    paper = await lab.announce("Before")
    await lab.app.deliver()
    await lab.app.library.papers.edit(paper, PaperDraft(title="After"), MODERATOR)
    lab.env.inject_error("PATCH", "/channels/*/messages/*", status=400, times=1)
    await lab.app.deliver()
    assert "Before" in lab.last_text
    lab.clock.advance(timedelta(hours=2))
    await lab.app.deliver()
    assert "After" in lab.last_text


async def test_an_update_that_discord_always_refuses_is_set_aside_until_retried(lab: Lab) -> None:
    await lab.run(lab.moderator, "setup channel", channel=lab.channel)
    await lab.run(lab.moderator, "announce here")
    paper = await lab.announce("Before")
    await lab.app.deliver()
    await lab.app.library.papers.edit(paper, PaperDraft(title="After"), MODERATOR)
    lab.env.inject_error("PATCH", "/channels/*/messages/*", status=400, times=3)
    for _ in range(5):
        lab.clock.advance(timedelta(hours=2))
        await lab.app.deliver()
    texts = [visible_text(message) for message in lab.channel.history()]
    assert sum("Gave up updating the announcement of “After”" in text for text in texts) == 1
    assert any("Before" in text for text in texts)
    assert await lab.app.library.outbox.needing_follow_up() == ()
    (sent,) = await lab.app.library.outbox.for_paper(paper)
    assert sent.status is DeliveryStatus.SENT

    alert = lab.channel.last_message
    refused = await lab.member.click(alert, label="Retry")
    assert "Trying" not in reply_text(refused)
    assert "Trying that message again" in reply_text(
        await lab.moderator.click(alert, label="Retry")
    )
    await lab.app.deliver()
    assert not any("Before" in visible_text(message) for message in lab.channel.history())
    again = await lab.moderator.click(alert, label="Retry")
    assert "isn't set aside any more" in reply_text(again)


async def test_a_refused_message_is_sent_again_from_its_alert_after_a_restart(
    lab: Lab, settings: Settings
) -> None:
    await lab.run(lab.moderator, "setup channel", channel=lab.channel)
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Too odd")
    lab.env.inject_error("POST", "/channels/*/messages", status=400, times=3)
    for _ in range(4):
        await lab.app.deliver()
        lab.clock.advance(timedelta(minutes=5))
    alert = lab.channel.last_message
    assert "Set aside the announcement of “Too odd”" in visible_text(alert)
    client = await lab.restart(settings)
    await lab.moderator.click(alert, label="Retry")
    await client.dispatcher.deliver_due()
    assert "Too odd" in lab.last_text
    again = await lab.moderator.click(alert, label="Retry")
    assert "it was sent or retried in the meantime" in reply_text(again)
    await client.close()


async def test_the_buttons_of_an_announcement_cite_and_let_moderators_edit(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.announce("Pressed", authors=("Mo Lee",))
    await lab.app.deliver()
    message = lab.channel.last_message
    assert "Lee" in reply_text(await lab.member.click(message, label="Cite"))
    form = await lab.moderator.click(message, label="Report a problem")
    await lab.moderator.submit_modal(form, {"title": "Pressed hard"})
    assert "Pressed hard" in visible_text(lab.channel.history()[-1])


async def test_a_test_previews_the_newest_matching_paper_privately(lab: Lab) -> None:
    refused = await lab.run(lab.moderator, "announce test")
    assert refused.startswith(f"I don't announce papers in <#{lab.channel.id}> yet. Run ")
    await to(lab, lab.channel, filters="author:biderman")
    result = await lab.moderator.slash(lab.channel, "announce test")
    assert result.ephemeral
    assert "New paper" in reply_text(result)
    assert announcements(lab.channel) == []


async def test_pausing_and_resuming_lose_no_papers(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    assert "New papers queue until" in await lab.run(lab.moderator, "announce pause")
    assert "already paused" in await lab.run(lab.moderator, "announce pause")
    await lab.announce("Patient")
    assert await lab.app.deliver() == 0
    assert "paused" in await lab.run(lab.moderator, "announce list")
    assert "1 paper was queued" in await lab.run(lab.moderator, "announce resume")
    assert "Patient" in announcements(lab.channel)[-1]
    assert "aren't paused" in await lab.run(lab.moderator, "announce resume")


async def test_the_subscription_of_a_deleted_channel_can_be_removed(lab: Lab) -> None:
    lost = lab.env.guild.create_text_channel("lost")
    await to(lab, lost)
    channel = lab.app.client.get_channel(lost.id)
    assert isinstance(channel, discord.TextChannel)
    await channel.delete()
    choices = await lab.moderator.autocomplete(lab.channel, "announce remove", "channel", "del")
    (choice,) = choices
    assert choice["name"].startswith("#deleted-channel")
    refused = await lab.run(lab.moderator, "announce resume", channel=choice["value"])
    assert "may have been deleted" in refused
    assert "Stopped announcing" in await lab.run(
        lab.moderator, "announce remove", channel=choice["value"]
    )
    assert "isn't an announcement channel" in await lab.run(
        lab.moderator, "announce remove", channel="elsewhere"
    )


async def test_time_zones_are_suggested(lab: Lab) -> None:
    choices = await lab.moderator.autocomplete(lab.channel, "announce to", "zone", "berl")
    assert {"name": "Europe/Berlin", "value": "Europe/Berlin"} in choices
