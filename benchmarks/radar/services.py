"""Serves a world as arXiv, OpenAlex, Crossref, ORCID, DBLP and Semantic Scholar would, each day.

Answers have the shapes that these services document, with the fields that a reader of names, ids,
dates and affiliations needs. Requests are counted by day, and their pace is checked.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date
from time import monotonic
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from aiohttp import web

from benchmarks.radar.world import Work, World, WorldCredit

_PATHS = {
    "arxiv_listing": "/atom",
    "arxiv_author": "/a",
    "openalex": "/openalex",
    "crossref": "/crossref",
    "orcid": "/orcid",
    "dblp": "/dblp",
    "semantic_scholar": "/s2",
}
# By which ids each source finds works.
_SCHEMES: dict[str, tuple[str, ...]] = {
    "arxiv_listing": (),
    "arxiv_author": ("arxiv",),
    "openalex": ("openalex", "orcid"),
    "crossref": ("orcid",),
    "orcid": ("orcid",),
    "dblp": ("dblp",),
    "semantic_scholar": ("semantic_scholar",),
}


class Services:
    """All services on one local server; ``today`` gives the day that they believe it is."""

    def __init__(self, world: World, today: Callable[[], date]) -> None:
        self.requests: Counter[date] = Counter()
        self.gaps: dict[str, list[float]] = defaultdict(list)  # seconds between two requests
        self._last: dict[str, float] = {}
        self._today = today
        self._texts: dict[tuple[str, int], str] = {}  # of works, as services describe them
        self._works: dict[str, list[tuple[int, Work]]] = defaultdict(list)
        for number, work in enumerate(world.works):
            for source in work.available:
                self._works[source].append((number, work))
        self._by_id: dict[str, dict[str, list[tuple[int, Work]]]] = {}
        for source in _PATHS:
            by_id: dict[str, list[tuple[int, Work]]] = defaultdict(list)
            for number, work in self._works[source]:
                for credit in work.credits:
                    for key in {getattr(credit, scheme) for scheme in _SCHEMES[source]} - {""}:
                        by_id[key].append((number, work))
            self._by_id[source] = by_id
        # People claim their works at arXiv themselves, so that an ORCID there is never wrong.
        self._pages = {one.orcid: one.arxiv for one in world.people if one.orcid and one.arxiv}

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[dict[str, str]]:
        """Serves on a free port of this machine; yields their URLs, by setting."""
        app = web.Application()
        app.router.add_get("/atom/{categories}", self._listing)
        app.router.add_get("/a/{name}", self._author_feed)
        app.router.add_get("/openalex/works", self._openalex)
        app.router.add_get("/crossref/works", self._crossref)
        app.router.add_get("/orcid/v3.0/{orcid}/works", self._orcid)
        app.router.add_get("/dblp/pid/{pid:.+}.xml", self._dblp)
        app.router.add_get("/s2/graph/v1/author/{author}/papers", self._semantic_scholar)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = runner.addresses[0][1]
        try:
            yield {f"{name}_url": f"http://127.0.0.1:{port}{path}" for name, path in _PATHS.items()}
        finally:
            await runner.cleanup()

    def _count(self, service: str) -> None:
        now = monotonic()
        if service in self._last:
            self.gaps[service].append(now - self._last[service])
        self._last[service] = now
        self.requests[self._today()] += 1

    def _known(self, works: Iterable[tuple[int, Work]], source: str) -> list[tuple[int, Work]]:
        """Returns the works that a source has today, each once."""
        today = str(self._today())
        return list(
            {
                number: (number, one) for number, one in works if one.available[source] <= today
            }.values()
        )

    def _describe(
        self,
        source: str,
        works: Iterable[tuple[int, Work]],
        describe: Callable[[int, Work], str],
        separator: str = ",",
    ) -> str:
        """Returns works as a source describes them, which is made once for each."""
        texts = []
        for number, work in works:
            key = (source, number)
            if key not in self._texts:
                self._texts[key] = describe(number, work)
            texts.append(self._texts[key])
        return separator.join(texts)

    async def _listing(self, request: web.Request) -> web.Response:
        self._count("arxiv")
        categories = set(request.match_info["categories"].split("+"))
        today = str(self._today())
        works = [
            work
            for _, work in self._works["arxiv_listing"]
            if work.available["arxiv_listing"] == today and categories & {*work.categories}
        ]
        entries = "".join(_listing_entry(one, today) for one in works)
        return _xml(
            f"""<feed xmlns="http://www.w3.org/2005/Atom"
            xmlns:arxiv="http://arxiv.org/schemas/atom"
            xmlns:dc="http://purl.org/dc/elements/1.1/"><id>http://rss.arxiv.org/atom</id>
            <title>updates on arXiv.org</title><updated>{today}T00:00:00-05:00</updated>
            {entries}</feed>"""
        )

    async def _author_feed(self, request: web.Request) -> web.Response:
        self._count("arxiv")
        key = request.match_info["name"].removesuffix(".atom")
        page = self._pages.get(key, key)
        works = self._known(self._by_id["arxiv_author"].get(page, ()), "arxiv_author")
        if not works:
            raise web.HTTPNotFound
        entries = self._describe("arxiv_author", works, _author_entry, "")
        return _xml(
            f"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Papers</title>
            <id>http://arxiv.org/a/{key}</id><updated>{self._today()}T00:00:00Z</updated>
            {entries}</feed>"""
        )

    async def _openalex(self, request: web.Request) -> web.Response:
        self._count("openalex")
        filters = _filters(request.query["filter"])
        since = filters.get("from_publication_date", "")
        ids = {
            one.rpartition("/")[2]
            for name in (
                "authorships.author.orcid",
                "authorships.author.id",
                "author.orcid",
                "author.id",
            )
            for one in filters.get(name, "").split("|")
            if one
        }
        found = [pair for one in ids for pair in self._by_id["openalex"].get(one, ())]
        works = [pair for pair in self._known(found, "openalex") if pair[1].date >= since]
        size = int(request.query.get("per_page", request.query.get("per-page", "25")))
        page, cursor = _page(works, request.query.get("cursor", "*"), size)
        meta = {"count": len(works), "per_page": size, "next_cursor": cursor}
        results = self._describe("openalex", page, _openalex_work)
        return _json(f'{{"meta": {json.dumps(meta)}, "results": [{results}]}}')

    async def _crossref(self, request: web.Request) -> web.Response:
        self._count("crossref")
        wanted: list[str] = []
        since = ""
        for part in request.query["filter"].split(","):
            name, _, value = part.partition(":")
            if name == "orcid":
                wanted.append(value.rpartition("/")[2])
            elif name == "from-created-date":
                since = value
        found = [pair for one in wanted for pair in self._by_id["crossref"].get(one, ())]
        works = [
            pair
            for pair in self._known(found, "crossref")
            if pair[1].available["crossref"] >= since
        ]
        page, cursor = _page(
            works, request.query.get("cursor", "*"), int(request.query.get("rows", "20"))
        )
        items = self._describe("crossref", page, _crossref_work)
        following = json.dumps(cursor or "*")
        return _json(
            '{"status": "ok", "message-type": "work-list", "message-version": "1.0.0", "message": '
            f'{{"total-results": {len(works)}, "items": [{items}], "next-cursor": {following}}}}}'
        )

    async def _orcid(self, request: web.Request) -> web.Response:
        self._count("orcid")
        works = self._known(self._by_id["orcid"].get(request.match_info["orcid"], ()), "orcid")
        return _json(f'{{"group": [{self._describe("orcid", works, _orcid_group)}]}}')

    async def _dblp(self, request: web.Request) -> web.Response:
        self._count("dblp")
        pid = request.match_info["pid"]
        works = self._known(self._by_id["dblp"].get(pid, ()), "dblp")
        records = self._describe("dblp", works, _dblp_record, "")
        return _xml(f'<dblpperson name="x" pid="{pid}" n="{len(works)}">{records}</dblpperson>')

    async def _semantic_scholar(self, request: web.Request) -> web.Response:
        self._count("semantic_scholar")
        author = request.match_info["author"]
        works = self._known(self._by_id["semantic_scholar"].get(author, ()), "semantic_scholar")
        works.sort(key=lambda pair: pair[1].date, reverse=True)
        start, size = int(request.query.get("offset", "0")), int(request.query.get("limit", "100"))
        data = self._describe(
            "semantic_scholar", works[start : start + size], _semantic_scholar_paper
        )
        following = f', "next": {start + size}' if start + size < len(works) else ""
        return _json(f'{{"offset": {start}, "data": [{data}]{following}}}')


