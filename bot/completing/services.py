"""Asks services about titles, retractions and repositories, and reads what they answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote, urlencode

from bot.completing.decider import Answer
from bot.formats.records.registry_records import RETRACTIONS, read_crossref
from bot.formats.records.service_records import read_service_record
from bot.lookup.rate_limit import Service
from bot.net.http import HttpClient
from bot.net.pace import Paces
from bot.net.sandbox import ResourceLimitExceeded, Workers
from bot.net.services import CROSSREF, HUGGING_FACE, OPENALEX, SEMANTIC_SCHOLAR, WebService
from bot.settings import Settings
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.papers.combine import is_preprint
from storage.papers.identifiers import doi as parse_doi
from storage.publication import NO_DETAILS

_Result = TypeVar("_Result")
Record: TypeAlias = Mapping[str, Any]

_JSON = {"Accept": "application/json"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MAX_TITLE = 300  # characters that are searched for
_ROWS = 10
_SEMANTIC_SCHOLAR_FIELDS = (
    "externalIds,title,authors.name,venue,year,publicationDate,abstract,publicationVenue,journal"
)
_NOT_PAPERS = frozenset(
    {"component", "grant", "journal", "journal-issue", "journal-volume", "peer-review"}
    | {"book-series", "proceedings", "proceedings-series", "report-series", "database"}
    | {"paratext", "supplementary-materials", "erratum", "retraction"}
)
_VENUES = frozenset({"journal", "conference", "book series"})  # of OpenAlex's kinds of sources
_MAX_REPOSITORIES = 2  # of each kind; of some models there are thousands of copies
_REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
_REPOSITORIES = {
    "models": (LinkKind.MODEL, ""),
    "datasets": (LinkKind.DATA, "datasets/"),
    "spaces": (LinkKind.CODE, "spaces/"),
}


@dataclass(frozen=True, slots=True)
class _Search:
    """How a service is searched for a title; ``read`` is a module-level function."""

    service: Service
    path: Callable[[str], str]
    read: Callable[[bytes], tuple[PaperDraft, ...]]
    headers: Mapping[str, str]


class CompletionServices:
    """The services that are asked about papers apart from the lookup by ids."""

    def __init__(
        self, http: HttpClient, workers: Workers, settings: Settings, paces: Paces
    ) -> None:
        def service(kind: WebService, url: str) -> Service:
            return Service(http, url, paces.of(kind))

        self._workers = workers
        self._mail = {"mailto": settings.contact} if _EMAIL.fullmatch(settings.contact) else {}
        self._crossref = service(CROSSREF, settings.crossref_url)
        self._hugging_face = service(HUGGING_FACE, settings.huggingface_url)
        open_alex_values = dict(self._mail)
        if settings.openalex_api_key:
            open_alex_values["api_key"] = settings.openalex_api_key
        key = settings.semantic_scholar_api_key
        self._searches = (
            _Search(
                service(OPENALEX, settings.openalex_url),
                lambda title: (
                    "/works?"
                    + urlencode(
                        # Commas and bars have a meaning in filters.
                        {"filter": f"title.search:{_words(title)}", "per_page": _ROWS}
                        | open_alex_values
                    )
                ),
                read_openalex,
                _JSON,
            ),
            _Search(
                self._crossref,
                lambda title: (
                    "/works?"
                    + urlencode({"query.bibliographic": title, "rows": _ROWS} | self._mail)
                ),
                read_crossref_works,
                _JSON,
            ),
            _Search(
                service(SEMANTIC_SCHOLAR, settings.semantic_scholar_url),
                lambda title: (
                    "/graph/v1/paper/search/match?"
                    + urlencode({"query": title, "fields": _SEMANTIC_SCHOLAR_FIELDS})
                ),
                read_semantic_scholar,
                {**_JSON, **({"x-api-key": key} if key else {})},
            ),
        )

    @property
    def searches(self) -> tuple[str, ...]:
        """The names of the services that can be searched for titles."""
        return tuple(one.service.name for one in self._searches)

    async def search(self, name: str, title: str) -> tuple[Answer, ...]:
        """Returns what a service finds by a title, other titles included; raises `HttpError`."""
        (search,) = (one for one in self._searches if one.service.name == name)
        path = search.path(title[:_MAX_TITLE])
        drafts = await self._ask(search.service, path, search.read, search.headers)
        return tuple(Answer(name, draft) for draft in drafts or ())

    async def find_retraction(self, doi: str) -> str | None:
        """Returns the DOI of the notice that retracts a paper, or None; raises `HttpError`."""
        query = urlencode({"filter": f"updates:{doi}", "rows": _ROWS} | self._mail, safe=":/")
        notices = await self._ask(self._crossref, f"/works?{query}", read_retractions)
        return next((notice for notice, retracted in notices or () if retracted == doi), None)

    async def find_repositories(self, arxiv: str) -> tuple[Link, ...]:
        """Returns links to a paper's models, data and code; raises `HttpError`."""
        path = f"/api/arxiv/{quote(arxiv, safe='')}/repos"
        return await self._ask(self._hugging_face, path, read_repositories) or ()

    async def _ask(
        self,
        service: Service,
        path: str,
        read: Callable[[bytes], _Result],
        headers: Mapping[str, str] = _JSON,
    ) -> _Result | None:
        page = await service.get(path, headers)
        if page is None:
            return None
        try:
            return await self._workers.run(read, page.body)
        except (ValueError, RecursionError, ResourceLimitExceeded) as error:
            raise service.failure("I couldn't read its response.", cause=str(error)) from error


