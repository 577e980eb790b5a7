"""Reads papers in JSON of scholarly services: OpenAlex, Semantic Scholar, DBLP and CSL-JSON; pure.

`read_service_record` tells by the fields of an object which one it is from. The records of Crossref
and DataCite are read by `bot.formats.records.registry_records`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from bot.formats.fields import join_title, parse_external_ids
from bot.formats.records.draft_builder import (
    build_draft,
    most_precise,
    read_names,
    without_last_dot,
)
from bot.formats.records.registry_records import read_crossref, read_datacite
from bot.formats.text.dates import from_numbers, read_date, read_parts
from bot.formats.writers.csl_item import CSL_TYPES
from storage.models import PaperDraft, PartialDate
from storage.names.author_list import (
    AuthorList,
    CreditedName,
    collect_names,
    join_author_name,
    parse_author_name,
    parse_author_names,
)
from storage.publication import EntryType, Publication, page_range

Record: TypeAlias = Mapping[str, Any]

_MAX_WORDS = 100_000  # of an abstract
_CSL_FIELDS = frozenset({"issued", "container-title", "citation-key", "citation-label"})
_CSL_TYPES = {
    **{name: kind for kind, name in CSL_TYPES.items() if kind is not EntryType.MISC},
    "article-magazine": EntryType.ARTICLE,
    "article-newspaper": EntryType.ARTICLE,
    "book": EntryType.BOOK,
    "chapter": EntryType.INCOLLECTION,
    "entry-encyclopedia": EntryType.INCOLLECTION,
    "thesis": EntryType.PHDTHESIS,
    "post": EntryType.ONLINE,
    "post-weblog": EntryType.ONLINE,
}
_OPENALEX_TYPES = {
    "journal-article": EntryType.ARTICLE,
    "article": EntryType.ARTICLE,
    "review": EntryType.ARTICLE,
    "proceedings-article": EntryType.INPROCEEDINGS,
    "book-chapter": EntryType.INCOLLECTION,
    "book": EntryType.BOOK,
    "dissertation": EntryType.PHDTHESIS,
    "report": EntryType.TECHREPORT,
    "dataset": EntryType.DATASET,
}
_DBLP_TYPES = {
    "Journal Articles": EntryType.ARTICLE,
    "Conference and Workshop Papers": EntryType.INPROCEEDINGS,
    "Parts in Books or Collections": EntryType.INCOLLECTION,
    "Books and Theses": EntryType.BOOK,
}
_CSL_DATES = ("issued", "published", "event-date", "available-date", "submitted", "year", "date")


def read_service_record(record: Record) -> PaperDraft | None:
    """Returns the draft of a service's record, perhaps without a title, or None for any other.

    Raises `InvalidInput` if the record can't be used.
    """
    read = _reader_of(record)
    return read(record) if read else None


def _reader_of(record: Record) -> Callable[[Record], PaperDraft] | None:
    title, fields = record.get("title"), record.keys()
    signs = (
        ("abstract_inverted_index" in fields or "authorships" in fields, _read_openalex),
        ("paperId" in fields or "externalIds" in fields, _read_semantic_scholar),
        ("title" in _mapping(record.get("info")), _read_dblp),
        ("titles" in _mapping(record.get("attributes")), _read_datacite),
        (isinstance(title, list) and bool({"DOI", "publisher"} & fields), read_crossref),
        (bool(_CSL_FIELDS & fields) or _has_csl_names(record), _read_csl),
        (record.get("type") in CSL_TYPES.values() and bool({"DOI", "URL"} & fields), _read_csl),
    )
    return next((read for is_from, read in signs if is_from), None)


def _read_datacite(record: Record) -> PaperDraft:
    return read_datacite(record["attributes"])


def _read_openalex(work: Record) -> PaperDraft:
    """https://docs.openalex.org/api-entities/works/work-object."""
    locations = [
        _mapping(work.get("primary_location")),
        *_objects(work.get("locations")),
        _mapping(work.get("best_oa_location")),
    ]
    pages = [_text(place.get("landing_page_url")) for place in locations]
    host = _text(_mapping(work.get("host_venue")).get("display_name"))
    names = (
        _text(_mapping(one.get("author")).get("display_name")) or _text(one.get("raw_author_name"))
        for one in _objects(work.get("authorships"))
    )
    return build_draft(
        title=_text(work.get("title")) or _text(work.get("display_name")),
        authors=_shortened(read_names(names), is_cut=work.get("is_authors_truncated") is True),
        venue=_text(_mapping(locations[0].get("source")).get("display_name")) or host,
        date=read_date(_text(work.get("publication_date")) or _text(work.get("publication_year"))),
        abstract=_uninverted(_mapping(work.get("abstract_inverted_index"))),
        arxiv=pages,
        doi=[_text(work.get("doi"))],
        urls=pages[:1],
        identifiers=parse_external_ids(work.get("ids")),
        pdf=[_text(locations[0].get("pdf_url"))],
        publication=_openalex_publication(work),
    )


