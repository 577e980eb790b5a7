"""ORCID: the works that people list in their own records, and records by name.

https://info.orcid.org/documentation/api-tutorials/api-tutorial-read-data-on-a-record/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from bot.formats.fields import join_title, parse_identifiers
from bot.formats.records.draft_builder import build_draft
from bot.formats.text.dates import read_parts
from bot.net.services import ORCID
from bot.sources.profile import SEARCH_SIZE, Profile, ProfilePage, read_profiles, with_works
from bot.sources.source import Limits, Question, Reading, Request, Response, Subject
from bot.sources.works import (
    IdSource,
    Record,
    affiliation,
    first_public,
    id_of,
    items,
    mapping,
    objects,
    owner_of,
    parse_json,
    parse_orcid,
    query,
    read_works,
    text,
    unique,
)
from storage.models import PaperDraft, PartialDate
from storage.names.affixes import without_author_id
from storage.people.models import IdScheme, Witness
from storage.publication import EntryType, Publication

NAME = "orcid"
_TYPES = {
    "journal-article": EntryType.ARTICLE,
    "conference-paper": EntryType.INPROCEEDINGS,
    "book-chapter": EntryType.INCOLLECTION,
    "book": EntryType.BOOK,
    "dissertation-thesis": EntryType.PHDTHESIS,
    "dissertation": EntryType.PHDTHESIS,
    "report": EntryType.TECHREPORT,
    "preprint": None,
    "working-paper": None,
    "review": EntryType.ARTICLE,
    "magazine-article": EntryType.ARTICLE,
    "other": None,
}


class Orcid(IdSource):
    """Works that people, or services that they trust, put into their ORCID records."""

    name = NAME
    title = "ORCID"
    limits = Limits(ORCID, daily_requests=15, days=7)
    schemes = (IdScheme.ORCID,)

    @property
    def read(self) -> Callable[[Response, Question], Reading]:
        """Reads the works of a record."""
        return read

    def request(self, question: Question) -> Request:
        """Returns the request for the works of a record."""
        return self._works_of(id_of(question.subjects[0]))

    @property
    def read_people(self) -> Callable[[Response], ProfilePage]:
        """Reads the records of a name."""
        return read_people

    @property
    def read_profile(self) -> Callable[[Response, Profile], Profile | None]:
        """Reads the works of a record as a profile shows them."""
        return read_profile

    def search_request(self, name: str) -> Request:
        """Returns the request for the records of a name."""
        values = query(q=_search_query(without_author_id(name)), rows=SEARCH_SIZE)
        return Request(f"{self.url}/v3.0/expanded-search/?{values}", {"Accept": "application/json"})

    def works_request(self, profile: Profile) -> Request:
        """Returns the request for the works of a record."""
        return self._works_of(profile.ids[0].value)

    def _works_of(self, orcid: str) -> Request:
        return Request(f"{self.url}/v3.0/{orcid}/works", {"Accept": "application/json"})


def read(response: Response, question: Question) -> Reading:
    """Reads the works of a record, in each of which the same work from several sources is one."""
    groups = parse_json(response.body).get("group")
    return read_works(groups, _read, question, owner=owner_of(question))


def read_people(response: Response) -> ProfilePage:
    """Reads the records that a search found; there's no list if there are none."""
    answer = parse_json(response.body)
    total = answer.get("num-found")
    found = answer.get("expanded-result")
    return read_profiles([] if found is None and total == 0 else found, _read_person, total)


def read_profile(response: Response, profile: Profile) -> Profile:
    """Reads the works of a record, the newest first."""
    question = Question((Subject(str(profile.ids[0])),), ())
    return with_works(profile, read(response, question))


def _search_query(name: str) -> str:
    """Returns a query for a name in Solr's syntax, however its owner divides it."""
    words = re.sub(r'["\\]', " ", name).split()
    fields = ("given-and-family-names", "credit-name", "other-names")
    parts = [f'{field}:"{" ".join(words)}"' for field in fields]
    if len(words) > 1:
        parts.insert(0, f'(given-names:"{words[0]}" AND family-name:"{words[-1]}")')
    return " OR ".join(parts)


def _read_person(record: Record) -> Profile | None:
    orcids = parse_orcid(record.get("orcid-id"))
    own_name = f"{text(record.get('given-names'))} {text(record.get('family-names'))}".strip()
    names = [text(record.get("credit-name")), own_name, *map(text, items(record.get("other-name")))]
    names = list(dict.fromkeys(filter(None, names)))
    if not orcids or not names:
        return None
    places = items(record.get("institution-name"))
    return Profile(
        source=NAME,
        name=names[0],
        ids=orcids,
        other_names=tuple(names[1:]),
        affiliations=unique(one for place in places for one in affiliation(place)),
    )


def _read(group: Record) -> Witness | None:
    summaries = objects(group.get("work-summary"))
    work = max(summaries, key=lambda one: _number(one.get("display-index")), default={})
    key = text(work.get("put-code"))
    kind = text(work.get("type")).lower().replace("_", "-")
    if not key or kind not in _TYPES:
        return None
    date = _date(work)
    draft = _draft(work, [group, *summaries], _TYPES[kind], date)
    return Witness(
        source=NAME,
        key=key,
        draft=draft,
        first_public=first_public(draft, *map(_date, summaries)),
    )


def _draft(
    work: Record, with_ids: Sequence[Record], kind: EntryType | None, date: PartialDate | None
) -> PaperDraft:
    title = mapping(work.get("title"))
    ids = [
        one
        for record in with_ids
        for one in objects(mapping(record.get("external-ids")).get("external-id"))
        if text(one.get("external-id-relationship")).lower() == "self"
    ]
    url = _value(work, "url")
    return build_draft(
        title=join_title(_value(title, "title"), _value(title, "subtitle")),
        venue=_value(work, "journal-title"),
        date=date,
        arxiv=[f"arXiv:{found.removeprefix('arXiv:')}" for found in _ids(ids, "arxiv")],
        doi=_ids(ids, "doi"),
        identifiers=parse_identifiers(urls=[f"pmid:{found}" for found in _ids(ids, "pmid")]),
        urls=[url] if url else [],
        publication=Publication(entry_type=kind),
    )


def _ids(ids: Sequence[Record], kind: str) -> list[str]:
    return [
        text(one.get("external-id-value"))
        for one in ids
        if text(one.get("external-id-type")).lower() == kind
    ]


def _date(work: Record) -> PartialDate | None:
    date = mapping(work.get("publication-date"))
    return read_parts(*(_value(date, part) for part in ("year", "month", "day")))


def _value(record: Record, name: str) -> str:
    return text(mapping(record.get(name)).get("value"))


def _number(value: object) -> int:
    number = text(value)
    return int(number) if number.isascii() and number.isdecimal() else 0
