from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.demo.messages import visible_text
from bot.settings import Settings
from storage.audit.models import ReviewKind
from storage.models import Actor, PaperDraft
from storage.review.models import Decision, Suggestion
from storage.review.suggestions import MAX_PENDING
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR, forget_deliveries
from tests.support.lookup_server import LookupServer

DOI = "10.5555/lab.7"
WORK = {
    "DOI": DOI,
    "title": ["Small Models, Long Memories"],
    "author": [{"given": "Ada", "family": "Lovelace"}],
    "container-title": ["Journal of Open Things"],
}
TITLE = "A Suite for Analyzing Language Models"


@pytest.fixture
async def mods(lab: Lab) -> Any:
    """The moderators' channel."""
    channel = lab.env.guild.create_text_channel("mods")
    await lab.run(lab.moderator, "setup channel", channel=channel)
    return channel


async def suggest(lab: Lab, source: str = TITLE, **options: Any) -> str:
    result = await lab.member.slash(lab.channel, "suggest", source=source, **options)
    assert result.ephemeral
    return reply_text(result)


async def add_with_form(lab: Lab, message: Any, **typed: str) -> Any:
    """Opens the form of a suggestion that wasn't found, and submits it."""
    form = await lab.moderator.click(message, label="Add…")
    return await lab.moderator.submit_modal(form, {**form_values(form.modal), **typed})


def direct_messages(actor: Any) -> list[str]:
    """Returns the direct messages that somebody got."""
    return [visible_text(message) for message in actor.user.dm_channel.history()]


async def suggestions_of_member(lab: Lab) -> tuple[Suggestion, ...]:
    return await lab.app.library.review.suggestions_by(lab.member.id, 10)


async def test_a_member_suggests_a_moderator_adds_and_the_member_is_told(
    lab: Lab, mods: Any
) -> None:
    await lab.run(lab.moderator, "announce here")
    assert "You haven't suggested any papers yet" in reply_text(
        await lab.member.slash(lab.channel, "suggest")
    )
    shown = await suggest(lab, note="we wrote *this* @everyone")
    assert f"The moderators will review **{TITLE}**, and I'll let you know" in shown
    asked = visible_text(mods.last_message)
    assert "Suggested by mika. Is this one of ours?" in asked
    assert "we wrote \\*this\\* \\@everyone" in asked
    assert not mods.last_message.mention_everyone
    assert "[Add…]" in asked
    assert "[Not ours]" in asked
    assert "Waiting for review" in reply_text(await lab.member.slash(lab.channel, "suggest"))

    result = await add_with_form(lab, mods.last_message)
    assert result.ephemeral
    paper = await lab.app.library.papers.get_by_text(TITLE)
    assert f"✅ You added **{TITLE}** (#{paper.id})" in reply_text(result)
    await lab.app.deliver()
    assert "New paper" in lab.last_text
    assert f"✅ Added by noor as #{paper.id}." in visible_text(mods.last_message)
    (notice,) = direct_messages(lab.member)
    assert f"You suggested **{TITLE}**" in notice
    assert f"✅ Added to the list as #{paper.id}. Thanks!" in notice
    dm = lab.member.user.dm_channel
    mine = await lab.member.user.click(dm.last_message, label="My suggestions")
    assert f"Added to the list as #{paper.id}" in reply_text(mine)
    opened = await lab.member.user.click(dm.last_message, label="Open")
    assert TITLE in reply_text(opened)

    await lab.app.deliver()
    assert len(direct_messages(lab.member)) == 1
    assert len(mods.history()) == 1


async def test_a_paper_that_a_message_links_is_suggested_from_its_menu(lab: Lab, mods: Any) -> None:
    link = await lab.member.send(lab.channel, "Is https://example.org/a-page one of ours?")
    result = await lab.use_menu(lab.member, "Suggest paper", link)
    assert result.ephemeral
    assert "will review **example.org/a-page**" in reply_text(result)
    assert "Suggested by mika" in visible_text(mods.last_message)