def _openalex_publication(work: Record) -> Publication:
    biblio = _mapping(work.get("biblio"))
    return Publication(
        entry_type=_OPENALEX_TYPES.get(_text(work.get("type_crossref") or work.get("type"))),
        volume=_text(biblio.get("volume")),
        number=_text(biblio.get("issue")),
        pages=_pages(biblio.get("first_page"), biblio.get("last_page")),
    )


def _uninverted(index: Record) -> str:
    """Returns the text of an index that has the positions of each word."""
    words = {
        position: word
        for word, positions in index.items()
        if isinstance(positions, list)
        for position in positions
        if isinstance(position, int)
    }
    return " ".join(words[position] for position in sorted(words)[:_MAX_WORDS])


def _read_semantic_scholar(paper: Record) -> PaperDraft:
    """https://api.semanticscholar.org/api-docs/graph."""
    venues = (
        _text(paper.get("venue")),
        _text(_mapping(paper.get("publicationVenue")).get("name")),
        _text(_mapping(paper.get("journal")).get("name")),
    )
    return build_draft(
        title=_text(paper.get("title")),
        authors=read_names(_text(one.get("name")) for one in _objects(paper.get("authors"))),
        venue=next(filter(None, venues), ""),
        date=read_date(_text(paper.get("publicationDate")) or _text(paper.get("year"))),
        abstract=_text(paper.get("abstract")),
        identifiers=parse_external_ids(paper.get("externalIds")),
        doi=[_text(paper.get("doi"))],
        urls=[_text(paper.get("url"))],
        pdf=[_text(_mapping(paper.get("openAccessPdf")).get("url"))],
        publication=Publication(
            volume=_text(_mapping(paper.get("journal")).get("volume")),
            pages=page_range(_text(_mapping(paper.get("journal")).get("pages"))),
        ),
    )


def _read_dblp(hit: Record) -> PaperDraft:
    """https://dblp.org/faq/How+to+use+the+dblp+search+API.html."""
    info = hit["info"]
    names = _list(_mapping(info.get("authors")).get("author"))
    pages = [_text(page) for page in _list(info.get("ee"))]
    return build_draft(
        title=without_last_dot(_text_of(info.get("title"))),
        authors=read_names(map(_text_of, names)),
        venue=", ".join(filter(None, map(_text, _list(info.get("venue"))))),
        date=read_date(_text(info.get("year"))),
        arxiv=pages,
        doi=[_text(info.get("doi")), *pages],
        urls=pages or [_text(info.get("url"))],
        publication=Publication(
            entry_type=_DBLP_TYPES.get(_text(info.get("type"))),
            volume=_text(info.get("volume")),
            number=_text(info.get("number")),
            pages=page_range(_text(info.get("pages"))),
        ),
    )


def _read_csl(item: Record) -> PaperDraft:
    """https://docs.citationstyles.org/en/stable/specification.html."""
    people = _objects(item.get("author")) or _objects(item.get("editor"))
    ids = [_text(item.get(name)) for name in ("number", "archive_location", "archive", "note")]
    if _text(item.get("archive")).lower() == "arxiv":
        ids.insert(0, f"arXiv:{_text(item.get('archive_location'))}")
    publisher = _text(item.get("publisher"))
    venue = _text_of(item.get("container-title")) or _text(item.get("event-title"))
    is_by_publisher = item.get("type") in {"thesis", "report", "article", "manuscript"}
    return build_draft(
        title=join_title(_text_of(item.get("title")), _text_of(item.get("subtitle"))),
        authors=collect_names(map(_csl_name, people), is_complete=_is_complete(people)),
        venue=venue or _text(item.get("event")) or publisher * is_by_publisher,
        date=next(filter(None, (_csl_date(item.get(name)) for name in _CSL_DATES)), None),
        abstract=_text(item.get("abstract")),
        arxiv=[text for text in ids if "arxiv" in text.lower()],
        doi=[_text(item.get("DOI")) or _text(item.get("doi"))],
        urls=[_text(item.get("URL")) or _text(item.get("url"))],
        tags=_keywords(item.get("keyword")),
        note="" if "arxiv" in _text(item.get("note")).lower() else _text(item.get("note")),
        publication=_csl_publication(item, publisher if venue or not is_by_publisher else ""),
    )


