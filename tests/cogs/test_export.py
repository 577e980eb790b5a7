from __future__ import annotations

import asyncio
import csv
import io
import json
from datetime import timedelta
from typing import Any

from bot.exporter import COOLDOWN
from bot.formats.writers.export import ExportFormat
from storage.search.query import Query
from tests.support.lab import Lab, reply_text


async def attachment(result: Any) -> tuple[str, bytes]:
    """Returns the name and the bytes of the only file of a reply."""
    (file,) = [
        file for message in result.followups or [result.response] for file in message.attachments
    ]
    return file.filename, await file.read()


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
    soon = int((lab.clock() + timedelta(minutes=1)).timestamp())  # at the next full minute
    shown = reply_text(refused)
    assert f"just sent you your last export. You can start another one from <t:{soon}:t>." in shown
    assert "20 papers" in await lab.run(lab.moderator, "export")
    lab.clock.advance(COOLDOWN)
    assert "20 papers" in await lab.run(lab.member, "export")


async def test_venues_are_suggested_for_an_export(lab: Lab) -> None:
    venues = await lab.member.autocomplete(lab.channel, "export", "venue", "icm")
    assert [venue["value"] for venue in venues] == ["ICML"]
