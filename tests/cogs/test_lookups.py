from __future__ import annotations

import re
from datetime import timedelta

import pytest
from discord import app_commands

from bot.markdown import escape
from bot.settings import Settings
from bot.starter import load_starter
from storage.models import PaperDraft, PartialDate
from storage.search.query import parse
from storage.text import fold
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR


async def test_a_search_shows_five_papers_a_page(lab: Lab) -> None:
    first = await lab.run(lab.member, "search", query="language model")
    assert "7 papers for “language model”" in first
    assert first.count("[Open]") == 5

    await lab.member.click(lab.channel.last_message, label="Next ▶")
    second = lab.last_text
    assert "Page 2 of 2" in second
    assert second.count("[Open]") == 2

    await lab.member.click(lab.channel.last_message, label="◀ Previous")
    assert "Page 1 of 2" in lab.last_text


async def test_page_buttons_work_after_a_restart(lab: Lab, settings: Settings) -> None:
    await lab.run(lab.member, "search", query="language model")
    again = await lab.restart(settings)
    await lab.member.click(lab.channel.last_message, label="Next ▶")
    assert "Page 2 of 2" in lab.last_text
    await again.close()


async def test_only_the_person_who_searched_can_turn_the_pages(lab: Lab) -> None:
    await lab.run(lab.member, "search", query="language model")
    result = await lab.moderator.click(lab.channel.last_message, label="Next ▶")
    assert result.ephemeral
    assert "Only the person who ran this" in result.response.content
    assert "Page 1 of 2" in lab.last_text


async def test_expired_results_say_so(lab: Lab) -> None:
    await lab.run(lab.member, "search", query="language model")
    message = lab.channel.last_message
    lab.clock.advance(timedelta(days=200))
    result = await lab.member.click(message, label="Next ▶")
    assert result.ephemeral
    assert "have expired" in result.response.content


async def test_choosing_a_suggested_title_opens_its_card(lab: Lab) -> None:
    choices = await lab.member.autocomplete(lab.channel, "search", "query", "tuned l")
    assert [choice["name"] for choice in choices] == [
        "Eliciting Latent Predictions from Transformers with the Tuned Lens"
    ]
    shown = await lab.run(lab.member, "search", query=choices[0]["value"])
    assert "Tuned Lens" in shown
    assert "posted by Stella Biderman" in shown


async def test_each_paper_is_found_by_title_abstract_and_venue(lab: Lab) -> None:
    for draft in load_starter():
        longest = sorted(fold(draft.title).split(), key=len)[-3:]
        by_title = await lab.app.library.search.find(parse(" ".join(reversed(longest))))
        assert by_title.results.papers[0].title == draft.title
        abstract = sorted(fold(draft.abstract).split(), key=len)[-3:]
        by_abstract = await lab.app.library.search.find(parse(" ".join(abstract)))
        assert by_abstract.results.papers[0].title == draft.title
        at_venue = await lab.app.library.search.find(parse(f'venue:"{draft.venue}"'), limit=20)
        assert draft.title in [paper.title for paper in at_venue.results.papers]


async def test_options_narrow_a_search(lab: Lab) -> None:
    shown = await lab.run(lab.member, "search", query="language", venue="ICML", year="2022")
    assert "1 paper for “language”, at ICML, from 2022" in shown
    assert "HyperTuning" in shown


@pytest.mark.parametrize(
    "query",
    [" ", '"', "AND OR NOT", "author:", "year:abc", "-", "(", "*", "NEAR(a b)", "🦑", "a" * 300],
)
async def test_no_query_is_a_syntax_error(lab: Lab, query: str) -> None:
    result = await lab.member.slash(lab.channel, "search", query=query)
    assert "paper" in reply_text(result).lower()


async def test_a_misspelled_search_says_what_it_searched_for_instead(lab: Lab) -> None:
    shown = await lab.run(lab.member, "search", query="holografic representations")
    assert "No results for “holografic representations”" in shown
    assert "Recasting Self-Attention" in shown


async def test_a_search_without_results_says_so(lab: Lab) -> None:
    assert "No papers for “xyzzyqwv”" in await lab.run(lab.member, "search", query="xyzzyqwv")


async def test_replies_are_private_if_asked_for(lab: Lab) -> None:
    for command, options in [
        ("search", {"query": "lens"}),
        ("random", {}),
        ("author", {"name": "biderman"}),
        ("paper", {"paper": "#1"}),
        ("latest", {}),
    ]:
        result = await lab.member.slash(lab.channel, command, private=True, **options)
        assert result.ephemeral, command
        result = await lab.member.slash(lab.channel, command, **options)
        assert not result.ephemeral, command


async def test_an_invalid_year_is_answered_privately(lab: Lab) -> None:
    for command in ("search", "random", "latest"):
        options = {"query": "lens"} if command == "search" else {}
        result = await lab.member.slash(lab.channel, command, year="last year", **options)
        assert result.ephemeral
        assert "isn't a year" in result.response.content


async def test_random_papers_match_the_filters(lab: Lab) -> None:
    for _ in range(5):
        assert "ICML" in await lab.run(lab.member, "random", venue="ICML")
    await lab.member.click(lab.channel.last_message, label="Another one")
    assert "ICML" in lab.last_text
    assert "Random paper" in lab.last_text


async def test_random_without_a_match_is_answered_privately(lab: Lab) -> None:
    result = await lab.member.slash(lab.channel, "random", venue="Nowhere", year="1990")
    assert result.ephemeral
    assert "The list has no papers at Nowhere, from 1990" in result.response.content


