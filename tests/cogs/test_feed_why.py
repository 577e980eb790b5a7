from __future__ import annotations

from datetime import timedelta

import pytest

from storage.models import PaperDraft, PartialDate
from tests.support.lab import Lab, told
from tests.support.library import MODERATOR


async def why(lab: Lab, link: str) -> str:
    return await lab.ask(lab.moderator, "feed why", link=link)


async def poll(lab: Lab) -> None:
    lab.clock.move(timedelta(hours=1))
    await lab.app.poll()


async def test_why_tells_of_the_first_poll_and_of_what_was_sent(lab: Lab, source) -> None:
    feed, home = source
    await lab.ask(lab.moderator, "announce here")
    await lab.ask(lab.moderator, "feed add", url=f"{home}feed")
    silent = await why(lab, "https://example.org/Old-news")
    assert "“News” brought it" in silent
    assert "at its first poll: a new paper" in silent
    assert "not announced, since a feed's first poll is silent" in silent

    feed.publish("Brand new")
    await poll(lab)
    sent = await why(lab, "http://www.example.org/Brand-new/?utm_source=x")
    assert f"<#{lab.papers.id}>: sent <t:" in sent
    assert f"/{lab.papers.id}/{lab.papers.last_message.id}" in sent
    paper = await lab.app.library.papers.get_by_text("Brand new")
    assert await why(lab, f"#{paper.id}") == sent
    assert await why(lab, "brand NEW") == sent


async def test_why_names_the_conditions_that_left_a_paper_out(lab: Lab, source) -> None:
    feed, home = source
    await lab.ask(lab.moderator, "announce to", channel=lab.papers, filters="-new venue:ICML")
    await lab.ask(lab.moderator, "feed add", url=f"{home}feed")
    feed.publish("Brand new")
    await poll(lab)
    assert "left out, since it does not meet “-new”" in await why(lab, "Brand new")
    await lab.ask(lab.moderator, "announce to", channel=lab.papers)
    assert "left out by the conditions that the channel had" in await why(lab, "Brand new")


async def test_why_tells_what_a_paper_waits_for(lab: Lab, source) -> None:
    feed, home = source
    await lab.ask(lab.moderator, "announce here")
    await lab.ask(lab.moderator, "feed add", url=f"{home}feed")
    await lab.ask(lab.moderator, "announce pause")
    feed.publish("Brand new")
    await poll(lab)
    channel, outbox = lab.papers.id, lab.app.library.outbox
    subscriptions = lab.app.library.subscriptions
    assert "waiting. The channel is paused" in await why(lab, "Brand new")

    await subscriptions.subscribe(lab.papers.guild.id, channel, MODERATOR)
    assert "waiting. It is sent within a minute" in await why(lab, "Brand new")
    await outbox.postpone(channel, lab.clock() + timedelta(hours=1))
    assert "waiting. 1 try failed, since Discord did not take it" in await why(lab, "Brand new")
    await outbox.stop(channel, "I may not write there.")
    assert "It failed: I may not write there. `/announce resume`" in await why(lab, "Brand new")


async def test_why_tells_of_a_digest_and_of_a_channel_that_came_later(lab: Lab, source) -> None:
    feed, home = source
    await lab.ask(lab.moderator, "announce to", channel=lab.papers, digest="daily")
    await lab.ask(lab.moderator, "feed add", url=f"{home}feed")
    feed.publish("Brand new")
    await poll(lab)
    assert "waiting. The next digest is <t:" in await why(lab, "Brand new")
    lab.clock.move(timedelta(minutes=1))
    later = lab.papers.guild.create_text_channel("later")
    await lab.moderator.slash(later, "announce here")
    assert f"<#{later.id}>: not announced; the channel hears of what came since" in await why(
        lab, "Brand new"
    )


async def test_why_counts_the_channels_of_other_servers_without_naming_them(
    lab: Lab, source
) -> None:
    feed, home = source
    await lab.stranger.slash(lab.elsewhere, "announce here")
    await lab.ask(lab.moderator, "feed add", url=f"{home}feed")
    feed.publish("Brand new")
    await poll(lab)
    shown = await why(lab, "Brand new")
    assert "In other servers: sent to 1 of 1 channel." in shown
    assert str(lab.elsewhere.id) not in shown


async def test_why_tells_of_duplicates_and_of_who_decided(lab: Lab, source) -> None:
    feed, home = source
    known = await lab.add(PaperDraft(title="Twice told", date=PartialDate(2026)))
    await lab.ask(lab.moderator, "feed add", url=f"{home}feed")
    feed.publish("Twice told")
    await poll(lab)
    link = "https://example.org/Twice-told"
    shown = await why(lab, link)
    assert f"may be the same paper as #{known}, which a moderator is to decide" in shown
    assert "It is #" not in shown

    result = await lab.moderator.slash(lab.papers, "feed check")
    await lab.moderator.click(result.followups[-1], label="Same paper")
    shown = await why(lab, link)
    assert f"It is #{known} in the list" in shown
    assert "noor decided that <t:" in shown


async def test_why_tells_of_a_reviewed_entry_and_of_one_that_was_declined(lab: Lab, source) -> None:
    feed, home = source
    await lab.ask(lab.moderator, "feed add", url=f"{home}feed", review=True)
    feed.publish("Somebody else's")
    await poll(lab)
    link = "https://example.org/Somebody-else's"
    assert "the feed is reviewed, so a moderator is to decide by `/feed check`" in await why(
        lab, link
    )
    result = await lab.moderator.slash(lab.papers, "feed check")
    await lab.moderator.click(result.followups[-1], label="Not ours")
    shown = await why(lab, link)
    assert "it is not ours, so it was left out. noor decided that" in shown


async def test_why_explains_a_removed_paper_and_what_came_of_it_again(lab: Lab, source) -> None:
    _, home = source
    await lab.ask(lab.moderator, "feed add", url=f"{home}feed")
    paper = await lab.app.library.papers.get_by_text("Old news")
    await lab.app.library.papers.remove(paper.id, MODERATOR)
    await lab.ask(lab.moderator, "feed remove", feed="News")
    shown = await why(lab, f"{paper.id}")
    assert "which was removed from the list <t:" in shown
    assert "“News”, which I watch no longer, brought it <t:" in shown

    await lab.ask(lab.moderator, "feed add", url=f"{home}feed?of=another")
    shown = await why(lab, "https://example.org/Old-news")
    assert "removed from the list on purpose, so it was left out" in shown


@pytest.mark.parametrize("link", ["https://example.org/nowhere", "#9999", "...", "2399.12345"])
async def test_why_knows_nothing_of_what_nobody_brought(lab: Lab, source, link: str) -> None:
    _, home = source
    await lab.ask(lab.moderator, "feed add", url=f"{home}feed")
    result = await lab.moderator.slash(lab.papers, "feed why", link=link)
    assert result.ephemeral
    assert f"I couldn't find “{link}”" in told(result).replace("\\", "")


async def test_why_tells_how_a_paper_came_that_no_feed_brought(lab: Lab) -> None:
    number = await lab.add(PaperDraft(title="By hand"))
    shown = await why(lab, str(number))
    assert "A moderator added it" in shown
    assert "Nothing is announced in any channel" in shown
    await lab.ask(lab.moderator, "announce here")
    lab.clock.move(timedelta(minutes=1))
    number = await lab.add(PaperDraft(title="By hand, later"))
    assert "not announced, since no feed brought it as news" in await why(lab, str(number))
