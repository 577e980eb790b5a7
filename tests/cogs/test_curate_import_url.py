from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.settings import Settings
from tests.support.http_servers import close_connections
from tests.support.lab import Lab, reply_text

# A busy machine may need long to start the process that reads a file.
pytestmark = pytest.mark.simcord(settle_timeout=20)

PAGE = """<html><head><title>Publications</title></head><body><nav>Home</nav><ul>
<li>Jane Roe, Bo Lee. <a href="/papers/lamps">On the Nature of Lamps</a>. Journal of Lamps, 2023.
<li>Jane Roe. <a href="/papers/wicks">A Short History of Wicks</a>. Journal of Lamps, 2022.
</ul></body></html>"""
BIB = "@article{a, title={Müller's Lamps}, author={Müller, Ada}, journal={eLife}, year={2020}}"
FILES = {
    "/publications": (PAGE, "text/html"),
    "/papers.bib": (BIB, "text/plain"),
    "/download": ('[{"title": "Counting Ferns", "doi": "10.1000/7"}]', "application/json"),
    "/papers.csv": ("Title,Authors\nCounting Ferns,Ada Lovelace\n", "text/csv"),
    "/export?format=ris": ("TY  - JOUR\nTI  - Counting Ferns\nPY  - 2020\nER  - \n", "text/plain"),
}
BODIES = {
    "/endless": (b"x" * 30_000_000, "text/plain"),
    "/paper.pdf": (b"%PDF-1.5 ...", "application/pdf"),
    "/empty": (b" ", "text/html"),
    "/prose": (b"<p>We like lamps.</p>", "text/html"),
    "/latin": (BIB.encode("latin-1"), "text/plain; charset=latin-1"),
}


@pytest.fixture
async def site() -> AsyncIterator[str]:
    """A website with publications, and with what nobody can import."""

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/moved":
            raise web.HTTPFound("/publications")
        if request.path in BODIES:
            body, content_type = BODIES[request.path]
            return web.Response(body=body, headers={"Content-Type": content_type})
        if request.path_qs not in FILES:
            raise web.HTTPNotFound
        text, content_type = FILES[request.path_qs]
        return web.Response(text=text, content_type=content_type)

    application = web.Application(middlewares=[close_connections])
    application.router.add_get("/{rest:.*}", answer)
    async with TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/")


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, feed_allow_private=True)


async def preview(lab: Lab, url: str) -> Any:
    return await lab.moderator.slash(lab.channel, "curate import", url=url)


async def test_a_publications_page_is_previewed_and_imported(lab: Lab, site: str) -> None:
    shown = await preview(lab, f"{site}/publications")
    assert shown.ephemeral
    text = reply_text(shown)
    assert "/publications" in text
    assert "Publications page, 2 entries" in text
    done = await lab.moderator.click(shown.response, label="Import")
    assert "**2** added" in reply_text(done)
    paper = await lab.app.library.papers.get_by_text("On the Nature of Lamps")
    assert paper.authors == ("Jane Roe", "Bo Lee")
    assert [link.url for link in paper.links] == [f"{site}/papers/lamps"]


@pytest.mark.parametrize("path", [*FILES, "/moved", "/latin"])
async def test_any_format_of_a_file_can_be_at_a_url(lab: Lab, site: str, path: str) -> None:
    shown = await preview(lab, f"{site}{path}")
    done = await lab.moderator.click(shown.response, label="Import")
    assert "** added" in reply_text(done)
    if "bib" in path or path == "/latin":
        assert (await lab.app.library.papers.get_by_text("Müller's Lamps")).authors == (
            "Ada Müller",
        )


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/nowhere", "has nothing at that URL (HTTP 404)"),
        ("/endless", "MiB, so I stopped reading"),
        ("/paper.pdf", "There's a PDF at that URL. I can read publications pages"),
        ("/empty", "sent an empty file"),
        ("/prose", "I can read publications pages"),
    ],
)
async def test_what_cannot_be_imported_is_explained_privately(
    lab: Lab, site: str, path: str, sentence: str
) -> None:
    before = await lab.app.library.papers.count()
    shown = await preview(lab, f"{site}{path}")
    assert shown.ephemeral
    assert sentence in reply_text(shown)
    assert await lab.app.library.papers.count() == before


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("lab.example/publications", "It has to start with https:// or http://."),
        ("file:///etc/passwd", "It has to start with https:// or http://."),
        ("https://", "I only read URLs that start with http:// or https://."),
        ("https://me:secret@lab.example/", "with a user name or password"),
        ("http://127.0.0.1:9/x", "couldn't reach 127.0.0.1"),
    ],
)
async def test_what_is_no_usable_url_is_refused(lab: Lab, url: str, sentence: str) -> None:
    text = reply_text(await preview(lab, url))
    assert sentence in text
    assert "secret" not in text


async def test_a_file_or_a_url_is_needed_but_not_both(lab: Lab) -> None:
    sentence = "Attach a file, or enter the URL"
    assert sentence in await lab.run(lab.moderator, "curate import")
    both = {"file": ("papers.bib", BIB.encode()), "url": "https://lab.example/papers.bib"}
    assert sentence in await lab.run(lab.moderator, "curate import", **both)


class TestPrivateAddresses:
    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, feed_allow_private=False)

    async def test_private_addresses_are_not_contacted(self, lab: Lab, site: str) -> None:
        for url in (f"{site}/publications", "http://169.254.169.254/latest", "http://localhost/"):
            assert "on this machine or a private network" in reply_text(await preview(lab, url))