def _xml(body: str) -> web.Response:
    return web.Response(
        text=f'<?xml version="1.0" encoding="UTF-8"?>{body}', content_type="application/xml"
    )


def _json(body: str) -> web.Response:
    return web.Response(text=body, content_type="application/json")


def _listing_entry(work: Work, today: str) -> str:
    authors = escape(", ".join(credit.name for credit in work.credits))
    categories = "".join(f'<category term="{name}"/>' for name in work.categories)
    return f"""<entry><id>oai:arXiv.org:{work.arxiv}v1</id><title>{escape(work.title)}</title>
        <updated>{today}T00:00:00-05:00</updated>
        <link href="https://arxiv.org/abs/{work.arxiv}" rel="alternate" type="text/html"/>
        <summary>arXiv:{work.arxiv}v1 Announce Type: new Abstract: Owls.</summary>{categories}
        <published>{today}T00:00:00-05:00</published>
        <arxiv:announce_type>new</arxiv:announce_type><dc:creator>{authors}</dc:creator></entry>"""


def _author_entry(_number: int, work: Work) -> str:
    authors = "".join(f"<author><name>{escape(one.name)}</name></author>" for one in work.credits)
    categories = "".join(
        f'<category term="{name}" scheme="http://arxiv.org/schemas/atom"/>'
        for name in work.categories
    )
    return f"""<entry><id>http://arxiv.org/abs/{work.arxiv}v1</id>
        <updated>{work.date}T12:00:00Z</updated><published>{work.date}T12:00:00Z</published>
        <title>{escape(work.title)}</title><summary>Owls.</summary>{authors}{categories}
        <link href="http://arxiv.org/abs/{work.arxiv}v1" rel="alternate" type="text/html"/>
        </entry>"""