async def test_a_link_that_may_be_private_is_marked_for_the_moderators(
    lab: Lab, mods: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    secret = "1aB2cD3eF4gH5iJ6kL7mN8oP9qR0sT1uV2wX3yZ4"
    answer = await suggest(lab, f"https://docs.lab.example/d/{secret}/edit")
    assert "docs.lab.example/d/…/edit" in answer
    assert secret not in answer + caplog.text + await lab.run(lab.member, "suggest")
    asked = visible_text(mods.last_message)
    assert f"](https://docs.lab.example/d/{secret}/edit)" in asked  # where the title leads
    assert asked.count(secret) == 1
    queue = await lab.run(lab.moderator, "curate queue")
    for shown in (asked, queue):
        assert "⚠️ The link may be private. Check who can open it" in shown


async def test_a_private_link_is_not_passed_on(lab: Lab, mods: Any) -> None:
    refused = await suggest(lab, "https://lab.example/private/CANARY7f3a9c/feed.xml")
    assert "https://lab.example/private/…/feed.xml looks like a private link" in refused
    assert not mods.history()
    assert not await suggestions_of_member(lab)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("Good morning!", "I don't see a link to a paper in that message"),
        ("2 of https://arxiv.org/abs/2310.10631 and 10.5555/x.1", "That message links to 2 papers"),
        ("https://arxiv.org/abs/2302.12433", "That paper is already in the list"),
    ],
)
async def test_a_message_without_one_new_paper_gives_no_suggestion(
    lab: Lab, mods: Any, text: str, answer: str
) -> None:
    message = await lab.member.send(lab.channel, text)
    result = await lab.use_menu(lab.member, "Suggest paper", message)
    assert result.ephemeral
    assert answer in reply_text(result)
    assert not mods.history()


async def test_a_moderator_declines_and_the_member_is_told(lab: Lab, mods: Any) -> None:
    await suggest(lab)
    before = await lab.app.library.papers.count()
    result = await lab.moderator.click(mods.last_message, label="Not ours")
    assert f"👋 You declined **{TITLE}**. I'll let mika know." in reply_text(result)
    assert await lab.app.library.papers.count() == before
    assert "decided not to add it" in direct_messages(lab.member)[0]
    assert "👋 Declined by noor." in visible_text(mods.last_message)

    undone = await lab.moderator.click(result.response, label="Undo")
    assert f"👋 declined **{TITLE}**" in reply_text(undone)
    assert "[Not ours]" in visible_text(mods.last_message)
    assert "Waiting for review" in reply_text(await lab.member.slash(lab.channel, "suggest"))
    log = reply_text(await lab.moderator.slash(lab.channel, "curate history"))
    assert f"👋 declined **{TITLE}**" in log


async def test_the_buttons_work_after_a_restart_but_only_once(
    lab: Lab, settings: Settings, mods: Any
) -> None:
    await suggest(lab)
    asked = mods.last_message
    again = await lab.restart(settings)
    (waiting,) = await suggestions_of_member(lab)
    refused = await lab.member.click(asked, label="Add…")
    assert "Only moderators" in reply_text(refused)
    await lab.app.library.review.resolve(
        ReviewKind.SUGGESTION, waiting.id, Actor("discord:1", "cleo"), Decision.SAME
    )
    late = await lab.moderator.click(asked, label="Add…")
    assert "cleo has already declined this one" in reply_text(late)
    await again.close()


async def test_a_suggested_paper_that_is_known_is_shown_at_once(lab: Lab, mods: Any) -> None:
    shown = await suggest(lab, "https://arxiv.org/abs/2302.12433v1")
    assert "That paper is already in the list" in shown
    assert "ProofNet" in shown
    assert not mods.history()
    assert await suggestions_of_member(lab) == ()


async def test_a_suggested_paper_that_was_removed_is_declined_politely(lab: Lab, mods: Any) -> None:
    paper = await lab.app.library.papers.get_by_text("2302.12433")
    await lab.app.library.papers.remove(paper.id, MODERATOR)
    assert "removed that paper from the list on purpose" in await suggest(lab, "2302.12433")
    assert not mods.history()


async def test_a_paper_is_suggested_only_once(lab: Lab, mods: Any) -> None:
    await suggest(lab, "10.1000/xyz")
    shown = await suggest(lab, "https://doi.org/10.1000/XYZ")
    assert "**doi:10.1000/xyz** was already suggested <t:" in shown
    assert len(mods.history()) == 1


