"""Local fakes of arXiv, Crossref and DataCite, with the response formats of the real services."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.lookup.resolver import ServiceUrls
from tests.support.http_servers import close_connections

_FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"
 xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
<id>https://arxiv.org/api/x</id><title>arXiv Query</title><updated>2026-04-12T22:09:36Z</updated>
<opensearch:totalResults>{count}</opensearch:totalResults>{entries}</feed>"""
_ENTRY = """<entry><id>http://arxiv.org/abs/{number}v2</id><title>{title}</title>
<updated>2023-05-31T00:00:00Z</updated>
<link href="https://arxiv.org/abs/{number}v2" rel="alternate" type="text/html"/>
<link href="https://arxiv.org/pdf/{number}v2" rel="related" type="application/pdf" title="pdf"/>
<summary>{abstract}</summary><category term="cs.CL" scheme="http://arxiv.org/schemas/atom"/>
<published>2023-04-03T20:58:15Z</published><arxiv:comment>9 pages</arxiv:comment>
<arxiv:primary_category term="cs.CL"/>{authors}{doi}</entry>"""
_REFUSED = """<feed xmlns="http://www.w3.org/2005/Atom"><title>arXiv Search Results</title><entry>
<id>https://arxiv.org/api/errors#incorrect_id_format_for_x</id><title>Error</title>
<summary>incorrect id format for x</summary></entry></feed>"""


class LookupServer:
    """Serves the papers that a test adds, records requests, and fails as a test asks it to."""

    def __init__(self) -> None:
        self.home = ""
        self.preprints: dict[str, str] = {}
        self.works: dict[str, Any] = {}
        self.records: dict[str, Any] = {}
        self.agencies: dict[str, str] = {}
        self.pages: dict[str, str] = {}
        self.refused: set[str] = set()
        self.set_answers: dict[str, list[Callable[[], web.Response]]] = {}
        self.hanging: set[str] = set()
        self.is_hanging = asyncio.Event()
        self.asked: list[str] = []
        self.agents: list[str] = []
        self.times: list[float] = []
        self.recorded: Path | None = None

    def addresses(self) -> ServiceUrls:
        return ServiceUrls(
            f"{self.home}/arxiv",
            f"{self.home}/crossref",
            f"{self.home}/datacite",
            f"{self.home}/doi",
            "lab@example.org",
        )

    def preprint(
        self,
        number: str,
        title: str,
        authors: Sequence[str] = ("Ada Lovelace",),
        abstract: str = "We look at it.",
        doi: str = "",
    ) -> None:
        """Adds a paper to arXiv."""
        credited = "".join(f"<author><name>{escape(name)}</name></author>" for name in authors)
        self.preprints[number] = _ENTRY.format(
            number=number,
            title=escape(title),
            abstract=escape(abstract),
            authors=credited,
            doi=f"<arxiv:doi>{doi}</arxiv:doi>" if doi else "",
        )

    def fail(self, path: str, *answers: tuple[int, str, dict[str, str]]) -> None:
        """Sets the responses to the next requests with this path prefix; the last one repeats."""
        self.set_answers[path] = [
            lambda one=one: web.Response(status=one[0], text=one[1], headers=one[2])
            for one in answers
        ]

    def app(self) -> web.Application:
        app = web.Application(middlewares=[close_connections])
        app.router.add_get("/{rest:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.Response:
        path = request.path_qs
        self.asked.append(path)
        self.agents.append(request.headers["User-Agent"])
        self.times.append(time.monotonic())
        for start in self.hanging:
            if path.startswith(start):
                self.is_hanging.set()
                await asyncio.Event().wait()
        for start, answers in self.set_answers.items():
            if path.startswith(start):
                return (answers.pop(0) if len(answers) > 1 else answers[0])()
        if request.path == "/arxiv":
            return self._arxiv(request.query["id_list"].split(","))
        service, _, name = request.path.strip("/").partition("/")
        if service in {"crossref", "datacite", "doi"}:
            return self._registry(service, name.partition("/")[2])
        if request.path in self.pages:
            return web.Response(text=self.pages[request.path], content_type="text/html")
        return web.Response(status=404, text="nothing here")

    def _arxiv(self, ids: list[str]) -> web.Response:
        if self.refused & set(ids):
            return web.Response(status=400, text=_REFUSED, content_type="application/atom+xml")
        if self.recorded is not None:
            name = ",".join(ids).replace("/", "_").replace(",", "_")
            (file,) = self.recorded.glob(f"arxiv/id_{name}_s0_*.xml")
            return web.Response(body=file.read_bytes(), content_type="application/atom+xml")
        found = [self.preprints[number] for number in ids if number in self.preprints]
        text = _FEED.format(count=len(found), entries="".join(found))
        return web.Response(text=text, content_type="application/atom+xml")

    def _registry(self, service: str, doi: str) -> web.Response:
        if service == "crossref":
            return self._registered(self.works, doi, "message")
        if service == "datacite":
            return self._registered(self.records, doi, "attributes")
        known = self.agencies.get(doi)
        agency = {"RA": known} if known else {"status": "DOI does not exist"}
        return web.json_response([{"DOI": doi, **agency}])

    def _registered(self, known: dict[str, Any], doi: str, key: str) -> web.Response:
        if doi not in known:
            return web.Response(status=404, text="Resource not found.")
        answer = {key: known[doi]} if key == "message" else {"data": {key: known[doi]}}
        return web.Response(text=json.dumps(answer), content_type="application/json")
