"""DBLP: the bibliography of each person, late but with good venues, and people by name.

https://dblp.org/faq/1474690.html and https://dblp.org/faq/13501473.html
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from bot.formats.records.registry_records import readable
from bot.formats.records.service_records import read_service_record
from bot.formats.text.dates import read_date
from bot.formats.text.xml_reader import DeclaresEntities, MalformedXml, XmlParser, decode_xml
from bot.net.services import DBLP
from bot.sources.profile import SEARCH_SIZE, Profile, ProfilePage, read_profiles, with_works
from bot.sources.source import Limits, NotAnAnswer, Question, Reading, Request, Response
from bot.sources.works import (
    IdSource,
    Record,
    affiliation,
    first_public,
    id_of,
    mapping,
    owner_of,
    parse_json,
    parse_orcid,
    query,
    read_works,
    text,
    unique,
)
from storage.names.affixes import without_author_id
from storage.people.ids import find_id
from storage.people.models import Affiliation, Credit, IdScheme, PersonId, Witness

NAME = "dblp"
_TYPES = {
    "article": "Journal Articles",
    "inproceedings": "Conference and Workshop Papers",
    "incollection": "Parts in Books or Collections",
    "book": "Books and Theses",
    "phdthesis": "Books and Theses",
    "mastersthesis": "Books and Theses",
}
_NOT_PAPERS = frozenset({"withdrawn", "edited", "encyclopedia", "data", "software"})  # publtype
_MAX_DEPTH = 20
_OPERATORS = re.compile(r"[|$:*]|(?<!\S)-")  # of DBLP's search


class Dblp(IdSource):
    """Publications that DBLP's editors attribute to people."""

    name = NAME
    title = "DBLP"
    limits = Limits(DBLP, daily_requests=15, days=7)
    schemes = (IdScheme.DBLP,)

    @property
    def read(self) -> Callable[[Response, Question], Reading]:
        """Reads a person's bibliography."""
        return read

    def request(self, question: Question) -> Request:
        """Returns the request for a person's bibliography."""
        return self._bibliography(id_of(question.subjects[0]))

    @property
    def read_people(self) -> Callable[[Response], ProfilePage]:
        """Reads the people of a name."""
        return read_people

    @property
    def read_profile(self) -> Callable[[Response, Profile], Profile | None]:
        """Reads a person's bibliography as a profile shows it."""
        return read_profile

    def search_request(self, name: str) -> Request:
        """Returns the request for the people of a name."""
        words = _OPERATORS.sub(" ", name).split()
        values = query(q=" ".join(words), format="json", h=SEARCH_SIZE)
        return Request(f"{self.url}/search/author/api?{values}", {"Accept": "application/json"})

    def works_request(self, profile: Profile) -> Request:
        """Returns the request for a person's bibliography."""
        return self._bibliography(profile.ids[0].value)

    def _bibliography(self, pid: str) -> Request:
        url = f"{self.url}/pid/{quote(pid, safe='/')}.xml"
        return Request(url, {"Accept": "application/xml"})


def read(response: Response, question: Question) -> Reading:
    """Reads a person's bibliography."""
    records = _collect(response).records
    return read_works(records, _read_record, question, owner=owner_of(question))


def read_people(response: Response) -> ProfilePage:
    """Reads the people that a search found; there's no list if there are none."""
    hits = mapping(mapping(parse_json(response.body).get("result")).get("hits"))
    total = text(hits.get("@total"))
    count = int(total) if total.isascii() and total.isdecimal() else 0
    found = [] if "hit" not in hits and total == "0" else hits.get("hit")
    return read_profiles(found, lambda hit: _read_person(mapping(hit.get("info"))), count)


def read_profile(response: Response, profile: Profile) -> Profile | None:
    """Reads a person's bibliography, the newest works first, and the ids that DBLP links to.

    Returns None for a page that only lists several people of one name.
    """
    collector = _collect(response)
    if collector.person.get("attributes", {}).get("publtype") == "disambiguation":
        return None
    reading = read_works(collector.records, _read_record, Question((), ()))
    urls = [url for url, _ in collector.person.get("url", ())]
    linked = [one for one in map(find_id, urls) if one and one.scheme is not IdScheme.DBLP]
    if not any(one.scheme is IdScheme.ORCID for one in linked):
        linked += _credited_orcid(reading, profile)
    affiliations = _affiliations(collector.person.get("note", ()))
    found = with_works(profile, reading)
    return replace(
        found,
        ids=tuple(dict.fromkeys([*profile.ids, *linked])),
        affiliations=affiliations or profile.affiliations,
    )


def _credited_orcid(reading: Reading, profile: Profile) -> list[PersonId]:
    """Returns the ORCID on a person's credits, unless publishers contradict each other."""
    found = {
        one
        for witness in reading.witnesses
        for credit in witness.credits
        if profile.ids[0] in credit.ids
        for one in credit.ids
        if one.scheme is IdScheme.ORCID
    }
    return list(found) if len(found) == 1 else []


