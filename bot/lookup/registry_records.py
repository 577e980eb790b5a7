"""Reads the records of Crossref and DataCite; pure.

Both omit fields that the publisher did not provide, and have markup in titles and abstracts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from bot.formats import plain_text
from bot.formats.fields import parse_date
from storage.errors import InvalidInput
from storage.models import PaperDraft, PartialDate
from storage.names.author_list import given_first
from storage.papers.identifiers import identify

_MAX_TEXT = 50_000  # characters of any one text
_MAX_ABSTRACT = 20_000
_MAX_TITLE = 400
_MAX_AUTHORS = 3000
_DATES = ("issued", "published", "published-online", "published-print", "posted")
_SAME_PAPER = ("has-preprint", "is-preprint-of", "is-identical-to")
_HEADING = re.compile(r"^(?:abstract|summary)\s*(?:[:.]\s*|\n+)", re.IGNORECASE)
_JATS_TITLE = re.compile(r"<(/?)jats:title\b[^>]*>", re.IGNORECASE)
_JATS = re.compile(r"<(/?)jats:([\w-]+)", re.IGNORECASE)
_TEX_ALTERNATIVE = re.compile(r"<jats:tex-math\b[^<>]*>[^<]*</jats:tex-math>", re.IGNORECASE)


def read_crossref(work: Mapping[str, Any]) -> PaperDraft:
    """Returns the draft of a Crossref work; the title is empty if there is none.

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
    """Returns the draft of a DataCite record's attributes; the title is empty if there is none.

    https://datacite-metadata-schema.readthedocs.io/en/4.6/
    """
    titles = _objects(attributes.get("titles"))
    main = [one for one in titles if not one.get("titleType")] or titles
    abstracts = [
        _text(one.get("description"))
        for one in _objects(attributes.get("descriptions"))
        if one.get("descriptionType") == "Abstract"
    ]
    return PaperDraft(
        title=readable(_text(main[0].get("title")) if main else "").rstrip(" /")[:_MAX_TITLE],
        authors=_credited(_datacite_name(one) for one in _objects(attributes.get("creators"))),
        abstract=read_abstract(abstracts[0] if abstracts else ""),
        venue=_datacite_venue(attributes),
        date=_datacite_date(attributes),
        identifiers=identify(_text(attributes.get("doi"))),
    )


def readable(source: str) -> str:
    """Returns HTML or LaTeX as plain text on one line."""
    return plain_text.line(plain_text.from_latex(plain_text.from_html(source[:_MAX_TEXT])))


def read_abstract(source: str) -> str:
    """Returns an abstract in HTML or JATS as plain paragraphs, without a heading of its own."""
    source = source[:_MAX_TEXT]
    if "mml:math" in source:  # the same formula in two notations
        source = _TEX_ALTERNATIVE.sub("", source)
    source = _JATS.sub(r"<\1\2", _JATS_TITLE.sub(r"<\1h4>", source))
    text = plain_text.tidy(plain_text.from_latex(plain_text.from_html(source)))
    return _HEADING.sub("", text)[:_MAX_ABSTRACT]


def lenient_date(text: str) -> PartialDate | None:
    """Returns the date in a text, or None if it isn't a date."""
    try:
        return parse_date(text)
    except InvalidInput:
        return None


def _crossref_name(person: Mapping[str, Any]) -> str:
    parts = [_text(person.get(part)) for part in ("given", "family", "suffix")]
    return readable(" ".join(part for part in parts if part) or _text(person.get("name")))


def _crossref_venue(work: Mapping[str, Any]) -> str:
    """Returns the journal or proceedings, or the server of a preprint."""
    if venue := readable(_first(work.get("container-title"))):
        return venue[:300]
    if work.get("type") != "posted-content":
        return ""
    institutions = [_text(one.get("name")) for one in _objects(work.get("institution"))]
    return readable(next(iter(institutions), "") or _text(work.get("group-title")))[:300]


def _crossref_date(work: Mapping[str, Any]) -> PartialDate | None:
    """Returns the earliest date of publication; ignores ``[[null]]`` and ``[[0]]``."""
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
    """Returns the DOI, and the ids of its preprint or published version: the same paper here."""
    found = [*identify(_text(work.get("DOI")))]
    relations = work.get("relation")
    if isinstance(relations, dict):
        for other in (one for kind in _SAME_PAPER for one in _objects(relations.get(kind))):
            mark = "arXiv:" if other.get("id-type") == "arxiv" else ""
            found += identify(f"{mark}{_text(other.get('id'))}")
    return tuple(dict.fromkeys(name for name in found if not name.startswith("url:")))


def _datacite_name(creator: Mapping[str, Any]) -> str:
    """Returns a person's name with given names first, or an organisation's name as it is."""
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
    """Returns the day of issue or the year; ignores years of the Thai calendar."""
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
    """Returns the first of a list of texts, or the text itself."""
    if isinstance(value, list):
        value = value[0] if value else None
    return _text(value)


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:_MAX_TEXT].strip()


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
