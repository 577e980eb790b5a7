"""Reads papers from JSON arrays and JSON lines: our own export, those of services, and any other.

The answers of services have the array inside of objects.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Any, TextIO

from bot.formats.fields import parse_external_ids, parse_identifiers, parse_links, parse_title
from bot.formats.records.json_envelopes import RepeatedField, find_records
from bot.formats.records.service_records import read_service_record
from bot.formats.results import ParsedPaper, ParseResult, Problem
from bot.formats.text import plain_text
from bot.formats.text.dates import from_numbers, read_date
from storage import publication as publications
from storage.errors import InvalidInput
from storage.models import Link, LinkKind, PaperDraft, PartialDate
from storage.names.affixes import split_author_id, with_author_id
from storage.names.author_list import (
    AuthorList,
    CreditedName,
    collect_names,
    join_author_name,
    parse_author_list,
    parse_author_name,
    parse_author_names,
    unevident_collectives,
)
from storage.papers.combine import sort_identifiers
from storage.publication import NO_DETAILS, Publication

_CHUNK = 1 << 16
_MAX_OBJECT = 4_000_000  # characters
_VENUES = (
    *("venue", "journal", "booktitle", "container-title", "conference", "publicationTitle"),
    *("proceedingsTitle", "conferenceName"),
)
_ABSTRACTS = ("abstract", "summary", "abstractNote")
_PEOPLE = ("authors", "author", "creators")
_DATES = ("date", "published", "publication_date", "issued", "year")
_URLS = ("url", "link")
_TAGS = ("tags", "keywords")
# In Semantic Scholar's lists of citations, and in Zotero's own JSON.
_WRAPPED = ("citingPaper", "citedPaper", "data")


def read_json_lines(lines: Iterable[str]) -> Iterator[ParseResult]:
    """Yields the results of JSON lines; skips empty lines."""
    for number, line in enumerate(lines, start=1):
        if text := line.removeprefix("\ufeff").strip():
            try:
                value = json.loads(text)
            except (ValueError, RecursionError) as error:
                yield Problem(number, f"This line isn't valid JSON: {_reason(error)}.")
            else:
                yield _to_result(number, value)


def read_json(source: TextIO) -> Iterator[ParseResult]:
    """Yields the results of an array as a stream, or of an array inside an object."""
    decoder = json.JSONDecoder()
    text, line, at_end = source.read(_CHUNK).removeprefix("\ufeff"), 1, False
    text, line = _skip(text, line)
    if text.startswith("{"):
        yield from _read_whole(text + source.read(), line)
        return
    if not text.startswith("["):
        yield Problem(line, "The file isn't JSON: it starts with neither an array nor an object.")
        return
    text = text[1:]
    while True:
        text, line = _skip(text, line)
        if text.startswith("]"):
            return
        try:
            value, end = decoder.raw_decode(text)
            is_whole = at_end or end < len(text)  # a number may continue
        except (ValueError, RecursionError) as error:
            if at_end or len(text) > _MAX_OBJECT:
                yield Problem(line, f"The file isn't valid JSON from here on: {_reason(error)}.")
                return
            is_whole = False
        if is_whole:
            yield _to_result(line, value)
            line += text.count("\n", 0, end)
            text = text[end:]
        else:
            more = source.read(max(_CHUNK, len(text)))
            text, at_end = text + more, not more


def _skip(text: str, line: int) -> tuple[str, int]:
    """Skips whitespace and commas; returns the rest and its line number."""
    rest = text.lstrip(" \t\r\n,")
    return rest, line + text.count("\n", 0, len(text) - len(rest))


def _read_whole(text: str, line: int) -> Iterator[ParseResult]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        yield Problem(line, f"The file isn't valid JSON: {_reason(error)}.")
        return
    try:
        for number, one in find_records(text, value):
            yield _to_result(line + number, one)
    except RepeatedField as error:
        yield Problem(line, str(error))


def _to_result(line: int, value: object) -> ParseResult:
    if not isinstance(value, dict):
        return Problem(line, "This isn't an object, so it isn't a paper.")
    wrapped = (value[name] for name in _WRAPPED if isinstance(value.get(name), dict))
    paper = value if "title" in value else next(wrapped, value)
    try:
        draft = None if "identifiers" in paper else read_service_record(paper)
        if draft is not None and not draft.title:
            return Problem(line, "The paper that starts here can't be used. It has no title.")
        is_export = "identifiers" in paper
        return ParsedPaper(line, draft or draft_from_json(paper), is_export=is_export)
    except InvalidInput as error:
        return Problem(line, f"The paper that starts here can't be used. {error}")


def draft_from_json(paper: Mapping[str, Any]) -> PaperDraft:
    """Returns the draft of a paper's object; raises `InvalidInput` for invalid fields.

    ``identifiers`` and ``links``, which our export writes, are complete. Without them, identifiers
    and links come from the fields for ids and URLs, and texts may have LaTeX or HTML in them.
    """
    is_export = "identifiers" in paper
    people = next((paper[name] for name in _PEOPLE if name in paper), None)
    authors = _authors(people, is_export=is_export)
    author_ids = _texts(paper, "author_ids") if is_export else ()
    url = _text(paper, _URLS)
    derived = parse_identifiers(
        arxiv=_text(paper, ("arxiv", "arxiv_id")), doi=_text(paper, ("doi", "DOI")), urls=[url]
    )
    external = parse_external_ids(paper.get("externalIds") or paper.get("ids"))
    derived = sort_identifiers((*derived, *external))
    return PaperDraft(
        title=parse_title(_readable(paper, ("title",), is_export=is_export)),
        authors=tuple(map(_with_author_id, authors.names, chain(author_ids, repeat("")))),
        authors_complete=authors.is_complete and paper.get("authors_complete") is not False,
        abstract=plain_text.tidy(_readable(paper, _ABSTRACTS, is_export=is_export)),
        venue=_readable(paper, _VENUES, is_export=is_export),
        date=_date(paper),
        identifiers=_texts(paper, "identifiers") if is_export else derived,
        links=_links(paper) if "links" in paper else _page(url),
        note=_text(paper, ("note",)),
        tags=tuple(sorted({tag for name in _TAGS for tag in _texts(paper, name)})),
        posted_by=_text(paper, ("posted_by",)),
        publication=_publication(paper),
        collectives=authors.collectives or unevident_collectives(_texts(paper, "collectives")),
    )


def _publication(paper: Mapping[str, Any]) -> Publication:
    """Returns the details that an export states."""
    value = paper.get("publication")
    if not isinstance(value, dict):  # a venue in other programs' files
        return NO_DETAILS
    try:
        return publications.normalize(publications.from_json(value))
    except (ValueError, TypeError, AttributeError):
        raise InvalidInput("Its “publication” has details that I can't read.") from None


def _text(paper: Mapping[str, Any], names: Sequence[str]) -> str:
    """Returns the first of these fields that isn't empty, as text."""
    for name in names:
        value = paper.get(name)
        if isinstance(value, list) and len(value) == 1:
            (value,) = value
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise InvalidInput(f"Its “{name}” isn't a string.")
        return str(value)
    return ""


