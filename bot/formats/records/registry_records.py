"""Reads the records of Crossref and DataCite; pure.

Both omit fields that the publisher did not provide, and have markup in titles and abstracts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from bot.formats.fields import join_title
from bot.formats.text import plain_text
from bot.formats.text.dates import from_numbers, read_date
from storage.models import PaperDraft, PartialDate
from storage.names.author_list import (
    AuthorList,
    CreditedName,
    collect_names,
    join_author_name,
    parse_author_name,
)
from storage.papers.identifiers import doi as parse_doi
from storage.papers.identifiers import identify
from storage.papers.retractions import retraction_note
from storage.publication import EntryType, Publication, normalize, page_range

_MAX_TEXT = 50_000  # characters of any one text
_MAX_ABSTRACT = 20_000
_MAX_TITLE = 400
_MAX_AUTHORS = 3000
_MAX_NAME = 120
_DATES = ("issued", "published", "published-online", "published-print", "posted")
_SAME_PAPER = ("has-preprint", "is-preprint-of", "is-identical-to")
_CROSSREF_TYPES = {
    "journal-article": EntryType.ARTICLE,
    "proceedings-article": EntryType.INPROCEEDINGS,
    "book-chapter": EntryType.INCOLLECTION,
    "book-section": EntryType.INCOLLECTION,
    "book-part": EntryType.INCOLLECTION,
    "reference-entry": EntryType.INCOLLECTION,
    "book": EntryType.BOOK,
    "monograph": EntryType.BOOK,
    "edited-book": EntryType.BOOK,
    "reference-book": EntryType.BOOK,
    "dissertation": EntryType.PHDTHESIS,
    "report": EntryType.TECHREPORT,
    "report-component": EntryType.TECHREPORT,
    "dataset": EntryType.DATASET,
}
_DATACITE_TYPES = {
    "JournalArticle": EntryType.ARTICLE,
    "ConferencePaper": EntryType.INPROCEEDINGS,
    "BookChapter": EntryType.INCOLLECTION,
    "Book": EntryType.BOOK,
    "Dissertation": EntryType.PHDTHESIS,
    "Report": EntryType.TECHREPORT,
    "Dataset": EntryType.DATASET,
    "Software": EntryType.SOFTWARE,
}
# Kinds of updates that take a work back.
RETRACTIONS = frozenset({"retraction", "withdrawal", "removal"})
_HEADING = re.compile(r"^(?:abstract|summary)\s*(?:[:.]\s*|\n+)", re.IGNORECASE)


def read_crossref(work: Mapping[str, Any]) -> PaperDraft:
    """Returns the draft of a Crossref work; the title is empty if there is none.

    https://github.com/CrossRef/rest-api-doc/blob/master/api_format.md
    """
    title = join_title(_first(work.get("title")), _first(work.get("subtitle")))
    authors = _credited(_crossref_name(one) for one in _objects(work.get("author")))
    return PaperDraft(
        title=title[:_MAX_TITLE],
        authors=authors.names,
        authors_complete=authors.is_complete,
        collectives=authors.collectives,
        abstract=read_abstract(_text(work.get("abstract"))),
        venue=_crossref_venue(work),
        date=_crossref_date(work),
        identifiers=_crossref_identifiers(work),
        note=_crossref_retraction(work),
        publication=_crossref_publication(work),
    )


def read_datacite(attributes: Mapping[str, Any]) -> PaperDraft:
    """Returns the draft of a DataCite record's attributes; the title is empty if there is none.

    https://datacite-metadata-schema.readthedocs.io/en/4.6/
    """
    titles = [
        (one.get("titleType"), readable(_text(one.get("title"))))
        for one in _objects(attributes.get("titles"))
    ]
    main = [title for kind, title in titles if title and not kind] or [
        title for _, title in titles if title
    ]
    authors = _credited(_datacite_name(one) for one in _objects(attributes.get("creators")))
    subtitles = [title for kind, title in titles if kind == "Subtitle"]
    abstracts = [
        _text(one.get("description"))
        for one in _objects(attributes.get("descriptions"))
        if one.get("descriptionType") == "Abstract"
    ]
    return PaperDraft(
        title=join_title(next(iter(main), "").rstrip(" /"), next(iter(subtitles), ""))[:_MAX_TITLE],
        authors=authors.names,
        authors_complete=authors.is_complete,
        collectives=authors.collectives,
        abstract=read_abstract(abstracts[0] if abstracts else ""),
        venue=_datacite_venue(attributes),
        date=_datacite_date(attributes),
        identifiers=identify(_text(attributes.get("doi"))),
        publication=_datacite_publication(attributes),
    )


def readable(source: str) -> str:
    """Returns HTML or LaTeX as plain text on one line."""
    return plain_text.read_line(source[:_MAX_TEXT])


def read_abstract(source: str) -> str:
    """Returns an abstract in HTML or JATS as plain paragraphs, without a heading of its own."""
    return _HEADING.sub("", plain_text.read_text(source[:_MAX_TEXT]))[:_MAX_ABSTRACT]


def _crossref_name(person: Mapping[str, Any]) -> CreditedName:
    given, family, suffix, name = (
        readable(_text(person.get(part))) for part in ("given", "family", "suffix", "name")
    )
    if family or given:
        return CreditedName(join_author_name(given, family, suffix))
    return CreditedName(parse_author_name(name), is_collective=True)


def _crossref_venue(work: Mapping[str, Any]) -> str:
    """Returns the journal or proceedings, or the server of a preprint."""
    if venue := _first(work.get("container-title")):
        return venue[:300]
    if work.get("type") != "posted-content":
        return ""
    institutions = [_text(one.get("name")) for one in _objects(work.get("institution"))]
    return readable(next(iter(institutions), "") or _text(work.get("group-title")))[:300]


def _crossref_publication(work: Mapping[str, Any]) -> Publication:
    """Returns the details of a publication; the server of a preprint isn't its publisher."""
    entry_type = _CROSSREF_TYPES.get(_text(work.get("type")))
    editors = _credited(map(_crossref_name, _objects(work.get("editor")))).names
    return normalize(
        Publication(
            entry_type=entry_type,
            volume=readable(_text(work.get("volume"))),
            number=readable(_text(work.get("issue"))),
            pages=page_range(
                readable(_text(work.get("page")) or _text(work.get("article-number")))
            ),
            publisher=readable(_text(work.get("publisher"))) if entry_type else "",
            publisher_place=readable(_text(work.get("publisher-location"))),
            editors=editors,
            edition=readable(_text(work.get("edition-number"))),
            isbn=_first(work.get("ISBN")),
            issn=_first(work.get("ISSN")),
        )
    )


