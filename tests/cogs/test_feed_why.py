from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.models import PaperDraft, PartialDate
from storage.people.evidence import Lab as Affiliations
from storage.people.models import Credit
from storage.review.found_papers import CardDecision
from tests.support.found_papers import ORCID, find_papers, witness
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR


async def why(lab: Lab, link: str) -> str:
    return await lab.run(lab.moderator, "feed why", link=link)


async def poll(lab: Lab) -> None:
    lab.clock.advance(timedelta(hours=1))
    await lab.app.poll()


async def test_why_shows_the_first_check_and_what_was_announced(lab: Lab, source) -> None:
    feed, home = source
    await lab.run(lab.moderator, "announce here")
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    silent = await why(lab, "https://example.org/Old-news")
    assert "“News” listed it" in silent
    assert "on its first check: added as a new paper" in silent
    assert "not announced, because it came with a feed's first check" in silent

    feed.publish("Brand new")
    await poll(lab)
    sent = await why(lab, "http://www.example.org/Brand-new/?utm_source=x")
    assert f"<#{lab.channel.id}>: announced <t:" in sent
    assert f"/{lab.channel.id}/{lab.channel.last_message.id}" in sent
    paper = await lab.app.library.papers.get_by_text("Brand new")
    assert await why(lab, f"#{paper.id}") == sent
    assert await why(lab, "brand NEW") == sent


async def test_why_names_the_filter_that_rejected_a_paper(lab: Lab, source) -> None:
    feed, home = source
    await lab.run(lab.moderator, "announce to", channel=lab.channel, filters="-new venue:ICML")
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    feed.publish("Brand new")
    await poll(lab)
    assert "filtered out by “-new”" in await why(lab, "Brand new")
    await lab.run(lab.moderator, "announce to", channel=lab.channel)
    assert "filtered out by the filters that the channel had" in await why(lab, "Brand new")


async def test_why_shows_why_a_paper_is_still_queued(lab: Lab, source) -> None:
    feed, home = source
    await lab.run(lab.moderator, "announce here")
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    await lab.run(lab.moderator, "announce pause")
    feed.publish("Brand new")
    await poll(lab)
    channel, outbox = lab.channel.id, lab.app.library.outbox
    subscriptions = lab.app.library.subscriptions
    assert "queued. Announcements there are paused" in await why(lab, "Brand new")

    await subscriptions.subscribe(lab.channel.guild.id, channel, MODERATOR)
    assert "queued. It'll be sent within a minute" in await why(lab, "Brand new")
    await outbox.postpone(channel, lab.clock() + timedelta(hours=1))
    assert "queued. 1 attempt failed on Discord's side" in await why(lab, "Brand new")
    await outbox.stop(channel, "I may not write there.")
    text = await why(lab, "Brand new")
    assert "Sending failed: I may not write there. I'll try again when" in text
    assert "Run `/announce resume` to try right away." in text


async def test_why_shows_the_next_digest_and_channels_added_later(lab: Lab, source) -> None:
    feed, home = source
    await lab.run(lab.moderator, "announce to", channel=lab.channel, digest="daily")
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    feed.publish("Brand new")
    await poll(lab)
    assert "queued. Next digest <t:" in await why(lab, "Brand new")
    lab.clock.advance(timedelta(minutes=1))
    later = lab.channel.guild.create_text_channel("later")
    await lab.moderator.slash(later, "announce here")
    assert (
        f"<#{later.id}>: not announced, because announcements there only started <t:"
        in await why(lab, "Brand new")
    )


async def test_why_counts_the_channels_of_other_servers_without_naming_them(
    lab: Lab, source
) -> None:
    feed, home = source
    await lab.other_manager.slash(lab.other_channel, "announce here")
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    feed.publish("Brand new")
    await poll(lab)
    shown = await why(lab, "Brand new")
    assert "In other servers: announced in 1 of 1 channel." in shown
    assert str(lab.other_channel.id) not in shown


async def test_why_shows_duplicates_and_who_decided(lab: Lab, source) -> None:
    feed, home = source
    known = await lab.add(PaperDraft(title="Twice told", date=PartialDate(2026)))
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    feed.publish("Twice told")
    await poll(lab)
    link = "https://example.org/Twice-told"
    shown = await why(lab, link)
    assert f"possible duplicate of #{known}. Run `/feed check` to review it" in shown
    assert "in the list." not in shown

    result = await lab.moderator.slash(lab.channel, "feed check")
    await lab.moderator.click(result.followups[-1], label="Same paper")
    shown = await why(lab, link)
    assert f"It is #{known} in the list" in shown
    assert "Reviewed by noor <t:" in shown


async def test_why_shows_an_entry_in_review_and_one_that_was_declined(lab: Lab, source) -> None:
    feed, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed", review=True)
    feed.publish("Somebody else's")
    await poll(lab)
    link = "https://example.org/Somebody-else's"
    assert "waiting for a moderator's review. Run `/feed check` to review it" in await why(
        lab, link
    )
    result = await lab.moderator.slash(lab.channel, "feed check")
    await lab.moderator.click(result.followups[-1], label="Not ours")
    shown = await why(lab, link)
    assert "declined as not one of ours. Reviewed by noor" in shown


async def test_why_shows_that_a_removed_paper_stays_removed(lab: Lab, source) -> None:
    _, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    paper = await lab.app.library.papers.get_by_text("Old news")
    await lab.app.library.papers.remove(paper.id, MODERATOR)
    await lab.run(lab.moderator, "feed remove", feed="News")
    shown = await why(lab, f"{paper.id}")
    assert "was removed from the list <t:" in shown
    assert "“News” (no longer followed) listed it <t:" in shown

    await lab.run(lab.moderator, "feed add", url=f"{home}feed?of=another")
    shown = await why(lab, "https://example.org/Old-news")
    assert "skipped, because this paper had been removed from the list" in shown


@pytest.mark.parametrize("link", ["https://example.org/nowhere", "#9999", "...", "2399.12345"])
async def test_why_says_that_it_found_nothing(lab: Lab, source, link: str) -> None:
    _, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed")
    result = await lab.moderator.slash(lab.channel, "feed why", link=link)
    assert result.ephemeral
    assert f"I couldn't find “{link}”" in reply_text(result).replace("\\", "")


async def test_why_shows_the_origin_of_a_paper_that_no_feed_listed(lab: Lab) -> None:
    number = await lab.add(PaperDraft(title="By hand"))
    shown = await why(lab, str(number))
    assert "A moderator added it" in shown
    assert "It hasn't been announced in any channel" in shown
    await lab.run(lab.moderator, "announce here")
    lab.clock.advance(timedelta(minutes=1))
    number = await lab.add(PaperDraft(title="By hand, later"))
    assert "not announced, because no feed listed it as new" in await why(lab, str(number))


async def test_why_says_who_added_a_paper_of_the_labs_people(lab: Lab) -> None:
    await find_papers(lab, 2)
    found = lab.app.library.found_papers
    elsewhere = replace(witness(1, Credit("Ann Lee", (ORCID,))), source="openalex")
    await found.ingest([elsewhere], Affiliations())
    for card in await found.cards(Affiliations()):
        await found.decide(card.id, CardDecision.ADD, MODERATOR, Affiliations())
    shown = await why(lab, "Ferns of the north 1")
    assert "A moderator added it <t:" in shown
    assert "was found at Crossref and OpenAlex." in shown
