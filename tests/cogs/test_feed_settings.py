from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.demo.messages import visible_text
from bot.settings import Settings
from storage.models import PaperDraft, PartialDate
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR


async def follow(lab: Lab, home: str, **options: Any) -> str:
    return await lab.run(lab.moderator, "feed add", url=f"{home}feed", **options)


async def poll(lab: Lab) -> None:
    lab.clock.advance(timedelta(hours=1))
    await lab.app.poll()


async def count(lab: Lab) -> int:
    return int(await lab.app.library.papers.count())


async def test_all_details_of_a_feed_are_shown(lab: Lab, source) -> None:
    feed, home = source
    await follow(lab, home, venue="Newsletter")
    shown = await lab.run(lab.moderator, "feed show", feed="News")
    for part in ("Feed 1 · added by noor", "**Venue** Newsletter", "announced right away"):
        assert part in shown
    assert "**Papers** 1 · latest entry <t:" in shown
    assert "**Last successful check** <t:" in shown
    assert "Failing" not in shown

    feed.status = 503
    await lab.run(lab.moderator, "feed check")
    shown = await lab.run(lab.moderator, "feed show", feed="1")
    assert "⚠️ Failing since <t:" in shown
    assert "1 failed check): 127.0.0.1 is having problems" in shown
    result = await lab.moderator.slash(lab.channel, "feed show", feed="Another")
    assert result.ephemeral
    assert "feed “Another”" in reply_text(result)


async def test_entries_waiting_for_review_are_shown_and_decided(lab: Lab, source) -> None:
    feed, home = source
    await lab.add(PaperDraft(title="Twice told", date=PartialDate(2026)))
    assert "New entries will need a moderator's review" in await follow(lab, home, review=True)
    feed.publish("Twice told")
    feed.publish("Brand new")
    await poll(lab)
    shown = await lab.run(lab.moderator, "feed show", feed="1")
    assert "need a moderator's review" in shown
    assert "review: 1 entry, 1 possible duplicate" in shown
    result = await lab.moderator.slash(lab.channel, "feed check", feed="1")
    assert "Is this one of ours?" in reply_text(result)
    assert "Is it the same paper as the one below?" in reply_text(result)
    before = await count(lab)
    await lab.moderator.click(result.followups[-1], label="Add")
    assert await count(lab) == before + 1


async def test_the_newest_papers_of_a_first_check_can_be_announced(lab: Lab, source) -> None:
    feed, home = source
    for number in range(4):
        feed.publish(f"Paper {number}")
    await lab.run(lab.moderator, "announce here")
    assert "Added its 5 existing papers and announced the newest 2" in await follow(
        lab, home, newest=2
    )
    await lab.app.deliver()
    channel = lab.app.client.get_channel(lab.channel.id)
    titles = [visible_text(message) async for message in channel.history() if message.components]
    assert ["Paper 3" in titles[0], "Paper 2" in titles[1]] == [True, True]
    assert not any("Paper 1" in title for title in titles)
    await poll(lab)
    assert await lab.app.deliver() == 0


async def test_a_paused_feed_is_checked_again_after_resuming(lab: Lab, source) -> None:
    feed, home = source
    await follow(lab, home)
    paused = await lab.run(lab.moderator, "feed pause", feed="1", reason="too loud")
    assert "Paused **News**" in paused
    feed.publish("Brand new")
    before = await count(lab)
    await poll(lab)
    assert await count(lab) == before
    assert "all of them are paused" in await lab.run(lab.moderator, "feed check")
    assert "none while paused (by noor: too loud)" in await lab.run(
        lab.moderator, "feed show", feed="1"
    )
    again = await lab.moderator.slash(lab.channel, "feed pause", feed="1")
    assert again.ephemeral
    assert "“News” is already paused (by noor: too loud)" in reply_text(again)

    await lab.run(lab.moderator, "feed resume", feed="1")
    await lab.app.poll()
    assert await count(lab) == before + 1
    again = await lab.moderator.slash(lab.channel, "feed resume", feed="1")
    assert again.ephemeral
    assert "“News” isn't paused" in reply_text(again)


async def test_a_feed_is_edited_by_options_and_keeps_its_given_title(lab: Lab, source) -> None:
    _, home = source
    await follow(lab, home)
    shown = await lab.run(
        lab.moderator,
        "feed edit",
        feed="1",
        title="The lab's own",
        venue="Newsletter",
        url=f"{home}moved",
        review=True,
    )
    for part in ("The lab's own", "Newsletter", "/moved", "need a moderator's review"):
        assert part in shown
    await poll(lab)
    feed = await lab.app.library.feeds.get(1)
    assert (feed.title, feed.url, feed.is_reviewed) == ("The lab's own", f"{home}moved", True)
    assert feed.failures == 0


async def test_a_feed_is_edited_by_a_form_that_can_clear_a_field(lab: Lab, source) -> None:
    _, home = source
    await follow(lab, home, venue="Newsletter")
    form = await lab.moderator.slash(lab.channel, "feed edit", feed="1")
    result = await lab.moderator.submit_modal(
        form, {"title": "News", "url": f"{home}feed", "venue": "", "review": ["yes"]}
    )
    assert result.ephemeral or result.followups[0]
    feed = await lab.app.library.feeds.get(1)
    assert (feed.venue, feed.is_reviewed, feed.title) == ("", True, "News")
    form = await lab.moderator.slash(lab.channel, "feed edit", feed="1")
    result = await lab.moderator.submit_modal(
        form, {"title": "News", "url": f"{home}feed", "venue": "", "review": ["yes"]}
    )
    assert "You didn't change anything" in reply_text(result)


