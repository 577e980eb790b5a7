"""`/announce test` previews each way of posting, and neither posts nor records anything."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import discord
import pytest

from bot.demo.messages import visible_text
from storage.announcements.filters import ChannelFilter
from storage.models import PaperDraft
from tests.support.lab import HOME, Lab, reply_text
from tests.support.library import MODERATOR


async def preview(lab: Lab, channel: Any, **options: Any) -> Any:
    """Announces in a channel and previews that; checks that nothing else happened."""
    shown = await lab.run(lab.moderator, "announce to", channel=channel, **options)
    assert "Now announcing" in shown
    before = len(lab.env.http_requests)
    result = await lab.moderator.slash(lab.channel, "announce test", channel=str(channel.id))
    assert result.ephemeral
    sent = [one for one in lab.env.http_requests[before:] if one.path.endswith("/messages")]
    assert sent == []
    (subscription,) = [
        one for one in await lab.app.library.subscriptions.all(HOME) if one.channel_id == channel.id
    ]
    assert subscription.waiting == 0
    assert await lab.app.deliver() == 0
    return result


async def test_a_message_for_each_paper(lab: Lab) -> None:
    await lab.add(PaperDraft(title="Newest", venue="ICML"))
    text = reply_text(await preview(lab, lab.channel, filters="venue:icml"))
    assert "Each new paper gets a message of its own" in text
    assert "Only papers matching `venue:icml`" in text
    assert "📄 New paper\n### Newest" in text
    assert "example" not in text


@pytest.mark.parametrize(("digest", "when"), [("daily", "daily"), ("weekly", "on Mondays")])
async def test_a_digest(lab: Lab, digest: str, when: str) -> None:
    result = await preview(lab, lab.channel, digest=digest, zone="Europe/Berlin")
    text = reply_text(result)
    assert f"{when} " in text
    assert "at 9:00 (Europe/Berlin)" in text
    assert "Next one <t:" in text
    assert "📚 3 new papers" in text
    (paper,) = await lab.app.library.subscriptions.newest_matches(ChannelFilter(), 1)
    (callback,) = [one.json for one in lab.env.http_requests if "👀 Preview" in str(one.json)]
    (custom_id,) = re.findall(rf"'(announced:{paper.id}~[^']+)'", str(callback))
    opened = await lab.moderator.click(result.response, custom_id=custom_id)
    assert "[Cite]" in reply_text(opened)


async def test_a_thread_is_named(lab: Lab) -> None:
    await lab.add(PaperDraft(title="New *one*", venue="ICML"))
    text = reply_text(await preview(lab, lab.channel, filters="venue:icml", thread=True))
    assert "🧵 A discussion thread called **New \\*one\\*** starts under it" in text


async def test_a_forum_post_has_its_name_and_tag(lab: Lab) -> None:
    forum = lab.env.guild.create_forum_channel("wall")
    channel = lab.app.client.get_channel(forum.id)
    assert isinstance(channel, discord.ForumChannel)
    await channel.edit(available_tags=[discord.ForumTag(name="Papers")])
    await lab.add(PaperDraft(title="Newest", venue="ICML"))
    text = reply_text(await preview(lab, forum, filters="venue:icml", tag="Papers"))
    assert "forum post called **Newest** with the tag **Papers**" in text
    text = reply_text(await preview(lab, forum, digest="daily"))
    assert "forum post called **3 new papers**." in text


async def test_publishing_is_mentioned(lab: Lab) -> None:
    news = lab.env.guild.create_news_channel("news")
    text = reply_text(await preview(lab, news, publish=True))
    assert "📢 It's published to the servers that follow this channel" in text


async def test_a_role_is_shown_but_not_pinged(lab: Lab) -> None:
    role = lab.env.guild.roles["Curators"]
    before = len(lab.env.http_requests)
    result = await preview(lab, lab.channel, role=role)
    assert f"<@&{role.id}>" in reply_text(result)
    callbacks = [one.json for one in lab.env.http_requests[before:] if "callback" in one.path]
    assert callbacks[-1]["data"]["allowed_mentions"]["parse"] == []
    assert "roles" not in callbacks[-1]["data"]["allowed_mentions"]


async def test_a_paused_channel_says_so(lab: Lab) -> None:
    await lab.run(lab.moderator, "announce here")
    await lab.run(lab.moderator, "announce pause")
    await lab.announce("Queued")
    text = await lab.run(lab.moderator, "announce test")
    assert "⏸️ Announcements here are paused, with 1 paper in the queue" in text


async def test_without_a_match_an_example_is_shown(lab: Lab) -> None:
    result = await preview(lab, lab.channel, filters="author:nobody")
    text = reply_text(result)
    assert "No paper in the list matches this channel's filters, so this is an example" in text
    assert "### An Example of a Paper" in text
    assert "#0" not in text
    with pytest.raises(Exception, match="disabled"):
        await lab.moderator.click(result.response, label="Details")
    text = reply_text(await preview(lab, lab.channel, filters="author:nobody", digest="daily"))
    assert "matches this channel's filters, so these are examples" in text
    assert "📚 2 new papers" in text
    assert "Another Example of a Paper" in text


async def test_a_digest_of_one_paper_is_previewed_as_it_is_sent(lab: Lab) -> None:
    await lab.add(PaperDraft(title="Newest", venue="Rare Venue"))
    options = {"filters": 'venue:"rare venue"', "digest": "daily", "thread": True}
    text = reply_text(await preview(lab, lab.channel, **options))
    assert "Only one paper in the list would be announced here. A digest of one" in text
    assert "example" not in text.lower()
    assert "A discussion thread called **Newest** starts under it" in text
    await lab.announce("Next", venue="Rare Venue")
    lab.clock.advance(timedelta(days=1))
    await lab.app.deliver()
    shown = text[text.index("-# 📄 New paper") :].splitlines()
    (message,) = [one for one in lab.channel.history() if "New paper" in visible_text(one)]
    sent = visible_text(message).splitlines()
    assert [line for line in sent if "Next" not in line and "added" not in line] == [
        line for line in shown if "Newest" not in line and "added" not in line
    ]


async def test_an_empty_list_says_so(lab: Lab) -> None:
    for paper in range(1, 21):
        await lab.app.library.papers.remove(paper, MODERATOR)
    text = reply_text(await preview(lab, lab.channel))
    assert "The list is empty, so this is an example" in text


async def test_a_filter_by_feed_matches_the_feeds_papers(lab: Lab, source: Any) -> None:
    feed, home = source
    feed.publish("From the feed")
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    text = reply_text(await preview(lab, lab.channel, filters="feed:1"))
    assert "### [From the feed]" in text
    text = reply_text(await preview(lab, lab.channel, filters="-feed:1"))
    assert "From the feed" not in text


async def test_the_longest_preview_fits(lab: Lab) -> None:
    for number in range(3):
        await lab.add(
            PaperDraft(
                title=f"{number}" + "*" * 399,
                authors=("`" * 100,) * 30,
                venue="_" * 300,
                abstract="word " * 3000,
            )
        )
    words = " ".join(f"-word{number:040}" for number in range(6))
    role = lab.env.guild.roles["Curators"]
    for options in (
        {"thread": True},
        {"digest": "weekly", "zone": "America/Argentina/Buenos_Aires"},
    ):
        result = await preview(lab, lab.channel, filters=words, role=role, **options)
        assert len(reply_text(result)) <= 4000
