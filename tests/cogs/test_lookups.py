from __future__ import annotations

from datetime import timedelta

import pytest

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


async def test_what_a_question_says_of_years_and_authors_can_be_dropped(lab: Lab) -> None:
    for year in (2023, 2024, 2025):
        authors = ("Ann Loom",) if year < 2025 else ("Bo Yarn",)
        draft = PaperDraft(title=f"Quilts {year}", authors=authors, date=PartialDate(year))
        await lab.add(draft)
    shown = await lab.run(lab.member, "search", query="latest papers by Loom about quilts in 2024")
    assert "1 paper for “quilts”, by Loom, from 2024" in shown
    assert "The newest papers come first." in shown
    await lab.member.click(lab.channel.last_message, label="Without the year")
    assert "2 papers for “quilts”, by Loom\n" in lab.last_text
    assert lab.last_text.index("Quilts 2024") < lab.last_text.index("Quilts 2023")
    await lab.member.click(lab.channel.last_message, label="Without the author")
    assert "3 papers for “quilts”\n" in lab.last_text
    await lab.member.click(lab.channel.last_message, label="Best matches first")
    assert "The newest papers" not in lab.last_text
    assert "3 papers for “quilts”" in lab.last_text


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


async def test_an_option_without_letters_is_refused_rather_than_ignored(lab: Lab) -> None:
    for command, option in (("latest", "author"), ("latest", "venue"), ("random", "tag")):
        result = await lab.member.slash(lab.channel, command, **{option: "🧬"})
        assert result.ephemeral
        assert f"the {option} “🧬”: it has no letters or digits" in reply_text(result)


@pytest.mark.parametrize(
    ("query", "heading", "words"),
    [("🧬🧬", "20 papers", "“🧬🧬”"), ("venue:ICML -🧬", "3 papers at ICML", "“-🧬”")],
)
async def test_words_without_letters_are_not_said_to_match(
    lab: Lab, query: str, heading: str, words: str
) -> None:
    shown = await lab.run(lab.member, "search", query=query)
    sentence = f"{words} has no letters or digits, so I couldn't search for it."
    assert f"### {heading}\n{sentence}\n" in shown


async def test_random_papers_match_the_filters(lab: Lab) -> None:
    for _ in range(5):
        assert "ICML" in await lab.run(lab.member, "random", venue="ICML")
    await lab.member.click(lab.channel.last_message, label="Another one")
    assert "ICML" in lab.last_text
    assert "Random paper" in lab.last_text


async def test_a_random_paper_can_be_opened_and_cited(lab: Lab) -> None:
    await lab.run(lab.member, "random", venue="ICML")
    shown = lab.channel.last_message
    assert "Random paper" not in reply_text(await lab.member.click(shown, label="Details"))
    assert "booktitle = {ICML" in reply_text(await lab.member.click(shown, label="Cite"))


async def test_random_without_a_match_is_answered_privately(lab: Lab) -> None:
    result = await lab.member.slash(lab.channel, "random", venue="Nowhere", year="1990")
    assert result.ephemeral
    assert "No papers at Nowhere, from 1990" in reply_text(result)


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
    assert "[Did you mean Stella Biderman?]" in reply_text(result)


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
    await lab.run(lab.member, "search", query='"tuned lens"')
    result = await lab.moderator.click(lab.channel.last_message, label="Open")
    assert result.ephemeral
    assert "posted by" in reply_text(result)


async def test_the_button_of_a_removed_paper_says_so(lab: Lab) -> None:
    await lab.run(lab.member, "search", query='"tuned lens"')
    (found,) = (await lab.app.library.search.suggest_titles("tuned lens"))[:1]
    await lab.app.library.papers.remove(found[0], MODERATOR)
    result = await lab.member.click(lab.channel.last_message, label="Open")
    assert result.ephemeral
    assert reply_text(result) == f"Paper #{found[0]} is no longer in the list."


async def test_latest_shows_the_newest_first(lab: Lab) -> None:
    await lab.add(PaperDraft(title="From the future", date=PartialDate(2027)))
    await lab.add(PaperDraft(title="From this year", date=PartialDate(2026)))
    shown = await lab.run(lab.member, "latest", count=7)
    assert shown.index("From the future") < shown.index("From this year")
    assert "Page 1 of 2" in shown
    await lab.member.click(lab.channel.last_message, label="Next ▶")
    assert lab.last_text.count("[Open]") == 2


