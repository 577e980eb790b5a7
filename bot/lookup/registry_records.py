"""What Crossref and DataCite answer of a DOI → drafts; pure.

Both leave out any field that its publisher did not send, and send markup in titles and abstracts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.formats import plain_text
from bot.formats.fields import read_date
from storage.errors import InvalidInput
from storage.models import PaperDraft, PartialDate
from storage.names.author_list import given_first
from storage.papers.identifiers import identify

_MAX_TEXT = 50_000  # characters of one text that are read
_MAX_ABSTRACT = 20_000
_MAX_TITLE = 400
_MAX_AUTHORS = 3000
_DATES = ("issued", "published", "published-online", "published-print", "posted")
_SAME_PAPER = ("has-preprint", "is-preprint-of", "is-identical-to")
_HEADING = re.compile(r"^(?:abstract|summary)\s*(?:[:.]\s*|\n+)", re.IGNORECASE)
_JATS_TITLE = re.compile(r"<(/?)jats:title\b[^>]*>", re.IGNORECASE)
_JATS = re.compile(r"<(/?)jats:([\w-]+)", re.IGNORECASE)
_TEX_TWIN = re.compile(r"<jats:tex-math\b[^<>]*>[^<]*</jats:tex-math>", re.IGNORECASE)


def read_crossref(work: Mapping[str, Any]) -> PaperDraft:
    """The draft of a Crossref work; its title is empty where none was sent.

    https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md
    """
    title = readable(_first(work.get("title")))
    if title and (subtitle := readable(_first(work.get("subtitle")))):
        title = f"{title}: {subtitle}" if subtitle.lower() not in title.lower() else title
    return PaperDraft(
        title=title[:_MAX_TITLE],
        authors=_credited(_crossref_name(one) for one in _objects(work.get("author"))),
        abstract=read_abstract(_text(work.get("abstract"))),
        venue=_crossref_venue(work),
        date=_crossref_date(work),
        identifiers=_crossref_identifiers(work),
    )


def read_datacite(attributes: Mapping[str, Any]) -> PaperDraft:
    """The draft of a DataCite record's attributes; its title is empty where none was sent.

    https://datacite-metadata-schema.readthedocs.io/en/4.6/
    """
    titles = _objects(attributes.get("titles"))
    main = [one for one in titles if not one.get("titleType")] or titles
    described = [
        _text(one.get("description"))
        for one in _objects(attributes.get("descriptions"))
        if one.get("descriptionType") == "Abstract"
    ]
    return PaperDraft(
        title=readable(_text(main[0].get("title")) if main else "").rstrip(" /")[:_MAX_TITLE],
        authors=_credited(_datacite_name(one) for one in _objects(attributes.get("creators"))),
        abstract=read_abstract(described[0] if described else ""),
        venue=_datacite_venue(attributes),
        date=_datacite_date(attributes),
        identifiers=identify(_text(attributes.get("doi"))),
    )


def readable(source: str) -> str:
    """A text with HTML or LaTeX in it, on one line as it reads."""
    return plain_text.line(plain_text.from_latex(plain_text.from_html(source[:_MAX_TEXT])))


def read_abstract(source: str) -> str:
    """An abstract as paragraphs, without its own heading; JATS is read as the HTML it resembles."""
    source = source[:_MAX_TEXT]
    if "mml:math" in source:  # the same formula, written twice
        source = _TEX_TWIN.sub("", source)
    source = _JATS.sub(r"<\1\2", _JATS_TITLE.sub(r"<\1h4>", source))
    text = plain_text.tidy(plain_text.from_latex(plain_text.from_html(source)))
    return _HEADING.sub("", text)[:_MAX_ABSTRACT]


def lenient_date(text: str) -> PartialDate | None:
    """The date of a text; none where it is no date."""
    try:
        return read_date(text)
    except InvalidInput:
        return None


def _crossref_name(person: Mapping[str, Any]) -> str:
    parts = [_text(person.get(part)) for part in ("given", "family", "suffix")]
    return readable(" ".join(part for part in parts if part) or _text(person.get("name")))


def _crossref_venue(work: Mapping[str, Any]) -> str:
    """The journal or proceedings; of a preprint, the server."""
    if venue := readable(_first(work.get("container-title"))):
        return venue[:300]
    if work.get("type") != "posted-content":
        return ""
    institutions = [_text(one.get("name")) for one in _objects(work.get("institution"))]
    return readable(next(iter(institutions), "") or _text(work.get("group-title")))[:300]


def _crossref_date(work: Mapping[str, Any]) -> PartialDate | None:
    """The earliest of the dates of publication that were sent, ``[[null]]`` and ``[[0]]`` aside."""
    dates = [date for name in _DATES if (date := _date_parts(work.get(name)))]
    return min(dates, key=lambda date: (date.year, date.month or 13, date.day or 32), default=None)


def _date_parts(value: object) -> PartialDate | None:
    parts = value.get("date-parts") if isinstance(value, dict) else None
    numbers = parts[0] if isinstance(parts, list) and parts else None
    if not isinstance(numbers, list):
        return None
    try:
        return PartialDate(*[int(number) for number in numbers[:3]])
    except (InvalidInput, TypeError, ValueError):
        return None


def _crossref_identifiers(work: Mapping[str, Any]) -> tuple[str, ...]:
    """The DOI, and those of the preprint or the published version, which are the same paper."""
    found = [*identify(_text(work.get("DOI")))]
    relations = work.get("relation")
    if isinstance(relations, dict):
        for other in (one for kind in _SAME_PAPER for one in _objects(relations.get(kind))):
            mark = "arXiv:" if other.get("id-type") == "arxiv" else ""
            found += identify(f"{mark}{_text(other.get('id'))}")
    return tuple(dict.fromkeys(name for name in found if not name.startswith("url:")))


def _datacite_name(creator: Mapping[str, Any]) -> str:
    """A person's name, given names first; an organisation's as it is."""
    given, family = _text(creator.get("givenName")), _text(creator.get("familyName"))
    name = _text(creator.get("name"))
    if name == "Anonymous":
        return ""
    if creator.get("nameType") == "Organizational":
        return readable(name)
    return readable(f"{given} {family}" if given and family else given_first(name))


def _datacite_venue(attributes: Mapping[str, Any]) -> str:
    container, publisher = attributes.get("container"), attributes.get("publisher")
    venue = _text(container.get("title")) if isinstance(container, dict) else ""
    by = publisher.get("name") if isinstance(publisher, dict) else publisher
    return readable(venue or _text(by)).rstrip(",")[:300]


def _datacite_date(attributes: Mapping[str, Any]) -> PartialDate | None:
    """The day of issue, else the year; a Thai record counts its years from Buddha, so has none."""
    issued = [
        date
        for one in _objects(attributes.get("dates"))
        if one.get("dateType") == "Issued" and (date := lenient_date(_text(one.get("date"))))
    ]
    date = next(iter(issued), None) or lenient_date(_text(attributes.get("publicationYear")))
    return date if date and date.year < 2300 else None


def _credited(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name[:120] for name in names if name))[:_MAX_AUTHORS]


def _first(value: object) -> str:
    """The first of a list of texts, or the text itself."""
    if isinstance(value, list):
        value = value[0] if value else None
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:_MAX_TEXT].strip()


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