def read_openalex(body: bytes) -> tuple[PaperDraft, ...]:
    """Reads a page of OpenAlex's works; raises `ValueError`."""
    return _read_all(_object(body).get("results"), _read_openalex)


def read_crossref_works(body: bytes) -> tuple[PaperDraft, ...]:
    """Reads a page of Crossref's works; raises `ValueError`."""
    return _read_all(_message(body).get("items"), read_crossref)


def read_semantic_scholar(body: bytes) -> tuple[PaperDraft, ...]:
    """Reads Semantic Scholar's best match for a title; raises `ValueError`."""
    return _read_all(_object(body).get("data"), read_service_record)


def read_retractions(body: bytes) -> tuple[tuple[str, str], ...]:
    """Returns notices of retraction with what they retract, as DOIs; raises `ValueError`.

    https://www.crossref.org/documentation/principles-practices/best-practices/crossmark/
    """
    items = _message(body).get("items")
    if not isinstance(items, list):
        raise ValueError("it has no list of works")  # noqa: TRY004 - what callers handle
    return tuple(
        (notice, retracted)
        for item in _objects(items)
        for update in _objects(item.get("update-to"))
        if str(update.get("type", "")).lower() in RETRACTIONS
        and (notice := parse_doi(str(item.get("DOI", ""))))
        and (retracted := parse_doi(str(update.get("DOI", ""))))
    )


def read_repositories(body: bytes) -> tuple[Link, ...]:
    """Reads which repositories Hugging Face has for a paper, the most liked first.

    Raises `ValueError`.
    """
    answer = _object(body)
    links = []
    for name, (kind, folder) in _REPOSITORIES.items():
        found = sorted(_objects(answer.get(name)), key=_likes, reverse=True)
        ids = [str(one.get("id")) for one in found]
        valid = [one for one in ids if _REPOSITORY.fullmatch(one)][:_MAX_REPOSITORIES]
        links += [Link(kind, f"https://huggingface.co/{folder}{one}") for one in valid]
    return tuple(links)


def _likes(repository: Record) -> int:
    likes = repository.get("likes")
    return likes if isinstance(likes, int) else 0


def _read_openalex(work: Record) -> PaperDraft | None:
    """Reads a work.

    Its date stands for a year on New Year's Day, and a repository that has a copy isn't its venue.
    """
    draft = read_service_record({"authorships": [], **work})
    if draft is None:
        return None
    if draft.date and (draft.date.month, draft.date.day) == (1, 1):
        draft = replace(draft, date=PartialDate(draft.date.year))
    place = work.get("primary_location")
    source = place.get("source") if isinstance(place, dict) else None
    kind = source.get("type") if isinstance(source, dict) else None
    if is_preprint(draft.venue):
        return replace(draft, publication=NO_DETAILS)
    return draft if kind in _VENUES else replace(draft, venue="", publication=NO_DETAILS)


def _read_all(
    records: object, read: Callable[[Record], PaperDraft | None]
) -> tuple[PaperDraft, ...]:
    """Reads the papers of a list; one that can't be read doesn't take the others with it."""
    if not isinstance(records, list):
        raise ValueError("it has no list of papers")  # noqa: TRY004 - what callers handle
    drafts = []
    for record in _objects(records)[:_ROWS]:
        try:
            draft = read(record) if record.get("type") not in _NOT_PAPERS else None
        except (InvalidInput, ValueError, TypeError, KeyError, AttributeError):
            continue
        if draft is not None and draft.title:
            drafts.append(_facts(draft))
    return tuple(drafts)


def _facts(draft: PaperDraft) -> PaperDraft:
    """Returns a draft without what belongs to the service: its own ids, pages and subjects."""
    ids = tuple(name for name in draft.identifiers if name.startswith(("arxiv:", "doi:")))
    return replace(draft, identifiers=ids, links=(), tags=(), note="")


def _message(body: bytes) -> Record:
    message = _object(body).get("message")
    return message if isinstance(message, dict) else {}


def _object(body: bytes) -> Record:
    found = json.loads(body)
    if not isinstance(found, dict):
        raise ValueError("it isn't an object")  # noqa: TRY004 - what callers handle
    return found


def _objects(value: object) -> Sequence[Record]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _words(title: str) -> str:
    return " ".join(re.findall(r"[\w'’-]+", title))
