"""Fakes of arXiv, OpenAlex, Crossref, ORCID, DBLP and Semantic Scholar, which know a few papers."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from aiohttp import web

from bot.demo import service_answers as answers
from bot.demo.research import Publication, Research, Researcher
from storage.people.models import IdScheme
from storage.text import fold

# Where each service is, by the setting that has its address.
PATHS: Mapping[str, str] = {
    "arxiv_api_url": "arxiv",
    "arxiv_listing_url": "listing",
    "arxiv_author_url": "a",
    "openalex_url": "openalex",
    "crossref_url": "crossref",
    "datacite_url": "datacite",
    "doi_url": "doi",
    "orcid_url": "orcid",
    "dblp_url": "dblp",
    "semantic_scholar_url": "semantic-scholar",
    "huggingface_url": "hugging-face",
}
_AUTHOR_FILTERS = {
    "authorships.author.id": IdScheme.OPENALEX,
    "authorships.author.orcid": IdScheme.ORCID,
    "author.id": IdScheme.OPENALEX,
    "author.orcid": IdScheme.ORCID,
}


class FakeServices:
    """Answers requests by what is public; what isn't known is answered with HTTP 404."""

    def __init__(self, research: Research) -> None:
        self._research = research

    def routes(self) -> list[web.RouteDef]:
        """Returns the routes of the services that know something."""
        return [
            web.get("/arxiv", self._search_arxiv),
            web.get("/listing/{categories}", self._list_day),
            web.get("/openalex/works", self._list_openalex_works),
            web.get("/openalex/authors", self._search_openalex_authors),
            web.get("/crossref/works", self._list_crossref_works),
            web.get("/crossref/works/{doi:.+}", self._show_crossref_work),
            web.get("/orcid/v3.0/expanded-search/", self._search_orcid),
            web.get("/orcid/v3.0/{id}/works", self._list_orcid_works),
            web.get("/dblp/search/author/api", self._search_dblp),
            web.get("/dblp/pid/{id:.+}.xml", self._show_dblp_person),
            web.get("/semantic-scholar/graph/v1/paper/search/match", self._match_title),
            web.get("/semantic-scholar/graph/v1/author/{id}/papers", self._list_author_papers),
        ]

    async def _search_arxiv(self, request: web.Request) -> web.Response:
        ids = request.query.get("id_list", "").split(",")
        return _atom(answers.arxiv_feed(self._where(lambda one: one.arxiv in ids)))

    async def _list_day(self, request: web.Request) -> web.Response:
        categories = {*request.match_info["categories"].split("+")}
        found = [
            one
            for one in self._research.named_by("arxiv_listing")
            if one.date == self._research.today and categories & {*one.categories}
        ]
        return _atom(answers.arxiv_listing(found))

    async def _list_openalex_works(self, request: web.Request) -> web.Response:
        filters = dict(one.partition(":")[::2] for one in request.query["filter"].split(","))
        since = filters.get("from_publication_date", "")
        if title := filters.get("title.search"):
            return web.json_response(answers.openalex_works(self._titled(title)))
        found = [
            paper
            for name, scheme in _AUTHOR_FILTERS.items()
            for paper in self._by("openalex", scheme, filters.get(name, "").split("|"))
            if f"{paper.date}" >= since
        ]
        return web.json_response(answers.openalex_works(found))

    async def _search_openalex_authors(self, request: web.Request) -> web.Response:
        found = self._named(IdScheme.OPENALEX, request.query.get("search", ""))
        papers = self._research.named_by("openalex")
        return web.json_response(answers.openalex_authors(found, papers))

    async def _list_crossref_works(self, request: web.Request) -> web.Response:
        """Answers a search for titles, for people's works, or for retractions of a DOI."""
        if title := request.query.get("query.bibliographic"):
            found = [one for one in self._titled(title) if one.doi]
            return web.json_response(answers.crossref_works(found))
        conditions = [one.partition(":") for one in request.query["filter"].split(",")]
        orcids = [value for name, _, value in conditions if name == "orcid"]
        since = max((value for name, _, value in conditions if "from-" in name), default="")
        papers = self._by("crossref", IdScheme.ORCID, orcids)
        found = [one for one in papers if f"{one.date}" >= since]
        return web.json_response(answers.crossref_works(found))

    async def _show_crossref_work(self, request: web.Request) -> web.Response:
        doi = request.match_info["doi"]
        for paper in self._where(lambda one: one.doi == doi):
            return web.json_response({"message": answers.crossref_work(paper)})
        raise web.HTTPNotFound(text="Resource not found.")

    async def _search_orcid(self, request: web.Request) -> web.Response:
        found = self._named(IdScheme.ORCID, request.query.get("q", ""))
        return web.json_response(answers.orcid_people(found))

    async def _list_orcid_works(self, request: web.Request) -> web.Response:
        found = self._by("orcid", IdScheme.ORCID, [request.match_info["id"]])
        return web.json_response(answers.orcid_works(found))

    async def _search_dblp(self, request: web.Request) -> web.Response:
        found = self._named(IdScheme.DBLP, request.query.get("q", ""))
        return web.json_response(answers.dblp_people(found))

    async def _show_dblp_person(self, request: web.Request) -> web.Response:
        pid = request.match_info["id"]
        for person in self._research.people:
            if person.id_at(IdScheme.DBLP) == pid:
                found = self._by("dblp", IdScheme.DBLP, [pid])
                text = answers.dblp_bibliography(person, found)
                return web.Response(text=text, content_type="application/xml")
        raise web.HTTPNotFound

    async def _match_title(self, request: web.Request) -> web.Response:
        found = self._titled(request.query.get("query", ""))
        if not found:
            raise web.HTTPNotFound
        return web.json_response(answers.semantic_scholar_papers(found[:1]))

    async def _list_author_papers(self, request: web.Request) -> web.Response:
        ids = [request.match_info["id"]]
        found = self._by("semantic_scholar", IdScheme.SEMANTIC_SCHOLAR, ids)
        return web.json_response(answers.semantic_scholar_papers(found))

    def _where(self, is_wanted: Callable[[Publication], bool]) -> list[Publication]:
        return [one for one in self._research.published() if is_wanted(one)]

    def _by(self, source: str, scheme: IdScheme, ids: Collection[str]) -> list[Publication]:
        """Returns the papers that a source has of the people with these ids."""
        wanted = {*ids} - {""}
        return [
            paper
            for paper in self._research.named_by(source)
            if wanted & {author.id_at(scheme) for author in paper.authors}
        ]

    def _titled(self, title: str) -> list[Publication]:
        words = fold(title)
        return self._where(lambda one: fold(one.title) == words)

    def _named(self, scheme: IdScheme, query: str) -> list[Researcher]:
        """Returns those with an id whose name is in a query, each id once."""
        words = {*fold(query).split()}
        found = {
            one.id_at(scheme): one
            for one in reversed(self._research.people)
            if one.id_at(scheme) and words >= {*fold(one.name).split()}
        }
        return [*reversed(found.values())]


def _atom(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/atom+xml")
