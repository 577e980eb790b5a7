"""Crossref: published versions with their authors' ORCIDs, up to 100 people in one request.

https://github.com/CrossRef/rest-api-doc
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.formats.records.registry_records import read_crossref
from bot.formats.text.dates import from_numbers
from bot.net.services import CROSSREF
from bot.sources.source import Limits, Question, Reading, Request, Response
from bot.sources.works import (
    IdSource,
    Record,
    affiliation,
    email,
    first_public,
    has_more,
    id_of,
    mapping,
    objects,
    parse_json,
    parse_orcid,
    query,
    read_works,
    text,
    unique,
)
from storage.models import PartialDate
from storage.names.author_list import join_author_name
from storage.people.models import Affiliation, Credit, IdScheme, Witness

NAME = "crossref"
_ROWS = 200
_FIELDS = (
    "DOI,title,subtitle,author,abstract,container-title,created,issued,posted,published,"
    "published-online,published-print,relation,type,volume,issue,page,article-number,publisher,"
    "publisher-location,editor,ISBN,ISSN,group-title"
)
_DATES = ("created", "posted", "published-online", "published", "published-print", "issued")
_NOT_PAPERS = frozenset(
    {"component", "grant", "journal", "journal-issue", "journal-volume", "peer-review"}
    | {"book-series", "proceedings", "proceedings-series", "report-series", "database"}
)


class Crossref(IdSource):
    """Works whose publishers registered people's ORCIDs."""

    name = NAME
    title = "Crossref"
    limits = Limits(
        service=CROSSREF,
        daily_requests=6,
        days=1,
        batch=100,
        window=timedelta(days=60),
    )
    schemes = (IdScheme.ORCID,)

    def __init__(self, url: str, contact: str = "") -> None:
        super().__init__(url)
        self._contact = contact

    @property
    def read(self) -> Callable[[Response, Question], Reading]:
        """Reads a page of works."""
        return read

    def request(self, question: Question) -> Request:
        """Returns the request for a page of works; an address gets it into the polite pool."""
        conditions = [f"orcid:{id_of(one)}" for one in question.subjects]
        if question.since:
            conditions.append(f"from-created-date:{question.since}")
        values = query(
            filter=",".join(conditions),
            rows=_ROWS,
            cursor=question.cursor or "*",
            select=_FIELDS,
            mailto=email(self._contact),
        )
        return Request(f"{self.url}/works?{values}", {"Accept": "application/json"})


def read(response: Response, question: Question) -> Reading:
    """Reads a page of works."""
    message = mapping(parse_json(response.body).get("message"))
    works, per_page = message.get("items"), message.get("items-per-page")
    found = read_works(works, _read_work, question)
    if not has_more(works, per_page, message.get("total-results"), question.cursor):
        return found
    return replace(found, cursor=text(message.get("next-cursor")))


def _read_work(work: Record) -> Witness | None:
    draft = read_crossref(work)
    key = text(work.get("DOI")).lower()
    if not key or not draft.title or text(work.get("type")) in _NOT_PAPERS:
        return None
    return Witness(
        source=NAME,
        key=key,
        draft=draft,
        credits=tuple(filter(None, map(_credit, objects(work.get("author"))))),
        first_public=first_public(draft, *(_date(work.get(name)) for name in _DATES)),
    )


def _date(value: object) -> PartialDate | None:
    parts = mapping(value).get("date-parts")
    numbers = parts[0] if isinstance(parts, list) and parts else None
    return from_numbers(numbers) if isinstance(numbers, list) else None


def _credit(author: Record) -> Credit | None:
    given, family, suffix = (text(author.get(part)) for part in ("given", "family", "suffix"))
    name = join_author_name(given, family, suffix) or text(author.get("name"))
    if not name:
        return None
    affiliations = [
        one for place in objects(author.get("affiliation")) for one in _affiliation(place)
    ]
    return Credit(name, parse_orcid(author.get("ORCID")), unique(affiliations))


def _affiliation(place: Record) -> tuple[Affiliation, ...]:
    rors = (text(one.get("id")) for one in objects(place.get("id")) if one.get("id-type") == "ROR")
    return affiliation(place.get("name"), next(rors, ""))
