"""Semantic Scholar: the papers of each author profile.

https://api.semanticscholar.org/api-docs/graph
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from bot.formats.records.service_records import read_service_record
from bot.formats.text.dates import read_date
from bot.net.services import SEMANTIC_SCHOLAR
from bot.sources.source import Limits, Question, Reading, Request, Response
from bot.sources.works import (
    IdSource,
    Record,
    affiliation,
    first_public,
    id_of,
    objects,
    owner_of,
    parse_json,
    query,
    read_works,
    text,
    unique,
)
from storage.people.models import Credit, IdScheme, PersonId, Witness

NAME = "semantic_scholar"
_LIMIT = 500
_FIELDS = (
    "externalIds,title,authors.authorId,authors.name,authors.affiliations,venue,year,"
    "publicationDate,abstract,publicationVenue,journal,openAccessPdf"
)


class SemanticScholar(IdSource):
    """Papers that Semantic Scholar attributes to people."""

    name = NAME
    title = "Semantic Scholar"
    limits = Limits(SEMANTIC_SCHOLAR, daily_requests=10, days=14)
    schemes = (IdScheme.SEMANTIC_SCHOLAR,)

    def __init__(self, url: str, api_key: str = "") -> None:
        super().__init__(url)
        self._api_key = api_key

    @property
    def read(self) -> Callable[[Response, Question], Reading]:
        """Reads a page of an author's papers."""
        return read

    def request(self, question: Question) -> Request:
        """Returns the request for a page of an author's papers."""
        author = quote(id_of(question.subjects[0]), safe="")
        values = query(fields=_FIELDS, limit=_LIMIT, offset=question.cursor)
        headers = {"x-api-key": self._api_key} if self._api_key else {}
        return Request(f"{self.url}/graph/v1/author/{author}/papers?{values}", headers)


def read(response: Response, question: Question) -> Reading:
    """Reads a page of an author's papers."""
    answer = parse_json(response.body)
    owner, cursor = owner_of(question), text(answer.get("next"))
    return read_works(answer.get("data"), _read_paper, question, owner=owner, cursor=cursor)


def _read_paper(paper: Record) -> Witness | None:
    draft = read_service_record(paper)
    key = text(paper.get("paperId"))
    if not key or draft is None:
        return None
    date = read_date(text(paper.get("publicationDate")) or text(paper.get("year")))
    return Witness(
        source=NAME,
        key=key,
        draft=draft,
        credits=tuple(filter(None, map(_credit, objects(paper.get("authors"))))),
        first_public=first_public(draft, date),
    )


def _credit(author: Record) -> Credit | None:
    name, profile = text(author.get("name")), text(author.get("authorId"))
    ids = (PersonId(IdScheme.SEMANTIC_SCHOLAR, profile),) if profile else ()
    places = author.get("affiliations")
    names = places if isinstance(places, list) else []
    affiliations = unique(one for place in names for one in affiliation(place))
    return Credit(name, ids, affiliations) if name else None