def _csl_publication(item: Record, publisher: str) -> Publication:
    """Returns how an item was published; ``publisher`` is empty if that is its venue."""
    entry_type = _CSL_TYPES.get(_text(item.get("type")))
    if entry_type is EntryType.PHDTHESIS and "master" in _text(item.get("genre")).lower():
        entry_type = EntryType.MASTERSTHESIS
    has_authors = bool(_objects(item.get("author")))
    editors = collect_names(map(_csl_name, _objects(item.get("editor")) if has_authors else []))
    return Publication(
        entry_type=entry_type,
        volume=_text(item.get("volume")),
        number=_text(item.get("issue")) or _text(item.get("number")),
        pages=page_range(_text(item.get("page"))),
        publisher=publisher,
        publisher_place=_text(item.get("publisher-place")),
        editors=editors.names,
        series=_text_of(item.get("collection-title")),
        edition=_text(item.get("edition")),
        isbn=_text_of(item.get("ISBN")),
        issn=_text_of(item.get("ISSN")),
    )


def _pages(first: object, last: object) -> str:
    return page_range("--".join(dict.fromkeys(filter(None, (_text(first), _text(last))))))


def _has_csl_names(record: Record) -> bool:
    people = record.get("author")
    return isinstance(record.get("type"), str) and any(
        {"family", "literal"} & person.keys() for person in _objects(people)
    )


def _is_complete(people: Iterable[Record]) -> bool:
    """Returns whether nobody stands for others, as “et al.” does."""
    return parse_author_names(_text(one.get("literal")) for one in people).is_complete


def _csl_name(person: Record) -> CreditedName:
    if group := _text(person.get("literal")):
        name = parse_author_name(group)
        return CreditedName(name, is_collective=name == group)
    if whole := _text(person.get("name")):
        return CreditedName(parse_author_name(whole))
    kinds = ("dropping-particle", "non-dropping-particle", "family")
    family = " ".join(filter(None, (_text(person.get(kind)) for kind in kinds)))
    given, suffix = _text(person.get("given")), _text(person.get("suffix"))
    return CreditedName(join_author_name(given, family, suffix))


def _csl_date(value: object) -> PartialDate | None:
    """Returns a date in parts, the first of a range, or one in text."""
    if not isinstance(value, dict):
        return read_date(_text(value))
    parts = value.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts else None
    date = from_numbers(first) if isinstance(first, list) else None
    texts = (_text(value.get(name)) for name in ("raw", "literal", "date-time"))
    found = date or most_precise(map(read_date, texts))
    return found or read_parts(*(_text(value.get(name)) for name in ("year", "month", "day")))


def _keywords(value: object) -> list[str]:
    words = [_text(one) for one in value] if isinstance(value, list) else [_text(value)]
    return [word for text in words for word in text.replace(";", ",").split(",")]


def _shortened(authors: AuthorList, *, is_cut: bool) -> AuthorList:
    return replace(authors, is_complete=authors.is_complete and not is_cut)


def _text(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ""
    return str(value).strip()


def _text_of(value: object) -> str:
    """Returns a text, the text of an object, or the first of a list that isn't empty."""
    texts: Iterable[str] = (
        _text(one.get("text")) if isinstance(one, dict) else _text(one) for one in _list(value)
    )
    return next(filter(None, texts), "")


def _list(value: object) -> list[Any]:
    """Returns a list, or one of a single value; services write no list around it."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _mapping(value: object) -> Record:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> list[Record]:
    return [one for one in _list(value) if isinstance(one, dict)]