async def test_latest_shows_the_date_and_papers_without_one_last(lab: Lab) -> None:
    for date in (None, "2026-11-23", "2026-11", "2026"):
        known = PartialDate.parse(date) if date else None
        await lab.add(PaperDraft(title=f"Loom of {date}", venue="Weaving", date=known))
    shown = await lab.run(lab.member, "latest", venue="Weaving")
    dates = ["23 November 2026", "November 2026", "2026", "no date"]
    found = [line for line in shown.splitlines() if line.startswith("**Weaving**")]
    assert found == [f"**Weaving** · {date}" for date in dates]
    shown = await lab.run(lab.member, "search", query="loom", sort="newest")
    assert "23 November 2026" in shown
    assert "no date" not in await lab.run(lab.member, "search", query="loom")


async def test_related_papers_open_from_a_card(lab: Lab) -> None:
    await lab.add(PaperDraft(title="Warp and weft", authors=("Ada Loom",), tags=("weaving",)))
    await lab.add(PaperDraft(title="Shuttles", authors=("Ada Loom",), tags=("weaving",)))
    shown = await lab.run(lab.member, "paper", paper="Shuttles")
    assert "Warp and weft\n-# also by Ada Loom · also tagged weaving" in shown
    opened = await lab.moderator.click(lab.channel.last_message, label="Open")
    assert opened.ephemeral
    assert "### Warp and weft" in reply_text(opened)


async def test_titles_cannot_ping_or_break_the_layout(lab: Lab) -> None:
    title = (
        "@everyone <@1> [click](https://evil.example) ||hidden|| `code` **bold** # not a heading"
    )
    number = await lab.add(PaperDraft(title=title, authors=("@here",)))
    shown = await lab.run(lab.member, "paper", paper=f"#{number}")
    assert escape(title) in shown
    assert lab.channel.last_message.mentions == []
    assert not lab.channel.last_message.mention_everyone


async def test_a_question_has_a_line_before_papers_with_most_of_its_words(lab: Lab) -> None:
    await lab.add(PaperDraft(title="Quilted looms", abstract="How weavers memorize patterns."))
    await lab.add(PaperDraft(title="Patterns of memorization in looms"))
    shown = await lab.run(lab.member, "search", query="how do looms memorize patterns")
    assert shown.index("Papers with most of these words") < shown.index("Patterns of memorization")
    shown = await lab.run(lab.member, "search", query="looms memorize patterns")
    assert (
        shown.index("1 paper for")
        < shown.index("Quilted looms")
        < shown.index("Papers with most of these words")
        < shown.index("Patterns of memorization")
    )


async def test_the_number_of_pages_respects_the_count(lab: Lab) -> None:
    for number in range(26):
        await lab.add(PaperDraft(title=f"Loom {number}"))
    shown = await lab.run(lab.member, "latest", count=25)
    assert "Page 1 of 5" in shown
    assert "Page 1 of 5+" not in shown


async def test_a_beginning_that_several_titles_have_names_some_of_them(lab: Lab) -> None:
    result = await lab.member.slash(lab.channel, "paper", paper="bloom")
    assert result.ephemeral
    shown = reply_text(result)
    assert "“bloom” could be several papers." in shown
    assert "“BLOOM: A 176B-Parameter Open-Access Multilingual Language Model”" in shown
    assert "“BLOOM+1: Adding Language Support to BLOOM for Zero-Shot Prompting”" in shown


async def test_text_without_letters_means_no_paper(lab: Lab) -> None:
    papers = lab.app.library.papers
    for number in range(2, await papers.count() + 1):
        await papers.remove(number, MODERATOR)
    for command in ("paper", "curate restore"):
        option = "🧬"
        result = await lab.moderator.slash(lab.channel, command, paper=option)
        assert f"paper for “{option}”" in reply_text(result)


async def test_a_removed_paper_and_a_traced_one_are_found_by_the_beginning_of_their_titles(
    lab: Lab,
) -> None:
    assert "OpenFold" in await lab.run(lab.moderator, "feed why", link="openfold")
    await lab.app.library.papers.remove(8, MODERATOR)
    assert "OpenFold" in await lab.run(lab.moderator, "curate restore", paper="openfold")
