"""Answers that lead on: what people get instead of papers, and where its buttons and menus lead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.settings import Settings
from storage.models import PaperDraft, PartialDate
from tests.support.forms import form_values
from tests.support.lab import Lab, reply_text
from tests.support.library import MODERATOR, execute


async def search(lab: Lab, query: str, **options: Any) -> Any:
    result = await lab.member.slash(lab.channel, "search", query=query, **options)
    assert result.ephemeral
    return result


async def press(lab: Lab, result: Any, label: str) -> str:
    """Presses a button of a private reply, and returns what the reply shows then."""
    return reply_text(await lab.member.click(result.response, label=label))


async def add_looms(lab: Lab) -> None:
    await lab.add(PaperDraft(title="Quilted looms", venue="ICML", date=PartialDate(2020)))
    await lab.add(PaperDraft(title="Quilted yarns", venue="ICML", date=PartialDate(2021)))


async def test_a_filter_that_excludes_everything_can_be_dropped(lab: Lab) -> None:
    await add_looms(lab)
    result = await search(lab, "Quilted venue:ACL", year="2020")
    shown = reply_text(result)
    assert "### No papers for “Quilted”, at ACL, from 2020" in shown
    assert "**Closest papers** (without the venue)" in shown
    assert "Quilted looms" in shown
    assert "Without the year" not in shown
    shown = await press(lab, result, "Without the venue (1 paper)")
    assert "1 paper for “Quilted”, from 2020" in shown
    assert "Nearest" not in shown


async def test_a_year_that_a_question_names_can_be_dropped(lab: Lab) -> None:
    await add_looms(lab)
    result = await search(lab, "which papers about looms are from last year?")
    shown = reply_text(result)
    assert "### No papers for “looms”, from 2025" in shown
    shown = await press(lab, result, "Without the year (1 paper)")
    assert "1 paper for “looms”" in shown


async def test_all_filters_can_be_dropped_if_each_excludes_everything(lab: Lab) -> None:
    await add_looms(lab)
    result = await search(lab, '"quilted looms" -yarns', venue="ACL", year="1990")
    assert 'No papers for "quilted looms" -yarns, at ACL, from 1990' in reply_text(result)
    shown = await press(lab, result, "Without the filters, quotes and exclusions (1 paper)")
    assert "1 paper for “quilted looms”" in shown


async def test_a_misspelled_filter_is_corrected_even_if_quotes_are_in_the_way(lab: Lab) -> None:
    await lab.add(PaperDraft(title="Looms that are tuned", authors=("Stella Biderman",)))
    result = await search(lab, '"tuned looms" author:Bidermann')
    assert "**Closest papers** (by Stella Biderman)" in reply_text(result)
    shown = await press(lab, result, "Did you mean Stella Biderman?")
    assert "1 paper for “tuned looms”, by Stella Biderman" in shown


@pytest.mark.parametrize(
    ("query", "label"),
    [
        ("quilted author:Biderman", "Without the author (2 papers)"),
        ("yarns author:Biderman", "Without the words (6 papers)"),
        ("tag:robots quilted", "Without the tag (2 papers)"),
        ('"looms quilted"', "Without the quotes (1 paper)"),
        ("quilted -looms -yarns", "Without the exclusions (2 papers)"),
        ("quilted venue:ICLM", "Did you mean ICML?"),
        ("tuned author:Bidermann", "Did you mean Stella Biderman?"),
        ("kwilted xqzzvwk", "Did you mean “quilted”?"),
    ],
)
async def test_each_kind_of_condition_has_a_button(lab: Lab, query: str, label: str) -> None:
    await add_looms(lab)
    await lab.add(PaperDraft(title="Tuned looms", authors=("Stella Biderman",)))
    result = await search(lab, query)
    shown = await press(lab, result, label)
    assert "paper" in shown.splitlines()[0]
    assert "### No papers" not in shown


async def test_gibberish_gets_a_tip_and_can_be_suggested(lab: Lab) -> None:
    result = await search(lab, "xyzzyqwv")
    shown = reply_text(result)
    assert "### No papers for “xyzzyqwv”\nNo paper mentions “xyzzyqwv”. Check the spelling" in shown
    assert shown.endswith("[Suggest this paper]")
    result = await search(lab, "does zork know its nwqr, qxzv and wvqk?")
    assert "No paper mentions “zork”, “nwqr” or “qxzv”. Check" in reply_text(result)


async def test_latest_with_nothing_to_show_says_so_privately(lab: Lab) -> None:
    result = await lab.member.slash(lab.channel, "latest", venue="Nowhere", count=7)
    assert result.ephemeral
    shown = reply_text(result)
    assert "### No papers at Nowhere" in shown
    assert "Suggest" not in shown
    shown = await press(lab, result, "Without the venue (20 papers)")
    assert "### Latest papers" in shown
    assert "Page 1 of 2" in shown
    execute(lab.app.library, "UPDATE papers SET removed_at = created_at")
    result = await lab.member.slash(lab.channel, "latest")
    assert result.ephemeral
    assert "The list has no papers yet." in reply_text(result)


async def test_buttons_of_an_answer_work_after_a_restart(lab: Lab, settings: Settings) -> None:
    await add_looms(lab)
    result = await search(lab, "quilted", venue="ACL")
    again = await lab.restart(settings)
    assert "2 papers for “quilted”" in await press(lab, result, "Without the venue (2 papers)")
    await again.close()


async def test_an_id_or_link_opens_its_paper(lab: Lab) -> None:
    for query in ("2302.12433", "https://arxiv.org/pdf/2302.12433v2", "arXiv:2302.12433"):
        assert "### [ProofNet" in await lab.run(lab.member, "search", query=query)


async def test_a_paper_that_is_not_in_the_list_is_suggested_with_its_id(lab: Lab) -> None:
    result = await search(lab, "2310.10631")
    assert "That paper isn't in the list." in reply_text(result)
    form = await lab.member.click(result.response, label="Suggest this paper")
    assert form_values(form.modal) == {"source": "2310.10631", "note": ""}
    result = await search(lab, "https://lab.example/a_paper")
    assert "No papers for “<https://lab.example/a_paper>”" in reply_text(result)
    form = await lab.member.click(result.response, label="Suggest this paper")
    assert form_values(form.modal)["source"] == "https://lab.example/a_paper"


async def test_a_search_becomes_a_suggestion(lab: Lab, settings: Settings) -> None:
    query = 'Kwatzel "looms of" zzyzx author:Nobody -yarn'
    result = await search(lab, query)
    form = await lab.member.click(result.response, label="Suggest this paper")
    typed = form_values(form.modal)
    assert typed == {"source": "Kwatzel looms of zzyzx", "note": ""}
    again = await lab.restart(settings)
    typed["note"] = "by us"
    shown = reply_text(await lab.member.submit_modal(form, typed))
    assert "The moderators will review **Kwatzel looms of zzyzx**" in shown
    (suggestion,) = await lab.app.library.review.suggestions_by(lab.member.id, 10)
    assert suggestion.note == "by us"
    await again.close()


async def test_what_is_no_paper_can_be_corrected_in_the_form(lab: Lab) -> None:
    result = await search(lab, "zzyzx")
    form = await lab.member.click(result.response, label="Suggest this paper")
    answer = await lab.member.submit_modal(form, form_values(form.modal))
    assert answer.ephemeral
    assert "“zzyzx” isn't a paper" in reply_text(answer)
    again = await lab.member.click(answer.response, label="Try again")
    assert form_values(again.modal)["source"] == "zzyzx"


async def test_several_authors_are_in_a_menu_with_their_papers_and_years(
    lab: Lab, settings: Settings
) -> None:
    for year, names in ((2019, ("Leo Qao", "Mia Qao")), (2023, ("Leo Qao",)), (None, ("Al Qao",))):
        date = PartialDate(year) if year else None
        await lab.add(PaperDraft(title=f"By {names}", authors=names, date=date))
    result = await lab.member.slash(lab.channel, "author", name="qao")
    assert result.ephemeral
    assert "“qao” could be 3 people. Which one do you mean?" in reply_text(result)
    (card,) = result.response.components
    menu = card["components"][-1]["components"][0]
    assert [(one["label"], one["description"]) for one in menu["options"]] == [
        ("Leo Qao", "2 papers · 2019 to 2023"),
        ("Al Qao", "1 paper"),
        ("Mia Qao", "1 paper · 2019"),
    ]
    again = await lab.restart(settings)
    chosen = await lab.member.select(result.response, ["Leo Qao"])
    assert chosen.ephemeral
    assert "### Leo Qao\n2 papers · 2019 to 2023" in reply_text(chosen)
    await again.close()


async def test_a_menu_of_25_people_says_how_many_more_there_are(lab: Lab) -> None:
    names = tuple(f"{first}{second}a Qao" for first in "BCDFGH" for second in "aeiou")
    await lab.add(PaperDraft(title="A crowd", authors=names))
    shown = reply_text(await lab.member.slash(lab.channel, "author", name="qao"))
    assert "could be 30 people" in shown
    assert "These are the 25 with the most papers. To find one of the other 5" in shown


async def test_a_near_miss_offers_the_author_as_a_button(lab: Lab) -> None:
    result = await lab.member.slash(lab.channel, "author", name="Stela Bidermann")
    assert "couldn't find an author called “Stela Bidermann”" in reply_text(result)
    assert "### Stella Biderman" in await press(lab, result, "Did you mean Stella Biderman?")
    result = await lab.member.slash(lab.channel, "author", name="Qqq Www")
    assert result.ephemeral
    assert "couldn't find" in reply_text(result)


async def test_co_authors_open_from_an_authors_card_for_everyone(lab: Lab) -> None:
    await lab.add(PaperDraft(title="Looms", authors=("Ada Loom", "Bo Weft")))
    await lab.add(PaperDraft(title="Yarns", authors=("Bo Weft",)))
    shown = await lab.run(lab.member, "author", name="ada loom")
    assert "[Show a co-author ▾]" in shown
    chosen = await lab.moderator.select(lab.channel.last_message, ["Bo Weft"])
    assert chosen.ephemeral
    assert "### Bo Weft\n2 papers" in reply_text(chosen)
    for title in ("Looms", "Yarns"):
        paper = await lab.app.library.papers.get_by_text(title)
        await lab.app.library.papers.remove(paper.id, MODERATOR)
    # A menu could be forged, and a person may be gone.
    gone = await lab.moderator.select(lab.channel.last_message, ["Bo Weft"])
    assert gone.ephemeral
    assert "couldn't find an author called “Bo Weft”" in reply_text(gone)


class TestWithoutSuggestions:
    """The moderators don't take suggestions."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, suggestions_per_day=0)

    async def test_there_is_no_button_and_an_old_one_says_so(self, lab: Lab) -> None:
        assert "Suggest" not in reply_text(await search(lab, "xyzzyqwv"))
        assert "Suggestions are turned off" in await lab.press_custom_id(lab.member, "suggest:1")
