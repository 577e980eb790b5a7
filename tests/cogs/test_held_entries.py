"""One alert about a feed that brings far more than usual, and its buttons."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.demo.messages import visible_text
from bot.settings import Settings
from tests.support.feed_server import FeedServer
from tests.support.lab import Lab, reply_text


@pytest.fixture
async def flooded(lab: Lab, source) -> Lab:
    """A lab whose feed has brought 30 papers at once, which moderators were told of."""
    feed, home = source
    feed: FeedServer
    await lab.run(lab.moderator, "setup channel", channel=lab.channel)
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    await lab.run(lab.moderator, "announce to", channel=lab.channel)
    for number in range(30):
        feed.publish(f"Sudden {number}")
    lab.clock.advance(timedelta(hours=1))
    await lab.app.poll()
    return lab


async def test_one_alert_says_what_happened_and_so_do_the_commands(flooded: Lab) -> None:
    lab = flooded
    text = visible_text(lab.channel.last_message)
    assert "**News** (#1) has 30 new papers at once, but usually has 1 at most" in text
    assert await lab.app.deliver() == 0
    assert "30 held: far more than usual" in await lab.run(lab.moderator, "feed list")
    assert "30 new entries held" in await lab.run(lab.moderator, "feed show", feed="1")
    why = await lab.run(lab.moderator, "feed why", link="Sudden 3")
    assert "held, because the feed had far more new papers than usual" in why


async def test_all_are_added_from_the_alert_after_a_restart_and_undone(
    flooded: Lab, settings: Settings
) -> None:
    lab = flooded
    alert = lab.channel.last_message
    again = await lab.restart(replace(settings))
    refused = await lab.member.click(alert, label="Add all")
    assert "Added" not in reply_text(refused)
    before = await lab.app.library.papers.count()
    added = await lab.moderator.click(alert, label="Add all")
    assert "Added 30 papers" in reply_text(added)
    assert await lab.app.library.papers.count() == before + 30
    late = await lab.moderator.click(alert, label="Decline all")
    assert "Somebody has already decided about those entries." in reply_text(late)
    assert "decided the held entries of a feed: 30 added" in await lab.run(
        lab.moderator, "curate history"
    )
    await lab.moderator.click(added.response, label="Undo")
    assert await lab.app.library.papers.count() == before
    declined = await lab.moderator.click(alert, label="Decline all")
    assert "Declined 30 entries" in reply_text(declined)
    await again.close()


async def test_held_entries_are_reviewed_one_by_one(flooded: Lab) -> None:
    lab = flooded
    queue = await lab.moderator.click(lab.channel.last_message, label="Review one by one")
    assert "30 papers to review" in reply_text(queue)
    first = (await lab.app.library.review.pending_entries(1))[0]
    add = f"decide:{lab.moderator.id}:0:0:{first.id}:1"
    decided = await lab.moderator.click(queue.response, custom_id=add)
    assert "29 papers to review" in visible_text(decided.response)
    assert "29 new entries held" in await lab.run(lab.moderator, "feed show", feed="1")