async def test_an_author_has_exactly_the_papers_that_credit_her(lab: Lab) -> None:
    shown = await lab.run(lab.member, "author", name="biderman")
    assert "### Stella Biderman" in shown
    assert "5 papers · 2022" in shown
    for title in (
        "OpenFold",
        "BLOOM: A 176B",
        "Crosslingual Generalization",
        "EleutherAI: Going Beyond",
        "Fooling MOSS",
    ):
        assert title in shown


@pytest.mark.parametrize(
    "name", ["Stella Biderman", "BIDERMAN", "S. Biderman", "Biderman, Stella", "Bidermán"]
)
async def test_an_author_is_found_by_any_variant_of_the_name(lab: Lab, name: str) -> None:
    assert "### Stella Biderman" in await lab.run(lab.member, "author", name=name)


async def test_an_unknown_author_gets_similar_names_privately(lab: Lab) -> None:
    result = await lab.member.slash(lab.channel, "author", name="Biedermann")
    assert result.ephemeral
    assert "Biderman" in result.response.content


async def test_names_are_suggested_by_any_part_those_with_most_papers_first(lab: Lab) -> None:
    choices = await lab.member.autocomplete(lab.channel, "author", "name", "ste")
    assert choices[0]["name"] == "Stella Biderman · 5 papers"
    assert choices[0]["value"] == "Stella Biderman"


async def test_venues_and_tags_are_suggested(lab: Lab) -> None:
    await lab.add(PaperDraft(title="Tagged", tags=("interpretability",)))
    venues = await lab.member.autocomplete(lab.channel, "random", "venue", "")
    assert venues[0]["value"] == "arXiv"
    tags = await lab.member.autocomplete(lab.channel, "latest", "tag", "inter")
    assert [tag["value"] for tag in tags] == ["interpretability"]


async def test_a_paper_is_found_by_number_title_id_doi_and_link(lab: Lab) -> None:
    for text in (
        "2302.12433",
        "arXiv:2302.12433v2",
        "https://arxiv.org/pdf/2302.12433v1.pdf",
        "https://doi.org/10.48550/arXiv.2302.12433",
        "ProofNet: Autoformalizing and Formally Proving Undergraduate-Level Mathematics",
    ):
        assert "ProofNet" in await lab.run(lab.member, "paper", paper=text)
    assert "OpenFold" in await lab.run(lab.member, "paper", paper="10.1101/2022.11.20.517210")


async def test_an_unknown_paper_is_answered_privately(lab: Lab) -> None:
    for text in ("#4242", "no such title", "9" * 40):
        result = await lab.member.slash(lab.channel, "paper", paper=text)
        assert result.ephemeral
        assert "I couldn't find a paper" in result.response.content


async def test_open_shows_the_card_privately(lab: Lab) -> None:
    await lab.run(lab.member, "search", query="tuned lens")
    result = await lab.moderator.click(lab.channel.last_message, label="Open")
    assert result.ephemeral
    assert "posted by" in reply_text(result)


async def test_the_button_of_a_removed_paper_says_so(lab: Lab) -> None:
    await lab.run(lab.member, "search", query="tuned lens")
    (found,) = (await lab.app.library.search.suggest_titles("tuned lens"))[:1]
    await lab.app.library.papers.remove(found[0], MODERATOR)
    result = await lab.member.click(lab.channel.last_message, label="Open")
    assert result.ephemeral
    assert "I couldn't find a paper" in result.response.content


async def test_latest_shows_the_newest_first(lab: Lab) -> None:
    await lab.add(PaperDraft(title="From the future", date=PartialDate(2027)))
    shown = await lab.run(lab.member, "latest", count=7)
    assert shown.index("From the future") < shown.index("Can Transformers Learn")
    assert "Page 1 of 2" in shown
    await lab.member.click(lab.channel.last_message, label="Next ▶")
    assert lab.last_text.count("[Open]") == 2


async def test_titles_cannot_ping_or_break_the_layout(lab: Lab) -> None:
    title = (
        "@everyone <@1> [click](https://evil.example) ||hidden|| `code` **bold** # not a heading"
    )
    number = await lab.add(PaperDraft(title=title, authors=("@here",)))
    shown = await lab.run(lab.member, "paper", paper=f"#{number}")
    assert escape(title) in shown
    assert lab.channel.last_message.mentions == []
    assert not lab.channel.last_message.mention_everyone


async def test_help_shows_only_the_commands_that_the_user_can_use(lab: Lab) -> None:
    shown = await lab.run(lab.member, "help")
    assert "`/search`" in shown
    assert "/curate" not in shown
    assert "/announce" not in shown
    shown = await lab.run(lab.moderator, "help")
    for command in (
        "`/search`",
        "`/curate add`",
        "`/feed add`",
        "`/announce here`",
        "`/setup show`",
    ):
        assert command in shown
    for leaf in lab.app.client.tree.walk_commands(guild=lab.app.client.home_guilds[0]):
        if isinstance(leaf, app_commands.Command):
            assert f"`/{leaf.qualified_name}` {leaf.description}" in shown


async def test_the_examples_in_help_use_existing_options(lab: Lab) -> None:
    tree = lab.app.client.tree
    guild = lab.app.client.home_guilds[0]
    options = {
        command.qualified_name: {parameter.display_name for parameter in command.parameters}
        for command in (*tree.walk_commands(), *tree.walk_commands(guild=guild))
        if isinstance(command, app_commands.Command)
    }
    shown = await lab.run(lab.moderator, "help")
    examples = [
        example
        for line in shown.splitlines()
        if line.startswith("-# ")
        for example in re.findall(r"`/([^`]+)`", line)
    ]
    assert len(examples) > 15
    for example in examples:
        name = max((name for name in options if example.startswith(name)), key=len)
        used = set(re.findall(r" ([a-z]+):", example.removeprefix(name)))
        assert used <= options[name], example
