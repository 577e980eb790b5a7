"""The services that complete papers, on 127.0.0.1 and in their shapes."""

from __future__ import annotations

import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from aiohttp import web

from bot.settings import Settings
from storage.text import fold
from tests.support.http_servers import close_connections

# The paths of the services, by the settings that have their addresses.
PATHS = {
    "arxiv_api_url": "/arxiv",
    "crossref_url": "/crossref",
    "datacite_url": "/datacite",
    "doi_url": "/doi",
    "openalex_url": "/openalex",
    "semantic_scholar_url": "/s2",
    "huggingface_url": "/hf",
    "arxiv_listing_url": "/listing",
    "arxiv_author_url": "/a",
    "orcid_url": "/orcid",
    "dblp_url": "/dblp",
}
_FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns="http://www.w3.org/2005/Atom">
<id>https://arxiv.org/api/x</id><title>arXiv Query</title>{entries}</feed>"""
_ENTRY = """<entry><id>http://arxiv.org/abs/{arxiv}v1</id><title>{title}</title>
<link href="https://arxiv.org/abs/{arxiv}v1" rel="alternate" type="text/html"/>
<published>{day}T20:58:15Z</published>{comment}
<arxiv:primary_category term="cs.CL"/>{authors}{doi}</entry>"""


@dataclass(frozen=True)
class KnownPaper:
    """A paper that services know; ``only`` are the services that find it by its title."""

    title: str
    authors: tuple[str, ...]
    day: str = "2023-04-03"
    arxiv: str = ""
    doi: str = ""
    venue: str = ""
    comment: str = ""
    only: tuple[str, ...] = ("openalex", "crossref", "s2")


@dataclass
class CompletionServer:
    """Serves the papers that a test adds, records requests, and fails as a test asks it to."""

    papers: list[KnownPaper] = field(default_factory=list)
    retracted: dict[str, str] = field(default_factory=dict)
    repositories: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    before_answer: Callable[[str], Awaitable[None]] | None = None  # of `app` only
    home: str = ""
    hanging_path: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    def environment(self) -> dict[str, str]:
        """Returns the settings with this server's addresses, for the shell."""
        urls = {name.upper(): f"{self.home}{path}" for name, path in PATHS.items()}
        return {**urls, "FEED_ALLOW_PRIVATE": "yes", "LAB_HERALD_SPEEDUP": "1000000"}

    def addresses(self) -> dict[str, Any]:
        """Returns the fields of settings that lead to this server, without pauses."""
        urls = {name: f"{self.home}{path}" for name, path in PATHS.items()}
        return {"lab_herald_speedup": 1_000_000.0, **urls}

    def settings(self, **values: Any) -> Settings:
        """Returns settings with this server's addresses."""
        return Settings(**{"feed_allow_private": True, **self.addresses(), **values})

    @contextmanager
    def hanging(self, start: str) -> Iterator[None]:
        """Keeps requests for paths that start so waiting until the block ends; in threads only."""
        self.released = threading.Event()
        self.hanging_path = start
        try:
            yield
        finally:
            self.hanging_path = ""
            self.released.set()

    def app(self) -> web.Application:
        """Returns the server for tests that run in an event loop."""

        async def answer(request: web.Request) -> web.Response:
            if self.before_answer is not None:
                await self.before_answer(request.raw_path)
            status, body, headers = self.answer(request.raw_path)
            return web.Response(status=status, body=body, headers=headers)

        app = web.Application(middlewares=[close_connections])
        app.router.add_get("/{rest:.*}", answer)
        return app

    def answer(self, target: str) -> tuple[int, bytes, dict[str, str]]:
        """Returns the status, body and headers of the answer to a request."""
        self.asked.append(target)
        for start, failure in self.failures.items():
            if target.startswith(start):
                return failure
        parts = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        service, _, path = unquote(parts.path).strip("/").partition("/")
        read: Callable[[str, dict[str, str]], Any] = getattr(self, f"_{service}", _nothing)
        found = read(path, query)
        if found is None:
            return 404, b"{}", {}
        if isinstance(found, str):
            return 200, found.encode(), {"Content-Type": "application/atom+xml"}
        return 200, json.dumps(found).encode(), {"Content-Type": "application/json"}

    def _arxiv(self, _path: str, query: dict[str, str]) -> str:
        ids = query["id_list"].split(",")
        entries = [_entry(one) for one in self.papers if one.arxiv in ids]
        return _FEED.format(entries="".join(entries))

    def _crossref(self, path: str, query: dict[str, str]) -> Any:
        if doi := path.removeprefix("works").strip("/"):
            found = [one for one in self.papers if one.doi == doi]
            return {"message": _crossref_work(found[0])} if found else None
        if "filter" in query:
            doi = query["filter"].removeprefix("updates:")
            notice = self.retracted.get(doi)
            update = {"DOI": doi, "type": "retraction", "label": "Retraction"}
            items = [{"DOI": notice, "title": ["Retraction"], "update-to": [update]}]
            return {"message": {"items": items if notice else []}}
        found = self._titled("crossref", query["query.bibliographic"])
        return {"message": {"items": [_crossref_work(one) for one in found if one.doi]}}

    def _openalex(self, _path: str, query: dict[str, str]) -> Any:
        title = query["filter"].removeprefix("title.search:")
        found = self._titled("openalex", title)
        return {"results": [_openalex_work(one) for one in found], "meta": {"count": len(found)}}

    def _s2(self, _path: str, query: dict[str, str]) -> Any:
        if "query" not in query:  # the papers of an author
            return {"data": []}
        found = self._titled("s2", query["query"])
        return {"data": [_s2_paper(one) for one in found[:1]]} if found else None

    def _hf(self, path: str, _query: dict[str, str]) -> Any:
        return self.repositories.get(path.split("/")[2])

    def _titled(self, service: str, title: str) -> list[KnownPaper]:
        """Returns papers that share most words of a title, as searches do."""
        words = set(fold(title).split())
        return [
            one
            for one in self.papers
            if service in one.only and len(words & set(fold(one.title).split())) > len(words) / 2
        ]


