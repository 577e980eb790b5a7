"""OpenAlex: works by authors' ids, up to 100 people in one request.

https://developers.openalex.org/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.formats.records.service_records import read_service_record
from bot.formats.text.dates import read_date
from bot.net.services import OPENALEX
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
from storage.people.models import Credit, IdScheme, PersonId, Witness

NAME = "openalex"
_PER_PAGE = 100
_FILTERS = {
    IdScheme.OPENALEX: "authorships.author.id",
    IdScheme.ORCID: "authorships.author.orcid",
}
_NOT_PAPERS = frozenset({"paratext", "peer-review", "grant", "supplementary-materials", "erratum"})


class OpenAlex(IdSource):
    """Works that OpenAlex attributes to people; now and then to the wrong ones."""

    name = NAME
    title = "OpenAlex"
    limits = Limits(
        service=OPENALEX,
        daily_requests=12,
        days=1,
        batch=100,
        window=timedelta(days=60),
    )
    schemes = (IdScheme.OPENALEX, IdScheme.ORCID)

    def __init__(self, url: str, contact: str = "", api_key: str = "") -> None:
        super().__init__(url)
        self._contact = contact
        self._api_key = api_key

    @property
    def read(self) -> Callable[[Response, Question], Reading]:
        """Reads a page of works."""
        return read

    def request(self, question: Question) -> Request:
        """Returns the request for a page of works."""
        ids = "|".join(map(id_of, question.subjects))
        condition = f"{_FILTERS[IdScheme(question.subjects[0].kind)]}:{ids}"
        if question.since:
            condition += f",from_publication_date:{question.since}"
        values = query(
            filter=condition,
            sort="publication_date:desc",  # without a key, there may be only one page
            per_page=_PER_PAGE,
            cursor=question.cursor or "*",
            mailto=email(self._contact),
            api_key=self._api_key,
        )
        return Request(f"{self.url}/works?{values}", {"Accept": "application/json"})


def read(response: Response, question: Question) -> Reading:
    """Reads a page of works."""
    answer = parse_json(response.body)
    works, meta = answer.get("results"), mapping(answer.get("meta"))
    found = read_works(works, _read_work, question)
    if not has_more(works, meta.get("per_page"), meta.get("count"), question.cursor):
        return found
    return replace(found, cursor=text(meta.get("next_cursor")))


def _read_work(work: Record) -> Witness | None:
    key = text(work.get("id")).rpartition("/")[2]
    draft = read_service_record({"authorships": [], **work})
    if not key or draft is None or text(work.get("type")) in _NOT_PAPERS:
        return None
    return Witness(
        source=NAME,
        key=key,
        draft=draft,
        credits=tuple(filter(None, map(_credit, objects(work.get("authorships"))))),
        first_public=first_public(draft, _published(work)),
    )


def _published(work: Record) -> PartialDate | None:
    """Returns the date of publication; OpenAlex writes a year by itself as its January 1."""
    date = read_date(text(work.get("publication_date")) or text(work.get("publication_year")))
    if date is not None and (date.month, date.day) == (1, 1):
        return PartialDate(date.year)
    return date


def _credit(authorship: Record) -> Credit | None:
    """Returns an author as the paper names them, with the ids that OpenAlex gives them."""
    author = mapping(authorship.get("author"))
    name = text(authorship.get("raw_author_name")) or text(author.get("display_name"))
    profile = text(author.get("id")).rpartition("/")[2]
    institutions = objects(authorship.get("institutions"))
    raw = authorship.get("raw_affiliation_strings")
    lines = raw if isinstance(raw, list) else []
    affiliations = [
        *(one for i in institutions for one in affiliation(i.get("display_name"), i.get("ror"))),
        *(one for line in lines for one in affiliation(line)),
    ]
    if not name:
        return None
    return Credit(
        name,
        (
            *((PersonId(IdScheme.OPENALEX, profile),) if profile else ()),
            *parse_orcid(author.get("orcid")),
        ),
        unique(affiliations),
    )