def _readable(paper: Mapping[str, Any], names: Sequence[str], *, is_export: bool) -> str:
    text = _text(paper, names)
    return text if is_export else plain_text.read_text(text)


def _date(paper: Mapping[str, Any]) -> PartialDate | None:
    """Returns the first date that can be read, in text or as CSL-JSON writes it."""
    for name in _DATES:
        value = paper.get(name)
        if isinstance(value, dict):
            parts = value.get("date-parts")
            value = parts[0] if isinstance(parts, list) and parts else value.get("raw", "")
        date = from_numbers(value) if isinstance(value, list) else read_date(str(value or ""))
        if date is not None:
            return date
    return None


def _texts(paper: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = paper.get(name)
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    if value is not None and not isinstance(value, list):
        raise InvalidInput(f"Its “{name}” isn't a list.")
    if not all(isinstance(one, str) for one in value or ()):
        raise InvalidInput(f"Its “{name}” isn't a list of strings.")
    return tuple(value or ())


def _authors(value: object, *, is_export: bool) -> AuthorList:
    """Reads authors given as a list of strings or objects, or as one string.

    Those of our own export stay as they are.
    """
    if isinstance(value, str):
        return parse_author_list(value)
    if value is not None and not isinstance(value, list):
        raise InvalidInput("Its “authors” isn't a list of names.")
    if is_export and all(isinstance(one, str) for one in value or ()):
        return AuthorList(tuple(value or ()))
    if value and all(isinstance(one, str) for one in value):
        return parse_author_names(value)
    return collect_names(map(_name, value or ()))


def _with_author_id(name: str, author_id: str) -> str:
    identified = with_author_id(name, author_id)
    return identified if split_author_id(identified) == (name, author_id) else name


def _name(value: object) -> CreditedName:
    if isinstance(value, str):
        return CreditedName(parse_author_name(value))
    if isinstance(value, dict):
        group = value.get("literal")
        whole = value.get("name") or group
        if isinstance(whole, str):
            return CreditedName(parse_author_name(whole), is_collective=whole == group)
        texts = (
            value.get("given") or value.get("firstName"),
            value.get("non-dropping-particle") or value.get("dropping-particle"),
            value.get("family") or value.get("lastName"),
            value.get("suffix"),
        )
        given, particle, family, suffix = (one if isinstance(one, str) else "" for one in texts)
        if name := join_author_name(given, f"{particle} {family}", suffix):
            return CreditedName(name)
    raise InvalidInput("Its “authors” isn't a list of names.")


def _page(url: str) -> tuple[Link, ...]:
    return parse_links([(LinkKind.PAGE, url)]) if url else ()


def _links(paper: Mapping[str, Any]) -> tuple[Link, ...]:
    value = paper["links"]
    if not isinstance(value, list):
        raise InvalidInput("Its “links” isn't a list.")
    links = []
    for one in value:
        kind, url = (one.get("kind"), one.get("url")) if isinstance(one, dict) else (None, None)
        if kind not in set(LinkKind) or not isinstance(url, str) or not url:
            raise InvalidInput("Its “links” isn't a list of objects with “kind” and “url”.")
        links.append(Link(LinkKind(kind), url))
    return tuple(links)


def _reason(error: Exception) -> str:
    return getattr(error, "msg", "it's nested too deeply").rstrip(".").lower()