def _filters(text: str) -> Mapping[str, str]:
    return dict(part.partition(":")[::2] for part in text.split(","))


def _page(
    works: Sequence[tuple[int, Work]], cursor: str, size: int
) -> tuple[Sequence[tuple[int, Work]], str | None]:
    start = 0 if cursor == "*" else int(cursor)
    following = str(start + size) if start + size < len(works) else None
    return works[start : start + size], following


def _openalex_work(number: int, work: Work) -> str:
    doi = f"https://doi.org/10.48550/arxiv.{work.arxiv}"
    if not work.arxiv or work.available.get("crossref", "9") <= work.available["openalex"]:
        doi = f"https://doi.org/{work.doi}"
    page = f"https://arxiv.org/abs/{work.arxiv}" if work.arxiv else doi
    described = {
        "id": f"https://openalex.org/W{4_000_000_000 + number}",
        "doi": doi,
        "title": work.title,
        "display_name": work.title,
        "publication_year": int(work.date[:4]),
        "publication_date": work.date,
        "ids": {"openalex": f"https://openalex.org/W{4_000_000_000 + number}", "doi": doi},
        "language": "en",
        "type": "article",
        "is_paratext": False,
        "is_retracted": False,
        "primary_location": {
            "is_oa": True,
            "landing_page_url": page,
            "pdf_url": None,
            "source": {"display_name": "arXiv (Cornell University)" if work.arxiv else work.venue},
            "version": "submittedVersion",
        },
        "locations": [{"landing_page_url": page, "pdf_url": None, "source": None}],
        "authorships": [_authorship(one) for one in work.credits],
        "abstract_inverted_index": None,
    }
    return json.dumps(described)


