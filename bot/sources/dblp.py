"""DBLP: the bibliography of each person, late but with good venues.

https://dblp.org/faq/1474690.html
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from bot.formats.records.service_records import read_service_record
from bot.formats.text.dates import read_date
from bot.formats.text.xml_reader import DeclaresEntities, MalformedXml, XmlParser, decode_xml
from bot.net.services import DBLP
from bot.sources.source import Limits, NotAnAnswer, Question, Reading, Request, Response
from bot.sources.works import (
    IdSource,
    Record,
    first_public,
    id_of,
    owner_of,
    parse_orcid,
    read_works,
    text,
)
from storage.names.affixes import without_author_id
from storage.people.models import Credit, IdScheme, PersonId, Witness

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
        pid = quote(id_of(question.subjects[0]), safe="/")
        return Request(f"{self.url}/pid/{pid}.xml", {"Accept": "application/xml"})


def read(response: Response, question: Question) -> Reading:
    """Reads a person's bibliography."""
    collector = _Collector()
    try:
        XmlParser(collector).parse(decode_xml(response.body))
    except (MalformedXml, DeclaresEntities) as error:
        raise NotAnAnswer(f"it isn't valid XML: {error}") from error
    if not collector.is_person:
        raise NotAnAnswer("it isn't a person's bibliography")
    return read_works(collector.records, _read_record, question, owner=owner_of(question))


@dataclass(slots=True)
class _Collector:
    """Collects the publications of a bibliography, with all texts of each of their elements."""

    records: list[dict[str, object]] = field(default_factory=list)
    is_person: bool = False
    _path: list[str] = field(default_factory=list)
    _attributes: Mapping[str, str] = field(default_factory=dict)
    _text: list[str] = field(default_factory=list)

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Called by the parser at the start of each element."""
        self._path.append(tag)
        if len(self._path) > _MAX_DEPTH:
            raise NotAnAnswer("it's nested too deeply")
        self.is_person = self.is_person or self._path == ["dblpperson"]
        if self._path[:2] == ["dblpperson", "r"] and len(self._path) == 3:
            self.records.append({"tag": tag, "attributes": dict(attributes)})
        elif self._is_field():
            self._attributes, self._text = attributes, []

    def data(self, text: str) -> None:
        """Called by the parser for the text in an element, such as that in italics in a title."""
        self._text.append(text)

    def end(self, _tag: str) -> None:
        """Called by the parser at the end of each element."""
        if self._is_field() and self.records:
            found = ("".join(self._text).strip(), dict(self._attributes))
            fields = self.records[-1].setdefault(self._path[-1], [])
            if isinstance(fields, list):
                fields.append(found)
        self._path.pop()

    def _is_field(self) -> bool:
        return self._path[:2] == ["dblpperson", "r"] and len(self._path) == 4


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