async def test_a_feeds_form_keeps_what_was_typed_if_it_fails(lab: Lab, source) -> None:
    _, home = source
    await follow(lab, home)
    typed = {"title": "The lab's own", "url": f"{home}nothing", "venue": "ICML", "review": ["yes"]}
    form = await lab.moderator.slash(lab.channel, "feed edit", feed="1")
    failed = await lab.moderator.submit_modal(form, typed)
    assert "I couldn't find a feed" in reply_text(failed)
    for url in ("nonsense", f"{home}moved"):
        again = await lab.moderator.click(failed.response, label="Try again")
        values = form_values(again.modal)
        assert [values[name] for name in ("title", "url", "venue")] == [
            typed[name] for name in ("title", "url", "venue")
        ]
        typed["url"] = url
        failed = await lab.moderator.submit_modal(again, typed)
    feed = await lab.app.library.feeds.get(1)
    assert (feed.title, feed.url, feed.venue) == ("The lab's own", f"{home}moved", "ICML")
    assert feed.is_reviewed


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"url": "{}nothing"}, "I couldn't find a feed"),
        ({"url": "nonsense"}, "start with http"),
        ({"url": "{}moved"}, "already following"),
        ({"title": "News"}, "You didn't change anything"),
        ({"title": " \u200b "}, "needs a title"),
        ({"feed": "2", "title": "x"}, "feed “2”"),
    ],
)
async def test_an_invalid_edit_is_answered_privately(
    lab: Lab, source, options: dict[str, str], sentence: str
) -> None:
    _, home = source
    await follow(lab, home)
    if sentence == "already following":
        await lab.app.library.feeds.follow(f"{home}moved/", "Other", "", MODERATOR)
    edit = {"feed": "1"} | {name: value.format(home) for name, value in options.items()}
    result = await lab.moderator.slash(lab.channel, "feed edit", **edit)
    assert sentence in reply_text(result)
    assert result.ephemeral
    feed = await lab.app.library.feeds.get(1)
    assert (feed.title, feed.url) == ("News", f"{home}feed")


async def test_a_preview_shows_what_would_be_announced_and_changes_nothing(
    lab: Lab, source
) -> None:
    feed, home = source
    known = await lab.add(PaperDraft(title="Twice told", date=PartialDate(2026)))
    feed.publish("Twice told")
    feed.publish("Brand new")
    feed.broken_items = 6
    before = await count(lab)
    result = await lab.moderator.slash(lab.channel, "feed preview", url=f"{home}page")
    assert result.ephemeral
    shown = reply_text(result)
    assert "It has 3 entries." in shown
    assert "has neither a title nor any text" in shown
    assert "and 1 more problem" in shown
    assert "🆕 New. It would be announced like this." in shown
    assert f"⚖️ Possible duplicate of #{known}" in shown
    assert "added <t:" not in shown  # what isn't in the list has neither a number nor a date there
    assert await count(lab) == before
    assert "I don't follow any feeds" in await lab.run(lab.moderator, "feed list")

    await lab.run(lab.moderator, "announce here")
    feed.titles = ["Brand new"]
    feed.broken_items = 0
    previewed = reply_text(
        await lab.moderator.slash(lab.channel, "feed preview", url=f"{home}feed")
    )
    await follow(lab, home, newest=1)
    await lab.app.deliver()
    card = lab.last_text.split("-# #")[0].rstrip()
    assert card.splitlines()[:2] == [
        "-# 📄 New paper",
        "### [Brand new](https://example.org/Brand-new)",
    ]
    assert card in previewed


async def test_a_preview_recognizes_known_removed_and_repeated_papers(lab: Lab, source) -> None:
    feed, home = source
    await follow(lab, home, venue="Newsletter")
    shown = await lab.run(lab.moderator, "feed preview", url=f"{home}feed")
    paper = await lab.app.library.papers.get_by_text("Old news")
    assert "I already follow it as feed 1" in shown
    assert f"✅ Already in the list as #{paper.id}. It wouldn't be announced" in shown
    await lab.app.library.papers.remove(paper.id, MODERATOR)
    await lab.run(lab.moderator, "feed edit", feed="1", review=True)
    feed.titles = ["Same one", "same ONE", "Old news"]
    shown = await lab.run(lab.moderator, "feed preview", url=f"{home}feed")
    assert "Removed from the list. It would be skipped" in shown
    assert "The same paper as another entry here" in shown
    assert "🆕 New. It would wait for review" in shown


@pytest.mark.parametrize(
    ("address", "sentence"),
    [("{}nothing", "I couldn't find a feed"), ("nonsense", "start with http")],
)
async def test_a_preview_of_a_bad_address_is_answered_privately(
    lab: Lab, source, address: str, sentence: str
) -> None:
    _, home = source
    result = await lab.moderator.slash(lab.channel, "feed preview", url=address.format(home))
    assert sentence in reply_text(result)
    assert result.ephemeral


class TestWithAModeratorRole:
    """Discord shows the commands to everybody then, so only the checks in code protect them."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, moderator_role_ids=(123_456_789_012_345_678,))

    @pytest.mark.parametrize(
        ("command", "options"),
        [
            ("show", {"feed": "1"}),
            ("edit", {"feed": "1", "title": "Mine"}),
            ("pause", {"feed": "1"}),
            ("resume", {"feed": "1"}),
            ("preview", {"url": "https://example.org/feed"}),
            ("why", {"link": "1"}),
        ],
    )
    async def test_members_are_refused(
        self, lab: Lab, command: str, options: dict[str, str]
    ) -> None:
        await lab.app.library.feeds.follow("https://e.org/f", "News", "", MODERATOR)
        result = await lab.member.slash(lab.channel, f"feed {command}", **options)
        assert result.ephemeral
        assert "Only moderators" in reply_text(result)
        assert (await lab.app.library.feeds.get(1)).title == "News"
