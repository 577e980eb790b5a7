"""The services that are asked for people's papers, on 127.0.0.1 and in their shapes."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass, field
from html import escape
from typing import Any

from aiohttp import web

from bot.settings import Settings
from tests.support.http_servers import close_connections

# The paths of the services, by the settings that have their addresses.
PATHS = {
    "arxiv_listing_url": "/listing",
    "arxiv_author_url": "/a",
    "openalex_url": "/openalex",
    "crossref_url": "/crossref",
    "orcid_url": "/orcid",
    "dblp_url": "/dblp",
    "semantic_scholar_url": "/s2",
}
_ENTRY = """<entry><id>oai:arXiv.org:{number}v1</id><title>{title}</title>
<link href="https://arxiv.org/abs/{number}" rel="alternate" type="text/html"/>
<summary>arXiv:{number}v1 Announce Type: new
Abstract: We look at it.</summary><category term="cs.CL"/>
<published>{day}T00:00:00-04:00</published><arxiv:announce_type>new</arxiv:announce_type><dc:creator>{authors}</dc:creator></entry>"""
_FEED = """<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>x</title>{entries}</feed>"""
_GROUP = """{{"work-summary": [{{"put-code": {number}, "type": "journal-article",
"title": {{"title": {{"value": {title}}}}}}}]}}"""


@dataclass
class Work:
    """A work that the server knows; ``ids`` are its people's, whatever the scheme."""

    number: int
    title: str
    ids: tuple[str, ...]
    authors: tuple[str, ...] = ("Ada Nightjar",)
    day: str = "2026-08-19"


@dataclass
class KnownPerson:
    """Somebody whom the services know that have given them an id.

    OpenAlex and DBLP link to the ORCID if ``links_orcid`` is set.
    """

    name: str
    openalex: str = ""
    orcid: str = ""
    dblp: str = ""
    affiliations: tuple[str, ...] = ()
    other_names: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    work_count: int = 0
    links_orcid: bool = True
    is_disambiguation: bool = False  # a page of DBLP that only lists several people

    def is_called(self, words: str) -> bool:
        typed = set(words.casefold().split())
        return any(typed <= set(name.casefold().split()) for name in (self.name, *self.other_names))


@dataclass
class Asked:
    """A request: its path without the service's own, its query, headers and time in seconds."""

    service: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass
