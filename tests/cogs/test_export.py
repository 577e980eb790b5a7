from __future__ import annotations

import asyncio
import csv
import io
import json
from typing import Any

from bot.exporter import COOLDOWN
from bot.formats.export import ExportFormat
from bot.settings import Settings
from storage.models import PaperDraft
from storage.search.query import Query
from tests.support.lab import Lab, reply_text


async def attachment(result: Any) -> tuple[str, bytes]:
    """Returns the name and the bytes of the only file of a reply."""
    (file,) = [
        file for message in result.followups or [result.response] for file in message.attachments
    ]
    return file.filename, await file.read()


async def test_cite_shows_a_citation_in_each_style(lab: Lab) -> None:
    shown = await lab.run(lab.member, "cite", paper="10.1101/2022.11.20.517210")
    assert "@misc{ahdritz2022openfold-" in shown
    assert "author = {Ahdritz, Gustaf and Bouatta, Nazim and Biderman, Stella and others}" in shown
    assert "doi = {10.1101/2022.11.20.517210}" in shown
    text = await lab.run(lab.member, "cite", paper="10.1101/2022.11.20.517210", style="text")
    assert "Ahdritz, G., Bouatta, N., Biderman, S., et al. (2022)." in text
    line = await lab.run(lab.member, "cite", paper="10.1101/2022.11.20.517210", style="markdown")
    assert "](https://doi.org/10.1101/2022.11.20.517210)**" in line


async def test_cite_is_public_by_default_and_answers_errors_privately(
    lab: Lab,
) -> None:
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
    assert "@" in reply_text(result)
    assert "Text (APA)" in reply_text(result)
    await again.close()


async def test_a_citation_cannot_leave_its_code_block_or_ping(lab: Lab) -> None:
    number = await lab.add(PaperDraft(title="``` @everyone", authors=("@here ```",)))
    for style in ("bibtex", "text", "markdown"):
        shown = await lab.run(lab.member, "cite", paper=f"#{number}", style=style)
        assert shown.count("```") == 2
    assert not lab.channel.last_message.mention_everyone


async def test_a_citation_that_is_too_long_for_a_message_is_a_file(lab: Lab) -> None:
    people = tuple(f"Given{number} Family{number}" for number in range(400))
    number = await lab.add(PaperDraft(title="Long", authors=people))
    result = await lab.member.slash(lab.channel, "cite", paper=f"#{number}")
    name, body = await attachment(result)
    assert name == f"paper-{number}.txt"
    assert b"Family399, Given399" in body


async def test_export_sends_the_list_as_a_private_file(lab: Lab) -> None:
    result = await lab.member.slash(lab.channel, "export")
    assert result.ephemeral
    assert "20 papers as BibTeX." in reply_text(result)
    name, body = await attachment(result)
    assert name == "papers.bib"
    assert body.decode().count("\n@") == 19


async def test_export_takes_a_query_filters_and_a_format(lab: Lab) -> None:
    result = await lab.member.slash(
        lab.channel, "export", query="language", venue="ICML", format="csv"
    )
    name, body = await attachment(result)
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    assert name == "papers.csv"
    assert {row["venue"] for row in rows} == {"ICML"}
    lab.clock.advance(COOLDOWN)
    result = await lab.member.slash(lab.channel, "export", author="Biderman", format="json")
    assert len(json.loads((await attachment(result))[1])) == 5


async def test_an_export_of_nothing_or_an_invalid_year_is_refused_privately(
    lab: Lab,
) -> None:
    for options, sentence in [
        ({"query": "xyzzyqwv"}, "nothing to export"),
        ({"year": "last year"}, "isn't a year"),
    ]:
        result = await lab.member.slash(lab.channel, "export", **options)
        assert result.ephemeral
        assert sentence in reply_text(result)


async def test_a_file_that_is_too_large_for_discord_is_refused(lab: Lab) -> None:
    cog: Any = lab.app.client.get_cog("Export")
    cog.max_file = 1000
    assert "larger than the 10 MiB" in await lab.run(lab.member, "export")


async def test_whoever_waits_for_another_export_is_told_so(lab: Lab) -> None:
    cog: Any = lab.app.client.get_cog("Export")
    other = asyncio.create_task(
        cog.exporter.export(1, Query(), ExportFormat.CSV, max_bytes=10**7, on_wait=None)
    )
    result = await lab.member.slash(lab.channel, "export")
    await other
    assert result.ephemeral
    waiting, done = reply_text(result).splitlines()
    assert waiting.startswith("⏳ There is another export ahead of yours.")
    assert done == "20 papers as BibTeX."


async def test_a_second_export_is_refused_for_a_while(lab: Lab) -> None:
    assert "20 papers" in await lab.run(lab.member, "export")
    refused = await lab.member.slash(lab.channel, "export")
    assert refused.ephemeral
    assert "I've just sent you your last export. You can start another one <t:" in reply_text(
        refused
    )
    assert "20 papers" in await lab.run(lab.moderator, "export")
    lab.clock.advance(COOLDOWN)
    assert "20 papers" in await lab.run(lab.member, "export")


async def test_venues_are_suggested_for_an_export(lab: Lab) -> None:
    venues = await lab.member.autocomplete(lab.channel, "export", "venue", "icm")
    assert [venue["value"] for venue in venues] == ["ICML"]
