from __future__ import annotations

from typing import Any

from bot.settings import Settings
from storage.models import PaperDraft, PartialDate
from storage.publication import EntryType, Publication
from tests.support.lab import Lab, reply_text

OPENFOLD = "10.1101/2022.11.20.517210"
ARTICLE = PaperDraft(
    title="On Lamps",
    authors=("Jane Roe",),
    venue="Journal of Lamps",
    date=PartialDate(2023),
    publication=Publication(EntryType.ARTICLE, volume="12", pages="1–20"),
)


async def read_file(message: Any) -> tuple[str, str]:
    (file,) = message.attachments
    return file.filename, (await file.read()).decode()


async def test_cite_names_the_paper_and_shows_its_citation_in_each_style(lab: Lab) -> None:
    shown = await lab.run(lab.member, "cite", paper=OPENFOLD)
    assert "OpenFold" in shown
    assert "@misc{ahdritz2022openfold-" in shown
    assert "author = {Ahdritz, Gustaf and Bouatta, Nazim and Biderman, Stella and others}" in shown
    assert "doi = {10.1101/2022.11.20.517210}" in shown
    assert "doesn't have all of its authors" in shown
    for style, text in [
        ("APA", "Ahdritz, G., Bouatta, N., Biderman, S., et al. (2022"),
        ("ieee", "G. Ahdritz, N. Bouatta, S. Biderman, et al., “OpenFold"),
        ("The Lancet", "Ahdritz G, Bouatta N, Biderman S"),
        ("markdown", "](https://doi.org/10.1101/2022.11.20.517210)**"),
    ]:
        assert text in await lab.run(lab.member, "cite", paper=OPENFOLD, style=style)


async def test_styles_are_suggested_by_name(lab: Lab) -> None:
    offered = await lab.member.autocomplete(lab.channel, "cite", "style", "")
    assert [one["name"] for one in offered] == [
        *("BibTeX", "APA", "MLA", "Chicago", "IEEE", "Vancouver", "Harvard", "Markdown"),
    ]
    offered = await lab.member.autocomplete(lab.channel, "cite", "style", "lancet")
    assert "the-lancet" in [one["value"] for one in offered]
    assert await lab.member.autocomplete(lab.channel, "cite", "style", "zzzzzz") == []


async def test_an_unknown_style_is_refused_privately(lab: Lab) -> None:
    result = await lab.member.slash(lab.channel, "cite", paper="#1", style="no such style")
    assert result.ephemeral
    assert "I don't know the style “no such style”." in reply_text(result)


async def test_the_style_can_be_switched_by_whoever_asked(lab: Lab) -> None:
    number = await lab.add(ARTICLE)
    await lab.member.slash(lab.channel, "cite", paper=f"#{number}", style="nature")
    message = lab.channel.last_message
    refused = await lab.moderator.select(message, values=["apa"])
    assert "Only the person who ran this" in reply_text(refused)
    await lab.member.select(message, values=["apa"])
    assert "Roe, J. (2023). On Lamps. Journal of Lamps, 12, 1–20." in lab.last_text
    await lab.member.select(lab.channel.last_message, values=["bibtex"])
    assert "journal = {Journal of Lamps}," in lab.last_text
    assert "pages = {1--20}," in lab.last_text


async def test_anybody_can_download_the_bib_file_even_after_a_restart(
    lab: Lab, settings: Settings
) -> None:
    number = await lab.add(ARTICLE)
    await lab.member.slash(lab.channel, "cite", paper=f"#{number}")
    again = await lab.restart(settings)
    result = await lab.moderator.click(lab.channel.last_message, label="Download .bib")
    assert result.ephemeral
    name, text = await read_file(result.response)
    assert name == f"roe2023lamps-{number}.bib"
    assert text.startswith("@article{roe2023lamps-")
    assert "postedby" not in text
    await again.close()


async def test_missing_authors_and_years_are_pointed_out(lab: Lab) -> None:
    number = await lab.add(PaperDraft(title="Without anything"))
    shown = await lab.run(lab.member, "cite", paper=f"#{number}", style="apa")
    assert "Without anything. (n.d.)." in shown
    assert "⚠️ The list doesn't have its authors and year, so the citation is incomplete." in shown
    number = await lab.add(ARTICLE)
    assert "⚠️" not in await lab.run(lab.member, "cite", paper=f"#{number}", style="apa")


async def test_cite_is_public_by_default_and_answers_errors_privately(lab: Lab) -> None:
    assert not (await lab.member.slash(lab.channel, "cite", paper="#1")).ephemeral
    assert (await lab.member.slash(lab.channel, "cite", paper="#1", private=True)).ephemeral
    result = await lab.member.slash(lab.channel, "cite", paper="#4242")
    assert result.ephemeral
    assert "I couldn't find a paper" in reply_text(result)


async def test_the_cite_button_of_a_card_works_after_a_restart(
    lab: Lab, settings: Settings
) -> None:
    await lab.run(lab.member, "paper", paper="#1")
    again = await lab.restart(settings)
    result = await lab.moderator.click(lab.channel.last_message, label="Cite")
    assert result.ephemeral
    assert "BibTeX" in reply_text(result)
    assert "title = {{" in reply_text(result)
    await again.close()


async def test_a_citation_cannot_leave_its_code_block_or_ping(lab: Lab) -> None:
    number = await lab.add(PaperDraft(title="``` @everyone", authors=("@here ```",)))
    for style in ("bibtex", "apa", "markdown"):
        shown = await lab.run(lab.member, "cite", paper=f"#{number}", style=style)
        assert shown.count("```") == 2
    assert not lab.channel.last_message.mention_everyone


async def test_a_citation_that_is_too_long_for_a_message_is_a_file(lab: Lab) -> None:
    people = tuple(f"Given{number} Family{number}" for number in range(400))
    number = await lab.add(PaperDraft(title="Long", authors=people))
    await lab.member.slash(lab.channel, "cite", paper=f"#{number}")
    name, text = await read_file(lab.channel.last_message)
    assert name == f"paper-{number}.txt"
    assert "Family399, Given399" in text