@contextmanager
def serve_completions() -> Iterator[CompletionServer]:
    """Serves on a port of its own, in a thread."""
    found = CompletionServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if found.hanging_path and self.path.startswith(found.hanging_path):
                found.released.wait()
            status, body, headers = found.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.home = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _nothing(_path: str, _query: dict[str, str]) -> None:
    return None


def _entry(paper: KnownPaper) -> str:
    names = "".join(f"<author><name>{escape(name)}</name></author>" for name in paper.authors)
    comment, doi = escape(paper.comment), escape(paper.doi)
    return _ENTRY.format(
        arxiv=paper.arxiv,
        title=escape(paper.title),
        day=paper.day,
        authors=names,
        comment=f"<arxiv:comment>{comment}</arxiv:comment>" if comment else "",
        doi=f"<arxiv:doi>{doi}</arxiv:doi>" if doi else "",
    )


def _crossref_work(paper: KnownPaper) -> dict[str, Any]:
    people = [name.rpartition(" ") for name in paper.authors]
    return {
        "DOI": paper.doi,
        "title": [paper.title],
        "type": "posted-content" if not paper.venue else "proceedings-article",
        "author": [{"given": given, "family": family} for given, _, family in people],
        "container-title": [paper.venue] if paper.venue else [],
        "issued": {"date-parts": [[int(part) for part in paper.day.split("-")]]},
    }


def _openalex_work(paper: KnownPaper) -> dict[str, Any]:
    page = f"https://arxiv.org/abs/{paper.arxiv}" if paper.arxiv else None
    source = {"display_name": paper.venue or "arXiv (Cornell University)"}
    source["type"] = "conference" if paper.venue else "repository"
    return {
        "id": f"https://openalex.org/W{abs(hash(paper.title))}",
        "doi": f"https://doi.org/{paper.doi}" if paper.doi else None,
        "title": paper.title,
        "publication_date": paper.day,
        "type": "article",
        "authorships": [{"author": {"display_name": name}} for name in paper.authors],
        "primary_location": {"landing_page_url": page, "source": source},
    }


def _s2_paper(paper: KnownPaper) -> dict[str, Any]:
    ids = {"ArXiv": paper.arxiv, "DOI": paper.doi}
    return {
        "paperId": "0" * 40,
        "title": paper.title,
        "externalIds": {name: value for name, value in ids.items() if value},
        "authors": [{"name": name} for name in paper.authors],
        "venue": paper.venue or "arXiv.org",
        "year": int(paper.day[:4]),
        "publicationDate": paper.day,
    }