async def test_a_member_is_told_that_a_suggestion_is_a_known_paper(lab: Lab, mods: Any) -> None:
    known = PaperDraft(title=TITLE, authors=("Ada Lovelace",), identifiers=("doi:10.1000/a",))
    number = await lab.add(known)
    await lab.app.library.review.suggest(
        replace(known, identifiers=("arxiv:2304.01373",)),
        "",
        (lab.member.id, "mika"),
        daily_limit=1,
        channel_id=mods.id,
    )
    await lab.app.deliver()
    result = await lab.moderator.click(mods.last_message, label="Same paper")
    assert f"You marked it as the same paper as **{TITLE}** (#{number})" in reply_text(result)
    assert f"It's already in the list as #{number}" in direct_messages(lab.member)[0]


@pytest.mark.parametrize("source", ["??", "\u200b\u202e", "a", " - "])
async def test_text_that_names_no_paper_is_explained_privately(lab: Lab, source: str) -> None:
    assert "isn't a paper" in await suggest(lab, source)
    assert await suggestions_of_member(lab) == ()


@pytest.mark.parametrize("source", ["hello nice bot", "arXiv:2399.99999", "2712.00001"])
async def test_what_cannot_be_a_paper_is_refused_at_once(lab: Lab, mods: Any, source: str) -> None:
    shown = await suggest(lab, source)
    assert "isn't " in shown
    assert not mods.history()
    assert await suggestions_of_member(lab) == ()


async def test_a_note_alone_asks_which_paper(lab: Lab) -> None:
    result = await lab.member.slash(lab.channel, "suggest", note="please")
    assert result.ephemeral
    assert "Which paper?" in reply_text(result)


async def test_typed_text_never_breaks_the_card(lab: Lab, mods: Any) -> None:
    source = "# A [Title] <@1> That ```Breaks``` Cards" + "*_" * 200
    await suggest(lab, source, note="`" * 300)
    asked = visible_text(mods.last_message)
    assert "<@1>" not in asked
    assert "```" not in asked.replace("\\`", "")
    queue = reply_text(await lab.moderator.slash(lab.channel, "curate queue"))
    assert "<@1>" not in queue
    await lab.moderator.click(mods.last_message, label="Not ours")
    assert "<@1>" not in direct_messages(lab.member)[0]


async def test_the_daily_limit_says_when_to_continue(lab: Lab) -> None:
    for number in range(5):
        assert "Thanks!" in await suggest(lab, f"Paper Number {number}")
        lab.clock.advance(timedelta(hours=1))
    shown = await suggest(lab, "One Too Many")
    again_at = int((lab.clock() + timedelta(hours=19)).timestamp())
    assert "You've suggested 5 papers in the last day" in shown
    assert f"You can suggest more from <t:{again_at}:f>." in shown
    lab.clock.advance(timedelta(hours=20))
    assert "Thanks!" in await suggest(lab, "One Too Many")


async def test_a_full_queue_takes_no_more_suggestions(lab: Lab) -> None:
    suggestions = lab.app.library.review
    for number in range(MAX_PENDING):
        draft = PaperDraft(title=f"Paper Number {number}")
        await suggestions.suggest(draft, "", (number, "a member"), daily_limit=1, channel_id=None)
    shown = await suggest(lab, "One Too Many")
    assert "The moderators still have 100 suggestions to review" in shown
    assert "was already suggested" in await suggest(lab, "Paper Number 7")
    assert await suggestions_of_member(lab) == ()


async def test_a_suggestion_comes_from_any_server_and_from_direct_messages(
    lab: Lab, mods: Any
) -> None:
    result = await lab.other_manager.slash(
        lab.other_channel, "suggest", source="A Paper From Elsewhere"
    )
    assert "Thanks!" in reply_text(result)
    result = await lab.member.user.slash("suggest", source="A Paper From Messages")
    assert "Thanks!" in reply_text(result)
    assert len(mods.history()) == 2