def _crossref_retraction(work: Mapping[str, Any]) -> str:
    """Returns a note that says that a work was retracted, or an empty string."""
    for update in _objects(work.get("updated-by")):
        notice = parse_doi(_text(update.get("DOI")))
        if notice and _text(update.get("type")).lower() in RETRACTIONS:
            return retraction_note(notice)
    return ""


def _crossref_date(work: Mapping[str, Any]) -> PartialDate | None:
    """Returns the earliest date of publication; ignores ``[[null]]`` and ``[[0]]``."""
    dates = [date for name in _DATES if (date := _date_parts(work.get(name)))]
    return min(dates, key=lambda date: (date.year, date.month or 13, date.day or 32), default=None)


def _date_parts(value: object) -> PartialDate | None:
    parts = value.get("date-parts") if isinstance(value, dict) else None
    numbers = parts[0] if isinstance(parts, list) and parts else None
    return from_numbers(numbers) if isinstance(numbers, list) else None


def _crossref_identifiers(work: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns the DOI, and the ids of its preprint or published version: the same paper here."""
    found = [*identify(_text(work.get("DOI")))]
    relations = work.get("relation")
    if isinstance(relations, dict):
        for other in (one for kind in _SAME_PAPER for one in _objects(relations.get(kind))):
            mark = "arXiv:" if other.get("id-type") == "arxiv" else ""
            found += identify(f"{mark}{_text(other.get('id'))}")
    return tuple(dict.fromkeys(name for name in found if not name.startswith("url:")))


def _datacite_name(creator: Mapping[str, Any]) -> CreditedName:
    """Returns a person's name with given names first, or an organization's name as it is."""
    given, family, name = (
        readable(_text(creator.get(part))) for part in ("givenName", "familyName", "name")
    )
    if creator.get("nameType") == "Organizational":
        return CreditedName(name, is_collective=True)
    if given and family:
        return CreditedName(join_author_name(given, family))
    return CreditedName(parse_author_name(name))


def _datacite_venue(attributes: Mapping[str, Any]) -> str:
    container, publisher = attributes.get("container"), attributes.get("publisher")
    venue = _text(container.get("title")) if isinstance(container, dict) else ""
    by = publisher.get("name") if isinstance(publisher, dict) else publisher
    return readable(venue or _text(by)).rstrip(",")[:300]


def _datacite_publication(attributes: Mapping[str, Any]) -> Publication:
    """Returns the details of a publication; a publisher that serves as the venue isn't repeated."""
    found = attributes.get("container")
    container: Mapping[str, Any] = found if isinstance(found, dict) else {}
    types = attributes.get("types")
    general = _text(types.get("resourceTypeGeneral")) if isinstance(types, dict) else ""
    publisher = attributes.get("publisher")
    by = publisher.get("name") if isinstance(publisher, dict) else publisher
    pages = [_text(container.get(name)) for name in ("firstPage", "lastPage")]
    return normalize(
        Publication(
            entry_type=_DATACITE_TYPES.get(general),
            volume=_text(container.get("volume")),
            number=_text(container.get("issue")),
            pages=page_range("--".join(filter(None, pages))),
            publisher=readable(_text(by)) if container.get("title") else "",
        )
    )


def _datacite_date(attributes: Mapping[str, Any]) -> PartialDate | None:
    """Returns the day of issue or the year; ignores years of the Thai calendar."""
    issued = [
        date
        for one in _objects(attributes.get("dates"))
        if one.get("dateType") == "Issued" and (date := read_date(_text(one.get("date"))))
    ]
    date = next(iter(issued), None) or read_date(_text(attributes.get("publicationYear")))
    return date if date and date.year < 2300 else None


def _credited(names: Iterable[CreditedName]) -> AuthorList:
    kept = [replace(one, name=one.name[:_MAX_NAME]) for one in islice(names, _MAX_AUTHORS)]
    return collect_names(kept)


def _first(value: object) -> str:
    """Returns the first of a list of texts that isn't empty, or the text itself, on one line."""
    values = value if isinstance(value, list) else [value]
    return next(filter(None, (readable(_text(one)) for one in values)), "")


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value)[:_MAX_TEXT].strip()


def _objects(value: object) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
