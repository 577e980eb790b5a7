"""ORCID: the works that people list in their own records.

https://info.orcid.org/documentation/api-tutorials/api-tutorial-read-data-on-a-record/
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.formats.fields import join_title, parse_identifiers
from bot.formats.records.draft_builder import build_draft
from bot.formats.text.dates import read_parts
from bot.net.services import ORCID
from bot.sources.source import Limits, Question, Reading, Request, Response
from bot.sources.works import (
    IdSource,
    Record,
    first_public,
    id_of,
    mapping,
    objects,
    owner_of,
    parse_json,
    read_works,
    text,
)
from storage.models import PaperDraft, PartialDate
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
        orcid = id_of(question.subjects[0])
        return Request(f"{self.url}/v3.0/{orcid}/works", {"Accept": "application/json"})


def read(response: Response, question: Question) -> Reading:
    """Reads the works of a record, in each of which the same work from several sources is one."""
    groups = parse_json(response.body).get("group")
    return read_works(groups, _read, question, owner=owner_of(question))


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