async def test_closed_direct_messages_are_ignored(
    lab: Lab, mods: Any, caplog: pytest.LogCaptureFixture
) -> None:
    await suggest(lab)
    dm = lab.member.user.dm_channel
    lab.env.inject_error("POST", f"/channels/{dm.id}/messages", status=403, code=50007, times=None)
    with caplog.at_level(logging.WARNING):
        await lab.moderator.click(mods.last_message, label="Not ours")
        await lab.app.deliver()
    assert caplog.text == ""
    lab.env.backend.faults.clear()
    lab.clock.advance(timedelta(days=1))
    assert await lab.app.deliver() == 0
    assert direct_messages(lab.member) == []
    assert len(mods.history()) == 1
    shown = reply_text(await lab.member.slash(lab.channel, "suggest"))
    assert "decided not to add it" in shown


async def test_a_message_that_was_sent_but_not_recorded_is_not_repeated(
    lab: Lab, mods: Any
) -> None:
    await suggest(lab)
    await lab.moderator.click(mods.last_message, label="Not ours")
    forget_deliveries(lab.app.library)
    assert await lab.app.deliver() == 2
    assert len(direct_messages(lab.member)) == 1
    assert len(mods.history()) == 1


async def test_the_member_is_told_later_if_discord_fails(lab: Lab, mods: Any) -> None:
    await suggest(lab)
    lab.env.inject_error("POST", "/channels/*/messages", status=503, times=1)
    await lab.moderator.click(mods.last_message, label="Not ours")
    assert direct_messages(lab.member) == []
    lab.clock.advance(timedelta(hours=1))
    await lab.app.deliver()
    assert len(direct_messages(lab.member)) == 1


async def test_without_a_channel_the_queue_shows_suggestions_page_by_page(lab: Lab) -> None:
    assert "Nothing needs review" in reply_text(
        await lab.moderator.slash(lab.channel, "curate queue")
    )
    for number in range(4):
        await suggest(lab, f"Paper Number {number}", note=f"note {number}")
    for number in range(4, 7):
        await lab.other_manager.slash(lab.other_channel, "suggest", source=f"Paper Number {number}")
    shown = await lab.moderator.slash(lab.channel, "curate queue")
    assert shown.ephemeral
    assert "7 papers to review" in reply_text(shown)
    assert "mika <t:" in reply_text(shown)
    assert "note 3" in reply_text(shown)
    assert "Paper Number 5" not in reply_text(shown)
    (second,) = [
        one for one in await suggestions_of_member(lab) if one.draft.title == "Paper Number 1"
    ]
    decided = await lab.moderator.click(
        shown.response, custom_id=f"decide:{lab.moderator.id}:0:1:{second.id}:2"
    )
    assert "👋 You declined **Paper Number 1**" in visible_text(decided.response)
    assert "6 papers to review" in visible_text(decided.response)
    turned = await lab.moderator.click(shown.response, label="Next ▶")
    text = visible_text(turned.response or shown.response)
    assert "6 papers to review" in text
    assert "Paper Number 6" in text
    assert "Page 2 of 2" in text
    assert len(direct_messages(lab.member)) == 1


async def test_the_queue_shows_feed_entries_too(lab: Lab, source: Any) -> None:
    feed, home = source
    await lab.run(lab.moderator, "feed add", url=f"{home}feed", review=True)
    await lab.add(PaperDraft(title="Twice told"))
    feed.publish("Brand new")
    feed.publish("Twice told")
    lab.clock.advance(timedelta(hours=1))
    await lab.app.poll()
    shown = await lab.moderator.slash(lab.channel, "curate queue")
    text = reply_text(shown)
    assert "2 papers to review" in text
    assert "📡 News" in text
    assert "⚖️ May be a duplicate of #" in text
    added = await lab.moderator.click(shown.response, label="Add")
    assert "1 paper to review" in reply_text(added)
    assert (await lab.app.library.papers.get_by_text("Brand new")).id
    same = await lab.moderator.click(added.response, label="Same paper")
    assert "Nothing needs review" in reply_text(same)
    assert await lab.app.library.review.count() == 0
    undone = await lab.moderator.click(same.response, label="Undo")
    assert "1 paper to review" in reply_text(undone)
    assert "↩️ Undid change" in reply_text(undone)
    redone = await lab.moderator.click(undone.response, label="Redo")
    assert "↪️ Redid change" in reply_text(redone)
    assert "Nothing needs review" in reply_text(redone)


