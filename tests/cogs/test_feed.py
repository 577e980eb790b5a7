from __future__ import annotations

from datetime import timedelta

import pytest

from storage.models import PaperDraft, PartialDate
from tests.support.lab import Lab, reply_text


async def test_a_feed_is_added_silently_and_its_new_papers_announced(lab: Lab, source) -> None:
    feed, home = source
    await lab.run(lab.moderator, "announce here")
    shown = await lab.run(lab.moderator, "feed add", url=f"{home}page")
    assert "Now following **News**" in shown
    assert "Added its 1 existing paper without announcing it" in shown
    assert await lab.app.deliver() == 0

    feed.publish("Brand new")
    lab.clock.advance(timedelta(hours=1))
    await lab.app.poll()
    assert "Brand new" in lab.last_text
    assert "Brand new" in await lab.run(lab.member, "search", query="brand new")
    await lab.app.poll()
    assert await lab.app.deliver() == 0


async def test_a_feed_is_not_followed_twice(lab: Lab, source) -> None:
    _, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    assert "already following" in await lab.run(lab.moderator, "feed add", url=f"{home}page")
    assert "### 1 feed" in await lab.run(lab.moderator, "feed list")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("{}nothing", "I couldn't find a feed"),
        ("{}missing", "has nothing at that URL"),
        ("ftp://example.org/feed", "start with http"),
        ("nonsense", "start with http"),
        ("http://127.0.0.1:1/feed", "I couldn't reach 127.0.0.1"),
    ],
)
async def test_a_bad_address_is_answered_privately(
    lab: Lab, source, address: str, sentence: str
) -> None:
    _, home = source
    result = await lab.moderator.slash(lab.channel, "feed add", url=address.format(home))
    assert sentence in reply_text(result)
    assert result.ephemeral
    assert "I don't follow any feeds" in await lab.run(lab.moderator, "feed list")


async def test_a_check_reads_the_feed_now_and_shows_the_result(lab: Lab, source) -> None:
    feed, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed", venue="Newsletter")
    feed.publish("Fresh")
    choices = await lab.moderator.autocomplete(lab.channel, "feed check", "feed", "ne")
    assert choices[0]["name"] == "News"
    shown = await lab.run(lab.moderator, "feed check", feed=choices[0]["value"])
    assert "✅ **News**: 1 new paper." in shown
    (paper,) = (await lab.app.library.search.suggest_titles("fresh"))[:1]
    assert (await lab.app.library.papers.get(paper[0])).venue == "Newsletter"


async def test_a_failing_feed_shows_why_and_recovers(lab: Lab, source) -> None:
    feed, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    feed.status = 503
    assert "HTTP 503" in await lab.run(lab.moderator, "feed check")
    assert "1 failed check: " in await lab.run(lab.moderator, "feed list")
    feed.status = 200
    await lab.run(lab.moderator, "feed check")
    assert "failed" not in await lab.run(lab.moderator, "feed list")


async def test_a_possible_duplicate_waits_for_review(lab: Lab, source) -> None:
    feed, home = source
    await lab.add(PaperDraft(title="Twice told", date=PartialDate(2026)))
    await lab.add(PaperDraft(title="Thrice told", date=PartialDate(2026)))
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    count = await lab.app.library.papers.count()
    feed.publish("Twice told")
    feed.publish("Thrice told")
    result = await lab.moderator.slash(lab.channel, "feed check")
    assert "2 possible duplicates" in reply_text(result)
    assert await lab.app.library.papers.count() == count

    _, second, third = [result.response, *result.followups][-3:]
    added = await lab.moderator.click(second, label="Add as new")
    assert "You added" in reply_text(added)
    same = await lab.moderator.click(third, label="Same paper")
    assert "You marked it as the same paper as **Thrice told**" in reply_text(same)
    assert "Add as new" not in reply_text(same)
    assert await lab.app.library.papers.count() == count + 1
    undone = await lab.moderator.click(added.response, label="Undo")
    assert "no longer in the list" in reply_text(undone)
    assert await lab.app.library.papers.count() == count


async def test_an_unfollowed_feed_leaves_its_papers(lab: Lab, source) -> None:
    _, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    assert "Its 1 paper stays in the list" in await lab.run(
        lab.moderator, "feed remove", feed="News"
    )
    assert "Old news" in await lab.run(lab.member, "search", query="old news")
    result = await lab.moderator.slash(lab.channel, "feed remove", feed="News")
    assert result.ephemeral
    assert "feed “News”" in result.response.content
