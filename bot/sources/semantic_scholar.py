"""Semantic Scholar: the papers of each author profile.

https://api.semanticscholar.org/api-docs/graph
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from urllib.parse import quote

from bot.formats.records.service_records import read_service_record
from bot.formats.text.dates import read_date
from bot.sources.source import Limits, Question, Reading, Request, Response, Subject
from bot.sources.works import (
    Record,
    affiliation,
    first_public,
    id_of,
    objects,
    owner_of,
    parse_json,
    query,
    read_works,
    subjects_of,
    text,
    unique,
)
from storage.people.models import Credit, IdScheme, Person, PersonId, Witness

NAME = "semantic_scholar"
_LIMIT = 500
_FIELDS = (
    "externalIds,title,authors.authorId,authors.name,authors.affiliations,venue,year,"
    "publicationDate,abstract,publicationVenue,journal,openAccessPdf"
)


class SemanticScholar:
    """Papers that Semantic Scholar attributes to people."""

    name = NAME
    title = "Semantic Scholar"
    limits = Limits(pause=timedelta(seconds=1.5), daily_requests=10, days=14)
    unchanged = Reading()

    def __init__(self, url: str, api_key: str = "") -> None:
        self.url = url
        self._api_key = api_key

    @property
    def read(self) -> Callable[[Response, Question], Reading]:
        """Reads a page of an author's papers."""
        return read

    def subjects(self, people: Sequence[Person]) -> tuple[Subject, ...]:
        """Returns people's Semantic Scholar ids."""
        return subjects_of(people, IdScheme.SEMANTIC_SCHOLAR)

    def request(self, question: Question) -> Request:
        """Returns the request for a page of an author's papers."""
        author = quote(id_of(question.subjects[0]), safe="")
        values = query(fields=_FIELDS, limit=_LIMIT, offset=question.cursor)
        headers = {"x-api-key": self._api_key} if self._api_key else {}
        return Request(f"{self.url}/graph/v1/author/{author}/papers?{values}", headers)


def read(response: Response, question: Question) -> Reading:
    """Reads a page of an author's papers."""
    answer = parse_json(response.body)
    owner = owner_of(question)
    return read_works(
        answer.get("data"), lambda paper: _read_paper(paper, owner), text(answer.get("next"))
    )


def _read_paper(paper: Record, owner: int | None) -> Witness | None:
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
        listed_for=owner,
    )


def _credit(author: Record) -> Credit | None:
    name, profile = text(author.get("name")), text(author.get("authorId"))
    ids = (PersonId(IdScheme.SEMANTIC_SCHOLAR, profile),) if profile else ()
    places = author.get("affiliations")
    names = places if isinstance(places, list) else []
    affiliations = unique(one for place in names for one in affiliation(place))
    return Credit(name, ids, affiliations) if name else None