class SourceServer:
    """Serves the works that a test adds, in pages, and people; fails as a test asks it to."""

    works: list[Work] = field(default_factory=list)
    people: list[KnownPerson] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    answers: dict[str, list[tuple[int, bytes, dict[str, str]] | None]] = field(default_factory=dict)
    per_page: int = 100
    day: str = "2026-08-20"
    home: str = ""
    slow: set[str] = field(default_factory=set)  # services that answer only after `speed_up`
    _is_fast: asyncio.Event = field(default_factory=asyncio.Event)

    def settings(self, **values: Any) -> Settings:
        """Returns settings with this server's addresses."""
        urls = {name: f"{self.home}{path}" for name, path in PATHS.items()}
        return Settings(**{"feed_allow_private": True, **urls, **values})

    def add(self, title: str, *ids: str, day: str = "2026-08-19") -> None:
        self.works.append(Work(len(self.works) + 1, title, ids, day=day))

    def fail(self, service: str, *answers: tuple[int, bytes, dict[str, str]] | None) -> None:
        """Queues responses for a service; None means its usual one, as after the queue is empty."""
        self.answers[service] = list(answers)

    def speed_up(self) -> None:
        """Lets slow services answer."""
        self._is_fast.set()

    def asked_of(self, service: str) -> list[Asked]:
        return [one for one in self.asked if one.service == service]

    def app(self) -> web.Application:
        app = web.Application(middlewares=[close_connections])
        app.router.add_get("/{service}/{path:.*}", self._answer)
        return app

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        service, path = request.match_info["service"], request.match_info["path"]
        headers, query = dict(request.headers), dict(request.query)
        self.asked.append(Asked(service, path, query, headers, time.monotonic()))
        if service in self.slow:
            await self._is_fast.wait()
        if (answers := self.answers.get(service)) and (failure := answers.pop(0)):
            return web.Response(status=failure[0], body=failure[1], headers=failure[2])
        if any(one in path for one in self.unknown):
            status = 400 if service == "listing" else 404
            return web.Response(status=status, text="nothing here")
        answer: web.Response = getattr(self, f"_{service}")(path, query)
        answer.enable_compression()
        answer.etag = str(hash(answer.body))
        if request.headers.get("If-None-Match", "").strip('"') == answer.etag.value:
            return web.Response(status=304)
        return answer

    def _listing(self, _path: str, _query: dict[str, str]) -> web.Response:
        return self._atom([one for one in self.works if not one.ids])

    def _a(self, path: str, _query: dict[str, str]) -> web.Response:
        return self._atom(self._of(path.removesuffix(".atom")))

    def _atom(self, works: list[Work]) -> web.Response:
        entries = "".join(
            _ENTRY.format(
                number=f"2608.{one.number:05}",
                title=escape(one.title),
                authors=escape(", ".join(one.authors)),
                day=self.day,
            )
            for one in works
        )
        text = _FEED.format(entries=entries)
        return web.Response(text=text, content_type="application/atom+xml")

    def _openalex(self, path: str, query: dict[str, str]) -> web.Response:
        if path == "authors":
            return self._openalex_authors(query)
        conditions = dict(one.split(":", 1) for one in query["filter"].split(","))
        since = conditions.pop("from_publication_date", "")
        (ids,) = conditions.values()
        works = [one for one in self._of(*ids.split("|")) if one.day >= since]
        page, cursor = self._page(works, query.get("cursor", "*"))
        page = page[: int(query["per_page"])]
        meta = {"count": len(works), "per_page": self.per_page, "next_cursor": cursor or None}
        results = [
            {
                "id": f"https://openalex.org/W{one.number}",
                "title": one.title,
                "publication_date": one.day,
                "publication_year": int(one.day[:4]),
                "type": "article",
                "authorships": [
                    {"author": {"id": None, "display_name": name}, "raw_author_name": name}
                    for name in one.authors
                ],
            }
            for one in page
        ]
        return web.json_response({"meta": meta, "results": results})

    def _openalex_authors(self, query: dict[str, str]) -> web.Response:
        found = [one for one in self.people if one.openalex and one.is_called(query["search"])]
        results = [
            {
                "id": f"https://openalex.org/{one.openalex}",
                "orcid": f"https://orcid.org/{one.orcid}"
                if one.orcid and one.links_orcid
                else None,
                "display_name": one.name,
                "display_name_alternatives": [one.name, *one.other_names],
                "works_count": one.work_count,
                "affiliations": [
                    {
                        "institution": {
                            "id": "https://openalex.org/I1",
                            "ror": None,
                            "display_name": place,
                        },
                        "years": list(one.years),
                    }
                    for place in one.affiliations
                ],
                "last_known_institutions": [],
                "counts_by_year": [
                    {"year": year, "works_count": 1, "cited_by_count": 0} for year in one.years
                ],
            }
            for one in found
        ]
        size = int(query["per_page"])
        meta = {"count": len(results), "page": 1, "per_page": size}
        return web.json_response({"meta": meta, "results": results[:size], "group_by": []})

    def _crossref(self, _path: str, query: dict[str, str]) -> web.Response:
        conditions = [one.split(":", 1) for one in query["filter"].split(",")]
        since = next((value for name, value in conditions if name == "from-created-date"), "")
        orcids = [value for name, value in conditions if name == "orcid"]
        works = [one for one in self._of(*orcids) if one.day >= since]
        page, cursor = self._page(works, query["cursor"])
        items = [
            {
                "DOI": f"10.5555/{one.number}",
                "title": [one.title],
                "type": "journal-article",
                "created": {"date-parts": [list(map(int, one.day.split("-")))]},
                "author": [{"given": "Ada", "family": "Nightjar"}],
            }
            for one in page
        ]
        message = {"items": items, "items-per-page": self.per_page, "total-results": len(works)}
        return web.json_response({"message": {**message, "next-cursor": cursor}})

    def _orcid(self, path: str, query: dict[str, str]) -> web.Response:
        if path == "v3.0/expanded-search/":
            return self._orcid_search(query)
        groups = [
            json.loads(_GROUP.format(number=one.number, title=json.dumps(one.title)))
            for one in self._of(path.split("/")[1])
        ]
        return web.json_response({"group": groups})

    def _orcid_search(self, query: dict[str, str]) -> web.Response:
        (words,) = re.findall(r'credit-name:"([^"]*)"', query["q"])
        found = [one for one in self.people if one.orcid and one.is_called(words)]
        results = [
            {
                "orcid-id": one.orcid,
                "given-names": one.name.rpartition(" ")[0],
                "family-names": one.name.rpartition(" ")[2],
                "credit-name": None,
                "other-name": list(one.other_names),
                "email": [],
                "institution-name": list(one.affiliations),
            }
            for one in found
        ]
        shown = results[: int(query["rows"])] or None  # as ORCID says that there's nobody
        return web.json_response({"expanded-result": shown, "num-found": len(results)})

    def _dblp(self, path: str, query: dict[str, str]) -> web.Response:
        if path == "search/author/api":
            return self._dblp_search(query)
        pid = path.removeprefix("pid/").removesuffix(".xml")
        records = "".join(
            f'<r><article key="journals/x/{one.number}"><author>{escape(one.authors[0])}</author>'
            f"<title>{escape(one.title)}.</title><year>{one.day[:4]}</year></article></r>"
            for one in self._of(pid)
        )
        person = "".join(_dblp_person(one) for one in self.people if one.dblp == pid)
        text = f'<?xml version="1.0"?><dblpperson name="x">{person}{records}</dblpperson>'
        return web.Response(text=text, content_type="application/xml")

    def _dblp_search(self, query: dict[str, str]) -> web.Response:
        found = [one for one in self.people if one.dblp and one.is_called(query["q"])]
        hits = [
            {
                "@score": "3",
                "@id": str(number),
                "info": {
                    "author": one.name,
                    "url": f"https://dblp.org/pid/{one.dblp}",
                    **({"aliases": {"alias": list(one.other_names)}} if one.other_names else {}),
                    **(
                        {"notes": {"note": {"@type": "affiliation", "text": one.affiliations[0]}}}
                        if one.affiliations
                        else {}
                    ),
                },
                "url": f"URL#{number}",
            }
            for number, one in enumerate(found)
        ]
        total = str(len(hits))
        sent = hits[: int(query["h"])]
        counts = {"@total": total, "@computed": total, "@sent": str(len(sent)), "@first": "0"}
        answer = {
            "query": query["q"],
            "status": {"@code": "200", "text": "OK"},
            "hits": {**counts, **({"hit": sent} if sent else {})},
        }
        return web.json_response({"result": answer})

    def _s2(self, path: str, query: dict[str, str]) -> web.Response:
        page, cursor = self._page(self._of(path.split("/")[3]), query.get("offset", "*"))
        data = [
            {"paperId": f"{one.number:040x}", "title": one.title, "authors": [], "year": 2026}
            for one in page
        ]
        return web.json_response({"data": data, **({"next": int(cursor)} if cursor else {})})

    def _of(self, *ids: str) -> list[Work]:
        return [one for one in self.works if set(ids) & set(one.ids)]

    def _page(self, works: list[Work], cursor: str) -> tuple[list[Work], str]:
        start = 0 if cursor == "*" else int(cursor)
        end = start + self.per_page
        return works[start:end], str(end) if end < len(works) else ""


def _dblp_person(person: KnownPerson) -> str:
    """Returns the element about the person themselves."""
    kind = ' publtype="disambiguation"' if person.is_disambiguation else ""
    notes = "".join(f'<note type="affiliation">{escape(one)}</note>' for one in person.affiliations)
    url = (
        f"<url>https://orcid.org/{person.orcid}</url>"
        if person.orcid and person.links_orcid
        else ""
    )
    return (
        f'<person key="homepages/{person.dblp}"{kind}><author pid="{person.dblp}">'
        f"{escape(person.name)}</author>{notes}{url}</person>"
    )