def _affiliations(notes: Iterable[tuple[str, Mapping[str, str]]]) -> tuple[Affiliation, ...]:
    """Returns the affiliations among notes, present ones first."""
    places = [(name, one) for name, one in notes if one.get("type") == "affiliation"]
    places.sort(key=lambda one: one[1].get("label") == "former")
    return unique(one for name, _ in places for one in affiliation(name))


def _read_person(info: Record) -> Profile | None:
    own = find_id(text(info.get("url")))
    name = readable(text(info.get("author")))
    if own is None or own.scheme is not IdScheme.DBLP or not name:
        return None
    aliases = _one_or_more(mapping(info.get("aliases")).get("alias"))
    notes = _one_or_more(mapping(info.get("notes")).get("note"))
    return Profile(
        source=NAME,
        name=name,
        ids=(own,),
        other_names=tuple(filter(None, (readable(text(one)) for one in aliases))),
        affiliations=unique(
            one
            for note in map(mapping, notes)
            if note.get("@type") == "affiliation"
            for one in affiliation(note.get("text"))
        ),
    )


def _one_or_more(value: object) -> list[object]:
    """Returns a list, into which DBLP puts values only if there are several."""
    return value if isinstance(value, list) else [value]


def _collect(response: Response) -> _Collector:
    collector = _Collector()
    try:
        XmlParser(collector).parse(decode_xml(response.body))
    except (MalformedXml, DeclaresEntities) as error:
        raise NotAnAnswer(f"it isn't valid XML: {error}") from error
    if not collector.is_bibliography:
        raise NotAnAnswer("it isn't a person's bibliography")
    return collector


@dataclass(slots=True)
class _Collector:
    """Collects a bibliography's person and publications, with all texts of their elements."""

    person: dict[str, Any] = field(default_factory=dict)
    records: list[dict[str, Any]] = field(default_factory=list)
    is_bibliography: bool = False
    _path: list[str] = field(default_factory=list)
    _attributes: Mapping[str, str] = field(default_factory=dict)
    _text: list[str] = field(default_factory=list)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Called by the parser at the start of each element."""
        self._path.append(tag)
        if len(self._path) > _MAX_DEPTH:
            raise NotAnAnswer("it's nested too deeply")
        self.is_bibliography = self.is_bibliography or self._path == ["dblpperson"]
        if self._path[:2] == ["dblpperson", "r"] and len(self._path) == 3:
            self.records.append({"tag": tag, "attributes": dict(attributes)})
        elif self._path == ["dblpperson", "person"]:
            self.person = {"attributes": dict(attributes)}
        elif self._is_field():
            self._attributes, self._text = attributes, []

    def data(self, text: str) -> None:
        """Called by the parser for the text in an element, such as that in italics in a title."""
        self._text.append(text)

    def end(self, _tag: str) -> None:
        """Called by the parser at the end of each element."""
        record = self._record() if self._is_field() else None
        if record is not None:
            found = ("".join(self._text).strip(), dict(self._attributes))
            fields = record.setdefault(self._path[-1], [])
            if isinstance(fields, list):
                fields.append(found)
        self._path.pop()

    def _is_field(self) -> bool:
        depth = {"r": 4, "person": 3}.get(self._path[1]) if len(self._path) > 2 else None
        return self._path[0] == "dblpperson" and len(self._path) == depth

    def _record(self) -> dict[str, Any] | None:
        if self._path[1] == "person":
            return self.person
        return self.records[-1] if self.records else None


def _read_record(record: Record) -> Witness | None:
    attributes = record["attributes"]
    key = text(attributes.get("key"))
    kind = _TYPES.get(record["tag"])
    if not key or kind is None or attributes.get("publtype") in _NOT_PAPERS:
        return None
    venue = _first(record, "journal") or _first(record, "booktitle") or _first(record, "school")
    info = {
        # The reader takes titles for HTML, while this XML is parsed already.
        "title": html.escape(_first(record, "title"), quote=False),
        "authors": {"author": [without_author_id(name) for name, _ in record.get("author", ())]},
        "venue": venue,
        "year": _first(record, "year"),
        "ee": [url for url, _ in record.get("ee", ())],
        "url": f"https://dblp.org/rec/{key}",
        "volume": _first(record, "volume"),
        "number": _first(record, "number"),
        "pages": _first(record, "pages"),
        "type": kind,
    }
    draft = read_service_record({"info": info})
    if draft is None:
        return None
    return Witness(
        source=NAME,
        key=key,
        draft=draft,
        credits=tuple(_credit(*one) for one in record.get("author", ()) if one[0]),
        first_public=first_public(draft, read_date(_first(record, "year"))),
    )


def _first(record: Record, name: str) -> str:
    texts: Sequence[tuple[str, Mapping[str, str]]] = record.get(name, ())
    return next((found for found, _ in texts if found), "")


def _credit(name: str, attributes: Mapping[str, str]) -> Credit:
    pid = text(attributes.get("pid"))
    ids = (PersonId(IdScheme.DBLP, pid),) if pid else ()
    return Credit(without_author_id(text(name)), (*ids, *parse_orcid(attributes.get("orcid"))))
