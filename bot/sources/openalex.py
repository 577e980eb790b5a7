"""OpenAlex: works by authors' ids, up to 100 people in one request, and authors by name.

https://developers.openalex.org/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot.formats.records.registry_records import readable
from bot.formats.records.service_records import read_service_record
from bot.formats.text.dates import read_date
from bot.net.services import OPENALEX
from bot.sources.profile import (
    MAX_WORKS,
    SEARCH_SIZE,
    Profile,
    ProfilePage,
    read_profiles,
    span,
    titled,
)
from bot.sources.source import Limits, Question, Reading, Request, Response
from bot.sources.works import (
    IdSource,
    Record,
    affiliation,
    email,
    first_public,
    has_more,
    id_of,
    items,
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
from storage.names.affixes import without_author_id
from storage.people.ids import find_id
from storage.people.models import Credit, IdScheme, PersonId, Witness

NAME = "openalex"
_PER_PAGE = 100
_FILTERS = {
    IdScheme.OPENALEX: "authorships.author.id",
    IdScheme.ORCID: "authorships.author.orcid",
}
_PROFILE_FIELDS = (
    "id,orcid,display_name,display_name_alternatives,works_count,affiliations,"
    "last_known_institutions,counts_by_year"
)
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
            **self._credentials(),
        )
        return Request(f"{self.url}/works?{values}", {"Accept": "application/json"})

    @property
    def read_people(self) -> Callable[[Response], ProfilePage]:
        """Reads the author profiles of a name."""
        return read_people

    @property
    def read_profile(self) -> Callable[[Response, Profile], Profile | None]:
        """Reads a few works of a profile."""
        return read_profile

    def search_request(self, name: str) -> Request:
        """Returns the request for the author profiles of a name."""
        values = query(
            search=without_author_id(name),
            per_page=SEARCH_SIZE,
            select=_PROFILE_FIELDS,
            **self._credentials(),
        )
        return Request(f"{self.url}/authors?{values}", {"Accept": "application/json"})

    def works_request(self, profile: Profile) -> Request:
        """Returns the request for the most cited works of a profile."""
        values = query(
            filter=f"{_FILTERS[IdScheme.OPENALEX]}:{profile.ids[0].value}",
            sort="cited_by_count:desc",
            per_page=2 * MAX_WORKS,  # some may be no papers
            select="id,title,publication_year,type",
            **self._credentials(),
        )
        return Request(f"{self.url}/works?{values}", {"Accept": "application/json"})

    def _credentials(self) -> dict[str, str]:
        return {"mailto": email(self._contact), "api_key": self._api_key}


def read(response: Response, question: Question) -> Reading:
    """Reads a page of works."""
    answer = parse_json(response.body)
    works, meta = answer.get("results"), mapping(answer.get("meta"))
    found = read_works(works, _read_work, question)
    if not has_more(works, meta.get("per_page"), meta.get("count"), question.cursor):
        return found
    return replace(found, cursor=text(meta.get("next_cursor")))


def read_people(response: Response) -> ProfilePage:
    """Reads the author profiles that a search found."""
    answer = parse_json(response.body)
    total = mapping(answer.get("meta")).get("count")
    return read_profiles(answer.get("results"), _read_person, total)


def read_profile(response: Response, profile: Profile) -> Profile:
    """Reads the most cited works of a profile."""
    works = objects(parse_json(response.body).get("results"))
    titles = [
        (readable(text(one.get("title"))), one.get("publication_year"))
        for one in works
        if text(one.get("type")) not in _NOT_PAPERS
    ]
    shown = [titled(title, year) for title, year in titles if title][:MAX_WORKS]
    years = span([*(profile.years or ()), *(year for _, year in titles)])
    return replace(profile, works=tuple(shown), years=years)


def _read_person(author: Record) -> Profile | None:
    own = find_id(text(author.get("id")))
    name = readable(text(author.get("display_name")))
    if own is None or own.scheme is not IdScheme.OPENALEX or not name:
        return None
    affiliations = objects(author.get("affiliations"))
    institutions = [
        *objects(author.get("last_known_institutions")),
        *(mapping(one.get("institution")) for one in affiliations),
    ]
    counts = objects(author.get("counts_by_year"))
    alternatives = author.get("display_name_alternatives")
    years = [
        *(year for one in affiliations for year in items(one.get("years"))),
        *(one.get("year") for one in counts if one.get("works_count")),
    ]
    works_count = author.get("works_count")
    return Profile(
        source=NAME,
        name=name,
        ids=(own, *parse_orcid(author.get("orcid"))),
        other_names=tuple(filter(None, map(text, items(alternatives)))),
        affiliations=unique(
            one for i in institutions for one in affiliation(i.get("display_name"), i.get("ror"))
        ),
        years=span(years),
        work_count=works_count if isinstance(works_count, int) else 0,
    )


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