def _authorship(credit: WorldCredit) -> dict[str, Any]:
    orcid = f"https://orcid.org/{credit.orcid}" if credit.orcid else None
    author_id = f"https://openalex.org/{credit.openalex}" if credit.openalex else None
    return {
        "author_position": "middle",
        "author": {"id": author_id, "display_name": credit.name, "orcid": orcid},
        "institutions": [
            {"id": "https://openalex.org/I1", "display_name": one, "ror": None, "type": "education"}
            for one in credit.affiliations
        ],
        "is_corresponding": False,
        "raw_author_name": credit.name,
        "raw_affiliation_strings": [*credit.affiliations],
    }


def _crossref_work(_number: int, work: Work) -> str:
    created = work.available["crossref"]
    parts = [[int(part) for part in created.split("-")]]
    described = {
        "DOI": work.doi,
        "URL": f"https://doi.org/{work.doi}",
        "type": "journal-article",
        "title": [work.title],
        "container-title": [work.venue],
        "publisher": "Owl Press",
        "issued": {"date-parts": parts},
        "published": {"date-parts": parts},
        "created": {"date-parts": parts, "date-time": f"{created}T00:00:00Z"},
        "author": [
            {
                "given": one.name.rpartition(" ")[0],
                "family": one.name.rpartition(" ")[2],
                "sequence": "first" if index == 0 else "additional",
                "affiliation": [{"name": name} for name in one.affiliations],
                **(
                    {"ORCID": f"https://orcid.org/{one.orcid}", "authenticated-orcid": False}
                    if one.orcid
                    else {}
                ),
            }
            for index, one in enumerate(work.credits)
        ],
    }
    return json.dumps(described)


def _orcid_group(number: int, work: Work) -> str:
    external = [
        {
            "external-id-type": kind,
            "external-id-value": value,
            "external-id-normalized": {"value": value, "transient": True},
            "external-id-url": None,
            "external-id-relationship": "self",
        }
        for kind, value in (("doi", work.doi), ("arxiv", work.arxiv))
        if value
    ]
    year, month, day = work.date.split("-")
    summary = {
        "put-code": 1_000_000 + number,
        "created-date": {"value": 1_735_689_600_000},
        "last-modified-date": {"value": 1_735_689_600_000},
        "title": {"title": {"value": work.title}, "subtitle": None, "translated-title": None},
        "external-ids": {"external-id": external},
        "type": "journal-article" if work.doi else "preprint",
        "publication-date": {
            "year": {"value": year},
            "month": {"value": month},
            "day": {"value": day},
        },
        "journal-title": {"value": work.venue} if work.venue else None,
        "visibility": "public",
        "url": None,
    }
    return json.dumps({"external-ids": {"external-id": external}, "work-summary": [summary]})


def _dblp_record(number: int, work: Work) -> str:
    authors = "".join(
        f"<author{f' pid={quoteattr(one.dblp)}' if one.dblp else ''}>{escape(one.name)}</author>"
        for one in work.credits
    )
    year = work.available["crossref"][:4]
    return (
        f'<r><article key="journals/owl/{number}" mdate="{work.available["dblp"]}">{authors}'
        f"<title>{escape(work.title)}.</title><year>{year}</year>"
        f"<journal>{escape(work.venue)}</journal><ee>https://doi.org/{work.doi}</ee></article></r>"
    )


def _semantic_scholar_paper(number: int, work: Work) -> str:
    ids: dict[str, Any] = {"CorpusId": number}
    if work.arxiv:
        ids["ArXiv"] = work.arxiv
    if work.doi and work.available.get("crossref", "9") <= work.available["semantic_scholar"]:
        ids["DOI"] = work.doi
    described = {
        "paperId": f"{number:040x}",
        "externalIds": ids,
        "url": f"https://www.semanticscholar.org/paper/{number:040x}",
        "title": work.title,
        "abstract": None,
        "venue": work.venue or "arXiv.org",
        "year": int(work.date[:4]),
        "publicationDate": work.date,
        "authors": [
            {"authorId": one.semantic_scholar or None, "name": one.name} for one in work.credits
        ],
    }
    return json.dumps(described)
