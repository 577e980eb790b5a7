"""Importing a list of arXiv IDs, DOIs and links, which are looked up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.importing.upload import MAX_REFERENCES
from bot.settings import Settings
from tests.support.lab import Lab, reply_text
from tests.support.lookup_server import LookupServer

# A busy machine may need long to start the process that reads a file.
pytestmark = pytest.mark.simcord(settle_timeout=20)


@pytest.fixture
def settings(settings: Settings, lookup_server: LookupServer) -> Settings:
    where = lookup_server.addresses()
    return replace(
        settings,
        arxiv_api_url=where.arxiv,
        crossref_url=where.crossref,
        datacite_url=where.datacite,
        doi_url=where.doi,
    )


async def preview(lab: Lab, text: str) -> Any:
    file = ("papers.txt", text.encode())
    return await lab.moderator.slash(lab.channel, "curate import", file=file)


async def test_a_list_of_ids_and_links_is_looked_up(lab: Lab, lookup_server: LookupServer) -> None:
    lookup_server.preprint("2301.01234", "Counting Ferns")
    lines = "2301.01234\nhttps://doi.org/10.5555/unknown\nferns\n2301.01234v2\n2301.04444\n"
    result = await preview(lab, lines)
    text = reply_text(result)
    assert "List of IDs and links, 5 entries" in text
    assert "**1** will be added: “Counting Ferns” (line 1)" in text
    assert "Line 2: I couldn't look up “https://doi.org/10.5555/unknown”." in text
    assert "Line 3: “ferns” isn't an arXiv ID, a DOI or a link." in text
    assert "Line 5: I couldn't look up “2301.04444”. arXiv has no paper 2301.04444." in text
    await lab.moderator.click(result.response, label="Import")
    assert [one.title for one in await lab.app.library.papers.batch(after=20)] == ["Counting Ferns"]


async def test_a_list_that_is_too_long_is_refused(lab: Lab) -> None:
    lines = "\n".join(f"2301.{number:05}" for number in range(1, MAX_REFERENCES + 2))
    text = reply_text(await preview(lab, lines))
    assert "has more than 300 IDs and links to look up" in text