class TestLookups:
    @pytest.fixture
    def services(self, lookup_server: LookupServer) -> LookupServer:
        lookup_server.works[DOI] = WORK
        return lookup_server

    @pytest.fixture
    def settings(self, settings: Settings, services: LookupServer) -> Settings:
        where = services.addresses()
        return replace(
            settings,
            arxiv_api_url=where.arxiv,
            crossref_url=where.crossref,
            datacite_url=where.datacite,
            doi_url=where.doi,
            suggestions_per_day=1,
        )

    async def test_a_paper_that_no_registry_knows_is_refused(self, lab: Lab, mods: Any) -> None:
        assert "Neither Crossref nor DataCite knows the DOI" in await suggest(lab, "10.5555/none")
        assert "arXiv has no paper 2301.99999" in await suggest(lab, "2301.99999")
        assert not mods.history()

    async def test_a_doi_of_another_agency_is_suggested_but_not_added_with_one_click(
        self, lab: Lab, mods: Any, services: LookupServer
    ) -> None:
        services.agencies["10.11371/iieej.1"] = "JaLC"
        assert "will review **doi:10.11371/iieej.1**" in await suggest(lab, "10.11371/iieej.1")
        assert "[Add…]" in visible_text(mods.last_message)

    async def test_moderators_see_the_whole_paper(self, lab: Lab, mods: Any) -> None:
        assert "will review **Small Models, Long Memories**" in await suggest(lab, DOI)
        asked = visible_text(mods.last_message)
        assert "Ada Lovelace" in asked
        assert "Journal of Open Things" in asked
        await lab.moderator.click(mods.last_message, label="Add")
        assert (await lab.app.library.papers.get_by_text(DOI)).authors == ("Ada Lovelace",)

    async def test_no_page_on_the_operators_network_is_read(
        self, lab: Lab, settings: Settings, services: LookupServer
    ) -> None:
        assert settings.feed_allow_private
        services.pages["/secret"] = "<title>The secret</title>"
        shown = await suggest(lab, f"{services.home}/secret")
        assert "/secret**" in shown
        assert "The secret" not in shown
        assert services.asked == []

    async def test_look_ups_are_limited_per_hour(self, lab: Lab, services: LookupServer) -> None:
        preprint = {"has-preprint": [{"id-type": "arxiv", "id": "2302.12433"}]}
        for number in range(20):
            services.works[f"10.5555/known.{number}"] = {**WORK, "relation": preprint}
            assert "That paper is already in the list" in await suggest(
                lab, f"10.5555/known.{number}"
            )
        asked = len(services.asked)
        shown = await suggest(lab, DOI)
        again_at = int((lab.clock() + timedelta(hours=1)).timestamp())
        assert "You've looked up 20 papers in the last hour" in shown
        assert f"You can suggest more from <t:{again_at}:t>." in shown
        assert len(services.asked) == asked
        result = await lab.other_manager.slash(lab.other_channel, "suggest", source=DOI)
        assert "Thanks!" in reply_text(result)
        lab.clock.advance(timedelta(hours=1, seconds=1))
        services.works["10.5555/lab.8"] = {**WORK, "DOI": "10.5555/lab.8", "title": ["Another"]}
        assert "Thanks!" in await suggest(lab, "10.5555/lab.8")

    async def test_a_suggestion_that_would_be_refused_is_not_looked_up(
        self, lab: Lab, services: LookupServer
    ) -> None:
        assert "**Small Models, Long Memories**" in await suggest(lab, DOI)
        asked = len(services.asked)
        assert asked
        assert "was already suggested" in await suggest(lab, f"https://doi.org/{DOI}")
        assert "which is the limit" in await suggest(lab, "10.5555/lab.8")
        assert len(services.asked) == asked


class TestWithoutSuggestions:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, suggestions_per_day=0)

    async def test_suggestions_are_refused(self, lab: Lab) -> None:
        assert "Suggestions are turned off" in await suggest(lab)
